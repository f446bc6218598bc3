import datetime as dt
import decimal
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace.core.errors import InvalidInput, NotFound
from headrace.store import service
from headrace.store.outputs import CannotStore, Store
from headrace.store.seal import Untrusted


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    __eq__ = None


FRAMES = {
    "plain": pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": ["x", None]}),
    "no columns, no rows": pd.DataFrame(),
    "rows without columns": pd.DataFrame(index=[3, 4]),
    "columns without rows": pd.DataFrame({"a": pd.Series([], dtype="int64")}),
    "mixed objects": pd.DataFrame({"a": [1, "x", None], "b": [1, 2, 3]}),
    "None and NaN": pd.DataFrame({"a": pd.Series(["x", None, np.nan], dtype=object)}),
    "lists, dicts, sets": pd.DataFrame({"a": [[1], {"k": 1}, {2}]}),
    "tuples": pd.DataFrame({"a": [(1, 2), (3,)]}),
    "empty dicts": pd.DataFrame({"a": [{}, {}]}),
    "complex": pd.DataFrame({"a": [1j, 2]}),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}),
    "big integers": pd.DataFrame({"a": [2**70, 1]}),
    "unsigned": pd.DataFrame({"a": np.array([2**64 - 1], dtype="uint64")}),
    "decimals": pd.DataFrame({"a": [decimal.Decimal("1.10"), None]}),
    "dates far away": pd.DataFrame(
        {"a": [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, tzinfo=dt.UTC)]}
    ),
    "bytes": pd.DataFrame({"a": [b"\xff", b""]}),
    "timedelta": pd.DataFrame({"a": pd.to_timedelta([1, None], unit="s")}),
    "period": pd.DataFrame({"a": pd.period_range("2020", periods=2, freq="M")}),
    "interval": pd.DataFrame({"a": pd.interval_range(0, 2)}),
    "category": pd.DataFrame({"a": pd.Categorical(["b", "a"], ["b", "a"], ordered=True)}),
    "time zone": pd.DataFrame({"a": pd.date_range("2020", periods=2, tz="Europe/Berlin")}),
    "nullable": pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
    "duplicate names": pd.DataFrame([[1, "x"]], columns=["a", "a"]),
    "odd names": pd.DataFrame([[1, 2, 3, 4]], columns=[1, None, (1, 2), pd.Timestamp("2020")]),
    "integer names": pd.DataFrame([[1, 2]]),
    "levels of columns": pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_tuples([(1, "a"), (1, "b")])
    ),
    "levels of rows": pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])
    ),
    "named rows": pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="k")),
    "index named as a column": pd.DataFrame({"a": [1]}, index=pd.Index([7], name="a")),
    "time index": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2020", periods=2)),
    "lone surrogate": pd.DataFrame({"a": ["\ud800", "x"]}, dtype=object),
}
VALUES = [
    0, 2**80, 1.5, "x", "", True, [1, [2.5, None]], {"a": {"b": [1]}}, (1, 2), {1: 2}, {1, 2},
    b"\x00", "\ud800", float("inf"), decimal.Decimal("1.0"), dt.date(2020, 1, 1), None, ..., 1j,
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".headrace" / "store")


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_back_exactly(store: Store, name: str):
    frame = FRAMES[name]
    output = store.put(frame)
    back = store.get(output)
    pd.testing.assert_frame_equal(back, frame, check_freq=True)
    for column in range(frame.shape[1]):
        if str(frame.dtypes.iloc[column]) == "object":
            kinds = [type(cell) for cell in frame.iloc[:, column]]
            assert [type(cell) for cell in back.iloc[:, column]] == kinds
    shown = service.window(str(store.folder), output.address, format="json")
    assert shown["total"] == len(frame)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_with_its_type(store: Store, value):
    back = store.get(store.put(value))
    assert type(back) is type(value)
    assert back == value


def test_other_tables_and_arrays_come_back_as_they_were(store: Store):
    table = pa.table([[1], ["x"]], names=["a", "a"])
    assert store.get(store.put(table)).equals(table)
    polars = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
    assert store.get(store.put(polars)).equals(polars)
    assert store.get(store.put(polars.lazy())).equals(polars)
    series = pd.Series([1, 2], name=("a", 1), index=["x", "y"])
    pd.testing.assert_series_equal(store.get(store.put(series)), series)
    np.testing.assert_array_equal(store.get(store.put(np.eye(3))), np.eye(3))
    frames = store.get(store.put({"one": FRAMES["plain"]}))
    pd.testing.assert_frame_equal(frames["one"], FRAMES["plain"])
    parts = store.get(store.put(FRAMES["plain"] for _ in range(2)))
    assert len(parts) == 4


def test_attrs_come_back(store: Store):
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"source": {1, 2}}
    assert store.get(store.put(frame)).attrs == frame.attrs


def test_equal_data_has_one_address_and_other_data_another(store: Store):
    frame = pd.DataFrame({"a": range(100_000)})
    first = store.put(frame)
    pieces = pa.concat_tables([pa.table({"a": [1]}), pa.table({"a": [2]})])
    assert store.put(frame.copy()) == first
    assert store.put(frame + 1).address != first.address
    assert store.put(pieces).address == store.put(pa.table({"a": [1, 2]})).address


def test_changing_what_was_taken_changes_nothing_stored(store: Store):
    output = store.put(pd.DataFrame({"a": [1.0, 2.0]}))
    taken = store.get(output)
    taken.iloc[0, 0] = 9.0
    assert store.get(output).iloc[0, 0] == 1.0


@pytest.mark.parametrize(
    "make", [lambda: lambda: 1, threading.Lock, lambda: io, lambda: Hostile.__repr__.__code__]
)
def test_what_no_process_can_take_is_refused_with_a_reason(store: Store, make):
    with pytest.raises(CannotStore, match=r"cannot be passed on: ."):
        store.put(make())


def test_a_pickle_of_somebody_else_is_never_opened(store: Store):
    output = store.put((1, 2))
    path = store.path(output.address)
    path.write_bytes(path.read_bytes()[:-3] + b"abc")
    with pytest.raises(Untrusted):
        store.get(output)
    assert (store.folder.parent / "store.key").stat().st_mode & 0o777 == 0o600


def test_a_sweep_leaves_what_is_kept_and_what_is_new(store: Store):
    now = dt.datetime.now(dt.UTC)
    kept, gone, fresh = (store.put([number]) for number in range(3))
    for output in (kept, gone):
        os.utime(store.path(output.address), (0, 0))
    assert store.sweep({kept.address}, now - dt.timedelta(hours=1)) == gone.size_bytes
    assert [store.exists(o.address) for o in (kept, gone, fresh)] == [True, False, True]
    assert store.usage() == kept.size_bytes + fresh.size_bytes


def test_a_display_keeps_its_type(store: Store):
    shown = store.put_display("image/png", b"a\nb")
    assert store.display(shown.address) == ("image/png", b"a\nb")


@pytest.mark.parametrize("address", ["../x", "", "A" * 32])
def test_an_address_cannot_leave_the_store(store: Store, address: str):
    with pytest.raises(InvalidInput):
        store.path(address)


def test_windows_cross_batches_sort_and_filter(store: Store):
    output = store.put(pd.DataFrame({"a": range(140_000), "b": ["x", "y"] * 70_000}))
    folder = str(store.folder)
    found = service.window(folder, output.address, view={"columns": ["a"]}, offset=65_530, limit=10)
    assert pa.ipc.open_stream(found["stream"]).read_all()["a"].to_pylist() == [
        *range(65_530, 65_540)
    ]
    conditions = [
        {"column": "b", "op": "=", "value": "x"},
        {"column": "a", "op": "<", "value": 100},
    ]
    view = {"sort": [{"column": "a", "descending": True}], "filter": conditions}
    found = service.window(folder, output.address, view=view, limit=2, format="json")
    assert (found["total"], found["rows"]) == (50, [[98, "x"], [96, "x"]])
    with pytest.raises(InvalidInput):
        service.window(folder, output.address, view={"columns": ["nope"]})
    with pytest.raises(NotFound):
        service.window(folder, "0" * 32)


def test_json_tells_apart_what_numbers_cannot(store: Store):
    table = pa.table(
        {"i": [2**53 + 1, None], "f": [float("nan"), float("-inf")], "t": ["x" * 5000, "y"]}
    )
    rows = service.window(str(store.folder), store.put(table).address, format="json")["rows"]
    assert rows == [["9007199254740993", "nan", "x" * 4096 + "…"], [None, "-inf", "y"]]


def test_profile_and_export(store: Store, tmp_path: Path):
    output = store.put(pd.DataFrame({"n": [1, 2, 2], "s": ["x", "x", None]}))
    number, text = service.profile(str(store.folder), output.address)["columns"]
    assert (number["distinct"], number["max"], text["nulls"]) == (2, "2", 1)
    assert text["top"] == [{"value": "x", "count": 2}]
    for form in ("csv", "parquet"):
        path = tmp_path / f"x.{form}"
        written = service.export(
            str(store.folder), output.address, format=form, destination=str(path)
        )
        assert written == path.stat().st_size > 0
    pd.testing.assert_frame_equal(pd.read_parquet(path), store.get(output))


def histogram_of(store: Store, values: object):
    output = store.put(pa.table({"x": values}))
    return service.profile(str(store.folder), output.address)["columns"][0]


@pytest.mark.parametrize(
    ("values", "counts", "step"),
    [
        ([*range(1, 13), 12], [1] * 11 + [2], 1),
        ([1.0, 3.0, None], [1, 0, 1], 1),
        ([7, 7], [2], 1),
        (list(range(100)), [5] * 20, 5),
        (list(range(21)), [2] * 10 + [1], 2),
        ([-3, 2**40], None, (2**40 + 4 + 19) // 20),
        ([0.5, 1.5], None, None),
        ([2**53, 2**53 + 2], None, None),
    ],
    ids=str,
)
def test_the_bins_of_whole_numbers_hold_equally_many_of_them(store: Store, values, counts, step):
    found = histogram_of(store, values)["histogram"]
    assert found["step"] == step
    assert sum(found["counts"]) == sum(value is not None for value in values)
    assert len(found["counts"]) <= 20
    if counts is not None:
        assert found["counts"] == counts


def test_decimals_have_a_range_and_a_distribution(store: Store):
    found = histogram_of(store, [decimal.Decimal("1.50"), None, decimal.Decimal("3.25")])
    assert (found["min"], found["max"], found["mean"]) == ("1.50", "3.25", 2.375)
    assert (found["distinct"], sum(found["histogram"]["counts"])) == (2, 2)


def test_the_server_side_imports_no_data_library():
    code = "import sys, headrace.store.files as f; sys.exit(any(m in sys.modules for m in ('pyarrow','pandas')))"
    folder = str(Path(service.__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": folder}
    )


def test_the_numbers_that_filtered_rows_keep_are_no_column_of_the_output(store):
    frame = pd.DataFrame({"a": [1, 2, 3]}).iloc[[0, 2, 1]]
    output = store.put(frame)
    assert [column.name for column in output.columns] == ["a"]
    assert output.column_count == 1
    assert list(store.get(output).index) == [0, 2, 1]
    named = store.put(frame.rename_axis("number"))
    assert [column.name for column in named.columns] == ["number", "a"]


def test_a_value_whose_class_is_slow_is_stored_without_its_text(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.store.patience.limited.__wrapped__.__defaults__", (0.05,))
    output = store.put([SlowToShow()])
    assert (output.kind, output.text) == ("pickle", "list")
    table = store.put(pd.DataFrame({"a": [SlowToShow(), SlowToShow()], "n": [1, 2]}))
    assert store.get(table)["n"].tolist() == [1, 2]


class SlowToShow:
    def __repr__(self) -> str:
        threading.Event().wait(30)
        return "at last"
