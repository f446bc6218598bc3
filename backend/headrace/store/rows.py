"""Windows of the rows of views, as they are sent (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.protocol.views import View
from headrace.store.orders import Views
from headrace.store.pages import for_pages
from headrace.store.stopping import Stop
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
    import pyarrow.compute as pc

    for at, field in enumerate(rows.schema):
        kind = field.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            cells = rows.column(at)
            longest = pc.max(pc.binary_length(cells)).as_py() or 0
            if longest <= MAX_CELL:
                continue
            short = pc.utf8_slice_codeunits(cells, 0, MAX_CELL)
            marked = pc.binary_join_element_wise(short, pa.scalar("…", kind), pa.scalar("", kind))
            long = pc.greater(pc.utf8_length(cells), MAX_CELL)
            rows = rows.set_column(at, field, pc.if_else(long, marked, cells))
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            rows = rows.set_column(at, field, pc.binary_slice(rows.column(at), 0, MAX_CELL))
    return rows


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
