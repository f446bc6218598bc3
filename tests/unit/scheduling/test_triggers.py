"""What a trigger does at a moment: catch-up, overlap, previews. Pure, so tested by tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import RunLimits
from headrace.runs.firing import TickRun, TriggerState, shift_of
from headrace.scheduling.triggers import (
    MAX_CATCHUP,
    MAX_HELD,
    STAGGER,
    Action,
    Cancel,
    Fire,
    Hold,
    Skip,
    check_spec,
    decide,
    limits_of,
    next_of,
    next_of_spec,
    preview,
    previous_of,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATE = ("active", "next_at", "running", "held", "replacing")


def state(running: int = 0, held: int = 0, **fields: Any) -> TriggerState:
    """Make a trigger due at noon, with runs and waiting ticks of the minutes before."""
    times = [NOON - MINUTE * back for back in range(running + held, 0, -1)]
    own: dict[str, Any] = {
        "next_at": NOON,
        "running": tuple(TickRun(time, f"run-{i}") for i, time in enumerate(times[:running])),
        "held": tuple(times[running:]),
    }
    own |= {name: fields.pop(name) for name in STATE if name in fields}
    spec = TriggerSpec(name="n", **({"cron": "*/5 * * * *"} | fields))
    return TriggerState(id="t", pipeline="p", spec=spec, **own)


def acts(state: TriggerState, now: datetime = NOON) -> list[Action]:
    return list(decide(state, now).actions)


def times(actions: list[Action], kind: type[Fire | Hold | Skip]) -> list[datetime]:
    return [action.logical_time for action in actions if isinstance(action, kind)]


def test_a_tick_on_time_fires_and_the_next_one_is_later() -> None:
    decision = decide(state(), NOON + timedelta(seconds=1))
    assert decision.actions == (Fire(NOON),)
    assert decision.next_at == NOON + 5 * MINUTE


@pytest.mark.parametrize("next_at", [None, NOON + 5 * MINUTE])
def test_nothing_happens_before_the_tick_nor_without_one(next_at: datetime | None) -> None:
    decision = decide(state(next_at=next_at), NOON)
    assert decision.actions == ()
    assert decision.next_at == next_at


def test_a_clock_that_goes_back_fires_nothing_again() -> None:
    decision = decide(state(next_at=NOON + MINUTE), NOON - timedelta(hours=2))
    assert (decision.actions, decision.next_at) == ((), NOON + MINUTE)


@pytest.mark.parametrize(("catchup", "runs"), [("none", 0), ("latest", 1), ("all", 36)])
@pytest.mark.parametrize("overlap", ["skip", "queue_one", "queue_all", "cancel_previous", "allow"])
def test_after_three_hours_down(catchup: str, runs: int, overlap: str) -> None:
    late = NOON + timedelta(hours=2, minutes=58)
    actions = acts(state(catchup=catchup, overlap=overlap), late)
    fired, held = times(actions, Fire), times(actions, Hold)
    assert len(fired) + len(held) == runs, "each gets its run, at once or after those before it"
    assert len(fired) == min(runs, STAGGER if overlap == "allow" else 1)
    assert len(actions) == 36, "what does not fire is recorded"


def test_a_tick_on_time_stands_for_the_missed_ones_before_it() -> None:
    actions = acts(state(), NOON + 10 * MINUTE + timedelta(seconds=2))
    assert times(actions, Fire) == [NOON + 10 * MINUTE]
    assert [type(action) for action in actions] == [Skip, Skip, Fire]


@pytest.mark.parametrize("catchup", ["none", "latest", "all"])
def test_400_days_down_are_bounded_and_leave_no_gap(catchup: str) -> None:
    now = NOON + timedelta(days=400, seconds=40)
    actions = acts(state(cron="* * * * *", catchup=catchup), now)
    assert len(actions) == MAX_CATCHUP + 1
    first = actions[0]
    assert isinstance(first, Skip)
    assert first.logical_time == NOON
    recorded = sorted(times(actions[1:], Skip) + times(actions, Hold) + times(actions, Fire))
    assert first.until == recorded[0], "the span ends where single records begin"
    assert recorded == [recorded[0] + MINUTE * i for i in range(MAX_CATCHUP)]


def test_all_that_was_due_before_the_window_is_one_record() -> None:
    now = NOON + timedelta(days=3)
    actions = acts(state(cron="0 12 2 * *", catchup="all"), now)
    assert actions == [Skip(NOON, "missed, with all before the last 24 h or 100 ticks", until=now)]


@pytest.mark.parametrize(
    ("overlap", "running", "held", "expected"),
    [
        ("skip", 0, 0, [Fire(NOON)]),
        ("skip", 1, 0, [Skip(NOON, "a run is going on; overlap: skip")]),
        ("allow", 3, 0, [Fire(NOON)]),
        ("cancel_previous", 0, 0, [Fire(NOON)]),
        ("cancel_previous", 1, 0, [Hold(NOON, replaces=True)]),
        (
            "cancel_previous",
            1,
            1,
            [
                Skip(NOON - MINUTE, "a newer tick came; overlap: cancel_previous"),
                Hold(NOON, replaces=True),
            ],
        ),
        ("queue_one", 1, 0, [Hold(NOON)]),
        ("queue_one", 1, 1, [Skip(NOON, "a run is going on; overlap: queue_one")]),
        ("queue_all", 1, 5, [Hold(NOON)]),
        ("queue_all", 1, MAX_HELD, [Skip(NOON, f"{MAX_HELD} ticks wait already")]),
    ],
)
def test_overlap(overlap: str, running: int, held: int, expected: list[Action]) -> None:
    assert acts(state(running, held, overlap=overlap)) == expected


def test_of_several_ticks_at_once_the_newest_replaces_the_others() -> None:
    now = NOON + timedelta(seconds=2)
    idle = acts(state(every="1s", cron=None, overlap="cancel_previous"), now)
    assert times(idle, Fire) == [now]
    assert times(idle, Skip) == [NOON, NOON + timedelta(seconds=1)]
    busy = acts(state(1, every="1s", cron=None, overlap="cancel_previous"), now)
    assert busy[-1] == Hold(now, replaces=True)
    assert times(busy, Skip) == [NOON, NOON + timedelta(seconds=1)]


@pytest.mark.parametrize(
    ("running", "held", "overlap", "let_go"),
    [(0, 3, "queue_all", 1), (1, 3, "queue_all", 0), (0, 20, "allow", STAGGER), (5, 9, "allow", 3)],
)
def test_ticks_that_wait_are_let_go_oldest_first(
    running: int, held: int, overlap: str, let_go: int
) -> None:
    waiting = state(running, held, overlap=overlap, next_at=NOON + MINUTE)
    assert acts(waiting) == [Fire(tick) for tick in waiting.held[:let_go]]


def test_a_run_is_cancelled_when_the_tick_in_its_place_is_recorded() -> None:
    waiting = state(2, 1, overlap="cancel_previous", next_at=NOON + MINUTE, replacing=True)
    assert acts(waiting) == [Cancel("run-0"), Cancel("run-1")]
    over = state(0, 1, overlap="cancel_previous", next_at=NOON + MINUTE, replacing=True)
    assert acts(over) == [Fire(NOON - MINUTE)]


def test_what_is_caught_up_cancels_nothing_that_is_caught_up_before_it() -> None:
    waiting = state(1, 3, overlap="cancel_previous", next_at=NOON + MINUTE)
    assert acts(waiting) == []


def test_a_paused_trigger_gives_up_what_waits_and_what_is_due() -> None:
    paused = state(1, 2, active=False)
    assert acts(paused) == [Skip(tick, "the trigger was paused") for tick in paused.held]
    assert decide(paused, NOON).next_at == NOON


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
    with pytest.raises(InvalidInput, match="has one of"):
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


@pytest.mark.parametrize(
    ("schedule", "tick", "before"),
    [
        ({"cron": "*/5 * * * *"}, "2026-03-02T12:00Z", "2026-03-02T11:55Z"),
        ({"cron": "0 6 * * 1"}, "2026-03-02T06:00Z", "2026-02-23T06:00Z"),
        ({"cron": "0 0 1 1 *"}, "2026-01-01T00:00Z", "2025-01-01T00:00Z"),
        ({"cron": "0 0 29 2 *"}, "2028-02-29T00:00Z", "2024-02-29T00:00Z"),
        (
            {"cron": "0 6 * * *", "timezone": "Europe/Berlin"},
            "2026-03-29T04:00Z",
            "2026-03-28T05:00Z",
        ),
        ({"every": "90m"}, "2026-03-02T12:00Z", "2026-03-02T10:30Z"),
    ],
)
def test_the_interval_of_a_tick_begins_at_the_tick_before(
    schedule: dict[str, str], tick: str, before: str
) -> None:
    spec = TriggerSpec(name="n", **schedule)
    assert previous_of(spec, datetime.fromisoformat(tick)) == datetime.fromisoformat(before)
    assert next_of(spec, datetime.fromisoformat(before)) == datetime.fromisoformat(tick)


def test_a_tick_whose_predecessor_is_too_long_ago_has_none() -> None:
    fifth_monday_of_february = TriggerSpec(name="n", cron="0 0 * 2 1#5")
    tick = next_of(fifth_monday_of_february, NOON)
    assert (tick.month, tick.day, tick.weekday()) == (2, 29, 0)
    assert previous_of(fifth_monday_of_february, tick) is None


@given(
    minutes=st.integers(0, 60 * 48),
    catchup=st.sampled_from(["none", "latest", "all"]),
    overlap=st.sampled_from(["skip", "queue_one", "queue_all", "cancel_previous", "allow"]),
    running=st.integers(0, 2),
    held=st.integers(0, 2),
)
def test_every_due_tick_is_decided_once_and_none_of_the_future(
    minutes: int, catchup: str, overlap: str, running: int, held: int
) -> None:
    now = NOON + timedelta(minutes=minutes)
    before = state(running, held, catchup=catchup, overlap=overlap)
    decision = decide(before, now)
    decided = [a.logical_time for a in decision.actions if not isinstance(a, Cancel)]
    assert len(decided) == len(set(decided))
    assert all(tick in before.held or NOON <= tick <= now for tick in decided)
    assert decision.next_at is not None
    assert decision.next_at > now
    fired = times(list(decision.actions), Fire)
    if overlap != "allow":
        assert len(fired) <= max(0, 1 - running), "runs of one trigger do not overlap"


@pytest.mark.parametrize("year", [1, 1899, 9001, 9999])
@pytest.mark.parametrize("when", [{"cron": "0 0 * * *"}, {"every": "1d"}])
def test_years_beyond_the_calendar_are_refused(year: int, when: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="year"):
        preview(TriggerSpec(name="n", **when), datetime(year, 6, 1, tzinfo=UTC), 1)


# Moments, bounds, jitter


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"at": "2026-03-02 13:00"}, ["12:00"]),
        ({"at": "2026-03-02T13:00:00+00:00"}, ["13:00"]),
        ({"at": "2026-03-02 12:59"}, []),
        ({"cron": "0 * * * *", "end": "2026-03-02 15:00"}, ["12:00", "13:00", "14:00"]),
        ({"every": "1h", "start": "2026-03-02 14:30", "end": "2026-03-02 16:00"}, ["14:00", "15:00"]),
        ({"every": "1h", "start": "2026-03-02 14:00", "end": "2026-03-02 14:00"}, ["13:00"]),
        ({"webhook": True}, []),
        ({"files": "*.csv"}, []),
    ],
)  # fmt: skip
def test_ticks_stay_inside_their_bounds(fields: dict[str, Any], expected: list[str]) -> None:
    spec = TriggerSpec(name="n", timezone="Europe/Berlin", **fields)
    just_before = NOON - timedelta(seconds=1)
    assert [f"{tick.at:%H:%M}" for tick in preview(spec, just_before, 3)] == expected


def test_moments_are_shown_on_the_clock_of_the_zone() -> None:
    spec = TriggerSpec(name="n", at="2026-03-02 14:00", timezone="Asia/Tokyo")
    (tick,) = preview(spec, NOON - timedelta(days=1), 5)
    assert (tick.local, tick.note) == ("2026-03-02T14:00:00+09:00", "")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"at": "tomorrow"}, "at"),
        ({"at": "0001-01-01"}, "at"),
        ({"at": "9999-12-31"}, "at"),
        ({"at": "2027-01-01", "timezone": "Mars/Phobos"}, "timezone"),
        ({"every": "1h", "start": "2027-01-02", "end": "2027-01-01"}, "end"),
        ({"every": "1h", "jitter": "soon"}, "jitter"),
        ({"every": "1h", "jitter": "2d"}, "jitter"),
        ({"every": "1h", "catchup_window": "0"}, "catchup_window"),
        ({"every": "1h", "catchup_limit": 0}, "catchup_limit"),
        ({"every": "1h", "catchup_limit": 1001}, "catchup_limit"),
        ({"every": "1h", "timeout": "soon"}, "timeout"),
        ({"every": "1h", "retries": 101}, "retries"),
        ({"every": "1h", "retries": -1}, "retries"),
        ({"every": "1h", "backoff": "0"}, "backoff"),
        ({"changed": "load"}, "changed"),
        ({"files": " "}, "files"),
    ],
)
def test_what_means_nothing_is_refused_by_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        next_of_spec(TriggerSpec(name="n", **fields), NOON)
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({}, None),
        ({"retries": 0, "backoff": "5m"}, None),
        ({"timeout": "2h"}, RunLimits(timeout_s=7200)),
        ({"retries": 3}, RunLimits(retries=3, backoff_s=60)),
        ({"retries": 3, "backoff": "5m"}, RunLimits(retries=3, backoff_s=300)),
    ],
)
def test_limits_of_runs_are_read(fields: dict[str, Any], limits: RunLimits | None) -> None:
    assert limits_of(TriggerSpec(name="n", every="1h", **fields)) == limits


def test_a_new_schedule_must_fire_once_at_least() -> None:
    past = TriggerSpec(name="n", at="2026-03-01")
    with pytest.raises(InvalidInput, match="in the past"):
        check_spec(past, NOON)
    ended = TriggerSpec(name="n", every="1h", end="2026-03-01")
    with pytest.raises(InvalidInput, match="end: it never fires"):
        check_spec(ended, NOON, TriggerSpec(name="n", every="1h"))
    check_spec(past, NOON, TriggerSpec(name="n", at="2026-03-01", active=False))
    check_spec(TriggerSpec(name="n", webhook=True), NOON)


def test_once_is_over_when_it_fired() -> None:
    decision = decide(state(cron=None, at="2026-03-02 12:00"), NOON)
    assert (decision.actions, decision.next_at) == ((Fire(NOON),), None)
    assert previous_of(TriggerSpec(name="n", at="2026-03-02 12:00"), NOON) is None


def test_jitter_makes_a_tick_later_and_leaves_its_logical_time() -> None:
    shift = shift_of("t", "10m")
    assert timedelta(0) < shift < timedelta(minutes=10)
    assert shift == shift_of("t", "10m") != shift_of("u", "10m")
    waiting = state(next_at=NOON + shift, jitter="10m")
    assert decide(waiting, NOON + shift - timedelta(seconds=1)).actions == ()
    decision = decide(waiting, NOON + shift)
    assert decision.actions == (Fire(NOON),)
    assert decision.next_at == NOON + 5 * MINUTE + shift
    over = decide(state(next_at=NOON + shift, jitter="10m", end="2026-03-02 12:00"), NOON + shift)
    assert over.next_at is None


@pytest.mark.parametrize(
    ("fields", "fired", "words"),
    [
        ({"catchup_window": "1h"}, 12, "the last 1 h or 100 ticks"),
        ({"catchup_window": "12m"}, 3, "the last 12 min or 100 ticks"),
        ({"catchup_limit": 4}, 4, "the last 24 h or 4 ticks"),
    ],
)
def test_how_far_back_missed_ticks_count(fields: dict[str, Any], fired: int, words: str) -> None:
    found = acts(state(catchup="all", **fields), NOON + timedelta(hours=3, minutes=1))
    skips = [action for action in found if isinstance(action, Skip)]
    assert len(found) - len(skips) == fired
    assert [words in skip.reason for skip in skips] == [True]


# Events


@pytest.mark.parametrize(
    ("overlap", "running", "expected"),
    [
        ("queue_all", 0, "FHH"),
        ("queue_all", 1, "HHH"),
        ("queue_one", 0, "FHS"),
        ("skip", 0, "FSS"),
        ("skip", 1, "SSS"),
        ("allow", 1, "FFF"),
        ("cancel_previous", 1, "SSH"),
    ],
)
def test_events_overlap_as_ticks_do(overlap: str, running: int, expected: str) -> None:
    arrived = tuple(NOON + timedelta(seconds=second) for second in range(3))
    waiting = state(running, cron=None, webhook=True, overlap=overlap, next_at=None)
    decision = decide(msgspec.structs.replace(waiting, arrived=arrived), NOON)
    letters = {Fire: "F", Hold: "H", Skip: "S", Cancel: "C"}
    found = [letters[type(action)] for action in decision.actions]
    assert sorted(found) == sorted(expected)
    assert decision.next_at is None


def test_events_that_wait_start_in_their_order_and_are_given_up_by_a_pause() -> None:
    arrived = (NOON,)
    waiting = state(held=2, cron=None, files="*", overlap="queue_all", next_at=None)
    both = msgspec.structs.replace(waiting, arrived=arrived)
    assert [type(action) for action in acts(both)] == [Fire, Hold]
    paused = acts(msgspec.structs.replace(both, active=False))
    assert [type(action) for action in paused] == [Skip, Skip, Skip]
