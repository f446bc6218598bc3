"""What a view may say, whatever the table."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headrace.protocol.schema import schema
from headrace.protocol.views import ColumnAt, SortKey, View, sort_keys


def view_of(**said: Any) -> View:
    return msgspec.convert(said, View)


@pytest.mark.parametrize(
    ("op", "value"),
    [
        ("=", 1),
        ("!=", 1.5),
        ("<", "2024-01-31"),
        (">=", True),
        ("between", [1, "9007199254740993"]),
        ("in", ["a"]),
        ("not in", [1, 2, 3]),
        ("contains", "x"),
        ("matches", "^a.*b$"),
        ("is null", None),
        ("is empty", None),
        ("=", ""),
    ],
)
def test_an_operator_takes_its_kind_of_value(op: str, value: Any) -> None:
    found = view_of(filter=[{"column": "n", "op": op, "value": value}]).filter[0]
    assert (found.op, found.value) == (op, value)
    several = value if isinstance(value, list) else [value]
    assert list(found.values) == ([] if value is None else several)


@pytest.mark.parametrize(
    ("op", "value", "words"),
    [
        ("=", None, "takes one value"),
        ("<", [1], "takes one value"),
        ("between", 1, "list of two"),
        ("between", [1], "list of two"),
        ("between", [1, 2, 3], "list of two"),
        ("in", [], "list of 1 to"),
        ("in", "a", "list of 1 to"),
        ("not in", list(range(10_001)), "list of 1 to"),
        ("contains", 5, "a text"),
        ("matches", "", "a text"),
        ("is null", 0, "no value"),
        ("is nan", "x", "no value"),
        ("is not nan", 1, "no value"),
        ("not matches", "", "a text"),
        ("=", "x" * 10_001, "at most 10000 characters"),
        ("in", ["x", "x" * 10_001], "at most 10000 characters"),
        ("=", 2**64, "as text"),
        ("=", -(2**63) - 1, "as text"),
        ("in", [None], "got `null`"),
        ("=", {}, "got `object`"),
        ("like", "x", "Invalid enum value"),
    ],
)
def test_any_other_value_is_refused_with_what_is_allowed(op: str, value: Any, words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        view_of(filter=[{"column": "n", "op": op, "value": value}])


def test_columns_are_named_or_counted() -> None:
    found = view_of(sort=[{"column": {"at": 3}, "descending": True}], columns=["a", {"at": 0}])
    assert found.sort == [SortKey(ColumnAt(3), descending=True)]
    assert found.columns == ["a", ColumnAt(0)]
    for wrong in ({"at": -1}, {"at": "x"}, {"name": "x"}, 3, None):
        with pytest.raises(msgspec.ValidationError):
            view_of(columns=[wrong])


def test_the_size_of_a_view_is_limited() -> None:
    condition = {"column": "n", "op": "is null"}
    for wrong in (
        {"filter": [condition] * 101},
        {"sort": [{"column": "n"}] * 33},
        {"search": ""},
        {"search": "x" * 10_001},
        {"offset": 1},
    ):
        with pytest.raises(msgspec.ValidationError):
            view_of(**wrong)


def test_a_view_is_whole_when_it_leaves_all_rows_in_place() -> None:
    assert view_of(columns=["a"]).is_whole
    assert not view_of(search="a").is_whole
    assert not view_of(sort=[{"column": "a"}]).is_whole
    assert not view_of(filter=[{"column": "a", "op": "is null"}]).is_whole


def test_the_short_form_of_a_sort() -> None:
    assert sort_keys("a, -b,--c,") == [SortKey("a"), SortKey("b", True), SortKey("-c", True)]
    assert sort_keys("") == []


def test_of_a_view_callers_say_only_what_they_want() -> None:
    defined = schema()["$defs"]
    assert not defined["View"]["required"]
    assert defined["SortKey"]["required"] == ["column"]
    assert defined["Condition"]["required"] == ["column", "op"]
