"""Dates, times and durations in words to exact numbers of a column's unit."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_S = 86_400
_TIME = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,18}))?)?"
_MOMENT = re.compile(
    rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:[T ]{_TIME})?\s*(Z|[+-]\d{{2}}:?\d{{2}})?", re.IGNORECASE
)
_CLOCK = re.compile(_TIME)
_DURATION = re.compile(rf"([+-])?(?:(\d{{1,9}}) days?,?\s*)?(?:{_TIME})?", re.IGNORECASE)


class MomentError(ValueError):
    """Not a moment of the wanted type; the text, when there is one, goes after what is wanted."""


def exact_units(kind: Any, value: float | str) -> Fraction:
    """Return what `value` says as a number of the units that a column of this type counts.

    A moment without offset is in the zone of the column. Raises MomentError.
    """
    if pa.types.is_duration(kind):
        return _seconds_of(value) * _PER_SECOND[kind.unit]
    if not isinstance(value, str):
        raise MomentError("")
    if pa.types.is_time(kind):
        found = _CLOCK.fullmatch(value.strip())
        if found is None:
            raise MomentError("")
        return _clock(*found.groups()) * _PER_SECOND[kind.unit]
    seconds = _moment(value.strip(), getattr(kind, "tz", None))
    if pa.types.is_date32(kind):
        return seconds / _DAY_S
    return seconds * (1000 if pa.types.is_date64(kind) else _PER_SECOND[kind.unit])


def _moment(text: str, zone: str | None) -> Fraction:
    """Return seconds since 1970 in UTC, or of the clock where the column knows no zone."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise MomentError("")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        start = date(int(year), int(month), int(day))
    except ValueError as error:
        raise MomentError(f" ({error})") from None
    clock = _clock(hour or "0", minute or "0", second, fraction)
    since = Fraction((start - date(1970, 1, 1)).days * _DAY_S) + clock
    if offset is not None:
        if zone is None:
            raise MomentError(", without an offset: the column has no time zone")
        return since - _offset(offset)
    return since - _zone_offset(zone, since) if zone else since


def _clock(hour: str, minute: str, second: str | None, fraction: str | None) -> Fraction:
    parts = int(hour), int(minute), int(second or 0)
    if parts[0] > 23 or parts[1] > 59 or parts[2] > 59:
        raise MomentError(" (hours are up to 23, minutes and seconds up to 59)")
    exact = Fraction(int(fraction), 10 ** len(fraction)) if fraction else Fraction(0)
    return parts[0] * 3600 + parts[1] * 60 + parts[2] + exact


def _offset(text: str) -> int:
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if text[0] == "-" else seconds


def _zone_offset(zone: str, since: Fraction) -> int:
    """Return how far a zone is ahead of UTC at a time of its clock; of two, the earlier moment."""
    if re.fullmatch(r"[+-]\d{2}:?\d{2}", zone):
        return _offset(zone)
    try:
        place = ZoneInfo(zone)
        local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(since))
        ahead = local.replace(tzinfo=place).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OverflowError) as error:
        raise MomentError(f" with an offset such as `+01:00` ({str(error)[:80]})") from None
    return int(ahead.total_seconds()) if ahead is not None else 0


def _seconds_of(value: float | str) -> Fraction:
    if not isinstance(value, str):
        try:
            return Fraction(value)
        except (OverflowError, ValueError):
            raise MomentError("") from None
    text = value.strip()
    found = _DURATION.fullmatch(text)
    if found is None or not text.strip("+-"):
        raise MomentError("")
    sign, days, hour, minute, second, fraction = found.groups()
    clock = Fraction(0) if hour is None else _clock(hour, minute, second, fraction)
    seconds = int(days or 0) * _DAY_S + clock
    return -seconds if sign == "-" else seconds
