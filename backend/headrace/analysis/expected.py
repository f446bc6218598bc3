"""The columns that each block is expected to give, before anything runs.

A contract says so; else the text of a SQL block does, as far as it can be told for sure; else the
last output does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.analysis.sql_lineage import known_of, output_columns
from headrace.graph.order import order
from headrace.project.contracts import ANY, Declared, declared
from headrace.project.pipeline import Block, PipelineFiles
from headrace.protocol.tables import Column

_ARROW = {
    "boolean": "bool",
    "integer": "int64",
    "number": "double",
    "decimal": "decimal128(38, 9)",
    "date": "date32[day]",
    "time": "time64[us]",
    "datetime": "timestamp[us]",
    "datetime with zone": "timestamp[us, tz=UTC]",
    "duration": "duration[us]",
    ANY: "",
}
"""Word of contracts → a type of Arrow that it stands for."""


def expected_columns(
    files: PipelineFiles, recorded: Mapping[str, Sequence[Column]]
) -> dict[str, Sequence[Column]]:
    """Return the columns of each block of which they are known. `recorded` are of last outputs."""
    blocks = {block.name: block for block in files.pipeline.blocks}
    found: dict[str, Sequence[Column]] = {}
    for name in order({block.name: list(block.upstream) for block in blocks.values()}):
        columns = _declared(blocks[name])
        source = files.sources.get(name)
        if columns is None and blocks[name].language == "sql" and source is not None:
            columns = written_columns(source.text, blocks[name], found)
        if columns is None:
            columns = recorded.get(name)
        if columns is not None:
            found[name] = columns
    return found


def written_columns(
    text: str, block: Block, known: Mapping[str, Sequence[Column]]
) -> list[Column] | None:
    """Return the columns that a SQL text gives, with their SQL types; None when it does not tell.

    `known` has the columns of its upstream blocks. Statements for other databases do not tell.
    """
    if block.connection is not None:
        return None
    behind = {name: name for name in block.upstream} | block.inputs
    tables = {
        table: [(column.name, column.type) for column in known[name]]
        for table, name in behind.items()
        if name in known
    }
    columns = output_columns(text, known_of(tables))
    return None if columns is None else [Column(c.name, c.type) for c in columns]


def _declared(block: Block) -> list[Column] | None:
    """Return the columns of a contract, None when there may be more than these."""
    if block.contract is None or block.contract.extra_columns:
        return None
    return [Column(column.name, _type(column)) for column in declared(block.contract)]


def _type(column: Declared) -> str:
    return _ARROW.get(column.type, column.type)
