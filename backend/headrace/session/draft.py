"""The draft of a pipeline: its files and what analysis says of them, in the forms others need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from headrace.analysis.result import Analysis, BlockAnalysis
from headrace.project.pipeline import Block, PipelineFiles, Source
from headrace.project.settings import Defaults
from headrace.protocol import commands as cmd
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import BlockTable, Column, Parameter
from headrace.session.definition import LONGEST_WAIT_S, Definition, PlannedBlock

T = TypeVar("T")
_NOTHING = BlockAnalysis(name="")
_NO_DEFAULTS = Defaults()
_OF_TIME = frozenset({"date", "datetime"})
"""Types of values that travel as text, and reach blocks as Python's own types."""


@dataclass(frozen=True)
class Draft:
    """One reading of a pipeline's files. Equal `files.version` means equal drafts."""

    files: PipelineFiles
    definition: Definition
    tables: list[BlockTable]
    diagnostics: list[Diagnostic]
    problem: str | None
    refusals: list[str]
    """Errors that keep the whole pipeline from running, though some of its blocks could."""
    looked: frozenset[str] = frozenset()
    """Paths in the project of which the draft depends, beside the pipeline's own files."""
    folders: frozenset[str] = frozenset()
    """Folders of installed libraries."""
    columns: Mapping[str, list[Column]] = field(default_factory=dict[str, list[Column]])
    """Of SQL blocks, those that they will give as far as that is known."""
    parallel: int | None = None
    """Blocks that one run may execute at a time, when headrace.yaml says so."""

    @classmethod
    def of(
        cls,
        files: PipelineFiles,
        analysis: Analysis,
        *,
        root: Path,
        used_in: Mapping[str, int],
        defaults: Defaults = _NO_DEFAULTS,
    ) -> Draft:
        """Join files and analysis. `used_in` counts the pipelines of a shared block.

        `defaults` are what blocks get that do not say otherwise.
        """
        pipeline = files.pipeline
        tables = [
            _table(block, files.sources[block.name], analysis, used_in)
            for block in pipeline.blocks
            if block.name in files.sources
        ]
        values = {p.name: p.default for p in pipeline.parameters}
        typed = {p.name: p for p in pipeline.parameters if p.type in _OF_TIME}
        planned = _planned(files, analysis, root, typed, defaults)
        definition = Definition.of(pipeline.name, planned, values, typed)
        refusals = [
            f"{p.file}:{p.line}: {p.message}"
            for p in pipeline.problems
            if p.severity == "error" and p.block not in definition.blocks
        ]
        problem = refusals[0] if refusals and not pipeline.blocks else None
        return cls(
            files,
            definition,
            tables,
            analysis.diagnostics,
            problem,
            refusals,
            looked=frozenset(analysis.looked),
            folders=frozenset(analysis.folders),
            columns=analysis.columns,
            parallel=defaults.parallel,
        )

    @property
    def places(self) -> frozenset[str]:
        """Return every path of which the draft depends: in the project, or absolute."""
        own = {source.path for source in self.files.sources.values()}
        listed = f"pipelines/{self.definition.pipeline}/pipeline.yaml"
        return self.places_around | own | {listed}

    @property
    def places_around(self) -> frozenset[str]:
        """Return the paths of which it depends beside its own files."""
        return self.looked | self.folders | {"headrace.yaml"}

    def looks_like(self, other: Draft) -> bool:
        """Tell whether nothing of what an editor shows differs."""
        return (
            self.files.text == other.files.text
            and self.sources == other.sources
            and self.tables == other.tables
            and self.diagnostics == other.diagnostics
        )

    @property
    def sources(self) -> dict[str, str]:
        return {name: source.text for name, source in self.files.sources.items()}

    @property
    def parameters(self) -> list[Parameter]:
        return list(self.files.pipeline.parameters)

    def edges_read(self, block: str) -> list[cmd.Connect]:
        """Return what would connect the blocks that a SQL text reads and that are not upstream."""
        table = self.table(block)
        if table is None or table.language != "sql":
            return []
        told = [d for d in self.diagnostics if d.block == block and d.code == "not-upstream"]
        edges = [fix.command for found in told for fix in found.fixes]
        return list({e.upstream: e for e in edges if isinstance(e, cmd.Connect)}.values())

    def table(self, block: str) -> BlockTable | None:
        """Find the table of a block."""
        return next((table for table in self.tables if table.name == block), None)


def _table(
    block: Block, source: Source, analysis: Analysis, used_in: Mapping[str, int]
) -> BlockTable:
    found = analysis.blocks.get(block.name, _NOTHING)
    return BlockTable(
        name=block.name,
        kind=block.kind,
        language=block.language,
        file=source.path,
        shared=source.shared,
        used_in=used_in.get(block.block or "", 1),
        hash=source.hash,
        upstream=list(block.upstream),
        inputs=block.inputs,
        settings=block.settings,
        form=found.form,
        description=found.description,
        retries=block.retries or 0,
        backoff_s=block.backoff_s,
        retry_on=list(block.retry_on),
        timeout_s=block.timeout_s,
        memory_bytes=block.memory_bytes,
        cache=block.cache,
        connection=block.connection,
        writes=block.writes,
        pool=block.pool,
        priority=block.priority,
        isolation=block.isolation,
        poke_s=block.poke_s,
        soft_fail=block.soft_fail,
        contract=block.contract,
        incremental=block.incremental,
    )


def _planned(
    files: PipelineFiles,
    analysis: Analysis,
    root: Path,
    typed: Mapping[str, Parameter],
    defaults: Defaults,
) -> list[PlannedBlock]:
    """Return every block that can run, upstream first; what waits for a cycle keeps a problem."""
    blocks = {b.name: b for b in files.pipeline.blocks if b.kind != "markdown"}
    wrong = {p.block: p.message for p in reversed(files.pipeline.problems) if p.severity == "error"}
    placed: dict[str, PlannedBlock] = {}
    names = [n for n in analysis.order if n in blocks]
    for name in (*names, *(n for n in blocks if n not in names)):
        block, source = blocks[name], files.sources.get(name)
        found = analysis.blocks.get(name, _NOTHING)
        known = tuple(up for up in block.upstream if up in placed)
        placed[name] = PlannedBlock(
            name=name,
            kind=block.kind,
            language=block.language,
            path=str(root / source.path) if source else "",
            source=source.text if source else "",
            fingerprint=found.fingerprint or "",
            modules=found.modules,
            files=found.files,
            versions=found.versions,
            context=tuple(found.context),
            upstream=known,
            bindings=tuple(found.bindings),
            settings=block.settings,
            typed=_typed(found, typed),
            retries=_said(block.retries, defaults.retries),
            backoff_s=block.backoff_s,
            retry_on=block.retry_on,
            timeout_s=_said(None if block.poke_s else block.timeout_s, defaults.timeout_s),
            memory_bytes=_said(block.memory_bytes, defaults.memory_bytes),
            cache=block.cache,
            connection=block.connection,
            kernel=block.kernel,
            results=block.results,
            writes=block.writes,
            isolation=block.isolation,
            pool=block.pool,
            priority=block.priority,
            poke_s=block.poke_s,
            wait_s=_said(block.timeout_s, LONGEST_WAIT_S),
            soft_fail=block.soft_fail,
            checks=block.checks,
            contract=block.contract,
            incremental=block.incremental,
            problem=_problem(block, source, found, known) or wrong.get(name),
        )
    return list(placed.values())


def _said(stated: T | None, default: T) -> T:
    return default if stated is None else stated


def _typed(found: BlockAnalysis, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Return the arguments that take dates or moments: by declaration, else by annotation."""
    form = {entry.name: entry for entry in found.form if entry.type in _OF_TIME}
    typed: dict[str, Parameter] = {}
    for binding in found.bindings:
        name = binding.argument
        if binding.source == "parameter" and (binding.name or name) in parameters:
            typed[name] = parameters[binding.name or name]
        elif binding.source in {"setting", "parameter"} and name in form:
            typed[name] = form[name]
    return typed


def _problem(
    block: Block, source: Source | None, found: BlockAnalysis, known: tuple[str, ...]
) -> str | None:
    if source is None or source.missing:
        return f"its file {block.file or block.block!r} is missing"
    if found.problem is not None:
        return found.problem
    lost = [up for up in block.upstream if up not in known]
    if lost:
        return f"its upstream {', '.join(lost)} is missing or waits for it"
    return None


def columns_of(status: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return block → columns of the output it last had, for completion and SQL checks."""
    return {
        name: state.output.columns
        for name, state in status.items()
        if state.output is not None and state.output.kind == "table"
    }
