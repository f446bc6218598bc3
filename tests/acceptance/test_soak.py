"""A server at work for long, killed now and then: nothing is lost, and nothing grows.

`HEADRACE_SOAK_S` says how long: `make soak` takes an hour, `make test` five minutes beside all that it
does. The kills come in the first half, so that one life of the server is long enough to see whether
it grows. What a server keeps on purpose, the newest results of every block, is filled by a busy time
of runs by hand before it is measured: only what has no end shows from there on.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from headrace.session.results import KEPT_PER_BLOCK

from .harness import Server
from .invariants import check
from .plant import Plant, all_over
from .ticking import Ticking

SOAK_S = float(os.environ.get("HEADRACE_SOAK_S", "20"))
PIPELINES = 50 if SOAK_S >= 300 else 10
EVERY_S = 50 if SOAK_S >= 300 else 5
"""A run a second, or two in the short form."""
BETWEEN_KILLS_S = min(300.0, SOAK_S / 5)
MOST_MB_AN_HOUR = 5.0
SLOPE_COUNTS = SOAK_S >= 1800
"""Before, it is the noise that has a slope."""
MOST_MB = 25.0
"""From the beginning of the samples to their end, however short."""
LIMIT_S = 120.0
"""For what takes a second where nobody else is at work."""
SEED = int(os.environ.get("HEADRACE_SEED", "0")) or random.randrange(1, 10**6)


def grow(plant: Plant) -> None:
    """Give the project as many pipelines as there are to be, all of them like its one."""
    for number in range(PIPELINES):
        place = plant.project / "pipelines" / f"p{number:02}"
        place.mkdir()
        for file in plant.pipeline.iterdir():
            text = file.read_text()
            if file.suffix == ".yaml":
                text += f"triggers:\n  - {{name: t, every: {EVERY_S}s, overlap: allow}}\n"
            (place / file.name).write_text(text)


def fill(server: Server) -> list[str]:
    """Let every block have as many results as a server keeps; return the runs it took."""
    pipelines = [f"p{number:02}" for number in range(PIPELINES)]
    filling = list[str]()
    for _ in range(KEPT_PER_BLOCK):
        answers = [server.post(f"pipelines/{name}/runs") for name in pipelines]
        assert {answer.status_code for answer in answers} == {201}
        round_of_runs = [answer.json()["id"] for answer in answers]
        for run in round_of_runs:
            assert server.finished(run, timeout_s=LIMIT_S)["state"] == "succeeded"
        filling += round_of_runs
    return filling


@pytest.fixture
def ends_when_told() -> Iterator[None]:
    """Let the server end with the test when that is ended from outside."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.timeout(SOAK_S * 2 + 600)
@pytest.mark.usefixtures("ends_when_told")
def test_nothing_is_lost_and_nothing_grows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, chance = Plant(tmp_path), random.Random(SEED)
    grow(plant)
    begun, kills, dead = time.monotonic(), 0, list[int]()
    samples: list[tuple[float, float, int]] = []
    filling = list[str]()
    with Server(plant.project, options=()) as server:
        server.wait_ready()
        next_kill = begun + BETWEEN_KILLS_S
        while (now := time.monotonic() - begun) < SOAK_S:
            if time.monotonic() >= next_kill and now < SOAK_S / 2:
                dead.append(server.pid)
                server.kill9()
                server.start()
                server.wait_ready()
                kills += 1
                next_kill += BETWEEN_KILLS_S * chance.uniform(0.8, 1.2)
            elif now >= SOAK_S / 2 and SLOPE_COUNTS and not filling:
                filling = fill(server)
            elif now > SOAK_S * 0.6:
                process = psutil.Process(server.pid)
                samples.append((now, process.memory_info().rss / 1e6, process.num_fds()))
            time.sleep(min(1.0, SOAK_S / 100))  # the pace of looking, not of what is looked at
        for number in range(PIPELINES):
            path = f"pipelines/p{number:02}/triggers/t"
            assert server.patch(path, {"active": False}).is_success
        runs = all_over(server, LIMIT_S)
        executed = {(effect.run, effect.block) for effect in plant.effects()}
        check(plant, server, dead=tuple(dead))
        log = server.log_file.read_text()
        ticks = Ticking.rows_of(
            plant.project, "SELECT trigger_id, logical_time, run_id, skipped FROM ticks"
        )
    by_trigger: dict[str, list[datetime]] = {}
    for tick in sorted(ticks):
        by_trigger.setdefault(tick.trigger_id, []).append(datetime.fromisoformat(tick.logical_time))
    spans = [(b - a).total_seconds() for times in by_trigger.values() for a, b in pairwise(times)]
    lost = sum(span > EVERY_S for span in spans)
    fired = [tick.run_id for tick in ticks if tick.run_id]
    doubled = len(runs) - len(filling) - len(fired)
    skipped = len(ticks) - len(fired)
    told(
        capsys,
        kills,
        f"{len(ticks)} ticks, {skipped} skipped, {lost} lost, {doubled} doubled",
        samples,
    )
    assert {run["state"] for run in runs} == {"succeeded"}
    assert len(by_trigger) == PIPELINES
    assert set(spans) <= {float(EVERY_S)}
    assert sorted(fired + filling) == sorted(run["id"] for run in runs)
    assert executed == {(run, block) for run in fired + filling for block in plant.CHAIN}
    assert "Traceback" not in log
    fds = [fd for _, _, fd in samples]
    assert statistics.median(fds[-10:]) <= statistics.median(fds[:10]) + 16, "descriptors are flat"
    megabytes = [megabytes for _, megabytes, _ in samples]
    assert statistics.median(megabytes[-10:]) <= statistics.median(megabytes[:10]) + MOST_MB
    if SLOPE_COUNTS:
        assert slope(samples) <= MOST_MB_AN_HOUR


def slope(samples: list[tuple[float, float, int]]) -> float:
    """MB an hour by which the server grows."""
    return statistics.linear_regression([s[0] for s in samples], [s[1] for s in samples])[0] * 3600


def told(
    capsys: pytest.CaptureFixture[str],
    kills: int,
    ticks: str,
    samples: list[tuple[float, float, int]],
) -> None:
    with capsys.disabled():
        sys.stdout.write(
            f"\n{SOAK_S:g} s, seed {SEED}: {ticks}, {kills} kills;"
            f" RSS {samples[0][1]:.0f} to {samples[-1][1]:.0f} MB ({slope(samples):+.1f} MB/h),"
            f" {samples[0][2]} to {samples[-1][2]} descriptors\n"
        )
