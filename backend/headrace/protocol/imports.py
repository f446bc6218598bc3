"""An import of a notebook: what was read, how it is cut into blocks, and what the proof found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from headrace.protocol.tables import Kind, Language

Fate = Literal["block", "shared", "text", "parameters", "scratch", "dropped", "empty"]
"""What becomes of a cell.

`shared`: imports, functions and constants that blocks import; `scratch`: kept as text because no
block can be made of it, or because it only shows something; `dropped`: means nothing outside of
Jupyter.
"""
Order = Literal["position", "execution"]


class ImportedCell(Struct, frozen=True, kw_only=True):
    """One cell of the notebook; `number` counts from 1, `count` is what stands in `In [ ]`."""

    number: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    fate: Fate
    count: int | None = None
    block: str | None = None
    notes: list[str] = field(default_factory=list[str])


class ImportedBlock(Struct, frozen=True, kw_only=True):
    """One block of the pipeline to be; its identity is its first cell, 0 of one without cells."""

    name: str
    kind: Kind
    language: Language
    cell: int
    cells: list[int]
    source: str
    file: str
    upstream: list[str] = field(default_factory=list[str])
    gives: list[str] = field(default_factory=list[str])
    """The variables that it passes on."""
    made_in: dict[str, int] = field(default_factory=dict[str, int])
    """The cell after which each of them has the value that is passed on."""
    whole: bool = False
    """True of a block that does all of the notebook at the top level of its file."""
    why: list[str] = field(default_factory=list[str])
    """Why several cells became one block."""


class ImportChoices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decided; keys are the numbers of the first cells of blocks."""

    name: str | None = None
    order: Order | None = None
    names: dict[str, str] = field(default_factory=dict[str, str])
    kinds: dict[str, Kind] = field(default_factory=dict[str, Kind])
    joins: list[list[int]] = field(default_factory=list[list[int]])
    """Numbers of cells that have to be in one block."""
    unstorable: list[str] = field(default_factory=list[str])
    """Variables that cannot be handed from block to block, as the proof found out."""
    whole: bool = False
    """One block that does all of the notebook at the top level of its file."""


class ImportPlan(Struct, frozen=True, kw_only=True):
    """A pipeline to be, and where each cell of the notebook is in it.

    `files` are by path in the pipeline's folder. An `exported` notebook comes back as it left.
    """

    name: str
    title: str
    order: Order
    cells: list[ImportedCell]
    blocks: list[ImportedBlock]
    files: dict[str, str]
    choices: ImportChoices
    requirements: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    doubts: list[str] = field(default_factory=list[str])
    """Why it cannot be proven, whatever a run finds."""
    exported: bool = False
    shared_blocks: dict[str, str] = field(default_factory=dict[str, str])
    """Texts of the shared blocks that it uses, by file in `blocks/`."""


class BlockProof(Struct, frozen=True, kw_only=True):
    """Whether a block gives what its cells give; `detail` says what differs, or why not known."""

    block: str
    state: Literal["same", "different", "unproven"]
    detail: str = ""


class ImportProof(Struct, frozen=True, kw_only=True):
    """What running both found. `plan` may be cut more coarsely than what was asked about."""

    proven: bool
    plan: ImportPlan
    blocks: list[BlockProof]
    files: list[BlockProof] = field(default_factory=list[BlockProof])
    """The same for files that either of them wrote, under their paths."""
    reasons: list[str] = field(default_factory=list[str])
    """Why it is not proven."""
    seconds: float = 0.0
