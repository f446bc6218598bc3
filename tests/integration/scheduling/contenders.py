"""A scheduler process for tests: fires all due ticks of a history by its own clock, then ends.

Each started run leaves a line in the effect log: appended whole and synced, so that it outlives a
kill. Usage: contenders.py DATABASE EFFECTS NOW.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from headrace.core.ids import new_run_id
from headrace.protocol.events import RunChanged
from headrace.protocol.tables import RunRecord, RunSummary
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.history import History
from headrace.runs.owner import current_owner, is_alive
from headrace.runs.thread import HistoryThread
from headrace.scheduling.daemon import Daemon
from headrace.session.log import EventLog
from headrace.session.run import RunRequest
from headrace.workers.processes import die_with_parent

OWNER = current_owner()


@dataclass
class SteppingClock:
    """Goes on by a minute whenever it is looked at, up to the end."""

    time: datetime
    end: datetime

    def now(self) -> datetime:
        self.time = min(self.time + timedelta(minutes=1), self.end)
        return self.time

    def monotonic(self) -> float:
        return 0.0


class Sessions:
    """Starts a run by one line in the effect log."""

    def __init__(self, effects: Path, history: HistoryThread) -> None:
        self._history = history
        self.log = EventLog("")
        self.project = SimpleNamespace(
            list_pipelines=lambda: ["p"], paths=SimpleNamespace(root=Path())
        )
        self._effects = os.open(effects, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def open(self, pipeline: str) -> Sessions:
        return self

    async def look_for_trigger(self, newest: int | None) -> None:
        pass

    def prepare_run(self, request: RunRequest) -> Any:
        return SimpleNamespace(id=new_run_id(), request=request)

    def queue_change(self, run: Any) -> QueueRun:
        request: RunRequest = run.request
        record = RunRecord(
            id=run.id,
            pipeline="p",
            state="queued",
            origin="trigger",
            trigger=request.trigger,
            logical_time=request.logical_time,
            queued_at=request.logical_time or datetime.now(UTC),
            version="v1",
        )
        return QueueRun(record=record, files=b"", owner=OWNER)

    async def launch(self, run: Any) -> None:
        await self.start(run.id, run.request.trigger)

    async def start(self, run_id: str, trigger: str | None) -> None:
        """Carry out a run: its effect, then its record, then the word of it."""
        os.write(self._effects, f"{run_id}\n".encode())
        os.fsync(self._effects)
        await self._history.call(History.write, [SaveRun(run_id=run_id, state="succeeded")])
        summary = RunSummary(
            id=run_id,
            pipeline="p",
            state="succeeded",
            origin="trigger",
            trigger=trigger,
            queued_at=datetime.now(UTC),
        )
        self.log.publish(RunChanged(run=summary))

    async def cancel_run(self, run_id: str, reason: str) -> None:
        raise AssertionError("nothing is cancelled here")


class NoFiles:
    """Triggers are in the history already."""

    def read(self) -> tuple[list[str], Mapping[str, Any]]:
        return ["p"], {}


async def main(database: str, effects: Path, now: datetime) -> None:
    history = HistoryThread(database)
    first = await history.call(History.next_due)
    clock = SteppingClock(first or now, now)
    sessions = Sessions(effects, history)
    for record, _, owner in await history.call(History.unfinished):
        # What `Sessions.resume` does: runs that a dead process queued are started by another.
        if not is_alive(owner) and await history.call(
            History.take_over, record.id, OWNER, from_owner=owner
        ):
            await sessions.start(record.id, record.trigger)
    daemon = Daemon(sessions=sessions, history=history, clock=clock)
    daemon._files = NoFiles()  # type: ignore[assignment]
    await daemon.start()
    while True:
        daemon.wake()
        await asyncio.sleep(0)
        undone = await history.call(History.situation, now)
        if clock.time == now and not daemon._busy and not undone:
            break
    await daemon.close()
    await history.close()


if __name__ == "__main__":
    die_with_parent(os.getppid())
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
