"""Proposals and help from the text alone: columns first, then names of code and project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.analysis.completion import complete, inspect
from headrace.analysis.cursor import Cursor, Scope
from headrace.analysis.service import METHODS
from headrace.analysis.static_names import Asker
from headrace.protocol.lineage import ColumnOf
from headrace.protocol.tables import Column, Parameter

HEAD = "from headrace import Context, transformer\n\n@transformer\n"
FLIGHTS = [Column(name, "int64") for name in ("day", "dep_delay", "Carrier", "tail number")]
SCOPE = Scope(
    upstream=["flights"],
    columns={"flights": FLIGHTS},
    parameters=[Parameter(name="month", type="integer", description="Of 2013")],
)
LONG_S = 60.0


def at(text: str, language: str = "python") -> Cursor:
    """Return the text without its `|`, and the place where that was."""
    before, after = text.split("|")
    line = before.count("\n") + 1
    return Cursor(before + after, language, line, len(before) - before.rfind("\n") - 1)


def labels(text: str, language: str = "python", scope: Scope = SCOPE) -> list[str]:
    cursor = at(text, language)
    found = complete(cursor, scope, wait_s=LONG_S)
    assert 0 <= found.start <= cursor.column
    return [item.label for item in found.items]


BODY = HEAD + "def own({}):\n    {}\n"

PYTHON = [
    (BODY.format("flights", 'x = flights["d|"]'), ["day", "dep_delay"]),
    (BODY.format("df", "x = df['|"), ["day", "dep_delay", "Carrier", "tail number"]),
    (BODY.format("df, n: int = 1", 'df[["day", "c|'), ["Carrier"]),
    (BODY.format("df", 'df.loc[df["day"] > 1, "dep|'), ["dep_delay"]),
    (BODY.format("df", "df.groupby(['day', \"d|"), ["day", "dep_delay"]),
    (BODY.format("df", "x = df.c|"), ["Carrier"]),
    (BODY.format("context", 'x = context.parameters["|'), ["month"]),
    (BODY.format("df, context", "x = context.idem|"), ["idempotency_key"]),
    (BODY.format("|", "..."), ["flights", "month", "context"]),
    (BODY.format("flights, |", "..."), ["month", "context"]),
    (BODY.format("flights, mo|, n=1", "..."), ["month"]),
    (BODY.format("first_thing", "return first_t|"), ["first_thing"]),
]


@pytest.mark.parametrize(("text", "expected"), PYTHON)
def test_python_proposes_columns_arguments_and_names(text: str, expected: list[str]) -> None:
    assert labels(text) == expected


def test_inputs_lead_to_the_columns_of_their_upstream() -> None:
    other = {"flights": FLIGHTS, "weather": [Column("wind", "double")]}
    scope = Scope(upstream=["flights", "weather"], columns=other, inputs={"df": "weather"})
    assert labels(BODY.format("flights, df", "df['|"), scope=scope) == ["wind"]


SQL = [
    ("select d| from flights", ["day", "dep_delay", "distinct"]),
    ("select | from flights", ["day", "dep_delay", "Carrier", "tail number"]),
    ("select f.d| from flights as f", ["day", "dep_delay"]),
    ("select flights.| from flights", ["day", "dep_delay", "Carrier", "tail number"]),
    ("select * from |", ["flights"]),
    ("select * from flights join f|", ["flights"]),
    ("select * from flights where day = :m|", ["month"]),
    ("select * from flights where x::m|", ["max", "min"]),
]


@pytest.mark.parametrize(("text", "expected"), SQL)
def test_sql_proposes_columns_tables_and_parameters(text: str, expected: list[str]) -> None:
    found = labels(text, "sql")
    assert sorted(found[: len(expected)]) == sorted(expected)


def test_columns_of_the_tables_in_use_come_alone_before_words() -> None:
    columns = {"flights": FLIGHTS, "weather": [Column("wind", "double")]}
    scope = Scope(upstream=["flights", "weather"], columns=columns)
    found = labels("select | from weather", "sql", scope)
    assert found[:3] == ["wind", "flights", "weather"]


def test_modules_of_the_project_are_known(tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text('def helper(rows, much=2):\n    """Help."""\n')
    scope = Scope(root=str(tmp_path))
    assert labels("from lib import h|", scope=scope) == ["helper"]
    assert labels("import lib\nlib.|", scope=scope) == ["helper"]
    found = inspect(at("import lib\nlib.helper(1, |"), scope, wait_s=LONG_S)
    assert (found.signature, found.argument) == ("helper(rows, much=2)", 1)
    assert found.documentation == "Help."


@pytest.mark.parametrize(
    ("text", "signature", "documentation"),
    [
        ("select d|ay from flights", "flights.day: int64", ""),
        ("select :mon|th", ":month: integer", "Of 2013"),
        ("select * from fl|ights", "flights: upstream block", "day: int64\n"),
        ("select | ", "", ""),
    ],
)
def test_sql_explains_names(text: str, signature: str, documentation: str) -> None:
    found = inspect(at(text, "sql"), SCOPE)
    assert found.signature == signature
    assert found.documentation.startswith(documentation)


@pytest.mark.parametrize(
    ("text", "language"),
    [("|", "python"), ("\n\n|", "sql"), ("def f(:\n  x[|", "python"), ("# x|", "markdown")],
)
def test_broken_texts_are_answered(text: str, language: str) -> None:
    complete(at(text, language), SCOPE, wait_s=LONG_S)
    inspect(at(text, language), SCOPE, wait_s=LONG_S)


def test_a_late_answer_is_not_waited_for_and_kept_for_the_next_key() -> None:
    from threading import Event

    asker, go, asked = Asker(), Event(), list[int]()

    def slow(*question: Any) -> str:
        asked.append(1)
        go.wait(LONG_S)
        return "found"

    question = ("", "text", 1, 0)
    assert asker.ask(slow, question, 0.001) is None
    go.set()
    assert asker.ask(slow, question, LONG_S) == "found"
    assert asked == [1]


def test_a_failure_of_jedi_is_no_answer() -> None:
    def broken(*question: Any) -> str:
        raise RuntimeError

    assert Asker().ask(broken, ("", "", 1, 0), LONG_S) is None


def test_the_service_takes_plain_values() -> None:
    text = BODY.format("df", 'df["')
    answer = METHODS["complete"](
        text=text,
        language="python",
        line=5,
        column=8,
        names=["up"],
        columns={"up": [{"name": "x", "type": "int64"}]},
    )
    assert [item["label"] for item in answer["items"]] == ["x"]
    formatted = METHODS["format"](text="select :n::int, ':n' from up", language="sql")
    assert formatted == "SELECT\n  CAST(:n AS INT),\n  ':n'\nFROM up\n"


@pytest.mark.parametrize(
    ("line", "column", "signature", "columns"),
    [
        (2, 9, "t.amount: double", [ColumnOf("t", "amount")]),
        (2, 18, "y", [ColumnOf("", "y")]),
        (1, 22, "t.amount: double", [ColumnOf("t", "amount")]),
        (2, 21, "", [ColumnOf("t", "id"), ColumnOf("t", "amount")]),
        (2, 1, "", []),
    ],
)
def test_a_column_of_sql_is_told_by_what_it_is_made_of(
    line: int, column: int, signature: str, columns: list[ColumnOf]
) -> None:
    known = {"t": [Column("id", "int64"), Column("amount", "double")]}
    scope = Scope(upstream=["t"], columns=known)
    text = (
        "with k as (select id, amount * 2 as x, id + amount as z from t)\n"
        "select k.x + 1 as y, z\nfrom k where x > 1"
    )
    found = inspect(Cursor(text, "sql", line, column), scope)
    assert (found.signature, found.columns) == (signature, columns)


def test_a_column_of_a_table_of_which_nothing_is_known_is_that_table_s() -> None:
    found = inspect(Cursor("select n from t", "sql", 1, 7), Scope(upstream=["t"]))
    assert (found.signature, found.columns) == ("t.n", [ColumnOf("t", "n")])
    assert inspect(Cursor("select n frm t x y", "sql", 1, 7), Scope(upstream=["t"])).columns == []
    assert inspect(Cursor("summarize t", "sql", 1, 3), Scope(upstream=["t"])).columns == []
