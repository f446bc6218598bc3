"""The shell of backfills: plans them, starts what `backfill.decide` says, tells how far they are.

All that counts is in the history: whichever process looks at it goes on with what others began.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import msgspec

from headrace.core.clock import Clock
from headrace.core.crash import crashpoint
from headrace.core.errors import HeadraceError, InvalidInput, NotFound, StorageFull, Unavailable
from headrace.project.files import Project
from headrace.protocol.backfills import (
    Backfill,
    BackfillPlan,
    BackfillRequest,
    PastTick,
    PastTicks,
)
from headrace.protocol.events import BackfillChanged, Event, RunChanged
from headrace.protocol.tables import FINAL_RUN_STATES, TriggerTable
from headrace.runs.firing import shift_of
from headrace.runs.history import History
from headrace.runs.past import (
    BackfillSituation,
    NewBackfill,
    PlannedTick,
    TickStart,
    seconds_for,
    usual_seconds,
)
from headrace.runs.thread import HistoryThread
from headrace.scheduling.backfill import (
    MOST_PARALLEL,
    MOST_TICKS,
    Step,
    chosen,
    counts_of,
    days_of,
    decide,
    past_ticks,
    planned_ticks,
    scheduled_ticks,
    span_of,
)
from headrace.scheduling.daemon import OpenSessions
from headrace.scheduling.files import sync_file
from headrace.scheduling.triggers import ON_TIME, limits_of
from headrace.session.run import Run, RunRequest

logger = logging.getLogger(__name__)

EVERY_S = 2.0
"""Between two looks at what other processes may have done."""
RETRY_S = 5.0
"""Until a backfill is tried again that could not go on for a passing reason."""
LISTED = 1000
"""Ticks that are named one by one."""


# Planning


async def trigger_of(
    project: Project, history: HistoryThread, pipeline: str, name: str, now: datetime
) -> TriggerTable:
    """Return a trigger as its file says it now; NotFound when there is none of that name."""
    await sync_file(project, history, pipeline, now)
    for table in await history.call(History.triggers, pipeline):
        if table.name == name:
            return table
    raise NotFound(f"There is no trigger {name!r}.", kind="trigger", name=name)


async def look_back(
    history: HistoryThread, trigger: TriggerTable, first: str, last: str | None, now: datetime
) -> PastTicks:
    """Say what became of the ticks of a trigger in a span; raises InvalidInput."""
    begin, end = await asyncio.to_thread(span_of, first, last, trigger.timezone, now)
    _, ticks = await _past(history, trigger, begin, end, now)
    return PastTicks(
        first=begin,
        last=end,
        timezone=trigger.timezone,
        counts=counts_of(ticks),
        days=days_of(ticks),
        ticks=ticks if len(ticks) <= LISTED else [],
    )


async def plan(
    history: HistoryThread, trigger: TriggerTable, asked: BackfillRequest, now: datetime
) -> tuple[BackfillPlan, NewBackfill]:
    """Say what a backfill would run and how long that may take; raises InvalidInput."""
    if not 1 <= asked.parallel <= MOST_PARALLEL:
        raise InvalidInput(f"parallel must be from 1 to {MOST_PARALLEL}.", field="parallel")
    first, last = await asyncio.to_thread(span_of, asked.first, asked.last, trigger.timezone, now)
    scheduled, ticks = await _past(history, trigger, first, last, now)
    wanted = chosen(ticks, asked.which, skipped=asked.skipped)
    if len(wanted) > MOST_TICKS:
        raise InvalidInput(
            f"A backfill has at most {MOST_TICKS:,} ticks, and these are {len(wanted):,}:"
            " choose a shorter span.",
            field="from",
        )
    times = [tick.at for tick in wanted]
    planned = await asyncio.to_thread(planned_ticks, trigger, scheduled, times)
    past = await history.call(History.past_seconds, trigger.pipeline, trigger.name)
    published = await history.call(History.published, trigger.pipeline)
    run_seconds = usual_seconds(past)
    shown = wanted if asked.order == "oldest" else wanted[::-1]
    told = BackfillPlan(
        pipeline=trigger.pipeline,
        trigger=trigger.name,
        first=first,
        last=last,
        parallel=asked.parallel,
        counts=counts_of(ticks),
        total=len(wanted),
        ticks=shown[:LISTED],
        run_seconds=run_seconds,
        seconds=seconds_for(len(wanted), run_seconds, asked.parallel),
        published=None if published is None else published.number,
    )
    new = NewBackfill(
        trigger_id=trigger.id,
        first=first,
        last=last,
        which=asked.which,
        skipped=asked.skipped or asked.which == "all",
        parallel=asked.parallel,
        order=asked.order,
        created_at=now,
        ticks=planned,
    )
    return told, new


async def _past(
    history: HistoryThread, trigger: TriggerTable, first: datetime, last: datetime, now: datetime
) -> tuple[list[datetime], list[PastTick]]:
    """Return the ticks that the schedule has in a span, and what became of them."""
    scheduled = await asyncio.to_thread(scheduled_ticks, trigger, first, last)
    recorded = await history.call(History.recorded_ticks, trigger.id, first, last)
    # What is due just now is the scheduler's, and comes with the trigger's jitter.
    due_from = now - ON_TIME - shift_of(trigger.id, trigger.jitter) if trigger.active else now
    ticks = await asyncio.to_thread(
        past_ticks, scheduled, recorded, timezone=trigger.timezone, due_from=due_from
    )
    return scheduled, ticks


async def add_backfill(history: HistoryThread, new: NewBackfill) -> Backfill:
    """Record a planned backfill; it begins when a process looks. Raises InvalidInput, Conflict."""
    if not new.ticks:
        raise InvalidInput("There is nothing to run in this span.", field="from")
    return await history.call(History.add_backfill, new)


# Carrying out


class Backfilling:
    """Carries out all backfills of a history, together with any other process that does.

    A tick, its run and its place in the backfill are one transaction: a crash at any point neither
    loses nor doubles one.
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
        self._awake = asyncio.Event()
        self._busy: set[str] = set()
        """Backfills that are being carried out, or that wait to be tried again."""
        self._stopped: set[str] = set()
        """Runs that were asked to stop."""
        self._version: tuple[int, int] | None = None
        """What the history's version was when they were told of."""
        self._told: dict[str, Backfill] = {}
        """Backfills that are not over, as they were told of last."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        self._leave = self._sessions.log.subscribe(self._hear)
        self._spawn(self._go_on())

    async def close(self) -> None:
        """Start nothing more; runs that go on are not touched."""
        if self._leave is not None:
            self._leave()
        for timer in self._timers:
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Look at the backfills again now: one is new, or was changed."""
        self._awake.set()

    def _hear(self, event: Event) -> None:
        match event:
            case RunChanged(run=run) if run.origin == "backfill" and run.state in FINAL_RUN_STATES:
                self._awake.set()
            case _:
                pass

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="backfills")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on(self) -> None:
        woken = True
        while True:
            self._awake.clear()
            try:
                await self._look(woken=woken)
            except HeadraceError as error:
                logger.warning("Backfills are looked at again: %s", error)
            except Exception:
                # Whatever it is: who stopped looking would be silent for ever.
                logger.exception("Looking at backfills failed and is tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._awake.wait()
            woken = self._awake.is_set()

    async def _look(self, *, woken: bool) -> None:
        """Begin all that backfills have to do now, and tell of those that changed.

        Unless `woken`, only another process can have changed them: then that is looked at first.
        """
        for situation in await self._history.call(History.backfill_situations):
            step = decide(situation)
            if step.start and not self._may_start():
                continue
            if situation.id not in self._busy and step != Step():
                self._busy.add(situation.id)
                self._spawn(self._attend(situation, step))
        version = await self._history.call(History.version)
        if woken or version is None or version != self._version:
            await self._tell()
            self._version = version

    async def _tell(self) -> None:
        active = {one.id: one for one in await self._history.call(_active)}
        for gone in self._told.keys() - active.keys():
            with contextlib.suppress(NotFound):
                self._publish(await self._history.call(History.backfill, gone))
        for backfill in active.values():
            if backfill != self._told.get(backfill.id):
                self._publish(backfill)
        self._told = active

    def _publish(self, backfill: Backfill) -> None:
        self._sessions.log.publish(BackfillChanged(backfill=backfill))

    async def _attend(self, situation: BackfillSituation, step: Step) -> None:
        try:
            again = await self._carry_out(situation, step)
        except (Unavailable, StorageFull, TimeoutError) as error:
            logger.warning("A backfill of %s is tried again: %s", situation.pipeline, error)
            self._later(situation.id)
        except HeadraceError as error:
            # It would be the same for every tick: a person looks, and lets it go on.
            await self._pause(situation, error)
        except Exception:
            # One backfill's problem must not end the others.
            logger.exception("A backfill of %s failed and is tried again", situation.pipeline)
            self._later(situation.id)
        else:
            self._busy.discard(situation.id)
            if again:
                self._awake.set()

    async def _pause(self, situation: BackfillSituation, error: HeadraceError) -> None:
        now = self._clock.now()
        try:
            await self._history.call(
                History.set_backfill, situation.id, "paused", now, error.message
            )
        except HeadraceError as problem:  # it ended meanwhile, or the history is away
            logger.warning("A backfill of %s was not paused: %s", situation.pipeline, problem)
        self._busy.discard(situation.id)
        self._awake.set()

    def _later(self, backfill_id: str) -> None:
        def due() -> None:
            self._timers.discard(timer)
            self._busy.discard(backfill_id)
            self._awake.set()

        timer = asyncio.get_running_loop().call_later(RETRY_S, due)
        self._timers.add(timer)

    async def _carry_out(self, situation: BackfillSituation, step: Step) -> bool:
        """Do what was decided; return whether there may be more to do at once."""
        if step.finish:
            now = self._clock.now()
            return await self._history.call(History.set_backfill, situation.id, "finished", now)
        if step.cancel:
            with contextlib.suppress(NotFound):  # its runs ended with it
                await self._stop(await self._sessions.open(situation.pipeline), step.cancel)
            return False
        session = await self._sessions.open(situation.pipeline)
        await session.look_for_trigger(situation.published)
        prepared: dict[str, Run] = {}
        starts: list[TickStart] = []
        for tick in step.start:
            run = session.prepare_run(_request(situation, tick))
            prepared[run.id] = run
            starts.append(TickStart(tick.logical_time, session.queue_change(run)))
        created = await self._history.call(History.start_backfill_runs, situation, starts)
        for run_id in created:
            await session.launch(prepared[run_id])
            crashpoint("backfill.after-launch")
        return True

    async def _stop(self, session: Any, run_ids: Sequence[str]) -> None:
        """Ask runs to stop, once; those of other processes are stopped there."""
        for run_id in run_ids:
            if run_id in session.runs_in_hand - self._stopped:
                self._stopped.add(run_id)
                await session.cancel_run(run_id, "the backfill was cancelled")


def _active(history: History) -> list[Backfill]:
    return history.backfills(active=True, limit=100)


def _request(situation: BackfillSituation, tick: PlannedTick) -> RunRequest:
    limits = limits_of(situation.spec)
    return RunRequest(
        origin="backfill",
        parameters=situation.spec.parameters,
        trigger=situation.spec.name,
        logical_time=tick.logical_time,
        interval_start=tick.interval_start,
        published=True,
        # A backfill says itself what failed; filling its holes again tries that again.
        limits=None if limits is None else msgspec.structs.replace(limits, retries=0),
    )
