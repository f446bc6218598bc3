"""What analysis gives, one result per block and what is wrong; and what lineage takes.

Those who only hand it on need not load what makes it.
"""

from __future__ import annotations

from msgspec import Struct, field

from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import Column, Parameter


class BlockAnalysis(Struct, frozen=True, kw_only=True):
    """One block: `problem` is why it cannot run.

    `fingerprint` is of its own code. Beside it stand what else its result follows from, each by
    name: `modules` of the project (paths → digests of their meaning), `files` that its code or
    settings name (paths → digests), `versions` of Python and of libraries, and in `context` what
    it uses of its context.
    """

    name: str
    fingerprint: str | None = None
    modules: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, str] = field(default_factory=dict[str, str])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    context: list[str] = field(default_factory=list[str])
    bindings: list[Binding] = field(default_factory=list[Binding])
    form: list[Parameter] = field(default_factory=list[Parameter])
    description: str = ""
    function: str | None = None
    runnable: bool = True
    problem: str | None = None
    arguments: list[str] = field(default_factory=list[str])


class Analysis(Struct, frozen=True, kw_only=True):
    """All blocks by name, what is wrong, and an order in which every upstream comes first.

    `looked` are the paths in the project, and `folders` those outside, of which all this depends
    beside the pipeline's own files.
    """

    blocks: dict[str, BlockAnalysis] = field(default_factory=dict[str, BlockAnalysis])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    order: list[str] = field(default_factory=list[str])
    columns: dict[str, list[Column]] = field(default_factory=dict[str, list[Column]])
    """Of SQL blocks, those that they will give as far as that is known."""
    looked: list[str] = field(default_factory=list[str])
    folders: list[str] = field(default_factory=list[str])


class BlockText(Struct, frozen=True, kw_only=True):
    """What lineage reads of a block."""

    name: str
    language: str
    text: str
    upstream: list[str] = field(default_factory=list[str])
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    """Argument or table → upstream block, where they are not called the same."""
    connection: bool = False
    """Whether it may be in the dialect of another database."""
    columns: list[Column] | None = None
    """Those of the last result; None when there is none."""
