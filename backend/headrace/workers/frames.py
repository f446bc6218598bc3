"""Joining what a block gives in pieces."""

from __future__ import annotations

import sys
from typing import Any


def joined(pieces: list[Any]) -> Any:
    """Make one frame of frames of one library; a list of anything else."""
    if not pieces:
        return []
    pandas = sys.modules.get("pandas")
    if pandas is not None and all(isinstance(piece, pandas.DataFrame) for piece in pieces):
        return pandas.concat(pieces, ignore_index=True)
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        if all(isinstance(piece, arrow.RecordBatch) for piece in pieces):
            return arrow.Table.from_batches(pieces)
        if all(isinstance(piece, arrow.Table) for piece in pieces):
            return arrow.concat_tables(pieces)
    polars = sys.modules.get("polars")
    if polars is not None and all(isinstance(piece, polars.DataFrame) for piece in pieces):
        return polars.concat(pieces)
    return pieces
