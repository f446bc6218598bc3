"""Row numbers in the order of some columns: stable, in parallel, without the rows themselves.

The bits of the sort keys are packed above the row's place into words of 64 bits, and the words are
sorted: numbers alone, no comparisons of cells, and stable since places differ. Rows whose bits are
equal so far form groups; they alone are looked at again, with the next bits of their keys.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.store.selection import row_type
from headrace.store.sort_keys import Level, levels, squeezed
from headrace.store.stopping import Stop, in_parallel
from headrace.store.tables import OpenTable
from headrace.store.texts import plain

_AT_ONCE = 1 << 16
"""Words up to which one thread sorts them as they are."""
_PIECE = 1 << 20
_CHUNK = 1 << 18
"""Words that one thread works on at a time; they fit into its cache."""
_PARTS = 256
_CELL_BITS = 16
_SAMPLE = 1 << 14
_SCATTERED = 8
"""From one row in so many on, all cells are read and the wanted ones taken."""

Key = tuple[int, bool]
"""A column's position, and whether it descends."""


def ordered_rows(table: OpenTable, keys: Sequence[Key], rows: Any, stop: Stop) -> Any:
    """Return row numbers in order; of `rows` (ascending numbers), or of all for None.

    Takes some 40 bytes of memory a row meanwhile. Raises InvalidInput and Stopped.
    """
    ties = _Ties(table, rows, stop)
    for position, descending in keys:
        for level in levels(table, position, descending=descending, stop=stop):
            if not ties.count:
                return ties.result
            ties.add(level)
    ties.settle(for_more=False)
    return ties.result


def ordered_ends(
    table: OpenTable, keys: Sequence[Key], rows: Any, *, count: int, stop: Stop
) -> tuple[Any, Any] | None:
    """Return the first and the last `count` row numbers of an order, without the rest of it.

    None when so many rows are alike near an end that the whole order is as quick. Raises as
    `ordered_rows` does.
    """
    position, descending = keys[0]
    if not _is_diverse(table, position):
        return None
    level = next(iter(levels(table, position, descending=descending, stop=stop)), None)
    parts = [] if level is None else level.parts(rows)
    if len(parts) != 1:
        return None
    values = parts[0][0]
    step = max(1, len(values) // _SAMPLE)
    sample = np.sort(values[::step])
    # Of about one value in `step`, so many are surely beyond those that are wanted.
    rank = 2 * count // step + 32
    if 2 * rank >= len(sample):
        return None
    found: list[Any] = []
    for compare, limit in ((np.less_equal, sample[rank]), (np.greater_equal, sample[-1 - rank])):
        near = _places(compare, values, limit, stop)
        if not count <= len(near) < len(values) // _SCATTERED:
            return None
        chosen = near.astype(row_type(table.rows)) if rows is None else rows[near]
        found.append(ordered_rows(table, keys, chosen, stop))
    return found[0][:count], found[1][-count:]


def _places(compare: Any, values: Any, limit: Any, stop: Stop) -> Any:
    """Return where values are in this relation to a limit, ascending."""

    def find(span: slice) -> Any:
        return np.flatnonzero(compare(values[span], limit)) + span.start

    return np.concatenate(in_parallel(find, _chunks(len(values)), stop))


def _is_diverse(table: OpenTable, position: int) -> bool:
    """Guess from the first rows whether the values of a column differ mostly."""
    sample = plain(table.column(0, position)).slice(0, _SAMPLE)
    try:
        return pc.count_distinct(sample).as_py() * _SCATTERED > len(sample)
    except pa.ArrowException:
        return False


class _Ties:
    """Rows in the order known so far, and which of them are still equal."""

    def __init__(self, table: OpenTable, rows: Any, stop: Stop) -> None:
        self._table = table
        self._stop = stop
        kind = row_type(table.rows)
        count = table.rows if rows is None else len(rows)
        self.result = np.arange(count, dtype=kind) if rows is None else rows.astype(kind)
        self._all = rows is None
        self._places: Any = None
        """Where in the result the tied rows are; None: everywhere."""
        self._groups: Any = None
        """Which of the tied rows are equal so far: ascending numbers; None: all of them."""
        self._group_bits = 0
        self._key: Any = None
        self._used = 0
        self.count = count if count > 1 else 0

    @property
    def _rows(self) -> Any:
        return self.result if self._places is None else self.result[self._places]

    @property
    def _place_bits(self) -> int:
        return max(1, (self.count - 1).bit_length())

    def add(self, level: Level) -> None:
        """Take the bits of a level into account, as far as rows are equal so far."""
        parts = self._read(level)
        while parts and self.count:
            values, left = parts.pop(0)
            while left and self.count:
                room = 64 - self._group_bits - self._place_bits - self._used
                if not room:
                    kept = self.settle(for_more=True)
                    values, left = squeezed(values[kept], self._stop)
                    parts = [squeezed(others[kept], self._stop) for others, _ in parts]
                    continue
                taken = min(left, room)
                left -= taken
                self._pack(values, left, taken)
                if left:
                    values = values & np.uint64(2**left - 1)

    def _read(self, level: Level) -> list[tuple[Any, int]]:
        """Return the values of a level in the order of the tied rows, and their bits."""
        if self._groups is None:
            return level.parts(None if self._all else self.result)
        rows = self._rows
        if self.count * _SCATTERED > self._table.rows:
            every = level.parts(None)
            return [squeezed(values[rows], self._stop) for values, _ in every]
        place_bits = np.uint64(self._place_bits)
        words = rows.astype(np.uint64) << place_bits
        words |= np.arange(self.count, dtype=np.uint64)
        words = sorted_words(words, self._stop)
        places = words & ((np.uint64(1) << place_bits) - np.uint64(1))
        found: list[tuple[Any, int]] = []
        for values, bits in level.parts(words >> place_bits):
            back = np.empty_like(values)
            back[places] = values
            found.append((back, bits))
        return found

    def _pack(self, values: Any, left: int, bits: int) -> None:
        """Put `bits` bits of the values, all but the lowest `left`, below those packed so far."""
        if self._key is None:
            self._key = np.zeros(self.count, np.uint64)

        def pack(span: slice) -> None:
            part = self._key[span]
            part <<= np.uint64(bits)
            part |= values[span] >> np.uint64(left)

        in_parallel(pack, _chunks(self.count), self._stop)
        self._used += bits

    def settle(self, *, for_more: bool) -> Any:
        """Sort by the bits packed so far; return which tied rows are still tied, in their order.

        Without `for_more` nothing is asked of the ties any more.
        """
        if not self._used or not self.count:
            return slice(None)
        words, self._key = self._key, None
        place_bits = np.uint64(self._place_bits)
        group_shift = place_bits + np.uint64(self._used)
        self._used = 0

        def complete(span: slice) -> None:
            part = words[span]
            part <<= place_bits
            part |= np.arange(span.start, span.stop, dtype=np.uint64)
            if self._groups is not None:
                part |= self._groups[span] << group_shift

        in_parallel(complete, _chunks(self.count), self._stop)
        sorted_words(words, self._stop)
        mask = (np.uint64(1) << place_bits) - np.uint64(1)
        rows = self._rows
        ordered = np.empty_like(rows)

        def place(span: slice) -> None:
            ordered[span] = rows[(words[span] & mask).view(np.intp)]

        in_parallel(place, _chunks(self.count), self._stop)
        if self._places is None:
            self.result = ordered
        else:
            self.result[self._places] = ordered
        return self._keep_ties(words, place_bits) if for_more else None

    def _keep_ties(self, words: Any, place_bits: Any) -> Any:
        """Go on with the words whose key another one has too; return where they came from."""
        mask = (np.uint64(1) << place_bits) - np.uint64(1)

        def find(span: slice) -> tuple[Any, Any]:
            keys = words[max(0, span.start - 1) : span.stop + 1] >> place_bits
            same = keys[1:] == keys[:-1]
            before = same if span.start else np.concatenate([[False], same])
            like_before = before[: span.stop - span.start]
            like_next = np.zeros_like(like_before)
            after = same[1:] if span.start else same
            like_next[: len(after)] = after
            kept = np.flatnonzero(like_before | like_next)
            return kept + span.start, ~like_before[kept]

        found = in_parallel(find, _chunks(self.count), self._stop)
        kept = np.concatenate([places for places, _ in found])
        starts = np.concatenate([first for _, first in found])
        came_from = (words[kept] & mask).view(np.intp)
        if len(kept):
            self._groups = np.cumsum(starts, dtype=np.uint64)
            self._groups -= np.uint64(1)
            self._group_bits = int(self._groups[-1]).bit_length()
            if len(kept) < self.count:
                self._places = kept if self._places is None else self._places[kept]
        self.count = len(kept)
        return came_from


def _chunks(count: int) -> list[slice]:
    return [slice(start, min(count, start + _CHUNK)) for start in range(0, count, _CHUNK)]


def sorted_words(words: Any, stop: Stop) -> Any:
    """Sort different words in place and return them.

    Threads deal them out to 256 parts by their first bits, about equally many to each as far as
    these bits tell, and sort the parts.
    """
    if len(words) <= _AT_ONCE:
        words.sort()
        return words
    step = np.uint64(max(0, int(words.max()).bit_length() - _CELL_BITS))
    sample = np.sort(words[:: max(1, len(words) // _SAMPLE)]) >> step
    counts = np.cumsum(np.bincount(sample.view(np.intp), minlength=1 << _CELL_BITS))
    part_of = (counts * (_PARTS - 1) // len(sample)).astype(np.uint8)

    def deal(start: int) -> tuple[Any, Any]:
        piece = words[start : start + _PIECE]
        labels = part_of.take((piece >> step).view(np.intp))
        bounds = np.cumsum(np.bincount(labels, minlength=_PARTS))
        return piece.take(np.argsort(labels, kind="stable")), bounds

    pieces = in_parallel(deal, range(0, len(words), _PIECE), stop)
    ends = np.sum([bounds for _, bounds in pieces], axis=0).tolist()
    starts = [0, *ends[:-1]]

    def merge(part: int) -> None:
        if starts[part] == ends[part]:
            return
        found = words[starts[part] : ends[part]]
        dealt = [piece[bounds[part - 1] if part else 0 : bounds[part]] for piece, bounds in pieces]
        np.concatenate(dealt, out=found)
        found.sort()

    in_parallel(merge, range(_PARTS), stop)
    return words
