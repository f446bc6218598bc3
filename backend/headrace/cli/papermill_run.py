"""One run of an exported notebook: restore its pipeline, run it in a session, fill its cells."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import nbformat

from headrace.cli.running_server import RunningServer, serving
from headrace.core.clock import Clock
from headrace.core.errors import HeadraceError, InvalidInput
from headrace.core.paths import ProjectPaths
from headrace.notebooks.gathering import displays_of, first_rows, log_of
from headrace.notebooks.outputs import STATUS, Content, fill
from headrace.notebooks.reading import read_book
from headrace.notebooks.restore import files_of, is_exported, restore
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.held import HeldProject
from headrace.project.pipeline import PipelineFiles
from headrace.project.textfiles import decode, read_bytes
from headrace.protocol import events as ev
from headrace.protocol.commands import CancelRun
from headrace.protocol.tables import BlockRun, RunRecord

if TYPE_CHECKING:
    from headrace.server.runtime import Runtime
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
    found = restore(book.cells, book.about)
    files = files_of(found)
    for file, text in found.files.items():
        if file.endswith(".py") and not _is_there(files, file, text):
            return Plain(f"The project here has not the module {file} that the notebook has.")
    cells = {
        cell.block: at
        for at, cell in enumerate(book.cells)
        if cell.block is not None and cell.kind == "code"
    }
    given = notebook.metadata.get("papermill", {}).get("parameters") or {}
    return Exported(files, cells, msgspec.to_builtins(dict(given)))


def _is_there(files: PipelineFiles, file: str, text: str) -> bool:
    """Tell whether a file of the notebook is a block, or the module that workers will find."""
    pipeline = files.pipeline
    if any(block.file == file for block in pipeline.blocks):
        return True
    path = ProjectPaths.of(".").pipeline(pipeline.name) / file
    with contextlib.suppress(HeadraceError):
        return decode(read_bytes(path), file) == text
    return False


async def run_exported(found: Exported, manager: Any, options: Mapping[str, Any]) -> str | None:
    """Run the pipeline in the working directory; return why no cell can say what went wrong.

    A server of the project that has the same pipeline runs it; else this process does.
    """
    declared = {parameter.name for parameter in found.files.pipeline.parameters}
    given = {name: value for name, value in found.parameters.items() if name in declared}
    telling = Telling(ProjectPaths.of("."), found.cells, manager, options)
    server = None
    if options.get("execution_timeout") is None:
        server = await serving(telling.paths, found.files)
    if server is not None:
        record = await _run_there(server, found, given, telling)
    else:
        record = await _run_here(found, given, telling, options.get("execution_timeout"))
    failed = [block.name for block in record.blocks if block.state == "failed"]
    if record.state == "succeeded" or any(name in found.cells for name in failed):
        return None
    return f"The run {record.state}: {record.reason or 'no block says why'}"


async def _run_there(
    server: RunningServer, found: Exported, given: dict[str, Any], telling: Telling
) -> RunRecord:
    run = await server.start(found.files.pipeline.name, given)
    record: RunRecord | None = None
    try:
        async for record in server.records(run):
            telling.look(record)
    except asyncio.CancelledError:
        await server.cancel(run)
        raise
    assert record is not None, "a run has at least one record"
    await telling.conclude(record, server.first_rows)
    return record


async def _run_here(
    found: Exported, given: dict[str, Any], telling: Telling, timeout_s: float | None
) -> RunRecord:
    from headrace.session.run import RunRequest

    async with _opened(found.files, timeout_s) as runtime:
        telling.paths = runtime.paths
        session = await runtime.sessions.open(found.files.pipeline.name)

        def hear(event: ev.Event) -> None:
            telling.hear(event, session)

        leave = session.log.subscribe(hear)
        try:
            run = await session.start_run(RunRequest(origin="cli", parameters=given))
            record = await _finished(session, run)
            await telling.conclude(record, partial(first_rows, runtime))
        finally:
            leave()
        return record


async def _finished(session: Session, run: str) -> RunRecord:
    """Wait for the end; who interrupts this stops the run first."""
    try:
        return await session.finished(run)
    except asyncio.CancelledError:
        await session.handle(CancelRun(pipeline=session.pipeline, run=run))
        await session.finished(run)
        raise


class Telling:
    """Fills the cells of a notebook while their blocks run, here or in a server."""

    def __init__(
        self,
        paths: ProjectPaths,
        cells: Mapping[str, int],
        manager: Any,
        options: Mapping[str, Any],
    ) -> None:
        self.paths = paths
        self._cells, self._manager = cells, manager
        self._counts: dict[str, int] = {}
        self._stream: Any = options.get("stdout_file")
        self._log_output = bool(options.get("log_output"))
        self._over: set[str] = set()
        for at, cell in enumerate(manager.nb.cells):
            if at not in cells.values():  # they run with the blocks
                manager.cell_start(cell, at)
                manager.cell_complete(cell, at)

    def hear(self, event: ev.Event, session: Session) -> None:
        """Take an event of the session that runs here."""
        match event:
            case ev.BlockStarted():
                self._start(event.block)
            case ev.LogAppended():
                self._print(event.block, event.text)
            case ev.BlockFinished():
                self._hear_end(event, session)
            case ev.BlockFailed() if event.retry_at is None:
                self._hear_end(event, session)
            case _:
                pass

    def _hear_end(self, event: ev.BlockFinished | ev.BlockFailed, session: Session) -> None:
        live = session.machine.runs.get(event.run)
        if live is not None:
            self._end(event.run, live.blocks[event.block].record)

    def look(self, record: RunRecord) -> None:
        """Take a run of a server as it is now."""
        for block in record.blocks:
            if block.state == "running":
                self._start(block.name)
            elif block.state in STATUS and block.name not in self._over:
                self._print(block.name, log_of(self.paths, record.id, block.name))
                self._end(record.id, block)

    def _print(self, block: str, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
        if self._log_output and text.strip():
            logger.info("%s: %s", block, text.rstrip("\n"))

    def _start(self, name: str) -> None:
        at = self._cells.get(name)
        if at is None or name in self._counts:
            return
        self._counts[name] = len(self._counts) + 1
        bar = self._manager.pbar
        if bar is not None:
            bar.set_description(f"Executing {name}")
        self._manager.cell_start(self._manager.nb.cells[at], at)

    def _end(self, run: str, block: BlockRun) -> None:
        at = self._cells.get(block.name)
        if at is None or block.name in self._over:
            return
        self._start(block.name)
        self._over.add(block.name)
        cell = self._manager.nb.cells[at]
        fill(cell, block, self._counts[block.name], self._content(run, block, {}))
        if block.state == "failed":
            self._manager.cell_exception(cell, at)
        self._manager.cell_complete(cell, at)

    def _content(self, run: str, block: BlockRun, rows: Mapping[str, Any]) -> Content:
        log = log_of(self.paths, run, block.name)
        return Content(log=log, displays=displays_of(self.paths, block), rows=rows)

    async def conclude(
        self, record: RunRecord, rows_of: Callable[[BlockRun], Awaitable[dict[str, Any]]]
    ) -> None:
        """Fill all cells from the record of the run, which decides what happened."""
        count = max(self._counts.values(), default=0)
        about = self._manager.nb.metadata.setdefault("headrace", {})
        about |= {"run": record.id, "version": record.version, "state": record.state}
        for block in record.blocks:
            at = self._cells.get(block.name)
            if at is None:
                continue
            rows = await rows_of(block)
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
    from headrace.server.runtime import Runtime

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
