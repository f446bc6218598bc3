"""Placeholders are bound, never pasted, and nothing that only looks like one is touched."""

from __future__ import annotations

import pytest

from headrace.workers.sql import with_placeholders

CASES = [
    ("select :month", "select $month", ["month"]),
    ("select x::month, :month", "select x::month, $month", ["month"]),
    ("select ':month', \":month\"", "select ':month', \":month\"", []),
    ("-- :month\nselect /* :month */ 1", "-- :month\nselect /* :month */ 1", []),
    ("select $$ :month $$", "select $$ :month $$", []),
    ("select 'it''s :month' , :month", "select 'it''s :month' , $month", ["month"]),
    ("select list[1:month]", "select list[1:month]", []),
    ("select :unknown", "select :unknown", []),
    ("select {'a': month}", "select {'a': month}", []),
    (":month :month :day", "$month $month $day", ["month", "day"]),
]


@pytest.mark.parametrize(("source", "text", "used"), CASES)
def test_known_names_become_parameters(source: str, text: str, used: list[str]) -> None:
    assert with_placeholders(source, {"month", "day"}) == (text, used)
