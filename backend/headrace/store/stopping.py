"""Work that can be stopped from another thread, and work shared by several that wait for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from headrace.core.errors import HeadraceError

T = TypeVar("T")
R = TypeVar("R")


class Stopped(HeadraceError):
    """Nobody waits for this any more."""

    code = "stopped"


class Stop:
    """A wish to stop, made once, from any thread; work under way asks for it by `check`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wished = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def is_wished(self) -> bool:
        """True after `wish`."""
        return self._wished

    def wish(self) -> None:
        """Ask for the end; tell all who listen, once."""
        with self._lock:
            listeners, self._listeners = self._listeners, []
            self._wished = True
        for listener in listeners:
            listener()

    def check(self) -> None:
        """Raise Stopped when the end is wished."""
        if self._wished:
            raise Stopped("Nobody waits for this any more.")

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at `wish`, at once when that was already."""
        with self._lock:
            if not self._wished:
                self._listeners.append(listener)
                return
        listener()

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers(), thread_name_prefix="rows")


def workers() -> int:
    """How many threads work at one time: what the libraries do in them needs no lock of Python."""
    return min(8, os.cpu_count() or 1)


def in_parallel(function: Callable[[T], R], items: Iterable[T], stop: Stop) -> list[R]:
    """Return the results for all items in their order; raise the first error, or Stopped.

    Not to be called from inside of `function`.
    """

    def one(item: T) -> R:
        stop.check()
        return function(item)

    listed = list(items)
    if len(listed) <= 1:
        return [one(item) for item in listed]
    futures = [_threads().submit(one, item) for item in listed]
    try:
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()
