"""The values of conditions: from the words of the wire to Python's own types, by column."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from headrace.analysis.views.table import ColumnFacts, Family
from headrace.core.errors import InvalidInput
from headrace.protocol.views import Value

Typed = bool | int | float | str | bytes | Decimal | date | datetime | time | timedelta
_FINER = re.compile(r"\.\d{6}\d*[1-9]")
"""A fraction of a second that is finer than microseconds."""


def typed(column: ColumnFacts, value: Value) -> Typed:
    """Return a value as one of the column's type; raise InvalidInput when it cannot be one."""
    try:
        return _READERS.get(column.family, _plain)(column, value)
    except (ValueError, ArithmeticError) as error:
        raise InvalidInput(
            f"{str(value)[:80]!r} is not a value of {column.name[:80]!r}, which is {column.type}.",
            field="view",
            column=column.name,
        ) from error


def zone_of(column: ColumnFacts) -> ZoneInfo | None:
    """Return the time zone of a column's timestamps; raise InvalidInput for an unknown one."""
    if column.zone is None:
        return None
    try:
        return ZoneInfo(column.zone)
    except (KeyError, ValueError) as error:
        raise InvalidInput(
            f"Code cannot compare with times of the zone {column.zone!r}.", field="view"
        ) from error


def _plain(_: ColumnFacts, value: Value) -> Typed:
    return value


def _number(_: ColumnFacts, value: Value) -> Typed:
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        return float(value)


def _decimal(_: ColumnFacts, value: Value) -> Typed:
    return Decimal(str(value))


def _boolean(_: ColumnFacts, value: Value) -> Typed:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError(value)
        return value == "true"
    return bool(value)


def _text(_: ColumnFacts, value: Value) -> Typed:
    return value if isinstance(value, str) else str(value)


def _date(_: ColumnFacts, value: Value) -> Typed:
    moment = datetime.fromisoformat(str(value).strip())
    if moment.time() != time() or moment.tzinfo:
        raise ValueError("a date is wanted")
    return moment.date()


def _timestamp(column: ColumnFacts, value: Value) -> Typed:
    words = str(value).strip().replace(",", ".")
    if _FINER.search(words):
        raise ValueError("finer than microseconds")
    moment = datetime.fromisoformat(words)
    zone = zone_of(column)
    if zone is None:
        if moment.tzinfo is not None:
            raise ValueError("the column has no time zone")
        return moment
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _time(_: ColumnFacts, value: Value) -> Typed:
    return time.fromisoformat(str(value).strip())


_SPAN = re.compile(
    r"(?P<sign>[+-])?(?:(?P<days>\d{1,9}) days?,?\s*)?"
    r"(?:(?P<hours>\d{1,2}):(?P<minutes>\d\d)(?::(?P<seconds>\d\d(?:\.\d+)?))?)?"
)


def _duration(_: ColumnFacts, value: Value) -> Typed:
    if not isinstance(value, str):
        return timedelta(seconds=value)
    found = _SPAN.fullmatch(value.strip())
    if not found or not value.strip("+- "):
        raise ValueError(value)
    parts = found.groupdict()
    sign = -1 if parts.pop("sign") == "-" else 1
    return sign * timedelta(**{name: float(part or 0) for name, part in parts.items()})


def _binary(_: ColumnFacts, value: Value) -> Typed:
    return base64.b64decode(str(value), validate=True)


_READERS: dict[Family, Callable[[ColumnFacts, Value], Typed]] = {
    "integer": _number,
    "float": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "text": _text,
    "date": _date,
    "timestamp": _timestamp,
    "time": _time,
    "duration": _duration,
    "binary": _binary,
}
