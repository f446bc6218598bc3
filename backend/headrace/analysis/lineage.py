"""Where the columns of all blocks of a pipeline come from: each block by itself, then joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headrace.analysis.result import BlockText
from headrace.analysis.sql import OTHER_DIALECTS
from headrace.analysis.sql_lineage import OutputColumn, known_of, output_columns
from headrace.protocol.lineage import BlockLineage, ColumnLineage, ColumnOf
from headrace.protocol.tables import Column


def lineage_of(blocks: Sequence[BlockText]) -> list[BlockLineage]:
    """Return the columns of each block; upstream blocks must come first.

    The columns of a SQL block are those of its text as it stands, and of a Python block those of
    its last result: each comes from the columns of the same name in the blocks it takes.
    """
    known: dict[str, list[Column]] = {}
    found: list[BlockLineage] = []
    for block in blocks:
        columns = _columns_of(block, known) if block.language == "sql" else None
        lineage = _by_name(block, known) if columns is None else _by_text(block, columns)
        found.append(lineage)
        if lineage.columns:
            known[block.name] = [Column(c.name, c.type) for c in lineage.columns]
    return found


def columns_by_text(blocks: Sequence[BlockText]) -> dict[str, list[Column]]:
    """Return the columns that each block will have; upstream blocks must come first.

    Those of its text, where that says them and their names for sure, else those of its last result;
    blocks of which neither is known are left out.
    """
    known = {block.name: list(block.columns) for block in blocks if block.columns}
    for block in blocks:
        columns = sure_columns(block, known) if block.language == "sql" else None
        if columns is not None:
            known[block.name] = columns
    return known


def sure_columns(block: BlockText, known: Mapping[str, Sequence[Column]]) -> list[Column] | None:
    """Return the columns that a SQL text gives; None when it does not tell them and their names."""
    columns = _columns_of(block, known)
    if columns is None or not all(column.is_named for column in columns):
        return None
    if len({column.name.lower() for column in columns}) < len(columns):
        return None
    return [Column(column.name, column.type) for column in columns]


def _columns_of(
    block: BlockText, known: Mapping[str, Sequence[Column]]
) -> Sequence[OutputColumn] | None:
    """Return the columns of a SQL text; what it leaves unsaid is taken from its last result."""
    tables = {
        table: [(column.name, column.type) for column in known[name]]
        for table, name in _tables(block).items()
        if name in known
    }
    given = known_of(tables)
    dialects = ("duckdb", *(OTHER_DIALECTS if block.connection else ()))
    read = (output_columns(block.text, given, dialect) for dialect in dialects)
    columns = next((found for found in read if found is not None), None)
    last = block.columns or ()
    if columns is None or len(last) != len(columns) or all(c.is_named for c in columns):
        return columns
    return [
        new if new.is_named else msgspec.structs.replace(new, name=old.name, is_named=True)
        for old, new in zip(last, columns, strict=True)
    ]


def _tables(block: BlockText) -> dict[str, str]:
    return {name: name for name in block.upstream} | block.inputs


def _by_text(block: BlockText, columns: Sequence[OutputColumn]) -> BlockLineage:
    by_table = {table.lower(): name for table, name in _tables(block).items()}
    told = {column.name: column.type for column in block.columns or ()}
    return BlockLineage(
        block=block.name,
        known_by="query",
        columns=[
            ColumnLineage(
                name=column.name,
                type=column.type or told.get(column.name, ""),
                expression=column.expression,
                origins=[
                    ColumnOf(by_table[table.lower()], name)
                    for table, name in column.origins
                    if table.lower() in by_table
                ],
            )
            for column in columns
        ],
    )


def _by_name(block: BlockText, known: Mapping[str, Sequence[Column]]) -> BlockLineage:
    if block.columns is None:
        return BlockLineage(block=block.name, unknown="never executed")
    if not block.columns:
        return BlockLineage(block=block.name, unknown="its output has no columns")
    having = {name: {column.name for column in known.get(name, ())} for name in block.upstream}
    return BlockLineage(
        block=block.name,
        columns=[
            ColumnLineage(
                name=column.name,
                type=column.type,
                origins=[ColumnOf(up, column.name) for up in having if column.name in having[up]],
            )
            for column in block.columns
        ],
    )
