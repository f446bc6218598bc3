"""Views of tables that nobody thought of: code in every language gives what the view shows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headrace.protocol.steps import CodeLanguage
from headrace.store.outputs import Store
from headrace.workers.relations import relation_of

from .conftest import LANGUAGES, Seen, plain
from .operations import view_of

TEXT = st.text("aAbB'\"%_\\ .*(é\n1", max_size=4)
SPECIAL = st.sampled_from([0.0, -1.5, 1e20, 2.5, float("inf"), float("nan"), 0.1])
DAYS = st.dates(date(2023, 12, 30), date(2024, 1, 3))
MOMENTS = st.integers(0, 2).map(lambda n: datetime.fromisoformat(f"2024-01-01T00:00:0{n}"))
KINDS = ["x", "X y", "'", ""]
CELLS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "whole": (pa.int64(), st.integers(-3, 3) | st.just(2**53 + 1)),
    "small": (pa.uint8(), st.integers(0, 3)),
    "float": (pa.float64(), SPECIAL),
    "text": (pa.string(), TEXT),
    "Select": (pa.bool_(), st.booleans()),
    "a day": (pa.date32(), DAYS),
    "moment": (pa.timestamp("us"), MOMENTS),
    "kind": (pa.string(), st.sampled_from(KINDS)),
}
ORDERED = ("=", "!=", "<", "<=", ">", ">=")


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 8))  # of categories without rows, pandas forgets the type
    columns = {
        name: pa.array(draw(st.lists(st.none() | cells, min_size=rows, max_size=rows)), kind)
        for name, (kind, cells) in CELLS.items()
    }
    kinds = [None if k is None else KINDS.index(k) for k in columns["kind"].to_pylist()]
    columns["kind"] = pa.DictionaryArray.from_arrays(pa.array(kinds, pa.int8()), KINDS)
    return pa.table(columns)


def as_frame(table: pa.Table) -> Any:
    """Return a frame of pandas that has the same types, also where all is null."""
    types = {"whole": "Int64", "small": "UInt8", "Select": "boolean"}
    return table.to_pandas(types_mapper=None).astype(types | {"a day": "date32[day][pyarrow]"})


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(list(CELLS)))
    cells = CELLS[name][1]
    values = cells.filter(lambda value: value is True or str(value) != "nan").map(_said)
    ops = ["is null", "is not null"]
    if name != "float":  # languages write the digits of floats each in their own way
        ops += ["contains", "not contains", "starts with"]
    if name == "Select":
        ops += ["=", "!=", "in"]
    else:
        ops += [*ORDERED, "between", "in", "not in"]
    op = draw(st.sampled_from(ops))
    said: dict[str, Any] = {"column": name, "op": op}
    if op in ("contains", "not contains", "starts with"):
        said["value"] = draw(TEXT.filter(bool))
    elif op == "between":
        said["value"] = [draw(values), draw(values)]
    elif op in ("in", "not in"):
        said["value"] = draw(st.lists(values, min_size=1, max_size=3))
    elif op in ORDERED:
        said["value"] = draw(values)
    return said


def _said(value: Any) -> Any:
    """Write a value as callers do."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return str(value) if isinstance(value, int) and abs(value) > 2**53 else value


@st.composite
def views(draw: st.DrawFn) -> dict[str, Any]:
    keys = st.fixed_dictionaries(
        {"column": st.sampled_from(list(CELLS)), "descending": st.booleans()}
    )
    view: dict[str, Any] = {
        "filter": draw(st.lists(conditions(), max_size=2)),
        "sort": draw(st.lists(keys, max_size=3)),
    }
    if draw(st.booleans()):
        view["columns"] = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, unique=True))
    return view


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=tables(), view=views(), kind=st.sampled_from(["pandas", "polars", "arrow"]))
@example(
    table=pa.table({name: pa.array([None], type_) for name, (type_, _) in CELLS.items()}),
    view={
        "filter": [
            {"column": "whole", "op": "=", "value": 0},
            {"column": "a day", "op": "=", "value": "2023-12-30"},
        ]
    },
    kind="pandas",
)
def test_code_gives_the_rows_of_the_view(table: pa.Table, view: dict[str, Any], kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        made = {"pandas": as_frame, "polars": pl.from_arrow}
        up = store.put(made[kind](table) if kind in made else table)
        seen = Seen(store.folder, up)
        shown = seen.shows(view_of(view))
        for language in LANGUAGES:
            code = seen.code(view_of(view), language)
            value = _run(code.text, language, store.get(up), str(seen.path))
            kept = store.put(value, as_type="pandas.DataFrame" if language == "sql" else None)
            sql = language == "sql"
            found = plain(Seen(store.folder, kept).shows(), sql=sql)
            assert found == plain(shown, sql=sql), code.text


@settings(max_examples=40, deadline=None)
@given(view=views())
def test_python_is_laid_out_as_formatters_do(view: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        table = pa.table({name: pa.array([], kind) for name, (kind, _) in CELLS.items()})
        seen = Seen(store.folder, store.put(table))
        texts = [seen.code(view_of(view), language).text for language in ("pandas", "polars")]
    ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--isolated", "-"]
    for text in texts:
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True)
        assert done.stdout == text


def _run(text: str, language: CodeLanguage, value: Any, path: str) -> Any:
    if language == "sql":
        with duckdb.connect() as connection:
            connection.register("up", relation_of(path))
            return connection.sql(text).to_arrow_table()
    names: dict[str, Any] = {}
    exec(compile(text, "made.py", "exec"), names)
    return names["made"](value)
