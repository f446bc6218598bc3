"""pandas frames to Arrow and back, exactly.

What Arrow cannot hold exactly goes, signed, into the schema's metadata beside a readable column.

| given | comes back as |
| --- | --- |
| objects of any kind, complex, sparse, ints above 64 bit | the same, from a pickle |
| the same object in two cells or columns | equal objects, no longer one |
| a subclass of DataFrame | DataFrame |
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import Any

import pyarrow as pa

from headrace.store.patience import TooSlow, limited

_TEXT_LIMIT = 200


def pack(frame: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Return an Arrow table, what it lacks of the frame (to be pickled), and notes for people."""
    import pandas as pd

    rest: dict[str, Any] = {}
    notes: list[str] = []
    plain: Any = pd.DataFrame(frame, copy=False)
    if frame.attrs:
        rest["attrs"] = dict(frame.attrs)
    plain = plain.copy(deep=False)
    plain.attrs = {}
    names = _unique_names(plain.columns)
    if type(plain.columns) is not pd.Index or names != list(plain.columns) or plain.columns.name:
        rest["columns"] = plain.columns
        plain.columns = pd.Index(names)
    if getattr(plain.index, "freq", None) is not None and plain.index.dtype.kind == "M":
        rest["freq"] = plain.index.freqstr
    if not _index_fits(plain.index):
        rest["index"] = plain.index
        plain = plain.reset_index(drop=True)
    kept: dict[int, Any] = {}
    for position, (name, dtype) in enumerate(zip(names, plain.dtypes, strict=True)):
        if _always_fits(dtype):
            continue
        if str(dtype) == "object" or not _fits(plain.iloc[:, position]):
            kept[position] = plain.iloc[:, position].array
            notes.append(f"Column {name[:80]!r} is shown as text and passed on as Python objects.")
    if kept:
        rest["arrays"] = kept
        texts = {names[at]: _shown(array) for at, array in kept.items()}
        plain = plain.assign(**texts)
    return pa.Table.from_pandas(plain, nthreads=1), rest, notes


def unpack(table: Any, rest: dict[str, Any]) -> Any:
    """Return the frame that was packed; it shares no memory that could be written to."""
    import pandas as pd

    frame = table.to_pandas(use_threads=False)
    for position, array in rest.get("arrays", {}).items():
        frame.isetitem(position, pd.Series(array, index=frame.index, dtype=array.dtype))
    if "index" in rest:
        frame.index = rest["index"]
    if "freq" in rest:
        frame.index.freq = rest["freq"]
    if "columns" in rest:
        frame.columns = rest["columns"]
    if "attrs" in rest:
        frame.attrs = rest["attrs"]
    return frame


def part(table: Any, start: int) -> Any:
    """Return some rows of a packed frame of which nothing is lacking, from row `start` on."""
    import pandas as pd

    frame = table.to_pandas(use_threads=False)
    if type(frame.index) is pd.RangeIndex and frame.index.name is None:
        frame.index = pd.RangeIndex(start, start + len(frame))
    return frame


def _unique_names(columns: Any) -> list[str]:
    taken: set[str] = set()
    names: list[str] = []
    for column in columns:
        name = stem = str(column)
        number = 2
        while name in taken:
            name = f"{stem}_{number}"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def _index_fits(index: Any) -> bool:
    if index.nlevels > 1 or str(index.dtype) == "object" or isinstance(index.name, bool):
        return False
    if index.name is not None and not isinstance(index.name, str):
        return False
    return type(index).__name__ == "RangeIndex" or _fits(index.to_series())


def _always_fits(dtype: Any) -> bool:
    """Tell of the usual types, without a look at the values, that Arrow holds them exactly."""
    if dtype.kind in "biufMm" and type(dtype).__module__.startswith("numpy"):
        return True
    return getattr(dtype, "storage", "") == "pyarrow"  # text that is Arrow already


def _fits(series: Any) -> bool:
    if series.dtype.kind == "c" or "Sparse" in str(series.dtype):
        return False
    if _always_fits(series.dtype):
        return True
    try:
        pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _shown(array: Any) -> Any:
    """Return what people see of objects: text as it is, anything else by its guarded repr."""
    cells: list[str | None] = []
    with suppress(TooSlow), limited():
        cells.extend(None if cell is None else _text(cell) for cell in array)
    # What is left when the classes of the cells are slow is shown by their names.
    cells.extend(f"<{type(cell).__name__}>" for cell in array[len(cells) :])
    return _strings(cells)


def _strings(cells: list[str | None]) -> Any:
    """Return a pandas array of Arrow strings."""
    import pandas as pd

    return pd.array(cells, dtype="str")  # pyright: ignore[reportArgumentType, reportCallIssue]


def _text(cell: Any) -> str:
    if type(cell) is str:
        return cell.encode("utf-8", "replace").decode()
    try:
        return repr(cell)[:_TEXT_LIMIT]
    except TooSlow:
        raise
    except Exception:  # noqa: BLE001 - repr is user code
        return f"<{type(cell).__name__}>"


def pickled(rest: dict[str, Any]) -> bytes:
    """Return the rest of a frame as bytes."""
    return pickle.dumps(rest, protocol=5)
