"""No process outlives the server, however the server ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from headrace.protocol.bindings import Binding
from headrace.workers.jobs import Raised
from headrace.workers.pool import Pool

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
    source = sys.argv[2] if len(sys.argv) > 2 else source
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
    await until(lambda: not any(is_alive(pid) for pid in pids))


async def test_what_a_block_has_started_ends_with_it_and_is_told(bench: Bench) -> None:
    answer = await bench.run(
        """
        import subprocess
        @transformer
        def b():
            print("child", subprocess.Popen(["sleep", "600"]).pid, flush=True)
        """
    )
    child = int(answer.log_tail.split()[1])
    assert "ended a process that this block left over: sleep 600" in answer.log_tail
    assert not is_alive(child)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_what_blocks_have_started_ends_with_the_server(
    tmp_path: Path, number: signal.Signals
) -> None:
    pids = tmp_path / "pids"
    block = f"""
import os, subprocess, time
from headrace import loader
@loader
def b():
    ours = subprocess.Popen(["sleep", "600"])
    moved = subprocess.Popen(["setsid", "sleep", "600"])
    with open({str(pids)!r} + ".new", "w") as file:
        file.write(f"{{ours.pid}} {{moved.pid}}")
    os.rename({str(pids)!r} + ".new", {str(pids)!r})
    time.sleep(600)
"""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, str(tmp_path), block, stdout=asyncio.subprocess.PIPE
    )
    await until(pids.exists, 30)
    started = [int(text) for text in pids.read_text().split()]
    assert all(is_alive(pid) for pid in started)
    os.kill(server.pid, number)
    await server.wait()
    await until(lambda: not any(is_alive(pid) for pid in started))


async def test_a_thread_left_over_costs_its_worker_and_disturbs_nobody(bench: Bench) -> None:
    first = await bench.run(
        """
        import os, threading, time
        def nag():
            while True:
                print("nag", flush=True)
                time.sleep(0.001)
        @transformer
        def b():
            threading.Thread(target=nag, name="nagger", daemon=True).start()
            return os.getpid()
        """
    )
    assert "nagger" in first.log_tail
    assert "worker is replaced" in first.log_tail
    second = await bench.run("import os\n@transformer\ndef c(): return os.getpid()", block="c")
    assert second.output.text != first.output.text
    assert "nag" not in second.log_tail


async def test_a_crowd_of_processes_is_counted_and_killed(tmp_path: Path) -> None:
    pool = Pool(tmp_path, tmp_path / "store", max_processes=20)
    await pool.start()
    bench = Bench(pool, tmp_path)
    seconds = f"617.{os.getpid()}"
    crowd = f"""
        import os, subprocess, time
        @transformer
        def b(wanted: int):
            for _ in range(wanted):
                subprocess.Popen(["sleep", "{seconds}"], start_new_session=wanted % 2 == 1)
            time.sleep(wanted / 10)
            return "well"
        """
    number = [Binding(argument="wanted", source="setting", name="wanted")]
    for wanted, kind in ((5, "Done"), (40, "TooManyProcesses"), (41, "TooManyProcesses")):
        answer = await bench.run(crowd, bindings=number, values={"wanted": wanted})
        found = answer.failure.type if isinstance(answer, Raised) else type(answer).__name__
        assert found == kind, answer
        if isinstance(answer, Raised):
            assert "20 are allowed" in answer.failure.message
        await until(lambda: not _sleepers(seconds))
    await pool.close()


def _sleepers(seconds: str) -> list[int]:
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes() == f"sleep\0{seconds}\0".encode():
                found.append(int(folder.name))
    return [pid for pid in found if is_alive(pid)]


async def test_the_template_has_one_thread(bench: Bench) -> None:
    await bench.run("@transformer\ndef b(): pass")
    assert bench.pool._launcher.up is not None
    assert len(bench.pool._launcher.up.threads) == 1
