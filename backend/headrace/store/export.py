"""Views as files, written batch by batch (data process only)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pyarrow as pa

from headrace.store import exports
from headrace.store.tables import OpenTable


def export_view(table: OpenTable, form: Literal["parquet", "csv"], destination: Path) -> int:
    """Write the columns that are shown, batch by batch; return the bytes written."""
    positions = table.shown
    schema = pa.schema([table.schema.field(at) for at in positions])
    batches = (table.batch(number).select(positions) for number in range(table.batch_count))
    return exports.write(schema, batches, form, destination)
