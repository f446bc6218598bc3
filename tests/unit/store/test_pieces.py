"""Tables that come in pieces are one table, however they were cut, and can be read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace.protocol.tables import Output
from headrace.store.outputs import CannotStore, Store
from headrace.store.pieces import BATCH_ROWS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def gathered(store: Store, *pieces: Any) -> Any:
    output = store.gather(piece for piece in pieces)
    assert isinstance(output, Output)
    return store.get(output)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


JOINED: list[tuple[str, list[Any], Any]] = [
    ("alike", [frame(a=[1, 2]), frame(a=[3])], frame(a=[1, 2, 3])),
    ("no rows at first", [frame(a=[1])[:0], frame(a=[3])], frame(a=[3])),
    ("floats later", [frame(a=[1, 2]), frame(a=[0.5])], frame(a=[1.0, 2.0, 0.5])),
    ("integers later", [frame(a=[0.5]), frame(a=[1])], frame(a=[0.5, 1.0])),
    ("small then large", [frame(a=[1]).astype("int8"), frame(a=[300])], frame(a=[1, 300])),
    ("a column more", [frame(a=[1]), frame(a=[2], b=["x"])], frame(a=[1, 2], b=[None, "x"])),
    ("a column less", [frame(a=[1], b=["x"]), frame(a=[2])], frame(a=[1, 2], b=["x", None])),
    (
        "another order",
        [frame(a=[1], b=["x"]), frame(b=["y"], a=[2])],
        frame(a=[1, 2], b=["x", "y"]),
    ),
    (
        "nullable",
        [frame(a=[1, None]).astype("Int64"), frame(a=[3]).astype("Int64")],
        frame(a=[1, None, 3]).astype("Int64"),
    ),
    (
        "an index of moments",
        [frame(a=[n]).set_index(pd.DatetimeIndex([f"2026-01-0{n}"], name="day")) for n in (1, 2)],
        frame(a=[1, 2]).set_index(pd.DatetimeIndex(["2026-01-01", "2026-01-02"], name="day")),
    ),
    (
        "categories become their values",
        [frame(a=["x"]).astype("category"), frame(a=["y"]).astype("category")],
        frame(a=["x", "y"]),
    ),
    ("objects", [frame(a=[[1], {}]), frame(a=[2])], frame(a=[[1], {}, 2])),
]


@pytest.mark.parametrize(("pieces", "whole"), [c[1:] for c in JOINED], ids=[c[0] for c in JOINED])
def test_pieces_come_back_as_one_frame(store: Store, pieces: list[Any], whole: Any) -> None:
    output = store.gather(iter(pieces))
    back = store.get(output) if isinstance(output, Output) else output
    pd.testing.assert_frame_equal(back, whole, check_index_type=False)
    assert not list((store.folder / "new").glob("*")), "no file is left behind"


def test_frames_of_arrow_and_polars_keep_their_library(store: Store) -> None:
    table = pa.table({"a": [1, 2]})
    assert gathered(store, table, table) == pa.table({"a": [1, 2, 1, 2]})
    assert gathered(store, *table.to_batches()) == table
    assert gathered(store, pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})).equals(
        pl.DataFrame({"a": [1, 2]})
    )
    reader = pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches()))
    assert store.get(store.put(reader)) == table
    nothing = pa.RecordBatchReader.from_batches(table.schema, iter([]))
    assert store.get(store.put(nothing)) == table[:0]


def test_what_is_no_frame_becomes_a_list(store: Store) -> None:
    assert store.gather(iter([1, "x"])) == [1, "x"]
    assert store.gather(iter([])) == []


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (frame(a=["text"]), "Frame 2 .*string.* column 'a'.*int64"),
        (frame(a=[[1]]), "Frame 2 .*Python objects"),
        ("text", "Frame 2 .*of str"),
        (pa.table({"a": [1]}), "Frame 2 .*pyarrow.Table"),
    ],
)
def test_what_does_not_fit_is_named_and_leaves_no_file(
    store: Store, second: Any, message: str
) -> None:
    with pytest.raises(CannotStore, match=message):
        store.gather(iter([frame(a=[1]), second]))
    assert not list((store.folder / "new").glob("*"))


def test_equal_data_has_one_address_however_it_is_cut(store: Store) -> None:
    whole = frame(a=range(3 * BATCH_ROWS + 7))

    def cut(size: int) -> Iterator[Any]:
        return (whole[at : at + size] for at in range(0, len(whole), size))

    addresses = {store.gather(cut(size)).address for size in (1000, BATCH_ROWS, 10**6)}
    assert len(addresses) == 1


def test_widening_after_much_was_written_keeps_it_all(store: Store) -> None:
    many = frame(a=range(2 * BATCH_ROWS), b=1)
    back = gathered(store, many, frame(a=[0.5], b=[2]), frame(a=[7], b=[3], c=["new"]))
    assert back["a"].tolist() == [*map(float, range(2 * BATCH_ROWS)), 0.5, 7.0]
    assert back["b"].tolist()[-3:] == [1, 2, 3]
    assert back["c"].notna().sum() == 1


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("pandas.DataFrame", pd.DataFrame),
        ("pyarrow.RecordBatch", pa.RecordBatch),
        ("pyarrow.Table", pa.Table),
        ("polars.DataFrame", pl.DataFrame),
        ("", pd.DataFrame),
    ],
)
def test_a_table_is_read_in_pieces_of_the_wanted_kind(store: Store, kind: str, made: type) -> None:
    whole = frame(a=range(2 * BATCH_ROWS + 5))
    pieces = store.chunks(store.put(whole), kind)
    assert isinstance(next(pieces), made)
    assert len(list(pieces)) == 3
    for found in (list(pieces), list(pieces)):  # as often as one likes
        assert [len(piece) for piece in found] == [BATCH_ROWS, BATCH_ROWS, 5]
        assert all(isinstance(piece, made) for piece in found)
        if made is pd.DataFrame:
            pd.testing.assert_frame_equal(pd.concat(found), whole)


def test_pieces_of_odd_frames_are_exact_and_empty_ones_have_their_columns(store: Store) -> None:
    odd = frame(a=[{1}, "x"]).set_index(pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]))
    pd.testing.assert_frame_equal(pd.concat(list(store.chunks(store.put(odd)))), odd)
    (empty,) = store.chunks(store.put(frame(a=[1])[:0]))
    assert list(empty.columns) == ["a"]
    assert store.chunks(store.put([1, 2])) == [1, 2]
