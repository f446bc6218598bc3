"""Pipeline → notebook or script → pipeline gives back the same files."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.notebooks.texts import material

from headrace.notebooks.executed import build
from headrace.notebooks.reading import read_book
from headrace.notebooks.restore import Restored, is_exported, restore
from headrace.notebooks.script import read_script

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("pipelines/*/pipeline.yaml"))
FORMS = ["notebook", "script"]
LIBRARY = {
    path.relative_to(ROOT / "blocks").as_posix(): path.read_text()
    for path in ROOT.glob("blocks/*/*.py")
}


def back(text: str, form: str) -> Restored:
    if form == "script":
        cells, about = read_script(text)
    else:
        book = read_book(text)
        cells, about = book.cells, book.about
    assert is_exported(about)
    return restore(cells, about)


def example(name: str) -> dict[str, str]:
    folder = ROOT / "pipelines" / name
    return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_comes_back_as_it_was(name: str, form: str) -> None:
    files = example(name)
    found = back(build(material(name, files, LIBRARY, form)), form)
    assert (found.name, found.files, found.notes) == (name, files, [])
    assert all(LIBRARY[path] == text for path, text in found.shared.items())


@pytest.mark.parametrize("form", FORMS)
def test_the_same_pipeline_is_the_same_text(form: str) -> None:
    files = example("late_flights")
    first, second = (build(material("late_flights", files, LIBRARY, form)) for _ in range(2))
    assert first == second


YAML = """\
# about the whole
title: Odd   # the title
parameters:
  month: {type: integer, default: 1}   # of 2013
  if: 3
owner: nobody we know
blocks:
  # the last one first
  - {name: total, kind: transformer, file: total.sql, upstream: [rows], with: {least: 1}, note: x}
  - {name: words, kind: markdown, file: words.md}
  - name: rows
    kind: loader
    file: rows.py
    retries: 3
  - {name: ready, kind: sensor, file: ready.py, poke: 10s, soft_fail: true}
  - {name: late, kind: transformer, file: late.ipynb, upstream: [rows, ready], results: [n], kernel: ir}
  - {name: kept, kind: loader, block: loaders/kept, cache: 1h}
triggers:
  - {name: daily, cron: "0 6 * * *", active: false}
"""
ODD = {
    "pipeline.yaml": YAML,
    "words.md": "# Words\r\nwith \\ odd ends  \n\n",
    "rows.py": "from __future__ import annotations\n\nfrom headrace import loader\n\n"
    "# headrace: run rows\n@loader\ndef f(month, pages: int = 2):\n    return [month]\n\n\n"
    'if __name__ == "__main__":\n    raise SystemExit(f())',
    "ready.py": "from headrace import check, sensor\n\n\n@sensor\ndef ready():\n    return True\n\n\n"
    "@check(severity='warn')\ndef fine(ready, month):\n    assert ready\n",
    "late.ipynb": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}\n',
    "mine.py": "from lib import FACTOR\n\nTEXT = '''\"\"\"\n# %% [x]\n'''  # \\\r\n\r\nMORE = FACTOR\n",
    "lib/__init__.py": "FACTOR = 2",
    "requirements.txt": "pandas\n",
    "total.sql": "select ':least', \"n\", $$:x$$, 1::int -- :least\nfrom rows where n > :least\r\n"
    "and m < :month and t <> '\"\"\"' and u = '\\n'\n\"",
}

SHARED = {"loaders/kept.sql": "select 1 as n\n", "loaders/other.py": ""}


@pytest.mark.parametrize("form", FORMS)
def test_odd_texts_come_back_as_they_were(form: str) -> None:
    found = back(build(material("odd", ODD, SHARED, form)), form)
    assert found.files == ODD
    assert found.shared == {"loaders/kept.sql": "select 1 as n\n"}
    assert found.notes == []


ORDERS = """\
blocks:
  - name: orders
    kind: loader
    file: orders.sql
    incremental: {column: id, start: START}
    contract: {columns: {id: integer not null}}
"""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("start", "value"),
    [
        ("3", "3"),
        ("A3", "'A3'"),
        ("2026-01-31", "headrace_time('date', '2026-01-31')"),
        ("", "None"),
    ],
)
def test_contracts_and_incremental_loads_come_back_and_begin_at_their_start(
    start: str, value: str, form: str
) -> None:
    files = {
        "pipeline.yaml": ORDERS.replace("START", start).replace(", start: }", "}"),
        "orders.sql": "select 1 as id where id > :since and :interval_start is null\n",
    }
    text = build(material("shop", files, form=form))
    assert f"values={{'since': {value}, 'interval_start': None}}" in (
        "".join(json.loads(text)["cells"][-1]["source"]) if form == "notebook" else text
    )
    assert back(text, form).files == files


def test_cells_come_after_those_that_they_read_though_the_list_says_otherwise() -> None:
    book = json.loads(build(material("odd", ODD, SHARED)))
    blocks = [cell["metadata"]["headrace"].get("block") for cell in book["cells"]]
    order = ["words", "rows", "total", "ready", "late", "kept"]
    assert [block for block in blocks if block] == order


def test_what_was_edited_in_jupyter_is_taken_over() -> None:
    book = nbformat.reads(build(material("late_flights", example("late_flights"), LIBRARY)), 4)
    for cell in book.cells:
        about = cell.metadata.headrace
        if about.get("role") == "parameters":
            cell.source = cell.source.replace("month = 1", "month = 7")
        if about.get("block") == "late_by_carrier":
            cell.source = cell.source.replace("order by late_percent", "order by carrier")
        if about.get("block") == "weather":
            cell.source = cell.source.replace('encoding: str = "utf-8"', 'encoding: str = "ascii"')
        if about.get("block") == "with_weather":
            cell.source = cell.source.replace("how=", "how = ")
    book.cells = [c for c in book.cells if c.metadata.headrace.get("block") != "report"]
    book.cells.append(nbformat.v4.new_code_cell("print('mine')"))
    found = back(nbformat.writes(book), "notebook")
    files = found.files
    assert "month: {type: integer, default: 7, minimum: 1" in files["pipeline.yaml"]
    assert "order by carrier desc" in files["late_by_carrier.sql"]
    assert ":minutes" in files["late_by_carrier.sql"]
    assert "how = " in files["with_weather.py"]
    assert files["with_weather.py"].endswith('flights"\n')
    assert "{name: weather, kind: loader, file: weather.py, with:" in files["pipeline.yaml"]
    assert '"ascii"' in files["weather.py"]
    assert "report" not in files["pipeline.yaml"]
    assert "report.py" not in files
    assert (
        len(found.notes) == 7
    )  # four sources, the file of the shared one, a default, a block, a cell


NAMES = st.from_regex(r"[a-z][a-z_]{0,5}", fullmatch=True).map(lambda name: f"b_{name}")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
LINES = st.sampled_from(
    ["x = 1\n", "\n", "# headrace: run x\n", "# %% a\n", "import re\n", "é = '\\x0c'\n", "  # in\n"]
)
TAILS = st.sampled_from(["", "\n", "\n\n\n", "\r\n", "  ", "# end"])
KINDS = ["transformer", "sensor", "sql", "notebook", "markdown", "shared", "shared sql"]
MORE = ["", ", retries: 2", ", with: {least: 1.5, on: [a, null]}", ", timeout: 5m, cache: 1h"]
CHECK = "\n\n\n@check(severity='warn')\ndef fine(given, p):\n    return True"
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


def python(draw: st.DrawFn, kind: str, above: list[str]) -> str:
    head = "".join(draw(st.lists(LINES, max_size=3)))
    check = draw(st.sampled_from(["", CHECK]))
    return (
        f"{head}from headrace import check, {kind}\n\n\n@{kind}\n"
        f"def {draw(NAMES)}({', '.join(above)}):\n    return {draw(TEXTS)!r}{check}{draw(TAILS)}"
    )


@st.composite
def pipelines(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files of a pipeline, and the shared blocks that it uses."""
    names = draw(st.lists(NAMES, min_size=0, max_size=6, unique=True))
    files: dict[str, str] = {}
    shared: dict[str, str] = {}
    lines: list[str] = []
    for place, name in enumerate(names):
        kind = draw(st.sampled_from(KINDS))
        above = draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        above = [up for up in above if f"{up}.md" not in files]
        more = draw(st.sampled_from(MORE))
        edges = f", upstream: [{', '.join(above)}]{more}"
        tables = " ".join(f"join {up} using (n)" for up in above)
        said = f"file: {name}"
        match kind:
            case "transformer" | "sensor":
                said, files[f"{name}.py"] = f"{said}.py", python(draw, kind, above)
            case "sql":
                query = f"select {draw(TEXTS)!r} as n, :p {tables}{draw(TAILS)}"
                said, files[f"{name}.sql"] = f"{said}.sql", query
            case "notebook":
                cells = {"nbformat": 4, "metadata": {}, "cells": [], "x": draw(TEXTS)}
                said, files[f"{name}.ipynb"] = f"{said}.ipynb", json.dumps(cells) + draw(TAILS)
            case "markdown":
                said, files[f"{name}.md"] = f"{said}.md", draw(TEXTS) or "x"
                edges = ""
            case "shared":
                said = f"block: transformers/{name}"
                shared[f"transformers/{name}.py"] = python(draw, "transformer", above)
            case _:
                said = f"block: transformers/{name}"
                shared[f"transformers/{name}.sql"] = f"select {draw(TEXTS)!r} as n{draw(TAILS)}"
        kind = kind if kind in {"sensor", "markdown"} else "transformer"
        lines.append(f"  - {{name: {name}, kind: {kind}, {said}{edges}}}\n")
        if draw(st.booleans()):
            lines.append("  # a comment\n")
    draw(st.randoms()).shuffle(lines)
    head = draw(st.sampled_from(["title: T\n", "# c\ntitle: 'T'  # t\nother: {a: 1}\n"]))
    body = f"blocks:\n{''.join(lines)}" if any("name" in line for line in lines) else "blocks: []\n"
    default = json.dumps(draw(VALUES))
    files["pipeline.yaml"] = f"{head}parameters:\n  p: {{type: json, default: {default}}}\n{body}"
    for module in draw(st.lists(st.sampled_from(["mine.py", "lib/__init__.py", "lib/a.py"]))):
        files[module] = "".join(draw(st.lists(LINES, max_size=3))) + draw(TEXTS) + draw(TAILS)
    return files, shared


@settings(deadline=None, max_examples=120)
@given(made=pipelines(), form=st.sampled_from(FORMS))
def test_any_pipeline_comes_back_as_it_was(
    made: tuple[dict[str, str], dict[str, str]], form: str
) -> None:
    files, shared = made
    found = back(build(material("any", files, shared, form)), form)
    assert found.files == files
    assert found.shared == shared
    assert found.notes == []
