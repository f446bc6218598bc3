"""Whole runs of many small blocks through the API: a chain and a fan."""

from __future__ import annotations

import runpy
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.figures import Figure
from tests.bench.running import Runner

CHAIN, CHAIN_TARGET_S = 100, 0.3
FAN, FAN_TARGET_S = 200, 0.4


def measure_chain(rounds: int) -> list[Figure]:
    """100 no-ops after each other; every output and every step of the history durable."""
    return _measure("chain", f"chain of {CHAIN} no-ops", CHAIN_TARGET_S, rounds)


def measure_fan(rounds: int) -> list[Figure]:
    """200 no-ops beside each other and one that takes them all."""
    return _measure("fan", f"fan-out of {FAN} and join", FAN_TARGET_S, rounds)


def _measure(pipeline: str, name: str, target: float, rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        if pipeline == "chain":
            projects.add_chain(project, CHAIN)
        else:
            projects.add_fan(project, FAN)
        with Server(project) as server, Runner(server, pipeline) as runner:
            server.wait_ready()
            runner.run(seed=0)  # opens the session
            times: list[float] = []
            record: dict[str, Any] = {}
            for number in range(1, rounds + 1):
                seconds, record = runner.run(seed=number * 1000)
                times.append(seconds)
        assert all(block["state"] == "succeeded" for block in record["blocks"])
        floor = _floor(project / "pipelines" / pipeline, rounds)
    return [Figure(name, "s", times, target, floor, "calls in one process", parts=_phases(record))]


def _phases(record: dict[str, Any]) -> dict[str, float]:
    """Seconds of the last run inside of workers, summed over blocks."""
    sums: dict[str, float] = {}
    for block in record["blocks"]:
        timings = block.get("timings") or block["attempts"][-1].get("timings") or {}
        for phase, seconds in timings.items():
            name = f"in workers: {phase}"
            sums[name] = sums.get(name, 0.0) + (seconds or 0.0)
    return sums


def _floor(folder: Path, rounds: int) -> float:
    functions = [runpy.run_path(str(file))[file.stem] for file in sorted(folder.glob("*.py"))]
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        for function in functions:
            names = function.__code__.co_varnames[: function.__code__.co_argcount]
            function(**dict.fromkeys(names, 0))
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]
