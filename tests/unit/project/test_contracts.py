"""Contracts: what their types stand for, how they are read and written, and what is against one."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.analysis.code_edits import CodeEditor
from headrace.core.errors import InvalidInput
from headrace.project.contracts import (
    ANY,
    WORDS,
    Declared,
    check_contract,
    declared,
    misfits,
    proposed,
    word_of,
)
from headrace.project.edits import plan_edit
from headrace.project.pipeline import PipelineFiles
from headrace.project.reader import read_pipeline
from headrace.protocol.commands import SetContract
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Column

TYPES = [
    (pa.bool_(), "boolean"),
    (pa.int8(), "integer"),
    (pa.uint64(), "integer"),
    (pa.float16(), "number"),
    (pa.float32(), "number"),
    (pa.float64(), "number"),
    (pa.decimal128(10, 2), "decimal"),
    (pa.decimal256(50, 2), "decimal"),
    (pa.string(), "string"),
    (pa.large_string(), "string"),
    (pa.string_view(), "string"),
    (pa.dictionary(pa.int32(), pa.string()), "string"),
    (pa.date32(), "date"),
    (pa.date64(), "date"),
    (pa.time32("s"), "time"),
    (pa.time64("ns"), "time"),
    (pa.timestamp("ns"), "datetime"),
    (pa.timestamp("us", "Europe/Berlin"), "datetime with zone"),
    (pa.duration("ms"), "duration"),
    (pa.month_day_nano_interval(), "duration"),
    (pa.binary(), "binary"),
    (pa.large_binary(), "binary"),
    (pa.binary(4), "binary"),
    (pa.list_(pa.int8()), "list"),
    (pa.large_list(pa.string()), "list"),
    (pa.list_(pa.int8(), 3), "list"),
    (pa.struct([("a", pa.int8())]), "struct"),
    (pa.map_(pa.string(), pa.int8()), "map"),
]


@pytest.mark.parametrize(("kind", "word"), TYPES, ids=[str(kind) for kind, _ in TYPES])
def test_a_word_stands_for_types_of_arrow(kind: pa.DataType, word: str) -> None:
    assert word_of(str(kind)) == word
    fitting = {name for name in [*WORDS, ANY] if Declared("c", name).fits(str(kind))}
    also = {"number"} if word in {"integer", "decimal"} else set[str]()
    assert fitting == {word, ANY, *also}
    assert Declared("c", str(kind)).fits(str(kind))


def test_every_word_is_in_the_table_of_types() -> None:
    assert {word for _, word in TYPES} == set(WORDS)


def test_a_column_of_nulls_alone_may_be_anything() -> None:
    assert word_of("null") is None
    assert Declared("c", "date").fits(str(pa.null()))


@given(st.sampled_from([*WORDS, ANY, "decimal128(10, 2)"]), st.booleans())
def test_not_null_stands_behind_the_type(kind: str, nullable: bool) -> None:
    text = kind if nullable else f"{kind} NOT  null"
    assert declared(Contract(columns={"c": text})) == [Declared("c", kind, nullable=nullable)]


PROMISE = Contract(columns={"day": "date", "late": "integer not null"})
AGAINST: list[tuple[dict[str, str], list[str]]] = [
    ({"day": "date32[day]", "late": "int64"}, []),
    ({"late": "int32", "day": "date32[day]"}, []),
    ({"day": "date32[day]"}, ["'late' (integer) is missing"]),
    (
        {"day": "date32[day]", "lates": "int64"},
        [
            "'late' (integer) is missing, did you mean 'lates'?",
            "'lates' (int64) is not in the contract",
        ],
    ),
    ({"day": "string", "late": "int64"}, ["'day' is string, expected date"]),
    (
        {"day": "date32[day]", "late": "double", "more": "bool"},
        ["'late' is double, expected integer", "'more' (bool) is not in the contract"],
    ),
]


@pytest.mark.parametrize(("found", "words"), AGAINST)
def test_what_is_against_a_contract_is_told_column_by_column(
    found: dict[str, str], words: list[str]
) -> None:
    assert [misfit.words for misfit in misfits(PROMISE, found)] == words


def test_extra_columns_are_allowed_where_the_contract_says_so() -> None:
    found = {"day": "date32[day]", "late": "int64", "more": "bool"}
    assert misfits(Contract(columns=PROMISE.columns, extra_columns=True), found) == []


@given(st.lists(st.sampled_from([str(kind) for kind, _ in TYPES] + ["null", "extension<x>"])))
def test_what_is_proposed_of_columns_is_kept_by_them(kinds: list[str]) -> None:
    columns = [Column(f"c{at}", kind) for at, kind in enumerate(kinds)]
    contract = proposed(columns)
    assert misfits(contract, {column.name: column.type for column in columns}) == []
    if columns:
        check_contract(contract)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "at least one column"),
        ({"c": "strnig"}, "did you mean 'string'"),
        ({"c": "xyz"}, "types are boolean, integer"),
        ({"c": "not null"}, "is no type"),
        ({f"c{n}": "date" for n in range(1001)}, "at most 1,000"),
    ],
)
def test_what_is_no_contract_is_refused(columns: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_contract(Contract(columns=columns))


ENTRY = """\
blocks:
  - name: late
    kind: {kind}
    file: late.sql
    contract: {contract}
"""


def read(contract: str, kind: str = "loader") -> tuple[Any, list[str]]:
    pipeline = read_pipeline("p", ENTRY.format(contract=contract, kind=kind))
    return pipeline.blocks[0].contract, [problem.message for problem in pipeline.problems]


def test_a_contract_is_read_from_the_entry_of_its_block() -> None:
    contract, problems = read("{columns: {day: date, n: integer not null}, extra_columns: true}")
    assert problems == []
    assert contract == Contract(
        columns={"day": "date", "n": "integer not null"}, extra_columns=True
    )


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("[day]", "loader", "must be a map"),
        ("{}", "loader", "needs a map of columns"),
        ("{columns: [day]}", "loader", "needs a map of columns"),
        ("{columns: {day: }}", "loader", "The column 'day' needs a type"),
        ("{columns: {day: dat}}", "loader", "did you mean 'date'"),
        ("{columns: {day: date}, extra_columns: 3}", "loader", "must be true or false"),
        ("{columns: {day: date}}", "sensor", "a sensor gives none"),
    ],
)
def test_a_contract_that_is_not_clear_is_a_problem_of_its_block(
    written: str, kind: str, words: str
) -> None:
    contract, problems = read(written, kind)
    assert contract is None
    assert len(problems) == 1
    assert words in problems[0]


def test_a_contract_is_written_replaced_and_removed(write: Any) -> None:
    before = "blocks:\n  - {name: late, kind: loader, file: late.sql}  # kept\n"
    files = write(before, late_sql="select 1 as n\n")

    def after(contract: Contract | None, then: PipelineFiles) -> PipelineFiles:
        command = SetContract(pipeline="p", block="late", contract=contract)
        (change,) = plan_edit(then, command, CodeEditor())
        text = change.after or ""
        return msgspec.structs.replace(then, text=text, pipeline=read_pipeline("p", text))

    frozen = after(Contract(columns={"x": "integer not null", "a,b": "date"}), files)
    assert frozen.text == (
        "blocks:\n  - {name: late, kind: loader, file: late.sql,"
        ' contract: {columns: {x: integer not null, "a,b": date}}}  # kept\n'
    )
    wider = after(Contract(columns={"x": "number"}, extra_columns=True), frozen)
    assert "contract: {columns: {x: number}, extra_columns: true}" in wider.text
    assert after(None, wider).text == before
    with pytest.raises(InvalidInput, match="has no contract"):
        after(None, files)


@pytest.mark.parametrize("kind", ["markdown", "sensor"])
def test_what_gives_no_table_has_no_contract(write: Any, kind: str) -> None:
    name = "words.md" if kind == "markdown" else "words.py"
    entry = f"blocks:\n  - {{name: words, kind: {kind}, file: {name}}}\n"
    files = write(entry, **{name.replace(".", "_"): ""})
    command = SetContract(pipeline="p", block="words", contract=PROMISE)
    with pytest.raises(InvalidInput, match="gives no table"):
        plan_edit(files, command, CodeEditor())
