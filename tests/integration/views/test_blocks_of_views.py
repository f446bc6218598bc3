"""A block made from a view gives exactly the rows that the view shows, whatever it is written in."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.workers.conftest import Bench, upstream

from headrace.protocol.steps import CastColumn, CodeLanguage, DropColumn, RenameColumn, Step
from headrace.protocol.tables import Output
from headrace.protocol.views import View

from .conftest import LANGUAGES, UPSTREAMS, Seen, plain
from .operations import OF_NAN, SAID, view_of


async def made(bench: Bench, language: CodeLanguage, text: str, up: Output) -> Seen:
    """Execute a generated block on a worker."""
    written = "sql" if language == "sql" else "python"
    output = await bench.output(
        text, block="made", language=written, inputs={"up": up}, bindings=upstream("up")
    )
    return Seen(bench.root / ".headrace" / "store", output)


async def look(bench: Bench, name: str) -> tuple[Output, Seen]:
    output = await bench.output(UPSTREAMS[name], block="up", kind="loader")
    return output, Seen(bench.root / ".headrace" / "store", output)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", UPSTREAMS)
async def test_every_operation_of_the_grid(bench: Bench, name: str, language: CodeLanguage) -> None:
    output, seen = await look(bench, name)
    sql = language == "sql"
    for said in [*SAID, *(OF_NAN if "x" in seen.names else [])]:
        view = view_of(said)
        code = seen.code(view, language)
        result = await made(bench, language, code.text, output)
        assert plain(result.shows(), sql=sql) == plain(seen.shows(view), sql=sql), code.text


CASTS: list[tuple[str, str, list[Any]]] = [
    ("f", "integer", [1, 2, None, 0, -3, 2, 9, None]),
    ("i", "number", [1.0, 2.0, None, 4.0, 5.0, 2.0, None, 8.0]),
    ("i", "text", ["1", "2", None, "4", "5", "2", None, "8"]),
    ("n", "boolean", [True, True, True, True, True, True, True, False]),
    ("flag", "integer", [1, None, 0, 1, None, 1, 0, 1]),
    ("flag", "text", ["true", None, "false", "true", None, "true", "false", "true"]),
    ("price", "number", [1.25, None, 3.25, 4.25, 5.25, 6.25, 7.25, 8.25]),
    ("price", "integer", [1, None, 3, 4, 5, 6, 7, 8]),
    ("text", "number", [None] * 8),
    ("kind", "text", ["y", "x", None, "x", "z", "y", "y", "x"]),
    ("day", "text", [None if n == 3 else f"2024-01-0{n}" for n in range(1, 9)]),
    ("at", "text", [None if n == 4 else f"2024-01-01 05:0{n}:00" for n in range(1, 9)]),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
async def test_casts_give_the_same_in_every_language(
    bench: Bench, name: str, language: CodeLanguage
) -> None:
    output, seen = await look(bench, name)
    for column, kind, cells in CASTS:
        steps: list[Step] = [CastColumn(column=column, type=kind)]  # type: ignore[arg-type]
        code = seen.code(View(columns=[column, "order"]), language, steps)
        result = (await made(bench, language, code.text, output)).shows()
        assert result.column(column).to_pylist() == cells, code.text
        assert (
            str(result.schema.field(column).type).replace("large_", "")
            == {
                "integer": "int64",
                "number": "double",
                "text": "string",
                "boolean": "bool",
            }[kind]
        ), code.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_steps_follow_one_another(bench: Bench, language: CodeLanguage) -> None:
    output, seen = await look(bench, "pandas")
    steps: list[Step] = [
        RenameColumn(column="text", name='the "text"'),
        RenameColumn(column="n", name="text"),
        DropColumn(column="f"),
        CastColumn(column="text", type="text"),
        RenameColumn(column="order", name="f"),
    ]
    view = View(columns=["order", "n", "f", "text"])
    code = seen.code(view, language, steps)
    result = (await made(bench, language, code.text, output)).shows()
    assert result.column_names == ["f", "text", 'the "text"']
    assert result.column("text").to_pylist() == ["3", "1", "2", "3", "1", "2", "3", "0"]
    assert result.column("f").to_pylist() == list("hgfedcba")
