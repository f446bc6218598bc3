"""Triggers run what was published, whatever happens to the draft, and each run says which that was."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import Server, headrace_command
from .history import keep_history
from .plant import until

YAML = """\
title: Says
blocks:
  - {name: say, kind: exporter, file: say.py}
"""
CODE = 'from headrace import exporter\n\n\n@exporter\ndef say():\n    print("v1")\n'


@pytest.fixture
def project(tmp_path: Path, history_url: str) -> Path:
    folder = tmp_path / "project" / "pipelines" / "says"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "say.py").write_text(CODE)
    keep_history(tmp_path / "project", history_url)
    return tmp_path / "project"


@pytest.fixture
def server(project: Path) -> Iterator[Server]:
    with Server(project, options=()) as running:
        running.wait_ready()
        yield running


def runs(server: Server) -> list[dict[str, Any]]:
    """Return the runs of triggers that succeeded, oldest first."""
    listed = server.get("runs?origin=trigger&limit=500").json()["runs"]
    return [run for run in reversed(listed) if run["state"] == "succeeded"]


def said(server: Server, run: dict[str, Any]) -> str:
    return server.get(f"runs/{run['id']}/blocks/say/log").text.strip()


def more_runs(server: Server) -> list[dict[str, Any]]:
    """Wait for two more runs; return the newest, which was queued after this was asked for."""
    before = len(runs(server))
    until(lambda: len(runs(server)) >= before + 2, "two more runs")
    return runs(server)[-1:]


def test_an_edit_reaches_schedules_when_it_is_published(server: Server, project: Path) -> None:
    added = server.post("pipelines/says/triggers", {"name": "often", "every": "1s"})
    assert added.status_code == 201, added.text
    listed = server.get("pipelines/says/versions").json()
    assert [version["number"] for version in listed["versions"]] == [1]
    assert listed["difference"] == {"blocks": [], "parameters": [], "order": False}

    more_runs(server)
    place = project / "pipelines" / "says" / "say.py"
    place.write_text(CODE.replace("v1", "v2"))
    (newest,) = more_runs(server)
    assert (said(server, newest), newest["published"]) == ("v1", 1)
    of_draft = server.run("says")
    assert (said(server, of_draft), of_draft["published"]) == ("v2", None)

    listed = server.get("pipelines/says/versions").json()
    (changed,) = listed["difference"]["blocks"]
    assert (changed["name"], changed["change"], changed["what"]) == ("say", "changed", ["code"])
    assert "v1" in changed["before"]
    assert "v2" in changed["after"]

    # A broken draft stops no schedule, and is not published.
    place.write_text("def say(:\n")
    (newest,) = more_runs(server)
    assert (said(server, newest), newest["published"]) == ("v1", 1)
    refused = server.post("pipelines/says/publish")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid")

    place.write_text(CODE.replace("v1", "v2"))
    published = server.post("pipelines/says/publish", {"message": "say v2"})
    assert (published.status_code, published.json()["number"]) == (201, 2), published.text
    (newest,) = more_runs(server)
    assert (said(server, newest), newest["published"]) == ("v2", 2)
    code = server.get(f"runs/{newest['id']}/code").json()
    assert (code["published"], code["blocks"][0]["text"]) == (2, CODE.replace("v1", "v2"))
    assert code["blocks"][0]["path"] == "pipelines/says/say.py"

    # The command line publishes beside the server, which takes it up at its next tick.
    place.write_text(CODE.replace("v1", "v3"))
    done = subprocess.run(
        [*headrace_command(), "publish", "says", "-C", str(project), "-m", "say v3", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["number"] == 3
    (newest,) = more_runs(server)
    assert (said(server, newest), newest["published"]) == ("v3", 3)

    # Back to the first, triggers untouched; undone as one edit.
    restored = server.post("pipelines/says/versions/1/restore")
    assert restored.json() == {"left": []}, restored.text
    assert place.read_text() == CODE
    assert "often" in (project / "pipelines" / "says" / "pipeline.yaml").read_text()
    server.post("pipelines/says/commands", {"op": "undo"})
    assert "v3" in place.read_text()


def test_a_trigger_that_came_with_the_files_publishes_them(project: Path) -> None:
    folder = project / "pipelines" / "says"
    (folder / "pipeline.yaml").write_text(f"{YAML}triggers:\n  - {{name: often, every: 1s}}\n")
    with Server(project, options=()) as server:
        server.wait_ready()
        until(lambda: runs(server), "a run")
        (folder / "say.py").write_text(CODE.replace("v1", "v2"))
        (newest,) = more_runs(server)
        assert (said(server, newest), newest["published"]) == ("v1", 1)
        (version,) = server.get("pipelines/says/versions").json()["versions"]
        assert version["message"] == "published by its first trigger"


def test_versions_that_are_not_there_are_not_found(server: Server) -> None:
    for path, status in (("2", 404), ("x", 400), ("0", 404), ("9999999999", 400)):
        assert server.get(f"pipelines/says/versions/{path}").status_code == status
        assert server.post(f"pipelines/says/versions/{path}/restore").status_code == status
    assert server.get("pipelines/nope/versions").status_code == 404
    assert server.post("pipelines/says/publish", {"message": "x" * 501}).status_code == 400
    assert server.post("pipelines/says/publish", {"version": "other"}).status_code == 409
    server.post("pipelines/says/publish")
    one = server.get("pipelines/says/versions/1").json()
    assert [block["name"] for block in one["blocks"]] == ["say"]
    assert server.post("pipelines/says/publish").json()["number"] == 1
