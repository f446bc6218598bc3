"""A stale block says which parts of its key differ, in words."""

from __future__ import annotations

import pytest

from headrace.graph.staleness import MOVED, UNFORESEEN, reasons

EARLIER = "made by an earlier version of Headrace"


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
            ["code edited", EARLIER, "input a added", "input b removed"],
        ),
        ({"module clean.py": "1"}, {"module clean.py": "2"}, ["helper clean.py edited"]),
        ({"module lib/a.py": "1"}, {}, ["helper lib/a.py removed"]),
        ({}, {"module lib/a.py": "1"}, ["helper lib/a.py added"]),
        (
            {"module pipelines/flights/rates.py": "1"},
            {"module pipelines/flights/rates.py": "2"},
            ["helper rates.py edited"],
        ),
        ({"module a.py": MOVED}, {"module a.py": "1"}, ["helper a.py edited"]),
        ({"module a.py": UNFORESEEN}, {}, ["imports a.py in a way that cannot be followed"]),
        ({"file data/x.csv": "1"}, {"file data/x.csv": "2"}, ["file data/x.csv changed"]),
        ({"library pandas": "3.1.1"}, {"library pandas": "3.1.2"}, ["pandas 3.1.1 → 3.1.2"]),
        ({"library pandas": "3.1.1"}, {}, ["pandas no longer imported"]),
        ({}, {"library pandas": "3.1.2"}, ["pandas 3.1.2 added"]),
        ({"Python": "3.11.9"}, {"Python": "3.12.0"}, ["Python 3.11.9 → 3.12.0"]),
        ({"wiring": "1"}, {"wiring": "2"}, ["wiring changed"]),
        ({"wiring": "1"}, {"wiring": "2", "input a": "1"}, ["input a added"]),
        ({"connection": "a"}, {"connection": "b"}, ["connection changed"]),
        ({"environment": "1", "code": "1"}, {"code": "1", "Python": "3"}, [EARLIER]),
        ({"environment": "1", "code": "1"}, {"code": "2"}, ["code edited"]),
        ({"environment": "1", "code": "1"}, {"code": "2", "module a.py": "1"}, [EARLIER]),
        (
            {"environment": "1", "parameter month": "1", "code": "1"},
            {"parameter month": "2", "code": "1", "library pandas": "3", "file a.csv": "1"},
            ["parameter month changed"],
        ),
    ],
)
def test_each_part_that_differs_is_named(
    recorded: dict[str, str], wanted: dict[str, str], said: list[str]
) -> None:
    assert reasons(recorded, wanted) == said
