"""Where the columns of a pipeline come from, column by column."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Certainty = Literal["query", "name"]
"""`query`: the SQL text says so. `name`: a Python block has a column of the same name upstream."""


class ColumnOf(Struct, frozen=True):
    """A column of the output of a block."""

    block: str
    column: str


class ColumnLineage(Struct, frozen=True, kw_only=True):
    """What one column is made of."""

    name: str
    type: str = ""
    """As Arrow or DuckDB writes it; empty when nothing tells."""
    expression: str = ""
    """The SQL that makes it; empty where a column is passed on as it is, and in Python."""
    origins: list[ColumnOf] = field(default_factory=list[ColumnOf])
    """The columns right upstream whose values it is made of."""


class BlockLineage(Struct, frozen=True, kw_only=True):
    """The columns of the output of one block, as its text and its last result tell."""

    block: str
    known_by: Certainty = "name"
    columns: list[ColumnLineage] = field(default_factory=list[ColumnLineage])
    unknown: str = ""
    """Why nothing is known, e.g. `never executed`."""


class BrokenUse(Struct, frozen=True, kw_only=True):
    """A line in the code of a block that a column of another name would break."""

    block: str
    line: int
    column: int
    """Of the first place in it, from 0, in code points."""
    text: str
    """The line, without its indentation."""
    known_by: Certainty = "query"


class Impact(Struct, frozen=True, kw_only=True):
    """What would become of the blocks below if a column were called otherwise."""

    breaks: list[BrokenUse] = field(default_factory=list[BrokenUse])
    """What names it, upstream blocks first."""
    passes: list[ColumnOf] = field(default_factory=list[ColumnOf])
    """Columns that would be called otherwise as well, as a `select *` hands them on."""


class Lineage(Struct, frozen=True, kw_only=True):
    """All columns of a pipeline, upstream blocks first."""

    pipeline: str
    blocks: list[BlockLineage] = field(default_factory=list[BlockLineage])
