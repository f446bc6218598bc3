"""pandas frames to Arrow and back, exactly.

Each column becomes an Arrow column that says what it holds: for pages, SQL and exports. What Arrow
alone would not give back exactly goes, signed, into the schema's metadata beside it. Levels of the
index stand before the columns; plain numbers of rows, which filters leave behind, are kept unseen.

| given | comes back as |
| --- | --- |
| the same object in two cells or columns | equal objects, no longer one |
| a subclass of DataFrame | DataFrame |
"""

from __future__ import annotations

import json
import pickle
import warnings
from typing import Any

import pyarrow as pa
from pyarrow import lib  # pyright: ignore[reportAttributeAccessIssue]

from headrace.store import objects
from headrace.store.names import is_row_number, renamed, stored_names, unique, utf8

_FEW = 32
"""Columns that are put into a frame one by one; more of them at once."""


def pack(frame: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """Return an Arrow table, what it lacks of the frame (to be pickled), and notes for people."""
    import pandas as pd

    rest: dict[str, Any] = {}
    notes: list[str] = []
    given = frame if type(frame) is pd.DataFrame else pd.DataFrame(frame, copy=False)
    plain: Any = given.copy(deep=False)
    plain.attrs = {}
    if frame.attrs:
        rest["attrs"] = dict(frame.attrs)
    names = stored_names([str(column) for column in plain.columns])
    usual = type(plain.columns) is pd.Index and str(plain.columns.dtype) == "str"
    if not usual or names != list(plain.columns) or plain.columns.name:
        rest["columns"] = plain.columns
        notes += renamed(plain.columns, names)
        plain.columns = pd.Index(names, dtype="str")
    if getattr(plain.index, "freq", None) is not None and plain.index.dtype.kind in "mM":
        rest["freq"] = plain.index.freqstr
    levels: dict[str, Any] = {}
    if not _index_fits(plain.index) or not len(names):
        rest["index"] = plain.index
        levels = _levels(plain.index, names, notes)
        plain = plain.set_axis(pd.RangeIndex(len(plain)))
    odd, recipes = _odd_columns(plain, names, notes)
    if recipes:
        rest["odd"] = recipes
    if levels:
        rest["levels"] = list(levels)
    return _table(plain, names, levels, odd), rest, notes


def _odd_columns(
    plain: Any, names: list[str], notes: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns that Arrow does not give back by itself: arrays and ways back."""
    odd: dict[str, Any] = {}
    recipes: dict[str, Any] = {}
    for position, (name, dtype) in enumerate(zip(names, plain.dtypes, strict=True)):
        if _always_fits(dtype):
            continue
        series = plain.iloc[:, position]
        found = _odd(series, name)
        if found is not None:
            odd[name], recipes[name], note = found
            if note:
                notes.append(note)
    return odd, recipes


def _table(plain: Any, names: list[str], levels: dict[str, Any], odd: dict[str, Any]) -> Any:
    """Put index, columns of pandas and odd columns together, with pandas' own metadata."""
    usual = plain[[name for name in names if name not in odd]] if odd else plain
    base = _index_first(pa.Table.from_pandas(usual, nthreads=1))
    if not (odd or levels):
        return base
    given = dict(zip(base.column_names, base.columns, strict=True))
    fields = dict(zip(base.column_names, base.schema, strict=True))
    own = set(names)
    index = {name: column for name, column in given.items() if name not in own}
    columns = levels | index | {name: odd[name] if name in odd else given[name] for name in names}
    schema = pa.schema(
        [fields.get(name) or pa.field(name, column.type) for name, column in columns.items()],
        metadata=base.schema.metadata,
    )
    return pa.Table.from_arrays(list(columns.values()), schema=schema)


def unpack(table: Any, rest: dict[str, Any]) -> Any:
    """Return the frame that was packed; it shares no memory that could be written to."""
    import pandas as pd

    odd: dict[str, Any] = rest.get("odd", {})
    levels: list[str] = rest.get("levels", [])
    away = {*odd, *levels}
    usual = [name for name in table.column_names if name not in away]
    frame: Any = table.select(usual).to_pandas(use_threads=False) if away else None
    if frame is None:
        frame = table.to_pandas(use_threads=False)
    if odd:
        if len(frame) != table.num_rows:  # no usual column that says how long it is
            frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
        order = [n for n in table.column_names if n in odd or n in frame.columns]
        frame = _with_odd(frame, order, {n: _back(table.column(n), odd[n]) for n in odd})
    if "index" in rest:
        frame.index = rest["index"]
    if "freq" in rest:
        frame.index.freq = rest["freq"]
    if "columns" in rest:
        frame.columns = rest["columns"]
    if "attrs" in rest:
        frame.attrs = rest["attrs"]
    return frame


def _with_odd(frame: Any, order: list[str], odd: dict[str, Any]) -> Any:
    import pandas as pd

    if len(odd) <= _FEW:
        for at, name in enumerate(order):
            if name in odd:
                frame.insert(at, name, _series(odd[name], frame.index))
        return frame
    more = pd.DataFrame({name: _series(cells, frame.index) for name, cells in odd.items()})
    return pd.concat([frame, more], axis=1)[order]


def _series(cells: Any, index: Any) -> Any:
    import pandas as pd

    # The dtype is said, for pandas would make text of objects that are text.
    return pd.Series(cells, index=index, dtype=cells.dtype, copy=False)


def part(table: Any, start: int) -> Any:
    """Return some rows of a packed frame of which nothing is lacking, from row `start` on."""
    import pandas as pd

    frame = table.to_pandas(use_threads=False)
    if type(frame.index) is pd.RangeIndex and frame.index.name is None:
        frame.index = pd.RangeIndex(start, start + len(frame))
    return frame


def pickled(rest: dict[str, Any]) -> bytes:
    """Return the rest of a frame as bytes."""
    return pickle.dumps(rest, protocol=5)


# --- the index ------------------------------------------------------------------------------------
def _index_fits(index: Any) -> bool:
    if type(index).__name__ == "RangeIndex":
        return index.name is None
    if index.nlevels > 1 or str(index.dtype) == "object":
        return False
    if index.name is not None and type(index.name) is not str:
        return False
    if index.name is not None and utf8(index.name) != index.name:
        return False
    return _always_fits(index.dtype) or _odd(index.to_series(), "") is None


def _levels(index: Any, names: list[str], notes: list[str]) -> dict[str, Any]:
    """Return the levels of an index as columns to look at: its own object brings it back."""
    plain_range = type(index).__name__ == "RangeIndex" and index.name is None
    if plain_range or (not len(names) and not index.nlevels > 1 and index.name is None):
        return {"__index_level_0__": pa.array(range(len(index)), pa.int64())}
    stems = [
        str(name) if name is not None else "index" if index.nlevels == 1 else f"level_{at}"
        for at, name in enumerate(index.names)
    ]
    free = stored_names([*names, *stems])[len(names) :]
    found: dict[str, Any] = {}
    for at, name in enumerate(free):
        series = index.get_level_values(at).to_series().reset_index(drop=True)
        odd = None if _always_fits(series.dtype) else _odd(series, name)
        found[name] = pa.array(series, from_pandas=True) if odd is None else odd[0]
        if odd is not None and odd[2]:
            notes.append(odd[2])
    return found


def _index_first(table: Any) -> Any:
    """Move the index before the columns, and give what has no name one that can be read."""
    metadata = dict(table.schema.metadata or {})
    described = json.loads(metadata[b"pandas"])
    levels = [name for name in described["index_columns"] if isinstance(name, str)]
    if not levels:
        return table
    new = {name: _readable(name, table, described) for name in levels}
    described["index_columns"] = [
        new[name] if isinstance(name, str) else name for name in described["index_columns"]
    ]
    for column in described["columns"]:
        column["field_name"] = new.get(column["field_name"], column["field_name"])
    metadata[b"pandas"] = json.dumps(described).encode()
    order = [*levels, *(name for name in table.column_names if name not in new)]
    table = table.select(order).rename_columns([new.get(name, name) for name in order])
    return table.replace_schema_metadata(metadata)


def _readable(name: str, table: Any, described: dict[str, Any]) -> str:
    """Return the name of an index as it is shown; of numbers of rows, the one that hides them."""
    if not name.startswith("__index_level_"):
        return name
    own = next(c["name"] for c in described["columns"] if c["field_name"] == name)
    if own is None and is_row_number(table.schema.field(name)):
        return name
    taken = table.column_names
    return unique([*taken, own or "index"])[-1]


# --- columns --------------------------------------------------------------------------------------
def _always_fits(dtype: Any) -> bool:
    """Tell of the usual types, without a look at the values, that Arrow holds them exactly."""
    if dtype.kind in "biufMm" and type(dtype).__module__.startswith("numpy"):
        return dtype.itemsize <= 8
    # Text that is Arrow already, under the dtype that pandas would choose itself.
    return getattr(dtype, "storage", "") == "pyarrow" and str(dtype) in ("str", "string")


def _odd(series: Any, name: str) -> tuple[Any, Any, str] | None:
    """Return (Arrow array, way back, note) of a column; None when Arrow gives it back itself.

    A way back is `True` for the array's own cells as objects, a dtype, or the array itself.
    """
    import pandas as pd

    dtype, cells = series.dtype, series.array
    if str(dtype) == "object":
        found = objects.packed(cells, name)
        return found.array, True if found.exact else cells, found.note
    if isinstance(dtype, pd.CategoricalDtype):
        return None if _always_fits(dtype.categories.dtype) else _odd_categories(series, name)
    if isinstance(dtype, pd.SparseDtype):
        dense = series.sparse.to_dense()
        below = None if _always_fits(dense.dtype) else _odd(dense, name)
        return (_array(dense), cells, "") if below is None else (below[0], cells, below[2])
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype) or dtype.kind == "c":
        return _as_text(series, name)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _zoned(series, name)
    try:
        array = _array(series)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _as_text(series, name)
    if _is_named_well(dtype):
        return None
    return array, dtype if hasattr(dtype, "__from_arrow__") else cells, ""


def _array(series: Any) -> Any:
    found = pa.array(series, from_pandas=True)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _is_named_well(dtype: Any) -> bool:
    """Tell whether pandas finds a type again by its name alone, as its metadata has it."""
    import pandas as pd

    if getattr(dtype, "storage", "") == "python":
        return False
    try:
        return pd.api.types.pandas_dtype(str(dtype)) == dtype
    except (TypeError, ValueError, NotImplementedError):
        return False


def _zoned(series: Any, name: str) -> tuple[Any, Any, str] | None:
    import pandas as pd

    dtype = series.dtype
    try:
        zone = lib.string_to_tzinfo(lib.tzinfo_to_string(dtype.tz))
        array = _array(series)
    except (pa.ArrowException, TypeError, ValueError):
        return _as_text(series, name)
    same = type(zone) is type(dtype.tz) and pd.DatetimeTZDtype(dtype.unit, zone) == dtype
    return None if same else (array, series.array, "")


def _odd_categories(series: Any, name: str) -> tuple[Any, Any, str]:
    dtype = series.dtype
    categories = dtype.categories.to_series().reset_index(drop=True)
    odd = _odd(categories, name)
    words = _array(categories) if odd is None else odd[0]
    codes = pa.array(series.cat.codes.to_numpy(), mask=series.isna().to_numpy())
    array = pa.DictionaryArray.from_arrays(codes, words, ordered=bool(dtype.ordered))
    return array, series.array, "" if odd is None else odd[2]


def _as_text(series: Any, name: str) -> tuple[Any, Any, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = series.isna().to_numpy() if series.dtype.kind != "c" else None
    texts = [str(complex(c)) if series.dtype.kind == "c" else str(c) for c in series]
    array = pa.array(texts, pa.large_string(), mask=missing)
    note = (
        f"Column {name[:80]!r} holds {series.dtype}: shown, exported and read by SQL as text,"
        " passed on to Python as it is."
    )
    return array, series.array, note


def _back(column: Any, way: Any) -> Any:
    if way is True:
        return objects.unpacked(column)
    if hasattr(way, "__from_arrow__"):
        return way.__from_arrow__(column)
    return way
