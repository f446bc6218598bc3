"""Which cells of two columns differ, whatever Arrow type they have (data process only).

Null equals null and NaN equals NaN. Numbers are compared as numbers, text as text, moments as
moments, in a type that holds the values of both sides exactly.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

_UNITS = ("s", "ms", "us", "ns")


def common_type(now: Any, before: Any) -> Any:
    """Return the type in which cells of two types are compared; None when none would be equal."""
    now, before = _plain(now), _plain(before)
    if now.equals(before) or pa.types.is_null(before):
        return now
    if pa.types.is_null(now):
        return before
    for is_of, common in _FAMILIES:
        if is_of(now) and is_of(before):
            return common(now, before)
    return None


def _plain(kind: Any) -> Any:
    """Return what a dictionary or an extension type holds."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    return kind


def _is_text(kind: Any) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind, "string")


def _is_bytes(kind: Any) -> bool:
    fixed = pa.types.is_fixed_size_binary(kind)
    return fixed or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_view(kind: Any, stem: str) -> bool:
    return str(kind) == f"{stem}_view"


def _is_number(kind: Any) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _common_number(now: Any, before: Any) -> Any:
    pair = (now, before)
    if any(pa.types.is_floating(kind) for kind in pair):
        return pa.float64()
    if any(pa.types.is_decimal(kind) for kind in pair):
        return pa.decimal256(76, max(getattr(kind, "scale", 0) for kind in pair))
    if any(pa.types.is_uint64(kind) for kind in pair):
        return pa.decimal128(20, 0)
    return pa.int64()


def _common_moment(now: Any, before: Any) -> Any:
    if (now.tz is None) != (before.tz is None):
        return None
    return pa.timestamp(_finer(now, before), now.tz)


def _common_span(now: Any, before: Any) -> Any:
    return pa.duration(_finer(now, before))


def _finer(now: Any, before: Any) -> str:
    return max(now.unit, before.unit, key=_UNITS.index)


def _always(kind: Any) -> Callable[[Any, Any], Any]:
    def common(now: Any, before: Any) -> Any:
        del now, before
        return kind

    return common


_FAMILIES: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any], Any]], ...] = (
    (_is_text, _always(pa.large_string())),
    (_is_bytes, _always(pa.large_binary())),
    (_is_number, _common_number),
    (pa.types.is_date, _always(pa.date64())),
    (pa.types.is_timestamp, _common_moment),
    (pa.types.is_duration, _common_span),
    (pa.types.is_time, _always(pa.time64("ns"))),
)


def as_type(column: Any, kind: Any) -> Any:
    """Return a column (chunked or not) in the common type; raises ArrowException when it cannot."""
    if isinstance(column.type, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in column.chunks]
        column = pa.chunked_array(chunks, column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column if column.type.equals(kind) else column.cast(kind, safe=not _is_lossy(kind))


def _is_lossy(kind: Any) -> bool:
    return pa.types.is_floating(kind)


def whole(column: Any) -> Any:
    """Return a chunked column as one array: rows are then taken from it at once."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if _is_text(column.type) and column.nbytes >= 2**31:
        column = column.cast(pa.large_string())
    return column.combine_chunks()


def differing(now: Any, before: Any) -> Any:
    """Return, as booleans of numpy, which cells of two arrays of one type and length differ."""
    import pyarrow.compute as pc

    now, before = _array(now), _array(before)
    kind = now.type
    one_null = _bools(pc.xor(now.is_null(), before.is_null()))
    if pa.types.is_null(kind):
        return one_null
    if _is_listed(kind):
        return one_null | _lists_differ(now, before)
    if pa.types.is_struct(kind):
        both = _bools(pc.and_(now.is_valid(), before.is_valid()))
        parts = [
            differing(pc.struct_field(now, [at]), pc.struct_field(before, [at]))
            for at in range(kind.num_fields)
        ]
        return one_null | (both & np.logical_or.reduce([np.zeros(len(now), bool), *parts]))
    try:
        unequal = _bools(pc.fill_null(pc.not_equal(now, before), fill_value=False))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        pairs = zip(now.to_pylist(), before.to_pylist(), strict=True)
        return np.fromiter((repr(a) != repr(b) for a, b in pairs), bool, len(now))
    if pa.types.is_floating(kind):
        nans = pc.and_(pc.is_nan(now), pc.is_nan(before))
        unequal &= ~_bools(pc.fill_null(nans, fill_value=False))
    return one_null | unequal


def _array(values: Any) -> Any:
    return whole(values) if isinstance(values, pa.ChunkedArray) else values


def _bools(values: Any) -> Any:
    return values.to_numpy(zero_copy_only=False).astype(bool)


def _is_listed(kind: Any) -> bool:
    kinds = pa.types
    return kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind)


def _lists_differ(now: Any, before: Any) -> Any:
    """Compare lists: their lengths, then, where these are equal, item by item."""
    import pyarrow.compute as pc

    longer = pc.not_equal(pc.list_value_length(now), pc.list_value_length(before))
    differ = _bools(pc.fill_null(longer, fill_value=False))
    both = _bools(pc.and_(now.is_valid(), before.is_valid()))
    rows = np.flatnonzero(both & ~differ)
    taken = pa.array(rows)
    now, before = now.take(taken), before.take(taken)
    items = differing(pc.list_flatten(now), pc.list_flatten(before))
    parents = pc.list_parent_indices(now).to_numpy()
    differ[rows[parents[items]]] = True
    return differ
