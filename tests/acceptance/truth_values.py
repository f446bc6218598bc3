"""Values of every kind that a block may return, each made by a function without arguments.

The projects of the tests import this file, so that a block returns a value and the next one makes it
again to compare. It therefore imports nothing of the tests.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

VALUES: dict[str, Callable[[], Any]] = {}
"""Name of a case → its value, made anew."""

D = decimal.Decimal
NS = 1_700_000_000_123_456_789
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
HOSTILE_NAME = "a\0b\nc\u202ed\U0001f600"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8"
    "ff9f010005050102fbf1b5cb0000000049454e44ae426082"
)


def case(name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register the function that makes a value."""

    def register(make: Callable[[], Any]) -> Callable[[], Any]:
        VALUES[name] = make
        return make

    return register


def cases(**makes: Callable[[], Any]) -> None:
    VALUES.update(makes)


def df(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def objects(*cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(cells, dtype=object)})


def in_utc(query: str) -> Any:
    duckdb.sql("set TimeZone = 'UTC'")
    return duckdb.sql(query)


@dataclasses.dataclass
class Point:
    x: float
    y: float


class Pair(NamedTuple):
    left: int
    right: list[int]


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


@dataclasses.dataclass
class Chart:
    """As Altair and Plotly do it: a bundle of MIME types, the richest one made for no network."""

    bundle: dict[str, Any]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.bundle


@dataclasses.dataclass(eq=False)
class Shown:
    """Says one rich form of itself, by the method of that form."""

    method: str
    content: Any

    def __getattr__(self, name: str) -> Any:
        if name == self.__dict__.get("method"):
            return lambda: self.content
        raise AttributeError(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown) and other.__dict__ == self.__dict__

    __hash__ = None  # pyright: ignore[reportAssignmentType]


# --- columns of pandas ---------------------------------------------------------------------------
cases(
    nulls=lambda: pd.DataFrame({"x": pd.Series(["a", None, "b"], dtype="str")}),
    nan=lambda: df(x=[1.5, np.nan, np.inf, -np.inf, -0.0, 0.0]),
    nat=lambda: df(x=pd.to_datetime(["2026-01-01", None])),
    pd_na=lambda: df(x=pd.array([1, pd.NA], dtype="Int64")),
    nullable_float=lambda: df(x=pd.array([1.5, pd.NA], dtype="Float64")),
    nullable_string=lambda: df(x=pd.array(["a", pd.NA], dtype="string")),
    none_and_nan=lambda: objects("a", None, np.nan, pd.NA, pd.NaT),
    blanks=lambda: df(x=["", " ", "\t", "\n", "\u00a0", "\u200b", " a "]),
    words_for_nothing=lambda: df(x=["null", "None", "NaN", "nan", "∅", '""', "inf"]),
    int8=lambda: df(x=np.array([-(2**7), 2**7 - 1], "int8")),
    int16=lambda: df(x=np.array([-(2**15), 2**15 - 1], "int16")),
    int32=lambda: df(x=np.array([-(2**31), 2**31 - 1], "int32")),
    int64=lambda: df(x=np.array([-(2**63), 2**63 - 1, 2**53 + 1], "int64")),
    uint8=lambda: df(x=np.array([0, 2**8 - 1], "uint8")),
    uint64=lambda: df(x=np.array([2**53 + 1, 2**64 - 1], "uint64")),
    nullable_uint64=lambda: df(x=pd.array([2**64 - 1, None], dtype="UInt64")),
    float16=lambda: df(x=np.array([0.1, np.inf, np.nan], "float16")),
    float32=lambda: df(x=np.array([0.1, 16777217, np.nan], "float32")),
    float64=lambda: df(x=[0.1 + 0.2, 5e-324, 1.7976931348623157e308]),
    bools=lambda: df(x=[True, False]),
    bools_with_null=lambda: df(x=pd.array([True, None, False], dtype="boolean")),
    bools_and_none=lambda: objects(True, None, False),
    decimals=lambda: df(x=[D("1.10"), None, D("-0.005")]),
    decimals_of_38_digits=lambda: df(x=[D("12345678901234567890123456789012345678")]),
    decimals_that_differ_in_scale=lambda: df(x=[D("1.10"), D("1.1"), D("1E+3"), D("NaN")]),
    dates=lambda: df(x=[dt.date(1, 1, 1), dt.date(9999, 12, 31), None]),
    times=lambda: df(x=[dt.time(1, 2, 3, 4), None]),
    datetimes_far_away=lambda: df(
        x=[dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59)]  # noqa: DTZ001 - on purpose
    ),
    nanoseconds=lambda: df(x=pd.to_datetime([NS, NS + 1])),
    seconds_unit=lambda: df(x=np.array(["2026-01-01T00:00:00", "NaT"], "datetime64[s]")),
    milliseconds_unit=lambda: df(x=np.array(["-270000-01-01T00:00:00.5"], "datetime64[ms]")),
    zone_iana=lambda: df(
        x=pd.to_datetime(["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"]).tz_convert(BERLIN)
    ),
    zone_fixed=lambda: df(
        x=pd.to_datetime(["2026-01-01"]).tz_localize(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    ),
    zone_utc=lambda: df(x=pd.to_datetime(["2026-01-01"], utc=True)),
    zones_mixed=lambda: objects(
        pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01", tz="Asia/Tokyo")
    ),
    moments_with_and_without_zone=lambda: objects(
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 1),  # noqa: DTZ001 - on purpose
    ),
    durations=lambda: df(x=pd.to_timedelta(["1D 00:00:00.000000001", None, "-1s"])),
    python_durations=lambda: objects(dt.timedelta(days=1, microseconds=1), None),
    offsets=lambda: objects(pd.DateOffset(months=1), pd.offsets.MonthEnd()),
    periods=lambda: df(x=pd.PeriodIndex(["2026-01", None], freq="M")),
    intervals=lambda: df(x=pd.arrays.IntervalArray.from_tuples([(0, 1), None, (1, 2)])),
    interval_of_times=lambda: df(
        x=pd.interval_range(pd.Timestamp("2026-01-01"), periods=2, closed="left")
    ),
    categories=lambda: df(x=pd.Categorical(["b", None, "a"], ["b", "a", "unused"])),
    categories_ordered=lambda: df(x=pd.Categorical(["b", "a"], ["b", "a"], ordered=True)),
    categories_of_numbers=lambda: df(x=pd.Categorical([3, None, 1])),
    categories_of_moments=lambda: df(x=pd.Categorical(pd.to_datetime(["2026-01-01", None]))),
    categories_of_intervals=lambda: df(x=pd.cut([1, 5], [0, 2, 6])),
    categories_mixed=lambda: df(x=pd.Categorical([1, "a", (2, 3)])),
    bytes=lambda: df(x=[b"\x00\xff", b"", None, b"text"]),
    image_bytes=lambda: df(x=[PNG]),
    lists=lambda: df(x=[[1, 2], [], None]),
    lists_of_lists=lambda: df(x=[[[1], []], [[2, 3]]]),
    arrays_in_cells=lambda: objects(np.array([1, 2]), np.array([[1], [2]])),
    tuples=lambda: df(x=[(1, "a"), ()]),
    dicts=lambda: df(x=[{}, {"a": 1}, {"a": 1.5, "b": None}]),
    sets=lambda: objects({1}, frozenset({2}), None),
    complex=lambda: df(x=[1 + 2j, complex(np.nan, np.inf)], y=[1, 2]),
    sparse=lambda: df(x=pd.arrays.SparseArray([0, 0, 1]), y=["a", "b", "c"]),
    sparse_floats=lambda: df(x=pd.arrays.SparseArray([np.nan, 1.5])),
    mixed=lambda: df(x=[1, "a", None, 1.5, True, [1], {"k": 1}, b"\xff"], y=range(8)),
    numbers_as_objects=lambda: objects(1, 2.5, True, np.int8(3), None),
    big_integers=lambda: df(x=[2**64, -(2**70), 1]),
    one_big_integer=lambda: df(x=[1, 2**63]),
    uuids=lambda: objects(uuid.UUID(int=1), uuid.UUID(int=2)),
    enums=lambda: objects(Colour.RED, Colour.GREEN),
    python_objects=lambda: objects(Point(1, 2), fractions.Fraction(1, 3), pathlib.Path("a/b")),
    text_as_objects=lambda: objects("a", "b"),
    lone_surrogates=lambda: objects("\ud800", "x"),
    unicode=lambda: df(x=["ﬃ", "e\u0301", "\U0001f469\u200d\U0001f4bb", "\u202eabc", "a\0b"]),
    long_text=lambda: df(x=["x" * 100_000, "y"]),
    arrow_backed=lambda: pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="int64[pyarrow]"),
            "l": pd.array([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
            "d": pd.array([D("1.50"), None], dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
            "t": pd.array([NS, None], dtype=pd.ArrowDtype(pa.timestamp("ns", "UTC"))),
        }
    ),
    python_strings=lambda: df(x=pd.array(["a", None], dtype=pd.StringDtype("python"))),
    addresses=lambda: objects(ipaddress.ip_address("::1"), ipaddress.ip_address("10.0.0.1")),
)

# --- names and shapes of pandas ------------------------------------------------------------------
cases(
    duplicate_names=lambda: pd.DataFrame([[1, "a", 2.5]], columns=["x", "x", "x_2"]),
    names_no_text=lambda: pd.DataFrame(
        [[1] * 6], columns=[0, None, (1, 2), np.nan, pd.Timestamp("2026-01-01"), True]
    ),
    names_of_numbers=lambda: pd.DataFrame([[1, 2]]),
    names_of_floats=lambda: pd.DataFrame([[1, 2]], columns=[0.5, 1.0]),
    names_of_moments=lambda: pd.DataFrame([[1, 2]], columns=pd.date_range("2026", periods=2)),
    names_of_categories=lambda: pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["a", "b"])),
    one_as_text_and_number=lambda: pd.DataFrame([[1, 2]], columns=["1", 1]),
    empty_name=lambda: pd.DataFrame([[1, 2]], columns=["", " "]),
    hostile_name=lambda: pd.DataFrame([[1]], columns=[HOSTILE_NAME]),
    surrogate_name=lambda: pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)),
    long_name=lambda: pd.DataFrame([[1]], columns=["n" * 10_000]),
    name_like_an_index=lambda: pd.DataFrame([[1, 2]], columns=["__index_level_0__", "index"]),
    named_columns=lambda: pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="names")),
    levels_of_columns=lambda: pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["u", None])
    ),
    levels_of_rows=lambda: pd.DataFrame(
        {"x": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    ),
    levels_without_names=lambda: pd.DataFrame(
        {"x": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    ),
    levels_of_both=lambda: pd.DataFrame(
        [[1, 2], [3, 4]],
        index=pd.MultiIndex.from_product([["a"], [1, 2]]),
        columns=pd.MultiIndex.from_product([["x"], ["y", "z"]]),
    ),
    named_index=lambda: pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="key")),
    index_named_as_a_column=lambda: pd.DataFrame({"x": [1]}, index=pd.Index([7], name="x")),
    index_named_by_a_number=lambda: pd.DataFrame({"x": [1]}, index=pd.Index([7], name=5)),
    index_of_texts=lambda: pd.DataFrame({"x": [1, 2]}, index=["a", "b"]),
    index_of_texts_with_null=lambda: pd.DataFrame({"x": [1, 2]}, index=["a", None]),
    index_of_moments=lambda: pd.DataFrame(
        {"x": [1, 2, 3]}, index=pd.date_range("2026-01-01", periods=3, freq="D", name="day")
    ),
    index_of_moments_with_zone=lambda: pd.DataFrame(
        {"x": [1, 2]}, index=pd.date_range("2026-03-29", periods=2, freq="h", tz="Europe/Berlin")
    ),
    index_of_durations=lambda: pd.DataFrame(
        {"x": [1, 2]}, index=pd.timedelta_range("1h", periods=2, freq="h")
    ),
    index_of_periods=lambda: pd.DataFrame(
        {"x": [1, 2]}, index=pd.period_range("2026-01", periods=2, freq="M")
    ),
    index_of_intervals=lambda: pd.DataFrame({"x": [1, 2]}, index=pd.interval_range(0, 2)),
    index_of_categories=lambda: pd.DataFrame({"x": [1, 2]}, index=pd.CategoricalIndex(["a", "b"])),
    index_with_duplicates=lambda: pd.DataFrame({"x": [1, 2]}, index=[5, 5]),
    index_of_objects=lambda: pd.DataFrame({"x": [1, 2]}, index=pd.Index([1, "a"], dtype=object)),
    range_with_a_step=lambda: pd.DataFrame({"x": [1, 2, 3]}, index=pd.RangeIndex(10, 40, 10)),
    range_with_a_name=lambda: pd.DataFrame({"x": [1]}, index=pd.RangeIndex(1, name="n")),
    no_rows=lambda: pd.DataFrame(
        {"x": pd.Series([], dtype="int64"), "y": pd.Series([], dtype=str)}
    ),
    no_rows_of_objects=lambda: pd.DataFrame({"x": pd.Series([], dtype=object)}),
    no_columns=lambda: pd.DataFrame(index=pd.RangeIndex(3)),
    nothing_at_all=lambda: pd.DataFrame(),
    wide=lambda: pd.DataFrame(np.arange(10_000.0).reshape(1, -1)).add_prefix("c"),
    all_null=lambda: df(x=[None, None], y=[np.nan, np.nan]),
)


@case("attributes")
def _attributes() -> pd.DataFrame:
    frame = df(x=[1])
    frame.attrs = {"unit": "m", "made": dt.date(2026, 1, 1)}
    return frame


# --- other libraries -----------------------------------------------------------------------------
cases(
    polars=lambda: pl.DataFrame(
        {"i": [1, None], "f": [1.5, float("nan")], "s": ["a", None], "b": [True, None]}
    ),
    polars_lazy=lambda: pl.LazyFrame({"i": [1, 2]}),
    polars_enum=lambda: pl.DataFrame({"x": ["a", None]}, schema={"x": pl.Enum(["b", "a"])}),
    polars_categorical=lambda: pl.DataFrame({"x": ["a", "b", None]}, schema={"x": pl.Categorical}),
    polars_nested=lambda: pl.DataFrame(
        {"l": [[1], [], None], "s": [{"a": 1, "b": "x"}, {"a": None, "b": None}, None]}
    ),
    polars_array=lambda: pl.DataFrame({"x": [[1, 2]]}, schema={"x": pl.Array(pl.Int64, 2)}),
    polars_times=lambda: pl.DataFrame(
        {
            "d": [dt.date(2026, 1, 1)],
            "t": [dt.time(1, 2, 3, 4)],
            "m": [dt.datetime(2026, 1, 1, tzinfo=BERLIN)],
            "u": [dt.timedelta(days=1, microseconds=1)],
        }
    ),
    polars_nanoseconds=lambda: pl.DataFrame({"t": pl.Series([1], dtype=pl.Time)}),
    polars_decimal=lambda: pl.DataFrame({"x": [D("1.50"), None]}),
    polars_int128=lambda: pl.DataFrame(
        {"x": pl.Series([2**100, None], dtype=pl.Int128), "y": [1, 2]}
    ),
    polars_binary=lambda: pl.DataFrame({"x": [b"\xff", None]}),
    polars_objects=lambda: pl.DataFrame(
        {"x": pl.Series([Point(1, 2), None], dtype=pl.Object), "y": [1, 2]}
    ),
    polars_nulls=lambda: pl.DataFrame({"x": [None, None]}),
    polars_no_rows=lambda: pl.DataFrame(schema={"x": pl.Int8}),
    polars_no_columns=lambda: pl.DataFrame(),
    polars_series=lambda: pl.Series("x", [1, None]),
    arrow_table=lambda: pa.table({"i": [1, None], "s": ["a", None]}),
    arrow_metadata=lambda: pa.table(
        [[1]], schema=pa.schema([pa.field("x", pa.int64(), metadata={"unit": "m"})], {"a": "b"})
    ),
    arrow_batch=lambda: pa.record_batch({"i": [1, None]}),
    arrow_reader=lambda: pa.RecordBatchReader.from_batches(
        pa.schema([("i", pa.int64())]), [pa.record_batch({"i": [1]}), pa.record_batch({"i": [2]})]
    ),
    arrow_dictionary=lambda: pa.table({"x": pa.array(["a", None, "a"]).dictionary_encode()}),
    arrow_dictionary_of_chunks=lambda: pa.table(
        {
            "x": pa.chunked_array(
                [pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]
            )
        }
    ),
    arrow_duplicates=lambda: pa.table([[1], ["a"]], names=["x", "x"]),
    arrow_empty_names=lambda: pa.table([[1], [2]], names=["", HOSTILE_NAME]),
    arrow_structs=lambda: pa.table({"x": pa.array([{"a": 1, "b": [None, "x"]}, None])}),
    arrow_struct_of_twins=lambda: pa.table(
        {
            "x": pa.StructArray.from_arrays(
                [pa.array([1]), pa.array(["a"])],
                fields=[pa.field("a", pa.int64()), pa.field("a", pa.string())],
            )
        }
    ),
    arrow_map=lambda: pa.table(
        {"x": pa.array([[("k", 1), ("k", 2)], []], pa.map_(pa.string(), pa.int64()))}
    ),
    arrow_lists=lambda: pa.table(
        {
            "f": pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
            "l": pa.array([["a"]], pa.large_list(pa.large_string())),
            "v": pa.array([[1]], pa.list_view(pa.int64())),
        }
    ),
    arrow_views=lambda: pa.table(
        {
            "s": pa.array(["a" * 20, "b"], pa.string_view()),
            "b": pa.array([b"a", None], pa.binary_view()),
        }
    ),
    arrow_times=lambda: pa.table(
        {
            "t": pa.array([1, None], pa.time64("ns")),
            "s": pa.array([1, None], pa.time32("s")),
            "n": pa.array([NS, None], pa.timestamp("ns", "America/New_York")),
            "d": pa.array([1, None], pa.duration("ns")),
            "e": pa.array([86_400_000, None], pa.date64()),
            "i": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
        }
    ),
    arrow_far_times=lambda: pa.table(
        {
            "s": pa.array([2**50, -(2**50)], pa.timestamp("s")),
            "d": pa.array([2**30, -(2**30)], pa.date32()),
            "u": pa.array([2**62, 0], pa.duration("s")),
        }
    ),
    arrow_unknown_zone=lambda: pa.table({"x": pa.array([0], pa.timestamp("s", "Mars/Phobos"))}),
    arrow_decimals=lambda: pa.table(
        {
            "s": pa.array([D("1.5")], pa.decimal32(5, 2)),
            "h": pa.array([D("1" * 50)], pa.decimal256(76, 2)),
            "n": pa.array([D("1200")], pa.decimal128(5, -2)),
        }
    ),
    arrow_binary=lambda: pa.table(
        {"f": pa.array([b"ab"], pa.binary(2)), "l": pa.array([b"\xff" * 20], pa.large_binary())}
    ),
    arrow_union=lambda: pa.table(
        {
            "x": pa.UnionArray.from_dense(
                pa.array([0, 1], pa.int8()),
                pa.array([0, 0], pa.int32()),
                [pa.array([1]), pa.array(["a"])],
            )
        }
    ),
    arrow_run_ends=lambda: pa.table({"x": pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"])}),
    arrow_uuid=lambda: pa.table({"x": pa.array([uuid.UUID(int=1).bytes], pa.uuid())}),
    arrow_json=lambda: pa.table({"x": pa.array(['{"a": 1}'], pa.json_())}),
    arrow_tensor=lambda: pa.table(
        {"x": pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(8).reshape(2, 2, 2))}
    ),
    arrow_nulls=lambda: pa.table({"x": pa.nulls(2)}),
    arrow_half=lambda: pa.table({"x": pa.array(np.array([0.5], "float16"))}),
    arrow_no_columns=lambda: pa.table({}),
    duckdb=lambda: in_utc(
        "select 1::hugeint h, 1.5::decimal(9,2) d, 'a'::enum('a','b') e, [1,null] l, {'a': 1} s,"
        " map {'k': 1} m, interval '1 month 2 days' i, uuid '00000000-0000-0000-0000-000000000001' u,"
        " time '01:02:03' t, timestamptz '2026-01-01 00:00:00+00' z, 'ab'::blob b"
    ),
    duckdb_odd=lambda: duckdb.sql(
        "select '101'::bit b, (2::uhugeint) u, union_value(n := 1) x, timetz '01:02:03+01' z"
    ),
    duckdb_duplicates=lambda: duckdb.sql("select 1 a, 2 a"),
    numpy_0d=lambda: np.array(1.5),
    numpy_1d=lambda: np.array([1, 2], "int8"),
    numpy_2d=lambda: np.array([[1.5, np.nan], [np.inf, 2]]),
    numpy_3d=lambda: np.zeros((2, 2, 2)),
    numpy_structured=lambda: np.array([(1, "a")], dtype=[("n", "i4"), ("s", "U1")]),
    numpy_masked=lambda: np.ma.masked_array([1, 2], [False, True]),
    numpy_moments=lambda: np.array(["2026-01-01", "NaT"], "datetime64[D]"),
    series=lambda: pd.Series([1, 2], name="n", index=["a", "b"]),
    series_no_name=lambda: pd.Series([1.5, None]),
    series_of_objects=lambda: pd.Series([1, "a", None], name=("t", 1)),
    pandas_index=lambda: pd.Index([1, 2], name="i"),
    pandas_timestamp=lambda: pd.Timestamp(NS, tz="Europe/Berlin"),
    dict_of_frames=lambda: {"one": df(x=[1]), "two": pl.DataFrame({"y": [2]})},
    list_of_frames=lambda: [df(x=[1]), df(y=["a"])],
    tuple=lambda: (1, "a", None),
    namedtuple=lambda: Pair(1, [2]),
)

# --- plain values --------------------------------------------------------------------------------
cases(
    none=lambda: None,
    ellipsis=lambda: ...,
    true=lambda: True,
    integer=lambda: 2**100,
    huge_integer=lambda: 10**5000,
    float_=lambda: 0.1 + 0.2,
    minus_zero=lambda: -0.0,
    float_nan=lambda: float("nan"),
    float_inf=lambda: float("-inf"),
    complex_number=lambda: 1 - 2j,
    text=lambda: "Łódź\n\0\U0001f600",
    empty_text=lambda: "",
    blank_text=lambda: "  ",
    surrogate=lambda: "\ud800",
    bytes_=lambda: b"\x00\xff",
    decimal_=lambda: D("1.10"),
    date_=lambda: dt.date(2026, 1, 1),
    moment=lambda: dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN),
    duration_=lambda: dt.timedelta(days=-1, microseconds=1),
    uuid_=lambda: uuid.UUID(int=1),
    enum_=lambda: Colour.RED,
    path=lambda: pathlib.Path("a/b"),
    range_=lambda: range(3),
    list_=lambda: [1, 2.5, None, {"a": [True, ""]}],
    list_of_nan=lambda: [float("nan"), None, float("inf")],
    dict_=lambda: {"b": 1, "a": None},
    dict_of_numbers=lambda: {1: "a", (2, 3): "b"},
    ordered_dict=lambda: OrderedDict(a=1),
    default_dict=lambda: defaultdict(list, a=[1]),
    counter=lambda: Counter("aab"),
    deque_=lambda: deque([1, 2], maxlen=2),
    set_=lambda: {1, 2},
    dataclass=lambda: Point(1.5, -0.0),
    numpy_scalar=lambda: np.float32(0.1),
    numpy_int=lambda: np.uint64(2**64 - 1),
    numpy_bool=lambda: np.bool_(True),
)

# --- pictures, documents, charts -----------------------------------------------------------------
HTML = "<b>bold</b><script>document.body.dataset.ran = 'yes'</script>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='4'/></svg>"
cases(
    html=lambda: Shown("_repr_html_", HTML),
    svg=lambda: Shown("_repr_svg_", SVG),
    png=lambda: Shown("_repr_png_", PNG),
    markdown=lambda: Shown("_repr_markdown_", "# Title\n\n- *one*"),
    latex=lambda: Shown("_repr_latex_", "$\\frac{1}{2}$"),
    json_shown=lambda: Shown("_repr_json_", {"a": [1, None]}),
    chart_with_html=lambda: Chart({"text/plain": "a chart", "text/html": HTML}),
    chart_of_vega=lambda: Chart(
        {"application/vnd.vegalite.v6+json": {"mark": "bar"}, "text/plain": "<alt.Chart>"}
    ),
    chart_with_picture=lambda: Chart(
        {"application/vnd.vegalite.v6+json": {"mark": "bar"}, "image/png": PNG, "text/plain": "c"}
    ),
)


@case("pil_image")
def _pil_image() -> Any:
    from PIL import Image

    return Image.new("RGB", (2, 2), "red")


@case("matplotlib_figure")
def _matplotlib_figure() -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    return figure


@case("styler")
def _styler() -> Any:
    return df(x=[1]).style.format("{:.2f}")


# --- what comes in pieces ------------------------------------------------------------------------
@case("pieces_of_pandas")
def _pieces_of_pandas() -> Any:
    yield df(x=[1, 2])
    yield df(x=[3])


@case("pieces_of_polars")
def _pieces_of_polars() -> Any:
    yield pl.DataFrame({"x": [1]})
    yield pl.DataFrame({"x": [2.5]})


@case("pieces_of_categories")
def _pieces_of_categories() -> Any:
    yield df(x=pd.Categorical(["a"]))
    yield df(x=pd.Categorical(["b"]))


@case("pieces_of_objects")
def _pieces_of_objects() -> Any:
    yield df(x=[1, "a"])
    yield df(x=[None])


@case("pieces_of_values")
def _pieces_of_values() -> Any:
    yield 1
    yield "a"
