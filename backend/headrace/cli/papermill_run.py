"""One run of an exported notebook: restore its pipeline, run it in a session, fill its cells."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import nbformat

from headrace.core.clock import Clock
from headrace.core.errors import InvalidInput
from headrace.core.paths import ProjectPaths
from headrace.notebooks.gathering import displays_of, first_rows, log_of
from headrace.notebooks.outputs import Content, fill
from headrace.notebooks.reading import read_book
from headrace.notebooks.restore import files_of, is_exported, restore
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.held import HeldProject
from headrace.project.pipeline import PipelineFiles
from headrace.protocol import events as ev
from headrace.protocol.commands import CancelRun
from headrace.protocol.tables import BlockRun, RunRecord
from headrace.server.runtime import Runtime
from headrace.session.run import RunRequest
from headrace.session.session import Session

logger = logging.getLogger("papermill")

_INJECTED = "injected-parameters"


@dataclass(frozen=True)
class Plain:
    """A notebook that is to run cell by cell, and why."""

    why: str


@dataclass(frozen=True)
class Exported:
    """A notebook that holds a pipeline. `cells` are places in the notebook by block."""

    files: PipelineFiles
    cells: Mapping[str, int]
    parameters: dict[str, Any]


def exported(notebook: Any) -> Exported | Plain:
    """Read the pipeline of a notebook as it is now: with edits, and without deleted blocks."""
    try:
        book = read_book(nbformat.writes(notebook))
    except InvalidInput as error:  # another language than Python, for example
        return Plain(f"This notebook holds no pipeline ({error.message})")
    if not is_exported(book.about):
        return Plain("This notebook was not written by `headrace export`.")
    for number, (cell, own) in enumerate(zip(book.cells, notebook.cells, strict=True), start=1):
        known = cell.block is not None or "role" in cell.about or _INJECTED in cell.tags
        if own.cell_type == "code" and cell.source.strip() and not known:
            return Plain(f"Cell {number} belongs to no block of the pipeline.")
    files = files_of(restore(book.cells, book.about))
    cells = {
        cell.block: at
        for at, cell in enumerate(book.cells)
        if cell.block is not None and cell.kind == "code"
    }
    given = notebook.metadata.get("papermill", {}).get("parameters") or {}
    return Exported(files, cells, msgspec.to_builtins(dict(given)))


async def run_exported(found: Exported, manager: Any, options: Mapping[str, Any]) -> str | None:
    """Run the pipeline in the working directory; return why no cell can say what went wrong."""
    declared = {parameter.name for parameter in found.files.pipeline.parameters}
    given = {name: value for name, value in found.parameters.items() if name in declared}
    async with _opened(found.files, options.get("execution_timeout")) as runtime:
        session = await runtime.sessions.open(found.files.pipeline.name)
        telling = Telling(runtime, session, found.cells, manager, options)
        leave = session.log.subscribe(telling.hear)
        try:
            run = await session.start_run(RunRequest(origin="cli", parameters=given))
            record = await _finished(session, run)
            await telling.conclude(record)
        finally:
            leave()
    failed = [block.name for block in record.blocks if block.state == "failed"]
    if record.state == "succeeded" or any(name in found.cells for name in failed):
        return None
    return f"The run {record.state}: {record.reason or 'no block says why'}"


async def _finished(session: Session, run: str) -> RunRecord:
    """Wait for the end; who interrupts this stops the run first."""
    try:
        return await session.finished(run)
    except asyncio.CancelledError:
        await session.handle(CancelRun(pipeline=session.pipeline, run=run))
        await session.finished(run)
        raise


class Telling:
    """Fills the cells of a notebook while their blocks run."""

    def __init__(
        self,
        runtime: Runtime,
        session: Session,
        cells: Mapping[str, int],
        manager: Any,
        options: Mapping[str, Any],
    ) -> None:
        self._runtime, self._session, self._manager = runtime, session, manager
        self._cells = cells
        self._counts: dict[str, int] = {}
        self._stream: Any = options.get("stdout_file")
        self._log_output = bool(options.get("log_output"))
        self._over: set[str] = set()
        self._tell_others()

    def _tell_others(self) -> None:
        """Count the cells that are no block's as done: they run with the blocks."""
        for at, cell in enumerate(self._manager.nb.cells):
            if at not in self._cells.values():
                self._manager.cell_start(cell, at)
                self._manager.cell_complete(cell, at)

    def hear(self, event: ev.Event) -> None:
        """Take an event of the session; it says what changed in the notebook."""
        match event:
            case ev.BlockStarted():
                self._start(event.block)
            case ev.LogAppended():
                if self._stream is not None:
                    self._stream.write(event.text)
                    self._stream.flush()
                if self._log_output and event.text.strip():
                    logger.info("%s: %s", event.block, event.text.rstrip("\n"))
            case ev.BlockFinished():
                self._start(event.block)
                self._end(event.block, event.run)
            case ev.BlockFailed() if event.retry_at is None:
                self._end(event.block, event.run)
            case _:
                pass

    def _start(self, name: str) -> None:
        at = self._cells.get(name)
        if at is None or name in self._counts:
            return
        self._counts[name] = len(self._counts) + 1
        bar = self._manager.pbar
        if bar is not None:
            bar.set_description(f"Executing {name}")
        self._manager.cell_start(self._manager.nb.cells[at], at)

    def _end(self, name: str, run: str) -> None:
        at = self._cells.get(name)
        live = self._session.machine.runs.get(run)
        if at is None or name in self._over or live is None:
            return
        self._over.add(name)
        cell = self._manager.nb.cells[at]
        block = live.blocks[name].record
        fill(cell, block, self._counts[name], self._content(run, block, {}))
        if block.state == "failed":
            self._manager.cell_exception(cell, at)
        self._manager.cell_complete(cell, at)

    def _content(self, run: str, block: BlockRun, rows: Mapping[str, Any]) -> Content:
        paths = self._runtime.paths
        return Content(
            log=log_of(paths, run, block.name), displays=displays_of(paths, block), rows=rows
        )

    async def conclude(self, record: RunRecord) -> None:
        """Fill all cells from the record of the run, which decides what happened."""
        count = max(self._counts.values(), default=0)
        about = self._manager.nb.metadata.setdefault("headrace", {})
        about |= {"run": record.id, "version": record.version, "state": record.state}
        for block in record.blocks:
            at = self._cells.get(block.name)
            if at is None:
                continue
            rows = await first_rows(self._runtime, block)
            content = await asyncio.to_thread(self._content, record.id, block, rows)
            number = self._counts.get(block.name, count + 1)
            fill(self._manager.nb.cells[at], block, number, content)
        if record.state != "succeeded":
            self._manager.nb.metadata.papermill["exception"] = True


@dataclass(frozen=True)
class _Apart(ProjectPaths):
    """A folder that is no project of ours: what a run leaves is put elsewhere."""

    aside: Path = Path()

    @property
    def state(self) -> Path:
        return self.aside


@contextlib.asynccontextmanager
async def _opened(files: PipelineFiles, timeout_s: float | None) -> AsyncGenerator[Runtime]:
    """Open the working directory as the project that blocks run in.

    Where it is a project with this pipeline, the run is one of its runs, and shares its results.
    """
    paths = ProjectPaths.of(".")
    with contextlib.ExitStack() as stack:
        if not (paths.pipeline(files.pipeline.name) / PIPELINE_FILE).is_file():
            aside = stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-"))
            paths = _Apart(paths.root, Path(aside))
        runtime = Runtime(paths, project=_holding(files, timeout_s))
        try:
            await runtime.open(serve=False)
            yield runtime
        finally:
            await runtime.close()


def _holding(files: PipelineFiles, timeout_s: float | None) -> Any:
    """Return how the project is made: the notebook's pipeline in it, and papermill's timeout."""

    def make(paths: ProjectPaths, clock: Clock) -> Project:
        found = Project(paths, clock).settings()
        defaults = found.defaults
        if timeout_s is not None:
            defaults = msgspec.structs.replace(defaults, timeout_s=float(timeout_s))
        # The notebook of this run is papermill's output.
        settings = msgspec.structs.replace(found, defaults=defaults, notebooks=None)
        return HeldProject(paths, clock, held=files, settings=settings)

    return make
