"""Whatever a file holds: it is read, or refused with a clear error. Nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.core.errors import InvalidInput
from headrace.notebooks.importing.cut import cut
from headrace.notebooks.reading import read_book
from headrace.protocol.imports import ImportChoices

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
LINES = st.sampled_from(
    [
        "x = 1",
        "x += 1",
        'df["a"] = df["b"] * 2',
        "del x",
        "import os",
        "from math import *",
        "def f(a):",
        "    return a",
        "class A:",
        "%time x",
        "%%sql",
        "!ls",
        "?x",
        "for i in range(3):",
        "    print(i)",
        "if x:",
        "else:",
        "try:",
        'with open("f") as f:',
        "async def g():",
        "await g()",
        "yield 1",
        "return 5",
        "x: int = 3",
        "(y := 4)",
        "match x:",
        "    case [a, *b]:",
        "@dec\n    ",
        'get_ipython().system("ls")',
        "%load_ext foo",
        "%%bash",
        "  indented",
        "\tx",
        "é = 1",
        "a, (b, *c) = x",
        "nonlocal q\n    ",
        'exec("x = 1")',
        'globals()["k"] = 3',
        "from . import z",
        "x[0][1].b.c = 3",
        "x.append(x)",
        "'''",
        "\\",
        "# %%",
        "\x0c",
    ]
)
SOURCES = st.lists(LINES, max_size=6).map("\n".join)


def or_else(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give what belongs there, now and then anything at all."""
    return st.one_of(usual, usual, usual, JSON)


CELLS = or_else(
    st.fixed_dictionaries(
        {
            "cell_type": or_else(st.sampled_from(["code", "markdown", "raw"])),
            "source": or_else(SOURCES | SOURCES.map(lambda text: text.splitlines(keepends=True))),
        },
        optional={"metadata": JSON, "outputs": JSON, "execution_count": JSON, "input": SOURCES},
    )
)
BOOKS = st.fixed_dictionaries(
    {
        "nbformat": or_else(st.sampled_from([2, 3, 4])),
        "cells": or_else(st.lists(CELLS, max_size=5)),
        "worksheets": or_else(
            st.lists(st.fixed_dictionaries({"cells": st.lists(CELLS, max_size=3)}), max_size=2)
        ),
    },
    optional={"nbformat_minor": JSON, "metadata": JSON},
)


@settings(max_examples=300, deadline=None)
@given(BOOKS | JSON)
def test_a_file_is_read_and_cut_or_refused(book: Any) -> None:
    try:
        read = read_book(json.dumps(book))
    except InvalidInput:
        return
    plan = cut(read, "study", ImportChoices())
    assert len(plan.cells) == len(read.cells), "no cell is dropped silently"


@pytest.mark.parametrize("minor", [None, "4", [], 1.5])
def test_an_old_notebook_with_an_odd_minor_version_is_read(minor: Any) -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": minor,
        "metadata": {},
        "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}]}],
    }
    assert [cell.source for cell in read_book(json.dumps(old)).cells] == ["x = 1"]
