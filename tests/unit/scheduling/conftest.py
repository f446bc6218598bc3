"""A project, a history and sessions for the scheduler, with a clock that is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.core.errors import HeadraceError, NotFound
from headrace.core.ids import new_run_id
from headrace.core.paths import ProjectPaths
from headrace.project.files import Project
from headrace.protocol.events import Event, RunChanged
from headrace.protocol.tables import RunRecord, RunState, RunSummary
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.scheduling.daemon import Daemon
from headrace.session.log import EventLog
from headrace.session.run import RunRequest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class HandClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return 0.0


@dataclass
class FakeRun:
    id: str
    pipeline: str
    request: RunRequest


@dataclass
class FakeSessions:
    """Sessions that start runs by writing their ids down; they end when `end` is called."""

    project: Project
    history: HistoryThread
    clock: HandClock
    log: EventLog = field(default_factory=lambda: EventLog(""))
    launched: list[FakeRun] = field(default_factory=list[FakeRun])
    cancelled: list[str] = field(default_factory=list[str])
    opened: list[str] = field(default_factory=list[str])
    refusals: dict[str, HeadraceError] = field(default_factory=dict[str, HeadraceError])
    opening: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])

    async def open(self, pipeline: str) -> FakeSession:
        if pipeline in self.opening:
            await self.opening[pipeline].wait()
        if pipeline not in self.project.list_pipelines():
            raise NotFound(f"There is no pipeline {pipeline!r}.")
        self.opened.append(pipeline)
        return FakeSession(self, pipeline)

    async def end(self, run: FakeRun, state: RunState = "succeeded") -> None:
        """End a run as a session does: recorded first, then told."""
        await self.history.call(History.write, [SaveRun(run_id=run.id, state=state)])
        summary = RunSummary(
            id=run.id,
            pipeline=run.pipeline,
            state=state,
            origin=run.request.origin,
            trigger=run.request.trigger,
            queued_at=NOON,
        )
        self.log.publish(RunChanged(run=summary))

    def times(self) -> list[datetime | None]:
        return [run.request.logical_time for run in self.launched]


@dataclass
class FakeSession:
    sessions: FakeSessions
    pipeline: str

    async def look_for_trigger(self, newest: int | None) -> None:
        pass

    @property
    def runs_in_hand(self) -> frozenset[str]:
        return frozenset(run.id for run in self.sessions.launched)

    def prepare_run(self, request: RunRequest) -> FakeRun:
        if self.pipeline in self.sessions.refusals:
            raise self.sessions.refusals[self.pipeline]
        return FakeRun(new_run_id(), self.pipeline, request)

    def queue_change(self, run: FakeRun) -> QueueRun:
        record = RunRecord(
            id=run.id,
            pipeline=self.pipeline,
            state="queued",
            origin=run.request.origin,
            trigger=run.request.trigger,
            logical_time=run.request.logical_time,
            queued_at=self.sessions.clock.now(),
            version="v1",
        )
        return QueueRun(record=record, files=b"", owner="me")

    async def launch(self, run: FakeRun) -> None:
        self.sessions.launched.append(run)

    async def cancel_run(self, run_id: str, reason: str) -> None:
        self.sessions.cancelled.append(run_id)


@dataclass
class World:
    """Everything that the scheduler touches."""

    root: Path
    clock: HandClock
    history: HistoryThread
    sessions: FakeSessions
    daemon: Daemon
    events: list[Event]

    def write(self, pipeline: str, *triggers: str) -> None:
        """Write a pipeline with triggers, each as a YAML flow mapping."""
        folder = self.root / "pipelines" / pipeline
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["title: T", "blocks: []", "triggers:" if triggers else "triggers: []"]
        lines += [f"  - {{name: t{i}, {text}}}" for i, text in enumerate(triggers)]
        (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")

    async def turn(self, **span: float) -> None:
        """Let time pass, and let the scheduler see it."""
        self.clock.time += timedelta(**span)
        self.daemon.wake()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)

    async def settled(self) -> None:
        """Wait until the scheduler has looked at everything as it is now."""
        self.daemon.wake()
        await self.until(lambda: not self.daemon._awake.is_set())
        for _ in range(3):  # whatever a look began may make it look again
            await self.until(lambda: not self.daemon._busy and not self.daemon._outbox)
            await self.history.call(History.next_due)
            self.daemon.wake()
            await self.until(lambda: not self.daemon._awake.is_set())

    async def skipped(self) -> list[str]:
        """Return the reasons of skipped ticks, oldest first."""

        def read(history: History) -> list[str]:
            with history.database.reading() as connection:
                rows = connection.exec_driver_sql(
                    "SELECT skipped FROM ticks WHERE skipped IS NOT NULL ORDER BY logical_time"
                )
                return [row[0] for row in rows]

        return await self.history.call(read)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "pipelines").mkdir()
    clock = HandClock()
    history = HistoryThread(tmp_path / "h.db")
    sessions = FakeSessions(Project(ProjectPaths.of(tmp_path)), history, clock)
    events: list[Event] = []
    sessions.log.subscribe(events.append)
    daemon = Daemon(sessions=sessions, history=history, clock=clock)
    yield World(tmp_path, clock, history, sessions, daemon, events)
    await daemon.close()
    await history.close()
