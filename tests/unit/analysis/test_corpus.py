"""Statements of every kind in `corpus/*.sql`: what is read of them, and that DuckDB executes them."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from headrace.analysis.placeholders import placeholders, with_placeholders
from headrace.analysis.sql import read_query

CORPUS = Path(__file__).with_name("corpus")
TABLES = """
create table flights (
    carrier varchar, origin varchar, dep_delay double, arr_delay double, day date, n bigint);
create table weather (origin varchar, temp double, day date);
create table "Odd Table" ("a b" bigint, "Ünï" varchar);
insert into flights values ('UA', 'EWR', 3, 4, '2013-01-01', 5), ('AA', 'JFK', -1, 0, '2013-01-02', 1);
insert into weather values ('EWR', 39.0, '2013-01-01');
"""
VALUES = {
    "origin": "EWR",
    "start": "2013-01-01",
    "end": "2013-02-01",
    "first": "UA",
    "second": "AA",
}


def pairs(name: str) -> list[list[str]]:
    """The parts of a file: lines of text and, after `--`, lines that say something of it."""
    parts = (CORPUS / name).read_text().split("\n\n")[1:]
    return [part.strip().splitlines() for part in parts]


def queries() -> list[tuple[str, list[str], list[str]]]:
    found: list[tuple[str, list[str], list[str]]] = []
    for text, told in pairs("queries.sql"):
        tables, _, values = told.removeprefix("--").partition(";")
        names = [a or b for a, b in re.findall(r"'([^']+)'|(\S+)", tables)]
        found.append((text, names, values.split()))
    return found


QUERIES = queries()
_texts = [text for text, _, _ in QUERIES]


def test_the_corpus_is_large() -> None:
    files = ("queries.sql", "dialects.sql", "errors.sql", "lineage.sql")
    assert sum(len(pairs(name)) for name in files) >= 200
    assert len(set(_texts)) == len(_texts)


@pytest.mark.parametrize(("text", "tables", "values"), QUERIES, ids=_texts)
def test_tables_and_placeholders_are_read(text: str, tables: list[str], values: list[str]) -> None:
    query = read_query(text)
    assert (query.troubles, query.reads_only) == ([], True)
    assert [table.name for table in query.tables] == tables
    assert list(dict.fromkeys(place.name for place in query.placeholders)) == values


class _All:
    def __contains__(self, name: object) -> bool:
        return True


@pytest.mark.parametrize("text", _texts, ids=_texts)
def test_duckdb_executes_what_is_taken_for_a_query(text: str) -> None:
    readable, _ = with_placeholders(text, _All())
    names = {place.name for place in placeholders(text)}
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        given = {name: VALUES.get(name, 1) for name in names}
        connection.sql(readable, params=given or None).to_arrow_table()


@pytest.mark.parametrize("part", pairs("dialects.sql"), ids=lambda part: part[1])
def test_databases_have_dialects_of_their_own(part: list[str]) -> None:
    dialect, text, told = part
    query = read_query(text, dialect.removeprefix("-- "))
    assert (query.troubles, query.reads_only) == ([], True)
    assert [table.name for table in query.tables] == told.removeprefix("--").split()


@pytest.mark.parametrize("part", pairs("errors.sql"), ids=lambda part: part[0])
def test_what_is_no_query_is_told_with_its_place(part: list[str]) -> None:
    text, told = part
    query = read_query(text)
    if told == "-- writes":
        assert (query.troubles, query.reads_only) == ([], False)
        return
    (trouble,) = query.troubles
    assert f"-- {trouble.line}:{trouble.column} {trouble.message}" == told
