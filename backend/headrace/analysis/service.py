"""The methods of the analysis service process. Arguments and results are msgpack's own types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from headrace.analysis.analyse import analyse
from headrace.analysis.code_edits import CodeEditor
from headrace.analysis.completion import complete, inspect
from headrace.analysis.cursor import Cursor, Scope
from headrace.analysis.environment import library_folders
from headrace.analysis.formatting import format_source
from headrace.analysis.impact import impact_of
from headrace.analysis.lineage import lineage_of
from headrace.analysis.modules import FileStates, ModuleFinder
from headrace.analysis.result import BlockText
from headrace.analysis.translation import translate
from headrace.analysis.views.block_code import block_of_view
from headrace.analysis.views.chart_code import block_of_chart
from headrace.analysis.views.table import TableFacts
from headrace.core.errors import InvalidInput
from headrace.project.pipeline import PipelineFiles
from headrace.protocol.charts import Chart, ChartData
from headrace.protocol.steps import CodeLanguage, Step
from headrace.protocol.tables import Column, Parameter
from headrace.protocol.views import View

_Columns = dict[str, list[Column]]
_EDITS = ("add_argument", "remove_argument", "rename_upstream", "rename_function")


_files = FileStates()


def _analyse(files: Any, root: str, columns: Any, connections: dict[str, str] | None = None) -> Any:
    folder = Path(root).resolve()
    pipeline = msgspec.convert(files, PipelineFiles)
    read_module = ModuleFinder.of_pipeline(folder, pipeline.pipeline.name)
    named: set[str] = set()

    def file_state(text: str) -> tuple[str, str] | None:
        found = _files.state(folder, text)
        if found is not None:
            named.add(found[0])
        return found

    known = msgspec.convert(columns, _Columns)
    result = msgspec.structs.replace(
        analyse(pipeline, read_module, known, file_state, connections),
        looked=sorted(read_module.looked | named),
        folders=library_folders(),
    )
    return msgspec.to_builtins(result)


def _complete(*, text: str, language: str, line: int, column: int, **scope: Any) -> Any:
    return msgspec.to_builtins(complete(Cursor(text, language, line, column), _scope(**scope)))


def _inspect(*, text: str, language: str, line: int, column: int, **scope: Any) -> Any:
    return msgspec.to_builtins(inspect(Cursor(text, language, line, column), _scope(**scope)))


def _scope(
    *,
    names: Sequence[str] = (),
    columns: Any = None,
    inputs: dict[str, str] | None = None,
    parameters: Any = None,
    root: str = "",
) -> Scope:
    return Scope(
        upstream=list(names),
        columns=msgspec.convert(columns or {}, _Columns),
        inputs=inputs or {},
        parameters=msgspec.convert(parameters or [], list[Parameter]),
        root=root,
    )


def _format(text: str, language: str, dialect: str = "duckdb") -> str:
    return format_source(text, language, dialect)


def _lineage(blocks: Any) -> Any:
    return msgspec.to_builtins(lineage_of(msgspec.convert(blocks, list[BlockText])))


def _impact(blocks: Any, block: str, column: str) -> Any:
    return msgspec.to_builtins(impact_of(msgspec.convert(blocks, list[BlockText]), block, column))


def _translate(text: str, source: str, target: str) -> Any:
    return msgspec.to_builtins(translate(text, source, target))


def _edit_code(name: str, args: list[str]) -> str:
    if name not in _EDITS:
        raise InvalidInput(f"There is no edit {name!r} of code.", field="name")
    return getattr(CodeEditor(), name)(*args)


def _block_of_view(
    *, view: Any, steps: Any, chart: Any, drawn: Any, table: Any, language: str, **names: str
) -> Any:
    kinds: Any = (list[Step], CodeLanguage, Chart | None, ChartData | None)
    given = (steps, language, chart, drawn)
    todo, written_in, wanted, data = map(msgspec.convert, given, kinds)
    facts, seen = msgspec.convert(table, TableFacts), msgspec.convert(view, View)
    if wanted is None:
        made = block_of_view(seen, todo, facts, language=written_in, **names)
    else:
        made = block_of_chart(wanted, data, seen, facts, language=written_in, **names)
    return msgspec.to_builtins(made)


METHODS: dict[str, Callable[..., Any]] = {
    "analyse": _analyse,
    "complete": _complete,
    "inspect": _inspect,
    "format": _format,
    "lineage": _lineage,
    "impact": _impact,
    "translate": _translate,
    "code-edit": _edit_code,
    "block-of-view": _block_of_view,
}
"""analyse(files, root, columns, connections) → Analysis, the last optional; complete and
inspect(text, language, line, column, names, columns, inputs, parameters, root) → Completions,
Inspection, the last three optional; format(text, language, dialect) → text,
the last optional; lineage(blocks) → list of
BlockLineage; impact(blocks, block, column) → Impact; translate(text, source, target) → Translation;
code-edit(name, args) → text;
block-of-view(view, steps, chart, drawn, table, name, upstream, language) → BlockCode."""
