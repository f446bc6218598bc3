"""Stored tables to look at, without a store around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc

from headrace.protocol.views import View
from headrace.store.orders import Views
from headrace.store.rows import select
from headrace.store.stopping import Stop
from headrace.store.tables import Tables


class Stored:
    """One table in a file, in batches of few rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.views = Views(Tables())

    def rows(self, view: View) -> list[int]:
        """Return the numbers of the rows of a view."""
        found = self.views.rows(self.path, view, Stop())
        return [int(number) for number in found.numbers(0, found.count)]

    def window(self, view: View, offset: int, limit: int) -> Any:
        """Return a window as it is sent."""
        found, _ = select(self.views, self.path, view, offset=offset, limit=limit, stop=Stop())
        return found


def write(path: Path, table: Any, batch_rows: int) -> Stored:
    with ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    return Stored(path)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., Stored]:
    """Return what stores columns by name, or a table."""

    def store(table: Any = None, *, batch_rows: int = 3, **columns: Any) -> Stored:
        made = pa.table(columns) if table is None else table
        number = len(list(tmp_path.glob("*.arrow")))
        return write(tmp_path / f"{number}.arrow", made, batch_rows)

    return store
