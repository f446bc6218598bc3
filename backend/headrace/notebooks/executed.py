"""A run as an executed notebook: valid by nbformat, with the metadata that papermill writes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import nbformat
import papermill
from msgspec import Struct, field
from nbformat import v4
from papermill.parameterize import parameterize_notebook

from headrace.notebooks.cells import FORMAT, Cell, pipeline_cells
from headrace.notebooks.script import write_script
from headrace.project.pipeline import PipelineFiles
from headrace.protocol.tables import BlockRun, Failure, RunRecord
from headrace.session.definition import Definition

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
STATUS = {
    "succeeded": "completed",
    "cached": "completed",
    "failed": "failed",
    "running": "running",
}
TEXT_MIMES = ("text/", "image/svg+xml")


class Material(Struct, frozen=True, kw_only=True):
    """What a notebook is made of. `displays` are bytes by address, `logs` text by block.

    With `files` it can be imported again without loss.
    """

    definition: Definition
    title: str
    run: RunRecord | None = None
    files: PipelineFiles | None = None
    displays: dict[str, bytes] = field(default_factory=dict[str, bytes])
    logs: dict[str, str] = field(default_factory=dict[str, str])
    form: Literal["notebook", "script"] = "notebook"

    @property
    def about(self) -> dict[str, Any]:
        """Say what the whole notebook's metadata keep of the pipeline."""
        about: dict[str, Any] = {"format": FORMAT, "pipeline": self.definition.pipeline}
        return about if self.files is None else about | {"yaml": self.files.text}


def build(material: Material) -> str:
    """Return the notebook as JSON text; with a run, with its outputs, parameters and times.

    Of the form `script`, it is the text of a Python script instead.
    """
    definition, run = material.definition, material.run
    cells = pipeline_cells(definition, material.title, material.files)
    if material.form == "script":
        return write_script(cells, material.about)
    book: Any = v4.new_notebook(
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "headrace": material.about,
        }
    )
    runs = {block.name: block for block in run.blocks} if run else {}
    count = 0
    for number, cell in enumerate(cells):
        written = _cell(cell, f"headrace-{number}")
        book.cells.append(written)
        block_run = runs.get(cell.block or "")
        if block_run is not None:
            count += 1
            _execute(written, block_run, count, material)
    if run is not None:
        book = _with_run(book, run)
    nbformat.validate(book)
    return nbformat.writes(book)


def _cell(cell: Cell, number: str) -> Any:
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    metadata: dict[str, Any] = {"headrace": cell.about}
    if cell.tags:
        metadata["tags"] = cell.tags
    if cell.about.get("role") == "preamble":
        metadata["jupyter"] = {"source_hidden": True}
    # Ids by place, not by chance: the same pipeline is the same text.
    return make[cell.kind](cell.source, id=number, metadata=metadata)


def _with_run(book: Any, run: RunRecord) -> Any:
    """Inject the run's parameters and write papermill's metadata of the whole."""
    book.metadata["papermill"] = {
        "default_parameters": {},
        "parameters": run.parameters,
        "environment_variables": {},
        "version": papermill.__version__,
        "input_path": run.pipeline,
        "output_path": f"{run.id}.ipynb",
        **_times(run.started_at, run.finished_at),
        "exception": True if run.state == "failed" else None,
    }
    for cell in book.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata.setdefault("papermill", {})
    if run.parameters:
        book = parameterize_notebook(book, run.parameters)
    book.metadata["headrace"] |= {"run": run.id, "version": run.version, "state": run.state}
    return book


def _times(start: datetime | None, end: datetime | None) -> dict[str, Any]:
    duration = (end - start).total_seconds() if start and end else None
    return {
        "start_time": start.isoformat() if start else None,
        "end_time": end.isoformat() if end else None,
        "duration": duration,
    }


def _execute(cell: Any, block: BlockRun, count: int, material: Material) -> None:
    """Give a cell the outputs and papermill's metadata of its block run."""
    cell.metadata["papermill"] = {
        **_times(block.started_at, block.finished_at),
        "exception": True if block.state == "failed" else None,
        "status": STATUS.get(block.state, "pending"),
    }
    if block.state not in STATUS:
        return
    cell.execution_count = count
    log = material.logs.get(block.name)
    if log:
        cell.outputs.append(v4.new_output("stream", name="stdout", text=log))
    for display in block.displays:
        content = material.displays.get(display.address, display.text.encode())
        bundle = _bundle(display.mime, content)
        cell.outputs.append(v4.new_output("display_data", data=bundle))
    if block.output is not None and block.output.kind != "nothing":
        cell.outputs.append(_result(block, count))
    if block.failure is not None and block.state == "failed":
        cell.outputs.append(_error(block.failure))


def _bundle(mime: str, content: bytes) -> Mapping[str, Any]:
    if mime.startswith(TEXT_MIMES):
        return {mime: content.decode(errors="replace")}
    return {mime: base64.b64encode(content).decode()}


def _result(block: BlockRun, count: int) -> Any:
    output = block.output
    text = ""
    if output is not None:
        names = ", ".join(column.name for column in output.columns[:20])
        shape = f"{output.rows} rows × {output.column_count} columns: {names}"
        text = shape if output.kind == "table" else (output.text or output.type_name)
    return v4.new_output("execute_result", data={"text/plain": text}, execution_count=count)


def _error(failure: Failure) -> Any:
    return v4.new_output(
        "error",
        ename=failure.type,
        evalue=failure.message,
        traceback=(failure.text or failure.message).splitlines(),
    )
