"""Runs that nobody has in hand: taken up once, later when it cannot be now, and never given up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from headrace.core.errors import Fenced, Unavailable
from headrace.protocol import commands as cmd
from headrace.runs import leases
from headrace.runs.changes import SaveRun
from headrace.runs.history import History
from headrace.session.run import RunRequest
from headrace.session.session import Session

from .conftest import Desk, until


async def leave(desk: Desk, owner: str) -> str:
    """Record a run that is never launched."""
    session = await desk.open()
    run = session.prepare_run(RunRequest(origin="api", blocks=["load"]))
    change = msgspec.structs.replace(session.queue_change(run), owner=owner)
    await desk.history.call(History.write, [change])
    return run.id


async def test_where_nothing_goes_on_nothing_is_taken_up(desk: Desk) -> None:
    assert await desk.sessions.resume() == []


async def test_a_run_of_ours_is_taken_up_only_when_it_was_astray_twice(desk: Desk) -> None:
    run = await leave(desk, desk.sessions.owner)
    assert await desk.sessions.resume() == [], "it may be launched in this moment"
    assert await desk.sessions.resume() == [run]
    await desk.finish("load", 1)
    record = await (await desk.open()).finished(run)
    assert (record.state, record.attempt) == ("succeeded", 2)


async def test_a_run_that_goes_on_is_never_astray(desk: Desk) -> None:
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api", blocks=["load"]))
    assert [await desk.sessions.resume() for _ in range(3)] == [[], [], []]
    await desk.finish("load", 1)
    assert (await session.finished(run)).attempt == 1


async def test_what_cannot_be_taken_up_now_is_the_next_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await leave(desk, "gone")
    with monkeypatch.context() as patch:

        async def away(*_: object) -> None:
            raise Unavailable("The analysis is away.")

        patch.setattr(Session, "resume", away)
        assert await desk.sessions.resume() == []
    record = await desk.history.call(History.run, run)
    assert record.state == "queued", "it was not given up"
    assert [await desk.sessions.resume() for _ in range(2)] == [[], [run]]
    await desk.finish("load", 1)
    assert (await (await desk.open()).finished(run)).state == "succeeded"


async def test_a_session_that_broke_is_made_anew_and_its_run_goes_on(desk: Desk) -> None:
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api", blocks=["load"]))
    await desk.waiting("load")

    def broken() -> None:
        raise RuntimeError("a fault of ours")

    session._stimuli.put(broken)  # type: ignore[arg-type]
    await until(lambda: session.has_ended)
    again = await desk.open()
    assert again is not session
    with pytest.raises(Unavailable):
        await session.handle(cmd.SetParameters(pipeline="flights", values={}))
    taken = [await desk.sessions.resume() for _ in range(2)]
    assert taken == [[], [run]]
    desk.pool.finish("load", 1)
    assert (await again.finished(run)).state == "succeeded"


async def test_who_waits_for_a_run_hears_of_the_end_of_its_session(desk: Desk) -> None:
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api", blocks=["load"]))
    await desk.waiting("load")
    await session.close("the server stops")
    with pytest.raises(Unavailable, match="the server stops"):
        await session.finished(run)


async def test_a_session_that_is_fenced_executes_nothing_more(desk: Desk) -> None:
    await desk.history.call(History.enlist, desk.sessions.owner)
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api"))
    await desk.waiting("load")
    given = len(desk.pool.waiting)
    other = History.open(desk.paths.database)
    assert other.take_over(run, "another", from_owner=desk.sessions.owner)
    other.write([SaveRun(run_id=run, state="running", reason="mine now")])
    desk.pool.finish("load", 1)
    await until(lambda: session.has_ended)
    assert len(desk.pool.waiting) < given, "the next blocks were not given to workers"
    assert other.run(run).reason == "mine now"
    with pytest.raises(Fenced):
        await desk.sessions.resume()
    other.close()


async def test_a_prepared_run_is_launched_once(desk: Desk) -> None:
    session = await desk.open()
    run = session.prepare_run(RunRequest(origin="api", blocks=["load"]))
    await desk.history.call(History.write, [session.queue_change(run)])
    await asyncio.gather(session.launch(run), session.launch(run))
    await desk.finish("load", 1)
    assert (await session.finished(run.id)).attempt == 1
    assert not desk.pool.waiting


async def test_runs_of_a_process_that_lives_and_of_one_that_was_quicker_are_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = f"{os.getppid()}:{desk.sessions.owner.split(':', 1)[1]}"
    monkeypatch.setattr(leases, "is_alive", lambda owner: owner == alive)
    other = History.open(desk.paths.database)
    other.enlist(alive)
    other.close()
    assert await leave(desk, alive)
    taken = await leave(desk, "gone")
    call = desk.history.call

    async def beaten(method: Callable[..., Any], *args: Any) -> Any:
        return False if method is History.take_over else await call(method, *args)

    with monkeypatch.context() as patch:
        patch.setattr(desk.history, "call", beaten)
        assert await desk.sessions.resume() == []
    assert await desk.sessions.resume() == [taken]


async def test_a_lease_that_is_lost_while_a_run_is_taken_up_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await leave(desk, "gone")

    async def fenced(*_: object) -> None:
        raise Fenced("Another process took over.")

    monkeypatch.setattr(Session, "resume", fenced)
    with pytest.raises(Fenced):
        await desk.sessions.resume()
    assert (await desk.history.call(History.run, run)).state == "queued", "it is another's now"
