"""Moments that a trigger names: `at`, `start` and `end`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from headrace.core.errors import InvalidInput
from headrace.scheduling.cron import zone_of

YEARS = (1970, 9000)
"""Years that a trigger may name."""


@lru_cache(maxsize=4096)
def parse_moment(text: str, timezone: str, field: str) -> datetime:
    """Read `2027-03-28 02:30`, `2027-03-28`, or a time with an offset; return the instant in UTC.

    Without an offset it is of the clocks in `timezone`: what comes twice means the first one, and
    what is skipped the moment that a clock which was not set shows. Raises InvalidInput.
    """
    try:
        said = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{field}: {text[:40]!r} is not a moment such as 2027-03-28 02:30.", field=field
        ) from None
    if not YEARS[0] <= said.year <= YEARS[1]:
        raise InvalidInput(f"{field}: the year must be from {YEARS[0]} to {YEARS[1]}.", field=field)
    if said.tzinfo is None:
        said = said.replace(tzinfo=zone_of(timezone))
    return said.astimezone(UTC)
