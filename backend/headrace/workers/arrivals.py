"""Rows as a driver gives them, chunk by chunk, into Arrow tables of one schema.

Types are those that the database declares, where its driver tells, else those of the values. What
Arrow knows no type for becomes text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

# pg_type.oid, which never changes for types that ship with PostgreSQL.
_POSTGRES: Mapping[int, Any] = {
    16: pa.bool_(),
    17: pa.binary(),
    18: pa.string(),
    19: pa.string(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    26: pa.int64(),
    114: pa.string(),
    700: pa.float32(),
    701: pa.float64(),
    1042: pa.string(),
    1043: pa.string(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
    2950: pa.string(),
    3802: pa.string(),
}
# Codes of the protocol of MySQL and MariaDB; text and bytes share theirs, and are told by value.
_MYSQL: Mapping[int, Any] = {
    1: pa.int64(),
    2: pa.int64(),
    3: pa.int64(),
    4: pa.float32(),
    5: pa.float64(),
    7: pa.timestamp("us"),
    8: pa.int64(),
    9: pa.int64(),
    10: pa.date32(),
    11: pa.duration("us"),
    12: pa.timestamp("us"),
    13: pa.int64(),
    245: pa.string(),
}
_NUMERIC = 1700
_DIGITS = 38
_REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)


class Retype(Exception):
    """A column has values that do not go with those before: read again, with it as text."""


class Arrivals:
    """Makes tables of chunks of rows, all of one schema, or of one that only grows wider.

    Raises Retype when values of a later chunk have nothing in common with those before; a second
    reading with the same object then takes that column as text.
    """

    def __init__(self) -> None:
        self.as_text: set[int] = set()
        self._names: list[str] = []
        self._types: list[Any] = []
        self._begun = False

    def begin(self, description: Sequence[Any], family: str) -> None:
        """Take up a result; `description` is that of the driver's cursor."""
        self._names = names_apart([str(column[0]) for column in description])
        self._types = [_declared(column, family) for column in description]
        self._begun = False

    def table(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Return the rows as an Arrow table."""
        columns = [self._column(at, [row[at] for row in rows]) for at in range(len(self._names))]
        self._begun = True
        return pa.Table.from_arrays(columns, names=self._names)

    def _column(self, at: int, values: list[Any]) -> Any:
        if at in self.as_text:
            self._types[at] = pa.string()
            return _as_text(values)
        wanted = self._types[at]
        try:
            column = pa.array(values, wanted)
        except _REFUSED:
            column = self._other_type(at, values)
        if column is None:
            self.as_text.add(at)
            if self._begun:
                raise Retype(self._names[at])
            self._types[at] = pa.string()
            return _as_text(values)
        self._types[at] = None if pa.types.is_null(column.type) else column.type
        return column

    def _other_type(self, at: int, values: list[Any]) -> Any:
        """Give values the type that they have by themselves; None when that leads nowhere."""
        try:
            column = pa.array(values)
        except _REFUSED:
            return None
        if not self._begun or self._types[at] is None:
            return column
        before, now = pa.schema([("c", self._types[at])]), pa.schema([("c", column.type)])
        try:
            common = pa.unify_schemas([before, now], promote_options="permissive").field(0).type
            return column.cast(common)
        except pa.ArrowException:
            return None

    def closing(self) -> Any:
        """Return an empty table that gives the type of text to columns of nothing but nulls.

        None when there is no such column.
        """
        if all(kind is not None for kind in self._types):
            return None
        fields = [
            pa.field(name, pa.string() if kind is None else kind)
            for name, kind in zip(self._names, self._types, strict=True)
        ]
        return pa.schema(fields).empty_table()


def _declared(column: Any, family: str) -> Any:
    if family == "postgresql":
        code = column[1]
        precision, scale = column[4], column[5]
        if code == _NUMERIC and precision and scale is not None and 0 <= scale <= precision:
            return pa.decimal128(precision, scale) if precision <= _DIGITS else None
        return _POSTGRES.get(code)
    return _MYSQL.get(column[1]) if family == "mysql" else None


def _as_text(values: Iterable[Any]) -> Any:
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def names_apart(names: Iterable[str]) -> list[str]:
    """Tell columns of the same name apart, as DuckDB does: `id`, `id_1`."""
    found: dict[str, None] = {}
    for name in names:
        unique, number = name, 0
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found[unique] = None
    return list(found)
