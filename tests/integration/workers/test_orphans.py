"""No process outlives the server, however the server ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from .conftest import Bench, is_alive, until

SERVER = """
import asyncio, sys
from headrace.workers.jobs import Job, Started
from headrace.workers.pool import Pool

async def main():
    pool = Pool(sys.argv[1], sys.argv[1] + "/store")
    await pool.start()
    def on_answer(answer):
        if isinstance(answer, Started):
            print(pool.template_pid, *pool.worker_pids(), flush=True)
    source = "import time\\nfrom headrace import loader\\n@loader\\ndef b(): time.sleep(600)"
    pool.execute(Job(run="r", pipeline="p", block="b", attempt=1, kind="loader",
                     language="python", path="/b.py", source=source), on_answer)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_template_and_workers_vanish_with_their_server(
    tmp_path: Path, number: signal.Signals
) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    pids = [int(text) for text in (await asyncio.wait_for(server.stdout.readline(), 30)).split()]
    assert len(pids) >= 2
    assert all(is_alive(pid) for pid in pids)
    os.kill(server.pid, number)
    await server.wait()
    await until(lambda: not any(is_alive(pid) for pid in pids), 5)


async def test_children_of_a_block_end_with_its_worker(bench: Bench) -> None:
    answers, end = bench.begin(
        bench.job(
            """
            import subprocess
            @transformer
            def b():
                print("child", subprocess.Popen(["sleep", "600"]).pid)
            """
        )
    )
    answer = await asyncio.wait_for(end, 20)
    del answers
    child = int(answer.log_tail.split()[1])  # pyright: ignore[reportAttributeAccessIssue]
    assert is_alive(child)
    bench.pool.end_run("r")
    await until(lambda: not is_alive(child))


async def test_the_template_has_one_thread(bench: Bench) -> None:
    await bench.run("@transformer\ndef b(): pass")
    assert bench.pool._launcher.up is not None
    assert len(bench.pool._launcher.up.threads) == 1
