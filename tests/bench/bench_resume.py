"""From the start of a server to the next block of a run that its predecessor left when killed."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.acceptance.harness import Server
from tests.acceptance.plant import Plant, all_over, start_run, until
from tests.bench.figures import Figure

TARGET_S = 5.0
_MOST_ROUNDS = 5


def measure(rounds: int) -> list[Figure]:
    """Kill the server in the second of three blocks, start it, and wait for that block."""
    seconds: list[float] = []
    for _ in range(min(rounds, _MOST_ROUNDS)):
        with tempfile.TemporaryDirectory() as folder:
            plant = Plant(Path(folder), gated="second")
            with Server(plant.project) as server:
                server.wait_ready()
                run = start_run(server)
                until(lambda plant=plant, run=run: plant.counts(run)["second"], "the block")
                server.kill9()
                began = time.perf_counter()
                server.start()
                until(lambda plant=plant, run=run: plant.counts(run)["second"] == 2, "it again")
                seconds.append(time.perf_counter() - began)
                plant.open_gate()
                all_over(server)
    return [Figure("kill -9, start, next block of the run", "s", seconds, TARGET_S)]
