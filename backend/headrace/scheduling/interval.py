"""Triggers that fire every so often, counted in UTC from 1970: clock changes do not touch them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from headrace.core.errors import InvalidInput

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=3650)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TEXT = re.compile(r"(\d{1,9})\s*([smhdw])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse(text: str) -> timedelta:
    """Read `90s`, `15m`, `2h`, `1d` or `1w`; from a second to ten years."""
    found = _TEXT.fullmatch(text.strip())
    gap = timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else timedelta(0)
    if not SHORTEST <= gap <= LONGEST:
        raise InvalidInput(
            f"every: {text[:40]!r} is not a time such as 90s, 15m, 2h or 1d,"
            " from one second to ten years.",
            field="every",
        )
    return gap


def ticks(text: str, after: datetime) -> Iterator[datetime]:
    """Yield the instants later than `after`: whole multiples of the gap since 1970."""
    gap = parse(text)
    tick = _EPOCH + ((after - _EPOCH) // gap + 1) * gap
    while True:
        yield tick
        tick += gap
