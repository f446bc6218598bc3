"""The line for slots: never above a limit, never idle in vain, nobody starves, priority counts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace.session.slots import PROJECT_SLOTS, Slots, Ticket


def ticket(name: str, **fields: object) -> Ticket:
    """Read "pipeline/run/block"; a run has more slots than anyone needs."""
    pipeline, run, block = name.split("/")
    return Ticket(pipeline, run, block, **{"slots": 99, **fields})  # type: ignore[arg-type]


def taken(slots: Slots, pipeline: str | None = None) -> list[str]:
    return [f"{t.run}/{t.block}" for t in slots.take(pipeline)]


def one_by_one(slots: Slots) -> list[str]:
    """Let each block end as soon as it has started."""
    order: list[str] = []
    while tickets := slots.take():
        for given_to in tickets:
            order.append(f"{given_to.run}/{given_to.block}")
            slots.release(given_to.run, given_to.block)
    return order


LIMITS = {
    "project": (Slots(2), {}, 2),
    "pipeline": (Slots(9), {}, 2),
    "run": (Slots(9), {"slots": 2}, 2),
    "pool": (Slots(9, {"warehouse": 2}), {"pool": "warehouse"}, 2),
    "a pool without a size": (Slots(9, {"warehouse": 2}), {"pool": "other"}, 1),
    "the one worker of a session": (Slots(9), {"lane": "p", "interactive": True}, 1),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_holds_and_what_is_released_goes_to_the_next(limit: str) -> None:
    slots, fields, expected = LIMITS[limit]
    if limit == "pipeline":
        slots.limit_pipeline("p", 2)
    for name in "abcd":
        slots.add(ticket(f"p/r/{name}", **fields))
    first = taken(slots)
    assert first == ["r/a", "r/b"][:expected]
    assert taken(slots) == []
    assert not slots.may_take
    slots.release("r", "a")
    assert slots.may_take
    assert taken(slots) == [["r/b", "r/c"][expected - 1]]
    slots.end_run("r")
    assert list(slots.held()) == []


def test_without_limits_of_its_own_a_project_has_some() -> None:
    slots = Slots()
    for number in range(PROJECT_SLOTS + 3):
        slots.add(ticket(f"p/r/b{number}"))
    assert len(taken(slots)) == PROJECT_SLOTS


def test_another_limit_counts_from_then_on() -> None:
    slots = Slots(1)
    for name in "abcde":
        slots.add(ticket(f"p/r/{name}", pool="w"))
    assert taken(slots) == ["r/a"]
    slots.limit(4, {"w": 3})
    assert taken(slots) == ["r/b", "r/c"]
    slots.limit_pipeline("p", 1)
    slots.limit(4, {"w": 9})
    assert taken(slots) == []
    slots.limit_pipeline("p", None)
    assert taken(slots) == ["r/d"]


def test_a_full_pool_keeps_nobody_else_waiting() -> None:
    slots = Slots(3, {"w": 1})
    for name in "ab":
        slots.add(ticket(f"p/r/{name}", pool="w", priority=9))
    slots.add(ticket("p/r/c"))
    assert taken(slots) == ["r/a", "r/c"]


ORDERS = {
    "as they came": (["p/r/a", "p/r/b"], {}, "r/a r/b"),
    "by priority": (["p/r/a", "p/r/b"], {"b": 1}, "r/b r/a"),
    "by turns between runs": (
        ["p/r/a", "p/r/b", "p/r/c", "p/s/d", "p/s/e"],
        {},
        "r/a s/d r/b s/e r/c",
    ),
    "by turns between pipelines, however many runs one has": (
        ["p/r/a", "p/s/b", "p/t/c", "q/u/d", "q/u/e"],
        {},
        "r/a u/d s/b u/e t/c",
    ),
    "priority before fairness": (["p/r/a", "p/r/b", "q/s/c"], {"a": 1, "b": 1}, "r/a r/b s/c"),
}


@pytest.mark.parametrize("rule_name", ORDERS)
def test_who_comes_next(rule_name: str) -> None:
    names, priorities, expected = ORDERS[rule_name]
    slots = Slots(1)
    for name in names:
        slots.add(ticket(name, priority=priorities.get(name[-1], 0)))
    foretold = [f"{run}/{block}" for run, block in slots.places(99)]
    assert foretold == one_by_one(slots) == expected.split()


def test_the_smaller_share_goes_first() -> None:
    slots = Slots(4)
    for name in "abcdefgh":
        slots.add(ticket(f"p/r/{name}"))
    assert len(taken(slots)) == 4
    slots.add(ticket("q/s/x"))
    slots.add(ticket("q/s/y"))
    slots.add(ticket("q/s/z"))
    slots.release("r", "a")
    slots.release("r", "b")
    slots.release("r", "c")
    assert taken(slots) == ["s/x", "r/e", "s/y"]


def test_who_sits_at_the_screen_does_not_wait_behind_runs() -> None:
    slots = Slots(1, {"w": 1})
    slots.add(ticket("p/r/a", pool="w", priority=5))
    assert taken(slots) == ["r/a"]
    slots.add(ticket("p/r/b", pool="w", priority=5))
    slots.add(ticket("p/editor/c", interactive=True, lane="p"))
    assert taken(slots) == ["editor/c"]
    slots.add(ticket("q/editor2/d", interactive=True, lane="q", pool="w"))
    assert taken(slots) == []
    slots.release("r", "a")
    assert taken(slots) == ["editor2/d"]


def test_only_as_long_as_it_is_the_turn_of_a_pipeline() -> None:
    slots = Slots(3)
    for name in ("p/r/a", "q/s/b", "p/r/c"):
        slots.add(ticket(name))
    assert taken(slots, "p") == ["r/a"]
    assert slots.may_take
    assert taken(slots) == ["s/b", "r/c"]


def test_newcomers_do_not_overtake_who_waits() -> None:
    slots = Slots(1)
    slots.add(ticket("p/busy/a"))
    assert taken(slots) == ["busy/a"]
    slots.add(ticket("p/old/b"))
    slots.release("busy", "a")
    slots.add(ticket("p/new/c"))
    assert taken(slots) == ["old/b"]


def test_a_run_that_has_begun_goes_on_though_new_ones_come_all_the_time() -> None:
    slots = Slots(1)
    for name in "abcd":
        slots.add(ticket(f"p/old/{name}"))
    started: list[str] = []
    for number in range(9):
        slots.add(ticket(f"p/new{number}/x"))
        started += one_of(slots)
    assert started.count("old") == 3


def one_of(slots: Slots) -> list[str]:
    """Let whoever is next start and end."""
    (given_to,) = slots.take()
    slots.release(given_to.run, given_to.block)
    return [given_to.run]


def test_places_are_those_of_the_next_few() -> None:
    slots = Slots(1)
    for name in "abcd":
        slots.add(ticket(f"p/r/{name}"))
    slots.take()
    assert slots.places(2) == {("r", "b"): 1, ("r", "c"): 2}
    changes = slots.changes
    slots.release("r", "b")
    assert slots.changes > changes
    assert slots.places(9) == {("r", "c"): 1, ("r", "d"): 2}


def test_a_pipeline_that_ends_leaves_nothing() -> None:
    slots = Slots(2)
    slots.limit_pipeline("p", 1)
    for name in ("p/r/a", "p/s/b", "q/t/c"):
        slots.add(ticket(name))
    assert taken(slots) == ["r/a", "t/c"]
    slots.end_pipeline("p")
    assert list(slots.held()) == [("t", "c")]
    assert slots.places(9) == {}
    slots.release("r", "a")  # no harm


def test_asking_twice_is_a_mistake() -> None:
    slots = Slots(1)
    slots.add(ticket("p/r/a"))
    with pytest.raises(AssertionError, match="waits already"):
        slots.add(ticket("p/r/a"))
    slots.take()
    with pytest.raises(AssertionError, match="has a slot already"):
        slots.add(ticket("p/r/a"))


class AnyLine(RuleBasedStateMachine):
    """Random tickets, ends and limits; the test counts for itself."""

    @initialize(
        project=st.integers(1, 4),
        pools=st.dictionaries(st.sampled_from("vw"), st.integers(1, 3)),
        pipelines=st.dictionaries(st.sampled_from("pq"), st.integers(1, 3)),
    )
    def begin(self, project: int, pools: dict[str, int], pipelines: dict[str, int]) -> None:
        self.slots = Slots(project, pools)
        for pipeline, number in pipelines.items():
            self.slots.limit_pipeline(pipeline, number)
        self.project, self.pools, self.pipelines = project, pools, pipelines
        self.waiting: dict[tuple[str, str], Ticket] = {}
        self.held: dict[tuple[str, str], Ticket] = {}
        self.number = 0

    @rule(
        pipeline=st.sampled_from("pqr"),
        run=st.integers(1, 3),
        pool=st.sampled_from([None, "v", "w"]),
        priority=st.integers(0, 2),
        interactive=st.booleans(),
    )
    def ask(
        self, pipeline: str, run: int, pool: str | None, priority: int, interactive: bool
    ) -> None:
        self.number += 1
        name = f"{pipeline}{run}{'e' if interactive else ''}"
        lane = pipeline if interactive else ""
        added = Ticket(pipeline, name, f"b{self.number}", priority, pool, run, interactive, lane)
        self.slots.add(added)
        self.waiting[added.run, added.block] = added

    @rule()
    def take(self) -> None:
        for given_to in self.slots.take():
            # Whoever could have been next instead has no higher priority.
            able = [t for t in self.waiting.values() if self.is_free(t)]
            best = max((t.interactive, t.priority) for t in able)
            assert (given_to.interactive, given_to.priority) == best
            del self.waiting[given_to.run, given_to.block]
            self.held[given_to.run, given_to.block] = given_to
        assert not any(self.is_free(t) for t in self.waiting.values()), "a slot is left idle"
        assert not self.slots.may_take

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        known = sorted({**self.held, **self.waiting})
        if known:
            place = data.draw(st.sampled_from(known))
            self.slots.release(*place)
            self.held.pop(place, None)
            self.waiting.pop(place, None)

    def is_free(self, t: Ticket) -> bool:
        held = self.held.values()
        runs = [h for h in held if not h.interactive]
        if sum(h.run == t.run for h in held) >= t.slots:
            return False
        if t.pool and sum(h.pool == t.pool for h in held) >= self.pools.get(t.pool, 1):
            return False
        if t.interactive:
            return not any(h.lane == t.lane for h in held)
        most = self.pipelines.get(t.pipeline, self.project)
        return len(runs) < self.project and sum(h.pipeline == t.pipeline for h in runs) < most

    @invariant()
    def no_limit_is_passed(self) -> None:
        if not hasattr(self, "slots"):
            return
        held = self.held.values()
        runs = [h for h in held if not h.interactive]
        assert set(self.slots.held()) == set(self.held)
        assert len(runs) <= self.project
        for pipeline, number in Counter(h.pipeline for h in runs).items():
            assert number <= self.pipelines.get(pipeline, self.project)
        for pool, number in Counter(h.pool for h in held if h.pool).items():
            assert number <= self.pools.get(pool, 1)
        for run, number in Counter(h.run for h in held).items():
            assert number <= next(h.slots for h in held if h.run == run)
        assert set(self.slots.places(99)) == set(self.waiting)


class WhoIsNext(RuleBasedStateMachine):
    """While no limit but the project's is met, the first place in the line is who starts."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(3)
        self.number = 0

    @rule(pipeline=st.sampled_from("pqr"), run=st.integers(1, 3), priority=st.integers(0, 1))
    def ask(self, pipeline: str, run: int, priority: int) -> None:
        self.number += 1
        self.slots.add(ticket(f"{pipeline}/{pipeline}{run}/b{self.number}", priority=priority))

    @rule(data=st.data())
    def end_or_leave(self, data: st.DataObject) -> None:
        known = sorted({*self.slots.held(), *self.slots.places(99)})
        if known:
            self.slots.release(*data.draw(st.sampled_from(known)))

    @rule(run=st.sampled_from(["p1", "q2"]))
    def end_run(self, run: str) -> None:
        self.slots.end_run(run)

    @rule()
    def take(self) -> None:
        free = 3 - len(list(self.slots.held()))
        everybody = self.slots.places(99)
        foretold = self.slots.places(free)
        assert list(foretold.items()) == list(everybody.items())[:free]
        assert [(t.run, t.block) for t in self.slots.take()] == list(foretold)


WhoIsNext.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestWhoIsNext = WhoIsNext.TestCase
AnyLine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAnyLine = AnyLine.TestCase


@given(
    project=st.integers(1, 3),
    arrivals=st.lists(
        st.tuples(st.sampled_from("pqr"), st.integers(0, 5)), min_size=30, max_size=60
    ),
    ends=st.lists(st.integers(0, 9), min_size=60, max_size=60),
)
@settings(max_examples=150, deadline=None)
def test_nobody_starves_however_many_come_later(
    project: int, arrivals: list[tuple[str, int]], ends: list[int]
) -> None:
    """One that waits starts within a number of turns that later arrivals cannot raise."""
    slots = Slots(project)
    held: list[Ticket] = []
    for number in range(project):
        slots.add(ticket(f"busy/r{number}/b"))
    held += slots.take()
    slots.add(ticket("p/patient/b"))
    turns = 0
    for number, ((pipeline, run), end) in enumerate(zip(arrivals, ends, strict=False)):
        slots.add(ticket(f"{pipeline}/{pipeline}{run}.{number}/b"))
        gone = held.pop(end % len(held))
        slots.release(gone.run, gone.block)
        new = slots.take()
        held += new
        turns += 1
        if any(t.run == "patient" for t in new):
            break
    # At most one turn for each other pipeline in front, and one for each slot that p holds itself.
    assert turns <= 4 * (project + 1), f"waited for {turns} turns"
