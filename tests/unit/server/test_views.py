"""Views of rows in addresses: read as they are, or refused with the place of what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnAt, Condition, SortKey, View
from headrace.server.views import read_view


def test_nothing_said_is_the_whole_table():
    assert read_view() == View()


def test_short_and_long_forms_say_the_same():
    short = read_view(sort="a,-b", columns=["a,b"])
    long = read_view(
        sort='[{"column":"a"},{"column":"b","descending":true}]', columns=['["a","b"]']
    )
    assert short == long == View(sort=[SortKey("a"), SortKey("b", True)], columns=["a", "b"])


def test_names_that_the_short_forms_cannot_say():
    read = read_view(sort='[{"column":"-a,b"}]', columns=["-a,b", "[c]"])
    assert read == View(sort=[SortKey("-a,b")], columns=["-a,b", "[c]"])
    assert read_view(columns=['[{"at":1}]']).columns == [ColumnAt(1)]


def test_conditions_and_search():
    read = read_view(conditions='[{"column":"n","op":"in","value":[1,"x"]}]', search="late")
    assert read == View(filter=[Condition("n", "in", [1, "x"])], search="late")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"conditions": "{"}, "filter", "Not valid JSON"),
    ({"conditions": "{}"}, "filter", "array"),
    ({"conditions": "1; drop table x"}, "filter", "Not valid JSON"),
    ({"conditions": "[" * 100_000}, "filter", "deep"),
    ({"conditions": '[{"column":"n"}]'}, "filter[0]", "`op`"),
    (
        {"conditions": '[{"column":"n","op":"is null"},{"column":"n","op":"~"}]'},
        "filter[1].op",
        "matches",
    ),
    ({"conditions": '[{"column":"n","op":"="}]'}, "filter[0]", "one value"),
    ({"conditions": '[{"column":"n","op":"=","value":NaN}]'}, "filter", "NaN"),
    ({"conditions": '[{"column":"n","op":"=","valu":1}]'}, "filter[0]", "valu"),
    ({"conditions": '[{"column":"n","column":"m","op":"=","value":1}]'}, "filter", "twice"),
    ({"conditions": json.dumps([{"column": "n", "op": "is null"}] * 101)}, "filter", "100"),
    ({"sort": '[{"column":1}]'}, "sort[0].column", "str"),
    ({"sort": "a," * 33}, "sort", "32"),
    ({"search": "x" * 10_001}, "search", "10000"),
    ({"columns": ['["a",{"at":-1}]']}, "columns[1].at", ">= 0"),
]


@pytest.mark.parametrize(("said", "field", "words"), REFUSED)
def test_anything_else_is_refused_with_its_place(said: dict[str, Any], field: str, words: str):
    with pytest.raises(InvalidInput) as refused:
        read_view(**said)
    assert refused.value.details["field"] == field
    assert words in refused.value.message
