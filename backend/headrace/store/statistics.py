"""Sums, means and limits of selected cells (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.errors import InvalidInput
from headrace.protocol.profiles import ColumnStatistics, Statistics
from headrace.protocol.views import View
from headrace.store.cells import Cells, numbers_of
from headrace.store.orders import Views
from headrace.store.profile import Extremes
from headrace.store.stopping import Stop, in_parallel
from headrace.store.texts import is_text

_HALF = np.uint64(32)
_LOW = np.uint64(2**32 - 1)


def statistics_of(
    views: Views, path: Path, view: View, *, offset: int, limit: int | None, stop: Stop
) -> Statistics:
    """Return the statistics of some rows of a view, by column; raise InvalidInput or Stopped."""
    if offset < 0 or (limit is not None and limit < 0):
        raise InvalidInput("offset and limit are at least 0.", field="offset")
    table = views.table(path)
    positions = table.positions(view.columns, "columns")
    found = views.rows(path, view, stop)
    numbers = np.sort(found.numbers(offset, found.count if limit is None else limit))
    rows = None if len(numbers) == table.rows else numbers
    columns = in_parallel(lambda at: _statistics(Cells(table, at, rows, stop)), positions, stop)
    return Statistics(rows=len(numbers), columns=columns)


def _statistics(cells: Cells) -> ColumnStatistics:
    kind = cells.kind
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        add: Any = _add_integers
    elif pa.types.is_decimal(kind):
        add = _add_decimals
    elif pa.types.is_floating(kind):
        add = _add_floats
    else:
        add = None
    has_order = (
        add is not None or is_text(kind) or (pa.types.is_temporal(kind) and kind.bit_width <= 64)
    )
    extremes, total, counted = Extremes(), None, 0
    nulls = 0
    for array in cells:
        nulls += array.null_count
        if has_order and not pa.types.is_boolean(kind):
            extremes.add(array)
        if add is not None and array.null_count < len(array):
            count, found = add(array)
            counted += count
            with localcontext(prec=200):
                total = found if total is None else total + found
    return ColumnStatistics(
        name=cells.field.name,
        at=cells.position,
        type=str(cells.field.type),
        count=cells.count - nulls,
        nulls=nulls,
        sum=None if total is None or not counted else _plain(total),
        mean=None if total is None or not counted else _mean(total, counted),
        min=extremes.least,
        max=extremes.greatest,
    )


def _add_integers(array: Any) -> tuple[int, int]:
    values = numbers_of(array)
    if values.dtype.itemsize < 8:
        return len(values), int(values.sum(dtype=np.int64))
    # In halves, since the sum of all can be beyond 64 bits.
    bits = values.view(np.uint64)
    halves = (int((bits >> _HALF).sum()), int((bits & _LOW).sum()))
    negative = int((values < 0).sum()) << 64
    return len(values), (halves[0] << 32) + halves[1] - negative


def _add_decimals(array: Any) -> tuple[int, Decimal]:
    wide = array.cast(pa.decimal256(76, array.type.scale))
    return len(array) - array.null_count, pc.sum(wide).as_py()


def _add_floats(array: Any) -> tuple[int, float]:
    values = numbers_of(array)
    values = values[~np.isnan(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        return len(values), float(values.sum(dtype=np.float64))


def _plain(total: float | Decimal) -> str:
    return format(total, "f") if isinstance(total, Decimal) else str(total)


def _mean(total: float | Decimal, count: int) -> float | None:
    try:
        mean = float(total / count)
    except OverflowError:
        return None
    return mean if math.isfinite(mean) else None
