"""Writes finished runs as executed notebooks to where `notebooks:` of headrace.yaml says.

The history has decided by then how a run ended: a notebook that cannot be written is told in the
log, and changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from string import Formatter
from typing import TYPE_CHECKING

from headrace.core.errors import HeadraceError, InvalidInput
from headrace.core.paths import ProjectPaths
from headrace.notebooks.gathering import gather
from headrace.notebooks.render import render
from headrace.protocol import events as ev
from headrace.protocol.tables import FINAL_RUN_STATES, RunSummary

if TYPE_CHECKING:
    from headrace.server.runtime import Runtime

logger = logging.getLogger(__name__)

NAMES = ("pipeline", "run", "state", "date", "trigger")
"""What a place may name in braces."""
_SUFFIX = ".ipynb"


def place_of(pattern: str, run: RunSummary, paths: ProjectPaths) -> str:
    """Return where the notebook of a run goes: an address, or an absolute path.

    A pattern without `.ipynb` is a folder, with a folder for each pipeline. Raises InvalidInput for
    a name that there is not.
    """
    if not pattern.endswith(_SUFFIX):
        pattern = f"{pattern.rstrip('/')}/{{pipeline}}/{{run}}{_SUFFIX}"
    values = {
        "pipeline": run.pipeline,
        "run": run.id,
        "state": run.state,
        "date": run.queued_at.date().isoformat(),
        "trigger": run.trigger or "none",
    }
    try:
        wanted = [name for _, name, _, _ in Formatter().parse(pattern) if name is not None]
    except ValueError as error:
        raise InvalidInput(f"notebooks: {pattern}: {error}.", field="notebooks") from None
    for name in wanted:
        if name not in values:
            known = ", ".join(f"{{{known}}}" for known in NAMES)
            raise InvalidInput(f"notebooks: {{{name}}} is none of {known}.", field="notebooks")
    place = pattern.format(**values)
    return place if "://" in place else str(paths.root / place)


class ExecutedNotebooks:
    """Listens to the runs of this process and writes one notebook after the other."""

    def __init__(self, runtime: Runtime, pattern: Callable[[], str | None]) -> None:
        self._runtime = runtime
        self._pattern = pattern
        self._waiting: asyncio.Queue[RunSummary] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        self._leave = self._runtime.sessions.log.subscribe(self._hear)

    def _hear(self, event: ev.Event) -> None:
        if not isinstance(event, ev.RunChanged) or event.run.state not in FINAL_RUN_STATES:
            return
        if event.run.origin == "editor":
            return  # people look at these in the editor
        self._waiting.put_nowait(event.run)
        if self._task is None:
            self._task = asyncio.create_task(self._go_on(), name="executed notebooks")

    async def written(self) -> None:
        """Wait until the notebooks of all runs that are over have been written, or given up."""
        await self._waiting.join()

    async def close(self) -> None:
        """End; what is not written by then can still be fetched from the history."""
        if self._leave is not None:
            self._leave()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _go_on(self) -> None:
        while True:
            run = await self._waiting.get()
            try:
                await self._write(run)
            except (HeadraceError, OSError) as error:
                logger.warning("The notebook of run %s was not written: %s", run.id, error)
            finally:
                self._waiting.task_done()

    async def _write(self, run: RunSummary) -> None:
        pattern = await asyncio.to_thread(self._pattern)
        if pattern is None:
            return
        place = place_of(pattern, run, self._runtime.paths)
        from headrace.runs.history import History

        history = self._runtime.history
        record = await history.call(History.run, run.id)
        files = await history.call(History.files, record.version)
        await render(await gather(self._runtime, record, files), place)
