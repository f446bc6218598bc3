"""Two users in two pipelines: how much a block that sleeps delays a no-op of somebody else."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.acceptance.editor import Editor
from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.figures import Figure

TARGET_MS = 5.0

SLEEPER = """\
import time
from headrace import loader


@loader
def sleeper():
    time.sleep(5)
"""


def add_pipelines(project: Path) -> None:
    """One pipeline with a no-op, one with a block that sleeps 5 s."""
    projects.add_echo(project)
    text = "blocks:\n  - {name: sleeper, kind: loader, file: sleeper.py}\n"
    projects.add(project, "sleeper", text, {"sleeper": SLEEPER})


def measure(rounds: int) -> list[Figure]:
    """The no-op's run while the other block sleeps, less its median when it is alone."""
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        add_pipelines(project)
        with Server(project) as server:
            server.wait_ready()
            with Editor(server, "echo") as one, Editor(server, "sleeper") as other:
                one.run("echo")
                alone = [one.run("echo") for _ in range(rounds)]
                other.start("sleeper")
                beside = [one.run("echo") for _ in range(rounds)]
                assert other.is_running, "the other block was over before the measurement was"
                other.finish()
    usual = statistics.median(alone)
    delays = [(seconds - usual) * 1000 for seconds in beside]
    name = "delay of a no-op by another's sleep(5)"
    return [Figure(name, "ms", delays, TARGET_MS, parts={"no-op alone": usual * 1000})]
