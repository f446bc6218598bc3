"""What the editor and the runner need to know of a pipeline's code, from its text alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct, field

from headrace.analysis.binding import bind, binding_diagnostics, unused_upstream
from headrace.analysis.environment import environment_fingerprint
from headrace.analysis.fingerprint import ReadModule, python_fingerprint
from headrace.analysis.signature import Trouble, read_signature
from headrace.core.cycles import cycle_if_connected
from headrace.core.ids import digest
from headrace.graph.order import order
from headrace.project.pipeline import Block, PipelineFiles, Source
from headrace.protocol import commands as cmd
from headrace.protocol.bindings import Binding
from headrace.protocol.replies import Diagnostic, Fix
from headrace.protocol.tables import Column, Parameter


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


def analyse(
    files: PipelineFiles, read_module: ReadModule, columns: Mapping[str, Sequence[Column]]
) -> Analysis:
    """Analyse every block. `columns` holds the known output columns of blocks. Never raises for
    what a user wrote: that becomes a diagnostic, and the block's `problem` when it cannot run.
    """
    edges = {block.name: list(block.upstream) for block in files.pipeline.blocks}
    diagnostics = [
        Diagnostic(
            block=problem.block,
            severity="warning" if problem.severity == "warning" else "error",
            code=problem.code,
            message=problem.message,
            file=problem.file,
            line=problem.line,
            column=problem.column,
        )
        for problem in files.pipeline.problems
    ]
    blocks: dict[str, BlockAnalysis] = {}
    for block in files.pipeline.blocks:
        source = files.sources.get(block.name)
        if source is None or source.missing:
            blocks[block.name] = BlockAnalysis(
                name=block.name, runnable=False, problem="its file is missing"
            )
            continue
        if block.language == "python":
            found, told = _python(files, block, source, read_module, edges)
        elif block.language == "sql":
            found, told = _sql(files, block, source, edges)
        else:
            found, told = _other(files, block, source), []
        blocks[block.name] = found
        diagnostics.extend(told)
    return Analysis(blocks=blocks, diagnostics=diagnostics, order=order(edges))


def _python(
    files: PipelineFiles,
    block: Block,
    source: Source,
    read_module: ReadModule,
    edges: Mapping[str, Sequence[str]],
) -> tuple[BlockAnalysis, list[Diagnostic]]:
    signature = read_signature(source.text)
    parameters = {parameter.name for parameter in files.pipeline.parameters}
    told = [_diagnostic(block, source, trouble) for trouble in signature.troubles]
    bindings: list[Binding] = []
    if signature.function is not None:
        bindings = bind(block, signature, parameters)
        told += binding_diagnostics(
            files.pipeline.name, block, signature, bindings, edges, source.path
        )
    package = "" if source.path.startswith("/") else _package(source.path)
    code = python_fingerprint(source.text, read_module, package)
    data = {b.argument for b in bindings if b.source in {"upstream", "context"}}
    problem = _problem(told)
    return (
        BlockAnalysis(
            name=block.name,
            fingerprint=code.digest,
            environment=environment_fingerprint(code.libraries),
            bindings=bindings,
            form=[a.form for a in signature.arguments if a.name not in data],
            description=signature.description,
            function=signature.function,
            reads=code.reads,
            runnable=problem is None,
            problem=problem,
            arguments=[argument.name for argument in signature.arguments],
        ),
        told,
    )


def _package(path: str) -> str:
    return ".".join(PurePosixPath(path).parent.parts)


def _sql(
    files: PipelineFiles, block: Block, source: Source, edges: Mapping[str, Sequence[str]]
) -> tuple[BlockAnalysis, list[Diagnostic]]:
    from headrace.analysis.sql import read_query

    query = read_query(source.text)
    pipeline, told = files.pipeline.name, [_diagnostic(block, source, t) for t in query.troubles]
    if not query.reads_only and block.kind != "exporter":
        message = "Only an exporter may write: make this a statement that reads."
        told.append(_diagnostic(block, source, Trouble(code="sql-writes", message=message)))
    by_table = {name.lower(): name for name in block.upstream}
    by_table |= {table.lower(): name for table, name in block.inputs.items()}
    known = {name.lower(): name for name in edges if name != block.name}
    bindings: dict[str, Binding] = {}
    for table in query.tables:
        upstream = by_table.get(table.name.lower())
        if upstream is not None:
            bindings[table.name] = Binding(argument=table.name, source="upstream", name=upstream)
        elif table.name.lower() in known:
            other = known[table.name.lower()]
            fixes: list[Fix] = []
            if cycle_if_connected(edges, other, block.name) is None:
                connect = cmd.Connect(pipeline=pipeline, upstream=other, downstream=block.name)
                fixes.append(Fix(title=f"Connect {other}", command=connect))
            told.append(
                Diagnostic(
                    block=block.name,
                    severity="error",
                    code="not-upstream",
                    message=f"{other!r} is read here but is not connected.",
                    file=source.path,
                    line=table.line,
                    column=table.column,
                    end_line=table.line,
                    end_column=table.column + table.end - table.start + 1,
                    fixes=fixes,
                )
            )
    parameters = {parameter.name for parameter in files.pipeline.parameters}
    for place in query.placeholders:
        source_kind = "setting" if place.name in block.settings else "parameter"
        if source_kind == "setting" or place.name in parameters:
            bindings[f":{place.name}"] = Binding(
                argument=place.name, source=source_kind, name=place.name
            )
        else:
            trouble = Trouble(
                code="unknown-placeholder",
                message=f"Nothing gives :{place.name}: declare a parameter, or set it.",
                line=place.line,
                column=place.column,
                end_column=place.column + len(place.name) + 1,
            )
            told.append(_diagnostic(block, source, trouble))
    used = {binding.name for binding in bindings.values() if binding.source == "upstream"}
    if not query.troubles:
        told += [
            unused_upstream(pipeline, block.name, up, source.path, addable=False)
            for up in block.upstream
            if up not in used
        ]
    problem = _problem(told)
    return (
        BlockAnalysis(
            name=block.name,
            fingerprint=query.digest,
            environment=environment_fingerprint(["duckdb"]),
            bindings=list(bindings.values()),
            form=[Parameter(name=p.name, required=True) for p in query.placeholders],
            runnable=problem is None,
            problem=problem,
            arguments=[table.name for table in query.tables],
        ),
        told,
    )


def _other(files: PipelineFiles, block: Block, source: Source) -> BlockAnalysis:
    """Notebooks take every parameter and setting by name; markdown is not run."""
    given = {p.name: "parameter" for p in files.pipeline.parameters}
    given |= dict.fromkeys(block.settings, "setting")
    bindings = [Binding(argument=up, source="upstream", name=up) for up in block.upstream]
    bindings += [
        Binding(argument=name, source="setting" if kind == "setting" else "parameter", name=name)
        for name, kind in given.items()
    ]
    return BlockAnalysis(
        name=block.name,
        fingerprint=digest(block.language, source.text),
        bindings=bindings if block.language == "notebook" else [],
        runnable=block.language == "notebook",
    )


def _diagnostic(block: Block, source: Source, trouble: Trouble) -> Diagnostic:
    return Diagnostic(
        block=block.name,
        severity=trouble.severity,
        code=trouble.code,
        message=trouble.message,
        file=source.path,
        line=trouble.line,
        column=trouble.column,
        end_line=None if trouble.end_column is None else trouble.line,
        end_column=trouble.end_column,
    )


def _problem(told: Sequence[Diagnostic]) -> str | None:
    first = next((entry for entry in told if entry.severity == "error"), None)
    return f"line {first.line}: {first.message}" if first else None
