"""A stale block says which parts of its key differ, in words."""

from __future__ import annotations

import pytest

from headrace.graph.staleness import reasons


@pytest.mark.parametrize(
    ("recorded", "wanted", "said"),
    [
        ({"code": "1"}, {"code": "1"}, []),
        ({"code": "1"}, {"code": "2"}, ["code edited"]),
        ({}, {"code": "2"}, ["code edited"]),
        ({"input a": "1"}, {"input a": "2"}, ["input a changed"]),
        ({}, {"parameter month": "1"}, ["parameter month added"]),
        ({"setting path": "1"}, {}, ["setting path removed"]),
        (
            {"code": "1", "engine": "1", "input b": "1"},
            {"code": "2", "engine": "2", "input a": "1"},
            ["code edited", "engine changed", "input a added", "input b removed"],
        ),
    ],
)
def test_each_part_that_differs_is_named(
    recorded: dict[str, str], wanted: dict[str, str], said: list[str]
) -> None:
    assert reasons(recorded, wanted) == said
