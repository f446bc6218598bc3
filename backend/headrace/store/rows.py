"""Windows of the rows of views, as they are sent (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.protocol.views import View
from headrace.store.orders import Views
from headrace.store.pages import for_pages
from headrace.store.stopping import Stop
from headrace.store.texts import is_text, plain_type
from headrace.store.values import values_of

MAX_ROWS = 2_000
MAX_BYTES = 1 << 20
MAX_CELL = 4_096


def select(
    views: Views, path: Path, view: View, *, offset: int, limit: int, stop: Stop
) -> tuple[Any, int]:
    """Return a window of at most 2,000 rows, about 1 MiB, and how many rows the view has."""
    if offset < 0 or limit < 0:
        raise InvalidInput("offset and limit are at least 0.", field="offset")
    positions = views.table(path).positions(view.columns, "columns")
    limit = min(limit, MAX_ROWS)
    found = views.rows(path, view, stop, near=(offset, limit))
    rows = _with_short_cells(found.window(offset, limit, positions))
    while rows.num_rows > 1 and (size := rows.nbytes) > MAX_BYTES:
        rows = rows.slice(0, max(1, min(rows.num_rows // 2, rows.num_rows * MAX_BYTES // size)))
    return rows, found.count


def _with_short_cells(rows: Any) -> Any:
    for at, field in enumerate(rows.schema):
        cells = rows.column(at)
        short = _short(cells)
        if short is not cells:
            rows = rows.set_column(at, field, short)
    return rows


def _short(cells: Any) -> Any:
    """Return cells of the same type without what of long texts and bytes a page does not show."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return _with_few_categories(cells)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        usual = cells.cast(plain_type(kind))
        short = _short(usual)
        return cells if short is usual else short.cast(kind)
    if is_text(kind):
        longest = pc.max(pc.binary_length(cells)).as_py() or 0
        if longest <= MAX_CELL:
            return cells
        short = pc.utf8_slice_codeunits(cells, 0, MAX_CELL)
        marked = pc.binary_join_element_wise(short, pa.scalar("…", kind), pa.scalar("", kind))
        return pc.if_else(pc.greater(pc.utf8_length(cells), MAX_CELL), marked, cells)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pc.binary_slice(cells, 0, MAX_CELL)
    return cells


def _with_few_categories(cells: Any) -> Any:
    """Leave out the categories that none of the cells has: a window would carry millions."""
    parts: list[Any] = []
    for chunk in cells.chunks:
        used = pc.unique(chunk.indices).drop_null()
        indices = pc.index_in(chunk.indices, value_set=used).cast(cells.type.index_type)
        categories = _short(pa.chunked_array([chunk.dictionary.take(used)])).combine_chunks()
        parts.append(
            pa.DictionaryArray.from_arrays(indices, categories, ordered=cells.type.ordered)
        )
    return pa.chunked_array(parts, cells.type).unify_dictionaries()


def stream(rows: Any) -> bytes:
    """Return rows as an Arrow IPC stream, for pages."""
    rows = for_pages(rows)
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def as_json(rows: Any, total: int) -> dict[str, Any]:
    """Return rows by column; what JSON cannot say exactly is text, null is null."""
    cells = [values_of(column) for column in rows.columns]
    return {
        "total": total,
        "columns": [{"name": field.name, "type": str(field.type)} for field in rows.schema],
        "rows": [list(row) for row in zip(*cells, strict=True)]
        if cells
        else [[] for _ in range(rows.num_rows)],
    }
