"""Equal data has an equal digest, and different data another: early cut-off depends on it."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from headrace.store.outputs import Store

Make = Callable[[], Any]


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def nan(payload: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 | payload))[0]


EQUAL: dict[str, tuple[Make, Make]] = {
    "the same frame twice": (lambda: frame(a=[1, 2]), lambda: frame(a=[1, 2])),
    "rows in one piece and in two": (
        lambda: table(a=[1, 2, 3]),
        lambda: pa.concat_tables([table(a=[1]), table(a=[2, 3])]),
    ),
    "a slice and a copy of it": (
        lambda: table(a=list(range(100))).slice(10, 5),
        lambda: table(a=list(range(10, 15))),
    ),
    "a frame that was filtered and one that was not": (
        lambda: frame(a=[1, 2, 3])[lambda f: f["a"] > 1].reset_index(drop=True),
        lambda: frame(a=[2, 3]),
    ),
    "plain values": (lambda: {"a": [1, "x", None]}, lambda: {"a": [1, "x", None]}),
    "nothing": (lambda: None, lambda: None),
}
DIFFERENT: dict[str, tuple[Make, Make]] = {
    "columns in another order": (lambda: frame(a=[1], b=[2]), lambda: frame(b=[2], a=[1])),
    "rows in another order": (lambda: frame(a=[1, 2]), lambda: frame(a=[2, 1])),
    "another index": (lambda: frame(a=[1, 2]), lambda: frame(a=[1, 2]).set_axis([5, 6])),
    "another name of the index": (
        lambda: frame(a=[1, 2]).rename_axis("x"),
        lambda: frame(a=[1, 2]).rename_axis("y"),
    ),
    "another type": (lambda: frame(a=[1, 2]), lambda: frame(a=[1.0, 2.0])),
    "a type of another width": (
        lambda: frame(a=np.array([1], "int32")),
        lambda: frame(a=np.array([1], "int64")),
    ),
    "a category and its text": (
        lambda: frame(a=pd.Series(["x", "y"], dtype="category")),
        lambda: frame(a=["x", "y"]),
    ),
    "another order of categories": (
        lambda: frame(a=pd.Categorical(["x"], ["x", "y"], ordered=True)),
        lambda: frame(a=pd.Categorical(["x"], ["y", "x"], ordered=True)),
    ),
    "a null and a NaN": (
        lambda: table(a=pa.array([None], pa.float64())),
        lambda: table(a=pa.array([math.nan])),
    ),
    "an empty text and a null": (lambda: table(a=["", "x"]), lambda: table(a=[None, "x"])),
    "minus zero and zero": (lambda: frame(a=[-0.0]), lambda: frame(a=[0.0])),
    "attributes of a frame": (lambda: frame(a=[1]), lambda: with_attributes(frame(a=[1]))),
    "no rows of other columns": (lambda: frame(a=[]), lambda: frame(b=[])),
    "one and true": (lambda: [1], lambda: [True]),
    "order of keys": (lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
}


def with_attributes(made: pd.DataFrame) -> pd.DataFrame:
    made.attrs["unit"] = "m"
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_equal_data_has_an_equal_digest(store: Store, one: Make, other: Make) -> None:
    assert store.put(one()).digest == store.put(other()).digest


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_data_has_another_digest(store: Store, one: Make, other: Make) -> None:
    assert store.put(one()).digest != store.put(other()).digest


def test_a_nan_of_another_make_costs_a_run_and_is_never_wrong(store: Store) -> None:
    """NaN is stored bit by bit: of different bits, what is below runs again."""
    one, other = (table(a=pa.array(np.array([nan(p)]))) for p in (0, 1))
    assert store.put(one).digest != store.put(other).digest
    again = store.put(table(a=pa.array(np.array([nan(0)]))))
    assert again.digest == store.put(one).digest


def test_what_lies_under_the_nulls_of_a_slice_may_cost_a_run(store: Store) -> None:
    """Bits that belong to no row differ: the digest may too, but it never names other data."""
    sliced = table(a=["x", None, "y", None, "z"]).slice(1, 3)
    found = [store.put(made) for made in (sliced, table(a=[None, "y", None]))]
    assert [store.get(output).to_pylist() for output in found] == [sliced.to_pylist()] * 2
