"""Columns that a SQL text names and its upstream tables do not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from headrace.analysis.patience import TooSlow, limited
from headrace.analysis.places import position
from headrace.analysis.signature import Trouble
from headrace.analysis.sql import parse_statements

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

_ALWAYS_THERE = frozenset({"rowid", "filename", "current_date", "current_timestamp"})
_LISTED = 8
_PLAIN = re.compile(r"[A-Za-z_]\w*")

Known = tuple[tuple[str, tuple[str, ...]], ...]
"""(table in lower case, its columns) of each table whose columns are known."""


Renamed = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""(table in lower case, (column that it had, what that is called now)) of each table"""


@lru_cache(maxsize=1024)
def unknown_columns(
    text: str, known: Known, dialect: str = "duckdb", *, renamed: Renamed = ()
) -> tuple[Trouble, ...]:
    """Return a warning for each column that no table in reach has.

    What cannot be told for sure is passed over: tables without known columns, pivots, structs.
    """
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.scope import traverse_scope

    try:
        (tree,) = parse_statements(text, dialect)
        tables = {table: {name.lower(): name for name in names} for table, names in known}
        with limited():
            spots = {
                trouble.line * 100_000 + trouble.column: trouble
                for scope in traverse_scope(tree)
                for trouble in _of_scope(text, scope, tables, renamed)
            }
    except (SqlglotError, RecursionError, TooSlow, ValueError):
        return ()
    return tuple(spots[spot] for spot in sorted(spots))


_Columns = Mapping[str, str]
"""Lower case → as it is written."""


def _of_scope(
    text: str, scope: Scope, tables: Mapping[str, _Columns], renamed: Renamed
) -> Iterator[Trouble]:
    from sqlglot import exp

    if not isinstance(scope.expression, exp.Select) or scope.pivots:
        return
    sources = _sources(scope, tables)
    # DuckDB lets every clause use a column that another one of the same SELECT defines.
    selects = scope.expression.selects
    aliases = {item.alias.lower() for item in selects if isinstance(item, exp.Alias)}
    for column in scope.columns:
        name, node = column.name.lower(), column.this
        if not isinstance(node, exp.Identifier) or "start" not in node.meta:
            continue
        if column.find_ancestor(exp.Lambda) or column.args.get("db"):
            continue
        if column.parent_select is not scope.expression:
            # What a subquery takes from outside is looked at in the subquery.
            continue
        reach = _reach(scope, sources, column.table.lower(), tables)
        if reach is None or name in reach or name in _ALWAYS_THERE:
            continue
        if not column.table and (name in aliases or name in _names_in_reach(scope)):
            continue
        yield _trouble(text, node, reach, renamed)
    yield from _of_using(text, scope, sources, renamed)


def _of_using(
    text: str, scope: Scope, sources: Mapping[str, _Columns | None], renamed: Renamed
) -> Iterator[Trouble]:
    """Look at the names of `USING`: both sides of the join must have them."""
    from sqlglot import exp

    first = scope.expression.args.get("from_")
    left = {} if first is None else sources.get(first.this.alias_or_name.lower())
    for join in scope.expression.args.get("joins") or ():
        right = sources.get(join.this.alias_or_name.lower())
        for node in join.args.get("using") or ():
            wrong = (side for side in (left, right) if side and node.name.lower() not in side)
            reach = next(wrong, None)
            if reach is not None and isinstance(node, exp.Identifier) and "start" in node.meta:
                yield _trouble(text, node, reach, renamed)
        left = None if left is None or right is None else {**left, **right}


def new_names(last: Sequence[str], now: Sequence[str]) -> dict[str, str]:
    """Tell what columns that are gone are called now: what stands in the place of each."""
    if len(last) != len(now):
        return {}
    had, have = {name.lower() for name in last}, {name.lower() for name in now}
    return {
        old: new
        for old, new in zip(last, now, strict=True)
        if old.lower() not in have and new.lower() not in had
    }


def _sources(scope: Scope, tables: Mapping[str, _Columns]) -> dict[str, _Columns | None]:
    """Return the columns of each source of a scope, None where they are not known."""
    return {name.lower(): _columns_of(source, tables) for name, source in scope.sources.items()}


def _columns_of(source: object, tables: Mapping[str, _Columns]) -> _Columns | None:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

    if isinstance(source, exp.Table):
        renamed = source.args.get("alias")
        if source.db or (renamed is not None and renamed.args.get("columns")):
            return None
        return tables.get(source.name.lower())
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return None
    found: dict[str, str] = {}
    inner = _sources(source, tables)
    for item in source.expression.selects:
        if item.is_star:
            columns = _columns_of_star(item, inner)
            if columns is None:
                return None
            found |= columns
        elif not item.alias_or_name:
            return None
        else:
            found[item.alias_or_name.lower()] = item.alias_or_name
    return found


def _columns_of_star(item: exp.Expr, sources: Mapping[str, _Columns | None]) -> _Columns | None:
    from sqlglot import exp

    if not isinstance(item, exp.Star) or any(item.args.values()):
        return None
    found: dict[str, str] = {}
    for columns in sources.values():
        if columns is None:
            return None
        found |= columns
    return found or None


def _reach(
    scope: Scope, sources: Mapping[str, _Columns | None], table: str, tables: Mapping[str, _Columns]
) -> _Columns | None:
    """Return the columns that a name can mean: those of its table, or of all, also further out."""
    found: dict[str, str] = {}
    current: Scope | None = scope
    while current is not None:
        own = sources if current is scope else _sources(current, tables)
        if table in own:
            return own[table]
        for columns in () if table else own.values():
            if columns is None:
                return None
            found |= columns
        current = current.parent
    return found or None


def _names_in_reach(scope: Scope) -> set[str]:
    """Return the names of sources: a whole row goes by the name of its table."""
    found: set[str] = set()
    current: Scope | None = scope
    while current is not None:
        found |= {name.lower() for name in current.sources}
        current = current.parent
    return found


def _written(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _trouble(text: str, node: exp.Identifier, reach: _Columns, renamed: Renamed) -> Trouble:
    name = node.name
    start, end = node.meta["start"], node.meta["end"] + 1
    line, column = position(text, start)
    now = _name_now(name, reach, renamed)
    if now:
        hint = f"it is called {now!r} now."
    else:
        now = next((reach[near] for near in get_close_matches(name.lower(), reach, n=1)), "")
        hint = f"did you mean {now!r}?" if now else f"there are {_listed(list(reach.values()))}."
    return Trouble(
        code="unknown-column",
        message=f"There is no column {name!r}: {hint}",
        line=line,
        column=column,
        end_column=column + end - start,
        severity="warning",
        instead=_written(now) if now else "",
    )


def _name_now(name: str, reach: _Columns, renamed: Renamed) -> str:
    """Return what a column that a table had is called now, "" when that is not known."""
    found = (new for _, names in renamed for old, new in names if old.lower() == name.lower())
    return next((new for new in found if new.lower() in reach), "")


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{rest}"
