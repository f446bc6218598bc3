"""Stored tables, opened without reading them: files in memory maps (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import mmap
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnAt, ColumnReference
from headrace.store.names import is_row_number

MAX_COLUMNS = 1_000
"""Columns of an answer when none are named."""
_HELD_COLUMNS = 200_000


class OpenTable:
    """One mapped file: finds its rows by batch, without reading the others. Safe for threads."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._reader = ipc.open_file(pa.py_buffer(self._map))
        self.schema = self._reader.schema.remove_metadata()
        self._batches: list[Any] = [None] * self._reader.num_record_batches
        self._holds = len(self._batches) * len(self.schema) <= _HELD_COLUMNS
        self._lock = threading.Lock()
        self.starts = [0]
        """The number of the first row of each batch, and that of all rows."""
        for number in range(len(self._batches)):
            self.starts.append(self.starts[-1] + self.batch(number).num_rows)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.starts[-1]

    @property
    def shown(self) -> list[int]:
        """Positions of all columns but the numbers of rows that pandas keeps."""
        return [at for at, field in enumerate(self.schema) if not is_row_number(field)]

    @property
    def batch_count(self) -> int:
        """Number of batches."""
        return len(self._batches)

    def batch(self, number: int) -> Any:
        """Return a batch; its columns lie in the mapped file."""
        batch = self._batches[number]
        if batch is None:
            with self._lock:  # the reader's place in the file is one
                batch = self._reader.get_batch(number).replace_schema_metadata(None)
            if self._holds:
                self._batches[number] = batch
        return batch

    def give_back(self) -> None:
        """Let go of the pages that were read; the machine keeps them, this process need not."""
        with suppress(OSError, ValueError):
            self._map.madvise(mmap.MADV_DONTNEED)

    def positions(self, wanted: Sequence[ColumnReference] | None, field: str) -> list[int]:
        """Return the positions of columns, of the first 1,000 for None; raise InvalidInput."""
        if wanted is None:
            return self.shown[:MAX_COLUMNS]
        return [self.position(column, f"{field}[{at}]") for at, column in enumerate(wanted)]

    def position(self, column: ColumnReference, field: str) -> int:
        """Return the position of a column, the first one of its name; raise InvalidInput."""
        if isinstance(column, ColumnAt):
            if column.at >= len(self.schema):
                raise InvalidInput(
                    f"There is no column at {column.at}: the table has {len(self.schema)}.",
                    field=field,
                )
            return column.at
        found = self.schema.get_all_field_indices(column)
        if not found:
            raise InvalidInput(f"There is no column {column[:80]!r}.", field=field)
        return min(found)

    def column(self, batch: int, position: int) -> Any:
        """Return a column of one batch."""
        return self.batch(batch).column(position)

    def slice(self, offset: int, limit: int, positions: Sequence[int]) -> Any:
        """Return rows `offset` to `offset + limit` of some columns as an Arrow table."""
        schema = self._schema_of(positions)
        parts: list[Any] = []
        end = min(offset + limit, self.rows)
        while offset < end:
            number = bisect_right(self.starts, offset) - 1
            count = min(end, self.starts[number + 1]) - offset
            batch = self.batch(number).slice(offset - self.starts[number], count)
            parts.append(_of(batch, positions, schema))
            offset += count
        return pa.Table.from_batches(parts, schema=schema)

    def take(self, rows: Any, positions: Sequence[int]) -> Any:
        """Return the rows of these numbers, in their order."""
        numbers = np.asarray(rows, dtype=np.int64)
        schema = self._schema_of(positions)
        by_row = np.argsort(numbers, kind="stable")
        ordered = numbers[by_row]
        parts: list[Any] = []
        for number, first, last in self.spans(ordered):
            local = pa.array(ordered[first:last] - self.starts[number])
            parts.append(_of(self.batch(number), positions, schema).take(local))
        table = pa.Table.from_batches(parts, schema=schema).combine_chunks()
        if not len(numbers) or bool((by_row[1:] > by_row[:-1]).all()):
            return table
        back = np.empty_like(by_row)
        back[by_row] = np.arange(len(by_row))
        return table.take(pa.array(back))

    def spans(self, ordered: Any) -> list[tuple[int, int, int]]:
        """Tell which part of ascending row numbers is in which batch: (batch, from, to)."""
        bounds = np.searchsorted(ordered, self.starts)
        return [
            (number, int(bounds[number]), int(bounds[number + 1]))
            for number in range(self.batch_count)
            if bounds[number] < bounds[number + 1]
        ]

    def _schema_of(self, positions: Sequence[int]) -> Any:
        return pa.schema([self.schema.field(at) for at in positions])


def _of(batch: Any, positions: Sequence[int], schema: Any) -> Any:
    if not positions:  # rows without columns
        return batch.select([])
    return pa.RecordBatch.from_arrays([batch.column(at) for at in positions], schema=schema)


class Tables:
    """The tables looked at last."""

    def __init__(self, capacity: int = 32) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, OpenTable] = OrderedDict()

    def open(self, path: Path) -> OpenTable:
        """Return the mapped table of a file; raise InvalidInput when it holds none."""
        if path.suffix != ".arrow":
            raise InvalidInput("This output is not a table.", field="address")
        with self._lock:
            if path not in self._open:
                self._open[path] = OpenTable(path)
                if len(self._open) > self._capacity:
                    self._open.popitem(last=False)
            self._open.move_to_end(path)
            return self._open[path]
