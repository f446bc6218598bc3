"""The output columns of a SQL text, and the columns of its tables that they are made of.

sqlglot's own `lineage` walks the whole query again for each column, and takes longer than linearly
for chains of models. Here a query is qualified once, each scope is looked at once, and queries are
joined by their results.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from headrace.analysis.patience import TooSlow, limited
from headrace.analysis.sql import parse_statements

_TYPES = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "halffloat": "FLOAT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "string_view": "VARCHAR",
    "binary": "BLOB",
    "large_binary": "BLOB",
    "date32[day]": "DATE",
    "date64[ms]": "DATE",
}
_MOMENT = re.compile(r"timestamp\[\w+(, tz=.+)?\]")
_DECIMAL = re.compile(r"decimal\d+\((\d+), (-?\d+)\)")

Known = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""(table as the text names it, its columns with their Arrow or SQL types) of each known table."""


class OutputColumn(Struct, frozen=True):
    """One column that a query gives."""

    name: str
    type: str
    expression: str
    """SQL; empty where a column of a table is passed on as it is."""
    origins: tuple[tuple[str, str], ...]
    """(table as the text names it, column), in the order in which they stand in the text."""
    is_named: bool = True
    """False: the text says no name, and DuckDB makes one of the expression."""


@lru_cache(maxsize=1024)
def output_columns(
    text: str, known: Known, dialect: str = "duckdb"
) -> tuple[OutputColumn, ...] | None:
    """Return the columns of a query in their order; None when they cannot be told for sure.

    That is so for a text that cannot be parsed, a `SELECT *` of a table whose columns are not
    known, and statements other than queries, such as PIVOT.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from headrace.analysis.sql_origins import Tables, origins_of

    try:
        (tree,) = parse_statements(text, dialect)
        if not isinstance(tree, exp.Query):
            return None
        with limited():
            found = origins_of(tree.copy(), Tables.of(known, sql_type), dialect)
    except (SqlglotError, RecursionError, TooSlow, ValueError):
        return None
    return None if found is None else tuple(OutputColumn(*column) for column in found)


def column_at(
    text: str, known: Known, offset: int, dialect: str = "duckdb"
) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Return what column stands at an offset of a text; None when there is none, or it is unclear.

    That is (name of the query's output column, or "" for one that is read, (table, column) of those
    that it is made of).
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from headrace.analysis.sql_origins import Tables, origins_at

    try:
        (tree,) = parse_statements(text, dialect)
        if not isinstance(tree, exp.Query):
            return None
        with limited():
            return origins_at(tree.copy(), Tables.of(known, sql_type), dialect, offset)
    except (SqlglotError, RecursionError, TooSlow, ValueError):
        return None


def sql_type(kind: str) -> str:
    """Return the SQL type of an Arrow type; UNKNOWN for those that SQL has no short word for."""
    if kind in _TYPES:
        return _TYPES[kind]
    moment = _MOMENT.fullmatch(kind)
    if moment:
        return "TIMESTAMPTZ" if moment.group(1) else "TIMESTAMP"
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return f"DECIMAL({decimal.group(1)}, {decimal.group(2)})"
    return kind if kind.isupper() or "(" in kind else "UNKNOWN"


def known_of(tables: Mapping[str, list[tuple[str, str]]]) -> Known:
    """Return tables in the form that can be remembered."""
    return tuple((table, tuple(columns)) for table, columns in sorted(tables.items()))
