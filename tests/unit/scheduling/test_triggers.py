"""What a trigger does at a moment: catch-up, overlap, previews. Pure, so tested by tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import TriggerTable
from headrace.scheduling.triggers import (
    MAX_CATCHUP,
    Fire,
    Going,
    Skip,
    decide,
    next_of,
    preview,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
IDLE = Going()


def trigger(**fields: Any) -> TriggerTable:
    defaults: dict[str, Any] = {"cron": "*/5 * * * *", "next_at": NOON}
    return TriggerTable(id="t", pipeline="p", name="n", **(defaults | fields))


def fired(actions: list[Fire | Skip]) -> list[datetime]:
    return [action.logical_time for action in actions if isinstance(action, Fire)]


def test_a_tick_on_time_fires() -> None:
    assert decide(trigger(), NOON + timedelta(seconds=1), IDLE) == [Fire(NOON)]


@pytest.mark.parametrize("next_at", [None, NOON + timedelta(minutes=5)])
def test_nothing_happens_before_the_tick_and_when_paused(next_at: datetime | None) -> None:
    assert decide(trigger(next_at=next_at), NOON, IDLE) == []


@pytest.mark.parametrize(("catchup", "runs"), [("none", 0), ("latest", 1), ("all", 36)])
def test_after_three_hours_down(catchup: str, runs: int) -> None:
    actions = decide(trigger(catchup=catchup), NOON + timedelta(hours=2, minutes=58), IDLE)
    assert len(fired(actions)) == (runs if catchup != "all" else 1)
    actions = decide(
        trigger(catchup=catchup, overlap="allow"), NOON + timedelta(hours=2, minutes=58), IDLE
    )
    assert len(fired(actions)) == runs
    assert len(actions) == 36, "what does not fire is recorded"


def test_a_tick_on_time_stands_for_the_missed_ones_before_it() -> None:
    actions = decide(trigger(), NOON + timedelta(minutes=10, seconds=2), IDLE)
    assert fired(actions) == [NOON + timedelta(minutes=10)]
    assert [type(action) for action in actions] == [Skip, Skip, Fire]


def test_400_days_down_are_bounded() -> None:
    actions = decide(
        trigger(cron="* * * * *", catchup="all", overlap="allow"), NOON + timedelta(days=400), IDLE
    )
    assert len(fired(actions)) == MAX_CATCHUP
    assert isinstance(actions[0], Skip)
    assert actions[0].logical_time == NOON


@pytest.mark.parametrize(
    ("overlap", "going", "expected"),
    [
        ("skip", Going(0, 0), Fire(NOON)),
        ("skip", Going(1, 0), None),
        ("allow", Going(3, 0), Fire(NOON)),
        ("cancel_previous", Going(1, 0), Fire(NOON, cancel=True)),
        ("queue_one", Going(1, 0), Fire(NOON, wait=True)),
        ("queue_one", Going(1, 1), None),
        ("queue_all", Going(1, 5), Fire(NOON, wait=True)),
    ],
)
def test_overlap(overlap: str, going: Going, expected: Fire | None) -> None:
    (action,) = decide(trigger(overlap=overlap), NOON, going)
    if expected is None:
        assert isinstance(action, Skip)
        assert overlap in action.reason
    else:
        assert action == expected


@pytest.mark.parametrize(
    ("every", "after", "expected"),
    [
        ("15m", "2026-03-02T12:00:00", "2026-03-02T12:15:00"),
        ("1s", "2026-03-02T12:00:00.5", "2026-03-02T12:00:01"),
        ("90m", "2026-03-02T12:00:00", "2026-03-02T13:30:00"),
        ("1d", "2026-03-02T12:00:00", "2026-03-03T00:00:00"),
    ],
)
def test_every(every: str, after: str, expected: str) -> None:
    spec = TriggerSpec(name="n", every=every)
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_of(spec, moment) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("every", ["", "0s", "-5m", "1ms", "1e9", "NaN", "99999d", "5 apples"])
def test_what_is_no_interval_is_refused(every: str) -> None:
    with pytest.raises(InvalidInput, match="every"):
        next_of(TriggerSpec(name="n", every=every), NOON)


@pytest.mark.parametrize("fields", [{}, {"cron": "* * * * *", "every": "5m"}])
def test_a_trigger_has_cron_or_every(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="either"):
        next_of(TriggerSpec(name="n", **fields), NOON)


def test_the_preview_shows_local_times_and_notes() -> None:
    spec = TriggerSpec(name="n", cron="30 2 * * *", timezone="Europe/Berlin")
    ticks = preview(spec, datetime(2027, 3, 26, 12, tzinfo=UTC), 3)
    assert [tick.local for tick in ticks] == [
        "2027-03-27T02:30:00+01:00",
        "2027-03-28T03:00:00+02:00",
        "2027-03-29T02:30:00+02:00",
    ]
    assert [bool(tick.note) for tick in ticks] == [False, True, False]
    assert len(preview(TriggerSpec(name="n", every="1h"), NOON, 2)) == 2


@given(
    minutes=st.integers(0, 60 * 48),
    catchup=st.sampled_from(["none", "latest", "all"]),
    overlap=st.sampled_from(["skip", "queue_one", "queue_all", "cancel_previous", "allow"]),
    running=st.integers(0, 2),
)
def test_every_due_tick_is_decided_once_and_none_of_the_future(
    minutes: int, catchup: str, overlap: str, running: int
) -> None:
    now = NOON + timedelta(minutes=minutes)
    actions = decide(trigger(catchup=catchup, overlap=overlap), now, Going(running))
    times = [action.logical_time for action in actions]
    assert times == sorted(set(times))
    assert all(NOON <= tick <= now for tick in times)
