"""What the editor says of a Python block: where, how bad, and what one click would do."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.protocol import commands as cmd
from headrace.protocol.tables import Parameter

MONTH = Parameter(name="month", type="integer", default=1)

CASES = [
    # arguments, what is around, (code, severity, line, column, end column), titles of the fixes
    ("df, other", {"upstream": ("up",)}, ("unbound-argument", "error", 4, 8, 10), ["Rename it to up", "Add the setting df", "Remove the argument df"]),
    ("up", {"others": ("up",)}, ("unbound-argument", "error", 4, 8, 10), ["Connect up"]),
    ("", {"upstream": ("up",)}, ("unused-upstream", "warning", 4, 0, None), ["Add the argument up", "Disconnect up"]),
    ("*, path: str", {}, ("missing-setting", "error", 4, 11, 15), ["Add the setting path"]),
    ("how: Literal['l', 'r']", {}, ("missing-setting", "error", 4, 8, 11), ["Set how to l", "Set how to r"]),
    ("path=''", {"settings": {"pth": 1}}, ("unknown-setting", "warning", 1, 0, None), ["Rename it to path", "Remove the setting pth"]),
    ("df=1", {"upstream": ("df",), "inputs": {"fd": "df"}}, ("unknown-input", "warning", 1, 0, None), []),
    ("", {"kind": "loader"}, ("other-kind", "warning", 4, 0, None), ["Make it a transformer"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "around", "expected", "titles"), CASES)
def test_wiring_that_cannot_work_is_told_with_its_place(
    analysed: Any,
    function: Any,
    *,
    arguments: str,
    around: dict[str, Any],
    expected: tuple[Any, ...],
    titles: list[str],
) -> None:
    _, told = analysed(function(arguments), **around)
    first = told[0]
    place = (first.code, first.severity, first.line, first.column, first.end_column)
    assert place == expected
    assert [fix.title for fix in first.fixes] == titles


@pytest.mark.parametrize(
    ("arguments", "around"),
    [
        ("df", {"upstream": ("up",)}),
        ("df, n: int = 1", {"upstream": ("up",)}),
        ("up, month", {"upstream": ("up",), "parameters": (MONTH,)}),
        ("a, context", {"upstream": ("up",)}),
        ("**all", {"upstream": ("up", "other")}),
        ("left, right", {"upstream": ("a", "b"), "inputs": {"left": "b", "right": "a"}}),
        ("rows, condition: str", {"upstream": ("up",), "settings": {"condition": "x"}}),
    ],
)
def test_wiring_that_works_is_not_talked_about(
    analysed: Any, function: Any, arguments: str, around: dict[str, Any]
) -> None:
    found, told = analysed(function(arguments), **around)
    assert told == []
    assert found.blocks["own"].runnable


def test_a_missing_setting_is_named_and_does_not_hide_the_data(
    analysed: Any, function: Any
) -> None:
    found, told = analysed(function("rows, condition: str"), upstream=("up",))
    assert [d.message for d in told] == [
        "The setting 'condition' has no value: give it one, or a default in the code."
    ]
    bound = {b.argument: b.name for b in found.blocks["own"].bindings}
    assert bound == {"rows": "up"}
    assert found.blocks["own"].problem == f"line 4: {told[0].message}"


def test_the_fix_of_an_unused_upstream_saves_the_code_with_the_argument(
    analysed: Any, function: Any
) -> None:
    _, told = analysed(function("a, *, n=1"), upstream=("a", "up"))
    assert told[0].fixes[0].command == cmd.SaveSource(
        pipeline="p", block="own", base="h1", text=function("a, up, *, n=1")
    )


def test_code_that_others_share_is_not_rewritten_by_a_fix(analysed: Any, function: Any) -> None:
    _, told = analysed(function("a"), upstream=("a", "up"), shared=True)
    assert [fix.title for fix in told[0].fixes] == ["Disconnect up"]


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("def f(:\n", (1, 6), "Invalid syntax."),
        ("x = 1\nif x\n  pass\n", (2, 4), "Expected ':'."),
        ("é = (1,\n", (1, 4), "'(' was never closed."),
        ("x = 'a\n", (1, 4), "Unterminated string literal (detected at line 1)."),
        ("def f():\nreturn 1\n", (2, 0), "Expected an indented block after function definition on line 1."),
    ],
)  # fmt: skip
def test_a_syntax_error_has_line_column_and_plain_words(
    analysed: Any, source: str, place: tuple[int, int], message: str
) -> None:
    _, (told,) = analysed(source)
    assert (told.code, (told.line, told.column), told.message) == ("syntax", place, message)


@pytest.mark.parametrize(
    ("source", "title", "text"),
    [
        (
            '"""Doc."""\nimport os\n\ndef _a(): ...\n\ndef b(up): ...\n\nX = 1\n',
            "Mark the function with @transformer",
            '"""Doc."""\nfrom headrace import transformer\nimport os\n\ndef _a(): ...\n\n@transformer\ndef b(up): ...\n\nX = 1\n',
        ),
        (
            "from headrace import transformer\n\n@cache\ndef own(): ...\n\ndef z(): ...\n",
            "Mark the function with @transformer",
            "from headrace import transformer\n\n@transformer\n@cache\ndef own(): ...\n\ndef z(): ...\n",
        ),
        ("def f(): ...", "Mark the function with @transformer", "from headrace import transformer\n@transformer\ndef f(): ..."),
        (
            "x = 1\n",
            "Add a function",
            'x = 1\n\nfrom headrace import transformer\n\n\n@transformer\ndef own():\n    """Return new data made from the upstream data."""\n    return None\n',
        ),
    ],
)  # fmt: skip
def test_a_block_without_a_function_gets_one_by_a_fix(
    analysed: Any, source: str, title: str, text: str
) -> None:
    _, (told,) = analysed(source)
    assert told.code == "no-function"
    assert [(fix.title, fix.command.text) for fix in told.fixes] == [(title, text)]
    assert not [entry for entry in analysed(text)[1] if entry.code == "no-function"]


def test_an_edge_that_would_close_a_cycle_is_not_offered(analysed: Any, function: Any) -> None:
    _, told = analysed(function("own"))
    assert [fix.title for fix in told[0].fixes] == [
        "Add the setting own",
        "Remove the argument own",
    ]
