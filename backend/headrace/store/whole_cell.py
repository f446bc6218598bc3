"""One cell of a view, whole, in pieces of bytes (data process only).

Text and bytes are cut out of the mapped file, however long they are. Everything else is text or
JSON in the words of `values`; the text of the cell asked for last is kept for its other pieces.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from msgspec import Struct

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnReference, View
from headrace.store.orders import Views
from headrace.store.stopping import Stop
from headrace.store.texts import is_bytes, is_text, plain
from headrace.store.values import text_of, value_of

MAX_PIECE = 1 << 20
"""Bytes of one piece."""

CellKind = Literal["null", "text", "json", "bytes"]


class Piece(Struct, frozen=True):
    """Some bytes of a cell: what they are of, how many there are in all, and they themselves.

    Text and JSON are UTF-8, and a piece may begin and end within a letter.
    """

    kind: CellKind
    total: int
    content: bytes


class WholeCells:
    """Reads cells of views piece by piece. Safe for threads."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._lock = threading.Lock()
        self._last: tuple[tuple[Path, int, int], tuple[CellKind, memoryview]] | None = None

    def piece(
        self,
        path: Path,
        view: View,
        *,
        row: int,
        column: ColumnReference,
        offset: int,
        limit: int,
        stop: Stop,
    ) -> Piece:
        """Return some bytes of the cell in a row of a view; raise InvalidInput or Stopped."""
        if offset < 0 or limit < 0:
            raise InvalidInput("offset and limit are at least 0.", field="offset")
        table = self._views.table(path)
        position = table.position(column, "column")
        rows = self._views.rows(path, view, stop, near=(row, 1))
        if not 0 <= row < rows.count:
            raise InvalidInput(f"There is no row {row}: the view has {rows.count}.", field="row")
        number = int(rows.numbers(row, 1)[0])
        key = (path, number, position)
        with self._lock:
            held = self._last
        if held is None or held[0] != key:
            cells = table.slice(number, 1, [position]).column(0).chunk(0)
            held = (key, _whole(plain(cells)))
            with self._lock:
                self._last = held
        kind, content = held[1]
        end = offset + min(limit, MAX_PIECE)
        return Piece(kind, len(content), bytes(content[offset:end]))


def _whole(cells: Any) -> tuple[CellKind, memoryview]:
    """Return what an array of one cell holds: of text and bytes a view of the file."""
    if pa.types.is_dictionary(cells.type):
        cells = plain(cells.dictionary_decode())
    scalar = cells[0]
    if not scalar.is_valid:
        return "null", memoryview(b"")
    if is_text(cells.type):
        return "text", memoryview(scalar.as_buffer())
    if is_bytes(cells.type):
        return "bytes", memoryview(scalar.as_buffer())
    kind: CellKind = "json" if pa.types.is_nested(cells.type) else "text"
    return kind, memoryview((text_of(value_of(scalar)) or "").encode("utf-8", "replace"))
