"""A limit on the time that code of users may take when their values are only looked at."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator

LOOK_S = 2.0
"""How long looking at one value may take."""


class TooSlow(Exception):
    """A class took too long to describe one of its values."""


@contextlib.contextmanager
def limited(seconds: float = LOOK_S) -> Generator[None]:
    """Raise TooSlow in what takes longer; no limit outside of a process's main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
