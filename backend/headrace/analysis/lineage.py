"""Where the columns of all blocks of a pipeline come from: each block by itself, then joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.analysis.result import BlockText
from headrace.analysis.sql import OTHER_DIALECTS
from headrace.analysis.sql_lineage import known_of, output_columns
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
        lineage = _of_sql(block, known) if block.language == "sql" else None
        if lineage is None:
            lineage = _by_name(block, known)
        found.append(lineage)
        if lineage.columns:
            known[block.name] = [Column(c.name, c.type) for c in lineage.columns]
    return found


def _of_sql(block: BlockText, known: Mapping[str, Sequence[Column]]) -> BlockLineage | None:
    behind = {name: name for name in block.upstream} | block.inputs
    tables = {
        table: [(column.name, column.type) for column in known[name]]
        for table, name in behind.items()
        if name in known
    }
    given = known_of(tables)
    dialects = ("duckdb", *(OTHER_DIALECTS if block.connection else ()))
    read = (output_columns(block.text, given, dialect) for dialect in dialects)
    columns = next((found for found in read if found is not None), None)
    if columns is None:
        return None
    by_table = {table.lower(): name for table, name in behind.items()}
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
