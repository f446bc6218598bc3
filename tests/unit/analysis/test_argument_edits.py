"""Adding an argument and taking it away again gives the same bytes, whatever the layout."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.analysis.argument_edits import add_argument, remove_argument
from headrace.analysis.signature import read_signature

HEAD = "import headrace\nfrom headrace import transformer\n\n"

LAYOUTS = [
    ("()", "(new)"),
    ("( )", "(new )"),
    ("(\n    # none yet\n)", "(new\n    # none yet\n)"),
    ("(a)", "(a, new)"),
    ("(a,)", "(a, new,)"),
    ("(a , b=1)", "(a, new , b=1)"),
    ("(\n    a,\n    b: int = 1,\n)", "(\n    a,\n    new,\n    b: int = 1,\n)"),
    ("(\n    a,  # the data\n    b=1,\n)", "(\n    a,  # the data\n    new,\n    b=1,\n)"),
    ("(\n    a  # the data\n)", "(\n    a,\n    new  # the data\n)"),
    ("(\n    a: dict[\n        str, int\n    ],\n)", "(\n    a: dict[\n        str, int\n    ],\n    new,\n)"),
    ("(a, b,\n  c=1)", "(a, b, new,\n  c=1)"),
    ("(a\n  , b=1\n)", "(a, new\n  , b=1\n)"),
    ("(a, \\\n  b=1)", "(a, new, \\\n  b=1)"),
    ("(\n\ta,\n)", "(\n\ta,\n\tnew,\n)"),
    ("(b=(1, 2))", "(new, b=(1, 2))"),
    ("(\n    b=(\n        1\n    ),\n)", "(\n    new,\n    b=(\n        1\n    ),\n)"),
    ("(*args)", "(new, *args)"),
    ("(*, k)", "(new, *, k)"),
    ("(a, /)", "(a, /, new)"),
    ("(a, /, b=2)", "(a, /, new, b=2)"),
    ("(a=1, /, b=2)", "(a=1, /, b=2, *, new)"),
    ("(a=1, /, *, k=1)", "(a=1, /, *, new, k=1)"),
    ("(a=1, /, *args, k=1)", "(a=1, /, *args, new, k=1)"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), LAYOUTS)
def test_an_argument_takes_the_layout_that_is_there(before: str, after: str) -> None:
    source = f"{HEAD}@transformer\ndef f{before}:\n    return 1\n"
    added = f"{HEAD}@transformer\ndef f{after}:\n    return 1\n"
    assert add_argument(source, "new") == added
    assert remove_argument(added, "new") == source


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(a, new=1, b=2)", "(a, b=2)"),
        ("(new: int = (1), *, k)", "(*, k)"),
        ("(*, new)", "()"),
        ("(a, *, new)", "(a)"),
        ("(new, /)", "()"),
        ("(new, /, b)", "(b)"),
        ("(new, **rest)", "(**rest)"),
        ("(\n    new,  # why\n    b,\n)", "(\n    # why\n    b,\n)"),
        ("(a, *args, new)", "(a, *args)"),
    ],
)
def test_a_removed_argument_leaves_python(before: str, after: str) -> None:
    source = f"{HEAD}@transformer\ndef f{before}: ...\n"
    removed = remove_argument(source, "new")
    wanted = f"{HEAD}@transformer\ndef f{after}: ...\n"
    assert ast.dump(ast.parse(removed)) == ast.dump(ast.parse(wanted))


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        "def f(:\n",
        f"{HEAD}@transformer\ndef f(new): ...\n",
        f"{HEAD}@transformer\ndef f(*new): ...\n",
        f"{HEAD}@transformer\ndef f(**rest): ...\n",
        f"{HEAD}@transformer\ndef f(): ...\n@transformer\ndef g(): ...\n",
    ],
)
def test_a_source_that_cannot_take_it_stays(source: str) -> None:
    assert add_argument(source, "new") == source


_SPACE = st.sampled_from(["", " ", "  ", "\n    ", "  # note, (é\n    ", "\n\n    # über\n    "])
_TYPE = st.sampled_from(["", ": int", ": 'pd.DataFrame'", ": dict[str, int]", ": (\n  int)"])
_DEFAULT = st.sampled_from(["=1", " = (1, 2)", "=[',', ')']", " = {'a': (1)}", "=lambda x, y: x"])
_DECORATOR = st.sampled_from(
    ["@transformer\n", "@headrace.transformer  # é\n", "@(lambda f, g=(1, 2): f)\n@transformer\n"]
)


@st.composite
def signatures(draw: st.DrawFn) -> str:
    """Draw what stands between the brackets: any valid order of arguments, in any layout."""
    typed = [f"{name}{draw(_TYPE)}" for name in draw(st.sampled_from(["", "a", "ab", "abc"]))]
    with_default = [
        f"{name}{draw(_TYPE)}{draw(_DEFAULT)}" for name in draw(st.sampled_from(["", "x", "xy"]))
    ]
    items = [*typed, *with_default]
    if items and draw(st.booleans()):
        items.insert(draw(st.integers(1, len(items))), "/")
    if draw(st.booleans()):
        keywords = [f"k{draw(_TYPE)}", f"m{draw(_DEFAULT)}"][: draw(st.integers(0, 2))]
        stars = ["*args"] if draw(st.booleans()) or not keywords else ["*"]
        items += [*stars, *keywords]
    text = "".join(f"{draw(_SPACE)}{item}{draw(_SPACE)}," for item in items)
    if items and draw(st.booleans()):
        text = text[:-1]
    return text + draw(_SPACE)


@settings(max_examples=400, deadline=None)
@given(signatures(), _DECORATOR, st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_adding_then_removing_is_byte_identical(
    inside: str, decorator: str, is_async: bool, newline: str
) -> None:
    head = f"{HEAD}é = 'def f('\n{decorator}{'async ' if is_async else ''}"
    source = f"{head}def f({inside}) -> int:  # é\n    return 1\n".replace("\n", newline)
    ast.parse(source)
    added = add_argument(source, "new")
    names = [argument.name for argument in read_signature(added).arguments]
    assert names.count("new") == 1
    before = [argument.name for argument in read_signature(source).arguments]
    assert [name for name in names if name != "new"] == before
    assert remove_argument(added, "new") == source
