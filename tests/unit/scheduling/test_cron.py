"""Cron lines against the rule of clock changes: a table, and a brute-force oracle by the minute."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from headrace.core.errors import InvalidInput
from headrace.scheduling.cron import Cron, normal, zone_names

MINUTE = timedelta(minutes=1)
PATTERNS = (
    "30 1 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "*/15 2 * * *",
    "*/30 * * * *",
    "0 */2 * * *",
    "15,45 1-3 * * *",
    "59 23 * * *",
    "0 3 * * 0",
    "5 0,2 1-7 * *",
    "*/20 */3 * * 1-5",
    "0 1 * * *",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "zone", "day", "fires"),
    [
        ("30 2 * * *", "America/New_York", "2026-03-08", ["2026-03-08T07:00"]),
        ("30 1 * * *", "America/New_York", "2026-11-01", ["2026-11-01T05:30"]),
        ("0 0 * * *", "America/Santiago", "2026-09-06", ["2026-09-06T04:00"]),
        (
            "*/15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-04",
            ["2026-10-03T15:30", "2026-10-03T15:45"],
        ),
        (
            "*/30 * * * *",
            "America/New_York",
            "2026-11-01T01",
            ["2026-11-01T05:00", "2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30"],
        ),
    ],
)
def test_ticks_on_the_day_of_a_clock_change(
    line: str, zone: str, day: str, fires: list[str]
) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    hours = 22 if len(day) == 10 else 2
    end = (start.astimezone(UTC) + timedelta(hours=hours)).astimezone(UTC)
    found = []
    for tick in Cron(line, zone).ticks(start.astimezone(UTC) - timedelta(seconds=1)):
        if tick >= end:
            break
        found.append(tick)
    assert found == [utc(text) for text in fires]


def test_a_day_that_does_not_exist_is_left_out() -> None:
    cron = Cron("0 0 * * *", "Pacific/Apia")
    ticks = list(islice(cron.ticks(utc("2011-12-28T12:00")), 3))
    days = [tick.astimezone(cron.zone).date().isoformat() for tick in ticks]
    assert days == ["2011-12-29", "2011-12-31", "2012-01-01"]


def field_matches(field: str, value: int, low: int, high: int) -> bool:
    """Match one field by our own reading of cron, without cronsim."""
    for part in field.split(","):
        body, _, step = part.partition("/")
        first, last = low, high
        if body != "*":
            start, _, stop = body.partition("-")
            first, last = int(start), int(stop or start)
        if first <= value <= last and (value - first) % int(step or 1) == 0:
            return True
    return False


def wall_matches(line: str, wall: datetime) -> bool:
    minute, hour, day, month, weekday = line.split()
    day_ok = field_matches(day, wall.day, 1, 31)
    weekday_ok = field_matches(weekday, wall.isoweekday() % 7, 0, 6)
    both = day.startswith("*") or weekday.startswith("*")
    return (
        field_matches(minute, wall.minute, 0, 59)
        and field_matches(hour, wall.hour, 0, 23)
        and field_matches(month, wall.month, 1, 12)
        and ((day_ok and weekday_ok) if both else (day_ok or weekday_ok))
    )


def oracle(line: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Find every tick in [start, end) by looking at each minute."""
    if line.split()[1].startswith("*"):
        instant, found = start, []
        while instant < end:
            wall = instant.astimezone(zone).replace(tzinfo=None)
            if wall_matches(line, wall):
                found.append(instant)
            instant += MINUTE
        return found
    return [t for t in oracle_fixed(line, zone, start, end) if start <= t < end]


def oracle_fixed(line: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    wall = start.astimezone(zone).replace(tzinfo=None) - timedelta(days=1, hours=2)
    last = end.astimezone(zone).replace(tzinfo=None) + timedelta(hours=2)
    instants: set[datetime] = set()
    while wall < last:
        if wall_matches(line, wall):
            instant = wall.replace(tzinfo=zone).astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None) != wall:
                instant = first_after_gap(zone, wall)
            instants.add(instant)
        wall += MINUTE
    return sorted(instants)


def first_after_gap(zone: ZoneInfo, wall: datetime) -> datetime:
    """Step back minute by minute on the clock of UTC until the wall time jumps."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    while (instant - MINUTE).astimezone(zone).replace(tzinfo=None) > wall:
        instant -= MINUTE
    return instant


def change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the minute of the one change of an offset in a span."""
    old = before.astimezone(zone).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) // (2 * MINUTE) * MINUTE
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


@cache
def transitions() -> list[tuple[str, datetime]]:
    """Find every change of an offset 2020-2037, once for each distinct rule of a zone."""
    seen: dict[tuple[object, ...], tuple[str, list[datetime]]] = {}
    for name in sorted(zone_names()):
        zone = ZoneInfo(name)
        changes: list[datetime] = []
        rule: list[object] = []
        day = datetime(2020, 1, 1, tzinfo=UTC)
        offset = day.astimezone(zone).utcoffset()
        while day.year < 2038:
            following = day + timedelta(days=7)
            later = following.astimezone(zone).utcoffset()
            if later != offset:
                changes.append(day)
                rule.append((change_between(zone, day, following), offset, later))
                offset = later
            day = following
        seen.setdefault(tuple(rule), (name, changes))
    return [(name, change) for name, changes in seen.values() for change in changes]


PARTS = 16 if os.environ.get("HEADRACE_ALL_TRANSITIONS") else 1
"""All cases are cut into parts, so that all cores can take some."""


def cases(part: int) -> Iterator[tuple[str, str, datetime]]:
    """Draw some of all cases; all of them with HEADRACE_ALL_TRANSITIONS=1 (`make transitions`)."""
    every = [(line, name, change) for name, change in transitions() for line in PATTERNS]
    if PARTS > 1:
        return iter(every[part::PARTS])
    half_hour = [case for case in every if "Lord_Howe" in case[1] or "LHI" in case[1]]
    chance = random.Random(7)
    return iter(chance.sample(every, 90) + chance.sample(half_hour, 24))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_ticks_are_those_of_the_oracle(part: int) -> None:
    wrong: list[str] = []
    for line, name, change in cases(part):
        start, end = change - timedelta(hours=36), change + timedelta(days=8)
        cron, found = Cron(line, name), []
        for tick in cron.ticks(start - timedelta(seconds=1)):
            if tick >= end:
                break
            found.append(tick)
        if found != oracle(line, cron.zone, start, end):
            wrong.append(f"{line} in {name} near {change}")
    assert not wrong


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("", "five fields"),
        ("60 * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 0 32 * *", "day of the month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 9", "day of the week"),
        ("*/0 * * * *", "minute"),
        ("5-1 * * * *", "minute"),
        ("H * * * *", "minute"),
        ("é * * * *", "minute"),
        ("@reboot", "@daily"),
        ("1," * 200 + "1 * * * *", "200 characters"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 4 *", "never fires"),
    ],
)
def test_what_is_no_cron_line_is_refused_with_the_field(line: str, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        Cron(line, "UTC")


def test_names_and_aliases_are_known() -> None:
    assert normal("@daily") == "0 0 * * *"
    assert next(Cron("0 9 * * MON", "UTC").ticks(utc("2026-11-21T00:00"))) == utc(
        "2026-11-23T09:00"
    )


def test_the_29th_of_february_is_found() -> None:
    assert next(Cron("0 0 29 2 *", "UTC").ticks(utc("2026-01-01T00:00"))).year == 2028


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "../../etc/passwd", "", "+25:00", "\x00", "A" * 5000]
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        Cron("0 0 * * *", zone)


@pytest.mark.parametrize(
    ("line", "zone", "after", "note"),
    [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2027-03-27T12:00",
            "02:30 does not exist on 28 March: runs at 03:00",
        ),
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00",
            "02:30 comes twice on 25 October: runs once, the first time",
        ),
        (
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00",
            "02:30 comes twice on 25 October: this is the first",
        ),
        (
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:45",
            "02:30 comes a second time on 25 October",
        ),
        ("0 * * * *", "Europe/Berlin", "2027-03-28T00:30", "clocks change to 03:00 on 28 March"),
        ("0 6 * * *", "Europe/Berlin", "2026-10-24T12:00", ""),
    ],
)
def test_a_note_says_what_a_clock_change_does(line: str, zone: str, after: str, note: str) -> None:
    cron = Cron(line, zone)
    assert cron.note(next(cron.ticks(utc(after)))) == note
