"""Renaming a table in a SQL text: where it is read and where it qualifies columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.analysis.patience import TooSlow
from headrace.analysis.sql import parse_statements, reads_outside

if TYPE_CHECKING:
    from sqlglot import exp


def rename_table(text: str, old: str, new: str, dialect: str = "duckdb") -> str:
    """Rename a table; strings, comments and layout stay.

    The text comes back unchanged when it cannot be parsed, and when an alias or another table has
    one of the names, so that the new text could mean something else.
    """
    from sqlglot.errors import SqlglotError

    try:
        trees = parse_statements(text, dialect)
    except (SqlglotError, RecursionError, TooSlow):
        return text
    if any({old.lower(), new.lower()} & _taken(tree, old) for tree in trees):
        return text
    spots = {spot for tree in trees for spot in _spots(tree, old.lower())}
    for start, end in sorted(spots, reverse=True):
        quote = text[start] if text[start] in '"`' else ""
        text = f"{text[:start]}{quote}{new}{quote}{text[end + 1 :]}"
    return text


def _taken(tree: exp.Expr, old: str) -> set[str]:
    from sqlglot import exp

    aliases = {alias.name.lower() for alias in tree.find_all(exp.TableAlias)}
    tables = {table.name.lower() for table in tree.find_all(exp.Table) if not table.alias}
    return aliases | (tables - {old.lower()})


def _spots(tree: exp.Expr, old: str) -> Iterator[tuple[int, int]]:
    from sqlglot import exp

    named: list[object] = [
        table.this
        for table in tree.find_all(exp.Table)
        if table.name.lower() == old and reads_outside(table)
    ]
    if not named:
        return
    for column in tree.find_all(exp.Column):
        # In `up.address.city` the table is what sqlglot takes for a schema.
        parts = [column.args.get(part) for part in ("catalog", "db", "table")]
        named += [part for part in parts if part is not None][:1]
    for node in named:
        if isinstance(node, exp.Identifier) and node.name.lower() == old and "start" in node.meta:
            yield node.meta["start"], node.meta["end"]
