"""Zones by the names that they have today."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from headrace.scheduling import zones
from headrace.scheduling.zones import present_name

MOMENTS = [datetime(year, month, 1, tzinfo=UTC) for year in range(2020, 2030) for month in (1, 7)]


@pytest.mark.parametrize(
    ("said", "now"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("Europe/Stockholm", "Europe/Stockholm"),
        ("UTC", "UTC"),
        ("GMT", "GMT"),
        ("Mars/Phobos", "Mars/Phobos"),
    ],
)
def test_a_name_that_was_given_up_is_that_of_today(said: str, now: str) -> None:
    assert present_name(said) == now


def test_another_name_is_never_another_clock() -> None:
    for name in sorted(available_timezones()):
        now = present_name(name)
        assert present_name(now) == now
        one, other = ZoneInfo(name), ZoneInfo(now)
        assert [at.astimezone(one).utcoffset() for at in MOMENTS] == [
            at.astimezone(other).utcoffset() for at in MOMENTS
        ], name


def test_without_the_database_of_names_all_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zones, "_text", lambda _: "")
    assert zones._present_names.__wrapped__() == {}
