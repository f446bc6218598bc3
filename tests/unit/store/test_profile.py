"""Profiles and statistics: what they say of each type, exactly, or as estimates that say so."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.protocol.profiles import ColumnProfile, ColumnStatistics, TopValue
from headrace.protocol.views import ColumnAt, Condition, SortKey, View
from headrace.store import profile as profile_module
from headrace.store import profiles as profiles_module
from headrace.store.profiles import Profiles
from headrace.store.sketches import Distinct, Sample, mixed
from headrace.store.statistics import statistics_of
from headrace.store.stopping import Stop, Stopped

from .conftest import Stored, write

NAN, INF = math.nan, math.inf


def profile(stored: Stored, view: View | None = None) -> list[ColumnProfile]:
    return Profiles(stored.views).of(stored.path, view or View(), Stop()).columns


def statistics(stored: Stored, view: View | None = None, **span: Any) -> list[ColumnStatistics]:
    sent: dict[str, Any] = {"offset": 0, "limit": None, "stop": Stop(), **span}
    return statistics_of(stored.views, stored.path, view or View(), **sent).columns


TOLD: dict[str, tuple[pa.Array, dict[str, Any]]] = {
    "integers": (
        pa.array([3, None, 1, 3, 8]),
        {
            "nulls": 1,
            "min": "1",
            "max": "8",
            "mean": 3.75,
            "distinct": 3,
            "nans": None,
            "top": None,
        },
    ),
    "floats": (
        pa.array([0.5, NAN, None, INF, -INF, 0.5, -0.0, 0.0]),
        {
            "nulls": 1,
            "nans": 1,
            "infinities": 2,
            "min": "-inf",
            "max": "inf",
            "mean": 0.25,
            "distinct": 5,
        },
    ),
    "only NaN": (
        pa.array([NAN, None]),
        {"nulls": 1, "nans": 1, "distinct": 1, "mean": None, "histogram": None, "quantiles": None},
    ),
    "a sum beyond all floats": (
        pa.array([1.5e308, 1.5e308]),
        {"mean": 1.5e308, "distinct": 1},
    ),
    "half floats": (pa.array([0.5, 2.0], pa.float16()), {"min": "0.5", "max": "2.0", "mean": 1.25}),
    "decimals": (
        pa.array([Decimal("1.50"), None, Decimal("3.25")]),
        {"min": "1.50", "max": "3.25", "mean": 2.375, "distinct": 2},
    ),
    "small decimals": (
        pa.array([Decimal("1.5")]).cast(pa.decimal32(4, 1)),
        {"min": "1.5", "distinct": 1},
    ),
    "large integers": (
        pa.array([2**64 - 1, 0], pa.uint64()),
        {"max": str(2**64 - 1), "min": "0", "distinct": 2},
    ),
    "booleans": (
        pa.array([True, None, False, True]),
        {"nulls": 1, "distinct": 2, "top": [TopValue("true", 2), TopValue("false", 1)]},
    ),
    "text": (
        pa.array(["b", None, "a", "b", ""]),
        {"nulls": 1, "distinct": 3, "min": "", "max": "b"},
    ),
    "viewed text": (pa.array(["b", "b"], pa.string_view()), {"top": [TopValue("b", 2)]}),
    "long text": (pa.array(["x" * 500]), {"max": "x" * 200, "top": [TopValue("x" * 200, 1)]}),
    "bytes": (pa.array([b"\0\xff", b"\0\xff"]), {"distinct": 1, "top": [TopValue("AP8=", 2)]}),
    "categories": (
        pa.array(["lo", None, "hi", "lo"]).dictionary_encode(),
        {"nulls": 1, "distinct": 2, "top": [TopValue("lo", 2), TopValue("hi", 1)]},
    ),
    "categories that are null themselves": (
        pa.DictionaryArray.from_arrays([0, 1, 1], pa.array(["x", None])),
        {"nulls": 2, "distinct": 1},
    ),
    "days": (
        pa.array([date(2024, 1, 31), None, date(1, 1, 1)]),
        {"nulls": 1, "min": "0001-01-01", "max": "2024-01-31", "distinct": 2, "histogram": None},
    ),
    "nanoseconds": (
        pa.array([1, 10**9, None], pa.timestamp("ns", "UTC")),
        {"min": "1970-01-01T00:00:00.000000001Z", "max": "1970-01-01T00:00:01Z", "distinct": 2},
    ),
    "spans": (pa.array([timedelta(1), timedelta(0)]), {"min": "00:00:00", "max": "1 d 00:00:00"}),
    "lists": (pa.array([[1], None]), {"nulls": 1, "distinct": None, "min": None, "top": None}),
    "structs": (pa.array([{"a": 1}, None]), {"nulls": 1, "distinct": None}),
    "nulls": (pa.nulls(3), {"nulls": 3, "distinct": None}),
    "no rows": (pa.array([], pa.int64()), {"nulls": 0, "min": None, "distinct": 0, "mean": None}),
    "no text": (pa.array([], pa.string()), {"nulls": 0, "min": None, "distinct": 0, "top": []}),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_of_a_type(stored: Any, name: str) -> None:
    column, told = TOLD[name]
    found = profile(stored(a=column, batch_rows=2))[0]
    assert found.exact
    assert (found.rows, found.type) == (len(column), str(column.type))
    assert {key: getattr(found, key) for key in told} == told


@pytest.fixture
def few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let estimates begin at 1,000 rows instead of a million."""
    monkeypatch.setattr(profile_module, "EXACT_ROWS", 1_000)
    monkeypatch.setattr(profile_module, "_FEW", 500)
    monkeypatch.setattr(profile_module, "_PART", 5_000)
    monkeypatch.setattr(profile_module, "_TABLE", 1 << 15)


def test_estimates_of_many_rows_are_close_and_say_so(stored: Any, few_rows_are_many: None) -> None:
    chance = np.random.default_rng(5)
    rows = 200_000
    spread = chance.normal(0, 1, rows)
    wide = chance.integers(-(2**40), 2**40, rows)
    table = stored(
        spread=spread,
        wide=wide,
        narrow=chance.integers(10, 10_000, rows),
        name=[f"a name that is longer than eight bytes {number}" for number in wide % 50_000],
        word=np.array(["n", "s", "e", "w"])[chance.integers(0, 4, rows)],
        when=pa.array(wide, pa.timestamp("us")),
        batch_rows=7_000,
    )
    columns = {column.name: column for column in profile(table)}
    assert [name for name, column in columns.items() if column.exact] == ["narrow", "word"]
    for name, values in (("spread", spread), ("wide", wide)):
        column = columns[name]
        assert column.distinct == pytest.approx(len(np.unique(values)), rel=0.05)
        assert column.mean == pytest.approx(values.mean())
        assert (column.min, column.max) == (str(values.min()), str(values.max()))
        assert column.histogram is not None
        assert column.histogram.counts == np.histogram(values, 20)[0].tolist() or name == "wide"
        assert sum(column.histogram.counts) == rows
        assert column.quantiles is not None
        shares = [(values < quantile).mean() for quantile in column.quantiles]
        assert shares == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95], abs=0.01)
    narrow = columns["narrow"]
    values = table.views.table(table.path).slice(0, rows, [2]).column(0).to_numpy()
    assert narrow.distinct == len(np.unique(values))
    assert narrow.quantiles == pytest.approx(np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert columns["name"].distinct == pytest.approx(len({*(wide % 50_000).tolist()}), rel=0.05)
    assert columns["word"].top is not None
    assert sum(top.count for top in columns["word"].top) == rows


def test_the_frequent_among_many_different_texts_are_estimated(
    stored: Any, few_rows_are_many: None
) -> None:
    cells = [f"u{number}" if number % 2 else "often" for number in range(40_000)]
    (column,) = profile(stored(a=cells, batch_rows=1_000))
    assert not column.exact
    assert column.top is not None
    assert [top.value for top in column.top] == ["often"]
    assert column.top[0].count == pytest.approx(20_000, rel=0.1)


def test_a_profile_of_a_filter_is_that_of_its_rows(stored: Any) -> None:
    table = stored(n=[5, 1, 9, None, 3], t=list("abcde"), batch_rows=2)
    view = View(filter=[Condition("n", ">", 2)], columns=["t", ColumnAt(0)])
    text, number = profile(table, view)
    assert (text.rows, text.distinct, text.min, text.max) == (3, 3, "a", "e")
    assert (number.mean, number.nulls, number.at) == (17 / 3, 0, 0)
    assert not table.path.with_suffix(".profile").exists()
    assert [column.rows for column in profile(table, View(search="zzz"))] == [0, 0]


def test_profiles_are_kept_beside_the_table_column_by_column(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = stored(a=[1, 2], b=["x", "y"], c=[0.5, None])
    first = [*profile(table, View(columns=["b"])), *profile(table, View(columns=["a", "b"]))]
    kept = table.path.with_suffix(".profile")
    assert len(kept.read_text().split()) == 2
    kept.write_text(kept.read_text() + '{"format":1,"column":{"na')
    *_, third = profile(table)
    monkeypatch.setattr(profiles_module, "profile", lambda cells: pytest.fail("made again"))
    assert profile(table) == [first[1], first[0], third]


def test_a_profile_of_another_format_or_without_leave_to_write_is_made_anew(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = stored(a=[1, 2])
    before = profile(table)
    monkeypatch.setattr(profiles_module, "_FORMAT", 2)
    made: list[int] = []
    real = profiles_module.profile
    monkeypatch.setattr(profiles_module, "profile", lambda cells: made.append(1) or real(cells))
    monkeypatch.setattr(
        profiles_module.os, "open", lambda *_: (_ for _ in ()).throw(PermissionError())
    )
    assert profile(table) == before
    assert made == [1]


def test_ten_thousand_columns_are_profiled_in_parts(stored: Any) -> None:
    table = stored(pa.table({f"c{at}": [at, None] for at in range(10_000)}))
    found = Profiles(table.views).of(table.path, View(columns=["c9999", "c5"]), Stop())
    assert (found.column_count, found.rows) == (10_000, 2)
    assert [column.min for column in found.columns] == ["9999", "5"]
    assert len(profile(table)) == 1_000


def test_a_profile_that_nobody_waits_for_stops(stored: Any) -> None:
    table = stored(a=[1])
    stop = Stop()
    stop.wish()
    with pytest.raises(Stopped):
        Profiles(table.views).of(table.path, View(), stop)


def test_different_values_are_counted_exactly_while_they_are_few() -> None:
    distinct = Distinct()
    for start in range(0, 8_000, 100):
        distinct.add(mixed(np.arange(start % 5_000, start % 5_000 + 100, dtype=np.uint64)))
    assert (distinct.count(), distinct.is_exact) == (5_000, True)
    distinct.add(mixed(np.arange(1_000_000, dtype=np.uint64)))
    assert not distinct.is_exact
    assert distinct.count() == pytest.approx(1_000_000, rel=0.05)


def test_a_sample_of_nothing_has_no_quantiles() -> None:
    assert Sample(0, 10).quantiles((0.5,)) is None
    sample = Sample(1_000, 10)
    sample.add(np.empty(0))
    assert sample.quantiles((0.5,)) is None


# --- statistics of selected cells -------------------------------------------------------------

COLUMNS = {
    "int": pa.array([2**62, 2**62, 2**62, None, -1]),
    "small": pa.array([100, 100, -100, None, 1], pa.int8()),
    "huge": pa.array([2**64 - 1, 1, None, 0, 0], pa.uint64()),
    "float": pa.array([0.5, NAN, None, 1.5, INF]),
    "money": pa.array([Decimal("9.99"), None, Decimal("0.01"), None, None], pa.decimal128(38, 2)),
    "flag": pa.array([True, False, None, True, True]),
    "text": pa.array(["b", None, "a", "c", "b"]),
    "day": pa.array([date(2024, 1, 2), None, date(2024, 1, 1), None, None]),
    "list": pa.array([[1], None, [], [], []]),
}
WANTED = {  # count, nulls, sum, mean, min, max of all five rows
    "int": (4, 1, str(3 * 2**62 - 1), (3 * 2**62 - 1) / 4, "-1", str(2**62)),
    "small": (4, 1, "101", 25.25, "-100", "100"),
    "huge": (4, 1, str(2**64), 2**62, "0", str(2**64 - 1)),
    "float": (4, 1, "inf", None, "0.5", "inf"),
    "money": (2, 3, "10.00", 5.0, "0.01", "9.99"),
    "flag": (4, 1, "3", 0.75, None, None),
    "text": (4, 1, None, None, "a", "c"),
    "day": (2, 3, None, None, "2024-01-01", "2024-01-02"),
    "list": (4, 1, None, None, None, None),
}


def told(column: ColumnStatistics) -> tuple[Any, ...]:
    return column.count, column.nulls, column.sum, column.mean, column.min, column.max


@pytest.mark.parametrize("name", WANTED)
def test_statistics_of_all_rows(stored: Any, name: str) -> None:
    (column,) = statistics(stored(**{name: COLUMNS[name]}, batch_rows=2))
    assert told(column) == WANTED[name]


def test_statistics_are_of_rows_as_the_view_has_them(stored: Any) -> None:
    table = stored(n=[5, 1, 9, None, 3], t=list("abcde"), batch_rows=2)
    view = View(sort=[SortKey("n", True)], columns=["n"])
    assert told(statistics(table, view, limit=2)[0]) == (2, 0, "14", 7.0, "5", "9")
    assert told(statistics(table, view, offset=3)[0]) == (1, 1, "1", 1.0, "1", "1")
    assert told(statistics(table, view, offset=99)[0]) == (0, 0, None, None, None, None)
    found = statistics(table, View(filter=[Condition("n", "<", 4)]))
    assert [column.count for column in found] == [2, 2]
    with pytest.raises(InvalidInput):
        statistics(table, offset=-1)


@given(
    cells=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=20),
    start=st.integers(0, 20),
    limit=st.integers(0, 20),
)
@settings(deadline=None, max_examples=60)
def test_sums_of_any_integers_are_exact(
    tmp_path_factory: Any, cells: list[int | None], start: int, limit: int
) -> None:
    made = pa.table({"a": pa.array(cells, pa.int64())})
    table = write(tmp_path_factory.mktemp("s") / "t.arrow", made, 3)
    (column,) = statistics(table, offset=start, limit=limit)
    wanted = [cell for cell in cells[start : start + limit] if cell is not None]
    assert column.sum == (str(sum(wanted)) if wanted else None)
    assert column.min == (str(min(wanted)) if wanted else None)
