"""What the editor and the runner need to know of a pipeline's code, from its text alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.analysis.expected import expected_columns
from headrace.analysis.fingerprint import ReadModule
from headrace.analysis.notebook_block import analyse_notebook
from headrace.analysis.python_block import analyse_python
from headrace.analysis.result import Analysis, BlockAnalysis
from headrace.analysis.sql_block import analyse_sql
from headrace.analysis.surroundings import Around, FileState, no_files
from headrace.core.ids import digest
from headrace.graph.order import order
from headrace.project.pipeline import Block, PipelineFiles, Problem, Source
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import Column

__all__ = ["Analysis", "BlockAnalysis", "analyse"]


def analyse(
    files: PipelineFiles,
    read_module: ReadModule,
    columns: Mapping[str, Sequence[Column]],
    file_state: FileState = no_files,
    connections: Mapping[str, str] | None = None,
) -> Analysis:
    """Analyse every block. `columns` holds the known output columns of blocks.

    `connections` are the URLs of the project's by name, without secrets; None when nobody knows.

    Never raises for what a user wrote: that becomes a diagnostic, and the block's `problem` when it
    cannot run. What is read from a text is kept by that text, so that one edit costs one block.
    """
    expected = expected_columns(files, columns)
    around = Around.of(files, read_module, expected, file_state, connections, recorded=columns)
    diagnostics = [_diagnostic(problem) for problem in files.pipeline.problems]
    blocks: dict[str, BlockAnalysis] = {}
    for block in files.pipeline.blocks:
        source = files.sources.get(block.name)
        if source is None or source.missing:
            found, told = _missing(block), list[Diagnostic]()
        elif block.language == "python":
            found, told = analyse_python(around, block, source)
        elif block.language == "sql":
            found, told = analyse_sql(around, block, source)
        elif block.language == "notebook":
            found, told = analyse_notebook(around, block, source)
        else:
            found, told = _markdown(block, source), list[Diagnostic]()
        blocks[block.name] = found
        diagnostics.extend(told)
    queries = (block.name for block in files.pipeline.blocks if block.language == "sql")
    return Analysis(
        blocks=blocks,
        diagnostics=diagnostics,
        order=order(around.edges),
        columns={name: list(expected[name]) for name in queries if name in expected},
    )


def _diagnostic(problem: Problem) -> Diagnostic:
    return Diagnostic(
        block=problem.block,
        severity="warning" if problem.severity == "warning" else "error",
        code=problem.code,
        message=problem.message,
        file=problem.file,
        line=problem.line,
        column=problem.column,
    )


def _missing(block: Block) -> BlockAnalysis:
    return BlockAnalysis(name=block.name, runnable=False, problem="its file is missing")


def _markdown(block: Block, source: Source) -> BlockAnalysis:
    text = digest(block.language, source.text)
    return BlockAnalysis(name=block.name, fingerprint=text, runnable=False)
