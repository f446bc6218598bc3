"""Windows of rows as pages read them: what a page has no way for is text that says the same."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from headrace.store.values import text_of, values_of

_CELL = 4_096
_NESTED_BYTES = 1 << 20
"""Of a column of lists or structs in one window; beyond it its cells are cut like text."""


def for_pages(rows: Any) -> Any:
    """Return a table with the same rows and names, and types that pages can tell apart."""
    for at, field in enumerate(rows.schema):
        column = rows.column(at)
        kind = field.type
        if isinstance(kind, pa.UuidType) or not _is_read(kind) or _is_large(column):
            rows = rows.set_column(at, field.name, pa.array(_texts(column), pa.string()))
        elif pa.types.is_string_view(kind):
            rows = rows.set_column(at, field.name, column.cast(pa.large_string()))
    return rows


def _texts(column: Any) -> list[str | None]:
    found = [text_of(value) for value in values_of(column)]
    return [t if t is None or len(t) <= _CELL else f"{t[:_CELL]}…" for t in found]


def _is_large(column: Any) -> bool:
    return pa.types.is_nested(column.type) and column.nbytes > _NESTED_BYTES


def _is_read(kind: Any) -> bool:
    """Tell whether pages read a type: no decimals of hundreds, no two fields of one name."""
    if isinstance(kind, pa.BaseExtensionType):
        return _is_read(kind.storage_type)
    if pa.types.is_decimal(kind):
        return kind.scale >= 0
    fields = [kind.field(at) for at in range(kind.num_fields)]
    if pa.types.is_struct(kind) and len({field.name for field in fields}) < len(fields):
        return False
    return all(_is_read(field.type) for field in fields)
