"""Files change, or the machine dies, while they are written: old or new, never between."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from headrace.core.paths import ProjectPaths
from headrace.project.changes import FileChange
from headrace.project.files import Project

from .harness import Server
from .invariants import check, project_files_are_whole
from .plant import Plant, all_over, start_run, until

SAVES = int(os.environ.get("HEADRACE_SAVES", "1000"))
"""Random moments at which a save is cut off."""
SEED = int(os.environ.get("HEADRACE_SEED", "0")) or random.randrange(1, 10**6)


def test_a_run_executes_the_code_that_it_pinned(tmp_path: Path) -> None:
    plant = Plant(tmp_path, gated="first")
    with Server(plant.project) as server:
        server.wait_ready()
        run = start_run(server)
        version = server.get(f"runs/{run}").json()["version"]
        until(lambda: plant.counts(run)["first"], "the gated block")
        plant.block_file("third").write_text(plant.source("third", said="v2"))

        def seen() -> bool:
            return "v2" in server.get("pipelines/steps/blocks/third/source").json()["text"]

        until(seen, "the edit")
        plant.open_gate()
        all_over(server)
        assert {e.said for e in plant.effects() if e.run == run} == {"v1"}
        assert server.get(f"runs/{run}").json()["version"] == version
        newer = server.run("steps")
        assert newer["version"] != version
        assert {e.said for e in plant.effects() if e.block == "third"} == {"v1", "v2"}
        check(plant, server)


def git(plant: Plant, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
        cwd=plant.project,
        check=True,
        capture_output=True,
    )


def tree(plant: Plant) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in plant.pipeline.iterdir() if path.is_file()}


def test_another_branch_under_an_edit_and_a_run_is_shown_and_nothing_of_it_is_touched(
    tmp_path: Path,
) -> None:
    plant = Plant(tmp_path, gated="second")
    git(plant, "init", "-q", "-b", "main")
    git(plant, "add", "pipelines")
    git(plant, "commit", "-q", "-m", "one")
    git(plant, "checkout", "-q", "-b", "other")
    plant.block_file("third").write_text(plant.source("third", said="v2"))
    text = (plant.pipeline / "pipeline.yaml").read_text()
    (plant.pipeline / "pipeline.yaml").write_text(
        text.replace(", file: lone.py", ", file: alone.py")
    )
    plant.block_file("lone").rename(plant.block_file("alone"))
    git(plant, "add", "-A", "pipelines")
    git(plant, "commit", "-q", "-m", "two")
    theirs = tree(plant)
    git(plant, "checkout", "-q", "main")
    with Server(plant.project) as server, server.ws() as line:
        server.wait_ready()
        line.send(json.dumps({"op": "open-session", "pipeline": "steps", "req": "o"}))
        run = start_run(server)
        until(lambda: plant.counts(run)["second"], "the gated block")
        base = server.get("pipelines/steps/blocks/third/source").json()["hash"]

        git(plant, "checkout", "-q", "other")
        begun = time.monotonic()
        told = False
        while not told:
            frame = json.loads(line.recv(timeout=30))
            for event in frame if isinstance(frame, list) else [frame]:
                told |= event["op"] in ("pipeline-changed", "source-changed")
        assert time.monotonic() - begun < 5, "a second is promised; the machine may be busy"

        edit = {"op": "save-source", "block": "third", "base": base, "text": "# mine\n"}
        refused = server.post("pipelines/steps/commands", edit)
        assert refused.status_code == 409, "an edit of the other branch's file is a conflict"
        assert "v2" in refused.text, "with their text, to compare"
        plant.open_gate()
        (over,) = all_over(server)
        assert over["state"] == "succeeded"
        assert {e.said for e in plant.effects() if e.run == run} == {"v1"}
        assert tree(plant) == theirs, "not a byte of the branch is different"
        check(plant, server)


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_branch_without_the_pipeline_lets_its_run_end_by_what_it_pinned(
    tmp_path: Path, *, comes_back: bool
) -> None:
    plant = Plant(tmp_path, gated="second")
    git(plant, "init", "-q", "-b", "bare")
    git(plant, "commit", "-q", "--allow-empty", "-m", "none")
    git(plant, "checkout", "-q", "-b", "main")
    git(plant, "add", "pipelines")
    git(plant, "commit", "-q", "-m", "one")
    with Server(plant.project) as server, server.ws() as line:
        server.wait_ready()
        line.send(json.dumps({"op": "open-session", "pipeline": "steps", "req": "o"}))
        run = start_run(server)
        until(lambda: plant.counts(run)["second"], "the gated block")
        git(plant, "checkout", "-q", "bare")
        heard = list[dict[str, Any]]()
        while not heard or heard[-1]["op"] != "session-ended":
            frame = json.loads(line.recv(timeout=30))
            heard += frame if isinstance(frame, list) else [frame]
        assert heard[-1]["reason"] == "the pipeline was removed from the disk"
        assert server.get("pipelines/steps").status_code == 404
        if comes_back:
            git(plant, "checkout", "-q", "main")
            assert server.get("pipelines/steps").is_success
        plant.open_gate()
        (over,) = all_over(server)
        assert (over["id"], over["state"]) == (run, "succeeded")
        assert plant.counts(run) == dict.fromkeys(plant.CHAIN, 1)
        if not comes_back:
            assert server.get("pipelines/steps").status_code == 404
            assert not plant.pipeline.exists(), "nothing is written to where it was"
            git(plant, "checkout", "-q", "main")
        assert server.run("steps")["state"] == "succeeded"
        check(plant, server)


@pytest.mark.timeout(900)
def test_a_megabyte_that_is_saved_when_the_process_is_killed_is_old_or_new(tmp_path: Path) -> None:
    """The saves follow each other without a pause, so that every kill falls into one."""
    chance = random.Random(SEED)
    plant = Plant(tmp_path)
    texts = [f"# {word}\n" + f"# {word * 19}\n" * 12_000 for word in ("old.", "new!")]
    names: list[str] = []
    for number, text in enumerate(texts):
        assert 900_000 < len(text) < 2**20
        names.append(str(tmp_path / f"text{number}"))
        Path(names[-1]).write_text(text)
    file = plant.block_file("lone")
    whole = {text.encode() for text in texts}
    seen: set[bytes] = set()
    leftovers = 0
    for _ in range(SAVES):
        now = file.read_bytes()
        order = names if now == texts[0].encode() else names[::-1]
        file.write_bytes(Path(order[0]).read_bytes())
        # Forked, not started: importing is 50 times what a save takes.
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _save_for_ever(plant.project, order, writer)
        os.close(writer)
        assert os.read(reader, 1) == b"r"
        os.close(reader)
        time.sleep(chance.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        content = file.read_bytes()
        assert content in whole, f"seed {SEED}: torn at {len(content)} bytes"
        seen.add(content)
        leftovers += len(list(plant.pipeline.glob(".*.tmp")))
        Project(ProjectPaths.of(plant.project)).recover()
        project_files_are_whole(plant.project)
    assert len(seen) == 2, "kills fell before and after the rename"
    assert leftovers > 0, "and into the writing"


def _save_for_ever(root: Path, names: list[str], ready: int) -> None:
    try:
        project = Project(ProjectPaths.of(root))
        texts = [Path(name).read_text() for name in names]
        os.write(ready, b"r")
        while True:
            for before, after in (texts, texts[::-1]):
                project.save([FileChange("pipelines/steps/lone.py", before, after)])
    finally:
        os._exit(1)


@pytest.mark.parametrize("round_", range(3))
def test_a_server_that_is_killed_while_it_saves_leaves_the_old_or_the_new(
    round_: int, tmp_path: Path
) -> None:
    chance = random.Random(SEED + round_)
    plant = Plant(tmp_path)
    with Server(plant.project) as server:
        server.wait_ready()
        saved = [plant.block_file("lone").read_text()]
        base = server.get("pipelines/steps/blocks/lone/source").json()["hash"]
        with server.ws() as line, contextlib.suppress(ConnectionClosed):
            line.send(json.dumps({"op": "open-session", "pipeline": "steps", "req": "o"}))
            killer = threading.Timer(chance.uniform(0.1, 0.5), server.kill9)
            killer.start()
            for number in range(1000):
                text = plant.source("lone", said=f"v{number}") + "# long\n" * 120_000
                saved.append(text)
                edit = {"op": "save-source", "block": "lone", "base": base, "text": text}
                line.send(json.dumps({**edit, "pipeline": "steps", "req": str(number)}))
                while True:
                    frame = json.loads(line.recv(timeout=30))
                    frames = frame if isinstance(frame, list) else [frame]
                    answer = next((f for f in frames if f.get("req") == str(number)), None)
                    if answer is not None:
                        break
                assert answer["op"] == "accepted", answer
                base = answer["result"]["hash"]
        killer.join()
        assert plant.block_file("lone").read_text() in saved[-2:], "acknowledged is there"
        dead = server.pid
        server.restart()
        server.wait_ready()
        assert server.run("steps")["state"] == "succeeded"
        check(plant, server, dead=(dead,))
