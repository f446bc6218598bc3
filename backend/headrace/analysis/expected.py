"""The columns that each block is expected to give, before anything runs.

A contract says so; else the text of a SQL block does, as far as it can be told for sure; else the
last output does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.analysis.lineage import sure_columns
from headrace.analysis.result import BlockText
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
            columns = written_columns(source.text, blocks[name], found, recorded.get(name))
        if columns is None:
            columns = recorded.get(name)
        if columns is not None:
            found[name] = columns
    return found


def written_columns(
    text: str,
    block: Block,
    known: Mapping[str, Sequence[Column]],
    last: Sequence[Column] | None,
) -> list[Column] | None:
    """Return the columns that a SQL text gives, with their SQL types; None when it does not tell.

    `known` has the columns of its upstream blocks, `last` are those of its last output. Statements
    for other databases do not tell, nor do expressions for which the database has to find a name.
    """
    if block.connection is not None:
        return None
    read = BlockText(
        name=block.name,
        language="sql",
        text=text,
        upstream=list(block.upstream),
        inputs=block.inputs,
        columns=list(last or ()),
    )
    return sure_columns(read, known)


def _declared(block: Block) -> list[Column] | None:
    """Return the columns of a contract, None when there may be more than these."""
    if block.contract is None or block.contract.extra_columns:
        return None
    return [Column(column.name, _type(column)) for column in declared(block.contract)]


def _type(column: Declared) -> str:
    return _ARROW.get(column.type, column.type)
