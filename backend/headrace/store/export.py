"""Views as files for other programs, written part by part into a file or a pipe."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from headrace.core.errors import Unavailable
from headrace.protocol.views import View
from headrace.store import exports
from headrace.store.orders import ViewRows, Views
from headrace.store.stopping import Stop, Stopped

_ROWS = {"parquet": 65_536, "csv": 8_192}
"""Rows that memory holds at a time; between them it can stop."""


class _Counted(io.RawIOBase):
    """Bytes on their way out, counted: a pipe cannot tell its place."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        with memoryview(content).cast("B") as left:
            done = 0
            while done < len(left):
                done += os.write(self._descriptor, left[done:])
        self._written += done
        return done

    def tell(self) -> int:
        return self._written

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def export_view(
    views: Views,
    path: Path,
    view: View,
    *,
    form: Literal["parquet", "csv"],
    destination: Path,
    stop: Stop,
) -> int:
    """Write the rows of a view, of the columns that are shown when none are named.

    `destination` is a file, or a pipe that is open for reading. Return the bytes written. Raises
    InvalidInput before anything is written, Stopped, also when nobody reads the pipe any more.
    """
    exports.check(form)
    table = views.table(path)
    positions = table.shown if view.columns is None else table.positions(view.columns, "columns")
    rows = views.rows(path, view, stop)
    schema = pa.schema([table.schema.field(at) for at in positions])
    try:
        sink = _Counted(destination)
    except FileNotFoundError:
        raise Unavailable("Whoever asked for this export has gone.") from None
    with sink:
        try:
            exports.write(schema, _batches(rows, positions, _ROWS[form], stop), form, sink)
        except BrokenPipeError:
            raise Stopped("Nobody reads this export any more.") from None
        return sink.tell()


def _batches(rows: ViewRows, positions: list[int], size: int, stop: Stop) -> Iterator[Any]:
    for offset in range(0, rows.count, size):
        stop.check()
        yield from rows.window(offset, size, positions).combine_chunks().to_batches()
