"""After an upgrade of a library new jobs get new workers, and what runs is left to end."""

from __future__ import annotations

import asyncio

from headrace.workers.jobs import Done

from .conftest import Bench, is_alive, until

PID = "@transformer\ndef b():\n    import os\n    return os.getppid()\n"
SLOW = (
    "@transformer\ndef b():\n    import os, pathlib, time\n    print('begun', flush=True)\n"
    "    while not pathlib.Path('go').exists():\n        time.sleep(0.01)\n    return os.getppid()\n"
)


async def test_new_jobs_go_to_a_new_template_and_old_ones_end(bench: Bench) -> None:
    old = (await bench.output(PID, worker="session")).text
    assert old == str(bench.pool.template_pid)
    answers, end = bench.begin(bench.job(SLOW, block="slow", run="r2"))
    await bench.printed(answers, "begun")
    bench.pool.renew()
    fresh = (await bench.output(PID, run="r3", worker="session")).text
    assert fresh == str(bench.pool.template_pid)
    assert fresh != old
    assert is_alive(int(old)), "its last worker is still at work"
    (bench.root / "go").touch()
    answer = await asyncio.wait_for(end, 30)
    assert isinstance(answer, Done)
    assert answer.output.text == old
    bench.pool.end_run("r2")
    await until(lambda: not is_alive(int(old)))


async def test_services_move_to_the_new_template(bench: Bench) -> None:
    service = bench.pool.service("analysis")
    assert await service.call("format", text="x=1\n", language="python")
    bench.pool.renew()
    assert await service.call("format", text="x=1\n", language="python")
