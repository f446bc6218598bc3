"""The example under version control: running changes no file, an edit changes what it says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Server, headrace_command

PIPELINES = ("late_flights", "hello")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("git") / "project"
    subprocess.run([*headrace_command(), "init", str(project)], check=True)
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "As made")
    with Server(project) as running:
        running.wait_ready()
        yield running


def git(project: Path, *command: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(project), *command], check=True, capture_output=True, text=True
    )
    return done.stdout


def test_running_everything_changes_no_file(server: Server) -> None:
    for pipeline in PIPELINES:
        assert server.run(pipeline)["state"] == "succeeded"
    assert git(server.project, "diff", "--stat") == ""
    untracked = git(server.project, "status", "--porcelain").split()
    assert [name for name in untracked if name.startswith("pipelines")] == []


def test_moving_a_block_is_one_moved_line(server: Server) -> None:
    def move(block: str, index: int) -> None:
        command = {"op": "move-block", "req": "1", "block": block, "index": index}
        server.post("pipelines/late_flights/commands", command).raise_for_status()

    move("late_by_carrier", 5)
    assert git(server.project, "diff", "--numstat").split() == [
        "1",
        "1",
        "pipelines/late_flights/pipeline.yaml",
    ]
    (gone, come) = (
        [
            line[1:]
            for line in git(server.project, "diff", "-U0").splitlines()
            if line.startswith(sign) and not line.startswith(sign * 3)
        ]
        for sign in "-+"
    )
    assert gone == come
    assert "late_by_carrier" in gone[0]
    move("late_by_carrier", 3)
    assert git(server.project, "diff", "--stat") == ""
