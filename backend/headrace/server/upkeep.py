"""Throws away what is no longer needed: at the start, and once a day.

What goes is set by `retention:` in headrace.yaml. An output that a result, a block's last run or a
kept run names always stays, whatever it weighs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from headrace.core.clock import Clock
from headrace.core.crash import crashpoint
from headrace.core.errors import HeadraceError, InvalidInput
from headrace.core.ids import check_run_id
from headrace.core.paths import ProjectPaths
from headrace.project.settings import Retention
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.store.files import StoreFiles

logger = logging.getLogger(__name__)

PERIOD = timedelta(days=1)
DEFAULT_AGE_S = 7 * 86400.0
DEFAULT_RUNS = 50
SHORTEST_AGE_S = 3600.0
"""So long is everything kept: a run under way may have put it there before it is recorded."""
_LOOK_S = 60.0
_AFTER_START_S = 5.0
"""The first round waits for what people wait for."""


class Freed(Struct, frozen=True):
    """What a round threw away."""

    runs: int = 0
    bytes: int = 0


class Upkeep:
    """Goes round by the injected clock; `retention` is read anew for each round."""

    def __init__(
        self,
        *,
        paths: ProjectPaths,
        history: HistoryThread,
        retention: Callable[[], Retention],
        clock: Clock,
    ) -> None:
        self._paths = paths
        self._store = StoreFiles(paths.store)
        self._history = history
        self._retention = retention
        self._clock = clock
        self._next: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        self._task = asyncio.create_task(self._go_on(), name="upkeep")

    async def close(self) -> None:
        """End; a round that goes on is given up, the next one does the rest."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _go_on(self) -> None:
        await asyncio.sleep(_AFTER_START_S)
        while True:
            try:
                await self.look()
            except (HeadraceError, OSError) as error:
                logger.warning("Old runs and outputs could not be removed: %s", error)
            # Short, so that a machine that slept, or a clock that was set, costs no day.
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> Freed | None:
        """Go round when a day has passed since the last time; None when it has not."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return None
        self._next = now + PERIOD
        freed = await self._round(now)
        if freed.runs or freed.bytes:
            logger.info("Removed %d old runs and %d bytes of outputs", freed.runs, freed.bytes)
        return freed

    async def _round(self, now: datetime) -> Freed:
        retention = await asyncio.to_thread(self._retention)
        gone = 0
        if retention.history_s is not None:
            gone = await self._purge(now - timedelta(seconds=retention.history_s))
            await self._forget_logs()
        crashpoint("sweep.after-purge")
        keep = await self._needed(DEFAULT_RUNS if retention.runs is None else retention.runs)
        age_s = DEFAULT_AGE_S if retention.age_s is None else retention.age_s
        crashpoint("sweep.before-store")
        freed = await asyncio.to_thread(self._sweep, keep, age_s, retention.size_bytes, now)
        crashpoint("sweep.after-store")
        return Freed(gone, freed)

    async def _needed(self, runs_each: int) -> set[str]:
        """Ask pipeline by pipeline: runs that go on are recorded in between."""
        keep: set[str] = set()
        for pipeline in await self._history.call(History.pipelines):
            keep |= await self._history.call(History.needed, pipeline, runs_each)
        return keep

    async def _purge(self, before: datetime) -> int:
        """Delete old runs a few at a time: other writers come in between."""
        gone = 0
        while some := await self._history.call(History.purge, before):
            gone += some
        return gone

    async def _forget_logs(self) -> None:
        """Remove the logs of runs that the history no longer knows."""
        ids = await asyncio.to_thread(self._logged_runs)
        unknown = await self._history.call(History.unknown, ids)
        await asyncio.to_thread(self._remove_logs, unknown)

    def _logged_runs(self) -> list[str]:
        found: list[str] = []
        for folder in self._paths.logs.iterdir():
            with contextlib.suppress(InvalidInput):
                found.append(check_run_id(folder.name))
        return found

    def _remove_logs(self, runs: set[str]) -> None:
        for run in runs:
            shutil.rmtree(self._paths.logs / run, ignore_errors=True)

    def _sweep(self, keep: set[str], age_s: float, most: int | None, now: datetime) -> int:
        def older_than(seconds: float) -> datetime:
            return now - timedelta(seconds=max(seconds, SHORTEST_AGE_S))

        self._store.clear_leftovers(older_than(SHORTEST_AGE_S))
        freed = self._store.sweep(keep, older_than(age_s))
        if most is not None and self._store.usage() > most:
            freed += self._store.sweep(keep, older_than(SHORTEST_AGE_S))
            used = self._store.usage()
            if used > most:
                logger.warning("Outputs take %d bytes, all of them needed; %d are set", used, most)
        return freed
