"""High-water marks as text and back, and `incremental:` as it is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.analysis.code_edits import CodeEditor
from headrace.core.errors import InvalidInput
from headrace.project.edits import plan_edit
from headrace.project.reader import read_pipeline
from headrace.project.watermarks import guessed, mark_of, since, value_of, written
from headrace.protocol.commands import ConfigureBlock
from headrace.protocol.watermarks import Incremental, Since, Watermark

VALUES = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=50),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))])),
)


@given(VALUES)
def test_the_text_of_a_mark_gives_its_value_back_exactly(value: Any) -> None:
    mark = mark_of("c", value)
    assert mark is not None
    again = value_of(mark)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("value", [True, None, b"x", [1], timedelta(1)])
def test_what_has_no_order_that_databases_share_is_no_mark(value: Any) -> None:
    assert mark_of("c", value) is None


GUESSES = [
    ("12", "integer", 12),
    ("-3", "integer", -3),
    ("1.5", "number", 1.5),
    ("1e3", "number", 1000.0),
    ("nan", "string", "nan"),
    ("inf", "string", "inf"),
    ("2026-01-31", "date", date(2026, 1, 31)),
    ("2026-01-31T10:00", "datetime", datetime(2026, 1, 31, 10)),  # noqa: DTZ001 without a zone
    ("2026-01-31 12:00+02:00", "datetime with zone", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ("2026-13-31", "string", "2026-13-31"),
    ("A17", "string", "A17"),
    ("", "string", ""),
]


@pytest.mark.parametrize(("text", "kind", "value"), GUESSES)
def test_a_mark_that_somebody_writes_is_what_it_looks_like(
    text: str, kind: str, value: Any
) -> None:
    mark = guessed("c", text)
    assert (mark.type, value_of(mark)) == (kind, value)


BY_ID = Incremental(column="id", start="7")
KNOWN = Watermark(column="id", type="decimal", value="1.50")


def test_a_mark_that_is_set_has_the_type_of_the_one_before() -> None:
    assert written(BY_ID, "3", KNOWN).type == "decimal"
    assert written(BY_ID, "3", None).type == "integer"
    assert written(Incremental(column="day"), "3", KNOWN) == guessed("day", "3")
    with pytest.raises(InvalidInput, match="'many' is no decimal"):
        written(BY_ID, "many", KNOWN)
    with pytest.raises(InvalidInput, match="at most 4,096"):
        guessed("c", "x" * 5000)


def test_the_start_counts_until_there_is_a_mark_of_the_column() -> None:
    assert since(BY_ID, None) == Since(mark=guessed("id", "7"))
    assert since(BY_ID, Since(mark=None, version=3)) == Since(mark=guessed("id", "7"), version=3)
    assert since(BY_ID, Since(mark=KNOWN, version=3)) == Since(mark=KNOWN, version=3)
    other = Since(mark=Watermark(column="day", type="date", value="2026-01-01"), version=3)
    assert since(BY_ID, other) == Since(mark=guessed("id", "7"), version=3)
    assert since(Incremental(column="id"), None) == Since()


def read(entry: str) -> tuple[Any, list[str]]:
    pipeline = read_pipeline("p", f"blocks:\n  - {{name: load, {entry}}}\n")
    return pipeline.blocks[0].incremental, [problem.message for problem in pipeline.problems]


def test_incremental_is_a_column_or_a_map_with_its_start() -> None:
    loader = "kind: loader, file: load.sql"
    assert read(f"{loader}, incremental: changed") == (Incremental(column="changed"), [])
    found = read(f"{loader}, incremental: {{column: day, start: 2024-01-01}}")
    assert found == (Incremental(column="day", start="2024-01-01"), [])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("kind: transformer, file: t.sql, incremental: id", "is for loaders"),
        ("kind: loader, file: t.sql, incremental: [id]", "names a column"),
        ("kind: loader, file: t.sql, incremental: {start: 1}", "needs its `column:`"),
        ("kind: loader, file: t.sql, incremental: id, writes: true", "is for reads"),
        ("kind: loader, file: t.ipynb, incremental: id", "not notebooks"),
    ],
)
def test_incremental_where_it_means_nothing_is_a_problem(entry: str, words: str) -> None:
    found, problems = read(entry)
    assert found is None
    assert len(problems) == 1
    assert words in problems[0]


LOADER = "blocks:\n  - {name: load, kind: loader, file: load.sql}  # kept\n"


def test_incremental_is_set_changed_and_taken_out_by_an_edit(write: Any) -> None:
    files = write(LOADER, load_sql="select 1 as id\n")

    def after(incremental: Incremental) -> str:
        command = ConfigureBlock(pipeline="p", block="load", incremental=incremental)
        changes = plan_edit(files, command, CodeEditor())
        return (changes[0].after or "") if changes else files.text

    def shown(text: str) -> str:
        return LOADER.replace("load.sql}", f"load.sql{text}}}")

    assert after(Incremental(column="id")) == shown(", incremental: id")
    started = Incremental(column="id", start="2024-01-01")
    assert after(started) == shown(', incremental: {column: id, start: "2024-01-01"}')
    files = msgspec.structs.replace(
        files, text=after(started), pipeline=read_pipeline("p", after(started))
    )
    assert files.pipeline.blocks[0].incremental == started
    assert after(Incremental(column="")) == LOADER
    transformer = LOADER.replace("kind: loader", "kind: transformer")
    files = msgspec.structs.replace(
        files, text=transformer, pipeline=read_pipeline("p", transformer)
    )
    with pytest.raises(InvalidInput, match="Only loaders are incremental, not a transformer"):
        after(Incremental(column="id"))
