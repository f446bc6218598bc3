"""Conditions of a view on columns of a table: checked against the type, then asked of batches.

A value is compared as what it says exactly. A whole number beyond the range of a column, a half
between two integers, a nanosecond in a column of seconds: all have an answer. Nothing is rounded
but numbers that are compared with floats, as Python does.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import base64
import binascii
import functools
import math
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ALONE, OF_TEXT, Condition, Operator, Value
from headrace.store.moments import MomentError, exact_units
from headrace.store.needles import finder
from headrace.store.tables import OpenTable
from headrace.store.texts import as_text, is_bytes, is_text, plain, plain_type

Predicate = Callable[[Any], Any]
"""From a plain column of a batch to booleans; a null there does not hold."""

_COMPARE: dict[str, Any] = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_EQUALITY = ("=", "!=", "in", "not in")
_ORDER = ("<", "<=", ">", ">=", "between")
_DIGITS = 10_000
"""Digits of a number in a text."""


class Compiled(NamedTuple):
    """A condition on the column at `position`."""

    position: int
    holds: Predicate


class _Misfit(ValueError):
    """A value that the column's type cannot be compared with; says what can."""


def compile_condition(table: OpenTable, condition: Condition, field: str) -> Compiled:
    """Check a condition against the table; raise InvalidInput, which says what is allowed."""
    position = table.position(condition.column, f"{field}.column")
    column = table.schema.field(position)
    kind = plain_type(column.type)
    inner = plain_type(kind.value_type) if pa.types.is_dictionary(kind) else kind
    allowed = operators_of(inner)
    if condition.op not in allowed:
        raise InvalidInput(
            f"{field}.op: {condition.op!r} is not for column {column.name[:80]!r} of type"
            f" {column.type!s:.80}; allowed are {', '.join(allowed)}.",
            field=f"{field}.op",
            allowed=list(allowed),
        )
    try:
        holds = _predicate(inner, condition)
    except _Misfit as error:
        raise InvalidInput(
            f"{field}.value: column {column.name[:80]!r} is of type {column.type!s:.80}: {error}.",
            field=f"{field}.value",
        ) from None
    if pa.types.is_dictionary(kind):
        holds = functools.partial(_through_dictionary, holds, op=condition.op)
    return Compiled(position, functools.partial(_of_plain, holds))


def _of_plain(holds: Predicate, array: Any) -> Any:
    return holds(plain(array))


def operators_of(kind: Any) -> tuple[Operator, ...]:
    """Return the operators that a plain type takes."""
    found: list[str] = ["is null", "is not null"]
    ordered = _is_exact(kind) or pa.types.is_floating(kind) or is_text(kind) or is_bytes(kind)
    if ordered or pa.types.is_boolean(kind):
        found += _EQUALITY
    if ordered:
        found += _ORDER
    if pa.types.is_floating(kind):
        found += ["is nan", "is not nan"]
    if is_text(kind) or is_bytes(kind) or _is_list(kind):
        found.append("is empty")
    if not is_bytes(kind):
        found += OF_TEXT
    order = Operator.__args__
    return tuple(sorted(found, key=order.index))  # type: ignore[return-value]


def _is_exact(kind: Any) -> bool:
    """Tell whether the values of a type are whole numbers of some unit."""
    return (
        pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_time(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_duration(kind)
    )


def _is_list(kind: Any) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _through_dictionary(holds: Predicate, array: Any, *, op: str) -> Any:
    if op in ("is null", "is not null"):
        return holds(array.dictionary_decode())
    return holds(plain(array.dictionary)).take(array.indices)


def _predicate(kind: Any, condition: Condition) -> Predicate:
    op, values = condition.op, condition.values
    if op in ALONE:
        return functools.partial(_alone, op)
    if op in OF_TEXT:
        text = str(values[0])
        if op in ("matches", "not matches"):
            _check_expression(text)
        return functools.partial(_of_text, op, text)
    comparison = _comparison(kind)
    if op == "between":
        ends = comparison.ask(">=", values[0]), comparison.ask("<=", values[1])
        return functools.partial(_between, ends)
    if op == "in":
        return comparison.ask_several(values)
    if op == "not in":
        return functools.partial(_outside, comparison.ask_several(values))
    return comparison.ask(op, values[0])


def _between(ends: tuple[Predicate, Predicate], array: Any) -> Any:
    return pc.and_(ends[0](array), ends[1](array))


def _outside(holds: Predicate, array: Any) -> Any:
    return pc.and_not(pc.is_valid(array), holds(array))


def _comparison(kind: Any) -> _Comparison:
    if _is_exact(kind):
        return _Exact(kind)
    if pa.types.is_floating(kind):
        return _Floating(kind)
    if pa.types.is_boolean(kind):
        return _Comparison(kind, _boolean)
    return _Comparison(kind, _text if is_text(kind) else _bytes)


def _alone(op: str, array: Any) -> Any:
    if op == "is null":
        return pc.is_null(array)
    if op == "is not null":
        return pc.is_valid(array)
    if op == "is nan":
        return pc.is_nan(array)
    if op == "is not nan":
        return pc.invert(pc.is_nan(array))
    if _is_list(array.type):
        return pc.equal(pc.list_value_length(array), 0)
    return pc.equal(pc.binary_length(array), 0)


# --- text -------------------------------------------------------------------------------------


def _of_text(op: str, text: str, array: Any) -> Any:
    texts = as_text(array)
    if op == "matches":
        return pc.match_substring_regex(texts, text)
    if op == "not matches":
        return pc.invert(pc.match_substring_regex(texts, text))
    if op == "starts with":
        return pc.starts_with(texts, text, ignore_case=True)
    found = pa.array(finder(text)(texts))
    return pc.and_not(pc.is_valid(texts), found) if op == "not contains" else found


def _check_expression(text: str) -> None:
    try:
        pc.match_substring_regex(pa.array([""]), text)
    except pa.ArrowException as error:
        why = str(error).removeprefix("Invalid regular expression: ")
        raise _Misfit(f"this is no regular expression (RE2): {why[:200]}") from None


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise _Misfit("its value is a text")
    return value


def _bytes(value: Value) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise _Misfit("its value is bytes in base64")


def _boolean(value: Value) -> bool:
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise _Misfit("its value is true or false")
    return value


class _Comparison:
    """Compares cells of one type with values, which `read` makes of what was said."""

    def __init__(self, kind: Any, read: Callable[[Value], Any]) -> None:
        self._read = read
        # Arrow does not compare bytes of a fixed size.
        self._kind = pa.binary() if pa.types.is_fixed_size_binary(kind) else kind

    def column(self, array: Any) -> Any:
        """Return a column in the form that is compared."""
        return array if array.type == self._kind else array.cast(self._kind)

    def scalar(self, value: Value) -> Any:
        """Return a value in that form; None when no cell can equal it; raise _Misfit."""
        return pa.scalar(self._read(value), self._kind)

    def ask(self, op: str, value: Value) -> Predicate:
        """Return what tells of cells whether they are in this relation to a value."""
        return self.relation(op, self.scalar(value))

    def relation(self, op: str, scalar: Any) -> Predicate:
        """Return what tells of cells whether they are in this relation to a scalar."""

        def holds(array: Any) -> Any:
            return _COMPARE[op](self.column(array), scalar)

        return holds

    def ask_several(self, values: Sequence[Value]) -> Predicate:
        """Return what tells of cells whether they equal one of the values."""
        scalars = [scalar for scalar in map(self.scalar, values) if scalar is not None]
        wanted = pa.array([scalar.as_py() for scalar in scalars], self._kind)

        def holds(array: Any) -> Any:
            return pc.is_in(self.column(array), value_set=wanted)

        return holds


# --- numbers and moments ----------------------------------------------------------------------


class _Floating(_Comparison):
    """Floats: a value becomes what the column would hold, so that 0.1 is found among float32."""

    def __init__(self, kind: Any) -> None:
        super().__init__(pa.float32() if pa.types.is_float16(kind) else kind, _float_of)

    def scalar(self, value: Value) -> Any:
        return pa.array([self._read(value)]).cast(self._kind, safe=False)[0]

    def ask_several(self, values: Sequence[Value]) -> Predicate:
        numbers = [self.scalar(value).as_py() for value in values]
        both = [*numbers, *(-0.0 for number in numbers if number == 0), *([0.0] * (0 in numbers))]
        wanted = pa.array(both, self._kind)

        def holds(array: Any) -> Any:
            return pc.is_in(self.column(array), value_set=wanted)

        return holds


def _float_of(value: Value) -> float:
    if isinstance(value, bool):
        raise _Misfit("its value is a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf  # pyright: ignore[reportOperatorIssue]
    except ValueError:
        raise _Misfit("its value is a number, `inf` or `-inf`") from None
    if math.isnan(number):
        raise _Misfit("NaN equals nothing: use the operator `is nan`")
    return number


class _Exact(_Comparison):
    """Whole numbers of a unit: integers, decimals, dates, times, with any exact number."""

    def __init__(self, kind: Any) -> None:
        self._least, self._most = _limits(kind)
        counted = pa.types.is_integer(kind) or pa.types.is_decimal(kind)
        super().__init__(kind if counted else _whole(kind), functools.partial(_units, kind))

    def column(self, array: Any) -> Any:
        return array if array.type == self._kind else array.view(self._kind)

    def scalar(self, value: Value) -> Any:
        number = self._read(value)
        if isinstance(number, float) or number.denominator != 1:
            return None
        units = int(number)
        return self._counted(units) if self._least <= units <= self._most else None

    def ask(self, op: str, value: Value) -> Predicate:
        if op in ("=", "!="):
            scalar = self.scalar(value)
            if scalar is None:
                return _never if op == "=" else pc.is_valid
            return self.relation(op, scalar)
        number = self._read(value)
        if isinstance(number, float):
            is_above = number > 0
        else:
            bound = math.ceil(number) if op in ("<", ">=") else math.floor(number)
            if self._least <= bound <= self._most:
                return self.relation(op, self._counted(bound))
            is_above = bound > self._most
        return pc.is_valid if is_above == (op in ("<", "<=")) else _never

    def _counted(self, units: int) -> Any:
        if not pa.types.is_decimal(self._kind):
            return pa.scalar(units, self._kind)
        with localcontext(prec=100):
            return pa.scalar(Decimal(units).scaleb(-self._kind.scale), self._kind)


def _whole(kind: Any) -> Any:
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def _never(array: Any) -> Any:
    return pa.repeat(pa.scalar(value=False), len(array))


def _limits(kind: Any) -> tuple[int, int]:
    if pa.types.is_decimal(kind):
        most = 10**kind.precision - 1
        return -most, most
    width = kind.bit_width
    if pa.types.is_unsigned_integer(kind):
        return 0, 2**width - 1
    return -(2 ** (width - 1)), 2 ** (width - 1) - 1


def _units(kind: Any, value: Value) -> Fraction | float:
    """Return a value as an exact number of the type's unit; plus or minus infinity as a float."""
    if isinstance(value, bool):
        raise _Misfit(f"its value is {_wanted(kind)}")
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        scale = kind.scale if pa.types.is_decimal(kind) else 0
        number = _number_of(value, _wanted(kind))
        return number if isinstance(number, float) else number * Fraction(10) ** scale
    try:
        return exact_units(kind, value)
    except MomentError as error:
        raise _Misfit(f"its value is {_wanted(kind)}{error}") from None


def _number_of(value: Value, wanted: str) -> Fraction | float:
    if isinstance(value, float):
        return value if math.isinf(value) else Fraction(value)
    if isinstance(value, int):
        return Fraction(value)
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        raise _Misfit(f"its value is {wanted}") from None
    if number.is_nan() or abs(number.adjusted()) > _DIGITS:
        raise _Misfit(f"its value is {wanted}")
    return float(number) if number.is_infinite() else Fraction(number)


def _wanted(kind: Any) -> str:
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "a number"
    if pa.types.is_date(kind):
        return "a date such as `2024-01-31`"
    if pa.types.is_time(kind):
        return "a time such as `06:30:00`"
    if pa.types.is_duration(kind):
        return "a number of seconds, or a text such as `2 days 06:30:00`"
    return "a moment such as `2024-01-31T06:30:00`"
