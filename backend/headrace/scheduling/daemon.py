"""The scheduler's shell: sleeps until a tick is due, lets `triggers.decide`, and carries it out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime

from headrace.core.clock import Clock
from headrace.core.errors import HeadraceError
from headrace.protocol.events import Event, PipelinesChanged, TriggersChanged
from headrace.protocol.tables import TriggerTable
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.scheduling.triggers import Fire, Going, decide, next_of
from headrace.session.run import Run, RunRequest
from headrace.session.session import Session
from headrace.session.sessions import Sessions

logger = logging.getLogger(__name__)

LONGEST_SLEEP_S = 60.0
"""So that a jump of the wall clock is noticed within a minute."""


class Daemon:
    """Fires triggers. A tick, its run and the trigger's next tick are one transaction."""

    def __init__(self, *, sessions: Sessions, history: HistoryThread, clock: Clock) -> None:
        self._sessions = sessions
        self._history = history
        self._clock = clock
        self._awake = asyncio.Event()
        self._stale = True
        self._task: asyncio.Task[None] | None = None
        self._leave: Callable[[], None] | None = None
        self._runs: dict[str, list[Run]] = {}
        self._waiting: dict[str, int] = {}
        self._launches: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read all triggers and begin to fire them."""
        self._leave = self._sessions.log.subscribe(self._hear)
        self._task = asyncio.create_task(self._go_on(), name="scheduler")

    async def close(self) -> None:
        """Stop firing; runs that go on are not touched."""
        if self._leave is not None:
            self._leave()
        tasks = [task for task in (self._task, *self._launches) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Look at the triggers again now: they changed."""
        self._awake.set()

    def _hear(self, event: Event) -> None:
        if isinstance(event, PipelinesChanged):
            self._stale = True
            self._awake.set()

    async def _go_on(self) -> None:
        while True:
            self._awake.clear()
            try:
                await self._look()
            except HeadraceError:
                logger.exception("the scheduler could not look at its triggers")
            delay = await self._delay()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._awake.wait()

    async def _delay(self) -> float:
        due = await self._history.call(History.next_due)
        if due is None:
            return LONGEST_SLEEP_S
        seconds = (due - self._clock.now()).total_seconds()
        return min(max(seconds, 0.0), LONGEST_SLEEP_S)

    async def _look(self) -> None:
        if self._stale:
            self._stale = False
            await self._read_all()
        now = self._clock.now()
        for trigger in await self._history.call(History.due, now):
            try:
                await self._handle(trigger, now)
            except HeadraceError as error:
                logger.warning("trigger %s of %s: %s", trigger.name, trigger.pipeline, error)
                await self._skip(trigger, now, error)

    async def _read_all(self) -> None:
        """Take over what the files of all pipelines say of triggers."""
        project, now = self._sessions.project, self._clock.now()
        for name in await asyncio.to_thread(project.list_pipelines):
            try:
                pipeline = await asyncio.to_thread(project.read_pipeline, name)
            except HeadraceError as error:
                logger.warning("triggers of %s cannot be read: %s", name, error)
                continue
            if any(p.severity == "error" and not p.block for p in pipeline.problems):
                continue  # a file that cannot be read says nothing of its triggers
            await self._history.call(
                History.sync_triggers, name, list(pipeline.triggers), now, next_of
            )

    async def _handle(self, trigger: TriggerTable, now: datetime) -> None:
        going = Going(
            running=len(self._going(trigger.id)), waiting=self._waiting.get(trigger.id, 0)
        )
        actions = decide(trigger, now, going)
        following = next_of(trigger, now)
        for action in actions:
            if isinstance(action, Fire):
                await self._fire(trigger, action, following)
            else:
                await self._history.call(
                    History.fire, trigger.id, action.logical_time, following, None, action.reason
                )
        self._sessions.log.publish(TriggersChanged(of=trigger.pipeline))

    async def _skip(self, trigger: TriggerTable, now: datetime, error: HeadraceError) -> None:
        """Record that a tick came to nothing, so that it is not tried for ever."""
        assert trigger.next_at is not None, "a due trigger has its next tick"
        try:
            following = next_of(trigger, now)
        except HeadraceError:
            following = None
        await self._history.call(
            History.fire, trigger.id, trigger.next_at, following, None, error.message
        )
        await self._history.call(History.advance, trigger.id, following)

    def _going(self, trigger_id: str) -> list[Run]:
        """Return the runs of a trigger that are not over, and forget the others."""
        alive = [run for run in self._runs.get(trigger_id, []) if not run.is_over]
        self._runs[trigger_id] = alive
        return alive

    async def _fire(self, trigger: TriggerTable, action: Fire, following: datetime) -> None:
        session = await self._sessions.open(trigger.pipeline)
        before = self._going(trigger.id)
        if action.cancel:
            for run in before:
                await session.cancel_run(run.id, "a newer tick came")
        run = session.prepare_run(
            RunRequest(
                origin="trigger",
                parameters=trigger.parameters,
                trigger=trigger.name,
                logical_time=action.logical_time,
            )
        )
        created = await self._history.call(
            History.fire,
            trigger.id,
            action.logical_time,
            following,
            session.queue_change(run),
        )
        if not created:
            return  # somebody else created this tick's run
        if not action.wait:
            self._runs[trigger.id].append(run)
            await session.launch(run)
            return
        self._waiting[trigger.id] = self._waiting.get(trigger.id, 0) + 1
        launch = asyncio.create_task(self._launch_after(trigger.id, session, before, run))
        self._launches.add(launch)
        launch.add_done_callback(self._launches.discard)

    async def _launch_after(
        self, trigger_id: str, session: Session, before: list[Run], run: Run
    ) -> None:
        for earlier in before:
            await session.finished(earlier.id)
        self._waiting[trigger_id] -= 1
        self._runs[trigger_id].append(run)
        await session.launch(run)
