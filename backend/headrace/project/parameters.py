"""Typed values: check and convert what was given for declared parameters."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Parameter

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_MAX_INTEGER = 2**63
_MAX_STRING = 100_000


def validate_parameters(declared: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every declared parameter: the given one, or else its default.

    Dates and moments are ISO 8601 strings, so that every value can be sent and stored as JSON.
    Raises InvalidInput with `details["field"]` for a name that is not declared, a value of the
    wrong type or out of range, and a required one that is missing.
    """
    by_name = {parameter.name: parameter for parameter in declared}
    for name in given:
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            raise InvalidInput(
                f"There is no parameter {name!r}: declared are {known}.", field=str(name)
            )
    values: dict[str, Any] = {}
    for name, parameter in by_name.items():
        if name in given:
            values[name] = check_value(parameter, given[name])
        elif parameter.required:
            raise InvalidInput(f"Parameter {name!r} has no default: give a value.", field=name)
        else:
            values[name] = parameter.default
    return values


def check_value(parameter: Parameter, value: Any) -> Any:
    """Return `value` in its JSON form when it fits the parameter; raise InvalidInput else."""
    if value is None and not parameter.required and parameter.default is None:
        return None
    if parameter.multiple:
        if not isinstance(value, (list, tuple)):
            raise _wrong(parameter, "a list", value)
        return [_check_one(parameter, item) for item in value]
    return _check_one(parameter, value)


def parse_text(parameter: Parameter, text: str) -> Any:
    """Return the value that `NAME=text` on a command line means; raise InvalidInput else."""
    if parameter.multiple:
        parts = [part.strip() for part in text.split(",")] if text.strip() else []
        return [_check_one(parameter, _from_text(parameter, part)) for part in parts]
    return check_value(parameter, _from_text(parameter, text))


def to_python(parameter: Parameter, value: Any) -> Any:
    """Return what a block gets: a checked value with dates and moments as Python's own types."""
    if value is None:
        return None
    if parameter.multiple:
        return [_to_python(parameter, item) for item in value]
    return _to_python(parameter, value)


def _to_python(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, str) and parameter.type == "date":
        return date.fromisoformat(value)
    if isinstance(value, str) and parameter.type == "datetime":
        return datetime.fromisoformat(value)
    return value


def _from_text(parameter: Parameter, text: str) -> Any:
    stripped = text.strip()
    try:
        if parameter.type == "integer":
            return int(stripped)
        if parameter.type == "number":
            return float(stripped)
        if parameter.type == "json":
            return json.loads(text)
    except ValueError:
        raise _wrong(parameter, _ARTICLES[parameter.type], text) from None
    if parameter.type == "boolean":
        word = stripped.lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise _wrong(parameter, _ARTICLES["boolean"], text)
    return text if parameter.type == "string" else stripped


def _check_one(parameter: Parameter, value: Any) -> Any:
    checked = _CHECKS[parameter.type](parameter, value)
    if parameter.choices is not None and checked not in parameter.choices:
        allowed = ", ".join(str(choice) for choice in parameter.choices)
        raise InvalidInput(
            f"Parameter {parameter.name!r} must be one of {allowed}, not {_short(value)}.",
            field=parameter.name,
        )
    return checked


def _integer(parameter: Parameter, value: Any) -> int:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(parameter, _ARTICLES["integer"], value)
    if not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise InvalidInput(
            f"Parameter {parameter.name!r} must fit into 64 bits.", field=parameter.name
        )
    _check_range(parameter, value)
    return value


def _number(parameter: Parameter, value: Any) -> float | int:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(parameter, _ARTICLES["number"], value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _wrong(parameter, "a finite number", value)
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise InvalidInput(f"Parameter {parameter.name!r} is too large.", field=parameter.name)
    _check_range(parameter, value)
    return value


def _string(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(parameter, _ARTICLES["string"], value)
    if len(value) > _MAX_STRING:
        raise InvalidInput(
            f"Parameter {parameter.name!r} has more than {_MAX_STRING:,} characters.",
            field=parameter.name,
        )
    return value


def _boolean(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(parameter, _ARTICLES["boolean"], value)
    return value


def _date(parameter: Parameter, value: Any) -> str:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value).isoformat()
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
    except ValueError:
        pass
    raise _wrong(parameter, _ARTICLES["date"], value)


def _moment(parameter: Parameter, value: Any) -> str:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).isoformat()
        if isinstance(value, datetime):
            return value.isoformat()
    except ValueError:
        pass
    raise _wrong(parameter, _ARTICLES["datetime"], value)


def _json(parameter: Parameter, value: Any) -> Any:
    try:
        read = json.loads(json.dumps(value, allow_nan=False))
        msgspec.msgpack.encode(read)  # as histories and workers take it
    except OverflowError:
        raise InvalidInput(
            f"Parameter {parameter.name!r} has a whole number of more than 64 bits.",
            field=parameter.name,
        ) from None
    except (TypeError, ValueError, RecursionError):
        raise _wrong(parameter, _ARTICLES["json"], value) from None
    return read


def _check_range(parameter: Parameter, value: float) -> None:
    if parameter.minimum is not None and value < parameter.minimum:
        raise InvalidInput(
            f"Parameter {parameter.name!r} must be at least {parameter.minimum:g}, not {value}.",
            field=parameter.name,
        )
    if parameter.maximum is not None and value > parameter.maximum:
        raise InvalidInput(
            f"Parameter {parameter.name!r} must be at most {parameter.maximum:g}, not {value}.",
            field=parameter.name,
        )


def _wrong(parameter: Parameter, wanted: str, value: Any) -> InvalidInput:
    return InvalidInput(
        f"Parameter {parameter.name!r} must be {wanted}, not {_short(value)}.",
        field=parameter.name,
    )


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


_CHECKS: dict[str, Callable[[Parameter, Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "json": _json,
}
_ARTICLES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "datetime": "a moment such as 2026-01-31T06:00:00Z",
    "json": "a JSON value",
}
PARAMETER_TYPES = tuple(_CHECKS)
