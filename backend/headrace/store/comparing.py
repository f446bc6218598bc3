"""Comparisons by address: two of them and a key in, plain values and bytes out.

How the rows of two tables match is kept for the windows of rows that are then looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pyarrow as pa

from headrace.core.errors import InvalidInput
from headrace.protocol.comparison import RowKind
from headrace.store.compare import compare as compare_frames
from headrace.store.compare import with_rows
from headrace.store.compare_cells import as_type, common_type, differing, whole
from headrace.store.compare_rows import Matching, match
from headrace.store.compare_tables import Frame, open_frame
from headrace.store.files import StoreFiles
from headrace.store.kept import Kept
from headrace.store.rows import as_json, stream
from headrace.store.stopping import Stop

_KEPT = 256 << 20
_KEPT_COMPARISONS = 64 << 10
"""Each counts as 1,000 bytes."""
_MOST_ROWS = 500
_matchings = Kept(_KEPT)
_comparisons = Kept(_KEPT_COMPARISONS)


def compare(
    folder: str,
    address: str,
    *,
    other: str,
    key: Sequence[str] = (),
    stop: Stop | None = None,
) -> dict[str, Any]:
    """Return a `Comparison` of `address` against `other`; rows are matched when there is a key.

    Raises NotFound, InvalidInput, which says what is wrong with the key, and Stopped.
    """
    stop = stop or Stop()
    now, before = _open(folder, address), _open(folder, other)
    found = _comparisons.get((address, other), lambda ends: compare_frames(now, before, ends), stop)
    if key:
        found = with_rows(found, _matching(now, before, (address, other, tuple(key)), stop))
    return msgspec.to_builtins(found)


def changed_rows(
    folder: str,
    address: str,
    *,
    other: str,
    key: Sequence[str],
    stop: Stop | None = None,
    kind: RowKind = "changed",
    offset: int = 0,
    limit: int = 200,
    format: Literal["arrow", "json"] = "arrow",  # noqa: A002 - the name of the parameter in the API
) -> dict[str, Any]:
    """Return a window of the rows that differ, `{"total", "stream"}` or as JSON.

    Added and repeated rows have the columns of this side, removed ones those of the other. Changed
    rows have those of this side, then those of the other, and last a list of the numbers of the
    columns of this side whose cells differ; `now` in the metadata is how many are of this side.
    """
    if offset < 0 or limit < 0:
        raise InvalidInput("offset and limit are at least 0.", field="offset")
    now, before = _open(folder, address), _open(folder, other)
    found = _matching(now, before, (address, other, tuple(key)), stop or Stop())
    part = slice(offset, offset + min(limit, _MOST_ROWS))
    if kind == "changed":
        pairs = found.changed[0][part], found.changed[1][part]
        rows, total = _pairs(now, before, pairs), len(found.changed[0])
    else:
        frame, numbers = {
            "added": (now, found.added),
            "removed": (before, found.removed),
            "repeated": (now, found.repeated),
            "repeated-before": (before, found.repeated_before),
        }[kind]
        rows, total = _taken(frame, numbers[part]), len(numbers)
    if format == "json":
        return as_json(rows, total)
    return {"total": total, "stream": stream(rows)}


def _open(folder: str, address: str) -> Frame:
    return open_frame(StoreFiles(Path(folder)).path(address))


def _matching(
    now: Frame, before: Frame, name: tuple[str, str, tuple[str, ...]], stop: Stop
) -> Matching:
    return _matchings.get(name, lambda ends: match(now, before, name[2], stop=ends), stop)


def _taken(frame: Frame, numbers: Any) -> Any:
    """Return rows by their numbers, with the names that tell columns apart."""
    return frame.table.take(pa.array(numbers)).rename_columns(frame.names)


def _pairs(now: Frame, before: Frame, pairs: tuple[Any, Any]) -> Any:
    here, there = _taken(now, pairs[0]), _taken(before, pairs[1])
    marks: list[list[int]] = [[] for _ in range(here.num_rows)]
    for at, name in enumerate(now.names):
        if name in before.names:
            for row in np.flatnonzero(_cells_differ(here.column(at), there.column(name))):
                marks[int(row)].append(at)
    columns = [*here.columns, *there.columns, pa.array(marks, pa.list_(pa.int32()))]
    names = [*now.names, *(f"before: {name}" for name in before.names), "changed"]
    table = pa.Table.from_arrays(columns, names=names)
    return table.replace_schema_metadata({"now": str(len(now.names))})


def _cells_differ(here: Any, there: Any) -> Any:
    kind = common_type(here.type, there.type)
    if kind is None:
        both_null = np.logical_and(here.is_null().to_numpy(), there.is_null().to_numpy())
        return ~both_null
    return differing(whole(as_type(here, kind)), whole(as_type(there, kind)))
