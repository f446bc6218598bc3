"""The columns that one parsed query gives: names, types, and what they are made of.

Imported when it is needed, as sqlglot is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

_LONGEST = 200
_DEEPEST = 200
_SHORT = {"TEXT": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT"}
"""sqlglot's word for a type: DuckDB's."""
_WRITTEN = "written"
_MADE_UP = re.compile(r"_col_\d+")
_ABOUT_ROWS = ("where", "group", "having", "qualify", "order", "distinct", "limit", "offset")

Origin = tuple[str, str]
"""(table as the text names it, column)"""
Found = tuple[str, str, str, tuple[Origin, ...], bool]
"""(name, type, expression, origins, whether the text says its name) of an output column"""


class Tables(NamedTuple):
    """The tables that a query may read, by their lower case."""

    written: dict[str, str]
    """As the text names them."""
    spelled: dict[str, dict[str, str]]
    """Of each the columns by their lower case, as they are written."""
    types: dict[str, dict[str, exp.DataType]]
    """Of each the types of columns by their lower case."""

    @classmethod
    def of(
        cls,
        known: Sequence[tuple[str, Sequence[tuple[str, str]]]],
        sql_type: Callable[[str], str],
    ) -> Tables:
        """Take the tables of which columns are known."""
        return cls(
            written={table.lower(): table for table, _ in known},
            spelled={
                table.lower(): {name.lower(): name for name, _ in columns}
                for table, columns in known
            },
            types={
                table.lower(): {name.lower(): _data_type(sql_type(kind)) for name, kind in columns}
                for table, columns in known
            },
        )

    def schema(self, dialect: str) -> MappingSchema:
        """Return what sqlglot takes for the tables that have columns."""
        named: dict[str, object] = {
            self.written[table]: {self.spelled[table][name]: kind for name, kind in columns.items()}
            for table, columns in self.types.items()
            if columns
        }
        return MappingSchema(named, dialect=dialect, normalize=True)


@lru_cache(maxsize=1024)
def _data_type(text: str) -> exp.DataType:
    """Return a type that trees share, as nobody changes it."""
    try:
        return exp.DataType.build(text, dialect="duckdb")
    except SqlglotError:
        return exp.DataType.build("UNKNOWN")


def origins_of(tree: exp.Query, tables: Tables, dialect: str) -> list[Found] | None:
    """Return the columns of a query in their order; None when they cannot be told for sure.

    The tree is used up. Raises SqlglotError, RecursionError, and ValueError for what is nested too
    deeply.
    """
    _prune(tree)
    for name in tree.find_all(exp.Identifier):
        name.meta[_WRITTEN] = name.name  # what follows makes names lower-case
    schema = tables.schema(dialect)
    qualified = qualify(
        tree,
        schema=schema,
        dialect=dialect,
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
    )
    root = build_scope(qualified)
    if root is None or any(item.is_star or item.find(exp.Columns) for item in _items(root)):
        return None
    reader = _Reader(root, tables, dialect)
    reader.type_columns()
    annotate_types(qualified, schema=schema, dialect=dialect, overwrite_types=False)
    return reader.columns()


def origins_at(
    tree: exp.Query, tables: Tables, dialect: str, offset: int
) -> tuple[str, tuple[Origin, ...]] | None:
    """Return (output column that is named at an offset, or "", the columns that it is made of).

    None where no column stands. The tree is used up. Raises what `origins_of` does.
    """
    for name in tree.find_all(exp.Identifier):
        name.meta[_WRITTEN] = name.name
    qualified = qualify(
        tree,
        schema=tables.schema(dialect),
        dialect=dialect,
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
        expand_alias_refs=False,
    )
    root = build_scope(qualified)
    at = next((i for i in qualified.find_all(exp.Identifier) if _covers(i, offset)), None)
    if root is None or at is None:
        return None
    reader = _Reader(root, tables, dialect)
    place = next((p for p, item in enumerate(_items(root)) if item.args.get("alias") is at), None)
    if place is not None:
        return str(at.meta.get(_WRITTEN, at.name)), reader.of_place(root, place)
    if isinstance(at.parent, exp.Column) and at.parent.this is at:
        return "", tuple(dict.fromkeys(reader.of_column(at.parent)))
    return None


def _covers(name: exp.Identifier, offset: int) -> bool:
    start, end = name.meta.get("start"), name.meta.get("end")
    return start is not None and end is not None and start <= offset <= end + 1


def _prune(tree: exp.Query) -> None:
    """Leave out what neither names nor makes a column: it costs a third of the time.

    Which rows there are, and in which order, says nothing of where their columns come from.
    """
    for select in list(tree.find_all(exp.Select)):
        for clause in _ABOUT_ROWS:
            if select.args.get(clause) is not None:
                select.set(clause, None)
        for join in select.args.get("joins") or ():
            join.set("on", None)


def _items(scope: Scope) -> list[exp.Expr]:
    query = scope.expression
    return query.selects if isinstance(query, exp.Query) else []


class _Reader:
    """Reads the columns of one qualified query."""

    def __init__(self, root: Scope, tables: Tables, dialect: str) -> None:
        self._root = root
        self._tables = tables
        self._dialect = dialect
        self._scope_of: dict[int, Scope] = {}
        self._scope_below: dict[int, Scope] = {}
        for scope in root.traverse():
            self._scope_below[id(scope.expression)] = scope
            self._scope_of.update((id(column), scope) for column in scope.columns)
        self._has_sums = root.expression.find(exp.Sum) is not None
        self._found: dict[tuple[int, int], tuple[Origin, ...]] = {}
        self._listed: dict[int, tuple[list[exp.Expr], dict[str, int]]] = {}

    def type_columns(self) -> None:
        """Give columns of known tables their types: that is quicker than asking the schema."""
        for scope in self._scope_below.values():
            if scope.pivots:
                continue
            for column in scope.columns:
                source = self._source(column)
                if isinstance(source, exp.Table) and not source.alias_column_names:
                    types = self._tables.types.get(source.name.lower(), {})
                    column.type = types.get(column.name.lower())

    def columns(self) -> list[Found]:
        """Return the columns of the whole query; nobody can read its tree after that."""
        items = self._list(self._root)[0]
        found = [
            (self._name(self._root, at), self._type(self._root, at), self.of_place(self._root, at))
            for at in range(len(items))
        ]
        texts = map(self._expression, items)
        return [
            (name or text or f"column {place}", kind, text, origins, name is not None)
            for place, text, (name, kind, origins) in zip(count(1), texts, found, strict=False)
        ]

    def _list(self, scope: Scope) -> tuple[list[exp.Expr], Mapping[str, int]]:
        """Return what a scope selects, and the first place of each name."""
        listed = self._listed.get(id(scope))
        if listed is None:
            items = _items(scope)
            names = [(item.alias_or_name.lower(), at) for at, item in enumerate(items)]
            listed = self._listed[id(scope)] = items, dict(reversed(names))
        return listed

    def _name(self, scope: Scope, at: int) -> str | None:
        """Return the name as DuckDB gives it: as it is defined, wherever it is passed on.

        None for an expression without a name: DuckDB makes one of how it writes the expression.
        """
        if isinstance(scope.expression, exp.SetOperation):
            return self._name(scope.set_operation_scopes[0], at)
        item = self._list(scope)[0][at]
        alias = item.args.get("alias")
        written = alias.meta.get(_WRITTEN) if isinstance(alias, exp.Identifier) else None
        name, inner = written or item.alias_or_name, item.unalias().unnest()
        key = name.lower()
        if not isinstance(inner, exp.Column):
            return written
        if inner.name.lower() != key:
            return name
        source = self._source(inner)
        if isinstance(source, exp.Table):
            return self._tables.spelled.get(source.name.lower(), {}).get(key, name)
        if isinstance(source, Scope):
            place = self._list(source)[1].get(key)
            if place is not None:
                return self._name(source, place)
        return None if _MADE_UP.fullmatch(name) and written is None else name

    def _type(self, scope: Scope, at: int) -> str:
        if isinstance(scope.expression, exp.SetOperation):
            kinds = {self._type(branch, at) for branch in scope.set_operation_scopes}
            return kinds.pop() if len(kinds) == 1 else ""
        kind = self._list(scope)[0][at].type
        if kind is None:
            return ""
        text = _text_of(kind, self._dialect)
        if text in ("UNKNOWN", "NULL") or (text == "BIGINT" and self._has_sums):
            return ""  # sqlglot takes the sum of whole numbers for one of their kind
        return _SHORT.get(text, text)

    def _expression(self, item: exp.Expr) -> str:
        inner = item.unalias()
        if isinstance(inner.unnest(), exp.Column):
            return ""
        text = inner.sql(dialect=self._dialect, comments=False, copy=False)
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def of_place(self, scope: Scope, at: int, depth: int = 0) -> tuple[Origin, ...]:
        """Return the origins of the output column at a place of a scope."""
        known = self._found.get((id(scope), at))
        if known is not None:
            return known
        self._found[id(scope), at] = ()  # a recursive query comes back here
        found = tuple(dict.fromkeys(self._look_up(scope, at, depth)))
        self._found[id(scope), at] = found
        return found

    def _look_up(self, scope: Scope, at: int, depth: int) -> Iterator[Origin]:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(scope.expression, exp.SetOperation):
            for branch in scope.set_operation_scopes:
                yield from self.of_place(branch, at, depth + 1)
            return
        items = self._list(scope)[0]
        if at >= len(items):
            return
        inner = items[at].unalias()
        if isinstance(inner, exp.Column):
            yield from self.of_column(inner, depth)
            return
        below = self._scope_below
        for node in inner.walk(bfs=False, prune=lambda node: id(node) in below):
            if id(node) in below:  # of a query inside only what it gives counts
                for place in range(len(self._list(below[id(node)])[0])):
                    yield from self.of_place(below[id(node)], place, depth + 1)
            elif isinstance(node, exp.Column):
                yield from self.of_column(node, depth)

    def _source(self, column: exp.Column) -> object:
        """Return what a column is of: a table, a scope, None when that cannot be told."""
        scope: Scope | None = self._scope_of.get(id(column))
        table = column.table
        if scope is not None and not table:  # of the only table, when nothing is known of that
            only = list(scope.sources.values())
            source = only[0] if len(only) == 1 else None
            unknown = isinstance(source, exp.Table) and not self._tables.types.get(
                source.name.lower()
            )
            return source if unknown else None
        while scope is not None and table not in scope.sources:
            scope = scope.parent
        return None if scope is None else scope.sources[table]

    def of_column(self, column: exp.Column, depth: int = 0) -> Iterator[Origin]:
        """Give the columns of tables that a column of the query is made of."""
        source, name = self._source(column), column.name
        if isinstance(source, exp.Table):
            table = source.name.lower()
            spelled = self._tables.spelled.get(table, {})
            yield self._tables.written.get(table, source.name), spelled.get(name.lower(), name)
        elif isinstance(source, Scope):
            place = self._list(source)[1].get(name.lower())
            if place is not None:
                yield from self.of_place(source, place, depth + 1)


def _text_of(kind: exp.Expr, dialect: str) -> str:
    if any(value for name, value in kind.args.items() if name != "this"):
        return kind.sql(dialect=dialect)
    return _plain_text(kind.this, dialect)


@lru_cache(maxsize=512)
def _plain_text(name: exp.DType, dialect: str) -> str:
    return exp.DataType(this=name).sql(dialect=dialect)
