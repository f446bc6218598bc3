"""Opens pipelines shortly before they are due, so that no tick waits for files to be read."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any, Protocol

from headrace.core.clock import Clock
from headrace.core.errors import HeadraceError
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread

AHEAD = timedelta(seconds=20)
"""How long before its tick a pipeline is opened."""
AT_MOST = 1000
"""Pipelines that are opened ahead of one moment; more would be opened too late anyway."""
KEPT_S = 600.0
"""How long what was opened counts as such: meanwhile it may have been published anew."""


class Opens(Protocol):
    """What is needed of all sessions."""

    async def open(self, pipeline: str) -> Any: ...


class Ahead:
    """Opens sessions one after the other, beside the scheduler; a problem is left to the tick."""

    def __init__(self, sessions: Opens, history: HistoryThread, clock: Clock) -> None:
        self._sessions = sessions
        self._history = history
        self._clock = clock
        self._opened: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def look(self, now: datetime) -> datetime | None:
        """Begin to open what is due soon; return when something later will be, None for never."""
        until = now + AHEAD
        if self._task is None or self._task.done():
            soon = await self._history.call(History.due_within, now, until, AT_MOST)
            ticking = self._clock.monotonic()
            known = {name: at for name, at in self._opened.items() if ticking - at < KEPT_S}
            wanted = {name: number for name, number in soon.items() if name not in known}
            self._opened = known | dict.fromkeys(wanted, ticking)
            if wanted:
                self._task = asyncio.create_task(self._open(wanted), name="scheduler ahead")
        later = await self._history.call(History.next_due, until)
        return None if later is None else later - AHEAD

    async def _open(self, wanted: dict[str, int]) -> None:
        for pipeline, number in wanted.items():
            with contextlib.suppress(HeadraceError):
                session = await self._sessions.open(pipeline)
                await session.look_for_trigger(number)

    async def close(self) -> None:
        """Open nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
