"""A run as an executed notebook: valid by nbformat, with the metadata that papermill writes."""

from __future__ import annotations

from typing import Any, Literal

import nbformat
import papermill
from msgspec import Struct, field
from nbformat import v4
from papermill.parameterize import parameterize_notebook

from headrace.notebooks.cells import FORMAT, Cell, pipeline_cells
from headrace.notebooks.outputs import Content, fill, times
from headrace.notebooks.script import write_script
from headrace.project.pipeline import PipelineFiles
from headrace.protocol.tables import BlockRun, RunRecord
from headrace.session.definition import Definition

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


class Material(Struct, frozen=True, kw_only=True):
    """What a notebook is made of. `displays` are bytes by address, `logs` text by block.

    With `files` it can be imported again without loss.
    """

    definition: Definition
    title: str
    run: RunRecord | None = None
    files: PipelineFiles | None = None
    beside: dict[str, str] = field(default_factory=dict[str, str])
    """Texts of the pipeline's own modules and of its requirements, by file in its folder."""
    displays: dict[str, bytes] = field(default_factory=dict[str, bytes])
    logs: dict[str, str] = field(default_factory=dict[str, str])
    rows: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """The first rows of tables by address."""
    form: Literal["notebook", "script"] = "notebook"

    @property
    def about(self) -> dict[str, Any]:
        """Say what the whole notebook's metadata keep of the pipeline."""
        about: dict[str, Any] = {"format": FORMAT, "pipeline": self.definition.pipeline}
        if self.files is None:
            return about
        texts = {file: text for file, text in self.beside.items() if not file.endswith(".py")}
        return about | {"yaml": self.files.text} | ({"files": texts} if texts else {})

    def content(self, block: BlockRun) -> Content:
        """Return what belongs to a block run."""
        address = block.output.address if block.output is not None else ""
        return Content(
            log=self.logs.get(block.name, ""),
            displays=self.displays,
            rows=self.rows.get(address, {}),
        )


def build(material: Material) -> str:
    """Return the notebook as JSON text; with a run, with its outputs, parameters and times.

    Of the form `script`, it is the text of a Python script instead.
    """
    definition, run = material.definition, material.run
    modules = {file: text for file, text in material.beside.items() if file.endswith(".py")}
    cells = pipeline_cells(definition, material.title, material.files, modules)
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
            fill(written, block_run, count, material.content(block_run))
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
        **times(run.started_at, run.finished_at),
        "exception": True if run.state == "failed" else None,
    }
    for cell in book.cells:
        cell.metadata.setdefault("tags", [])
        cell.metadata.setdefault("papermill", {})
    if run.parameters:
        book = parameterize_notebook(book, run.parameters)
    book.metadata["headrace"] |= {"run": run.id, "version": run.version, "state": run.state}
    return book
