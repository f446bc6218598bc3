"""How long the warm worker of a pipeline is kept that nobody looks at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

COOL_AFTER_S = 300.0
"""Somebody who looks at another pipeline for a while finds the worker of the first one warm."""


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""


def after(seconds: float, act: Callable[[], None]) -> Timer:
    """Call `act` in so many seconds, on the event loop."""
    return asyncio.get_running_loop().call_later(seconds, act)


class Warmth:
    """Calls `cool` when a pipeline was neither looked at nor run in the editor for some minutes."""

    def __init__(self, later: Callable[[float, Callable[[], None]], Timer]) -> None:
        self._later = later
        self._timer: Timer | None = None

    def keep(self) -> None:
        """Somebody is there: keep the worker."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def lose(self, cool: Callable[[], None]) -> None:
        """Nobody is there: `cool` in a while."""
        self.keep()
        self._timer = self._later(COOL_AFTER_S, cool)
