"""Statistics of a stored table by column (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

import pyarrow as pa

from headrace.store.tables import OpenTable

_EXACT_ROWS = 1_000_000
_BINS = 20
_TOP = 10
_COLUMNS = 1_000
_WHOLE = 2**52
"""From here on floats cannot tell neighbouring whole numbers apart."""


def profile(table: OpenTable) -> dict[str, Any]:
    """Return nulls, distinct values, range, mean, histogram or top values of each column.

    Above 1,000,000 rows the distinct and top values are of the first million; `exact` is False.
    """
    exact = table.rows <= _EXACT_ROWS
    positions = table.shown[:_COLUMNS]
    return {
        "rows": table.rows,
        "columns": [_column(table, at, exact=exact) for at in positions],
    }


def _column(table: OpenTable, position: int, *, exact: bool) -> dict[str, Any]:
    import pyarrow.compute as pc

    field = table.schema.field(position)
    values = _countable(table.slice(0, table.rows, [position]).column(0))
    found: dict[str, Any] = {
        "name": field.name,
        "type": str(field.type),
        "nulls": values.null_count,
        "exact": exact,
    }
    if _is_number(field.type):
        numbers = values.cast(pa.float64(), safe=False)
        numbers = numbers.filter(pc.is_finite(numbers))
        limits = pc.min_max(values).as_py()
        found |= {key: _text(limits[key]) for key in ("min", "max")}
        found["mean"] = pc.mean(numbers).as_py()
        found["histogram"] = _histogram(numbers)
    elif pa.types.is_temporal(field.type):
        try:
            limits = pc.min_max(values)
            found |= {key: _text(limits[key].as_py()) for key in ("min", "max")}
        except (pa.ArrowException, ValueError, OverflowError):
            found |= {"min": None, "max": None}
    sample = values if exact else values.slice(0, _EXACT_ROWS)
    try:
        if "histogram" in found or pa.types.is_temporal(field.type):
            found["distinct"] = pc.count_distinct(sample).as_py()
        else:
            found |= _tops(sample)
    except pa.ArrowException:
        found["distinct"] = None
    return found


def _countable(values: Any) -> Any:
    """Return a column of a type that Arrow has statistics for."""
    kind = values.type
    if pa.types.is_float16(kind):
        return values.cast(pa.float32())
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return values.cast(pa.decimal128(kind.precision, kind.scale))
    return values


def _is_number(kind: Any) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _tops(values: Any) -> dict[str, Any]:
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    counted = pc.value_counts(values.drop_null())
    counts = counted.field("counts")
    best = pc.select_k_unstable(
        pa.table({"n": counts}), k=min(_TOP, len(counts)), sort_keys=[("n", "descending")]
    )
    tops = counted.take(best).to_pylist()
    return {
        "distinct": len(counts),
        "top": [{"value": _text(top["values"]), "count": top["counts"]} for top in tops],
    }


def _histogram(numbers: Any) -> dict[str, Any] | None:
    """Count values in bins; bins of whole numbers hold `step` numbers each: no gaps arise."""
    import numpy as np

    if not len(numbers):
        return None
    values = numbers.to_numpy()
    low, high = float(values.min()), float(values.max())
    if max(-low, high) < _WHOLE and bool((values == np.floor(values)).all()):
        step = -(-int(high - low + 1) // _BINS)
        bins = -(-int(high - low + 1) // step)
        counts, _ = np.histogram(values, bins=bins, range=(low, low + bins * step))
        return {"counts": counts.tolist(), "low": low, "high": high, "step": step}
    try:
        counts, edges = np.histogram(values, bins=_BINS)
    except ValueError:  # values so large and so close that no number lies between them
        return {"counts": [len(values)], "low": low, "high": high}
    return {"counts": counts.tolist(), "low": float(edges[0]), "high": float(edges[-1])}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    iso: Any = getattr(value, "isoformat", None)
    return str(iso() if callable(iso) else value)[:200]
