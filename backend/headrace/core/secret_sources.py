"""Where the values of secrets are: the environment, the project's encrypted file, the keyring.

The first that has a name gives its value. The file is `.headrace/secrets.enc`, for its owner only;
its key is outside of the project, so that a copy of the folder tells nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from headrace.core.durable import write_durable
from headrace.core.errors import InvalidInput, Unavailable

Place = Literal["environment", "file", "keyring"]
KEY_VARIABLE = "HEADRACE_SECRETS_KEY"
"""The environment variable with the key of the encrypted file; without it, the key is a file."""
_SERVICE = "headrace"
"""The name that the system's keyring knows these secrets by."""


class SecretFile:
    """The project's encrypted file; the whole of it is one token, names included."""

    def __init__(self, file: Path, environment: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._environment = os.environ if environment is None else environment

    def read(self) -> dict[str, str]:
        """Return name → value; Unavailable when the key is missing or another one."""
        try:
            token = self._file.read_bytes()
        except FileNotFoundError:
            return {}
        from cryptography.fernet import Fernet, InvalidToken  # 60 ms that most projects never need

        try:
            content = Fernet(self._key(make=False)).decrypt(token)
        except (InvalidToken, ValueError):
            raise Unavailable(
                f"{self._file.name} was encrypted with another key than {self._where()}."
            ) from None
        return msgspec.json.decode(content, type=dict[str, str])

    def set(self, name: str, value: str | None) -> None:
        """Keep a value, or take it out (None)."""
        from cryptography.fernet import Fernet

        kept = self.read()
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = Fernet(self._key(make=True)).encrypt(msgspec.json.encode(kept))
        write_durable(self._file, token, mode=0o600)

    def _where(self) -> str:
        return KEY_VARIABLE if self._environment.get(KEY_VARIABLE) else str(self._key_file())

    def _key_file(self) -> Path:
        home = self._environment.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
        return Path(home) / "headrace" / "secrets.key"

    def _key(self, *, make: bool) -> bytes:
        from cryptography.fernet import Fernet

        given = self._environment.get(KEY_VARIABLE)
        if given:
            try:
                Fernet(given)
            except ValueError:
                raise Unavailable(
                    f"{KEY_VARIABLE} is no key: 32 bytes in base64 for URLs."
                ) from None
            return given.encode()
        file = self._key_file()
        if not file.exists():
            if not make:
                raise Unavailable(
                    f"{self._file.name} cannot be opened: its key is not in {KEY_VARIABLE}"
                    f" and not in {file}."
                )
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durable(file, Fernet.generate_key(), mode=0o600)
        return file.read_bytes()


class SecretSources(Mapping[str, str]):
    """All secrets by name. A value is looked up when it is asked for."""

    def __init__(self, state: Path, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self.file = SecretFile(state / "secrets.enc", self._environment)

    def __getitem__(self, name: str) -> str:
        """Return a value; KeyError when no place has the name."""
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found[1]

    def __contains__(self, name: object) -> bool:
        """Tell whether some place has the name; a file that cannot be opened has none."""
        return isinstance(name, str) and self.place(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the environment and the file; a keyring does not tell its own."""
        return iter(dict.fromkeys((*self._environment, *self._kept())))

    def __len__(self) -> int:
        """Count what iteration yields."""
        return sum(1 for _ in self)

    def place(self, name: str) -> Place | None:
        """Tell where a value is; None when it is nowhere, or in a file that cannot be opened."""
        with contextlib.suppress(Unavailable):
            found = self._find(name)
            return None if found is None else found[0]
        return None

    def _kept(self) -> dict[str, str]:
        with contextlib.suppress(Unavailable):
            return self.file.read()
        return {}

    def _find(self, name: str) -> tuple[Place, str] | None:
        if name in self._environment:
            return "environment", self._environment[name]
        kept = self.file.read()
        if name in kept:
            return "file", kept[name]
        value = _keyring_value(name)
        return None if value is None else ("keyring", value)


def keep_in_keyring(name: str, value: str | None) -> None:
    """Keep a value in the system's keyring, or take it out; InvalidInput when there is none."""
    keyring = _keyring()
    if keyring is None:
        raise InvalidInput("The package `keyring` is not installed: pip install headrace[keyring].")
    try:
        if value is not None:
            keyring.set_password(_SERVICE, name, value)
        elif keyring.get_password(_SERVICE, name) is not None:
            keyring.delete_password(_SERVICE, name)
    except keyring.errors.KeyringError as error:
        raise InvalidInput(f"The keyring does not take it: {error}") from None


def has_keyring() -> bool:
    """Tell whether the package is there; its keyring may still be locked."""
    return _keyring() is not None


def _keyring() -> Any:
    try:
        return importlib.import_module("keyring")
    except ImportError:
        return None


def _keyring_value(name: str) -> str | None:
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        return keyring.get_password(_SERVICE, name)
    except (
        keyring.errors.KeyringError
    ):  # locked, or no keyring on this machine: it has nothing for us
        return None
