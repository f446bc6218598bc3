"""A limit on the time of the processor that reading one text may take."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator

READING_S = 2.0
_AGAIN_S = 0.5
"""After which those are told again who have overheard it."""
_under_way = False


class TooSlow(Exception):
    """A text takes too long to be read."""


@contextlib.contextmanager
def limited(seconds: float | None = None) -> Generator[None]:
    """Raise TooSlow in what takes longer than READING_S; no limit outside of a main thread.

    Within another limit, that one holds.
    """
    global _under_way  # noqa: PLW0603 - a process has one such timer
    if _under_way or threading.current_thread() is not threading.main_thread():
        yield
        return

    expired = False

    def expire(*_: object) -> None:
        nonlocal expired
        expired = True
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, expire)
    _under_way = True
    seconds = READING_S if seconds is None else seconds
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN_S)
    try:
        yield
    except Exception:
        if expired:  # whatever others have made of it
            raise TooSlow from None
        raise
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        _under_way = False
