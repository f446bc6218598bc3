"""Stored outputs against contracts: what is told, which rows are kept, of every kind of frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace.protocol.contracts import Contract
from headrace.store.outputs import Store
from headrace.workers.checks import Against
from headrace.workers.contracts import broken

ROWS = {"n": [1, 2, 3], "c": ["a", None, "b"]}
FRAMES = [
    pytest.param(pd.DataFrame(ROWS), id="pandas"),
    pytest.param(pd.DataFrame(ROWS, index=["x", "y", "z"]).reset_index(drop=True), id="numbered"),
    pytest.param(pl.DataFrame(ROWS), id="polars"),
    pytest.param(pl.DataFrame(ROWS).lazy(), id="lazy"),
    pytest.param(pa.table(ROWS), id="Arrow"),
]
KEPT = Contract(columns={"c": "string", "n": "integer not null"})


def told(value: Any, contract: Contract, folder: Path) -> dict[str, Against]:
    store = Store(folder / "store")
    return dict(broken(contract, store.put(value), store))


@pytest.mark.parametrize("frame", FRAMES)
def test_an_output_as_declared_keeps_its_contract(frame: Any, tmp_path: Path) -> None:
    assert told(frame, KEPT, tmp_path) == {}


@pytest.mark.parametrize("frame", FRAMES)
def test_nulls_are_told_with_their_rows(frame: Any, tmp_path: Path) -> None:
    contract = Contract(columns={"c": "string not null", "n": "integer"})
    (nulls,) = told(frame, contract, tmp_path).items()
    assert nulls[0] == "contract: c is not null"
    assert nulls[1].message == ("'c' is declared not null, and is null in 1 of 3 rows: row 2.")
    assert nulls[1].count == 1
    assert nulls[1].rows.to_pylist() == [{"n": 2, "c": None}]


def test_columns_are_told_in_one_entry_and_nulls_in_another(tmp_path: Path) -> None:
    contract = Contract(columns={"c": "date not null", "m": "integer"})
    found = told(pa.table(ROWS), contract, tmp_path)
    assert list(found) == ["contract", "contract: c is not null"]
    assert found["contract"].message == (
        "'c' is string, expected date; 'm' (integer) is missing, did you mean 'n'?;"
        " 'n' (int64) is not in the contract."
    ) or found["contract"].message == (
        "'c' is string, expected date; 'm' (integer) is missing;"
        " 'n' (int64) is not in the contract."
    )


def test_no_more_than_eight_columns_are_told_of(tmp_path: Path) -> None:
    contract = Contract(columns={f"c{n}": "date" for n in range(12)}, extra_columns=True)
    message = told(pa.table(ROWS), contract, tmp_path)["contract"].message
    assert message.endswith("; and 4 more.")


def test_no_more_than_five_rows_are_told_of_and_all_are_counted(tmp_path: Path) -> None:
    table = pa.table({"c": pa.array([None] * 2000, pa.string())})
    contract = Contract(columns={"c": "string not null"})
    nulls = told(table, contract, tmp_path)["contract: c is not null"]
    assert "2,000 of 2,000 rows: rows 1, 2, 3, 4, 5, …." in nulls.message
    assert nulls.rows.num_rows == nulls.count == 2000


@pytest.mark.parametrize(("value", "kind"), [({"n": 1}, "dict"), (None, "None"), (len, "built")])
def test_what_is_no_table_keeps_no_contract(value: Any, kind: str, tmp_path: Path) -> None:
    message = told(value, KEPT, tmp_path)["contract"].message
    assert message.startswith("The contract is of a table, and this is ")
    assert kind in message


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(pd.DataFrame({"c": [], "n": []}), id="pandas without types"),
        pytest.param(pa.table(ROWS).slice(0, 0), id="no rows"),
    ],
)
def test_an_empty_table_keeps_its_contract(frame: Any, tmp_path: Path) -> None:
    contract = Contract(columns={"c": "any not null", "n": "number not null"})
    assert told(frame, contract, tmp_path) == {}
