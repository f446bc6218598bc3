"""`papermill --engine headrace`: the DAG of an exported pipeline on our workers, in parallel.

papermill loads this module at each start, so all that is heavy is imported when a notebook runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import TYPE_CHECKING, Any, ClassVar

from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager
from papermill.exceptions import PapermillException

if TYPE_CHECKING:
    from headrace.cli.papermill_run import Exported

logger = logging.getLogger("papermill")

_LEAST_BETWEEN_SAVES_S = 1.0


class Manager(NotebookExecutionManager):
    """Keeps papermill's books of a run whose cells run side by side.

    A save is of the whole notebook: while cells run, it is done at most once in a second.
    """

    saves_at_once = True
    ours = False
    """Cells that stay pending were not run, and are not called completed at the end."""

    def save(self, **kwargs: Any) -> None:
        """Save, unless that was just done."""
        elapsed = (self.now() - self.last_save_time).total_seconds()
        if self.saves_at_once or elapsed >= _LEAST_BETWEEN_SAVES_S:
            super().save(**kwargs)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Finish the metadata of the whole and save."""
        self.saves_at_once = True
        pending = [cell for cell in self.nb.cells if self.ours and _status(cell) == self.PENDING]
        for cell in pending:
            cell.metadata.papermill["status"] = "skipped"
        before, self.output_path = self.output_path, None
        super().notebook_complete(**kwargs)
        self.output_path = before
        for cell in pending:
            cell.metadata.papermill["status"] = self.PENDING
        self.save()


def _status(cell: Any) -> str:
    return str(cell.metadata.papermill["status"])


class HeadraceEngine(Engine):
    """Runs what `headrace export` wrote; any other notebook as papermill itself would."""

    manager: ClassVar[type[Manager]] = Manager

    @classmethod
    def execute_notebook(  # noqa: PLR0917 - papermill's own
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: Any = True,  # noqa: FBT002
        log_output: bool = False,  # noqa: FBT001, FBT002
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> Any:
        """Execute a notebook and return it, as `papermill.engines.Engine` says."""
        manager = cls.manager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        finally:
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> None:
        """Run the notebook's pipeline, and fill its cells.

        Raises PapermillException for a pipeline that cannot run. A block that fails is an error in
        its cell, of which papermill makes a PapermillExecutionError.
        """
        from headrace.cli.papermill_run import Plain, exported

        found = exported(nb_man.nb)
        if isinstance(found, Plain):
            logger.warning("%s It is run cell by cell in the kernel %r.", found.why, kernel_name)
            NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **kwargs)
            return
        nb_man.ours, nb_man.saves_at_once = True, False
        _in_a_loop(lambda: _run(found, nb_man, kwargs))


async def _run(found: Exported, manager: Any, options: dict[str, Any]) -> None:
    from headrace.cli.papermill_run import run_exported
    from headrace.core.errors import HeadraceError

    try:
        problem = await run_exported(found, manager, options)
    except HeadraceError as error:
        raise PapermillException(error.message) from error
    if problem is not None:
        raise PapermillException(problem)


def _in_a_loop(task: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end; beside a loop that runs, as in a notebook, in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(task())
        return
    with ThreadPoolExecutor(1, thread_name_prefix="headrace engine") as aside:
        loops: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Queue()

        async def told() -> None:
            loops.put((asyncio.get_running_loop(), asyncio.current_task()))
            await task()

        running = aside.submit(asyncio.run, told())
        loop, inner = loops.get()
        try:
            running.result()
        except KeyboardInterrupt:
            if inner is not None:
                loop.call_soon_threadsafe(inner.cancel)
            raise
