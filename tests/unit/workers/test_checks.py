"""What checks say: by what they return, and by entries of `checks:`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace.protocol.tables import Expectation
from headrace.store.outputs import Store
from headrace.store.schemas import assert_schema, schema_of
from headrace.workers.checks import Against, Columns, NotAnAnswer, kept_rows, named, verdict
from headrace.workers.checks import against as against_columns

FRAME = pd.DataFrame({"n": [1, 2, 3], "c": ["a", None, "b"]})
POLARS = pl.DataFrame({"n": [1, 2, 3], "c": ["a", None, "b"]})
TABLE = pa.table({"n": [1, 2, 3], "c": ["a", None, "b"]})


def against(expectation: Expectation, value: Any) -> Against | None:
    return against_columns(expectation, Columns(value))


PASSES = [
    pytest.param(None, FRAME, id="nothing"),
    pytest.param(True, FRAME, id="True"),
    pytest.param(np.True_, FRAME, id="numpy's True"),
    pytest.param(FRAME["n"] > 0, FRAME, id="a mask"),
    pytest.param(FRAME[FRAME["n"] > 5], FRAME, id="no rows"),
    pytest.param(pd.array([True, None, True], dtype="boolean"), FRAME["n"], id="unknown"),
    pytest.param(POLARS["c"] > "", POLARS, id="null in polars"),
    pytest.param(pa.array([True, None, True]), TABLE, id="null in Arrow"),
    pytest.param(pd.Series([True, None, True], dtype=object), FRAME, id="objects"),
]


@pytest.mark.parametrize(("answer", "value"), PASSES)
def test_these_answers_pass(answer: Any, value: Any) -> None:
    answer = pd.Series(answer) if isinstance(answer, pd.arrays.BooleanArray) else answer
    assert verdict(answer, value) is None


MASK = [True, False, True]
AGAINST = [
    pytest.param(pd.Series(MASK), FRAME, id="pandas"),
    pytest.param(pd.Series(MASK, index=[7, 8, 9]), FRAME, id="another index"),
    pytest.param(pd.Series(MASK, dtype="boolean"), FRAME, id="nullable"),
    pytest.param(FRAME.notna(), FRAME, id="a frame of booleans"),
    pytest.param(FRAME[FRAME["c"].isna()], FRAME, id="rows of pandas"),
    pytest.param(np.array(MASK), FRAME, id="numpy"),
    pytest.param(np.array(MASK), FRAME["n"], id="a series"),
    pytest.param(pl.Series(MASK), POLARS, id="polars"),
    pytest.param(POLARS.filter(pl.col("c").is_null()), POLARS, id="rows of polars"),
    pytest.param(POLARS.lazy().filter(pl.col("c").is_null()), POLARS, id="lazy rows"),
    pytest.param(pa.array(MASK), TABLE, id="Arrow"),
    pytest.param(pa.chunked_array([MASK[:1], MASK[1:]]), TABLE, id="chunks"),
    pytest.param(TABLE.slice(1, 1), TABLE, id="rows of Arrow"),
    pytest.param(TABLE.slice(1, 1).to_batches()[0], TABLE, id="a batch"),
    pytest.param(duckdb.sql("select 1 as n"), FRAME, id="a relation"),
]


@pytest.mark.parametrize(("answer", "value"), AGAINST)
def test_one_row_is_against_the_check_and_kept(answer: Any, value: Any, tmp_path: Path) -> None:
    found = verdict(answer, value)
    assert found is not None
    assert found.count == 1
    assert "1 " in found.message
    assert found.message.endswith("does not pass.")
    kept = kept_rows(Store(tmp_path / "store"), found)
    assert kept is not None
    assert kept.rows == 1


def test_of_a_mask_the_rows_of_the_output_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    found = verdict(FRAME["c"].notna(), FRAME)
    assert found is not None
    assert found.message == "1 of 3 rows does not pass."
    kept = kept_rows(store, found)
    assert kept is not None
    assert store.get(kept)["n"].tolist() == [2]


def test_rows_are_durable_though_nobody_records_them(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.unsynced = []
    found = verdict(FRAME["c"].notna(), FRAME)
    assert found is not None
    assert kept_rows(store, found) is not None
    assert store.unsynced == []


def test_a_mask_of_a_list_only_counts() -> None:
    found = verdict(np.array([True, False]), [1, 2])
    assert found is not None
    assert (found.count, found.rows) == (1, None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(0, "returned int: return nothing", id="a number"),
        pytest.param("ok", "returned str", id="text"),
        pytest.param(np.array([True]), "1 booleans for 3 rows", id="too short"),
        pytest.param(FRAME["n"], "returned pandas.Series", id="a column"),
    ],
)
def test_other_answers_say_neither_yes_nor_no(answer: Any, words: str) -> None:
    with pytest.raises(NotAnAnswer, match=words):
        verdict(answer, FRAME)


def test_false_is_against_without_rows() -> None:
    for answer in (False, np.False_):
        found = verdict(answer, FRAME)
        assert found is not None
        assert (found.message, found.count) == ("The check returned False.", None)


ENTRIES = [
    (Expectation(column="c", not_null=True), 1),
    (Expectation(column="n", not_null=True), 0),
    (Expectation(column="n", unique=True), 0),
    (Expectation(column="n", minimum=2), 1),
    (Expectation(column="n", maximum=1.5), 2),
    (Expectation(column="n", minimum=1, maximum=3), 0),
    (Expectation(column="c", choices=["a"]), 1),
    (Expectation(column="c", choices=["a", "b"]), 0),
    (Expectation(column="c", minimum="b"), 1),
]


@pytest.mark.parametrize("value", [FRAME, POLARS, TABLE], ids=["pandas", "polars", "Arrow"])
@pytest.mark.parametrize(("expectation", "count"), ENTRIES)
def test_entries_hold_for_every_library(expectation: Expectation, count: int, value: Any) -> None:
    found = against(expectation, value)
    assert (0 if found is None else found.count) == count


def test_a_range_of_moments_is_written_as_text() -> None:
    days = pa.table({"day": pa.array([0, 40_000], pa.timestamp("s"))})
    found = against(Expectation(column="day", maximum="1970-01-01T00:00:10"), days)
    assert found is not None
    assert found.count == 1


def test_all_rows_of_a_repeated_value_are_against_unique() -> None:
    found = against(Expectation(column="n", unique=True), pd.DataFrame({"n": [1, 1, 2, None]}))
    assert found is not None
    assert found.count == 2
    same = pa.table({"n": pa.array(["a", "a"]).dictionary_encode()})
    assert against(Expectation(column="n", unique=True), same) is not None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (FRAME, "There is no column 'x' in this pandas.DataFrame."),
        ({"x": 1}, "There is no column 'x' in this dict."),
    ],
)
def test_a_column_that_is_not_there_is_told(value: Any, words: str) -> None:
    found = against(Expectation(column="x", not_null=True), value)
    assert found is not None
    assert found.message == words


def test_a_bound_of_another_type_is_told() -> None:
    found = against(Expectation(column="n", minimum="x"), FRAME)
    assert found is not None
    assert "'n' cannot be checked" in found.message


SCHEMA = {"n": "int64", "c": "string"}


def test_a_schema_is_told_in_the_words_of_the_data_panel(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    frames = (
        FRAME,
        FRAME.rename_axis("row"),
        FRAME.set_index("n"),
        POLARS,
        TABLE,
        pd.DataFrame({"o": [1, "a"], 3: [1.5, None]}),
    )
    for frame in frames:
        told = {column.name: column.type for column in store.put(frame).columns}
        assert schema_of(frame) == told
    with pytest.raises(TypeError, match="dict is no table"):
        schema_of({})


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (schema_of(TABLE), ""),
        ({"n": "double", "x": "int64"}, "x is missing; c is new; n is int64, not double"),
        ({"c": "string", "n": "int64"}, "the order of the columns is n, c"),
    ],
)
def test_a_schema_differs_in_words(expected: dict[str, str], words: str) -> None:
    found = against(Expectation(schema=expected), TABLE)
    assert (found.message if found else "") == words
    if words:
        with pytest.raises(AssertionError, match=words):
            assert_schema(TABLE, expected)
    else:
        assert_schema(TABLE, expected)


def test_a_schema_of_what_is_no_table_is_told() -> None:
    found = against(Expectation(schema=SCHEMA), 3)
    assert found is not None
    assert found.message == "int is no table."


def test_entries_have_names_that_say_what_they_expect() -> None:
    names = [named(entry) for entry, _ in ENTRIES[:4]] + [named(Expectation(schema=SCHEMA))]
    assert names == [
        "c is not null",
        "n is not null",
        "n is unique",
        "n is in range",
        "schema is as expected",
    ]
    assert named(Expectation(column="c", choices=[])) == "c is one of the allowed values"
