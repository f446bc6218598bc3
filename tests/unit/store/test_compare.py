"""Two stored tables against one another, held to what pandas says of the same frames."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput, NotFound
from headrace.store import comparing
from headrace.store.compare import compare, with_rows
from headrace.store.compare_cells import as_type, common_type, differing
from headrace.store.compare_rows import database, match
from headrace.store.compare_tables import Frame, frame_of
from headrace.store.outputs import Store
from headrace.store.stopping import Stop, Stopped


def frame(**columns: Any) -> Frame:
    return frame_of(pa.table(columns))


def matched(now: Frame, before: Frame, *key: str) -> Any:
    comparison = with_rows(compare(now, before), match(now, before, key))
    assert comparison.changes is not None
    return comparison.changes


# Columns


def test_a_table_is_identical_to_itself_and_to_an_equal_one() -> None:
    assert compare(frame(a=[1, None]), frame(a=[1, None])).identical
    assert not compare(frame(a=[1, None]), frame(a=[1, 2])).identical
    assert not compare(frame(a=[1]), frame(a=[1.0])).identical
    assert not compare(frame(a=[1]), frame(b=[1])).identical


def test_added_removed_and_retyped_columns_are_told_with_their_types() -> None:
    found = compare(frame(a=[1], b=["x"], c=[1.5]), frame(a=[1], c=[1], d=[True]))
    told = [(c.name, c.change, c.type, c.type_before) for c in found.columns]
    assert told == [
        ("a", "same", "int64", "int64"),
        ("b", "added", "string", None),
        ("c", "retyped", "double", "int64"),
        ("d", "removed", None, "bool"),
    ]
    assert not found.reordered


def test_columns_in_another_order_are_told() -> None:
    assert compare(frame(a=[1], b=[2]), frame(b=[2], a=[1])).reordered
    assert not compare(frame(a=[1], b=[2], c=[3]), frame(a=[1], c=[3])).reordered


def test_a_renamed_column_is_found_by_its_cells_and_else_by_its_statistics() -> None:
    now = frame(id=[1, 2, 3], delay=[5, 6, 9], place=["a", "b", "c"])
    before = frame(id=[1, 2, 3], late=[5, 6, 9], place=["a", "b", "c"])
    (renamed,) = compare(now, before).renamed
    assert (renamed.name_before, renamed.name, renamed.sure) == ("late", "delay", True)
    shuffled = frame(id=[1, 2, 3], late=[9, 5, 6], place=["a", "b", "c"])
    (renamed,) = compare(now, shuffled).renamed
    assert not renamed.sure
    assert compare(now, frame(id=[1, 2, 3], late=[5, 6, 8], place=["a", "b", "c"])).renamed == []


def test_columns_of_one_name_are_told_apart_and_row_numbers_of_pandas_left_out() -> None:
    table = pa.table([[1], [2], [3]], names=["a", "a", "__index_level_0__"])
    assert frame_of(table).names == ["a", "a_2"]


# Statistics


def test_the_statistics_of_numbers_are_those_of_pandas() -> None:
    numbers = [3.0, None, 1.0, float("nan"), 10.0, float("inf")]
    (column,) = compare(frame(x=numbers), frame(x=[1.0])).columns
    assert column.now is not None
    finite = pd.Series([3.0, 1.0, 10.0])
    assert column.now.nulls == 1
    assert column.now.mean == pytest.approx(finite.mean())
    assert column.now.quartiles == pytest.approx(finite.quantile([0.25, 0.5, 0.75]).tolist())
    assert sum(column.now.shares) == pytest.approx(3 / 6)


def test_both_sides_are_counted_in_the_same_bins() -> None:
    (column,) = compare(frame(x=[1, 2, 2]), frame(x=[2, 3])).columns
    assert column.bins == ["1", "2", "3"]
    assert column.now is not None
    assert column.before is not None
    assert column.now.shares == pytest.approx([1 / 3, 2 / 3, 0])
    assert column.before.shares == pytest.approx([0, 1 / 2, 1 / 2])


def test_the_most_frequent_texts_are_counted_and_the_others_together() -> None:
    now = [f"t{at}" for at in range(20)] + ["a"] * 20
    (column,) = compare(frame(x=now), frame(x=["b"] * 4)).columns
    assert column.bins[:2] == ["b", "a"]
    assert column.bins[-1] == "other"
    assert column.now is not None
    assert sum(column.now.shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("now", "before", "drift"),
    [
        pytest.param([1, 2, 3, 4], [1, 2, 3, 4], 0, id="equal"),
        pytest.param([1, 2], [11, 12], 1, id="nothing in common"),
        pytest.param([1, 1, 2, 2], [1, 2, 2, 2], 0.25, id="a quarter moved"),
        pytest.param([1, None], [1, 1], 0.5, id="half became null"),
        pytest.param(["a", "a", "b", "b"], ["a", "b", "b", "b"], 0.25, id="texts"),
        pytest.param(["a", None], ["a", "a"], 0.5, id="texts that became null"),
        pytest.param([True, False], [True, True], 0.5, id="booleans"),
        pytest.param([], [1], None, id="no rows"),
    ],
)
def test_drift_is_the_share_of_rows_that_moved(
    now: list[Any], before: list[Any], drift: float | None
) -> None:
    here = pa.array(now, None if now else pa.int64())
    (column,) = compare(frame(x=here), frame(x=before)).columns
    assert column.drift == (None if drift is None else pytest.approx(drift))


def test_moments_have_ranges_in_words() -> None:
    days = [dt.datetime(2013, 1, day, tzinfo=dt.UTC) for day in (1, 13)]
    (column,) = compare(frame(x=days), frame(x=days)).columns
    assert column.bins[0] == "2013-01-01 00:00:00 to 2013-01-02 00:00:00"
    assert column.now is not None
    assert column.now.min == "2013-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(pa.array([[1], None, []]), id="lists"),
        pytest.param(pa.array([{"a": 1}, None]), id="structs"),
        pytest.param(pa.array([b"x", None]), id="bytes"),
        pytest.param(pa.array([None, None]), id="nulls"),
        pytest.param(pa.array(["a", "b"]).dictionary_encode(), id="categories"),
        pytest.param(pa.array([Decimal("1.5"), None]), id="decimals"),
        pytest.param(pa.array([dt.timedelta(1)]), id="durations"),
        pytest.param(pa.array([dt.time(1)]), id="times of day"),
        pytest.param(pa.array([dt.date(2020, 1, 1)]), id="dates"),
        pytest.param(pa.array([2**64 - 1], pa.uint64()), id="large numbers"),
        pytest.param(pa.array([1.5], pa.float16()), id="halves"),
        pytest.param(pa.array([], pa.string()), id="no rows"),
        pytest.param(pa.array([1e308, -1e308]), id="a range without bins"),
    ],
)
def test_every_type_can_be_compared_with_itself(values: Any) -> None:
    found = compare(frame(x=values), frame(x=values))
    assert found.identical
    assert found.columns[0].drift in (0, None)


def test_no_columns_and_no_rows_can_be_compared() -> None:
    assert compare(frame_of(pa.table({})), frame_of(pa.table({}))).identical


# Cells

SAME = [
    pytest.param([1, None], [1, None], id="nulls"),
    pytest.param([float("nan")], [float("nan")], id="NaN"),
    pytest.param([1], [1.0], id="a whole number and a float"),
    pytest.param(pa.array([1], pa.int8()), pa.array([1], pa.uint64()), id="widths"),
    pytest.param([Decimal("1.50")], [Decimal("1.5")], id="scales"),
    pytest.param(["a"], pa.array(["a"]).dictionary_encode(), id="categories"),
    pytest.param([[1, None], []], [[1, None], []], id="lists"),
    pytest.param([{"a": {"b": "x"}}], [{"a": {"b": "x"}}], id="structs"),
    pytest.param(
        pa.array([1], pa.timestamp("s")), pa.array([1_000], pa.timestamp("ms")), id="units"
    ),
    pytest.param([None], [None], id="a column of nulls"),
]
OTHER = [
    pytest.param([1, None], [1, 2], [False, True], id="null and value"),
    pytest.param([2**53 + 1], pa.array([2**53], pa.uint64()), [True], id="beyond floats"),
    pytest.param([""], [None], [True], id="empty and null"),
    pytest.param([[1, 2], [3]], [[1, 2], [4]], [False, True], id="an item"),
    pytest.param([[1], [2]], [[1, 1], [2]], [True, False], id="a length"),
    pytest.param([[None], [1]], [[0], [1]], [True, False], id="a null in a list"),
    pytest.param([None, {"a": 1}], [{"a": 1}, {"a": 2}], [True, True], id="structs"),
    pytest.param(
        [[["a"], ["b"]], [["c"]]], [[["a"], ["b"]], [["d"]]], [False, True], id="lists of lists"
    ),
]


def cells_differ(now: Any, before: Any) -> list[bool]:
    here, there = (pa.chunked_array([pa.array(side)]) for side in (now, before))
    kind = common_type(here.type, there.type)
    assert kind is not None
    return differing(as_type(here, kind), as_type(there, kind)).tolist()


@pytest.mark.parametrize(("now", "before"), SAME)
def test_cells_of_one_value_are_equal_whatever_their_type(now: Any, before: Any) -> None:
    assert not any(cells_differ(now, before))


@pytest.mark.parametrize(("now", "before", "expected"), OTHER)
def test_cells_of_other_values_differ(now: Any, before: Any, expected: list[bool]) -> None:
    assert cells_differ(now, before) == expected


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (pa.string(), pa.int64()),
        (pa.bool_(), pa.int64()),
        (pa.timestamp("s", "UTC"), pa.timestamp("s")),
        (pa.list_(pa.int64()), pa.int64()),
    ],
)
def test_some_types_have_no_equal_values(now: Any, before: Any) -> None:
    assert common_type(now, before) is None


# Rows by key


def test_rows_are_added_removed_changed_or_the_same() -> None:
    now = frame(id=[4, 1, 2], x=["d", "a", "B"])
    before = frame(id=[1, 2, 3], x=["a", "b", "c"])
    found = match(now, before, ["id"])
    assert found.added.tolist() == [0]
    assert found.removed.tolist() == [2]
    assert [side.tolist() for side in found.changed] == [[2], [1]]
    assert found.same == 1
    assert found.changed_cells == {"x": 1}


def test_rows_of_a_repeated_key_are_matched_with_none_and_counted() -> None:
    changes = matched(frame(id=[1, 1, 2, 3]), frame(id=[1, 2, 2, 4]), "id")
    assert (changes.repeated, changes.repeated_before) == (3, 3)
    assert (changes.added, changes.removed, changes.changed, changes.same) == (1, 1, 0, 0)
    assert changes.problem == (
        "id is not unique: 3 rows of this output and 3 rows of the other one share their key with"
        " another row and are matched with none. Add a column to the key."
    )


def test_null_is_a_value_of_a_key_like_others() -> None:
    changes = matched(frame(id=[None, 1], x=[1, 2]), frame(id=[None, 1], x=[1, 3]), "id")
    assert (changes.same, changes.changed) == (1, 1)


def test_a_key_may_have_several_columns_and_other_types_on_the_other_side() -> None:
    now = frame(a=["x", "x"], b=[1, 2], v=[1, 1])
    before = frame(a=pa.array(["x", "x"]).dictionary_encode(), b=[2.0, 1.0], v=[1, 0])
    changes = matched(now, before, "a", "b")
    assert (changes.added, changes.removed, changes.changed, changes.same) == (0, 0, 1, 1)


def test_a_column_whose_type_has_nothing_in_common_is_changed_in_every_row() -> None:
    found = match(frame(id=[1, 2], x=["1", None]), frame(id=[1, 2], x=[1, None]), ["id"])
    assert found.changed_cells == {"x": 1}


@pytest.mark.parametrize(
    ("key", "words"),
    [
        pytest.param(["nope"], "There is no column 'nope' in this output.", id="here"),
        pytest.param(["gone"], "There is no column 'gone' in this output.", id="gone"),
        pytest.param(["new"], "There is no column 'new' in the other one.", id="there"),
        pytest.param(["id"], "'id' is int64 here and string there", id="types"),
        pytest.param(["nested"], "'nested' cannot be a key", id="nested"),
        pytest.param([], "at least one column", id="none"),
    ],
)
def test_a_key_that_cannot_match_is_refused_in_words(key: list[str], words: str) -> None:
    now = frame(id=[1], new=[1], nested=[[1]])
    before = frame(id=["1"], gone=[1], nested=[[1]])
    with pytest.raises(InvalidInput, match=words.replace("(", r"\(")):
        match(now, before, key)


@pytest.mark.parametrize(
    ("now", "before", "key"),
    [
        pytest.param({"x": [1, 1], "id": [1, 2]}, {"x": [1, 1], "id": [3, 4]}, ["id"], id="one"),
        pytest.param({"a": [1, 2], "id": [1, 2]}, {"a": [1, 2], "id": [1, 2]}, ["id"], id="name"),
        pytest.param({"x": [1.5, 2.5]}, {"x": [1.5, 2.5]}, [], id="no floats"),
        pytest.param(
            {"a": [1, 1, 2], "b": ["x", "y", "x"]},
            {"a": [1, 1, 2], "b": ["x", "y", "x"]},
            ["a", "b"],
            id="two together",
        ),
        pytest.param(
            {"n": [5, 6, 7, 7], "c": ["x", "x", "y", "y"], "o": ["a", "b", "a", "b"]},
            {"n": [5, 6, 7, 8], "c": ["x", "x", "y", "y"], "o": ["a", "b", "a", "b"]},
            ["c", "o"],
            id="names rather than counts",
        ),
        pytest.param({"a": [1, 1]}, {"a": [1, 1]}, [], id="none"),
        pytest.param({"a": [1, None]}, {"a": [1, 2]}, [], id="nulls"),
    ],
)
def test_a_key_is_suggested_of_columns_that_are_unique_on_both_sides(
    now: dict[str, Any], before: dict[str, Any], key: list[str]
) -> None:
    assert compare(frame(**now), frame(**before)).suggested == key


# Held to pandas

cells = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([0.5, float("nan")]))
ids = st.lists(st.one_of(st.none(), st.integers(0, 8)), max_size=12)


@st.composite
def frames(draw: st.DrawFn) -> Any:
    keys = draw(ids)
    some = st.lists(cells, min_size=len(keys), max_size=len(keys))
    return pd.DataFrame(
        {
            "id": pd.array(keys, dtype="Int64"),
            "x": np.array(draw(some), dtype=float),
            "y": np.array(draw(some), dtype=float),
        }
    )


@settings(max_examples=150, deadline=None)
@given(frames(), frames())
def test_rows_are_matched_as_an_outer_join_of_pandas_matches_them(now: Any, before: Any) -> None:
    here, there = (frame_of(pa.Table.from_pandas(f, preserve_index=False)) for f in (now, before))
    found = match(here, there, ["id"])
    repeated = set(now["id"][now["id"].duplicated(keep=False)].fillna(-1)) | set(
        before["id"][before["id"].duplicated(keep=False)].fillna(-1)
    )
    a, b = (f.assign(id=f["id"].fillna(-1), at=range(len(f))) for f in (now, before))
    joined = a[~a["id"].isin(repeated)].merge(
        b[~b["id"].isin(repeated)], on="id", how="outer", suffixes=("", "_b"), indicator=True
    )
    left = joined[joined["_merge"] == "left_only"]
    right = joined[joined["_merge"] == "right_only"]
    both = joined[joined["_merge"] == "both"]
    assert sorted(found.added.tolist()) == sorted(left["at"].tolist())
    assert sorted(found.removed.tolist()) == sorted(right["at_b"].tolist())
    differs = {
        name: ~((both[name] == both[f"{name}_b"]) | (both[name].isna() & both[f"{name}_b"].isna()))
        for name in ("x", "y")
    }
    changed = both[differs["x"] | differs["y"]]
    assert {(int(row), int(other)) for row, other in zip(*found.changed, strict=True)} == set(
        zip(changed["at"].astype(int), changed["at_b"].astype(int), strict=True)
    )
    assert found.changed_cells == {name: int(mask.sum()) for name, mask in differs.items()}
    assert found.repeated_counts == (
        int(a["id"].isin(repeated).sum()),
        int(b["id"].isin(repeated).sum()),
    )


# The service


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_windows_show_the_rows_that_differ_and_in_which_cells(store: Store) -> None:
    now = store.put(pa.table({"id": [1, 2, 3], "x": ["a", "B", "c"], "y": [1, 2, 3]}))
    before = store.put(pa.table({"id": [2, 1, 9], "x": ["b", "a", "z"], "y": [2, 1, 9]}))
    place: dict[str, Any] = {
        "folder": str(store.folder),
        "address": now.address,
        "other": before.address,
    }

    def rows(kind: Any) -> dict[str, Any]:
        return comparing.changed_rows(**place, key=["id"], kind=kind, format="json")

    changed = rows("changed")
    assert changed["total"] == 1
    assert changed["rows"] == [[2, "B", 2, 2, "b", 2, [1]]]
    names = [column["name"] for column in changed["columns"]]
    assert names == ["id", "x", "y", "before: id", "before: x", "before: y", "changed"]
    assert rows("added")["rows"] == [[3, "c", 3]]
    assert rows("removed")["rows"] == [[9, "z", 9]]
    assert rows("repeated")["total"] == 0
    arrow = comparing.changed_rows(**place, key=["id"], kind="added")
    assert pa.ipc.open_stream(arrow["stream"]).read_all().num_rows == 1


def test_a_comparison_by_address_says_what_is_not_there(store: Store) -> None:
    table, number = store.put(pa.table({"a": [1]})), store.put(3)
    place = str(store.folder)
    with pytest.raises(InvalidInput, match="Only tables can be compared"):
        comparing.compare(place, table.address, other=number.address)
    with pytest.raises(NotFound, match="no longer stored"):
        comparing.compare(place, table.address, other="0" * len(table.address))
    assert comparing.compare(place, table.address, other=table.address)["identical"]


def test_above_a_million_rows_figures_are_marked_as_estimates() -> None:
    numbers = np.arange(1_000_001)
    found = compare(frame(x=numbers), frame(x=numbers + 1))
    assert not found.exact
    assert found.columns[0].now is not None
    assert found.columns[0].now.distinct == pytest.approx(1_000_001, rel=0.1)
    assert found.columns[0].drift == pytest.approx(0, abs=0.01)
    assert found.suggested == ["x"]


def test_nobody_who_has_left_is_waited_for(store: Store) -> None:
    stop = Stop()
    stop.wish()
    table = store.put(pa.table({"id": range(100)}))
    for key in ((), ("id",)):
        with pytest.raises(Stopped):
            comparing.compare(
                str(store.folder), table.address, other=table.address, key=key, stop=stop
            )


def test_a_database_at_work_hears_the_wish_to_stop() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.wish).start()
    endless = "select count(*) from range(1000000000000) a, range(1000000) b where a.range % 7 = 8"
    with pytest.raises(Stopped), database(stop) as connection:
        connection.execute(endless)
