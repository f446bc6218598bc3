"""Where two values differ, types included, all the way down.

The projects of the tests import this file too: it imports nothing of the tests.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa


def difference(got: Any, made: Any) -> str:
    """Say where two values differ, types included; empty when they do not."""
    if type(got) is not type(made):
        return f"{type(got).__name__} instead of {type(made).__name__}"
    if isinstance(made, pd.DataFrame | pd.Series | pd.Index):
        return _pandas_difference(got, made)
    if isinstance(made, pl.DataFrame | pl.Series):
        return _polars_difference(got, made)
    if isinstance(made, pa.Table | pa.RecordBatch):
        if not got.schema.equals(made.schema, check_metadata=True):
            return f"schema {got.schema} instead of {made.schema}"
        return "" if _bytes_of(got) == _bytes_of(made) else f"{got} instead of {made}"
    if isinstance(made, np.ndarray):
        return "" if got.dtype == made.dtype and _same(got.tolist(), made.tolist()) else f"{got!r}"
    return "" if _same(got, made) else f"{got!r} instead of {made!r}"[:300]


def _bytes_of(rows: Any) -> bytes:
    """The cells of a table: NaN is NaN, and no two values of a type are the same."""
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


def _pandas_difference(got: Any, made: Any) -> str:
    assertions = {
        pd.DataFrame: (
            pd.testing.assert_frame_equal,
            {"check_freq": True, "check_column_type": "equiv"},
        ),
        pd.Series: (pd.testing.assert_series_equal, {"check_freq": True}),
        pd.Index: (pd.testing.assert_index_equal, {"exact": True}),
    }
    for kind, (check, options) in assertions.items():
        if isinstance(made, kind):
            try:
                check(got, made, check_exact=True, **options)
            except AssertionError as error:
                return str(error)
    if getattr(got, "attrs", None) != getattr(made, "attrs", None):
        return f"attrs {got.attrs}"
    if isinstance(made, pd.DataFrame):
        if [type(n) for n in got.columns] != [type(n) for n in made.columns]:
            return "types of names"
        for at in range(made.shape[1]):
            if not _same(got.iloc[:, at].tolist(), made.iloc[:, at].tolist()):
                return f"column {at}: {got.iloc[:, at].tolist()} instead of {made.iloc[:, at].tolist()}"
        if got.shape[1] and not _same(got.index.tolist(), made.index.tolist()):
            return f"index {got.index}"
    return ""


def _polars_difference(got: Any, made: Any) -> str:
    if isinstance(made, pl.DataFrame):
        if got.schema != made.schema:
            return f"schema {got.schema} instead of {made.schema}"
        return "" if _same(got.rows(), made.rows()) else f"{got} instead of {made}"
    if got.dtype != made.dtype or got.name != made.name:
        return f"{got.dtype} {got.name}"
    return "" if _same(got.to_list(), made.to_list()) else f"{got}"


def _same(got: Any, made: Any) -> bool:
    """Equal and of equal types, all the way down; NaN is NaN, and -0.0 is not 0.0."""
    if type(got) is not type(made):
        return False
    if isinstance(made, float | complex | np.floating | decimal.Decimal):
        return repr(got) == repr(made)
    if isinstance(made, np.ndarray):
        return (
            got.dtype == made.dtype
            and got.shape == made.shape
            and _same(got.tolist(), made.tolist())
        )
    if isinstance(made, pd.DataFrame | pd.Series | pl.DataFrame):
        return difference(got, made) == ""
    if isinstance(made, dict):
        return list(got) == list(made) and all(_same(got[k], made[k]) for k in made)
    if isinstance(made, list | tuple):
        return len(got) == len(made) and all(map(_same, got, made))
    if made is pd.NA or made is pd.NaT or made is None:
        return got is made
    if isinstance(made, dt.datetime):
        return (got.isoformat(), str(got.tzinfo)) == (made.isoformat(), str(made.tzinfo))
    return hasattr(made, "savefig") or bool(got == made)
