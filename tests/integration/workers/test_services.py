"""Services answer calls, fail with our errors, come back after a death, and leave when idle."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from headrace.core.errors import HeadraceError, NotFound, Unavailable
from headrace.store.files import StoreFiles
from headrace.workers.pool import Pool

from .conftest import Bench, is_alive, until

FRAME = """
import pandas as pd
@loader
def b(): return pd.DataFrame({"x": [1, 2, 3]})
"""


def service_pid(pool: Pool) -> int:
    (pid,) = (c.pid for c in pool._launcher._children.values() if c.role.startswith("service"))
    assert pid is not None
    return pid


async def test_a_window_of_an_output_comes_from_the_data_service(bench: Bench) -> None:
    output = await bench.output(FRAME)
    answer = await bench.pool.service("data").call(
        "window", address=output.address, offset=1, limit=1, format="json"
    )
    assert answer["total"] == 3
    arrow = await bench.pool.service("data").call("window", address=output.address)
    assert isinstance(arrow["stream"], bytes)


async def test_errors_keep_their_class(bench: Bench) -> None:
    with pytest.raises(NotFound):
        await bench.pool.service("data").call("window", address="0" * 32)
    with pytest.raises(NotFound, match="no_such"):
        await bench.pool.service("data").call("no_such")
    with pytest.raises(HeadraceError, match="TypeError"):
        await bench.pool.service("data").call("window", wrong=1)


async def test_a_call_survives_one_death_of_its_service(bench: Bench) -> None:
    output = await bench.output(FRAME)
    data = bench.pool.service("data")
    await data.call("schema", address=output.address)
    pid = service_pid(bench.pool)
    os.kill(pid, signal.SIGSTOP)
    call = asyncio.ensure_future(data.call("schema", address=output.address))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    assert (await call)["rows"] == 3
    assert service_pid(bench.pool) != pid


async def test_a_call_that_kills_every_service_fails_and_the_service_comes_back(
    bench: Bench,
) -> None:
    output = await bench.output(FRAME)
    data = bench.pool.service("data")
    file = StoreFiles(bench.root / ".headrace" / "store").path(output.address)
    content = file.read_bytes()
    file.unlink()
    os.mkfifo(file)  # whoever opens it waits
    call = asyncio.ensure_future(data.call("schema", address=output.address))
    killed: set[int] = set()

    def kill_what_is_there() -> bool:
        children = bench.pool._launcher._children.items()
        alive = {pid for pid, child in children if child.role.startswith("service")}
        for pid in alive - killed:
            os.kill(pid, signal.SIGKILL)
        killed.update(alive)
        return call.done()

    await until(kill_what_is_there)
    with pytest.raises(Unavailable):
        await call
    assert len(killed) == 2
    file.unlink()
    file.write_bytes(content)
    assert (await data.call("schema", address=output.address))["rows"] == 3


async def test_a_slow_call_ends_the_process_not_the_service(bench: Bench) -> None:
    output = await bench.output(FRAME)
    data = bench.pool.service("data")
    await data.call("schema", address=output.address)
    pid = service_pid(bench.pool)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match=r"longer than 0\.1 s"):
        await data.call("schema", timeout_s=0.1, address=output.address)
    await until(lambda: not is_alive(pid))
    assert (await data.call("schema", address=output.address))["rows"] == 3


async def test_an_idle_service_leaves(bench: Bench) -> None:
    bench.pool._service_idle_s = 0.05
    output = await bench.output(FRAME)
    await bench.pool.service("data").call("schema", address=output.address)
    pid = service_pid(bench.pool)
    await until(lambda: not is_alive(pid))
    answer = await bench.pool.service("data").call("schema", address=output.address)
    assert answer["rows"] == 3
