"""Values of every kind come back as they were, and each can be looked at, counted and exported."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.truth_differences import difference
from tests.acceptance.truth_values import VALUES

from headrace.protocol.tables import Output
from headrace.store import service
from headrace.store.outputs import CannotStore, Store

CHANGED = {
    "polars_lazy": "DataFrame instead of LazyFrame",
    "duckdb": "Table instead of DuckDBPyRelation",
    "duckdb_odd": "Table instead of DuckDBPyRelation",
    "duckdb_duplicates": "Table instead of DuckDBPyRelation",
    "arrow_reader": "Table instead of RecordBatchReader",
}
"""All that comes back as something else, and as what."""
REFUSED = {"styler"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".headrace" / "store")


def put(store: Store, value: Any) -> Output:
    found = store.gather(value) if inspect.isgenerator(value) else value
    return found if isinstance(found, Output) else store.put(found)


@pytest.mark.parametrize("name", sorted(VALUES.keys() - REFUSED))
def test_a_value_comes_back_as_it_was(store: Store, name: str) -> None:
    made = VALUES[name]()
    output = put(store, made)
    again = store.get(output)
    if not inspect.isgenerator(made):
        assert difference(again, VALUES[name]()) == CHANGED.get(name, "")
    if output.kind != "table":
        return
    folder = str(store.folder)
    shown = service.window(folder, output.address, limit=10, format="json")
    assert shown["total"] == output.rows
    assert [c["name"] for c in shown["columns"]] == [c.name for c in output.columns]
    assert [c["name"] for c in service.profile(folder, output.address)["columns"]][
        : len(output.columns)
    ] == [c.name for c in output.columns]
    for form in ("csv", "parquet"):
        service.export(
            folder, output.address, format=form, destination=str(store.folder.parent / f"x.{form}")
        )


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_no_process_can_take_says_so(store: Store, name: str) -> None:
    with pytest.raises(CannotStore, match=r"cannot be passed on: ."):
        store.put(VALUES[name]())
