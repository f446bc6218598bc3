"""Which rows of a table a view keeps: those that fulfil its conditions and hold its text."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.protocol.views import Condition, View
from headrace.store.conditions import Compiled, compile_condition
from headrace.store.needles import finder
from headrace.store.stopping import Stop, in_parallel
from headrace.store.tables import OpenTable
from headrace.store.texts import alphabet, as_text, plain, plain_type

_ROWS = 1 << 16
_SLOW_ROWS = 1 << 10
"""Rows looked at in one go when cells become text one by one."""


class Selection:
    """The conditions and the text of a view, checked against a table."""

    def __init__(self, table: OpenTable, conditions: Sequence[Condition], search: str | None):
        self._table = table
        self._conditions = [
            compile_condition(table, condition, f"filter[{at}]")
            for at, condition in enumerate(conditions)
        ]
        self._search = None if search is None else finder(search)
        self._searched = [] if search is None else _columns_that_may_hold(table, search)
        asked = [*self._searched, *(condition.position for condition in self._conditions)]
        slow = any(pa.types.is_nested(plain_type(table.schema.field(at).type)) for at in asked)
        self._piece_rows = _SLOW_ROWS if slow else _ROWS

    def rows(self, stop: Stop) -> Any:
        """Return the numbers of the rows that are kept, ascending."""
        parts = in_parallel(self._rows_of, self._pieces(), stop)
        kind = row_type(self._table.rows)
        return np.concatenate(parts).astype(kind, copy=False) if parts else np.empty(0, kind)

    def _pieces(self) -> list[tuple[int, int]]:
        """Return what is looked at in one go: batch and first row; between them it can stop."""
        return [
            (number, first)
            for number in range(self._table.batch_count)
            for first in range(0, self._table.batch(number).num_rows, self._piece_rows)
        ]

    def _rows_of(self, piece: tuple[int, int]) -> Any:
        number, first = piece
        batch = self._table.batch(number)
        if self._piece_rows < batch.num_rows:
            batch = batch.slice(first, self._piece_rows)
        kept: Any = None
        for condition in self._conditions:
            holds = _holds(condition, batch)
            kept = holds if kept is None else kept & holds
        if self._search is not None:
            kept = self._found(batch, kept)
        kind = row_type(self._table.rows)
        return np.flatnonzero(kept).astype(kind) + kind(self._table.starts[number] + first)

    def _found(self, batch: Any, kept: Any) -> Any:
        """Tell of each row of a batch whether a column holds the text."""
        found = np.zeros(batch.num_rows, dtype=bool)
        left = np.ones(batch.num_rows, dtype=bool) if kept is None else kept.copy()
        for position in self._searched:
            rows = np.flatnonzero(left)
            if not len(rows):
                break
            column = batch.column(position)
            if len(rows) < batch.num_rows // 2:
                hits = rows[_text_hits(self._search, column.take(pa.array(rows)))]
            else:
                hits = np.flatnonzero(_text_hits(self._search, column) & left)
            found[hits] = True
            left[hits] = False
        return found


def selection_of(table: OpenTable, view: View) -> Selection | None:
    """Return the selection of a view; None when it keeps all rows; raise InvalidInput."""
    if not view.filter and view.search is None:
        return None
    return Selection(table, view.filter, view.search)


def row_type(rows: int) -> Any:
    """Return the smallest type of row numbers of a table."""
    return np.uint32 if rows < 2**32 else np.uint64


def _holds(condition: Compiled, batch: Any) -> Any:
    return _booleans(condition.holds(batch.column(condition.position)))


def _booleans(found: Any) -> Any:
    return pc.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False)


def _text_hits(match: Any, column: Any) -> Any:
    array = plain(column)
    if pa.types.is_dictionary(array.type):
        hits = pa.array(match(as_text(plain(array.dictionary))))
        return _booleans(hits.take(array.indices))
    return match(as_text(array))


def _columns_that_may_hold(table: OpenTable, search: str) -> list[int]:
    """Leave out numbers when letters are searched for; look at text, the likely place, first."""
    letters = set(search.lower())
    found: list[tuple[bool, int]] = []
    for position in table.shown:
        kind = plain_type(table.schema.field(position).type)
        kind = plain_type(kind.value_type) if pa.types.is_dictionary(kind) else kind
        known = alphabet(kind)
        if known is None or letters <= known:
            found.append((known is not None, position))
    return [position for _, position in sorted(found)]
