"""What a check says of an output: by what it returns, or by an entry of `checks:`.

A check may return nothing, True or False; a mask, one boolean for each row, of which False is
against it; or the rows that are against it. Unknown (null) is not against anything.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct

from headrace.core.errors import HeadraceError
from headrace.protocol.tables import Expectation, Output
from headrace.store.libraries import packed
from headrace.store.outputs import Store, type_name
from headrace.store.schemas import difference, schema_of

MOST_ROWS = 100_000
"""Rows against a check that are kept."""


class NotAnAnswer(Exception):
    """A check returned what says neither yes nor no."""


class Against(Struct, frozen=True):
    """What speaks against an output: in words, how many rows, and the rows if they are known."""

    message: str
    count: int | None = None
    rows: Any = None


def verdict(answer: Any, value: Any) -> Against | None:
    """Return what the answer of a check says against `value`, None when it passes.

    Raises NotAnAnswer when that cannot be told.
    """
    if answer is None or answer is True:
        return None
    if isinstance(answer, bool | np.bool_):
        return None if answer else Against("The check returned False.")
    mask = _mask(answer, value)
    if mask is not None:
        return _by_mask(mask, value)
    rows = _rows(answer)
    if rows is None:
        raise NotAnAnswer(
            f"The check returned {type_name(answer)}: return nothing, True or False, one boolean"
            " for each row, or the rows that should not be there."
        )
    count = len(rows)
    return Against(_words(count, None), count, rows) if count else None


def against(expectation: Expectation, columns: Columns) -> Against | None:
    """Return what of an output an entry of `checks:` does not allow, None when it passes."""
    value = columns.value
    if expectation.schema is not None:
        try:
            message = difference(expectation.schema, schema_of(value))
        except TypeError as error:
            message = str(error)
        return Against(message) if message else None
    column = columns.get(expectation.column)
    if column is None:
        return Against(f"There is no column {expectation.column!r} in this {type_name(value)}.")
    try:
        good = _good(expectation, column)
    except (pa.ArrowException, TypeError, ValueError) as error:
        return Against(f"{expectation.column!r} cannot be checked: {error!s:.200}")
    return _by_mask(good, value)


def kept_rows(store: Store, found: Against) -> Output | None:
    """Store the first rows that are against a check; None when there are none, or they cannot be.

    They are durable at once: nobody records them beside a failed attempt.
    """
    if found.rows is None:
        return None
    unsynced, store.unsynced = store.unsynced, None
    try:
        return store.put(found.rows[:MOST_ROWS])
    except HeadraceError:  # the message and the count say enough
        return None
    finally:
        store.unsynced = unsynced


def _words(count: int, total: int | None) -> str:
    does = "does" if count == 1 else "do"
    if total is None:
        return f"{count:,} {'row' if count == 1 else 'rows'} {does} not pass."
    return f"{count:,} of {total:,} rows {does} not pass."


def _by_mask(good: Any, value: Any) -> Against | None:
    """Judge by booleans of numpy, one for each row."""
    if len(good) != len(value):
        raise NotAnAnswer(
            f"The check returned {len(good):,} booleans for {len(value):,} rows: return one for"
            " each row."
        )
    bad = np.flatnonzero(~good)
    if not len(bad):
        return None
    return Against(_words(len(bad), len(value)), len(bad), _rows_at(value, bad))


def _rows_at(value: Any, numbers: Any) -> Any:
    numbers = numbers[:MOST_ROWS]
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        return value.iloc[numbers]
    if polars is not None and isinstance(value, polars.DataFrame):
        return value[numbers]
    if isinstance(value, pa.Table):
        return value.take(pa.array(numbers))
    return None


def _mask(answer: Any, value: Any) -> Any:
    """Return an answer as booleans of numpy, null as True; None when it is no mask."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if isinstance(answer, np.ndarray):
        return answer if answer.dtype == bool and answer.ndim == 1 else None
    if isinstance(answer, pa.ChunkedArray | pa.Array):
        return _of_arrow(answer) if pa.types.is_boolean(answer.type) else None
    if polars is not None and isinstance(answer, polars.Series):
        return answer.fill_null(value=True).to_numpy() if answer.dtype == polars.Boolean else None
    if pandas is None:
        return None
    if isinstance(answer, pandas.Series):
        return _of_pandas(answer)
    if isinstance(answer, pandas.DataFrame) and _is_mask_of(answer, value):
        parts = [_of_pandas(answer.iloc[:, at]) for at in range(answer.shape[1])]
        return np.logical_and.reduce(parts)
    return None


def _is_mask_of(answer: Any, value: Any) -> bool:
    """Tell `frame.notna()` from rows of a frame: booleans only, where the frame has others."""
    if not answer.shape[1] or answer.shape != getattr(value, "shape", None):
        return False
    kinds = {str(kind) for kind in answer.dtypes}
    return kinds <= {"bool", "boolean", "bool[pyarrow]"} and list(answer.dtypes) != list(
        value.dtypes
    )


def _of_pandas(series: Any) -> Any:
    if str(series.dtype) == "bool":
        return series.to_numpy()
    if str(series.dtype) in {"boolean", "bool[pyarrow]"}:
        return series.to_numpy(dtype=bool, na_value=True)
    cells = series.to_list()
    if series.dtype == object and all(cell is None or isinstance(cell, bool) for cell in cells):
        return np.array([cell is not False for cell in cells], dtype=bool)
    return None


def _of_arrow(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(values, fill_value=True).to_numpy(zero_copy_only=False).astype(bool)


def _rows(answer: Any) -> Any:
    """Return an answer as a table that can be cut, None when it is no table."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    duckdb = sys.modules.get("duckdb")
    if pandas is not None and isinstance(answer, pandas.DataFrame):
        return answer
    if polars is not None and isinstance(answer, polars.LazyFrame):
        return answer.collect()
    if polars is not None and isinstance(answer, polars.DataFrame):
        return answer
    if duckdb is not None and isinstance(answer, duckdb.DuckDBPyRelation):
        return answer.to_arrow_table()
    if isinstance(answer, pa.RecordBatch):
        return pa.Table.from_batches([answer])
    return answer if isinstance(answer, pa.Table) else None


# Entries of `checks:`


def _good(expectation: Expectation, column: Any) -> Any:
    import pyarrow.compute as pc

    good: Any = np.ones(len(column), bool)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if expectation.not_null:
        good &= column.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    if expectation.unique:
        codes = pa.chunked_array(column.chunks, column.type).combine_chunks()
        indices = codes.dictionary_encode(null_encoding="encode").indices.to_numpy()
        good &= np.bincount(indices, minlength=1)[indices] == 1
    for bound, holds in (
        (expectation.minimum, pc.greater_equal),
        (expectation.maximum, pc.less_equal),
    ):
        if bound is not None:
            good &= _of_arrow(holds(column, _bound(bound, column.type)))
    if expectation.choices is not None:
        allowed = pa.array(expectation.choices, column.type)
        good &= _of_arrow(pc.or_(pc.is_in(column, value_set=allowed), column.is_null()))
    return good


def _bound(bound: Any, kind: Any) -> Any:
    """Return a bound as a scalar that can be compared with a column."""
    if isinstance(bound, str):
        return pa.scalar(bound).cast(kind)
    return pa.scalar(bound)


class Columns:
    """The columns of an output as Arrow has them, made when the first of them is asked for."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._table: Any = None

    def get(self, name: str) -> Any:
        """Return a column; None when there is none of that name, or no table."""
        if self._table is None:
            found = packed(self.value)
            self._table = pa.table({}) if found is None else found.table
        return self._table.column(name) if name in self._table.column_names else None


def named(expectation: Expectation) -> str:
    """Return the name under which the result of an entry of `checks:` is shown."""
    name = expectation.column
    if expectation.schema is not None:
        return "schema is as expected"
    if expectation.not_null:
        return f"{name} is not null"
    if expectation.unique:
        return f"{name} is unique"
    if expectation.choices is not None:
        return f"{name} is one of the allowed values"
    return f"{name} is in range"
