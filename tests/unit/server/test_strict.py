from __future__ import annotations

import msgspec
import pytest

from headrace.core.errors import InvalidInput, TooLarge
from headrace.server.strict import read_json


class Named(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: int = 0


def test_good_json_becomes_the_struct():
    assert read_json(b'{"name": "\\u00e4", "size": 2}', Named) == Named("ä", 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"name": }', "line 1, column 10"),
        ('{"name": "a"} x', "Extra data"),
        ('{"name": "a", "name": "b"}', "twice"),
        ('{"name": "a", "size": NaN}', "NaN"),
        ('{"name": "a", "size": -Infinity}', "Infinity"),
        ('{"name": "\\ud800"}', "surrogate"),
        ('{"name": "a", "nam": 1}', "nam"),
        ('{"size": 1}', "name"),
        ("[" * 200_000, "deep"),
        ('{"name": "a", "size": ' + "9" * 5000 + "}", "Not valid JSON"),
        ("", "empty"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text, words):
    with pytest.raises(InvalidInput, match=words):
        read_json(text.encode(), Named)


def test_other_encodings_and_too_much_are_refused():
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_json('{"name":"a"}'.encode("utf-16"), Named)
    with pytest.raises(TooLarge):
        read_json(b'"aaaa"', str, limit=3)
