"""Cells of any Arrow type as values of JSON, and as text: the same words that pages use.

| type | value |
| --- | --- |
| integers beyond 2^53, decimals | their digits as text |
| NaN, infinities | `"nan"`, `"inf"`, `"-inf"` |
| days, moments, times of day | ISO 8601 to the nanosecond, with the offset of their zone |
| durations | `2 d 03:04:05.5` |
| bytes | base64 |
| maps | a list of pairs |
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
import zoneinfo
from functools import cache
from typing import Any

import pyarrow as pa

from headrace.store.names import unique

_SAFE_INTEGER = 2**53
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_DAY = 86_400
_CYCLE_DAYS = 146_097
_OFFSET = re.compile(r"^([+-])(\d\d):?(\d\d)(?::?(\d\d))?$")
_LAST_DAY = dt.date.max.toordinal() - dt.date(1970, 1, 1).toordinal()
_FIRST_DAY = 1 - dt.date(1970, 1, 1).toordinal()


def values_of(column: Any) -> list[Any]:
    """Return the cells of an array or a chunked array as values of JSON; null is None."""
    kind = column.type
    types = pa.types
    if types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind):
        return column.to_pylist()
    return [value_of(scalar) for scalar in column]


def text_of(value: Any) -> str | None:
    """Return what stands for a value of JSON in a text file; None for null."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def value_of(scalar: Any) -> Any:  # noqa: C901, PLR0911 - a table of types
    """Return one cell as a value of JSON."""
    if not scalar.is_valid:
        return None
    kind, types = scalar.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        found = scalar.as_py() if isinstance(kind, pa.UuidType) else value_of(scalar.value)
        return str(found) if isinstance(kind, pa.UuidType) else found
    if types.is_integer(kind):
        number = scalar.as_py()
        return number if abs(number) <= _SAFE_INTEGER else str(number)
    if types.is_floating(kind):
        return _float(scalar.as_py(), kind.bit_width)
    if types.is_decimal(kind):
        return format(scalar.as_py(), "f")
    if types.is_temporal(kind):
        return _temporal(scalar)
    if isinstance(scalar, pa.BinaryScalar) and not isinstance(scalar, pa.StringScalar):
        return _binary(scalar)
    if types.is_dictionary(kind) or types.is_union(kind) or types.is_run_end_encoded(kind):
        return value_of(scalar.value)
    if types.is_struct(kind):
        names = unique([kind.field(at).name for at in range(kind.num_fields)])
        return {name: value_of(scalar[at]) for at, name in enumerate(names)}
    if types.is_map(kind):
        return [[value_of(pair[0]), value_of(pair[1])] for pair in scalar.values]
    if types.is_nested(kind):
        return [value_of(item) for item in scalar.values]
    return scalar.as_py()


def _binary(scalar: Any) -> str:
    value = scalar.as_py()
    return value if isinstance(value, str) else base64.b64encode(value).decode()


def _float(number: float, bits: int) -> Any:
    if not math.isfinite(number):
        return str(float(number))
    if bits == 64:
        return float(number)
    import numpy as np

    return float(str(np.dtype(f"float{bits}").type(number)))


# --- time -----------------------------------------------------------------------------------------
def _temporal(scalar: Any) -> str:
    kind, types = scalar.type, pa.types
    if types.is_timestamp(kind):
        return moment(scalar.value, kind.unit, kind.tz)
    if types.is_date32(kind):
        return _day(scalar.value)
    if types.is_date64(kind):
        days, rest = divmod(scalar.value, _DAY * 1000)
        return _day(days) if not rest else moment(scalar.value, "ms", None)
    if types.is_time(kind):
        seconds, fraction = _split(scalar.value, kind.unit)
        return _clock(seconds) + fraction
    if types.is_duration(kind):
        return span(scalar.value, kind.unit)
    months, days, nanoseconds = scalar.as_py()
    parts = [f"{months} mo"] * bool(months) + [f"{days} d"] * bool(days)
    if nanoseconds or not parts:
        parts.append(span(nanoseconds, "ns"))
    return " ".join(parts)


def moment(value: int, unit: str, zone: str | None) -> str:
    """Return a moment as `2013-01-01T05:00:00.25-05:00`; of an unknown zone in UTC."""
    seconds, fraction = _split(value, unit)
    offset = 0 if zone is None else _offset(zone, seconds)
    days, rest = divmod(seconds + offset, _DAY)
    return f"{_day(days)}T{_clock(rest)}{fraction}{'' if zone is None else _offset_words(offset)}"


def span(value: int, unit: str) -> str:
    """Return a duration as `2 d 03:04:05.5`."""
    seconds, fraction = _split(abs(value), unit)
    days, rest = divmod(seconds, _DAY)
    return f"{'-' * (value < 0)}{f'{days} d ' if days else ''}{_clock(rest)}{fraction}"


def _split(value: int, unit: str) -> tuple[int, str]:
    digits = _DIGITS[unit]
    seconds, rest = divmod(value, 10**digits)
    return seconds, f".{rest:0{digits}}".rstrip("0") if rest else ""


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _day(days: int) -> str:
    """Return a day of the proleptic Gregorian calendar, of any year."""
    if _FIRST_DAY <= days <= _LAST_DAY:
        return (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat()
    # The calendar repeats after 400 years.
    cycles, rest = divmod(days, _CYCLE_DAYS)
    day = dt.date(1970, 1, 1) + dt.timedelta(days=rest)
    year = day.year + 400 * cycles
    if not year:
        return f"0000-{day:%m-%d}"
    return f"{'-' if year < 0 else '+'}{abs(year):06}-{day:%m-%d}"


def _offset(zone: str, seconds: int) -> int:
    fixed = _OFFSET.match(zone)
    if fixed is not None:
        sign, hours, minutes, more = fixed.groups("0")
        ahead = int(hours) * 3600 + int(minutes) * 60 + int(more)
        return ahead if sign == "+" else -ahead
    found = _zone(zone)
    if found is None:
        return 0
    try:
        local = dt.datetime.fromtimestamp(seconds, found)
    except (ValueError, OverflowError, OSError):
        return 0
    offset = local.utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


@cache
def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def knows_zone(name: str) -> bool:
    """Tell whether a name is a time zone that this machine knows, or an offset."""
    return _OFFSET.match(name) is not None or _zone(name) is not None


def _offset_words(offset: int) -> str:
    if not offset:
        return "Z"
    ahead = abs(offset)
    words = f"{'-' if offset < 0 else '+'}{ahead // 3600:02}:{ahead // 60 % 60:02}"
    return f"{words}:{ahead % 60:02}" if ahead % 60 else words
