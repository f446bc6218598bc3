"""Follows what other processes run of a pipeline, so that all of them have one cache."""

from __future__ import annotations

from datetime import datetime, timedelta

from headrace.protocol.tables import FINAL_RUN_STATES, RunRecord
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread

_APART = timedelta(minutes=1)
"""How far the clocks of two processes that share a history may be apart."""


class OtherRuns:
    """The runs of one pipeline that the command line or another server executes."""

    def __init__(
        self, history: HistoryThread, *, pipeline: str, owner: str, since: datetime
    ) -> None:
        self._history = history
        self._pipeline = pipeline
        self._owner = owner
        self._since = since
        """When was looked last: the runs that were queued later are not known yet."""
        self._seen: dict[str, tuple[str, int]] = {}
        self._version: tuple[int, int] | None = None

    async def begin(self) -> None:
        """Look which runs there are; what is recorded of them later is news."""
        self._seen = await self._look()

    async def _look(self) -> dict[str, tuple[str, int]]:
        going = [run for run, (state, _) in self._seen.items() if state not in FINAL_RUN_STATES]
        since = self._since - _APART
        return await self._history.call(
            History.runs_of_others, self._pipeline, self._owner, since, going
        )

    async def news(self, at: datetime) -> list[RunRecord]:
        """Return what is recorded of the runs that went on since the last look.

        Raises Unavailable while the history is locked; all of it is then news the next time.
        """
        version = await self._history.call(History.version)
        if version is not None and version == self._version:
            return []
        found = await self._look()
        changed = [run for run, seen in found.items() if self._seen.get(run) != seen]
        records = [await self._history.call(History.run, run) for run in changed]
        self._seen, self._since, self._version = found, at, version
        return records
