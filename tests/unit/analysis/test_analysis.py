"""Signatures, bindings, SQL, fingerprints and code edits, each from text alone."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.analysis.analyse import Analysis, analyse
from headrace.analysis.code_edits import CodeEditor
from headrace.analysis.fingerprint import python_fingerprint
from headrace.analysis.signature import read_signature
from headrace.analysis.sql import read_query
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.protocol.commands import Connect
from headrace.protocol.tables import Column, Parameter

HEAD = "from headrace import transformer\n\n@transformer\n"
EDITOR = CodeEditor()


def analysed(texts: dict[str, tuple[str, dict[str, object]]]) -> Analysis:
    blocks = tuple(
        Block(name=name, kind="transformer", file=f"{name}.py", **options)  # pyright: ignore[reportArgumentType]
        for name, (_, options) in texts.items()
    )
    pipeline = Pipeline(
        name="p", title="P", blocks=blocks, parameters=(Parameter(name="month", default=1),)
    )
    sources = {n: Source(path=f"{n}.py", text=text, hash="") for n, (text, _) in texts.items()}
    files = PipelineFiles(pipeline=pipeline, text="", sources=sources, version="")
    return analyse(files, lambda _: None, {})


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("a: int", ("integer", None, False)),
        ("a: float | None", ("number", None, False)),
        ("a: list[str]", ("string", None, True)),
        ("a: Literal['x', 'y']", ("string", ["x", "y"], False)),
        ("a: bool", ("boolean", None, False)),
    ],
)
def test_an_annotation_gives_the_type_of_a_setting(
    annotation: str, expected: tuple[object, ...]
) -> None:
    form = read_signature(f"{HEAD}def f({annotation}): ...\n").arguments[0].form
    assert (form.type, form.choices, form.multiple) == expected


@pytest.mark.parametrize(
    ("source", "code", "place"),
    [
        ("x = 1\n", "no-function", (1, 0)),
        ("x = 1\ndef f(:\n", "syntax", (2, 6)),
        ("x = 1\ny\0", "syntax", (2, 1)),
        (f"{HEAD}def f(): ...\n@transformer\ndef g(): ...\n", "several-functions", (6, 0)),
    ],
)
def test_a_broken_source_says_where(source: str, code: str, place: tuple[int, int]) -> None:
    (trouble,) = read_signature(source).troubles
    assert (trouble.code, (trouble.line, trouble.column)) == (code, place)


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        ("df", {"upstream": ("up",), "inputs": {"df": "up"}}, {"df": ("upstream", "up")}),
        ("up, month", {"upstream": ("up",)}, {"up": ("upstream", "up"), "month": ("parameter", "month")}),
        ("df, n=1", {"upstream": ("up",)}, {"df": ("upstream", "up"), "n": ("default", "")}),
        ("month", {"settings": {"month": 2}}, {"month": ("setting", "month")}),
        (
            "df, rule",
            {"upstream": ("up",), "settings": {"rule": "x"}},
            {"df": ("upstream", "up"), "rule": ("setting", "rule")},
        ),
    ],
)  # fmt: skip
def test_arguments_bind_in_the_order_of_the_design(
    arguments: str, options: dict[str, object], expected: dict[str, tuple[str, str]]
) -> None:
    up, own = f"{HEAD}def up(): ...\n", f"{HEAD}def f({arguments}): ...\n"
    found = analysed({"up": (up, {}), "own": (own, options)}).blocks["own"]
    assert {b.argument: (b.source, b.name) for b in found.bindings} == expected


def test_an_unbound_argument_named_like_a_block_offers_to_connect_it() -> None:
    source = f"{HEAD}def f(a, up): ...\n"
    found = analysed({"up": (f"{HEAD}def up(): ...\n", {}), "own": (source, {})})
    told = [d for d in found.diagnostics if "'up'" in d.message]
    assert [(d.code, d.line, d.column) for d in told] == [("unbound-argument", 4, 9)]
    assert told[0].fixes[0].command == Connect(pipeline="p", upstream="up", downstream="own")
    assert not found.blocks["own"].runnable


def test_sql_tables_leave_out_those_of_with_and_keep_their_place() -> None:
    query = read_query("with a as (select * from up)\nselect :n from a join Down d on true")
    assert [(t.name, t.line, t.column) for t in query.tables] == [("up", 1, 25), ("Down", 2, 22)]
    assert [(p.name, p.line, p.column) for p in query.placeholders] == [("n", 2, 7)]


@pytest.mark.parametrize("text", ["values (1)", "summarize up", "describe up", "select 1"])
def test_statements_that_read_are_allowed(text: str) -> None:
    query = read_query(text)
    assert query.reads_only
    assert not query.troubles


@pytest.mark.parametrize("text", ["", "-- x", "select 1; select 2", "select 'a", "(" * 900])
def test_what_is_not_one_statement_is_trouble(text: str) -> None:
    assert [t.code for t in read_query(text).troubles] == ["syntax"]


def test_writing_is_seen() -> None:
    assert not read_query("drop table x").reads_only


def test_comments_keep_a_fingerprint_and_an_imported_module_changes_it() -> None:
    def code(text: str, module: str = "x = 1") -> str:
        return python_fingerprint(
            text, lambda name: ("lib.py", module) if name == "lib" else None
        ).digest

    assert code("import lib\n") == code("# note\nimport lib  # why\n")
    assert code("import lib\n") != code("import lib\n", "x = 2")


_NAMES = st.sampled_from(["a", "b", "c"])


@given(st.lists(_NAMES, unique=True), st.booleans(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_adding_then_removing_an_argument_gives_the_same_tree(
    names: list[str], default: bool, several_lines: bool, newline: str
) -> None:
    parts = [*names, "z=(1, 2)"] if default else names
    inside = ",\n    ".join(parts) if several_lines else ", ".join(parts)
    source = f"{HEAD}def f({inside}):  # é\n    return 1\n".replace("\n", newline)
    added = EDITOR.add_argument(source, "new")
    assert "new" in {a.name for a in read_signature(added).arguments}
    removed = EDITOR.remove_argument(added, "new")
    assert ast.dump(ast.parse(removed)) == ast.dump(ast.parse(source))


def test_renaming_an_upstream_renames_its_uses_only() -> None:
    source = f"{HEAD}def f(up):\n    é = 'up'; return up.up + (lambda up: up)(up)\n"
    expected = f"{HEAD}def f(new):\n    é = 'up'; return new.up + (lambda up: up)(new)\n"
    assert EDITOR.rename_upstream(source, "python", "up", "new") == expected


def test_renaming_a_table_keeps_the_rest_of_the_text() -> None:
    text = "SELECT up.x, 'up'  -- up\r\nFROM \"up\" , other"
    expected = "SELECT new.x, 'up'  -- up\r\nFROM \"new\" , other"
    assert EDITOR.rename_upstream(text, "sql", "up", "new") == expected


def test_a_column_that_an_edit_upstream_calls_otherwise_is_marked_at_once() -> None:
    def told(text: str) -> list[tuple[str, str]]:
        blocks = (
            Block(name="t", kind="loader", file="t.py"),
            Block(name="a", kind="transformer", file="a.sql", language="sql", upstream=("t",)),
            Block(name="b", kind="transformer", file="b.sql", language="sql", upstream=("a",)),
            Block(name="c", kind="transformer", file="c.sql", language="sql", upstream=("b",)),
        )
        texts = {
            "t": "from headrace import loader\n@loader\ndef t(): ...\n",
            "a": text,
            "b": "select * from a",
            "c": "select amount from b where amount > 1",
        }
        files = PipelineFiles(
            pipeline=Pipeline(name="p", title="P", blocks=blocks, parameters=()),
            text="",
            sources={n: Source(path=n, text=source, hash="") for n, source in texts.items()},
            version="",
        )
        last = {name: [Column("id", "int64"), Column("amount", "int64")] for name in "tabc"}
        found = analyse(files, lambda _: None, last).diagnostics
        return [(one.block or "", one.message) for one in found]

    assert told("select id, amount from t") == []
    message = "There is no column 'amount': it is called 'total' now."
    assert told("select id, amount as total from t") == [("c", message)] * 2
    assert told("select id from t") == [("c", "There is no column 'amount': there are id.")] * 2
