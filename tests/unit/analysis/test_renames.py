"""A renamed block: the code of others follows, texts and comments stay, or `inputs:` tells it."""

from __future__ import annotations

import pytest

from headrace.analysis.code_edits import CodeEditor
from headrace.project.edits import plan_edit
from headrace.project.pipeline import PipelineFiles, Source
from headrace.project.reader import read_pipeline
from headrace.protocol.commands import RenameBlock

EDITOR = CodeEditor()
HEAD = "from headrace import check, transformer\n\n\n@transformer\n"

FOLLOWS = [
    ("def f(up):\n    return up.up + up['up']  # up\n", "def f(new):\n    return new.up + new['up']  # up\n"),
    ("def f(up: 'up' = None, *, k=up):\n    up += 1\n", "def f(new: 'up' = None, *, k=up):\n    new += 1\n"),
    ("def f(up):\n    return g(up=up), [up for x in up]\n", "def f(new):\n    return g(up=new), [new for x in new]\n"),
    ("def f(up):\n    return (lambda up: up)(up)\n", "def f(new):\n    return (lambda up: up)(new)\n"),
    ("def f(up):\n    def g(up=up): return up\n    return g\n", "def f(new):\n    def g(up=new): return up\n    return g\n"),
    ("def f(up):\n    é = 'ü'; return up, é\n", "def f(new):\n    é = 'ü'; return new, é\n"),
    ("def f(up):\n    return up\n\n@check\ndef c(out, up):\n    assert up is out\n", "def f(new):\n    return new\n\n@check\ndef c(out, new):\n    assert new is out\n"),
    ("def f(up): ...\n\ndef other(up):\n    return up\n", "def f(new): ...\n\ndef other(up):\n    return up\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), FOLLOWS)
def test_an_argument_follows_with_its_uses(before: str, after: str) -> None:
    assert EDITOR.rename_upstream(HEAD + before, "python", "up", "new") == HEAD + after


@pytest.mark.parametrize(
    "code",
    [
        "def f(up):\n    new = 1\n    return up, new\n",
        "def f(up, new): ...\n",
        "def f(up):\n    import up\n",
        "def f(up):\n    def up(): ...\n",
        "def f(up):\n    def g():\n        nonlocal up\n        up = 1\n",
        "def f(up):\n    from x import new\n    return up\n",
        "def f(df):\n    return 'up'\n",
        "def f(up:\n",
    ],
)
def test_code_that_would_mean_something_else_stays(code: str) -> None:
    assert EDITOR.rename_upstream(HEAD + code, "python", "up", "new") == HEAD + code


SQL = [
    ("select up.a, 'up' from up -- up", "select new.a, 'up' from new -- up"),
    ('select "up".a from "up"', 'select "new".a from "new"'),
    ("SELECT u.a FROM Up AS u", "SELECT u.a FROM new AS u"),
    ("select up.*, up.s.x, :up from up where x::int = :n", "select new.*, new.s.x, :up from new where x::int = :n"),
    ("select * from main.up, up", "select * from main.up, new"),
    ("with c as (select up.a from up) select c.a from c", "with c as (select new.a from new) select c.a from c"),
    ("select 'é😀',\r\n up.a\r\nfrom up", "select 'é😀',\r\n new.a\r\nfrom new"),
    ("with up as (select 1 as a) select up.a from up", None),
    ("select new.a from up as new", None),
    ("with new as (select 1) select * from new, up", None),
    ("select up.a from other as up", None),
    ("select * fom up", None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SQL)
def test_a_table_follows_unless_a_name_is_taken(before: str, after: str | None) -> None:
    assert EDITOR.rename_upstream(before, "sql", "up", "new") == (after or before)


def test_the_function_follows_with_its_check_and_its_calls() -> None:
    source = f"{HEAD}def old(n=1):\n    return old(n - 1)  # old\n\n@check\ndef c(old):\n    assert old\n\ndef g(old): return old\n"
    wanted = f"{HEAD}def new(n=1):\n    return new(n - 1)  # old\n\n@check\ndef c(new):\n    assert new\n\ndef g(old): return old\n"
    assert EDITOR.rename_function(source, "old", "new") == wanted


def _files(text: str, **sources: str) -> PipelineFiles:
    pipeline = read_pipeline("p", text)
    own = {
        block.name: Source(
            path=f"pipelines/p/{block.file or '/lib/shared.py'}",
            text=sources[block.name],
            hash="",
            shared=block.block is not None,
        )
        for block in pipeline.blocks
    }
    return PipelineFiles(pipeline=pipeline, text=text, sources=own, version="")


@pytest.mark.parametrize(
    ("entry", "code", "wanted", "inputs"),
    [
        ("file: b.py", f"{HEAD}def b(old): return old\n", f"{HEAD}def b(new): return new\n", {}),
        ("file: b.py", f"{HEAD}def b(df): return 'old'\n", None, {}),
        ("file: b.py", f"{HEAD}def b(old, new=1): ...\n", None, {"old": "new"}),
        ("file: b.sql", "select * from old", "select * from new", {}),
        ("file: b.sql", "select new.a from old as new", None, {"old": "new"}),
        ("block: transformers/b", f"{HEAD}def b(old): ...\n", None, {"old": "new"}),
        ("block: transformers/b", f"{HEAD}def b(rows):\n    # old\n", None, {}),
    ],
)
def test_what_cannot_follow_is_told_where_to_look(
    entry: str, code: str, wanted: str | None, inputs: dict[str, str]
) -> None:
    text = f"blocks:\n- {{name: old, kind: loader, file: old.py}}\n- {{name: b, kind: transformer, {entry}, upstream: [old]}}\n"
    files = _files(text, old=f"{HEAD}def old(): ...\n", b=code)
    changes = plan_edit(files, RenameBlock(pipeline="p", block="old", name="new"), EDITOR)
    after = {change.path: change.after for change in changes}
    block = read_pipeline("p", after["pipelines/p/pipeline.yaml"] or "").block("b")
    assert block is not None
    assert (block.upstream, block.inputs) == (("new",), inputs)
    assert after.get(files.sources["b"].path) == wanted
