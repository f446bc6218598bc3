"""Logins of browsers: which have ended before their cookie did, and the websockets of each.

A cookie is signed and says all that is needed, so a logout must be remembered until the cookie is
too old by itself; also over a restart.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from headrace.core.durable import write_durable

KEPT_S = 24 * 3600.0
"""Longer than any cookie lasts without being renewed."""


def new_login() -> str:
    """Return the name of a new login; not a secret, the cookie around it is signed."""
    return secrets.token_hex(8)


class Logins:
    """Logins that are over, kept in a file, and what has to close when one ends."""

    def __init__(self, file: Path, *, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._now = now
        self._open: dict[str, set[Callable[[], None]]] = {}
        self._writing = asyncio.Lock()
        try:
            self._over = msgspec.json.decode(file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.DecodeError):
            self._over = {}

    def is_over(self, login: str) -> bool:
        """Return whether somebody logged out of a login."""
        return login in self._over

    def hold(self, login: str, close: Callable[[], None]) -> Callable[[], None]:
        """Have `close` called when the login ends, until what is returned is called."""
        closing = self._open.setdefault(login, set())
        closing.add(close)

        def let_go() -> None:
            closing.discard(close)
            if not closing and self._open.get(login) is closing:
                del self._open[login]

        return let_go

    async def end(self, login: str) -> None:
        """End a login for good: close what it opened, and know its cookie no more."""
        now = self._now()
        self._over = {name: at for name, at in self._over.items() if now - at < KEPT_S}
        self._over[login] = now
        for close in list(self._open.pop(login, ())):
            close()
        async with self._writing:
            content = msgspec.json.encode(self._over)
            await asyncio.to_thread(write_durable, self._file, content, mode=0o600)
