"""What is told of a pipeline, as a table of what happens and as laws of all that may happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.protocol.notifications import Notify
from headrace.runs.incidents import Ended, Incidents, Overdue, Telling, decide

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TWO_HOURS = Notify(late_after_s=7200)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def ended(
    run: str, queued: float, *, good: bool, end: float | None = None, tick: float | None = None
) -> Ended:
    return Ended(
        run=run,
        succeeded=good,
        queued_at=at(queued),
        at=at(queued + 1 if end is None else end),
        logical_time=None if tick is None else at(tick),
        reason=None if good else f"{run} is bad",
    )


def good(run: str, queued: float, **more: float) -> Ended:
    return ended(run, queued, good=True, **more)


def bad(run: str, queued: float, **more: float) -> Ended:
    return ended(run, queued, good=False, **more)


def overdue(tick: float, now: float, run: str | None = "r") -> Overdue:
    return Overdue(logical_time=at(tick), at=at(now), run=run)


def told(*happened: Ended | Overdue, notify: Notify = TWO_HOURS) -> list[str]:
    return [one.event for one in tellings(*happened, notify=notify)]


def tellings(*happened: Ended | Overdue, notify: Notify = TWO_HOURS) -> list[Telling]:
    state, found = Incidents(), list[Telling]()
    for one in happened:
        state, some = decide(state, notify, one)
        found += some
    return found


@pytest.mark.parametrize(
    ("happened", "events"),
    [
        ([good("a", 0)], ["first_success"]),
        ([good("a", 0), good("b", 1)], ["first_success"]),
        ([bad("a", 0)], ["failure"]),
        ([bad("a", 0), bad("b", 1), bad("c", 2)], ["failure"]),
        ([bad("a", 0), good("b", 1)], ["failure", "first_success", "recovery"]),
        ([good("a", 0), bad("b", 1), good("c", 2), good("d", 3)], ["first_success", "failure", "recovery"]),
        # Each incident is one of its own.
        ([good("a", 0), bad("b", 1), good("c", 2), bad("d", 3)], ["first_success", "failure", "recovery", "failure"]),
        # Of runs side by side, one that began before the failed one proves nothing.
        ([good("a", 0), bad("c", 3), good("b", 2, end=9)], ["first_success", "failure"]),
        ([good("a", 0), bad("b", 1), bad("d", 5), good("c", 3, end=9)], ["first_success", "failure"]),
        # Late: told once while it goes on, whoever looks again.
        ([overdue(0, 121)], ["late"]),
        ([overdue(0, 121), overdue(0, 130), overdue(60, 185)], ["late"]),
        ([overdue(0, 121), good("a", 0, end=125, tick=0)], ["late", "first_success"]),
        # A late tick whose run ended between two looks is told with that end.
        ([good("a", 0, end=125, tick=0)], ["late", "first_success"]),
        # The first run that is in time ends it; the old late one begins none any more.
        (
            [overdue(0, 121), good("b", 60, tick=60), overdue(0, 180)],
            ["late", "first_success", "recovery"],
        ),
        ([overdue(0, 121), good("api", 122)], ["late", "first_success"]),
        # A run that fails late is both.
        ([bad("a", 0, end=125, tick=0)], ["late", "failure"]),
        ([bad("a", 0, end=125, tick=0), good("b", 130, tick=130)], ["late", "failure", "first_success", "recovery"]),
    ],
)  # fmt: skip
def test_people_hear_of_changes(happened: list[Ended | Overdue], events: list[str]) -> None:
    assert told(*happened) == events


def test_nothing_is_late_where_no_span_is_given() -> None:
    assert told(good("a", 0, end=9999, tick=0), notify=Notify()) == ["first_success"]


def test_a_failure_says_why_and_a_recovery_since_when() -> None:
    failure, _, recovery = tellings(bad("a", 0), bad("b", 1), good("c", 5))
    assert (failure.run, failure.reason) == ("a", "a is bad")
    assert (recovery.run, recovery.failures, recovery.since) == ("c", 2, failure.at)
    assert recovery.incident == failure.incident == "a"


events = st.one_of(
    st.builds(
        lambda number, queued, lasts, ok, tick: ended(
            f"r{number}", queued, good=ok, end=queued + lasts, tick=queued if tick else None
        ),
        st.integers(0, 10**6),
        st.integers(0, 500),
        st.integers(0, 300),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda tick, after: overdue(tick, tick + 121 + after),
        st.integers(0, 500),
        st.integers(0, 99),
    ),
)


def _own_runs(happened: list[Ended | Overdue]) -> list[Ended | Overdue]:
    """Give each run that ends an id of its own: a run ends once."""
    return [
        replace(one, run=f"r{number}") if isinstance(one, Ended) else one
        for number, one in enumerate(happened)
    ]


histories = st.lists(events, max_size=40).map(_own_runs)


@given(histories)
def test_each_incident_has_one_beginning_and_at_most_one_end(
    happened: list[Ended | Overdue],
) -> None:
    found = tellings(*happened)
    keys = [(one.event, one.incident) for one in found]
    assert len(keys) == len(set(keys)), "nothing is told twice"
    begun: set[str] = set()
    for one in found:
        if one.event in ("failure", "late"):
            begun.add(one.incident)
        elif one.event == "recovery":
            assert one.incident in begun, "what recovers was told before"
    assert [one.event for one in found].count("first_success") <= 1


@given(histories)
def test_the_state_says_whether_it_fails(happened: list[Ended | Overdue]) -> None:
    state = Incidents()
    for one in happened:
        before = state
        state, some = decide(state, TWO_HOURS, one)
        events_told = [telling.event for telling in some]
        assert ("failure" in events_told) == (before.failing is None and state.failing is not None)
        if before.failing is not None and state.failing is None:
            assert "recovery" in events_told
        if isinstance(one, Ended) and not one.succeeded:
            assert state.failing is not None
            assert state.failures == before.failures + 1


@given(histories)
def test_many_failures_in_a_row_are_one(happened: list[Ended | Overdue]) -> None:
    failing, _ = decide(Incidents(), TWO_HOURS, bad("first", 0))
    for one in happened:
        if isinstance(one, Ended) and not one.succeeded:
            failing, some = decide(failing, TWO_HOURS, one)
            assert "failure" not in [telling.event for telling in some]
