"""Tables of every library to Arrow and back: pandas, polars, Arrow, DuckDB.

What Arrow does not give back by itself is the rest: it is pickled, signed, and kept beside.
A lazy frame comes back collected, and a relation of DuckDB as an Arrow table.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import pyarrow as pa

from headrace.store import frames, objects
from headrace.store.names import renamed, stored_names


class Packed(NamedTuple):
    """An Arrow table, the public name of the type that it was, what it lacks, notes for people."""

    table: Any
    kind: str
    rest: dict[str, Any]
    notes: list[str]


def packed(value: Any) -> Packed | None:
    """Return a frame or a series as a table; None of all else."""
    if isinstance(value, pa.Table):
        return _of_arrow(value, "pyarrow.Table")
    if isinstance(value, pa.RecordBatch):
        return _of_arrow(pa.Table.from_batches([value]), "pyarrow.RecordBatch")
    # A library that is not loaded made no value.
    for library, take in (
        ("pandas", _of_pandas),
        ("polars", _of_polars),
        ("duckdb", _of_duckdb),
    ):
        module = sys.modules.get(library)
        found = None if module is None else take(module, value)
        if found is not None:
            return found
    return None


def _of_pandas(pandas: Any, value: Any) -> Packed | None:
    if isinstance(value, pandas.DataFrame):
        table, rest, notes = frames.pack(value)
        return Packed(table, "pandas.DataFrame", rest, notes)
    return _series(value) if isinstance(value, pandas.Series) else None


def _of_polars(polars: Any, value: Any) -> Packed | None:
    if isinstance(value, polars.LazyFrame):
        value = value.collect()
    if isinstance(value, polars.DataFrame):
        return _polars(value, "polars.DataFrame")
    return _polars(value.to_frame(), "polars.Series") if isinstance(value, polars.Series) else None


def _of_duckdb(duckdb: Any, value: Any) -> Packed | None:
    if not isinstance(value, duckdb.DuckDBPyRelation):
        return None
    return _of_arrow(value.to_arrow_table(), "pyarrow.Table")


def restored(table: Any, kind: str, rest: dict[str, Any]) -> Any:
    """Return the value that was packed."""
    if kind.startswith("pandas."):
        frame = frames.unpack(table, rest)
        if kind != "pandas.Series":
            return frame
        series = frame.iloc[:, 0].rename(rest.get("name"))
        series.attrs = rest.get("attrs", {})
        return series
    if kind.startswith("polars."):
        frame = _to_polars(table, rest)
        return frame.to_series() if kind == "polars.Series" else frame
    if "names" in rest:
        table = table.rename_columns(rest["names"])
    if kind != "pyarrow.RecordBatch":
        return table
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(
        [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in columns], schema=table.schema
    )


def _of_arrow(table: Any, kind: str) -> Packed:
    rest: dict[str, Any] = {}
    notes: list[str] = []
    names = stored_names(table.column_names)
    if names != table.column_names:
        rest["names"] = table.column_names
        notes = renamed(table.column_names, names)
        table = table.rename_columns(names)
    return Packed(table, kind, rest, notes)


def _series(series: Any) -> Packed:
    frame = series.to_frame(name="value" if series.name is None else str(series.name))
    frame.attrs = series.attrs
    table, rest, notes = frames.pack(frame)
    rest.pop("columns", None)
    if series.name is not None:
        rest["name"] = series.name
    return Packed(table, "pandas.Series", rest, notes)


# --- polars ---------------------------------------------------------------------------------------
def _polars(frame: Any, kind: str) -> Packed:
    rest: dict[str, Any] = {}
    notes: list[str] = []
    columns: dict[str, Any] = {}
    odd: dict[str, Any] = {}
    names = stored_names(frame.columns)
    if names != frame.columns:
        rest["names"] = frame.columns
        notes += renamed(frame.columns, names)
        frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    for name in [n for n, dtype in frame.schema.items() if not _has_way(frame[n], dtype)]:
        cells = frame[name].to_list()
        odd[name] = (frame.schema[name], cells)
        columns[name], _, note = objects.packed(cells, name)
        notes += [note] if note else []
    usual = frame.drop(list(odd)) if odd else frame
    table = usual.to_arrow()
    if odd:
        rest["odd"] = odd
        for at, name in enumerate(names):
            if name in odd:
                table = (
                    table.add_column(at, name, columns[name])
                    if table.num_columns
                    else pa.table({name: columns[name]})
                )
    return Packed(table, kind, rest, notes)


def _has_way(series: Any, dtype: Any) -> bool:
    """Tell whether polars and Arrow have a way for a type: a row of it, or none, shows that."""
    import polars as pl

    if "Object" in str(dtype):  # addresses of objects would come
        return False
    try:
        series[:1].to_arrow()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException):
        return False
    return True


def _to_polars(table: Any, rest: dict[str, Any]) -> Any:
    import polars as pl

    odd: dict[str, Any] = rest.get("odd", {})
    usual = table.select([name for name in table.column_names if name not in odd])
    frame: Any = pl.from_arrow(usual)
    if odd:
        made = [pl.Series(name, cells, dtype=kind) for name, (kind, cells) in odd.items()]
        frame = pl.DataFrame([*frame.get_columns(), *made]).select(table.column_names)
    if "names" in rest:
        frame.columns = rest["names"]
    return frame
