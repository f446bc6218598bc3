"""The schema of the wire names every message, and what is always there."""

from __future__ import annotations

import io
import json
import runpy
import sys
import warnings
from typing import get_args

import pytest

from headrace.protocol import commands, events, replies
from headrace.protocol.schema import schema


@pytest.mark.parametrize(
    ("name", "union"),
    [
        ("AnyCommand", commands.AnyCommand),
        ("AnyEvent", events.AnyEvent),
        ("AnyReply", replies.AnyReply),
    ],
)
def test_every_message_is_defined_and_a_member_of_its_union(name: str, union: object) -> None:
    defined = schema()["$defs"]
    members = [struct.__name__ for struct in get_args(union)]
    assert [m["$ref"].rpartition("/")[2] for m in defined[name]["anyOf"]] == members
    assert set(members) <= set(defined)


@pytest.mark.parametrize(("module", "base"), [(commands, "Command"), (events, "Event")])
def test_no_message_is_left_out_of_its_union(module: object, base: str) -> None:
    parent = getattr(module, base)
    union = get_args(getattr(module, f"Any{base}"))
    children = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, parent)]
    assert set(union) == set(children) - {parent}


def test_what_we_send_is_complete_and_what_callers_send_may_leave_out_defaults() -> None:
    defined = schema()["$defs"]
    assert set(defined["RunFinished"]["required"]) == set(defined["RunFinished"]["properties"])
    assert "force" not in defined["RunBlocks"]["required"]
    assert "pipeline" in defined["RunBlocks"]["required"]


def test_the_module_prints_the_schema_for_the_generator_of_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", printed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it is imported already
        runpy.run_module("headrace.protocol.schema", run_name="__main__")
    assert json.loads(printed.buffer.getvalue()) == schema()  # type: ignore[attr-defined]
