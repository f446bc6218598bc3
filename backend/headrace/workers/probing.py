"""Tries a connection, in a process that does only that and can be ended at any moment."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.core.secret_sources import SecretSources
from headrace.core.secret_values import masked_values
from headrace.protocol.connections import ConnectionTested
from headrace.workers.connections import Connection, NoConnection
from headrace.workers.databases import DatabaseFailed, probe


class _Typed(SecretSources):
    """The secrets of a project, with one that was typed just now and is kept nowhere yet."""

    def __init__(self, state: Path, typed: Mapping[str, str]) -> None:
        super().__init__(state)
        self._typed = typed

    def __getitem__(self, name: str) -> str:
        return self._typed[name] if name in self._typed else super().__getitem__(name)

    def place(self, name: str) -> Any:
        return None if name in self._typed else super().place(name)


def _probe(root: str, name: str, declared: dict[str, Any], typed: dict[str, str]) -> Any:
    os.chdir(root)  # files are relative to the project
    began = time.monotonic()
    hidden = set(typed.values())
    try:
        connection = Connection.of(name, declared, _Typed(Path(root) / ".headrace", typed))
        hidden |= set(connection.secrets)
        product, version = probe(connection)
    except NoConnection as error:
        tested = ConnectionTested(error=masked_values(str(error), hidden))
    except DatabaseFailed as error:
        said = str(error)  # hides its own secrets when it cannot connect
        message = said if error.kind == "CannotConnect" else masked_values(said, hidden)
        tested = ConnectionTested(error=message, hint=error.hint)
    else:
        tested = ConnectionTested(product=product, version=version)
    seconds = round(time.monotonic() - began, 3)
    return msgspec.to_builtins(msgspec.structs.replace(tested, seconds=seconds))


METHODS = {"probe": _probe}
"""probe(root, name, declared, typed) → ConnectionTested; `typed` are values by name of secret."""
