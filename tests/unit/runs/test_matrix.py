"""Runs side by side: blocks in an order that all runs agree with, as far as they can."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace.protocol.tables import Attempt, BlockRun, Failure, MatrixCell
from headrace.runs.changes import QueueRun
from headrace.runs.history import History
from headrace.runs.matrix import in_order

Queue = Callable[..., QueueRun]


@pytest.mark.parametrize(
    ("orders", "joined"),
    [
        ([], ""),
        (["abc"], "abc"),
        (["abc", "abc"], "abc"),
        (["ac", "abc"], "abc"),
        (["bc", "abc"], "abc"),
        (["ab", "abc"], "abc"),
        (["c", "abcd"], "abcd"),
        (["ba", "ab"], "ba"),
        (["", "a"], "a"),
        (["xay", "abc"], "xabcy"),
    ],
)
def test_what_a_newer_run_lacks_comes_after_what_it_followed(
    orders: list[str], joined: str
) -> None:
    assert "".join(in_order(orders)) == joined


def test_runs_stand_oldest_first_with_a_cell_for_each_block(history: History, queue: Queue) -> None:
    failure = Failure(kind="exception", type="KeyError", message="'x'\nin the frame")
    blocks = [
        [
            BlockRun(name="load", kind="loader", state="succeeded", seconds=1.5),
            BlockRun(name="old", kind="transformer", state="cached"),
        ],
        [
            BlockRun(
                name="load",
                kind="loader",
                state="failed",
                failure=failure,
                attempts=[Attempt(number=1, state="failed"), Attempt(number=2, state="failed")],
            ),
            BlockRun(name="new", kind="transformer", state="skipped", because="load"),
        ],
    ]
    for hour, these in enumerate(blocks):
        history.write([queue(pipeline="p", blocks=these, minutes=hour * 60)])
    matrix = history.matrix_of(history.runs("p"))
    assert [run.queued_at.hour for run in matrix.runs] == [12, 13]
    assert {row.name: row.cells for row in matrix.blocks} == {
        "load": [
            MatrixCell(state="succeeded", seconds=1.5),
            MatrixCell(state="failed", attempts=2, reason="KeyError: 'x'"),
        ],
        "old": [MatrixCell(state="cached"), None],
        "new": [None, MatrixCell(state="skipped", reason="load")],
    }
    assert [row.name for row in matrix.blocks] == ["load", "old", "new"]


def test_where_nothing_ran_there_is_nothing(history: History) -> None:
    assert history.matrix_of([]).blocks == []
