"""Every block of the library, called as the plain function that it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from headrace import Context

Call = Callable[..., Any]
ROWS = pd.DataFrame({"id": [1, 2], "name": ["a", "ä"]})


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_read_csv_takes_separator_missing_texts_and_dates(call: Call) -> None:
    Path("rows.csv").write_text("day;x\n2024-01-02;NA\n2024-01-03;1,5\n", encoding="utf-8")
    rows = call(
        "loaders/read_csv", "rows.csv", separator=";", missing=["NA"], dates=["day"], decimal=","
    )
    assert rows["day"].dt.year.tolist() == [2024, 2024]
    assert rows["x"].isna().tolist() == [True, False]
    assert rows["x"][1] == 1.5


def test_read_parquet_takes_some_columns(call: Call) -> None:
    ROWS.to_parquet("rows.parquet")
    assert list(call("loaders/read_parquet", "rows.parquet", columns=["name"]).columns) == ["name"]
    assert call("loaders/read_parquet", "rows.parquet").equals(ROWS)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ('[{"id": 1}, {"id": 2}]', {}),
        ('{"id": 1}\n{"id": 2}\n', {"lines": True}),
        ('{"result": {"items": [{"id": 1}, {"id": 2}]}}', {"records": "result.items"}),
    ],
)
def test_read_json(call: Call, text: str, settings: dict[str, Any]) -> None:
    Path("rows.json").write_text(text, encoding="utf-8")
    assert call("loaders/read_json", "rows.json", **settings)["id"].tolist() == [1, 2]


def test_read_excel_takes_sheet_and_header_row(call: Call) -> None:
    with pd.ExcelWriter("rows.xlsx") as book:
        pd.DataFrame().to_excel(book, sheet_name="first")
        ROWS.to_excel(book, sheet_name="rows", startrow=2, index=False)
    rows = call("loaders/read_excel", "rows.xlsx", sheet="rows", header_row=3)
    assert rows.to_dict("list") == ROWS.to_dict("list")


def test_query_duckdb_reads_and_cannot_write(call: Call) -> None:
    with duckdb.connect("some.duckdb") as database:
        database.execute("create table t as select 7 as n")
    assert call("loaders/query_duckdb", "some.duckdb", "select n from t").to_pylist() == [{"n": 7}]
    with pytest.raises(duckdb.Error, match="read-only"):
        call("loaders/query_duckdb", "some.duckdb", "drop table t")


def test_query_sqlite_reads_and_cannot_write(call: Call) -> None:
    with closing(sqlite3.connect("some.db")) as database:
        database.execute("create table t as select 7 as n")
        database.commit()
    assert call("loaders/query_sqlite", "some.db", "select n from t")["n"].tolist() == [7]
    with pytest.raises(pd.errors.DatabaseError, match=r"readonly|read-only|attempt to write"):
        call("loaders/query_sqlite", "some.db", "delete from t")


def test_postgres_round_trip(call: Call, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres)
    rows = ROWS.assign(x=[1.5, None], at=pd.Timestamp("2024-01-01", tz="UTC"), ok=[True, False])
    for mode in ("replace", "replace", "append"):
        call("exporters/write_postgres_table", rows, table='odd "name"', mode=mode)
    found = call("loaders/query_postgres", 'select * from "odd ""name""" order by id')
    assert found["id"].tolist() == [1, 1, 2, 2]
    assert found["x"].isna().sum() == 2
    assert found["ok"].tolist() == [True, True, False, False]
    with pytest.raises(Exception, match="read-only"):
        call("loaders/query_postgres", 'drop table "odd ""name"""')


def test_http_api_by_page_number(call: Call, api: str) -> None:
    rows = call("loaders/call_http_api", f"{api}/pages", Context(), records="items")
    assert rows["id"].tolist() == [1, 2, 3, 4, 5]
    assert rows["place.city"].tolist()[0] == "c1"


def test_http_api_by_next_link(call: Call, api: str) -> None:
    rows = call(
        "loaders/call_http_api",
        f"{api}/links",
        Context(),
        records="items",
        next_field="paging.next",
    )
    assert len(rows) == 5


def test_http_api_stops_at_the_limit_and_refuses_other_schemes(call: Call, api: str) -> None:
    rows = call("loaders/call_http_api", f"{api}/pages", Context(), records="items", max_pages=1)
    assert len(rows) == 2
    with pytest.raises(ValueError, match="not an http"):
        call("loaders/call_http_api", "file:///etc/passwd", Context())


def test_read_files_by_pattern(call: Call) -> None:
    for name in ("b", "a"):
        pd.DataFrame({"from": [name]}).to_csv(f"{name}.csv", index=False)
    rows = call("loaders/read_files", "*.csv", Context(), file_column="file")
    assert rows["from"].tolist() == ["a", "b"]
    assert rows["file"][0].endswith("a.csv")
    with pytest.raises(FileNotFoundError, match="No file matches"):
        call("loaders/read_files", "*.nothing", Context())


def test_filter_rows(call: Call, flights: pd.DataFrame) -> None:
    assert call("transformers/filter_rows", flights, "delay > 5")["carrier"].tolist() == [
        "UA",
        "B6",
    ]


def test_join_keeps_what_is_asked_for(call: Call, flights: pd.DataFrame) -> None:
    names = pd.DataFrame({"carrier": ["UA", "B6"], "name": ["United", "JetBlue"]})
    assert len(call("transformers/join", flights, names, on=["carrier"])) == 4
    assert len(call("transformers/join", flights, names, on=["carrier"], how="inner")) == 3
    with pytest.raises(pd.errors.MergeError):
        call("transformers/join", names, flights, on=["carrier"], expect="1:1")


def test_aggregate_counts_and_sums(call: Call, flights: pd.DataFrame) -> None:
    rows = call("transformers/aggregate", flights, by=["carrier"], columns=["delay"])
    assert rows.to_dict("list") == {
        "carrier": ["B6", "DL", "UA"],
        "rows": [1, 1, 2],
        "delay": [30.0, -5.0, 10.0],
    }
    counted = call("transformers/aggregate", flights, by=["origin"])
    assert list(counted.columns) == ["origin", "rows"]


@pytest.mark.parametrize(("keep", "left"), [("first", 3), ("last", 3), ("none", 2)])
def test_deduplicate(call: Call, flights: pd.DataFrame, keep: str, left: int) -> None:
    kept = call("transformers/deduplicate", flights, by=["carrier"], keep=keep, order_by="origin")
    assert len(kept) == left


def test_pivot(call: Call, flights: pd.DataFrame) -> None:
    table = call("transformers/pivot", flights, index=["carrier"], columns="origin", values="delay")
    assert list(table.columns) == ["carrier", "EWR", "JFK", "LGA"]


@pytest.mark.parametrize(
    ("how", "value", "expected"),
    [
        ("value", "0", [10.0, 0.0, 30.0, -5.0]),
        ("previous", "", [10.0, 10.0, 30.0, -5.0]),
        ("next", "", [10.0, 30.0, 30.0, -5.0]),
        ("median", "", [10.0, 10.0, 30.0, -5.0]),
        ("drop", "", [10.0, 30.0, -5.0]),
    ],
)
def test_fill_missing(
    call: Call, flights: pd.DataFrame, how: str, value: str, expected: list[float]
) -> None:
    before = flights.copy()
    rows = call("transformers/fill_missing", flights, columns=["delay"], how=how, value=value)
    assert rows["delay"].tolist() == expected
    assert flights.equals(before), "the input is left alone"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_write_files_makes_folders_and_replaces(call: Call, kind: str) -> None:
    for _ in range(2):
        told = call(f"exporters/write_{kind}", ROWS, f"out/deep/rows.{kind}")
    read = pd.read_csv if kind == "csv" else pd.read_parquet
    assert read(f"out/deep/rows.{kind}").to_dict("list") == ROWS.to_dict("list")
    assert told["rows"] == 2
    assert [path.name for path in Path("out/deep").iterdir()] == [f"rows.{kind}"]


def test_write_duckdb_table_replaces_and_appends(call: Call) -> None:
    counts = [
        call("exporters/write_duckdb_table", ROWS, "w.duckdb", 'odd "name"', mode)["rows"]
        for mode in ("append", "append", "replace")
    ]
    assert counts == [2, 4, 2]
