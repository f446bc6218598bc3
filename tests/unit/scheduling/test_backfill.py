"""What became of past ticks, which of them a backfill runs, and which of them now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import PastTick
from headrace.runs.past import (
    BackfillSituation,
    PlannedTick,
    RecordedTick,
    RecordedTicks,
    seconds_for,
    usual_seconds,
)
from headrace.scheduling import backfill as module
from headrace.scheduling.backfill import (
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
from headrace.scheduling.triggers import previous_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAILY = TriggerSpec(name="t", cron="0 6 * * *", timezone="Europe/Berlin")
FIVE = datetime(2026, 11, 20, 5, tzinfo=UTC)
"""06:00 in Berlin."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The span


@pytest.mark.parametrize(
    ("first", "last", "begin", "end"),
    [
        ("2026-11-01", None, "2026-10-31 23:00", "2026-11-21 12:00"),
        ("2026-11-01", "2026-11-02", "2026-10-31 23:00", "2026-11-02 22:59:59.999999"),
        ("2026-11-01 06:00", "2026-11-02 06:00", "2026-11-01 05:00", "2026-11-02 05:00"),
        ("2026-11-01T06:00Z", "2026-11-01T06:00Z", "2026-11-01 06:00", "2026-11-01 06:00"),
        # The last day has 25 hours, and what is to come is no part of a span.
        ("2026-10-25", "2026-10-25", "2026-10-24 22:00", "2026-10-25 22:59:59.999999"),
        ("2026-11-01", "2027-01-01", "2026-10-31 23:00", "2026-11-21 12:00"),
    ],
)
def test_a_span_is_of_the_clocks_of_the_zone_with_both_its_ends(
    first: str, last: str | None, begin: str, end: str
) -> None:
    assert span_of(first, last, "Europe/Berlin", NOW) == (utc(begin), utc(end))


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("yesterday", None, "from"),
        ("2026-11-01", "soon", "to"),
        ("2026-11-02", "2026-11-01", "to"),
        ("2026-11-22", None, "to"),
        ("2026-11-22", "2026-11-30", "from"),
        ("0001-01-01", None, "from"),
        ("2026-11-01", "9999-12-31", "to"),
    ],
)
def test_a_span_that_is_none_is_refused(first: str, last: str | None, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        span_of(first, last, "Europe/Berlin", NOW)
    assert refused.value.details["field"] == field


def test_the_ticks_of_a_span_are_those_of_the_schedule_within_its_bounds() -> None:
    first, last = FIVE - timedelta(days=2), FIVE
    three = [FIVE - timedelta(days=2), FIVE - timedelta(days=1), FIVE]
    assert scheduled_ticks(DAILY, first, last) == three, "both ends are part of it"
    spec = TriggerSpec(name="t", cron="0 6 * * *", timezone="Europe/Berlin", start="2026-11-19")
    assert scheduled_ticks(spec, first, last) == three[1:]
    once = TriggerSpec(name="t", at="2026-11-19 06:00", timezone="Europe/Berlin")
    assert scheduled_ticks(once, first, last) == [three[1]]


def test_too_many_ticks_and_ticks_that_no_clock_gives_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 3)
    scheduled_ticks(DAILY, FIVE - timedelta(days=2), FIVE)
    with pytest.raises(InvalidInput, match="more than 3 ticks"):
        scheduled_ticks(DAILY, FIVE - timedelta(days=3), FIVE)
    with pytest.raises(InvalidInput, match="Only a trigger with cron"):
        scheduled_ticks(TriggerSpec(name="t", webhook=True), FIVE, FIVE)


# What became of ticks


def seen(*recorded: RecordedTick, **options: Any) -> PastTick:
    known = RecordedTicks(list(recorded), options.pop("forgotten_to", None))
    due_from = options.pop("due_from", NOW)
    (tick,) = past_ticks([FIVE], known, timezone="Europe/Berlin", due_from=due_from)
    return tick


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"run": "r", "run_state": "queued"}, "running"),
        ({"run": "r", "run_state": "running"}, "running"),
        ({"run": "r", "run_state": "succeeded"}, "succeeded"),
        ({"run": "r", "run_state": "failed"}, "failed"),
        ({"run": "r", "run_state": "cancelled"}, "cancelled"),
        ({"run": "r"}, "forgotten"),
        ({}, "waiting"),
        ({"planned": True}, "waiting"),
        ({"planned": True, "run": "r", "run_state": "failed"}, "waiting"),
        ({"skipped": "missed; catchup: latest"}, "missing"),
        ({"skipped": "missed, with all before the last 24 h or 100 ticks"}, "missing"),
        ({"skipped": "missed; the trigger was edited before it could start"}, "missing"),
        ({"skipped": "a run is going on; overlap: skip"}, "skipped"),
        ({"skipped": "the trigger was paused"}, "skipped"),
    ],
)
def test_a_tick_is_what_the_history_has_of_it(fields: dict[str, Any], state: str) -> None:
    tick = seen(RecordedTick(at=FIVE, **fields))
    assert (tick.state, tick.run, tick.reason) == (state, fields.get("run"), fields.get("skipped"))
    assert tick.local == "2026-11-20T06:00:00+01:00"


def test_a_tick_without_record_is_missing_unless_it_is_due_now_or_forgotten() -> None:
    assert seen().state == "missing"
    assert seen(due_from=FIVE - timedelta(seconds=1)).state == "waiting", "the scheduler's own"
    assert seen(forgotten_to=FIVE).state == "forgotten"
    assert seen(forgotten_to=FIVE - timedelta(days=1)).state == "missing"


def test_what_ran_by_an_earlier_schedule_is_shown_and_not_run_again() -> None:
    other = FIVE + timedelta(hours=1)
    known = RecordedTicks(
        [
            RecordedTick(at=other, run="r", run_state="failed"),
            RecordedTick(at=other + timedelta(hours=1), skipped="missed; catchup: none"),
        ]
    )
    ticks = past_ticks([FIVE], known, timezone="UTC", due_from=NOW)
    assert [(tick.at, tick.state, tick.scheduled) for tick in ticks] == [
        (FIVE, "missing", True),
        (other, "failed", False),
    ]
    assert [tick.at for tick in chosen(ticks, "all", skipped=True)] == [FIVE]
    assert [tick.at for tick in chosen(ticks, "missing", skipped=True)] == [FIVE]


STATES = (
    *("missing", "failed", "cancelled", "skipped"),
    *("waiting", "running", "succeeded", "forgotten"),
)


@pytest.mark.parametrize(
    ("which", "skipped", "wanted"),
    [
        ("missing", False, {"missing", "failed", "cancelled"}),
        ("missing", True, {"missing", "failed", "cancelled", "skipped"}),
        ("all", False, set(STATES) - {"waiting", "running"}),
        ("all", True, set(STATES) - {"waiting", "running"}),
    ],
)
def test_what_a_backfill_runs(which: Any, skipped: bool, wanted: set[str]) -> None:
    ticks = [
        PastTick(at=FIVE + timedelta(days=n), local="", state=state)  # type: ignore[arg-type]
        for n, state in enumerate(STATES)
    ]
    assert {tick.state for tick in chosen(ticks, which, skipped=skipped)} == wanted


def test_days_are_those_of_the_zone() -> None:
    half_past = [utc("2026-10-25 00:30"), utc("2026-10-25 01:30"), utc("2026-10-25 23:30")]
    ticks = past_ticks(half_past, RecordedTicks([]), timezone="Europe/Berlin", due_from=NOW)
    assert [(day.day, day.counts) for day in days_of(ticks)] == [
        ("2026-10-25", {"missing": 2}),
        ("2026-10-26", {"missing": 1}),
    ]
    assert [tick.local[11:] for tick in ticks[:2]] == ["02:30:00+02:00", "02:30:00+01:00"]
    assert counts_of(ticks) == {"missing": 3}


@given(
    schedule=st.sampled_from(
        [
            DAILY,
            TriggerSpec(name="t", cron="30 2 * * *", timezone="Europe/Berlin"),
            TriggerSpec(name="t", cron="*/30 * * * *", timezone="Australia/Lord_Howe"),
            TriggerSpec(name="t", every="7h"),
            TriggerSpec(name="t", cron="0 9 * * MON", timezone="America/New_York"),
        ]
    ),
    first=st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    days=st.integers(0, 30),
)
def test_the_interval_of_a_backfilled_tick_is_the_one_that_the_scheduler_gives(
    schedule: TriggerSpec, first: datetime, days: int
) -> None:
    scheduled = scheduled_ticks(schedule, first, first + timedelta(days=days))
    planned = planned_ticks(schedule, scheduled, scheduled[::2])
    assert [tick.logical_time for tick in planned] == scheduled[::2]
    for tick in planned:
        assert tick.interval_start == previous_of(schedule, tick.logical_time)


# What comes next


def situation(state: str, waiting: int, going: int, parallel: int) -> BackfillSituation:
    ticks = tuple(PlannedTick(FIVE + timedelta(days=n), None) for n in range(waiting))
    return BackfillSituation(
        id="b",
        trigger_id="t",
        pipeline="p",
        spec=DAILY,
        state=state,  # type: ignore[arg-type]
        parallel=parallel,
        waiting=ticks,
        going=tuple(f"r{n}" for n in range(going)),
    )


@pytest.mark.parametrize(
    ("state", "waiting", "going", "parallel", "started", "cancelled", "over"),
    [
        ("running", 3, 0, 3, 3, 0, False),
        ("running", 3, 2, 3, 1, 0, False),
        ("running", 3, 3, 3, 0, 0, False),
        ("running", 1, 4, 3, 0, 0, False),
        ("running", 0, 1, 3, 0, 0, False),
        ("running", 0, 0, 3, 0, 0, True),
        ("paused", 3, 1, 3, 0, 0, False),
        ("paused", 0, 0, 3, 0, 0, False),
        ("cancelled", 0, 2, 3, 0, 2, False),
        ("cancelled", 0, 0, 3, 0, 0, False),
        ("finished", 0, 0, 3, 0, 0, False),
    ],
)
def test_what_a_backfill_does_now(  # noqa: PLR0917 a table
    state: str,
    waiting: int,
    going: int,
    parallel: int,
    started: int,
    cancelled: int,
    over: bool,
) -> None:
    now = situation(state, waiting, going, parallel)
    assert decide(now) == Step(now.waiting[:started], now.going[:cancelled], over)


@given(parallel=st.integers(1, 5), total=st.integers(0, 20), ends=st.lists(st.integers(0, 4)))
def test_every_tick_starts_once_and_never_more_than_the_limit_go_on(
    parallel: int, total: int, ends: list[int]
) -> None:
    waiting, going, started = list(range(total)), list[int](), list[int]()
    for end in [*ends, *[0] * (total + 1)]:
        step = decide(situation("running", min(len(waiting), parallel), len(going), parallel))
        assert step.finish == (not waiting and not going)
        for _ in step.start:
            going.append(waiting.pop(0))
            started.append(going[-1])
        assert len(going) <= parallel
        if going:
            going.pop(end % len(going))
    assert started == list(range(total))
    assert not going


# How long it takes


@pytest.mark.parametrize(
    ("total", "run_seconds", "parallel", "wanted"),
    [
        (31, 252.0, 3, 2604.0),
        (31, 252.0, 1, 7812.0),
        (2, 60.0, 8, 60.0),
        (0, 60.0, 1, 0.0),
        (5, None, 1, None),
    ],
)
def test_an_estimate_is_of_runs_that_take_turns(
    total: int, run_seconds: float | None, parallel: int, wanted: float | None
) -> None:
    assert seconds_for(total, run_seconds, parallel) == wanted


def test_a_run_takes_as_long_as_most_did() -> None:
    assert usual_seconds([1.0, 2.0, 600.0]) == 2.0
    assert usual_seconds([]) is None
