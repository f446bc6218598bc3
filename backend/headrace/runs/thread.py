"""The history for asyncio: one thread owns the database, and calls are served in order."""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar

from headrace.core.errors import Fenced, StorageFull, Unavailable

if TYPE_CHECKING:
    from headrace.runs.changes import Change
    from headrace.runs.history import History

P = ParamSpec("P")
T = TypeVar("T")


class _Writing(NamedTuple):
    """Changes of one caller, since when it asked (monotonic seconds), and what it waits for."""

    changes: Sequence[Change]
    asked: float
    done: asyncio.Future[None]


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
        self._writings: deque[_Writing] = deque()

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

    async def write(self, changes: Sequence[Change]) -> None:
        """Write as `History.write` does; those who wait for the thread share one transaction.

        So runs that go on beside each other share its sync. What one of them cannot write fails
        for that one alone.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._writings.append(_Writing(changes, time.monotonic(), done))
        if len(self._writings) <= 1:  # else whoever came first takes all of them along
            self._thread.submit(self._write_all, loop)
        await done

    def _write_all(self, loop: asyncio.AbstractEventLoop) -> None:
        together: list[_Writing] = []
        while self._writings:
            together.append(self._writings.popleft())
        ends = self._written(together)
        if ends:
            loop.call_soon_threadsafe(_tell, ends)

    def _written(self, together: Sequence[_Writing]) -> list[tuple[_Writing, Exception | None]]:
        """Write in one transaction; when that is refused, each by itself."""
        if not together:
            return []
        changes = [change for writing in together for change in writing.changes]
        try:
            self._call(min(w.asked for w in together), lambda history: history.write(changes))
        except Exception as error:  # noqa: BLE001 who waits for it deals with it
            of_all = isinstance(error, Unavailable | StorageFull | Fenced)
            if of_all or len(together) == 1:
                return [(writing, error) for writing in together]
            return [end for writing in together for end in self._written([writing])]
        return [(writing, None) for writing in together]

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


def _tell(ends: Sequence[tuple[_Writing, Exception | None]]) -> None:
    for writing, error in ends:
        if writing.done.done():
            continue  # nobody waits any more
        if error is None:
            writing.done.set_result(None)
        else:
            writing.done.set_exception(error)
