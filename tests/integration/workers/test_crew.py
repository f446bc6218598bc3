"""How many workers there are: made ready ahead, kept down a branch, given back when idle."""

from __future__ import annotations

import asyncio

import pytest

from headrace.workers import pool as pools
from headrace.workers.jobs import Done, Started

from .conftest import Bench, until

PID = "@transformer\ndef b():\n    import os\n    return os.getpid()\n"
GATED = """
    @transformer
    def b():
        import time
        from pathlib import Path
        while not Path("gate").exists():
            time.sleep(0.01)
    """


def crew(bench: Bench, run: str = "r") -> int:
    return sum(worker.run == run for worker in bench.pool._workers)


async def test_workers_are_forked_ahead_as_far_as_there_is_room(bench: Bench) -> None:
    first = await bench.output(PID)
    bench.pool.prepare("r", 4)
    assert crew(bench) == 4
    bench.pool.prepare("r", 3)
    assert crew(bench) == 4, "they are there already"
    bench.pool.prepare("other", 99)
    assert crew(bench, "other") == bench.pool._max_workers - 4
    ahead = {worker.child.pid for worker in bench.pool._workers if worker.run == "r"}
    await until(lambda: all(worker.child.is_up for worker in bench.pool._workers))
    ahead = {worker.child.pid for worker in bench.pool._workers if worker.run == "r"}
    jobs = [bench.begin(bench.job(GATED, block=f"b{number}")) for number in range(4)]
    await until(lambda: all(any(isinstance(a, Started) for a in heard) for heard, _ in jobs))
    used = {worker.child.pid for worker in bench.pool._workers if worker.attempt is not None}
    assert used == ahead
    assert int(first.text or 0) in ahead
    (bench.root / "gate").touch()
    for _, end in jobs:
        assert isinstance(await asyncio.wait_for(end, 60), Done)


async def test_workers_that_have_nothing_to_do_are_retired_while_the_run_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_WORKER_IDLE_S", 0.2)
    _, end = bench.begin(bench.job(GATED))
    bench.pool.prepare("r", 4)
    assert crew(bench) == 4
    await until(lambda: crew(bench) == 1)
    assert not end.done()
    (bench.root / "gate").touch()
    assert isinstance(await asyncio.wait_for(end, 60), Done)
    await until(lambda: crew(bench) == 0)


async def test_a_lower_limit_lets_workers_end_and_a_higher_one_starts_what_waits(
    bench: Bench,
) -> None:
    bench.pool.allow(1)
    first, _ = bench.begin(bench.job(GATED, run="r"))
    second, end = bench.begin(bench.job(PID, run="s"))
    await until(lambda: any(isinstance(a, Started) for a in first))
    assert second == []
    bench.pool.allow(2)
    assert isinstance(await asyncio.wait_for(end, 60), Done)
    (bench.root / "gate").touch()


async def test_an_isolated_block_of_the_editor_waits_for_no_worker_of_runs(bench: Bench) -> None:
    bench.pool.allow(1)
    first, _ = bench.begin(bench.job(GATED, run="r"))
    await until(lambda: any(isinstance(a, Started) for a in first))
    job = bench.job(PID, run="e", interactive=True, worker="block")
    _, end = bench.begin(job)
    assert isinstance(await asyncio.wait_for(end, 60), Done)
    (bench.root / "gate").touch()


async def test_a_worker_reads_no_secrets_for_a_block_that_asks_for_none(bench: Bench) -> None:
    output = await bench.output(
        """
        import sys

        @transformer
        def b():
            return "cryptography" in sys.modules
        """
    )
    assert output.text == "False", "its import takes longer than most blocks"


async def test_a_pool_that_is_closed_makes_nothing_ready(bench: Bench) -> None:
    await bench.pool.close()
    bench.pool.prepare("r", 4)
    bench.pool.allow(9)
    assert crew(bench) == 0
