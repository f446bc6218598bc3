"""Checks written into code: what they say, where they go, and that nothing else changes."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.analysis.check_edits import add_check
from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Expectation

SOURCE = dedent(
    """\
    from headrace import transformer


    @transformer
    def late(flights):
        return flights
    """
)
NOT_NULL = Expectation(column="day", not_null=True)


def added(
    expectation: Expectation, type_name: str = "pandas.DataFrame", source: str = SOURCE
) -> str:
    """The function that was added, without the rest."""
    text = add_check(source, expectation, type_name)
    return text[text.index("@check") :]


def test_a_check_is_written_below_the_block_with_its_import() -> None:
    assert add_check(SOURCE, NOT_NULL, "pandas.DataFrame") == dedent(
        """\
        from headrace import check, transformer


        @transformer
        def late(flights):
            return flights


        @check
        def day_is_not_null(late):
            return late["day"].notna()
        """
    )


TWO = Expectation(column="n", minimum=1, maximum=2.5)
BODIES = [
    (NOT_NULL, "pandas.DataFrame", 'late["day"].notna()'),
    (NOT_NULL, "pandas.Series", "late.notna()"),
    (NOT_NULL, "polars.Series", "late.is_not_null()"),
    (NOT_NULL, "polars.DataFrame", 'late["day"].is_not_null()'),
    (NOT_NULL, "pyarrow.Table", 'pc.is_valid(late["day"])'),
    (Expectation(column="n", unique=True), "pandas.DataFrame", '~late["n"].duplicated(keep=False)'),
    (Expectation(column="n", unique=True), "polars.DataFrame", 'late["n"].is_unique()'),
    (
        Expectation(column="n", unique=True),
        "pyarrow.Table",
        'len(late["n"].unique()) == len(late["n"])',
    ),
    (TWO, "pandas.DataFrame", 'late["n"].between(1, 2.5) | late["n"].isna()'),
    (
        Expectation(column="n", minimum=1),
        "pandas.DataFrame",
        '(late["n"] >= 1) | late["n"].isna()',
    ),
    (Expectation(column="n", maximum=1), "polars.DataFrame", 'late["n"] <= 1'),
    (TWO, "polars.DataFrame", 'late["n"].is_between(1, 2.5)'),
    (
        TWO,
        "pyarrow.Table",
        'pc.and_(pc.greater_equal(late["n"], 1), pc.less_equal(late["n"], 2.5))',
    ),
    (Expectation(column="n", maximum=3), "pyarrow.Table", 'pc.less_equal(late["n"], 3)'),
    (
        Expectation(column="c", choices=["UA", "it's"]),
        "pandas.DataFrame",
        'late["c"].isin(["UA", "it\'s"]) | late["c"].isna()',
    ),
    (Expectation(column="c", choices=[1, True]), "polars.DataFrame", 'late["c"].is_in([1, True])'),
    (
        Expectation(column="c", choices=["a"]),
        "pyarrow.Table",
        'pc.or_(pc.is_in(late["c"], pa.array(["a"])), pc.is_null(late["c"]))',
    ),
    (
        Expectation(column="day", minimum="2013-01-01", maximum="2013-12-31"),
        "pandas.DataFrame",
        'late["day"].between("2013-01-01", "2013-12-31") | late["day"].isna()',
    ),
    (
        Expectation(column='a "b"\n', not_null=True),
        "pandas.DataFrame",
        'late["a \\"b\\"\\n"].notna()',
    ),
]


@pytest.mark.parametrize(("expectation", "type_name", "code"), BODIES)
def test_each_library_has_its_words(expectation: Expectation, type_name: str, code: str) -> None:
    assert added(expectation, type_name).splitlines()[2] == f"    return {code}"


def test_the_schema_is_written_out_and_asserted() -> None:
    frozen = Expectation(schema={"day": "int64", "carrier": "string"}, severity="warn")
    text = add_check(SOURCE, frozen, "pandas.DataFrame")
    assert text.startswith("from headrace import assert_schema, check, transformer\n")
    assert text.endswith(
        dedent(
            """\
            @check(severity="warn")
            def schema_is_as_expected(late):
                assert_schema(late, {
                    "day": "int64",
                    "carrier": "string",
                })
            """
        )
    )


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Dep Time", "dep_time_is_not_null"),
        ("2013", "column_2013_is_not_null"),
        ("class", "column_class_is_not_null"),
        ("Größe", "größe_is_not_null"),
        ("--", "column_is_not_null"),
    ],
)
def test_a_check_is_named_after_its_column(column: str, name: str) -> None:
    text = added(Expectation(column=column, not_null=True))
    assert text.splitlines()[1] == f"def {name}(late):"


def test_names_that_are_taken_get_a_number() -> None:
    one = add_check(SOURCE, Expectation(column="n", minimum=1), "pandas.DataFrame")
    two = add_check(one, Expectation(column="n", minimum=2), "pandas.DataFrame")
    assert "def n_is_in_range_2(late):" in two
    assert two.startswith(one.rstrip())


def test_the_same_check_is_not_written_twice() -> None:
    once = add_check(SOURCE, NOT_NULL, "pandas.DataFrame")
    assert add_check(once, NOT_NULL, "pandas.DataFrame") == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("from headrace import (\n    loader,\n    transformer,\n)\n",
                     "from headrace import (\n    check,\n    loader,\n    transformer,\n)\n",
                     id="one a line"),
        pytest.param("from headrace import check as c, transformer\n",
                     "from headrace import check as c, transformer\n", id="alias"),
        pytest.param("from headrace import *\n", "from headrace import *\n", id="star"),
        pytest.param("from headrace import Context, transformer  # both\n",
                     "from headrace import Context, check, transformer  # both\n", id="comment"),
        pytest.param("from headrace import Context\nfrom headrace import transformer as t\n",
                     "from headrace import Context, check\nfrom headrace import transformer as t\n",
                     id="last"),
    ],
)  # fmt: skip
def test_the_import_keeps_its_layout(before: str, after: str) -> None:
    mark = "t" if " as t" in before else "transformer"
    source = before + f"\n\n@{mark}\ndef late(a):\n    return a\n"
    text = add_check(source, NOT_NULL, "pandas.DataFrame")
    assert text.startswith(after)
    assert ("@c\n" in text) == ("as c" in before)


def test_a_module_that_is_imported_whole_is_used_as_it_is() -> None:
    source = "import headrace as h\n\n\n@h.transformer\ndef late(a):\n    return a\n"
    text = add_check(source, Expectation(schema={"a": "int64"}), "pandas.DataFrame")
    assert text.startswith(source)
    assert "@h.check\n" in text
    assert "    h.assert_schema(late, {\n" in text


def test_comments_other_code_and_a_last_expression_stay_where_they_are() -> None:
    source = dedent(
        '''\
        """Words."""
        # above
        from headrace import transformer


        @transformer
        def late(flights):  # here
            return flights  # and here
            # at the end


        # below
        HELP = 1
        HELP
        '''
    )
    text = add_check(source, NOT_NULL, "pandas.DataFrame")
    check = '@check\ndef day_is_not_null(late):\n    return late["day"].notna()\n\n\n'
    assert check in text
    assert text.replace(check, "").replace("import check, ", "import ") == source


def test_a_further_check_goes_below_the_last_one() -> None:
    first = add_check(SOURCE + "\n\nX = 1\n", NOT_NULL, "pandas.DataFrame")
    text = add_check(first, Expectation(column="day", unique=True), "pandas.DataFrame")
    assert text.index("day_is_not_null") < text.index("day_is_unique") < text.index("X = 1")


def test_line_ends_of_windows_stay() -> None:
    text = add_check(SOURCE.replace("\n", "\r\n"), NOT_NULL, "pandas.DataFrame")
    assert text.replace("\r\n", "") == text.replace("\r\n", "").replace("\n", "")


def test_a_file_without_a_last_line_end_gets_one() -> None:
    text = add_check(SOURCE.rstrip(), NOT_NULL, "pandas.DataFrame")
    assert text == add_check(SOURCE, NOT_NULL, "pandas.DataFrame")


@pytest.mark.parametrize("source", ["def (:", "x = 1\n", ""])
def test_what_has_no_block_function_stays_as_it_is(source: str) -> None:
    assert add_check(source, NOT_NULL, "pandas.DataFrame") == source


@pytest.mark.parametrize(
    ("expectation", "type_name", "words"),
    [
        (NOT_NULL, "dict", "cannot be written for dict"),
        (Expectation(column="day", minimum="2013-01-01"), "polars.DataFrame", "for pandas only"),
        (Expectation(column="day"), "pandas.DataFrame", "says something"),
    ],
)
def test_what_cannot_be_said_is_refused(
    expectation: Expectation, type_name: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        add_check(SOURCE, expectation, type_name)


FRAMES: list[tuple[str, Any]] = [
    ("pandas.DataFrame", pd.DataFrame({"n": [1, 2, 2], "c": ["a", None, "b"]})),
    ("polars.DataFrame", pl.DataFrame({"n": [1, 2, 2], "c": ["a", None, "b"]})),
    ("pyarrow.Table", pa.table({"n": [1, 2, 2], "c": ["a", None, "b"]})),
]
MEANINGS = [
    (Expectation(column="c", not_null=True), [True, False, True]),
    (Expectation(column="n", minimum=2), [False, True, True]),
    (Expectation(column="n", minimum=1, maximum=1), [True, False, False]),
    (Expectation(column="c", choices=["a"]), [True, True, False]),
]


@pytest.mark.parametrize(("type_name", "frame"), FRAMES)
@pytest.mark.parametrize(("expectation", "good"), MEANINGS)
def test_what_was_written_means_the_same_in_every_library(
    expectation: Expectation, good: list[bool], type_name: str, frame: Any
) -> None:
    from headrace.workers.checks import verdict

    names: dict[str, Any] = {}
    text = add_check(SOURCE, expectation, type_name)
    exec(text, names)
    name = next(n.name for n in reversed(ast.parse(text).body) if isinstance(n, ast.FunctionDef))
    found = verdict(names[name](frame), frame)
    assert (0 if found is None else found.count) == good.count(False)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.lists(st.text(), max_size=3))
def test_any_column_and_any_values_give_code_that_means_them(
    column: str, choices: list[str]
) -> None:
    expectation = Expectation(column=column, choices=list(choices))
    text = add_check(SOURCE, expectation, "polars.DataFrame")
    node = ast.parse(text).body[-1]
    assert isinstance(node, ast.FunctionDef)
    (line,) = node.body
    assert isinstance(line, ast.Return)
    assert isinstance(line.value, ast.Call)
    assert ast.literal_eval(line.value.args[0]) == choices
    assert isinstance(line.value.func, ast.Attribute)
    assert isinstance(line.value.func.value, ast.Subscript)
    assert ast.literal_eval(line.value.func.value.slice) == column
