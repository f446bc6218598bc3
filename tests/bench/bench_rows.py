"""Windows of rows at random places of a frame of 10 million."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc
from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.figures import Figure
from tests.bench.running import Runner

ROWS = 10_000_000
WINDOW = 200
TARGET_MS = 10
FIRST_TARGET_MS = 60


def measure(rounds: int) -> list[Figure]:
    """Over HTTP with a kept connection; the floor reads the same slice from the same file."""
    chance = random.Random(0)
    places = [chance.randrange(0, ROWS - WINDOW) for _ in range(rounds * 10)]
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        projects.add_big(project, ROWS)
        with Server(project) as server, Runner(server, "big") as runner:
            server.wait_ready()
            _, record = runner.run()
            address = record["blocks"][0]["address"]
            first = _timed(lambda: _window(runner, address, 0))
            over_http = [_timed(lambda at=at: _window(runner, address, at)) for at in places]
        stored = next((project / ".headrace" / "store").glob(f"*/{address}.arrow"))
        with pa.memory_map(str(stored)) as source:
            frame = ipc.open_file(source).read_all()
            slices = [_timed(lambda at=at: _slice(frame, at)) for at in places]
    floor = sorted(slices)[len(slices) // 2]
    return [
        Figure("first rows of 10M × 10", "ms", [first], FIRST_TARGET_MS),
        Figure(
            "200 rows of 10M × 10 at random", "ms", over_http, TARGET_MS, floor, "pyarrow slice"
        ),
    ]


def _timed(act) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _window(runner: Runner, address: str, offset: int) -> None:
    content = runner.request("GET", f"outputs/{address}/rows?offset={offset}&limit={WINDOW}")
    assert ipc.open_stream(content).read_all().num_rows == WINDOW


def _slice(frame: pa.Table, offset: int) -> bytes:
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, frame.schema) as writer:
        writer.write_table(frame.slice(offset, WINDOW))
    return sink.getvalue().to_pybytes()
