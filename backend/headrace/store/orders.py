"""Row numbers of views, kept: which rows, and in which order (data process only)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from headrace.core.errors import HeadraceError
from headrace.protocol.views import SortKey, View
from headrace.store.kept import Kept
from headrace.store.selection import Selection, selection_of
from headrace.store.sorting import Key, ordered_ends, ordered_rows
from headrace.store.stopping import Stop
from headrace.store.tables import OpenTable, Tables

KEPT_BYTES = 256 << 20
LARGE = 1_000_000
"""Rows from which on the ends of an order come first."""
END_ROWS = 4_096
_MOMENT_S = 0.3
_DIRECT = 16
"""A selection of fewer than one row in so many is sorted by itself, not taken from all rows."""


class ViewRows:
    """The rows of a view, in its order: numbers of rows, or all as they are stored."""

    def __init__(self, table: OpenTable, numbers: Any) -> None:
        self.table = table
        self._numbers = numbers

    @property
    def count(self) -> int:
        """How many there are."""
        return self.table.rows if self._numbers is None else len(self._numbers)

    def numbers(self, offset: int, limit: int) -> Any:
        """Return the numbers of some of them."""
        if self._numbers is None:
            return np.arange(offset, max(offset, min(offset + limit, self.count)))
        return self._numbers[offset : offset + limit]

    def window(self, offset: int, limit: int, positions: Sequence[int]) -> Any:
        """Return some of them as an Arrow table."""
        if self._numbers is None:
            return self.table.slice(offset, limit, positions)
        return self.table.take(self._numbers[offset : offset + limit], positions)


class _EndRows(ViewRows):
    """The rows of a view of which only the first and the last are known."""

    def __init__(self, table: OpenTable, count: int, ends: tuple[Any, Any]) -> None:
        super().__init__(table, None)
        self._count = count
        self._ends = ends

    @property
    def count(self) -> int:
        return self._count

    def numbers(self, offset: int, limit: int) -> Any:
        first, last = self._ends
        if offset + limit <= len(first):
            return first[offset : offset + limit]
        place = max(0, offset - (self._count - len(last)))
        return last[place : place + limit]

    def window(self, offset: int, limit: int, positions: Sequence[int]) -> Any:
        return self.table.take(self.numbers(offset, limit), positions)


class Views:
    """Views of the tables looked at last."""

    def __init__(self, tables: Tables, kept_bytes: int = KEPT_BYTES) -> None:
        self._tables = tables
        self._kept = Kept(kept_bytes)
        self._beside: tuple[Any, Stop] | None = None
        """The order that is computed while nobody waits for it yet."""

    def table(self, path: Path) -> OpenTable:
        """Return the table of a file; raise InvalidInput when it holds none."""
        return self._tables.open(path)

    def rows(
        self, path: Path, view: View, stop: Stop, *, near: tuple[int, int] | None = None
    ) -> ViewRows:
        """Return the rows of a view; raise InvalidInput before anything is read, or Stopped.

        `near` says that only rows of this offset and limit are looked at: those near an end of a
        large table come before the order of the rest is known.
        """
        table = self.table(path)
        keys = sort_positions(table, view.sort)
        selection = selection_of(table, view)
        if not keys:
            return ViewRows(table, self._selected(path, view, selection, stop))
        name = (path, tuple(keys), selection_words(view))

        def make(shared: Stop) -> Any:
            return self._ordered(path, table, view, selection, shared)

        self._give_up_others(name)
        if near is not None and table.rows > LARGE and self._kept.peek(name) is None:
            rows = self._selected(path, view, selection, stop)
            count = table.rows if rows is None else len(rows)
            if near[0] + near[1] <= END_ROWS or near[0] >= count - END_ROWS:
                ends = self._kept.get(
                    (*name, "ends"),
                    lambda shared: ordered_ends(table, keys, rows, count=END_ROWS, stop=shared),
                    stop,
                )
                if ends is not None:
                    self._go_on(name, make)
                    return _EndRows(table, count, ends)
        return ViewRows(table, self._kept.get(name, make, stop))

    def _go_on(self, name: Any, make: Callable[[Stop], Any]) -> None:
        """Compute an order beside, after a moment: the windows that come at once go first."""
        if self._beside is not None and self._beside[0] == name:
            return
        stop = Stop()

        def compute() -> None:
            with suppress(HeadraceError):  # who asks for it is told
                stop.check()
                self._kept.get(name, make, stop)

        self._beside = (name, stop)
        timer = threading.Timer(_MOMENT_S, compute)
        timer.daemon = True
        timer.start()

    def _give_up_others(self, name: Any) -> None:
        """Stop what is computed beside, unless it is the order of this name."""
        if self._beside is not None and self._beside[0] != name:
            self._beside[1].wish()
            self._beside = None

    def selected(self, path: Path, view: View, stop: Stop) -> Any:
        """Return the ascending numbers of the rows that a view keeps; None for all."""
        return self._selected(path, view, selection_of(self.table(path), view), stop)

    def _ordered(
        self, path: Path, table: OpenTable, view: View, selection: Selection | None, stop: Stop
    ) -> Any:
        keys = sort_positions(table, view.sort)
        rows = self._selected(path, view, selection, stop)
        if rows is not None and len(rows) * _DIRECT > table.rows:
            every = self._kept.peek((path, tuple(keys), selection_words(View())))
            if every is not None:
                wanted = np.zeros(table.rows, dtype=bool)
                wanted[rows] = True
                return every[wanted[every]]
        try:
            return ordered_rows(table, keys, rows, stop)
        finally:
            table.give_back()

    def _selected(self, path: Path, view: View, selection: Selection | None, stop: Stop) -> Any:
        if selection is None:
            return None
        return self._kept.get((path, (), selection_words(view)), selection.rows, stop)


def sort_positions(table: OpenTable, sort: Sequence[SortKey]) -> list[Key]:
    """Return the positions to sort by, each once; raise InvalidInput."""
    found: dict[int, bool] = {}
    for at, key in enumerate(sort):
        found.setdefault(table.position(key.column, f"sort[{at}].column"), key.descending)
    return list(found.items())


def selection_words(view: View) -> bytes:
    """Return what decides which rows a view keeps."""
    return msgspec.json.encode((view.filter, view.search))
