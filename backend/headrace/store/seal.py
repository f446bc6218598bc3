"""Pickles signed with the project's own key: nothing else is ever unpickled."""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
import secrets
from pathlib import Path
from typing import Any

from headrace.core.errors import HeadraceError

_SIZE = 32


class Untrusted(HeadraceError):
    """A pickle that this project did not write."""

    code = "untrusted"


class Seal:
    """Signs and checks with a key file that is created, for its owner only, on first use."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key: bytes | None = None

    def signature(self, content: bytes) -> bytes:
        """Return 32 bytes over `content`."""
        if self._key is None:
            self._key = self._read_or_make()
        return hmac.digest(self._key, content, hashlib.sha256)

    def sign(self, content: bytes) -> bytes:
        """Return signature and content in one."""
        return self.signature(content) + content

    def load(self, signed: bytes) -> Any:
        """Unpickle what `sign` returned; raise Untrusted for anything else."""
        content = signed[_SIZE:]
        if len(signed) < _SIZE or not hmac.compare_digest(self.signature(content), signed[:_SIZE]):
            raise Untrusted("This stored value was not written by this project: run its block.")
        return pickle.loads(content)  # noqa: S301 - signed by this project, checked just above

    def _read_or_make(self) -> bytes:
        self._key_file.parent.mkdir(parents=True, exist_ok=True)
        if not self._key_file.exists():
            # Linked into place whole: two workers that start at once end with one key.
            own = self._key_file.with_name(f".{self._key_file.name}.{secrets.token_hex(4)}")
            descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(own, self._key_file)
            except FileExistsError:
                pass
            finally:
                own.unlink()
        return self._key_file.read_bytes()
