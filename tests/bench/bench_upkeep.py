"""What goes on beside everything else: saving a block, and throwing old runs away."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.harness import Server
from tests.acceptance.plant import Plant
from tests.bench import bench_runs
from tests.bench.figures import Figure

from headrace.runs.history import History

SAVES_EACH = 10
SAVE_MS, SAVE_P99_MS = 20, 60
OLD_RUNS = 100_000
PURGE_S, SLICE_MS = 10, 20


def measure_saving(rounds: int) -> list[Figure]:
    """Save a block over HTTP again and again, each time another text, synced to the disk."""
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        plant = Plant(Path(folder))
        with Server(plant.project) as server:
            server.wait_ready()
            path = "pipelines/steps/blocks/lone/source"
            known = server.get(path).json()["hash"]
            for number in range(rounds * SAVES_EACH):
                text = plant.source("lone", said=f"v{number}")
                began = time.perf_counter()
                saved = server.put(path, {"text": text}, headers={"If-Match": f'"{known}"'})
                times.append((time.perf_counter() - began) * 1000)
                known = saved.json()["hash"]
    worst = sorted(times)[len(times) * 99 // 100]
    return [
        Figure("save a block", "ms", times, SAVE_MS),
        Figure("save a block, p99", "ms", [worst], SAVE_P99_MS),
    ]


def measure_purging(_rounds: int) -> list[Figure]:
    """Delete 100,000 old runs in slices, between which others write."""
    slices: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "headrace.db"
        bench_runs.fill(file, runs=OLD_RUNS)
        history = History.open(file)
        before = datetime.now(UTC)
        began = time.perf_counter()
        gone = 1
        while gone:
            started = time.perf_counter()
            gone = history.purge(before)
            slices.append((time.perf_counter() - started) * 1000)
        seconds = time.perf_counter() - began
        assert history.runs() == []
        history.close()
    worst = sorted(slices)[len(slices) * 99 // 100]
    return [
        Figure(f"throw {OLD_RUNS:,} old runs away", "s", [seconds], PURGE_S),
        Figure("one slice of that", "ms", slices, SLICE_MS),
        Figure("one slice of that, p99", "ms", [worst], SLICE_MS),
    ]
