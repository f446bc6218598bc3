"""Rows of views: sorted as Python sorts them, whatever the type, and cut into windows."""

from __future__ import annotations

import math
import random
import string
import threading
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnAt, Condition, SortKey, View
from headrace.store import orders, sorting
from headrace.store.stopping import Stop, Stopped

from .conftest import write

NAN = float("nan")


def expected(cells: list[Any], *, descending: bool) -> list[int]:
    """Sort stably, NaN after all numbers and nulls after these."""
    rows = list(range(len(cells)))
    nulls = [row for row in rows if cells[row] is None]
    nans = [row for row in rows if isinstance(cells[row], float) and math.isnan(cells[row])]
    rest = [row for row in rows if row not in {*nulls, *nans}]
    rest.sort(key=lambda row: cells[row], reverse=descending)
    return [*rest, *nans, *nulls]


SORTED: dict[str, pa.Array] = {
    "integers": pa.array([3, None, -1, 3, 0, -(2**63), 2**63 - 1]),
    "integers of the whole range and a null": pa.array([0, 2**64 - 1, None, 1], pa.uint64()),
    "small integers": pa.array([3, -128, None, 127], pa.int8()),
    "floats": pa.array([0.5, NAN, None, -math.inf, math.inf, -0.0, 0.0, 5e-324, -5e-324]),
    "single floats": pa.array([0.5, None, -1.5, NAN], pa.float32()),
    "half floats": pa.array([0.5, None, -1.5], pa.float16()),
    "booleans": pa.array([True, None, False, True]),
    "text": pa.array(["b", "", None, "a", "a\0", "a\0\0", "abcdefgh", "abcdefghi", "é", "z" * 40]),
    "large text": pa.array(["b", "a", None, "ab"], pa.large_string()),
    "viewed text": pa.array(["b", "a", None, "a" * 30], pa.string_view()),
    "text that is empty": pa.array(["", "", None]),
    "bytes": pa.array([b"\xff", b"", None, b"\0", b"\xff\0"]),
    "bytes of one size": pa.array([b"ab", b"aa", None], pa.binary(2)),
    "days": pa.array([date(2024, 1, 1), None, date(1, 1, 1)]),
    "moments": pa.array([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(1960, 1, 1, tzinfo=UTC)]),
    "times": pa.array([time(6), None, time(5)]),
    "spans": pa.array([timedelta(1), None, timedelta(-1)]),
    "decimals": pa.array(
        [Decimal("1.5"), None, Decimal(-20), Decimal("1.4")], pa.decimal128(30, 2)
    ),
    "wide decimals": pa.array(
        [Decimal(10**50), None, Decimal(-(10**50)), Decimal(0)], pa.decimal256(60)
    ),
    "small decimals": pa.array([Decimal("1.5"), None, Decimal(-2)]).cast(pa.decimal32(5, 1)),
    "categories": pa.array(["lo", None, "hi", "lo"]).dictionary_encode(),
    "nulls": pa.nulls(3),
    "nothing": pa.array([], pa.int64()),
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORTED)
def test_every_type_sorts_as_its_cells_do(stored: Any, name: str, descending: bool) -> None:
    column = SORTED[name]
    table = stored(a=column)
    view = View(sort=[SortKey("a", descending)])
    assert table.rows(view) == expected(column.to_pylist(), descending=descending)


def test_ordered_categories_sort_by_their_order(stored: Any) -> None:
    kind = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    column = pa.DictionaryArray.from_arrays([1, 0, None, 2], ["mid", "low", "high"]).cast(kind)
    table = stored(a=column)
    assert table.rows(View(sort=[SortKey("a")])) == [1, 0, 3, 2]
    assert table.rows(View(sort=[SortKey("a", True)])) == [3, 0, 1, 2]


@pytest.mark.parametrize("kind", ["list", "struct"])
def test_what_has_no_order_is_refused(stored: Any, kind: str) -> None:
    cells: list[Any] = [[1], None] if kind == "list" else [{"x": 1}, None]
    with pytest.raises(InvalidInput, match="Cannot sort by column 'a'") as refused:
        stored(a=cells).rows(View(sort=[SortKey("a")]))
    assert refused.value.details["field"] == "sort"


def test_a_later_column_decides_among_equal_ones_and_an_unknown_one_is_named(stored: Any) -> None:
    table = stored(a=[1, 2, 1, 2], b=["x", None, "y", "x"], c=[0, 0, 0, 1])
    assert table.rows(View(sort=[SortKey("a", True), SortKey("b")])) == [3, 1, 0, 2]
    assert table.rows(View(sort=[SortKey("c"), SortKey("a"), SortKey("b", True)])) == [2, 0, 1, 3]
    assert table.rows(View(sort=[SortKey("a"), SortKey("a", True)])) == [0, 2, 1, 3]
    with pytest.raises(InvalidInput) as refused:
        table.rows(View(sort=[SortKey("a"), SortKey("d")]))
    assert refused.value.details["field"] == "sort[1].column"


def columns_of_many_rows(rows: int) -> dict[str, Any]:
    chance = random.Random(3)
    numbers = np.random.default_rng(3)
    return {
        "float": [None if chance.random() < 0.01 else chance.gauss(0, 1) for _ in range(rows)],
        "few": numbers.integers(0, 5, rows),
        "wide": numbers.integers(-(2**63), 2**63 - 1, rows),
        "name": [f"https://example.org/user/{chance.randrange(rows)}" for _ in range(rows)],
        "word": [chance.choice(["north", "south", "northwest", None]) for _ in range(rows)],
        "deep": [
            "".join(chance.choices(string.ascii_letters, k=chance.randrange(30)))
            for _ in range(rows)
        ],
    }


def test_many_rows_sort_as_pandas_sorts_them(stored: Any) -> None:
    columns = columns_of_many_rows(150_000)
    table = stored(pa.table(columns), batch_rows=20_000)
    frame = pa.table(columns).to_pandas()
    for keys in (
        ["float"],
        ["-float"],
        ["name"],
        ["-deep"],
        ["word", "few", "-float"],
        ["few", "-name"],
        ["wide"],
        ["-word"],
    ):
        names = [key.removeprefix("-") for key in keys]
        ways = [not key.startswith("-") for key in keys]
        wanted = frame.sort_values(names, ascending=ways, kind="stable").index.to_list()
        sort = [SortKey(name, not way) for name, way in zip(names, ways, strict=True)]
        assert table.rows(View(sort=sort)) == wanted, keys


def test_a_sort_of_a_filter_is_the_same_with_and_without_the_order_of_all_rows(stored: Any) -> None:
    made = pa.table(columns_of_many_rows(30_000))
    view = View(sort=[SortKey("few"), SortKey("name", True)], filter=[Condition("float", ">", 0.5)])
    fresh, warm = (stored(made, batch_rows=5_000) for _ in range(2))
    warm.rows(View(sort=view.sort))
    kept = set(warm.rows(View(filter=view.filter)))
    assert (
        fresh.rows(view)
        == warm.rows(view)
        == [r for r in warm.rows(View(sort=view.sort)) if r in kept]
    )


def test_words_are_sorted_however_they_are_spread() -> None:
    chance = np.random.default_rng(0)
    for values in (
        chance.integers(0, 2**64, 200_000, dtype=np.uint64),
        np.arange(200_000, dtype=np.uint64)[::-1].copy(),
        np.concatenate([np.arange(199_999, dtype=np.uint64), np.array([2**64 - 1], np.uint64)]),
        (chance.pareto(0.5, 200_000) * 1000).clip(0, 2**62).astype(np.uint64),
    ):
        wanted = np.sort(values)
        assert (sorting.sorted_words(values.copy(), Stop()) == wanted).all()


def test_a_sort_that_nobody_waits_for_stops(stored: Any) -> None:
    table = stored(a=list(range(10)))
    stop = Stop()
    stop.wish()
    with pytest.raises(Stopped):
        table.views.rows(table.path, View(sort=[SortKey("a", True)]), stop)
    assert table.rows(View(sort=[SortKey("a", True)]))[0] == 9


def test_the_ends_of_a_large_order_come_first_and_are_those_of_the_whole(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = columns_of_many_rows(60_000)
    made = pa.table({**columns, "row": range(60_000)})
    for keys, conditions in (
        ([SortKey("float")], []),
        ([SortKey("float", True), SortKey("name")], []),
        ([SortKey("name"), SortKey("few")], [Condition("few", ">", 1)]),
        ([SortKey("deep", True)], []),
        ([SortKey("few"), SortKey("wide")], []),
    ):
        view = View(sort=keys, filter=conditions, columns=["row"])
        whole = stored(made, batch_rows=8_000).rows(view)
        monkeypatch.setattr(orders, "LARGE", 1_000)
        monkeypatch.setattr(orders, "END_ROWS", 100)
        table = stored(made, batch_rows=8_000)
        last = len(whole) - 60
        for offset in (0, 60, last, 20_000, last + 50, len(whole), 0):
            window = table.window(view, offset, 40)
            assert window.column("row").to_pylist() == whole[offset : offset + 40], (keys, offset)
        monkeypatch.undo()
        assert (table.views._beside is not None) == (keys[0].column in ("float", "deep"))


def test_an_order_that_nobody_asks_for_any_more_is_not_finished(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "LARGE", 1_000)
    monkeypatch.setattr(orders, "END_ROWS", 10)
    stops: list[Stop] = []
    begun, ended = threading.Event(), threading.Event()
    real = orders.ordered_rows

    def slow(table: Any, keys: Any, rows: Any, stop: Stop) -> Any:
        if keys[0][0] == 0:
            stops.append(stop)
            stop.listen(ended.set)
            begun.set()
            assert ended.wait(20)
            stop.check()
        return real(table, keys, rows, stop)

    monkeypatch.setattr(orders, "ordered_rows", slow)
    table = stored(a=np.arange(40_000)[::-1], b=np.arange(40_000), batch_rows=8_000)
    assert table.window(View(sort=[SortKey("a")]), 0, 1).column("a").to_pylist() == [0]
    assert begun.wait(20)
    assert table.window(View(sort=[SortKey("b", True)]), 0, 1).column("b").to_pylist() == [39_999]
    assert ended.wait(20)
    assert stops[0].is_wished


def test_pages_that_were_given_back_are_read_again(stored: Any) -> None:
    table = stored(a=list(range(1_000)), batch_rows=100)
    before = table.rows(View(sort=[SortKey("a", True)]))
    table.views.table(table.path).give_back()
    assert table.window(View(), 990, 10).column("a").to_pylist() == list(range(990, 1_000))
    assert before == list(reversed(range(1_000)))


# --- windows ----------------------------------------------------------------------------------


def test_windows_of_every_view_join_to_the_whole(stored: Any) -> None:
    table = stored(n=[5, None, 3, 9, 1, 7, 3], t=list("abcdefg"), batch_rows=2)
    for view in (
        View(),
        View(sort=[SortKey("n")]),
        View(filter=[Condition("n", ">", 2)]),
        View(filter=[Condition("n", ">", 2)], sort=[SortKey("n", True)], columns=["t"]),
        View(search="c", columns=[ColumnAt(1), "n"]),
    ):
        rows = table.rows(view)
        for size in (1, 2, 3, 100):
            parts = [table.window(view, at, size) for at in range(0, max(1, len(rows)), size)]
            joined = pa.concat_tables(parts)
            assert joined.column("t").to_pylist() == ["abcdefg"[row] for row in rows]
    assert table.window(View(columns=["t"]), 7, 10).num_rows == 0
    assert table.window(View(sort=[SortKey("n")]), 99, 10).num_rows == 0


def test_windows_keep_types_and_categories_of_different_batches(stored: Any) -> None:
    column = pa.chunked_array([pa.array(list("ab")), pa.array(list("ca"))]).dictionary_encode()
    table = stored(pa.table({"c": column, "n": [4, 3, 2, 1]}), batch_rows=2)
    found = table.window(View(sort=[SortKey("n")]), 0, 10)
    assert found.column("c").to_pylist() == list("acba")
    assert found.schema.field("c").type == column.type


def test_a_window_carries_no_categories_but_its_own(stored: Any) -> None:
    many = [f"category {number}" for number in range(100_000)]
    kind = pa.dictionary(pa.int32(), pa.string(), ordered=True)
    cells = pa.array([*many, None], pa.string()).cast(kind)
    table = stored(pa.table({"c": cells}), batch_rows=len(cells))
    found = table.window(View(sort=[SortKey("c", descending=True)]), 99_998, 10)
    assert found.column("c").to_pylist() == ["category 1", "category 0", None]
    assert found.schema.field("c").type == kind
    assert found.nbytes < 1_000


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_long_texts_are_cut_whatever_holds_them(stored: Any, kind: Any) -> None:
    cells = pa.array(["x" * 5_000, None, "short", "é" * 4_096]).cast(kind)
    found = stored(pa.table({"t": cells})).window(View(), 0, 10).column("t")
    assert found.to_pylist() == ["x" * 4_096 + "…", None, "short", "é" * 4_096]
    assert found.type == kind


def test_offset_and_limit_are_checked_and_columns_before_any_work(stored: Any) -> None:
    table = stored(a=[1])
    for offset, limit in ((-1, 1), (0, -1)):
        with pytest.raises(InvalidInput):
            table.window(View(), offset, limit)
    with pytest.raises(InvalidInput) as refused:
        table.window(View(columns=["a", "b"]), 0, 1)
    assert refused.value.details["field"] == "columns[1]"


def test_ten_thousand_columns_and_none(stored: Any) -> None:
    names = [f"c{at}" for at in range(10_000)]
    table = stored(pa.table({name: [at, 1] for at, name in enumerate(names)}))
    found = table.window(View(sort=[SortKey("c9999")], columns=[ColumnAt(9_999), "c0"]), 0, 10)
    assert found.to_pydict() == {"c9999": [1, 9999], "c0": [1, 0]}
    assert table.rows(View(search="9999")) == [0]
    assert table.window(View(), 0, 10).num_columns == 1_000


# --- against a naive oracle -------------------------------------------------------------------

NUMBERS = st.none() | st.integers(-4, 4)
FLOATS = st.none() | st.sampled_from([-math.inf, -1.5, -0.0, 0.0, 1.5, 2.0, math.inf, NAN])
TEXTS = st.none() | st.text(alphabet="abAB \0é", max_size=12)
ROWS = st.lists(st.tuples(NUMBERS, FLOATS, TEXTS), max_size=12)
SORTS = st.lists(
    st.tuples(st.sampled_from("nft"), st.booleans()), max_size=3, unique_by=lambda k: k[0]
)
COMPARE = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
CONDITIONS = st.one_of(
    st.tuples(
        st.just("n"),
        st.sampled_from([*COMPARE]),
        st.integers(-5, 5) | st.sampled_from([0.5, -1e30]),
    ),
    st.tuples(st.just("f"), st.sampled_from([*COMPARE]), st.sampled_from([0, 1.5, -1.5, 1e300])),
    st.tuples(st.just("t"), st.sampled_from([*COMPARE]), st.text(alphabet="abAB é", max_size=3)),
    st.tuples(
        st.just("t"), st.just("contains"), st.text(alphabet="abAB é", min_size=1, max_size=3)
    ),
)


def holds(cell: Any, op: str, value: Any) -> bool:
    if cell is None:
        return False
    if op == "contains":
        return value.lower() in cell.lower()
    return COMPARE[op](cell, value)


@given(
    rows=ROWS,
    sort=SORTS,
    conditions=st.lists(CONDITIONS, max_size=2),
    search=st.none() | st.text(alphabet="abé", min_size=1, max_size=2),
    batch=st.integers(1, 5),
)
@settings(deadline=None, max_examples=150)
def test_any_view_is_what_plain_python_makes_of_it(  # noqa: PLR0917
    tmp_path_factory: Any, rows: Any, sort: Any, conditions: Any, search: Any, batch: int
) -> None:
    kinds = {"n": pa.int32(), "f": pa.float64(), "t": pa.string()}
    cells = {name: [row[at] for row in rows] for at, name in enumerate(kinds)}
    made = pa.table({name: pa.array(cells[name], kind) for name, kind in kinds.items()})
    stored = write(tmp_path_factory.mktemp("v") / "t.arrow", made, batch)
    wanted = list(range(len(rows)))
    for name, way in reversed(sort):  # the last one sorts first: sorts are stable
        ordered = expected([cells[name][row] for row in wanted], descending=way)
        wanted = [wanted[place] for place in ordered]
    for name, op, value in conditions:
        wanted = [row for row in wanted if holds(cells[name][row], op, value)]
    if search is not None:
        wanted = [row for row in wanted if is_found(search, rows[row])]
    view = View(
        sort=[SortKey(name, way) for name, way in sort],
        filter=[Condition(name, op, value) for name, op, value in conditions],
        search=search,
    )
    assert stored.rows(view) == wanted


def is_found(search: str, row: Any) -> bool:
    _, real, text = row
    texts = [text or "", "nan" if isinstance(real, float) and math.isnan(real) else ""]
    return any(search.lower() in each.lower() for each in texts)
