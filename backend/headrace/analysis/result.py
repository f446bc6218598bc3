"""What analysis gives: one result per block, and what is wrong."""

from __future__ import annotations

from msgspec import Struct, field

from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import Parameter


class BlockAnalysis(Struct, frozen=True, kw_only=True):
    """One block: `problem` is why it cannot run, `reads` the project modules that it imports."""

    name: str
    fingerprint: str | None = None
    environment: str = ""
    bindings: list[Binding] = field(default_factory=list[Binding])
    form: list[Parameter] = field(default_factory=list[Parameter])
    description: str = ""
    function: str | None = None
    reads: list[str] = field(default_factory=list[str])
    runnable: bool = True
    problem: str | None = None
    arguments: list[str] = field(default_factory=list[str])


class Analysis(Struct, frozen=True, kw_only=True):
    """All blocks by name, what is wrong, and an order in which every upstream comes first."""

    blocks: dict[str, BlockAnalysis] = field(default_factory=dict[str, BlockAnalysis])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    order: list[str] = field(default_factory=list[str])
