"""Drawing an edge changes code and YAML together; deleting it is the exact reverse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.analysis.analyse import analyse
from headrace.analysis.code_edits import CodeEditor
from headrace.core.errors import HeadraceError
from headrace.project.edits import plan_edit
from headrace.project.pipeline import PipelineFiles, Source
from headrace.project.reader import read_pipeline
from headrace.project.templates import template
from headrace.protocol import commands as do

HEAD = "from headrace import transformer\n\n\n@transformer\n"
JOIN = f"{HEAD}def join(left, right, on: list[str], how: str = 'left'):\n    return left\n"
ROWS = f"{HEAD}def rows(rows, condition: str):\n    return rows\n"


def files_of(text: str, sources: dict[str, Source]) -> PipelineFiles:
    pipeline = read_pipeline("p", text)
    kept = {block.name: sources[block.name] for block in pipeline.blocks}
    return PipelineFiles(pipeline=pipeline, text=text, sources=kept, version="")


def start(entry: str, code: str, *, shared: bool = False, suffix: str = "py") -> PipelineFiles:
    """Return loaders a, b, c and the block `own`, whose YAML is `entry`."""
    lines = [f"  - {{name: {n}, kind: loader, file: {n}.py}}  # {n}" for n in ("aa", "bb", "cc")]
    text = "\n".join(["title: T", "blocks:", *lines, entry, "# end", ""])
    path = f"/lib/own.{suffix}" if shared else f"pipelines/p/own.{suffix}"
    own = Source(path=path, text=code, hash="", shared=shared, writable=not shared)
    sources = {
        n: Source(path=f"pipelines/p/{n}.py", text=template("loader", "python", n, ()), hash="")
        for n in ("aa", "bb", "cc")
    }
    return files_of(text, sources | {"own": own})


def after(files: PipelineFiles, command: Any) -> PipelineFiles:
    """Carry an edit out on the texts alone."""
    sources, text = dict(files.sources), files.text
    for change in plan_edit(files, command, CodeEditor()):
        if change.path.endswith("pipeline.yaml"):
            text = change.after or ""
            continue
        name = next((n for n, s in files.sources.items() if s.path == change.path), None)
        stem = re.sub(r".*/(\w+)\.\w+", r"\1", change.path)
        if change.after is not None:
            sources[name or stem] = Source(path=change.path, text=change.after, hash="")
    return files_of(text, sources)


def connect(files: PipelineFiles, *upstream: str) -> PipelineFiles:
    for name in upstream:
        files = after(files, do.Connect(pipeline="p", upstream=name, downstream="own"))
    return files


def disconnect(files: PipelineFiles, *upstream: str) -> PipelineFiles:
    for name in upstream:
        command = do.Disconnect(pipeline="p", upstream=name, downstream="own", remove_argument=True)
        files = after(files, command)
    return files


def bindings(files: PipelineFiles) -> dict[str, str]:
    found = analyse(files, lambda _: None, {}).blocks["own"]
    return {b.argument: b.name for b in found.bindings if b.source == "upstream"}


OWN = "  - {name: own, kind: transformer, file: own.py}"
SHARED = "  - {name: own, kind: transformer, block: transformers/own}"

CASES = [
    # signature, edges drawn, signature then, inputs then, what is bound then
    ("()", ["aa"], "(aa)", {}, {"aa": "aa"}),
    ("(aa)", ["aa"], "(aa)", {}, {"aa": "aa"}),
    ("(df)", ["aa"], "(df)", {}, {"df": "aa"}),
    ("(df, n=1)", ["aa"], "(df, n=1)", {}, {"df": "aa"}),
    ("(df, month: int)", ["aa"], "(df, month: int)", {}, {"df": "aa"}),
    ("(df)", ["aa", "bb"], "(df, bb)", {"df": "aa", "bb": "bb"}, {"df": "aa", "bb": "bb"}),
    ("(left, right)", ["aa"], "(left, right)", {"left": "aa"}, {"left": "aa"}),
    ("(left, right)", ["aa", "bb"], "(left, right)", {"left": "aa", "right": "bb"}, {"left": "aa", "right": "bb"}),
    ("(left, right)", ["aa", "bb", "cc"], "(left, right, cc)", {"left": "aa", "right": "bb"}, {"left": "aa", "right": "bb", "cc": "cc"}),
    ("(bb, df)", ["aa"], "(bb, df)", {"df": "aa"}, {"df": "aa"}),
    ("(bb, df)", ["aa", "bb"], "(bb, df)", {"df": "aa"}, {"df": "aa", "bb": "bb"}),
    ("(**tables)", ["aa", "bb"], "(**tables)", {}, {"**": ""}),
    ("(*, context)", ["aa"], "(aa, *, context)", {}, {"aa": "aa"}),
    ("(n: int = 1)", ["aa"], "(aa, n: int = 1)", {}, {"aa": "aa"}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "edges", "then", "inputs", "bound"), CASES)
def test_an_edge_binds_what_is_free_or_adds_an_argument(
    before: str, edges: list[str], then: str, inputs: dict[str, str], bound: dict[str, str]
) -> None:
    code = f"{HEAD}def own{before}:\n    ...\n"
    files = start(OWN, code)
    now = connect(files, *edges)
    assert now.sources["own"].text == f"{HEAD}def own{then}:\n    ...\n"
    assert now.pipeline.block("own").inputs == inputs  # type: ignore[union-attr]
    assert bindings(now) == bound
    back = now
    for name in reversed(edges):
        command = do.Disconnect(
            pipeline="p",
            upstream=name,
            downstream="own",
            remove_argument=before != "(aa)" and f"{name}" not in before,
        )
        back = after(back, command)
    assert back.text == files.text
    assert back.sources["own"].text == code


@pytest.mark.parametrize(
    ("code", "edges", "inputs", "bound"),
    [
        (JOIN, ["aa"], {"left": "aa"}, {"left": "aa"}),
        (JOIN, ["aa", "bb"], {"left": "aa", "right": "bb"}, {"left": "aa", "right": "bb"}),
        (ROWS, ["aa"], {}, {"rows": "aa"}),
        (ROWS, ["aa", "bb"], {"rows": "aa"}, {"rows": "aa"}),
    ],
)
def test_a_shared_block_is_told_by_inputs_and_keeps_its_code(
    code: str, edges: list[str], inputs: dict[str, str], bound: dict[str, str]
) -> None:
    files = start(SHARED, code, shared=True)
    now = connect(files, *edges)
    assert now.sources["own"].text == code
    assert now.pipeline.block("own").inputs == inputs  # type: ignore[union-attr]
    assert bindings(now) == bound
    assert disconnect(now, *reversed(edges)).text == files.text


@pytest.mark.parametrize(
    ("code", "edges", "entry"),
    [
        (JOIN, ["aa", "bb"], "upstream: [aa, bb], inputs: {left: aa, right: bb}}"),
        (ROWS, ["aa"], "upstream: [aa]}"),
        (JOIN, [], "block: transformers/join}"),
    ],
)
def test_a_shared_block_is_added_with_its_inputs(code: str, edges: list[str], entry: str) -> None:
    command = do.AddBlock(pipeline="p", library="transformers/join", name="new", upstream=edges)
    files = start(OWN, f"{HEAD}def own(): ...\n")
    (change,) = plan_edit(files, command, CodeEditor(), shared_text=code)
    (line,) = [line for line in (change.after or "").split("\n") if "name: new" in line]
    assert line.endswith(entry)


@pytest.mark.parametrize("text", ["select 1 as one\n", "select * from elsewhere.t\n", "broken ("])
def test_a_sql_block_gets_the_edge_in_yaml_and_only_its_template_is_rewritten(text: str) -> None:
    files = start(OWN.replace(".py", ".sql"), text, suffix="sql")
    now = connect(files, "aa")
    is_template = text == template("transformer", "sql", "own", ())
    assert now.sources["own"].text == ("select *\nfrom aa\n" if is_template else text)
    assert now.pipeline.block("own").upstream == ("aa",)  # type: ignore[union-attr]
    back = disconnect(now, "aa")
    assert (back.text, back.sources["own"].text) == (files.text, text)


def test_an_untouched_template_follows_both_ways() -> None:
    files = start(OWN, template("transformer", "python", "own", ()))
    now = connect(files, "aa", "bb")
    assert now.sources["own"].text == template("transformer", "python", "own", ["aa", "bb"])
    back = disconnect(now, "bb", "aa")
    assert (back.text, back.sources["own"].text) == (files.text, files.sources["own"].text)


def test_without_asking_to_remove_the_argument_code_stays() -> None:
    now = connect(start(OWN, f"{HEAD}def own(n=1): ...\n"), "aa")
    command = do.Disconnect(pipeline="p", upstream="aa", downstream="own")
    assert after(now, command).sources["own"].text == now.sources["own"].text


@pytest.mark.parametrize("upstream", ["own", "nobody"])
def test_an_edge_that_cannot_be_is_refused(upstream: str) -> None:
    with pytest.raises(HeadraceError):
        connect(start(OWN, f"{HEAD}def own(): ...\n"), upstream)


ENTRIES = [
    OWN,
    "  - {name: own,  kind: transformer, file: own.py, retries: 3}  # why\n",
    "  # about\n  - name: own\n    kind: transformer  # kind\n    file: 'own.py'",
    "  -\n    file: own.py\n    name: own\n    kind: transformer\n    with:\n      n: 1\n",
    "  - {name: own,\n     kind: transformer,   # kind\n     file: own.py}\n",
    "  - {name: own, kind: transformer, file: own.py, upstream: [cc]}",
    "  - name: own\n    upstream:   # who\n      - cc   # one\n    kind: transformer\n    file: own.py",
    "  - {name: own, kind: transformer, file: own.py, upstream: [cc], inputs: {x1: cc}}",
    "  - name: own\n    inputs:\n      x1: cc  # mapped\n    upstream: [cc]\n    kind: transformer\n    file: own.py",
]
_ITEMS = st.lists(st.sampled_from(["x1", "x2: int", "cc", "x3: 'T'"]), unique=True, max_size=3)
_DEFAULTS = st.lists(st.sampled_from(["n=1", "m: str = 'a, (b'"]), unique=True)
_TAILS = st.sampled_from([[], ["*args"], ["*, k=1"], ["*, k"], ["context"]])
_LAYOUTS = st.sampled_from(["{}", "\n    {},\n", "\n    {}  # é\n", " {} ", "\n\t{}\n"])


@settings(max_examples=300, deadline=None)
@given(
    entry=st.sampled_from(ENTRIES),
    required=_ITEMS,
    defaults=_DEFAULTS,
    tail=_TAILS,
    layout=_LAYOUTS,
    keyword=st.sampled_from(["def", "async def"]),
    edges=st.lists(st.sampled_from(["aa", "bb"]), min_size=1, unique=True),
)
def test_connect_then_disconnect_is_byte_identical(
    *,
    entry: str,
    required: list[str],
    defaults: list[str],
    tail: list[str],
    layout: str,
    keyword: str,
    edges: list[str],
) -> None:
    first, last = (tail, []) if tail == ["context"] else ([], tail)
    items = [*required, *first, *defaults, *last]
    separator = ",\n    " if "\n" in layout else ", "
    inside = layout.format(separator.join(items)) if items else ""
    code = f"{HEAD}{keyword} own({inside}) -> 'T':\n    return 'aa'  # aa\n"
    files = start(entry, code)
    assert not files.pipeline.problems
    now = connect(files, *edges)
    back = disconnect(now, *reversed(edges))
    assert back.sources["own"].text == code
    assert back.text == files.text
    if not any(edge in bindings(now).values() for edge in edges):
        pytest.fail(f"nothing takes {edges}: {now.text} {now.sources['own'].text}")
