"""Random histories of a scheduler: two of them on one history, crashes, edits, pauses, clocks.

The shell is here a few synchronous lines, so that a crash can fall between any two steps of it; the
history and the decisions are the real ones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace.core.ids import new_run_id
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import FINAL_RUN_STATES, RunRecord
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.firing import Arrival, Firing, TickChange, TriggerState, shift_of
from headrace.runs.history import History
from headrace.runs.times import moment
from headrace.scheduling.triggers import Cancel, Decision, Fire, Skip, decide, next_of, next_of_spec

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
OVERLAPS = ("skip", "queue_one", "queue_all", "cancel_previous", "allow")
SCHEDULES = (
    {"cron": "*/5 * * * *"},
    {"cron": "30 * * * *"},
    {"every": "7m"},
    {"cron": "*/5 * * * *", "jitter": "9m"},
    {"every": "1h", "start": "2026-03-02 14:00", "end": "2026-03-03"},
    {"every": "5m", "catchup_window": "30m", "catchup_limit": 3},
    {"at": "2026-03-02 12:30"},
    {"webhook": True},
)
specs = st.builds(
    lambda when, catchup, overlap: {**when, "catchup": catchup, "overlap": overlap},
    st.sampled_from(SCHEDULES),
    st.sampled_from(["none", "latest", "all"]),
    st.sampled_from(OVERLAPS),
)


class Schedulers(RuleBasedStateMachine):
    """Two schedulers, which may each hold a decision that has become old."""

    @initialize(chosen=st.lists(specs, min_size=1, max_size=3))
    def begin(self, chosen: list[dict[str, Any]]) -> None:
        self.history = History.open("sqlite://")
        self.now = START
        self.settings = {f"t{i}": one for i, one in enumerate(chosen)}
        self.plans: dict[int, list[tuple[TriggerState, Decision, Firing]]] = {0: [], 1: []}
        self.paused: list[tuple[str, datetime]] = []
        self.sync()

    def sync(self) -> None:
        specs = [TriggerSpec(name=name, **fields) for name, fields in self.settings.items()]
        self.history.sync_triggers("p", specs, self.now, next_of_spec)

    def trigger(self, number: int) -> Any:
        tables = self.history.triggers()
        return tables[number % len(tables)]

    @rule(who=st.integers(0, 1))
    def look(self, who: int) -> None:
        """Decide, and keep the decision for a later step: others may be faster."""
        plans: list[tuple[TriggerState, Decision, Firing]] = []
        for state in self.history.situation(self.now):
            decision = decide(state, self.now)
            if not decision.actions and decision.next_at == state.next_at:
                continue
            ticks: list[TickChange] = []
            for action in decision.actions:
                if isinstance(action, Cancel):
                    continue
                ticks.append(
                    TickChange(
                        logical_time=action.logical_time,
                        queue=self.queue(state, action.logical_time)
                        if isinstance(action, Fire)
                        else None,
                        skipped=action.reason if isinstance(action, Skip) else None,
                        until=action.until if isinstance(action, Skip) else None,
                    )
                )
            firing = Firing(
                trigger_id=state.id,
                due_at=state.next_at,
                next_at=decision.next_at,
                ticks=tuple(ticks),
            )
            plans.append((state, decision, firing))
        self.plans[who] = plans

    def queue(self, state: TriggerState, tick: datetime) -> QueueRun:
        record = RunRecord(
            id=new_run_id(),
            pipeline="p",
            state="queued",
            origin="trigger",
            trigger=state.spec.name,
            logical_time=tick,
            queued_at=self.now,
            version="v1",
        )
        return QueueRun(record=record, files=b"", owner="me")

    @rule(who=st.integers(0, 1))
    def act(self, who: int) -> None:
        plans, self.plans[who] = self.plans[who], []
        created = set(self.history.fire([firing for _, _, firing in plans]))
        for _, decision, firing in plans:
            queued = {t.queue.record.id for t in firing.ticks if t.queue is not None}
            cancels = [a.run_id for a in decision.actions if isinstance(a, Cancel)]
            if queued & created or not queued:
                for run in cancels:
                    self.history.write([SaveRun(run_id=run, state="cancelled")])

    @rule(who=st.integers(0, 1))
    def crash(self, who: int) -> None:
        self.plans[who] = []

    @rule(minutes=st.sampled_from([1, 4, 5, 30, 240, 60 * 30, 60 * 24 * 40]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(minutes=st.sampled_from([3, 120]))
    def clock_goes_back(self, minutes: int) -> None:
        self.now -= timedelta(minutes=minutes)

    @rule(number=st.integers(0, 9))
    def a_run_ends(self, number: int) -> None:
        going = [run for run in self.history.runs(limit=500) if run.state not in FINAL_RUN_STATES]
        if going:
            run = going[number % len(going)]
            self.history.write([SaveRun(run_id=run.id, state="succeeded")])

    @rule(number=st.integers(0, 9), fields=specs)
    def edit(self, number: int, fields: dict[str, Any]) -> None:
        name = sorted(self.settings)[number % len(self.settings)]
        self.settings[name] = fields
        self.sync()

    @rule(number=st.integers(0, 9))
    def pause_or_resume(self, number: int) -> None:
        table = self.trigger(number)
        following = next_of(table, max(self.now, table.last_at or self.now))
        if following is not None:
            following += shift_of(table.id, table.jitter)
        self.history.set_active(table.id, active=not table.active, next_at=following)

    @rule(number=st.integers(0, 9), keys=st.lists(st.sampled_from("abcdef"), max_size=3))
    def events_arrive(self, number: int, keys: list[str]) -> None:
        trigger = self.history.waiting_trigger(self.trigger(number).id)
        if not trigger.spec.webhook:
            return
        known = {key: self.history.tick_of_key(trigger.id, key) for key in keys}
        arrivals = [Arrival(key=key, at=self.now) for key in keys]
        times = self.history.arrive(trigger, arrivals, None)
        if not trigger.active:
            assert times == []
            return
        assert len(times) == sum(known[key] is None for key in set(keys))
        for key in keys:
            assert self.history.tick_of_key(trigger.id, key) in (known[key], *times)

    @rule(number=st.integers(0, 9))
    def rename(self, number: int) -> None:
        name = sorted(self.settings)[number % len(self.settings)]
        before = {table.id for table in self.history.triggers()}
        self.settings[new_run_id()] = self.settings.pop(name)
        self.sync()
        assert {table.id for table in self.history.triggers()} == before or len(before) > 1

    def ticks(self) -> list[Any]:
        with self.history.database.reading() as connection:
            found = connection.exec_driver_sql(
                "SELECT trigger_id, logical_time, run_id, skipped FROM ticks"
            )
            return list(found.all())

    @invariant()
    def every_run_has_its_tick_and_every_tick_one_fate(self) -> None:
        rows = self.ticks()
        assert len({(row[0], row[1]) for row in rows}) == len(rows)
        assert all(row[2] is None or row[3] is None for row in rows)
        runs = [row[2] for row in rows if row[2] is not None]
        assert len(runs) == len(set(runs))
        assert set(runs) == {run.id for run in self.history.runs(limit=10_000)}

    @invariant()
    def next_ticks_lie_after_those_that_were(self) -> None:
        for table in self.history.triggers():
            if table.next_at is not None and table.last_at is not None:
                assert table.next_at > table.last_at

    @invariant()
    def no_tick_lies_in_the_future_of_any_clock(self) -> None:
        latest = max((moment(row[1]) for row in self.ticks()), default=START)
        self.highest = max(getattr(self, "highest", START), self.now)
        assert latest <= self.highest + timedelta(milliseconds=1), "events come one after the other"

    def teardown(self) -> None:
        """Nothing stays undone: with all runs over and time standing still, all is settled."""
        if not hasattr(self, "history"):
            return
        self.plans = {0: [], 1: []}
        for _ in range(3000):
            for run in self.history.runs(state="queued", limit=500):
                self.history.write([SaveRun(run_id=run.id, state="succeeded")])
            self.look(0)
            if not self.plans[0]:
                break
            self.act(0)
        assert not self.plans[0], "the scheduler comes to rest"
        assert all(row[2] or row[3] for row in self.ticks()), "no tick waits for ever"
        for table in self.history.triggers():
            assert not table.active or table.next_at is None or table.next_at > self.now
        self.history.close()


TestSchedulers = Schedulers.TestCase
TestSchedulers.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
