"""The history for asyncio: one thread owns the database, and calls are served in order."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from headrace.core.errors import StorageFull

if TYPE_CHECKING:
    from headrace.runs.history import History

P = ParamSpec("P")
T = TypeVar("T")


class HistoryThread:
    """Opens the history in a thread of its own, on the first call or on `start`.

    SQLAlchemy is imported there as well, so that a server answers before that is done.
    """

    def __init__(self, place: str | Path, make_way: Callable[[], bool] = lambda: False) -> None:
        self._place = place
        self._make_way = make_way
        """Called when the disk is full; True when there is more room now."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._history: History | None = None

    def start(self) -> None:
        """Begin to open the history; a problem with it is raised by the first call."""
        self._thread.submit(self._open)

    def _open(self) -> History:
        if self._history is None:
            from headrace.runs.history import History

            self._history = History.open(self._place)
        return self._history

    async def call(
        self, method: Callable[Concatenate[History, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a method of History, e.g. `await thread.call(History.run, run_id)`.

        While another program has the database locked, the time in the queue counts: many calls
        then fail as soon as one alone.
        """
        asked = time.monotonic()
        act = functools.partial(self._call, asked, method, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)

    def _call(
        self,
        asked: float,
        method: Callable[Concatenate[History, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        while True:
            try:
                history = self._open()
                history.wait_for_locks_since(asked)
                return method(history, *args, **kwargs)
            except StorageFull:
                if not self._make_way():
                    raise

    async def close(self) -> None:
        """Finish the calls under way and let go of the database."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=True)

    def _close(self) -> None:
        if self._history is not None:
            self._history.close()
            self._history = None
