"""What a session leaves to time: the waits of its runs, and one moment at which to look again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from headrace.core.clock import Clock

_AFTER_S = 0.05
"""So much later than a moment one looks whether it is over."""
_LONGEST_S = 3600.0
"""A clock may be set, and a machine may sleep: nothing is waited for longer than that."""


class Timers:
    """The timers of one session, on the running loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of_runs: dict[str, set[asyncio.TimerHandle]] = {}
        self._moment: tuple[datetime, asyncio.TimerHandle] | None = None

    @property
    def waits(self) -> int:
        """How many waits of runs go on."""
        return sum(map(len, self._of_runs.values()))

    @property
    def moment(self) -> datetime | None:
        """What is waited for beside the runs."""
        return None if self._moment is None else self._moment[0]

    def wait(self, run: str, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` when time has passed; never when the run is over by then."""

        def due() -> None:
            self._of_runs[run].discard(handle)
            then()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._of_runs.setdefault(run, set()).add(handle)

    def end(self, run: str) -> None:
        """Forget the waits of a run that is over."""
        for handle in self._of_runs.pop(run, ()):
            handle.cancel()

    def look_at(self, moment: datetime | None, then: Callable[[], None]) -> None:
        """Call `then` once a moment is over, or after an hour; the moment before is forgotten."""
        if moment == self.moment:
            return
        if self._moment is not None:
            self._moment[1].cancel()
            self._moment = None
        if moment is not None:
            seconds = min((moment - self._clock.now()).total_seconds() + _AFTER_S, _LONGEST_S)
            loop = asyncio.get_running_loop()
            self._moment = moment, loop.call_later(max(seconds, _AFTER_S), self._look, then)

    def _look(self, then: Callable[[], None]) -> None:
        self._moment = None
        then()

    def close(self) -> None:
        """Forget all of them."""
        self.look_at(None, lambda: None)
        for run in list(self._of_runs):
            self.end(run)
