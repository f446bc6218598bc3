"""Exports of views: what is shown, in its order, into files and into pipes."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from headrace.core.errors import InvalidInput, Unavailable
from headrace.protocol.views import ColumnAt, Condition, SortKey, View
from headrace.store import export as export_module
from headrace.store.export import export_view
from headrace.store.stopping import Stop, Stopped

READ: dict[str, Any] = {"csv": csv.read_csv, "parquet": pq.read_table}


def export(stored: Any, view: View, form: Any, destination: Path, stop: Stop | None = None) -> int:
    return export_view(
        stored.views, stored.path, view, form=form, destination=destination, stop=stop or Stop()
    )


@pytest.fixture
def table(stored: Any) -> Any:
    numbers = [5, 1, 9, None, 3]
    return stored(n=numbers, t=list("abcde"), __index_level_0__=range(5), batch_rows=2)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("view", "rows"),
    [
        (View(), {"n": [5, 1, 9, None, 3], "t": [*"abcde"]}),
        (View(sort=[SortKey("n", True)]), {"n": [9, 5, 3, 1, None], "t": [*"caebd"]}),
        (
            View(filter=[Condition("n", ">", 2)], sort=[SortKey("n")], columns=["t"]),
            {"t": [*"eac"]},
        ),
        (View(search="b", columns=[ColumnAt(1), "n"]), {"t": ["b"], "n": [1]}),
        (View(filter=[Condition("n", ">", 99)]), {"n": [], "t": []}),
    ],
)
def test_a_file_has_the_rows_of_the_view(  # noqa: PLR0917
    table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, view: View, rows: Any
) -> None:
    monkeypatch.setattr(export_module, "_ROWS", {"csv": 2, "parquet": 2})
    path = tmp_path / "out"
    assert export(table, view, form, path) == path.stat().st_size
    assert READ[form](path).to_pydict() == rows


def test_what_is_wrong_is_told_before_anything_is_written(table: Any, tmp_path: Path) -> None:
    for view, form in (
        (View(), "xlsx"),
        (View(columns=["nope"]), "csv"),
        (View(sort=[SortKey("x")]), "csv"),
    ):
        with pytest.raises(InvalidInput):
            export(table, view, form, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_pipe_gets_the_same_bytes_as_a_file(table: Any, tmp_path: Path, form: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    written = export(table, View(sort=[SortKey("n")]), form, tmp_path / "pipe")
    reader.join(10)
    export(table, View(sort=[SortKey("n")]), form, tmp_path / "file")
    assert read == [(tmp_path / "file").read_bytes()]
    assert written == len(read[0])


def test_an_export_ends_when_nobody_reads_it(stored: Any, tmp_path: Path) -> None:
    table = stored(pa.table({"t": ["x" * 1_000] * 10_000}), batch_rows=1_000)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    ended: list[Any] = []

    def write() -> None:
        try:
            ended.append(export(table, View(), "csv", tmp_path / "pipe"))
        except Stopped as error:
            ended.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while True:
        try:
            if os.read(reader, 1):
                break
        except BlockingIOError:
            pass
    os.close(reader)
    writer.join(20)
    assert [type(each) for each in ended] == [Stopped]


def test_an_export_to_a_pipe_that_is_gone_says_so(table: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        export(table, View(), "csv", tmp_path / "gone" / "pipe")
