"""SQL of other databases in translation, and what is said of what has none."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.analysis import patience
from headrace.analysis.translation import translate
from headrace.core.errors import InvalidInput
from headrace.protocol import commands as cmd


@pytest.mark.parametrize(
    ("text", "source", "parts"),
    [
        ("select top 5 [a b], isnull(x, 0) from t where n > :least", "tsql", ["LIMIT 5", ":least"]),
        ("select `a`, safe_divide(x, y) from t", "bigquery", ['"a"', "CASE WHEN y <> 0"]),
        ("select iff(a > 1, 1, 0), v:name::string from t", "snowflake", ["CASE WHEN a > 1"]),
    ],
)
def test_the_dialect_is_found_by_its_own_words(text: str, source: str, parts: list[str]) -> None:
    found = translate(text, "", "duckdb")
    assert (found.source, found.notes) == (source, [])
    for part in parts:
        assert part in found.text


def test_what_could_not_be_translated_is_listed() -> None:
    found = translate("select my_udf(a), approx_top_k(b, 3) from t", "snowflake", "duckdb")
    assert found.notes == [
        "APPROX_TOP_K cannot be transpiled to DuckDB due to incompatible return types.",
        "DuckDB has no function MY_UDF: put in its place what does the same.",
    ]


def test_functions_of_other_databases_than_duckdb_are_theirs_to_know() -> None:
    assert translate("select my_udf(a) from t", "duckdb", "postgres").notes == []


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        ("select * from t where !!!", "", "cannot be read in any dialect"),
        ("select * from t where !!!", "tsql", "cannot be read as SQL Server"),
        ("select 1; select 2", "tsql", "cannot be read as SQL Server"),
        ("select 1", "klingon", "There is no dialect 'klingon'"),
        ("select " + "(" * 10_000, "mysql", "cannot be read as MySQL"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, source: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        translate(text, source, "duckdb")


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "READING_S", 0.01)
    monkeypatch.setattr(patience, "_AGAIN_S", 0.01)  # the first may fall into a callback
    text = f"select 1 in ({', '.join(map(str, range(20_000)))})"
    with pytest.raises(InvalidInput, match="too long to be translated"):
        translate(text, "mysql", "duckdb")


def test_a_text_that_only_another_dialect_reads_offers_to_translate_it(analysed: Any) -> None:
    text = "select top 5 a from up"
    _, (told, *_) = analysed(text, language="sql", upstream=("up",))
    wanted = cmd.TranslateSource(pipeline="p", block="own", text=text, source="tsql")
    assert [fix.command for fix in told.fixes] == [wanted]
    assert told.fixes[0].title == "Translate from SQL Server…"
    _, (told,) = analysed("select (a from up", language="sql", upstream=("up",))
    assert told.fixes == []
