"""Columns of SQL texts, held against answers made by hand and against DuckDB; chains of blocks."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from headrace.analysis.lineage import columns_by_text, lineage_of
from headrace.analysis.result import BlockText
from headrace.analysis.sql_lineage import known_of, output_columns, sql_type
from headrace.protocol.lineage import ColumnOf
from headrace.protocol.tables import Column

CORPUS = Path(__file__).with_name("corpus") / "lineage.sql"
TABLES = {
    "flights": [
        ("carrier", "string"),
        ("origin", "string"),
        ("dep_delay", "double"),
        ("arr_delay", "double"),
        ("day", "date32[day]"),
        ("n", "int64"),
    ],
    "weather": [("origin", "string"), ("temp", "double"), ("day", "date32[day]")],
    "Odd Table": [("a b", "int64"), ("Ünï", "string")],
}
Answer = list[tuple[str, list[str]]]


def cases() -> list[tuple[str, Answer | None]]:
    found: list[tuple[str, Answer | None]] = []
    for part in CORPUS.read_text().split("\n\n")[1:]:
        lines = part.strip().splitlines()
        text = " ".join(line for line in lines if not line.startswith("--"))
        told = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
        if told == ["unknown"]:
            found.append((text, None))
        else:
            pairs = (line.partition(":") for line in told)
            found.append((text, [(name, _origins(rest)) for name, _, rest in pairs]))
    return found


def _origins(text: str) -> list[str]:
    return re.findall(r"(?:flights|weather|Odd Table)\.(?:a b|\S+)", text)


CASES = cases()


def test_the_corpus_is_read_whole() -> None:
    assert len([answer for _, answer in CASES if answer is not None]) >= 30


@pytest.mark.parametrize(("text", "answer"), CASES, ids=[text[:50] for text, _ in CASES])
def test_columns_come_from_where_a_person_says(text: str, answer: Answer | None) -> None:
    columns = output_columns(text, known_of(TABLES))
    if answer is None:
        assert columns is None
        return
    assert columns is not None
    told = [(c.name, [f"{table}.{name}" for table, name in c.origins]) for c in columns]
    assert told == answer


@pytest.mark.parametrize("text", [text for text, answer in CASES if answer is not None])
def test_names_and_types_are_those_of_duckdb(text: str) -> None:
    columns = output_columns(text, known_of(TABLES))
    assert columns is not None
    with duckdb.connect() as connection:
        for table, fields in TABLES.items():
            listed = ", ".join(f'"{name}" {sql_type(kind)}' for name, kind in fields)
            connection.execute(f'create table "{table}" ({listed})')
        described = connection.execute(f"describe {text.replace(':least', '0')}").fetchall()
    assert [c.name for c in columns] == [row[0] for row in described]
    for column, (name, kind, *_) in zip(columns, described, strict=True):
        assert column.type in ("", kind), name


def test_what_is_passed_on_has_no_expression_and_what_is_made_has() -> None:
    columns = output_columns("select carrier, n * 2 as m from flights", known_of(TABLES))
    assert columns is not None
    assert [column.expression for column in columns] == ["", "flights.n * 2"]


@pytest.mark.parametrize(
    ("arrow", "sql"),
    [
        ("timestamp[ns]", "TIMESTAMP"),
        ("timestamp[us, tz=Europe/Berlin]", "TIMESTAMPTZ"),
        ("decimal128(10, 2)", "DECIMAL(10, 2)"),
        ("list<item: int64>", "UNKNOWN"),
        ("BIGINT", "BIGINT"),
    ],
)
def test_arrow_types_are_known_by_their_sql_names(arrow: str, sql: str) -> None:
    assert sql_type(arrow) == sql


def sql(name: str, text: str, *upstream: str, **inputs: str) -> BlockText:
    return BlockText(name=name, language="sql", text=text, upstream=[*upstream], inputs=inputs)


def python(name: str, *upstream: str, columns: list[Column] | None = None) -> BlockText:
    return BlockText(name=name, language="python", text="", upstream=[*upstream], columns=columns)


def test_queries_and_frames_are_joined_across_blocks() -> None:
    found = lineage_of(
        [
            python("load", columns=[Column("id", "int64"), Column("amount", "double")]),
            sql("clean", "select id, amount * 2 as amount from load where id > 0", "load"),
            python("train", "clean", columns=[Column("id", "int64"), Column("score", "double")]),
            sql("top", "select t.id, t.score from f t", "train", f="train"),
            python("never", "top"),
            python("text", columns=[]),
        ]
    )
    by_name = {block.block: block for block in found}
    assert [block.known_by for block in found[:4]] == ["name", "query", "name", "query"]
    told = {c.name: c.origins for c in by_name["clean"].columns}
    assert told == {"id": [ColumnOf("load", "id")], "amount": [ColumnOf("load", "amount")]}
    assert {c.name: c.origins for c in by_name["train"].columns} == {
        "id": [ColumnOf("clean", "id")],
        "score": [],
    }
    assert [c.origins for c in by_name["top"].columns] == [
        [ColumnOf("train", "id")],
        [ColumnOf("train", "score")],
    ]
    assert by_name["never"].unknown == "never executed"
    assert by_name["text"].unknown == "its output has no columns"


def test_a_query_that_cannot_be_told_falls_back_to_its_last_result() -> None:
    load = python("load", columns=[Column("id", "int64")])
    pivot = BlockText(
        name="wide",
        language="sql",
        text="pivot load on id using count(*)",
        upstream=["load"],
        columns=[Column("1", "int64")],
    )
    found = lineage_of([load, pivot])[1]
    assert (found.known_by, [column.name for column in found.columns]) == ("name", ["1"])


def test_a_block_with_a_connection_may_be_in_the_dialect_of_its_database() -> None:
    block = BlockText(
        name="rows",
        language="sql",
        text="select a ->> 'x' as x from (select '{}'::jsonb as a) t where a @> '{}'",
        connection=True,
    )
    assert [column.name for column in lineage_of([block])[0].columns] == ["x"]


def sql_chain(first: str) -> list[BlockText]:
    return [
        BlockText(name="t", language="python", text="", columns=[Column("n", "int64")]),
        BlockText(
            name="a",
            language="sql",
            text=first,
            upstream=["t"],
            columns=[Column("n", "int64"), Column("count_star()", "int64")],
        ),
        BlockText(name="b", language="sql", text="from a", upstream=["a"]),
    ]


def names(found: dict[str, list[Column]], block: str) -> list[str]:
    return [column.name for column in found.get(block, [])]


@pytest.mark.parametrize(
    ("first", "of_a"),
    [
        ("select n as m from t", ["m"]),
        ("select n, count(*) from t group by n", ["n", "count_star()"]),
        ("select n as m, n + 1 from t", ["m", "count_star()"]),
        ("select count(*) from t", ["n", "count_star()"]),  # nobody knows how DuckDB calls it
        ("select n, n from t", ["n", "count_star()"]),
        ("select columns('n') from t", ["n", "count_star()"]),
        ("select n frm t where", ["n", "count_star()"]),
    ],
)
def test_columns_are_those_of_the_text_where_it_says_them(first: str, of_a: list[str]) -> None:
    found = columns_by_text(sql_chain(first))
    assert (names(found, "t"), names(found, "a"), names(found, "b")) == (["n"], of_a, of_a)


def test_columns_without_a_name_are_called_as_duckdb_has_called_them() -> None:
    _, a, b = lineage_of(sql_chain("select n, count(*) from t group by n"))
    assert [column.name for column in a.columns] == ["n", "count_star()"]
    assert b.columns[1].origins == [ColumnOf("a", "count_star()")]
    found = output_columns("select * from (select count(*), 1 + n as m from t)", known_of(TABLES))
    assert found is not None
    assert [(column.name, column.is_named) for column in found] == [
        ("column 1", False),
        ("m", True),
    ]
