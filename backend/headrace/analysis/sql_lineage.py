"""The output columns of a SQL text, and the columns of its tables that they are made of.

sqlglot's own `lineage` walks the whole query again for each column, and takes longer than linearly
for chains of models. Here a query is qualified once, each scope is looked at once, and queries are
joined by their results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.analysis.sql import parse_statements

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

_LONGEST = 200
_DEEPEST = 200
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
_SHORT = {"TEXT": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT"}
"""sqlglot's word for a type: DuckDB's."""
_WRITTEN = "written"
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
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import MappingSchema

    try:
        (tree,) = parse_statements(text, dialect)
        if not isinstance(tree, exp.Query):
            return None
        schema = MappingSchema(
            {
                table: {name: sql_type(kind) for name, kind in columns}
                for table, columns in known
                if columns
            },
            dialect=dialect,
            normalize=True,
        )
        for name in tree.find_all(exp.Identifier):
            name.meta[_WRITTEN] = name.name  # what follows makes names lower-case
        tree = qualify(
            tree,
            schema=schema,
            dialect=dialect,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        tree = annotate_types(tree, schema=schema, dialect=dialect)
        scope = build_scope(tree)
        if scope is None or any(item.is_star for item in _items(scope)):
            return None
        return _Reader(scope, known, dialect).columns()
    except (SqlglotError, RecursionError, ValueError):
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


def _items(scope: Scope) -> list[exp.Expr]:
    from sqlglot import exp

    query = scope.expression
    return query.selects if isinstance(query, exp.Query) else []


class _Reader:
    """Reads the columns of one qualified query."""

    def __init__(self, root: Scope, known: Known, dialect: str) -> None:
        from sqlglot import exp

        self._root = root
        self._dialect = dialect
        self._has_sums = root.expression.find(exp.Sum) is not None
        self._written = {table.lower(): table for table, _ in known}
        self._spelled = {
            table.lower(): {name.lower(): name for name, _ in columns} for table, columns in known
        }
        self._scope_of = {
            id(column): scope for scope in root.traverse() for column in scope.columns
        }
        self._scope_below = {id(scope.expression): scope for scope in root.traverse()}
        self._found: dict[tuple[int, int], tuple[tuple[str, str], ...]] = {}

    def columns(self) -> tuple[OutputColumn, ...]:
        """Return the columns of the whole query."""
        return tuple(
            OutputColumn(
                name=self._name(self._root, at),
                type=self._type(self._root, at),
                expression=self._expression(item),
                origins=self._of_place(self._root, at, 0),
            )
            for at, item in enumerate(_items(self._root))
        )

    def _name(self, scope: Scope, at: int) -> str:
        """Return the name as DuckDB gives it: as it is defined, wherever it is passed on."""
        from sqlglot import exp
        from sqlglot.optimizer.scope import Scope

        if isinstance(scope.expression, exp.SetOperation):
            return self._name(scope.set_operation_scopes[0], at)
        item = _items(scope)[at]
        alias = item.args.get("alias")
        written = alias.meta.get(_WRITTEN) if isinstance(alias, exp.Identifier) else None
        name, inner = written or item.alias_or_name, item.unalias()
        if not isinstance(inner, exp.Column) or inner.name.lower() != name.lower():
            return name
        source = self._source(inner)
        if isinstance(source, exp.Table):
            return self._spelled.get(source.name.lower(), {}).get(name.lower(), name)
        if isinstance(source, Scope):
            names = [each.alias_or_name.lower() for each in _items(source)]
            if name.lower() in names:
                return self._name(source, names.index(name.lower()))
        return name

    def _type(self, scope: Scope, at: int) -> str:
        from sqlglot import exp

        if isinstance(scope.expression, exp.SetOperation):
            kinds = {self._type(branch, at) for branch in scope.set_operation_scopes}
            return kinds.pop() if len(kinds) == 1 else ""
        kind = _items(scope)[at].type
        if kind is None:
            return ""
        text = kind.sql(dialect=self._dialect)
        if text in ("UNKNOWN", "NULL") or (text == "BIGINT" and self._has_sums):
            return ""  # sqlglot takes the sum of whole numbers for one of their kind
        return _SHORT.get(text, text)

    def _expression(self, item: exp.Expr) -> str:
        from sqlglot import exp

        inner = item.unalias()
        if isinstance(inner, exp.Column):
            return ""
        text = inner.sql(dialect=self._dialect, comments=False)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def _of_place(self, scope: Scope, at: int, depth: int) -> tuple[tuple[str, str], ...]:
        """Return the origins of the output column at a place of a scope."""
        known = self._found.get((id(scope), at))
        if known is not None:
            return known
        self._found[id(scope), at] = ()  # a recursive query comes back here
        found = tuple(dict.fromkeys(self._look_up(scope, at, depth)))
        self._found[id(scope), at] = found
        return found

    def _look_up(self, scope: Scope, at: int, depth: int) -> Iterator[tuple[str, str]]:
        from sqlglot import exp

        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(scope.expression, exp.SetOperation):
            for branch in scope.set_operation_scopes:
                yield from self._of_place(branch, at, depth + 1)
            return
        items = _items(scope)
        if at >= len(items):
            return
        below = self._scope_below
        for node in items[at].walk(bfs=False, prune=lambda node: id(node) in below):
            if id(node) in below:  # of a query inside only what it gives counts
                for place in range(len(_items(below[id(node)]))):
                    yield from self._of_place(below[id(node)], place, depth + 1)
            elif isinstance(node, exp.Column):
                yield from self._of_column(node, depth)

    def _source(self, column: exp.Column) -> object:
        """Return what a column is of: a table, a scope, None when that cannot be told."""
        scope: Scope | None = self._scope_of.get(id(column))
        while scope is not None and column.table not in scope.sources:
            scope = scope.parent
        return None if scope is None else scope.sources[column.table]

    def _of_column(self, column: exp.Column, depth: int) -> Iterator[tuple[str, str]]:
        from sqlglot import exp
        from sqlglot.optimizer.scope import Scope

        source, name = self._source(column), column.name
        if isinstance(source, exp.Table):
            table = self._written.get(source.name.lower(), source.name)
            spelled = self._spelled.get(table.lower(), {})
            yield table, spelled.get(name.lower(), name)
        elif isinstance(source, Scope):
            names = [item.alias_or_name.lower() for item in _items(source)]
            if name.lower() in names:
                yield from self._of_place(source, names.index(name.lower()), depth + 1)


def known_of(tables: Mapping[str, list[tuple[str, str]]]) -> Known:
    """Return tables in the form that can be remembered."""
    return tuple((table, tuple(columns)) for table, columns in sorted(tables.items()))
