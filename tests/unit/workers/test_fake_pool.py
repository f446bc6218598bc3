"""The fake answers as the real pool does: later, in order, one final answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from headrace.core.errors import NotFound
from headrace.testing.pool import FakePool
from headrace.workers.jobs import AnyAnswer, Done, Job, Raised, Started, Stopped, StopStage


def job(block: str, **more: Any) -> Job:
    settings: dict[str, Any] = {"kind": "loader", "language": "python", "source": "", "path": ""}
    return Job(run="r", pipeline="p", block=block, attempt=1, **(settings | more))


async def test_functions_answer_by_themselves() -> None:
    pool = FakePool({"a": lambda: 1, "b": lambda a: a + 1})
    answers: list[AnyAnswer] = []
    pool.execute(job("a"), answers.append)
    assert answers == []
    await asyncio.sleep(0)
    assert [type(answer) for answer in answers] == [Started, Done]
    first = answers[-1]
    assert isinstance(first, Done)
    pool.execute(job("b", inputs={"a": first.output}), answers.append)
    await asyncio.sleep(0)
    last = answers[-1]
    assert isinstance(last, Done)
    assert pool.values[last.output.address] == 2


async def test_the_test_finishes_fails_and_stops() -> None:
    pool = FakePool({"d": lambda: 1 / 0})
    answers: list[AnyAnswer] = []
    for block in "abcd":
        pool.execute(job(block), answers.append)
    await asyncio.sleep(0)
    pool.finish("a", [1])
    pool.fail("b")
    pool.stop("r", "c")
    await asyncio.sleep(0)
    kinds = [(answer.block, type(answer)) for answer in answers if not isinstance(answer, Started)]
    assert kinds == [
        ("d", Raised),
        ("a", Done),
        ("b", Raised),
        ("c", StopStage),
        ("c", Stopped),
    ]
    with pytest.raises(NotFound):
        pool.finish("a")
