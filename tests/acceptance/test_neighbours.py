"""Two users in two pipelines do not wait for each other."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.bench_neighbours import add_pipelines

from .editor import Editor
from .harness import Server

ROUNDS = 9
MOST_TIMES_ALONE = 4.0
"""Far above what two runs differ by on a busy machine, and far below waiting for 5 s."""


def test_a_block_that_sleeps_does_not_delay_a_block_of_somebody_else(tmp_path: Path) -> None:
    project = tmp_path / "p"
    (project / "pipelines").mkdir(parents=True)
    add_pipelines(project)
    with Server(project) as server:
        server.wait_ready()
        with Editor(server, "echo") as one, Editor(server, "sleeper") as other:
            one.run("echo")
            alone = statistics.median(one.run("echo") for _ in range(ROUNDS))
            other.start("sleeper")
            beside = statistics.median(one.run("echo") for _ in range(ROUNDS))
            assert other.is_running, "nothing was measured beside it"
            assert beside < MOST_TIMES_ALONE * alone
            other.finish()
