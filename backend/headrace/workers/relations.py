"""Stored tables as DuckDB reads them: types that it has no way for become near ones, or text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.store.names import is_row_number
from headrace.store.values import text_of, values_of

_DIGITS = 38
"""Of DuckDB's widest decimal."""


def relation_of(path: str) -> Any:
    """Return the rows of a stored table, mapped from its file, with the columns that are shown."""
    with pa.memory_map(path) as source:
        table = ipc.open_file(source).read_all()
    table = table.select([at for at, f in enumerate(table.schema) if not is_row_number(f)])
    for at, field in enumerate(table.schema):
        column = _readable(table.column(at))
        if column is not None:
            table = table.set_column(at, field.name, column)
    return table


def _readable(column: Any) -> Any:
    """Return a column that DuckDB can read instead; None when it can read this one."""
    kind = column.type
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_map(kind) and _has_twins(column):
        pair = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return column.cast(pa.list_(pair))
    if not _is_read(kind):
        return pa.array([text_of(value) for value in values_of(column)], pa.string())
    return None


def _is_read(kind: Any) -> bool:
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _is_read(kind.storage_type)
    if types.is_decimal(kind):
        return kind.precision <= _DIGITS and kind.scale >= 0
    if types.is_union(kind) or types.is_float16(kind):
        return False
    return all(_is_read(kind.field(at).type) for at in range(kind.num_fields))


def _has_twins(column: Any) -> bool:
    """Tell whether a map has a key twice, which DuckDB's maps cannot."""
    for row in column:
        if row.is_valid:
            keys = [str(pair[0]) for pair in row.values]
            if len(set(keys)) < len(keys):
                return True
    return False
