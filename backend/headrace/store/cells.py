"""The cells of one column of a view, batch by batch (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.store.stopping import Stop
from headrace.store.tables import OpenTable
from headrace.store.texts import plain, plain_type


class Cells:
    """The cells of a column: of all rows, or of those of ascending numbers."""

    def __init__(self, table: OpenTable, position: int, rows: Any, stop: Stop) -> None:
        self.table = table
        self.position = position
        self.field = table.schema.field(position)
        self.kind = _countable(plain_type(self.field.type))
        self.count = table.rows if rows is None else len(rows)
        self._rows = rows
        self._stop = stop

    def __iter__(self) -> Iterator[Any]:
        """Give the cells of each batch as an array that is not empty, of a type with statistics."""
        if self._rows is None:
            parts = ((number, None) for number in range(self.table.batch_count))
        else:
            spans = self.table.spans(self._rows)
            parts = ((number, self._rows[first:last]) for number, first, last in spans)
        for number, rows in parts:
            self._stop.check()
            array = plain(self.table.column(number, self.position))
            if rows is not None and len(rows) < len(array):
                array = array.take(pa.array(rows.astype(np.int64) - self.table.starts[number]))
            if len(array):
                yield array if array.type == self.kind else array.cast(self.kind)

    def numbers(self) -> Iterator[Any]:
        """Give the values of each batch that are not null, as numpy numbers."""
        for array in self:
            yield numbers_of(array)


def numbers_of(array: Any) -> Any:
    """Return the values that are not null as numpy numbers; decimals as floats."""
    kind = array.type
    if array.null_count:
        array = array.drop_null()
    if pa.types.is_decimal(kind):
        array = pc.cast(array, pa.float64(), safe=False)
    elif pa.types.is_temporal(kind):
        array = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    return array.to_numpy(zero_copy_only=False)


def is_number(kind: Any) -> bool:
    """Tell whether a type has a mean and a distribution."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _countable(kind: Any) -> Any:
    """Return a type that Arrow has statistics for and that holds the values of this one."""
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return pa.decimal128(kind.precision, kind.scale)
    return kind
