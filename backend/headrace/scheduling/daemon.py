"""The scheduler's shell: sleeps until a tick is due, lets `triggers.decide`, and carries it out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from headrace.core.clock import Clock
from headrace.core.crash import crashpoint
from headrace.core.errors import HeadraceError, StorageFull, Unavailable
from headrace.project.files import Project
from headrace.protocol.events import Event, PipelinesChanged, RunChanged, TriggersChanged
from headrace.protocol.tables import FINAL_RUN_STATES
from headrace.runs.changes import QueueRun, Snapshot
from headrace.runs.firing import Cause, Firing, TickChange, TriggerState
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.scheduling.ahead import Ahead
from headrace.scheduling.files import TriggerFiles, sync
from headrace.scheduling.observer import Observer
from headrace.scheduling.triggers import (
    Cancel,
    Decision,
    Fire,
    Hold,
    Skip,
    decide,
    limits_of,
    previous_of,
)
from headrace.session.log import EventLog
from headrace.session.publishing import FIRST, can_be_first, snapshot_of
from headrace.session.run import Run, RunRequest

logger = logging.getLogger(__name__)

LONGEST_SLEEP_S = 60.0
"""So that a jump of the wall clock is noticed within a minute."""
RETRY_S = 5.0
"""Until a trigger is tried again that could not fire for a passing reason."""
FIRST_READING_S = 1.0
"""How long `start` waits for the triggers of the files; beyond, reading goes on behind."""
CLOCK_JUMP_S = 3600.0
NEAR_EVERY_S = 2.0
"""Between two looks at files of this machine, runs and outputs."""
LOOKS_APART_S = 0.1
"""The least between two looks, however many runs end."""
FAR_EVERY_S = 30.0
"""Between two looks into other storages."""
SLICE = 200
"""Triggers that are decided at once; the event loop is free between."""


class PipelineSession(Protocol):
    """What the scheduler needs of a session."""

    async def look_for_trigger(self, newest: int | None) -> None: ...
    def prepare_run(self, request: RunRequest) -> Run: ...
    def queue_change(self, run: Run) -> QueueRun: ...
    async def launch(self, run: Run) -> None: ...
    async def cancel_run(self, run_id: str, reason: str) -> None: ...


class OpenSessions(Protocol):
    """What the scheduler needs of all sessions."""

    @property
    def log(self) -> EventLog: ...
    @property
    def project(self) -> Any: ...
    async def open(self, pipeline: str) -> Any: ...


class Daemon:
    """Fires triggers. A tick, its run and the trigger's next tick are one transaction.

    What to do is decided from the history alone, which alone knows the ticks that wait and the runs
    that go on: a crash at any point, or a second scheduler on the same history, neither loses nor
    doubles a tick.

    While `may_start` says no, nothing is decided: it is as if no scheduler ran.
    """

    def __init__(
        self,
        *,
        sessions: OpenSessions,
        history: HistoryThread,
        clock: Clock,
        may_start: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_start = may_start
        self._sessions = sessions
        self._history = history
        self._clock = clock
        self._files = TriggerFiles(sessions.project)
        self._observer = Observer(sessions.project.paths.root, history, clock)
        self._ahead = Ahead(sessions, history, clock)
        self._awake = asyncio.Event()
        self._arrived = asyncio.Event()
        self._read = asyncio.Event()
        self._stale = True
        self._busy: set[str] = set()
        """Triggers that are being carried out, or that wait to be tried again."""
        self._cancelled: dict[str, frozenset[str]] = {}
        """Runs of triggers that were cancelled from here: they may take a while to be over."""
        self._outbox: list[tuple[Sequence[Firing], asyncio.Future[frozenset[str]]]] = []
        self._ticks_wait = False
        """Some ticks waited for runs to end when the triggers were looked at last."""
        self._soon: asyncio.TimerHandle | None = None
        self._looking = False
        self._writing = False
        self._recorded = asyncio.Event()
        """Nothing is being decided or written: what was recorded can start."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._leave: Callable[[], None] | None = None
        self._looked_at: tuple[datetime, float] | None = None

    async def start(self) -> None:
        """Read all triggers and begin to fire them."""
        self._leave = self._sessions.log.subscribe(self._hear)
        self._spawn(self._go_on())
        self._spawn(self._observe())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_READING_S):
                await self._read.wait()

    async def close(self) -> None:
        """Stop firing; runs that go on are not touched."""
        if self._leave is not None:
            self._leave()
        for timer in (*self._timers, *filter(None, [self._soon])):
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._ahead.close()

    def wake(self) -> None:
        """Look at the triggers again now: they changed."""
        self._awake.set()

    def changed(self, pipeline: str) -> None:
        """Read the triggers of a pipeline again: its file may be different."""
        self._files.forget(pipeline)
        self._stale = True
        self._awake.set()

    def _hear(self, event: Event) -> None:
        match event:
            case PipelinesChanged():
                self._stale = True
                self._awake.set()
            case RunChanged(run=run) if run.trigger is not None and run.state in FINAL_RUN_STATES:
                self._look_after_end()
                self._arrived.set()
            case RunChanged(run=run) if run.state in FINAL_RUN_STATES:
                self._arrived.set()  # a trigger may wait for it
            case _:
                pass

    def _look_after_end(self) -> None:
        """See whether a tick has waited for a run that is over: at once where some do.

        Elsewhere another scheduler may have such a tick; many runs that end are then one reason.
        """
        if self._ticks_wait:
            self._awake.set()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(LOOKS_APART_S, self._look_soon)

    def _look_soon(self) -> None:
        self._soon = None
        self._awake.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="scheduler")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Looking

    async def _go_on(self) -> None:
        while True:
            self._awake.clear()
            try:
                delay = await self._look()
            except HeadraceError as error:
                logger.warning("The scheduler tries again: %s", error)
                delay = RETRY_S
            except Exception:
                # Whatever it is: a scheduler that ended would be silent for ever.
                logger.exception("The scheduler failed and tries again")
                delay = RETRY_S
            self._looking = False
            self._let_start()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._awake.wait()

    async def _look(self) -> float:
        """Start everything that is due; return for how many seconds nothing will be."""
        self._watch_clock()
        if self._stale:
            self._stale = False
            await self._read_files()
            await self._history.call(History.get_ready_to_fire)
        self._read.set()
        if not self._may_start():
            return LONGEST_SLEEP_S  # what is due meanwhile is caught up as after any standstill
        waits = False
        while True:
            now = self._clock.now()
            states = await self._history.call(History.situation, now, SLICE, frozenset(self._busy))
            self._ticks_wait = waits = waits or any(state.held for state in states)
            asked = dict(self._cancelled)
            chosen = await asyncio.to_thread(_decisions, states, now, asked) if states else []
            self._looking = bool(chosen)
            self._let_start()
            if not chosen:
                break
            self._begin(chosen)
        due = await self._history.call(History.next_due, now)
        ahead = await self._ahead.look(now)
        moments = [moment for moment in (due, ahead) if moment is not None]
        if not moments:
            return LONGEST_SLEEP_S
        delay = (min(moments) - self._clock.now()).total_seconds()
        return min(max(delay, 0.0), LONGEST_SLEEP_S)

    async def _observe(self) -> None:
        """Look for the events that triggers wait for, every few seconds and when a run ends."""
        far_at = 0.0
        while True:
            self._arrived.clear()
            now = asyncio.get_running_loop().time()
            try:
                told = await self._observer.look(far=now >= far_at)
            except HeadraceError as error:
                logger.warning("The scheduler looks again for events: %s", error)
            except Exception:
                # Whatever it is: who stopped looking would be silent for ever.
                logger.exception("Looking for events failed and is tried again")
            else:
                far_at = now + FAR_EVERY_S if now >= far_at else far_at
                for pipeline in told:
                    self._sessions.log.publish(TriggersChanged(of=pipeline))
                if told:
                    self._awake.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NEAR_EVERY_S):
                    await self._arrived.wait()
            await asyncio.sleep(now + LOOKS_APART_S - asyncio.get_running_loop().time())

    async def _read_files(self) -> None:
        names, changed = await asyncio.to_thread(self._files.read)
        now = self._clock.now()
        gone = await self._history.call(History.forget_pipelines, names)
        told = list(gone)
        for name, read in changed.items():
            if await self._history.call(sync, read, now):
                told.append(name)
        for name in told:
            self._sessions.log.publish(TriggersChanged(of=name))
        scheduled = [name for name, read in changed.items() if any(s.active for s in read.specs)]
        if scheduled:
            self._spawn(self._publish_first(scheduled))

    async def _publish_first(self, pipelines: Sequence[str]) -> None:
        """Publish the pipelines with triggers of which nothing is published, as they are now.

        From then on an edit waits for who publishes it. A tick that comes before does the same.
        """
        try:
            names = await self._history.call(History.unpublished, pipelines)
            for start in range(0, len(names), SLICE):
                some = names[start : start + SLICE]
                snapshots = await asyncio.to_thread(_snapshots, self._files.project, some)
                now = self._clock.now()
                await self._history.call(History.publish_first, snapshots, now, FIRST)
            self._awake.set()  # what is due soon can be opened now
        except HeadraceError as error:
            logger.warning("What triggers run is published at their first tick: %s", error)

    def _watch_clock(self) -> None:
        now, ticking = self._clock.now(), self._clock.monotonic()
        if self._looked_at is not None:
            jump = (now - self._looked_at[0]).total_seconds() - (ticking - self._looked_at[1])
            if abs(jump) > CLOCK_JUMP_S:
                logger.warning("The clock jumped by %.0f s; ticks are caught up, none twice", jump)
        self._looked_at = (now, ticking)

    # Acting

    def _begin(self, chosen: Sequence[tuple[TriggerState, Decision]]) -> None:
        """Carry out decisions, each pipeline's by itself: a slow one delays no other."""
        by_pipeline: dict[str, list[tuple[TriggerState, Decision]]] = {}
        for state, decision in chosen:
            by_pipeline.setdefault(state.pipeline, []).append((state, decision))
            self._busy.add(state.id)
        for pipeline, decisions in by_pipeline.items():
            self._spawn(self._attend(pipeline, decisions))

    async def _attend(
        self, pipeline: str, decisions: Sequence[tuple[TriggerState, Decision]]
    ) -> None:
        ids = {state.id for state, _ in decisions}
        try:
            await self._carry_out(pipeline, decisions)
        except (Unavailable, StorageFull, TimeoutError) as error:
            logger.warning("Triggers of %s are tried again: %s", pipeline, error)
            self._later(ids)
        except Exception:
            # One pipeline's problem must not end the others' triggers.
            logger.exception("Triggers of %s failed and are tried again", pipeline)
            self._later(ids)
        else:
            self._free(ids)
            self._sessions.log.publish(TriggersChanged(of=pipeline))

    def _later(self, ids: set[str]) -> None:
        def due() -> None:
            self._timers.discard(timer)
            self._free(ids)

        timer = asyncio.get_running_loop().call_later(RETRY_S, due)
        self._timers.add(timer)

    def _free(self, ids: set[str]) -> None:
        self._busy -= ids
        self._awake.set()

    async def _carry_out(
        self, pipeline: str, decisions: Sequence[tuple[TriggerState, Decision]]
    ) -> None:
        session, problem = await self._open(pipeline, decisions)
        prepared: dict[str, Run] = {}
        firings = [
            _firing(state, decision, session, problem, prepared)
            for state, decision in decisions
            if _is_recorded(state, decision)
        ]
        crashpoint("tick.before-fire")
        created = await self._fire(firings) if firings else frozenset[str]()
        crashpoint("tick.after-fire")
        # A thousand ticks of one moment are all recorded before the first of them keeps us busy.
        await self._recorded.wait()
        for run_id, run in prepared.items():
            if run_id in created:
                assert session is not None, "a run was prepared by its session"
                await session.launch(run)
                crashpoint("tick.after-launch")
        for state, decision in decisions:
            for action in decision.actions:
                if isinstance(action, Skip) and action.until is not None:
                    first, end = (
                        f"{t:%Y-%m-%d %H:%M} UTC" for t in (action.logical_time, action.until)
                    )
                    place = f"{pipeline}/{state.spec.name}, {first} to {end}"
                    logger.warning("%s: %s", place, action.reason)
                elif isinstance(action, Cancel):
                    if session is not None:
                        await session.cancel_run(action.run_id, "a newer tick came")
                    self._cancelled[state.id] = frozenset(run.run_id for run in state.running)

    async def _open(
        self, pipeline: str, decisions: Sequence[tuple[TriggerState, Decision]]
    ) -> tuple[PipelineSession | None, str]:
        """Return the session if one is needed; without it, why there is none."""
        actions = [action for _, decision in decisions for action in decision.actions]
        if not any(isinstance(action, Fire | Cancel) for action in actions):
            return None, ""
        try:
            session = await self._sessions.open(pipeline)
            await session.look_for_trigger(max((s.published or 0 for s, _ in decisions)) or None)
        except (Unavailable, StorageFull):
            raise
        except HeadraceError as error:
            return None, error.message
        return session, ""

    async def _fire(self, firings: Sequence[Firing]) -> frozenset[str]:
        """Record firings; those of many pipelines at the same time share a transaction."""
        recorded: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
        self._outbox.append((firings, recorded))
        if not self._writing:
            self._writing = True
            self._let_start()
            self._spawn(self._write())
        return await recorded

    async def _write(self) -> None:
        # Whoever else is ready in this turn of the loop comes along.
        await asyncio.sleep(0)
        while self._outbox:
            batch, self._outbox = self._outbox, []
            try:
                together = [firing for firings, _ in batch for firing in firings]
                created = frozenset(await self._history.call(History.fire, together))
            except Exception as error:  # noqa: BLE001 who waits for it deals with it
                for _, recorded in batch:
                    if not recorded.done():
                        recorded.set_exception(error)
            else:
                for _, recorded in batch:
                    if not recorded.done():
                        recorded.set_result(created)
        self._writing = False
        self._let_start()

    def _let_start(self) -> None:
        if self._looking or self._writing:
            self._recorded.clear()
        else:
            self._recorded.set()


def _snapshots(project: Project, names: Sequence[str]) -> list[Snapshot]:
    """Take the files of pipelines; those that cannot be read whole are left out."""
    found: list[Snapshot] = []
    for name in names:
        with contextlib.suppress(HeadraceError):  # gone or broken: it is not published then
            files = project.read(name)
            if can_be_first(files):
                found.append(snapshot_of(files))
    return found


def _decisions(
    states: Sequence[TriggerState], now: datetime, cancelled: Mapping[str, frozenset[str]]
) -> list[tuple[TriggerState, Decision]]:
    """Decide on every trigger; those with nothing to do but what is being done are left out."""
    chosen: list[tuple[TriggerState, Decision]] = []
    for state in states:
        decision, known = decide(state, now), cancelled.get(state.id, frozenset())
        actions = tuple(
            action
            for action in decision.actions
            if not isinstance(action, Cancel) or action.run_id not in known
        )
        if actions or decision.next_at != state.next_at:
            chosen.append((state, Decision(actions, decision.next_at)))
    return chosen


def _is_recorded(state: TriggerState, decision: Decision) -> bool:
    """Whether there is anything to write of a decision: runs are cancelled by what is written."""
    cancels = all(isinstance(action, Cancel) for action in decision.actions)
    return not cancels or decision.next_at != state.next_at


def _firing(
    state: TriggerState,
    decision: Decision,
    session: PipelineSession | None,
    problem: str,
    prepared: dict[str, Run],
) -> Firing:
    """Turn a decision into what is recorded; runs that were made for it are put in `prepared`."""
    ticks: list[TickChange] = []
    for action in decision.actions:
        match action:
            case Fire(tick):
                change, wrong = _prepare(state, tick, session, problem, prepared)
                problem = problem or wrong
                ticks.append(change)
            case Hold(tick, replaces):
                ticks.append(TickChange(logical_time=tick, replaces=replaces))
            case Skip(tick, reason, until):
                ticks.append(TickChange(logical_time=tick, skipped=reason, until=until))
            case Cancel():
                pass
    return Firing(
        trigger_id=state.id,
        revision=state.revision,
        due_at=state.next_at,
        next_at=decision.next_at,
        ticks=tuple(ticks),
        problem=problem or None,
    )


def _prepare(
    state: TriggerState,
    tick: datetime,
    session: PipelineSession | None,
    problem: str,
    prepared: dict[str, Run],
) -> tuple[TickChange, str]:
    if session is None:
        return TickChange(logical_time=tick, skipped=problem), problem
    cause = state.causes.get(tick, Cause())
    request = RunRequest(
        origin="trigger",
        parameters={**state.spec.parameters, **cause.parameters},
        offered=cause.offered,
        trigger=state.spec.name,
        logical_time=tick,
        interval_start=previous_of(state.spec, tick),
        published=True,
        limits=limits_of(state.spec),
    )
    try:
        run = session.prepare_run(request)
    except (Unavailable, StorageFull):
        raise
    except HeadraceError as error:
        return TickChange(logical_time=tick, skipped=error.message), error.message
    prepared[run.id] = run
    return TickChange(logical_time=tick, queue=session.queue_change(run)), ""
