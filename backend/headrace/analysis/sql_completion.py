"""Proposals and help in SQL: tables behind FROM, columns of the tables in use, parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headrace.analysis.cursor import Cursor, Scope
from headrace.analysis.sql_lineage import column_at, known_of
from headrace.protocol.lineage import ColumnOf
from headrace.protocol.replies import Completion, Completions, Inspection
from headrace.protocol.tables import Column

_ATTRIBUTE = re.compile(r"(\w+|\"[^\"]+\")\.(\w*)$")
_PLACEHOLDER = re.compile(r"(?<![\w:]):(\w*)$")
_TABLE = re.compile(r"\b(?:from|join)\s+(?:[\w\", ]*,\s*)?(\w*)\Z", re.IGNORECASE)
_IN_USE = re.compile(r"\b(?:from|join|,)\s+\"?(\w+)\"?(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)
_WORD = re.compile(r"\w*$")
_LIMIT = 200
_WORDS = [
    "select",
    "from",
    "where",
    "group",
    "by",
    "order",
    "having",
    "limit",
    "join",
    "left",
    "inner",
    "on",
    "using",
    "as",
    "with",
    "union",
    "all",
    "distinct",
    "case",
    "when",
    "then",
    "else",
    "end",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "like",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "round",
    "coalesce",
    "cast",
    "filter",
    "over",
    "partition",
    "qualify",
]


def complete_sql(cursor: Cursor, scope: Scope) -> Completions:
    """Return proposals; a text that is being typed seldom parses, so its words must do."""
    before = cursor.before
    tables = scope.columns_by_table()
    if match := _PLACEHOLDER.search(before):
        found = [Completion(label=p.name, kind="variable", detail=p.type) for p in scope.parameters]
        return _matching(found, match.group(1), cursor.column)
    if match := _ATTRIBUTE.search(before):
        table = _table_of(cursor.text, match.group(1).strip('"'), tables)
        return _matching(_columns(tables.get(table, ())), match.group(2), cursor.column)
    word = _WORD.search(before)
    typed = word.group() if word else ""
    blocks = [Completion(label=name, kind="block") for name in scope.upstream]
    if _TABLE.search(cursor.text_before):
        return _matching(blocks, typed, cursor.column)
    used = {name.lower() for match in _IN_USE.finditer(cursor.text) for name in match.groups("")}
    first = [table for table in tables if table in used] or list(tables)
    items = [item for table in first for item in _columns(tables[table])]
    items += [*blocks, *(Completion(label=name, kind="keyword") for name in _WORDS)]
    return _matching(items, typed, cursor.column)


def inspect_sql(cursor: Cursor, scope: Scope) -> Inspection:
    """Return what is known of the table, column or placeholder at a place."""
    lines = cursor.text.split("\n")
    line = lines[cursor.line - 1] if 0 < cursor.line <= len(lines) else ""
    rest = re.match(r"\w*", line[cursor.column :])
    word = _WORD.search(cursor.before)
    name = (word.group() if word else "") + (rest.group() if rest else "")
    tables = scope.columns_by_table()
    if not name:
        return Inspection()
    found = _column_at(cursor, scope)
    if found is not None:
        return found
    if name.lower() in tables:
        listed = "\n".join(f"{entry.name}: {entry.type}" for entry in tables[name.lower()])
        return Inspection(signature=f"{name}: upstream block", documentation=listed)
    for table, columns in tables.items():
        for entry in columns:
            if entry.name.lower() == name.lower():
                return Inspection(signature=f"{table}.{entry.name}: {entry.type}")
    for parameter in scope.parameters:
        if parameter.name == name:
            signature = f":{name}: {parameter.type}"
            return Inspection(signature=signature, documentation=parameter.description)
    return Inspection()


def _column_at(cursor: Cursor, scope: Scope) -> Inspection | None:
    """Return what is known of the column at a place, where the text says which one that is."""
    behind = {name: name for name in scope.upstream} | scope.inputs
    tables = {
        table: [(entry.name, entry.type) for entry in scope.columns[name]]
        for table, name in behind.items()
        if name in scope.columns
    }
    at = column_at(cursor.text, known_of(tables), len(cursor.text_before))
    if at is None:
        return None
    own, origins = at
    blocks = {table.lower(): name for table, name in behind.items()}
    read = [ColumnOf(blocks[table.lower()], c) for table, c in origins if table.lower() in blocks]
    if own:
        return Inspection(signature=own, columns=[ColumnOf("", own)])
    if len(read) != 1:
        return Inspection(columns=read) if read else None
    types = {entry.name: entry.type for entry in scope.columns.get(read[0].block, ())}
    column = f"{read[0].block}.{read[0].column}"
    kind = types.get(read[0].column)
    return Inspection(signature=f"{column}: {kind}" if kind else column, columns=read)


def _columns(found: Sequence[Column]) -> list[Completion]:
    return [Completion(label=entry.name, kind="column", detail=entry.type) for entry in found]


def _matching(items: Sequence[Completion], typed: str, column: int) -> Completions:
    kept = {i.label: i for i in reversed(items) if i.label.lower().startswith(typed.lower())}
    return Completions(start=column - len(typed), items=list(reversed(kept.values()))[:_LIMIT])


def _table_of(text: str, name: str, tables: dict[str, Sequence[Column]]) -> str:
    """Return the table behind an alias."""
    if name.lower() in tables:
        return name.lower()
    for match in re.finditer(rf"\b(\w+)\"?\s+(?:as\s+)?{re.escape(name)}\b", text, re.IGNORECASE):
        if match.group(1).lower() in tables:
            return match.group(1).lower()
    return name.lower()
