"""Random histories of scheduling: two schedulers on one history, five triggers, and all that fails.

Schedulers die between any two steps, hold decisions that became old, see other clocks, and do not
hear whether what they wrote was written; clocks jump; triggers are edited, paused, renamed and
replaced. After each step every tick of every trigger must be there once, with its run or the reason
why it has none: an oracle that shares no code with the scheduler says which ticks there are.

`HEADRACE_CASES` says how many histories, `make simulate` makes 100,000 of them on all cores.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.unit.scheduling.histories import EDITED, Book, Entry, MemoryBook, RealBook, Tick

from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import RunRecord
from headrace.runs.changes import QueueRun
from headrace.runs.firing import Arrival, Firing, TickChange, TriggerState, shift_of
from headrace.scheduling.triggers import Cancel, Decision, Fire, Hold, Skip, decide

CASES = int(os.environ.get("HEADRACE_CASES", "1000"))
REAL_CASES = 30
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Rhythm:
    """When a schedule has ticks, in the oracle's own words."""

    every: timedelta
    offset: timedelta = timedelta(0)
    first: datetime | None = None
    last: datetime | None = None

    def at_or_after(self, time: datetime) -> datetime | None:
        if self.first is not None:
            time = max(time, self.first)
        over = (time - EPOCH - self.offset) % self.every
        tick = time if not over else time + self.every - over
        return tick if self.last is None or tick <= self.last else None


HALF_PAST = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
SCHEDULES: tuple[tuple[dict[str, Any], Rhythm | None], ...] = (
    ({"cron": "*/5 * * * *"}, Rhythm(5 * MINUTE)),
    ({"cron": "30 * * * *"}, Rhythm(60 * MINUTE, 30 * MINUTE)),
    ({"every": "7m"}, Rhythm(7 * MINUTE)),
    ({"cron": "*/5 * * * *", "jitter": "9m"}, Rhythm(5 * MINUTE)),
    (
        {"every": "1h", "start": "2026-03-02 14:00", "end": "2026-03-03"},
        Rhythm(60 * MINUTE, first=START + 120 * MINUTE, last=START + 720 * MINUTE),
    ),
    ({"every": "5m", "catchup_window": "30m", "catchup_limit": 3}, Rhythm(5 * MINUTE)),
    ({"at": "2026-03-02 12:30"}, Rhythm(MINUTE, first=HALF_PAST, last=HALF_PAST)),
    ({"webhook": True}, None),
)
specs = st.builds(
    lambda when, catchup, overlap: {"when": when, "catchup": catchup, "overlap": overlap},
    st.integers(0, len(SCHEDULES) - 1),
    st.sampled_from(["none", "latest", "all"]),
    st.sampled_from(["skip", "queue_one", "queue_all", "cancel_previous", "allow"]),
)
who = st.integers(0, 1)
which = st.integers(0, 4)
Plan = tuple[Decision, Firing]


def spec_of(name: str, fields: dict[str, Any]) -> TriggerSpec:
    said = {k: v for k, v in fields.items() if k != "when"}
    return TriggerSpec(name=name, **SCHEDULES[fields["when"]][0], **said)


def rhythm_of(spec: TriggerSpec) -> Rhythm | None:
    for fields, rhythm in SCHEDULES:
        if all(getattr(spec, k) == fields.get(k, default(k)) for k in KEYS):
            return rhythm
    raise AssertionError(spec)


KEYS = ("cron", "every", "at", "webhook", "jitter", "start", "end")


def default(key: str) -> Any:
    return False if key == "webhook" else None


@dataclass
class Era:
    """A trigger between two edits: what it is, and the first tick that it must have."""

    spec: TriggerSpec
    active: bool
    first: datetime | None


class Schedulers(RuleBasedStateMachine):
    """Two schedulers that each look, decide and act in their own time."""

    def make(self) -> Book:
        return MemoryBook()

    @initialize(chosen=st.lists(specs, min_size=5, max_size=5))
    def begin(self, chosen: list[dict[str, Any]]) -> None:
        self.book = self.make()
        self.made = 0
        self.time = self.latest = START
        self.ahead = [timedelta(0), timedelta(0)]
        self.seen: list[list[TriggerState]] = [[], []]
        self.plans: list[list[Plan]] = [[], []]
        self.eras: dict[str, Era] = {}
        self.keys: dict[str, dict[str, datetime]] = {}
        self.runs: dict[str, dict[datetime, str]] = {}
        self.tick_of: dict[str, tuple[str, datetime]] = {}
        self.tried_again: set[str] = set()
        self.walked: dict[str, tuple[Era, tuple[Tick, ...], datetime | None, datetime | None]] = {}
        self.checked: dict[str, tuple[Tick, ...]] = {}
        self.settings = {f"t{i}": one for i, one in enumerate(chosen)}
        self.sync(0)

    def now(self, who: int) -> datetime:
        now = self.time + self.ahead[who]
        self.latest = max(self.latest, now)
        return now

    # What schedulers do

    @rule(who=who)
    def look(self, who: int) -> None:
        self.seen[who] = self.book.situation(self.now(who))

    @rule(who=who)
    def decide(self, who: int) -> None:
        """Decide on what was seen, which may be old."""
        now, self.plans[who] = self.now(who), []
        for state in self.seen[who]:
            decision = decide(state, now)
            if not decision.actions and decision.next_at == state.next_at:
                continue
            ticks = [
                TickChange(
                    logical_time=action.logical_time,
                    queue=self.queue(state.id, action.logical_time, now)
                    if type(action) is Fire
                    else None,
                    skipped=action.reason if isinstance(action, Skip) else None,
                    until=action.until if isinstance(action, Skip) else None,
                    replaces=isinstance(action, Hold) and action.replaces,
                )
                for action in decision.actions
                if not isinstance(action, Cancel)
            ]
            firing = Firing(
                trigger_id=state.id,
                revision=state.revision,
                due_at=state.next_at,
                next_at=decision.next_at,
                ticks=tuple(ticks),
            )
            self.plans[who].append((decision, firing))

    def queue(self, trigger: str, tick: datetime, now: datetime) -> QueueRun:
        self.made += 1
        record = RunRecord(
            id=f"{self.made:020}",
            pipeline="p",
            state="queued",
            origin="trigger",
            logical_time=tick,
            queued_at=now,
            version="v1",
        )
        self.tick_of[record.id] = (trigger, tick)
        return QueueRun(record=record, files=b"", owner="me")

    @rule(who=who, how=st.sampled_from(["done", "done", "dies", "locked", "unheard"]))
    def act(self, who: int, how: str) -> None:
        """Write what was decided; the database may be slow, and its answer may be lost."""
        if how == "locked":
            return  # it is tried again as it is
        plans = self.plans[who]
        self.fire([firing for _, firing in plans])
        if how == "unheard":
            return  # written, and tried again all the same
        self.seen[who], self.plans[who] = [], []
        if how == "dies":
            return
        for decision, _ in plans:
            for action in decision.actions:
                if isinstance(action, Cancel):
                    self.book.end(action.run_id, "cancelled")

    def fire(self, firings: list[Firing]) -> None:
        """Write decisions: whoever made them from whatever was seen, runs overlap where they may."""
        if not any(firing.ticks for firing in firings):
            assert self.book.fire(firings) == []
            return
        going, waiting = Counter(self.book.going().values()), self.book.waiting()
        created: list[tuple[str, datetime]] = []
        for run in self.book.fire(firings):
            trigger, at = self.tick_of[run]
            assert self.runs.setdefault(trigger, {}).setdefault(at, run) == run, "a tick runs once"
            created.append((trigger, at))
        started = Counter(trigger for trigger, _ in created)
        still = self.book.waiting()
        for entry in self.book.entries():
            before, new = going[entry.id], started[entry.id]
            times, left = waiting.get(entry.id, []), still.get(entry.id, [])
            if entry.spec.overlap == "allow":
                continue
            assert not new or before + new == 1, f"{entry.spec.overlap}: {before} and {new}"
            if entry.id not in self.keys:
                oldest = min(left, default=None)
                fired = [at for trigger, at in created if trigger == entry.id]
                assert oldest is None or all(at < oldest for at in fired), "in their order"
            if entry.spec.overlap == "queue_one" and entry.spec.catchup != "all":
                assert len(left) <= max(len(times), 1), "one waits, or those from before an edit"

    @rule(who=who)
    def whole_turn(self, who: int) -> None:
        """Do all three without anybody between, as most often."""
        self.look(who)
        self.decide(who)
        self.act(who, "done")

    @rule(who=who, minutes=st.sampled_from([0, 1, 5, 30]), how=st.sampled_from(["done", "unheard"]))
    def overtaken(self, who: int, minutes: int, how: str) -> None:
        """Act on what was decided before the other took a whole turn."""
        self.look(who)
        self.decide(who)
        self.time_passes(minutes)
        self.whole_turn(1 - who)
        self.act(who, how)

    @rule(who=who, number=st.integers(0, 9))
    def both_hear_of_an_end(self, who: int, number: int) -> None:
        """Let both decide on what waited for a run, each by its clock, before either acts."""
        self.a_run_ends(number)
        for one in (who, 1 - who):
            self.look(one)
            self.decide(one)
        self.act(who, "done")
        self.act(1 - who, "done")

    @rule(who=who)
    def crash(self, who: int) -> None:
        self.seen[who], self.plans[who] = [], []

    # What happens to them

    @rule(minutes=st.sampled_from([1, 4, 5, 30, 240, 60 * 30, 60 * 24 * 40]))
    def time_passes(self, minutes: int) -> None:
        self.time += minutes * MINUTE

    @rule(who=who, minutes=st.sampled_from([-120, -3, 0, 2, 90, 60 * 24 * 365 * 10]))
    def clock_jumps(self, who: int, minutes: int) -> None:
        self.ahead[who] = minutes * MINUTE

    @rule(number=st.integers(0, 9))
    def a_run_ends(self, number: int) -> None:
        going = sorted(self.book.going())
        if going:
            self.book.end(going[number % len(going)], "succeeded")

    @rule(number=st.integers(0, 9))
    def a_run_is_tried_again(self, number: int) -> None:
        going = sorted(self.book.going())
        if going:
            run = going[number % len(going)]
            trigger, at = self.tick_of[run]
            queue = self.queue(trigger, at, self.time)
            self.book.try_again(run, queue)
            self.runs[trigger][at] = queue.record.id
            self.tried_again.add(run)

    @rule(who=who, number=which, keys=st.lists(st.sampled_from("abcdef"), max_size=3))
    def events_arrive(self, who: int, number: int, keys: list[str]) -> None:
        trigger = self.book.waiting_trigger(self.entry(number).id)
        if not trigger.spec.webhook:
            return
        known = {key: self.book.tick_of_key(trigger.id, key) for key in keys}
        arrivals = [Arrival(key=key, at=self.now(who)) for key in keys]
        times = self.book.arrive(trigger, arrivals)
        if not trigger.active:
            assert times == []
            return
        assert len(times) == sum(known[key] is None for key in set(keys))
        for key in keys:
            at = self.book.tick_of_key(trigger.id, key)
            assert at is not None
            assert at == self.keys.setdefault(trigger.id, {}).setdefault(key, at)

    # What people do

    @rule(who=who, number=which, fields=specs)
    def edit(self, who: int, number: int, fields: dict[str, Any]) -> None:
        self.settings[self.name(number)] = fields
        self.sync(who)

    @rule(who=who, number=which)
    def pause_or_resume(self, who: int, number: int) -> None:
        fields = self.settings[self.name(number)]
        self.settings[self.name(number)] = fields | {"active": not fields.get("active", True)}
        self.sync(who)

    @rule(who=who, number=which)
    def rename(self, who: int, number: int) -> None:
        before = {entry.id for entry in self.book.entries()}
        self.settings[self.new_name()] = self.settings.pop(self.name(number))
        self.sync(who)
        assert {entry.id for entry in self.book.entries()} == before

    @rule(who=who, number=which, fields=specs)
    def replace(self, who: int, number: int, fields: dict[str, Any]) -> None:
        del self.settings[self.name(number)]
        self.settings[self.new_name()] = fields
        self.sync(who)

    def new_name(self) -> str:
        self.made += 1
        return f"u{self.made}"

    def name(self, number: int) -> str:
        return sorted(self.settings)[number]

    def entry(self, number: int) -> Entry:
        return sorted(self.book.entries(), key=lambda entry: entry.spec.name)[number]

    def sync(self, who: int) -> None:
        """Let the history know of the file; an edit is the end of one era and begins another."""
        now = self.now(who)
        before = {entry.id: entry for entry in self.book.entries()}
        wanted = {name: self.expected(entry) for name, entry in before.items()}
        self.book.sync([spec_of(name, fields) for name, fields in self.settings.items()], now)
        after = {entry.id: entry for entry in self.book.entries()}
        skipped = {
            (name, tick.at)
            for name, ticks in self.book.ticks().items()
            for tick in ticks
            if tick.skipped == EDITED
        }
        for name, entry in after.items():
            old = before.get(name)
            if old is not None and (old.active, plain(old.spec)) == (
                entry.active,
                plain(entry.spec),
            ):
                continue
            due = wanted.get(name)
            if old is not None and old.active and due is not None:
                is_due = due + shift_of(name, old.spec.jitter) <= now
                if due in self.keys.get(name, {}).values():
                    is_due = False  # an event came at that very moment: there is a tick already
                assert ((name, due) in skipped) == is_due, "what was due at an edit says so"
            self.eras[name] = self.begin_era(entry, now)
        self.eras = {name: era for name, era in self.eras.items() if name in after}

    def begin_era(self, entry: Entry, now: datetime) -> Era:
        rhythm = rhythm_of(entry.spec)
        since = now if entry.last_at is None else max(now, entry.last_at)
        first = None if rhythm is None else rhythm.at_or_after(since + MOMENT)
        return Era(entry.spec, entry.active, first)

    # What must hold

    def expected(self, entry: Entry) -> datetime | None:
        """Walk from tick to tick of an era; return the one that comes after all that are recorded.

        Each must be where the oracle has it: none is lost, and none is there that should not be. An
        event may have come at the very moment of a tick: its tick is that of the clock as well, once
        the clock has come so far.
        """
        era, ticks = self.eras[entry.id], self.book.ticks().get(entry.id, ())
        known = self.walked.get(entry.id)
        if (
            known is not None
            and known[0] is era
            and known[1] is ticks
            and known[2] == entry.next_at
        ):
            return known[3]
        events = set(self.keys.get(entry.id, {}).values())
        if entry.next_at is not None:
            ahead = entry.next_at - shift_of(entry.id, entry.spec.jitter)
            ticks_before = tuple(tick for tick in ticks if tick.at not in events or tick.at < ahead)
        else:
            ticks_before = ticks
        due = self.walk(era, ticks_before, events)
        self.walked[entry.id] = (era, ticks, entry.next_at, due)
        return due

    def walk(self, era: Era, ticks: tuple[Tick, ...], events: set[datetime]) -> datetime | None:
        rhythm, due = rhythm_of(era.spec), era.first
        if rhythm is None or due is None:
            return None
        first = due
        for tick in ticks:
            if tick.at < first or (tick.at in events and tick.at != due):
                continue  # of another era, or of an event before the trigger got a clock
            assert due is not None, f"a tick after the last one: {tick}"
            assert tick.at == due, f"after the ticks before came {tick}, not {due}"
            due = rhythm.at_or_after(tick.until or tick.at + MOMENT)
        return due

    @invariant()
    def no_tick_is_lost_or_invented(self) -> None:
        for entry in self.book.entries():
            due = self.expected(entry)
            shift = shift_of(entry.id, entry.spec.jitter)
            if entry.active or entry.next_at is not None:
                assert entry.next_at == (None if due is None else due + shift), entry

    @invariant()
    def every_tick_is_there_once_with_its_run_or_its_reason(self) -> None:
        for trigger, ticks in self.book.ticks().items():
            if self.checked.get(trigger) is ticks:
                continue  # nothing changed
            self.checked[trigger] = ticks
            times = {tick.at for tick in ticks}
            assert len(times) == len(ticks), "once"
            assert times >= set(self.keys.get(trigger, {}).values()), "events as well"
            runs = {tick.at: tick.run for tick in ticks if tick.run is not None}
            assert runs == self.runs.get(trigger, {}), "the newest of its tries"
            for tick in ticks:
                assert tick.run is None or tick.skipped is None
                assert tick.skipped is None or is_explained(tick.skipped), tick
                assert tick.until is None or tick.until > tick.at
            newest = max(times, default=START)
            assert newest <= self.latest + timedelta(milliseconds=1), "none is of the future"

    @invariant()
    def no_run_is_without_a_tick(self) -> None:
        known = {run for runs in self.runs.values() for run in runs.values()}
        assert self.book.all_runs() == known | self.tried_again
        assert not self.tried_again & self.book.going().keys(), "one try after the other"

    def teardown(self) -> None:
        """Nothing stays undone: with all runs over and time standing still, all is settled."""
        if not hasattr(self, "book"):
            return
        self.seen, self.plans = [[], []], [[], []]
        self.settle()
        for state in self.book.situation(self.now(0)):
            assert not (state.replacing and state.running), "who gives way is cancelled"
        for _ in range(3000):
            for run in self.book.going():
                self.book.end(run, "succeeded")
            self.look(0)
            self.decide(0)
            if not self.plans[0]:
                break
            self.act(0, "done")
        assert not self.plans[0], "the scheduler comes to rest"
        for tick in chain.from_iterable(self.book.ticks().values()):
            assert tick.run or tick.skipped, "no tick waits for ever"
        for entry in self.book.entries():
            assert not entry.active or entry.next_at is None or entry.next_at > self.now(0)
        self.no_tick_is_lost_or_invented()
        self.book.close()

    def settle(self) -> None:
        """Let the first scheduler do all that it can do while no run ends by itself."""
        for _ in range(100):
            self.look(0)
            self.decide(0)
            if not self.plans[0]:
                break
            self.act(0, "done")


REASONS = (
    EDITED,
    "the trigger was paused",
    "the trigger was deleted",
    r"missed; catchup: (none|latest)",
    r"missed, with all before the last [\d.]+ (h|min) or \d+ ticks",
    r"a run is going on; overlap: (skip|queue_one)",
    "a newer tick came; overlap: cancel_previous",
    "1000 ticks wait already",
)


@lru_cache
def is_explained(said: str) -> bool:
    return any(re.fullmatch(reason, said) for reason in REASONS)


def plain(spec: TriggerSpec) -> TriggerSpec:
    return TriggerSpec(**{**{f: getattr(spec, f) for f in spec.__struct_fields__}, "name": ""})


class OnTheRealHistory(Schedulers):
    """The same, with the history that is shipped."""

    def make(self) -> Book:
        return RealBook()


def simulate(machine: type[Schedulers], cases: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=cases,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(7200)
def test_no_tick_is_lost_doubled_or_unexplained() -> None:
    simulate(Schedulers, CASES)


@pytest.mark.timeout(900)
def test_the_shipped_history_does_the_same() -> None:
    simulate(OnTheRealHistory, REAL_CASES)
