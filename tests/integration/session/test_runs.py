"""Runs through real workers: what they execute, what they leave out, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal

import msgspec
import pytest

from headrace.core.errors import InvalidInput, NotFound
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.runs.changes import QueueRun
from headrace.runs.history import History
from headrace.session.run import RunRequest
from headrace.store.outputs import Store

from .conftest import Ear, Site, states, until

CHAIN = """\
    blocks:
      - {name: load, kind: loader, file: load.py}
      - {name: clean, kind: transformer, file: clean.py, upstream: [load]}
    """
LOAD = "@loader\ndef load():\n    note('load')\n    return 1\n"
GATED = "@loader\ndef load():\n    note('load')\n    gated()\n    return 1\n"
CLEAN = "@transformer\ndef clean(load):\n    note('clean')\n    return load + 1\n"

FORK = """\
    blocks:
      - {name: a, kind: loader, file: a.py}
      - {name: b, kind: loader, file: b.py}
      - {name: c, kind: transformer, file: c.py, upstream: [a]}
      - {name: d, kind: transformer, file: d.py, upstream: [c]}
      - {name: e, kind: transformer, file: e.py, upstream: [b]}
    """
GOOD = {
    "b": "@loader\ndef b():\n    return 2\n",
    "c": "@transformer\ndef c(a):\n    return a\n",
    "d": "@transformer\ndef d(c):\n    return c\n",
    "e": "@transformer\ndef e(b):\n    return b * 10\n",
}

DEAD = "999999:1.00:no-such-boot:" + os.uname().nodename
"""The owner of runs whose process is gone."""


async def test_what_a_run_makes_is_in_store_and_history(site: Site) -> None:
    site.write(CHAIN, load=LOAD, clean=CLEAN)
    record = await site.run(await site.open())
    assert record.state == "succeeded"
    assert states(record) == {"load": "succeeded", "clean": "succeeded"}
    output = record.blocks[1].output
    assert output is not None
    assert Store(site.paths.store).get(output) == 2


async def test_an_edit_during_a_run_does_not_change_what_it_executes(site: Site) -> None:
    site.write(CHAIN, load=GATED, clean=CLEAN)
    session = await site.open()
    run = await session.start_run(RunRequest(origin="api"))
    await site.noted("load")
    before = session.draft.files.sources["clean"]
    text = before.text.replace("load + 1", "load + 100")
    await session.handle(cmd.SaveSource(pipeline="p", block="clean", text=text, base=before.hash))
    site.gate.touch()
    record = await site.ended(session, run)
    assert record.blocks[1].output is not None
    assert Store(site.paths.store).get(record.blocks[1].output) == 2
    assert session.machine.staleness["clean"].reasons == ["code edited"]
    again = await site.run(session)
    assert again.blocks[1].output is not None
    assert Store(site.paths.store).get(again.blocks[1].output) == 101
    assert again.version != record.version


async def test_below_a_failure_is_skipped_and_beside_it_goes_on(site: Site) -> None:
    site.write(FORK, a="@loader\ndef a():\n    raise ValueError('no such month')\n", **GOOD)
    session = await site.open()
    record = await site.run(session)
    assert (record.state, record.reason) == ("failed", "a: ValueError: no such month")
    assert states(record) == {
        "a": "failed",
        "b": "succeeded",
        "c": "skipped",
        "d": "skipped",
        "e": "succeeded",
    }
    assert [block.because for block in record.blocks] == [None, None, "a", "a", None]


async def test_stop_marks_the_rest_as_cancelled(site: Site) -> None:
    site.write(FORK, a="@loader\ndef a():\n    note('a')\n    gated()\n", **GOOD)
    session = await site.open()
    ear = Ear(session)
    run = await session.start_run(RunRequest(origin="api", blocks=["d"]))
    await site.noted("a")
    assert await session.handle(cmd.CancelRun(pipeline="p", run=run)) == {"runs": [run]}
    record = await site.ended(session, run)
    assert (record.state, record.reason) == ("cancelled", "cancelled")
    assert set(states(record).values()) == {"cancelled"}
    assert (await ear.wait_for(ev.StopAdvanced)).stage == "interrupt"
    with pytest.raises(NotFound, match="not going on"):
        await session.handle(cmd.CancelRun(pipeline="p", run=run))


async def test_a_worker_that_dies_is_one_failure_and_the_next_run_works(site: Site) -> None:
    text = "@loader\ndef load():\n    note(os.getpid())\n    gated()\n    return 1\n"
    site.write(CHAIN, load=text, clean=CLEAN)
    session = await site.open()
    answer = await session.handle(cmd.RunBlocks(pipeline="p", blocks=["clean"]))
    await until(site.notes)
    os.kill(int(site.notes()[0]), signal.SIGKILL)
    record = await site.ended(session, answer["run"])
    failure = record.blocks[0].failure
    assert failure is not None
    assert (failure.kind, failure.type) == ("died", "SIGKILL")
    assert states(record) == {"load": "failed", "clean": "skipped"}
    site.gate.touch()
    assert (await site.run_blocks(session, "clean")).state == "succeeded"


async def test_an_idempotency_key_gives_the_same_run_however_often_it_comes(site: Site) -> None:
    site.write(CHAIN, load=LOAD, clean=CLEAN)
    session = await site.open()
    start = cmd.StartRun(pipeline="p", idempotency_key="click")
    answers = await asyncio.gather(*(session.handle(start) for _ in range(20)))
    (run,) = {answer["id"] for answer in answers}
    await site.ended(session, run)
    assert (await session.handle(start))["id"] == run
    assert site.notes() == ["load", "clean"]
    assert (await session.handle(cmd.StartRun(pipeline="p", idempotency_key="other")))["id"] != run


@pytest.mark.parametrize("cache", ["1h30m", "2w", "90", "0.5h"])
async def test_a_loader_is_reused_for_as_long_as_it_says(site: Site, cache: str) -> None:
    site.write(CHAIN.replace("load.py}", f'load.py, cache: "{cache}"}}'), load=LOAD, clean=CLEAN)
    session = await site.open()
    await site.run(session)
    assert states(await site.run(session)) == {"load": "cached", "clean": "cached"}


class TestTakingUp:
    """Runs that a process left behind at a moment of its choice."""

    async def leave(self, site: Site, **request: object) -> tuple[str, QueueRun]:
        """Record a run as a process does that dies before it starts it."""
        session = await site.open()
        run = session.prepare_run(RunRequest(origin="api", **request))  # type: ignore[arg-type]
        change = msgspec.structs.replace(session.queue_change(run), owner=DEAD)
        await site.history.call(History.write, [change])
        return run.id, change

    async def test_a_run_that_was_only_queued_is_started(self, site: Site) -> None:
        site.write(CHAIN, load=LOAD, clean=CLEAN)
        run, _ = await self.leave(site)
        assert await site.sessions.resume() == [run]
        record = await site.ended(await site.open(), run)
        assert (record.state, record.attempt) == ("succeeded", 2)
        assert site.notes() == ["load", "clean"]
        assert await site.sessions.resume() == [], "it is over"

    async def test_a_run_runs_the_code_that_it_pinned(self, site: Site) -> None:
        site.write(CHAIN, load=LOAD, clean=CLEAN)
        run, _ = await self.leave(site)
        site.write(CHAIN, load=LOAD.replace("note('load')", "note('new')"), clean=CLEAN)
        later = site.new_sessions()
        assert await later.resume() == [run]
        await site.ended(await later.open("p"), run)
        assert site.notes() == ["load", "clean"]
        await later.close()

    async def test_a_run_whose_results_are_known_by_now_is_over_at_once(self, site: Site) -> None:
        site.write(CHAIN.replace("load.py}", "load.py, cache: forever}"), load=LOAD, clean=CLEAN)
        run, _ = await self.leave(site)
        session = await site.open()
        await site.run(session)
        heard: list[ev.Event] = []
        site.sessions.log.subscribe(heard.append)
        await site.sessions.resume()
        record = await site.ended(session, run)
        assert states(record) == {"load": "cached", "clean": "cached"}
        told = [e.run.state for e in heard if isinstance(e, ev.RunChanged) and e.run.id == run]
        assert told[-1] == "succeeded"

    async def test_a_run_of_a_pipeline_that_is_gone_fails_and_says_so(self, site: Site) -> None:
        site.write(CHAIN, load=LOAD, clean=CLEAN)
        run, _ = await self.leave(site)
        await site.sessions.delete("p")
        assert await site.sessions.resume() == []
        record = await site.record(run)
        assert (record.state, record.reason) == ("failed", "the pipeline is gone")

    async def test_a_run_of_a_living_process_is_left_to_it(self, site: Site) -> None:
        site.write(CHAIN, load=GATED, clean=CLEAN)
        session = await site.open()
        run = await session.start_run(RunRequest(origin="api"))
        later = site.new_sessions()
        assert await later.resume() == []
        site.gate.touch()
        assert (await site.ended(session, run)).attempt == 1

    async def test_a_run_is_taken_up_by_one_of_two(self, site: Site) -> None:
        site.write(CHAIN, load=LOAD, clean=CLEAN)
        run, _ = await self.leave(site)
        later = site.new_sessions()
        taken = await asyncio.gather(site.sessions.resume(), later.resume())
        assert sorted(map(len, taken)) == [0, 1]
        await until(lambda: "clean" in site.notes())
        owner = site.sessions if taken[0] else later
        await site.ended(await owner.open("p"), run)
        assert site.notes() == ["load", "clean"]
        await later.close()


async def test_a_pipeline_with_a_wrong_parameter_is_refused_before_anything_is_recorded(
    site: Site,
) -> None:
    yaml = "    parameters:\n      month: {type: integer, default: 1, maximum: 12}\n" + CHAIN
    site.write(yaml, load=LOAD, clean=CLEAN)
    session = await site.open()
    with pytest.raises(InvalidInput, match="month"):
        await session.start_run(RunRequest(origin="api", parameters={"month": 13}))
    assert await site.history.call(History.runs) == []
