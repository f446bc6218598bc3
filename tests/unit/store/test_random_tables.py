"""Random tables come through store, next block, SQL and exports; what differs is what `docs/values.md` says."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.acceptance.truth_differences import difference

from headrace.store import exports
from headrace.store.libraries import packed
from headrace.store.outputs import Store
from headrace.store.values import text_of, values_of
from headrace.workers.relations import relation_of

EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = st.lists(st.text(max_size=6), min_size=1, max_size=4)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
DAYS = st.dates()
MOMENTS = st.datetimes()
SPANS = st.timedeltas(dt.timedelta(days=-10_000), dt.timedelta(days=10_000))
DECIMALS = st.decimals(-(10**6), 10**6, places=2)
INT64 = st.integers(-(2**63), 2**63 - 1)


def column(kind: Any, cells: st.SearchStrategy[Any]) -> Callable[[int], st.SearchStrategy[Any]]:
    """A column of some rows: of a type, nulls among its cells."""

    def of(rows: int) -> st.SearchStrategy[Any]:
        listed = st.lists(st.none() | cells, min_size=rows, max_size=rows)
        return listed.map(lambda found: pa.array(found, kind, from_pandas=False))

    return of


ARROW = [
    column(pa.int8(), st.integers(-128, 127)),
    column(pa.int64(), INT64),
    column(pa.uint64(), st.integers(0, 2**64 - 1)),
    column(pa.float64(), FLOATS),
    column(pa.bool_(), st.booleans()),
    column(pa.string(), TEXT),
    column(pa.large_string(), TEXT),
    column(pa.binary(), st.binary(max_size=6)),
    column(pa.date32(), DAYS),
    column(pa.timestamp("us"), MOMENTS),
    column(pa.timestamp("ns", "Asia/Tokyo"), st.integers(-(2**62), 2**62)),
    column(pa.time64("us"), st.times()),
    column(pa.duration("us"), SPANS),
    column(pa.decimal128(12, 2), DECIMALS),
    column(pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "", " "])),
    column(pa.list_(pa.int64()), st.lists(st.none() | INT64, max_size=3)),
    column(
        pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]),
        st.fixed_dictionaries({"a": INT64, "b": st.lists(TEXT, max_size=2)}),
    ),
    column(
        pa.map_(pa.string(), pa.float64()),
        st.dictionaries(TEXT, FLOATS, max_size=2).map(lambda d: list(d.items())),
    ),
]


@st.composite
def arrow_tables(draw: st.DrawFn) -> pa.Table:
    names = draw(st.lists(TEXT, min_size=1, max_size=4))
    rows = draw(st.integers(0, 5))
    return pa.table([draw(draw(st.sampled_from(ARROW))(rows)) for _ in names], names=names)


def cells(kind: st.SearchStrategy[Any], dtype: Any = object) -> Callable[[int], Any]:
    def of(rows: int) -> st.SearchStrategy[Any]:
        return st.lists(kind, min_size=rows, max_size=rows).map(
            lambda found: pd.Series(found, dtype=dtype)
        )

    return of


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | FLOATS
    | st.text(max_size=5)
    | st.binary(max_size=4)
    | st.just(pd.NA)
    | st.just(pd.NaT)
    | DAYS
    | SPANS
    | st.complex_numbers()
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=5,
)
PANDAS = [
    cells(st.integers(-(2**31), 2**31 - 1), "int32"),
    cells(FLOATS, "float64"),
    cells(st.booleans(), "bool"),
    cells(st.none() | INT64, "Int64"),
    cells(st.none() | st.booleans(), "boolean"),
    cells(st.none() | TEXT, "str"),
    cells(st.none() | st.sampled_from(["a", "b"]), "category"),
    cells(st.integers(-(2**60), 2**60), "datetime64[ns]"),
    cells(st.integers(-(2**60), 2**60), "datetime64[ns, Europe/Berlin]"),
    cells(st.integers(-(2**60), 2**60), "timedelta64[ns]"),
    cells(st.complex_numbers(), "complex128"),
    cells(st.none() | st.text(max_size=5)),
    cells(st.none() | DAYS),
    cells(st.none() | st.decimals(allow_nan=False)),
    cells(st.none() | st.lists(INT64, max_size=2)),
    cells(ANYTHING),
]


@st.composite
def pandas_frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 5))
    columns = draw(st.lists(st.sampled_from(PANDAS), max_size=4))
    frame = pd.DataFrame(
        {at: draw(make(rows)) for at, make in enumerate(columns)}, index=range(rows)
    )
    some_names = st.text(max_size=4) | st.integers(-5, 5) | st.none() | st.tuples(st.integers(0, 2))
    names = draw(st.lists(some_names, min_size=len(columns), max_size=len(columns)))
    frame.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    index = draw(st.sampled_from(["range", "text", "levels", "rows", "objects"]))
    if index == "text":
        frame.index = pd.Index(draw(st.lists(TEXT, min_size=rows, max_size=rows)), dtype="str")
    elif index == "levels" and rows:
        pairs = draw(st.lists(st.tuples(TEXT, INT64), min_size=rows, max_size=rows))
        frame.index = pd.MultiIndex.from_tuples(pairs, names=["a", None])
    elif index == "rows":
        frame.index = pd.Index(np.arange(rows)[::-1].copy(), dtype="int64")
    elif index == "objects":
        frame.index = pd.Index([object if n % 2 else n for n in range(rows)], dtype=object)
    return frame


_PLACES: list[Path] = []


@pytest.fixture(scope="module", autouse=True)
def _place(tmp_path_factory: pytest.TempPathFactory) -> None:
    _PLACES[:] = [tmp_path_factory.mktemp("stored")]


def stored(value: Any) -> tuple[Any, Any, str]:
    """Return what the next block gets, the stored table, and the path of its file."""
    folder = Path(tempfile.mkdtemp(dir=_PLACES[0]))
    store = Store(folder / ".headrace" / "store")
    output = store.put(value)
    path = store.path(output.address)
    return store.get(output), pa.ipc.open_file(path).read_all().replace_schema_metadata(), str(path)


def words(table: Any) -> list[list[Any]]:
    return [values_of(column) for column in table.columns]


def exported(table: Any, form: Any) -> bytes:
    sink = io.BytesIO()
    exports.write(table.schema, table.to_batches(), form, sink)
    return sink.getvalue()


@EXAMPLES
@given(arrow_tables())
def test_an_arrow_table_comes_through(table: pa.Table) -> None:
    got, kept, path = stored(table)
    assert difference(got, table) == ""
    assert words(kept) == words(table)
    read = pq.ParquetFile(io.BytesIO(exported(kept, "parquet"))).read()
    assert words(read) == words(kept)
    lines = list(csv.reader(io.StringIO(exported(kept, "csv").decode(), newline="")))
    if table.num_columns > 1:  # a lone null is an empty line
        assert lines[0] == kept.column_names
        assert len(lines) == table.num_rows + 1
    assert_sql_sees(kept, path)


@EXAMPLES
@given(pandas_frames())
def test_a_frame_of_pandas_comes_through(frame: pd.DataFrame) -> None:
    got, kept, path = stored(frame)
    assert difference(got, frame) == ""
    assert len(set(kept.column_names)) == kept.num_columns
    read = pq.ParquetFile(io.BytesIO(exported(kept, "parquet"))).read()
    assert words(read) == words(kept)
    exported(kept, "csv")
    found = packed(frame)
    assert found is not None
    for at in range(-len(frame.columns), 0):
        made = frame.iloc[:, at]
        is_text = all(cell is None or type(cell) is str for cell in made)
        if str(made.dtype) == "object" and pa.types.is_large_string(kept.schema.field(at).type):
            assert is_text or found.notes, "text that stands for something else is said"
    assert_sql_sees(kept, path)


def assert_sql_sees(kept: Any, path: str) -> None:
    """SQL sees the same cells: moments in UTC, durations to the microsecond."""
    relation = relation_of(path)
    if not relation.num_columns:
        return
    with duckdb.connect() as database:
        database.execute("SET TimeZone='UTC'")
        database.register("b", relation)
        seen = database.sql("select * from b").to_arrow_table()
    assert seen.num_rows == kept.num_rows
    shown = kept.select([n for n in kept.column_names if n != "__index_level_0__"])
    for column, given_ in zip(seen.columns, shown.columns, strict=True):
        kind = given_.type
        if pa.types.is_duration(kind) or (pa.types.is_timestamp(kind) and kind.tz is not None):
            assert column.null_count == given_.null_count
        else:
            assert list(map(text_of, values_of(column))) == list(map(text_of, values_of(given_)))
