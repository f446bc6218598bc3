"""Random histories of backfills: two processes, a scheduler beside them, crashes, pauses, retries.

The shell is here a few synchronous lines, so that a crash can fall between any two steps of it; the
history and the decisions are the real ones.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headrace.core.errors import Conflict
from headrace.core.ids import new_run_id
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import BackfillRequest
from headrace.protocol.tables import FINAL_RUN_STATES, Origin, RunRecord
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.firing import Firing, TickChange
from headrace.runs.history import History
from headrace.runs.past import BackfillSituation, NewBackfill, TickStart
from headrace.scheduling.backfill import (
    chosen,
    decide,
    past_ticks,
    planned_ticks,
    scheduled_ticks,
)
from headrace.scheduling.triggers import Fire, Skip, next_of_spec
from headrace.scheduling.triggers import decide as decide_on_trigger

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPEC = TriggerSpec(name="t", cron="0 * * * *", catchup="all", overlap="allow")


class Backfillers(RuleBasedStateMachine):
    """Two processes that may each hold a plan that has become old, and one schedule."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History.open("sqlite://")
        self.now = START
        self.history.sync_triggers("p", [SPEC], START, next_of_spec)
        self.trigger = self.history.triggers()[0].id
        self.plans: dict[int, list[tuple[BackfillSituation, list[TickStart]]]] = {0: [], 1: []}
        self.asked: dict[str, BackfillRequest] = {}

    def queue(self, origin: Origin, at: datetime | None) -> QueueRun:
        record = RunRecord(
            id=new_run_id(),
            pipeline="p",
            state="queued",
            origin=origin,
            trigger="t",
            logical_time=at,
            queued_at=self.now,
            version="v1",
        )
        return QueueRun(record=record, files=b"", owner="me")

    @rule(
        hours=st.integers(1, 8),
        which=st.sampled_from(["missing", "missing", "all"]),
        parallel=st.integers(1, 3),
        order=st.sampled_from(["oldest", "newest"]),
    )
    def ask(self, hours: int, which: Any, parallel: int, order: Any) -> None:
        first = self.now - hours * HOUR
        scheduled = scheduled_ticks(SPEC, first, self.now)
        recorded = self.history.recorded_ticks(self.trigger, first, self.now)
        past = past_ticks(scheduled, recorded, timezone="UTC", due_from=self.now)
        wanted = [tick.at for tick in chosen(past, which, skipped=False)]
        if not wanted:
            return
        new = NewBackfill(
            trigger_id=self.trigger,
            first=first,
            last=self.now,
            which=which,
            skipped=False,
            parallel=parallel,
            order=order,
            created_at=self.now,
            ticks=planned_ticks(SPEC, scheduled, wanted),
        )
        made = self.history.add_backfill(new)
        self.asked[made.id] = BackfillRequest(trigger="t", first="", which=which)

    @rule(who=st.integers(0, 1))
    def look(self, who: int) -> None:
        """Decide, and keep that for a later step: the other one may be faster."""
        self.plans[who] = [
            (
                situation,
                [
                    TickStart(tick.logical_time, self.queue("backfill", tick.logical_time))
                    for tick in decide(situation).start
                ],
            )
            for situation in self.history.backfill_situations()
        ]

    @rule(who=st.integers(0, 1))
    def act(self, who: int) -> None:
        plans, self.plans[who] = self.plans[who], []
        for situation, starts in plans:
            self.history.start_backfill_runs(situation, starts)
            if decide(situation).finish:
                self.history.set_backfill(situation.id, "finished", self.now)

    @rule(who=st.integers(0, 1))
    def crash(self, who: int) -> None:
        """Forget all that is not in the history."""
        self.plans[who] = []

    @rule(hours=st.integers(0, 3))
    def pass_time(self, hours: int) -> None:
        self.now += hours * HOUR + timedelta(minutes=1)

    @rule()
    def schedule(self) -> None:
        for state in self.history.situation(self.now):
            decision = decide_on_trigger(state, self.now)
            changes = [
                TickChange(
                    logical_time=action.logical_time,
                    queue=self.queue("trigger", action.logical_time)
                    if isinstance(action, Fire)
                    else None,
                    skipped=action.reason if isinstance(action, Skip) else None,
                    until=action.until if isinstance(action, Skip) else None,
                )
                for action in decision.actions
                if not hasattr(action, "run_id")
            ]
            self.history.fire(
                [
                    Firing(
                        trigger_id=state.id,
                        revision=state.revision,
                        due_at=state.next_at,
                        next_at=decision.next_at,
                        ticks=tuple(changes),
                    )
                ]
            )

    def going(self) -> list[str]:
        return sorted(run.id for run in self.history.runs(limit=500) if run.finished_at is None)

    @precondition(lambda self: self.going())
    @rule(number=st.integers(0, 50), state=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def end_a_run(self, number: int, state: Any) -> None:
        going = self.going()
        run = going[number % len(going)]
        self.history.write([SaveRun(run_id=run, state=state, finished_at=self.now, seconds=1.0)])

    @rule(number=st.integers(0, 50))
    def retry(self, number: int) -> None:
        failed = [run for run in self.history.runs(limit=500) if run.state == "failed"]
        if failed:
            at = failed[number % len(failed)].logical_time
            self.history.write([self.queue("retry", at)])

    @rule(number=st.integers(0, 50), state=st.sampled_from(["paused", "running", "cancelled"]))
    def change(self, number: int, state: Any) -> None:
        if self.asked:
            name = sorted(self.asked)[number % len(self.asked)]
            try:
                self.history.set_backfill(name, state, self.now)
            except Conflict:
                assert self.history.backfill(name).state in ("cancelled", "finished")

    @invariant()
    def every_tick_is_run_as_often_as_was_asked_for(self) -> None:
        runs = [run for run in self.history.runs(limit=500) if run.origin != "retry"]
        going = Counter(run.logical_time for run in runs if run.state not in FINAL_RUN_STATES)
        assert all(many == 1 for many in going.values()), "two runs of a tick at once"
        for name, asked in self.asked.items():
            backfill = self.history.backfill(name)
            own = self.history.runs(limit=500, backfill=name)
            assert len({run.logical_time for run in own}) == len(own), "a tick ran twice in it"
            assert backfill.counts.running <= backfill.parallel
            if backfill.state == "finished":
                assert backfill.counts.waiting == backfill.counts.running == 0
            if asked.which == "missing":
                for run in own:
                    before = [
                        one
                        for one in runs
                        if one.logical_time == run.logical_time and one.id < run.id
                    ]
                    assert not [one for one in before if one.state == "succeeded"], "needless"

    def teardown(self) -> None:
        """Whatever happened, what was asked for and not cancelled comes to its end."""
        for name in self.asked:
            if self.history.backfill(name).state == "paused":
                self.history.set_backfill(name, "running", self.now)
        for _ in range(100):
            self.look(0)
            self.act(0)
            for run in self.going():
                ended = SaveRun(run_id=run, state="succeeded", finished_at=self.now, seconds=1.0)
                self.history.write([ended])
        self.every_tick_is_run_as_often_as_was_asked_for()
        for name in self.asked:
            assert self.history.backfill(name).state in ("finished", "cancelled")
        self.history.close()


TestBackfillers = Backfillers.TestCase
TestBackfillers.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, print_blob=True
)
