"""Limits of runs that triggers start: how long they take, and how often their tick is tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from .harness import Server
from .history import keep_history, opened, rows
from .invariants import ticks_are_unique_and_complete
from .plant import until

LOAD = """\
from pathlib import Path

from headrace import loader


@loader
def load():
    with Path("loaded").open("a") as file:
        file.write("x")
    return 1
"""
FAILS = """\
from pathlib import Path

from headrace import exporter


@exporter
def say(load):
    if not Path("mended").exists():
        raise RuntimeError("not yet")
"""
HANGS = """\
import time

from headrace import exporter


@exporter
def say(load):
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path: Path, history_url: str) -> Path:
    root = tmp_path / "project"
    folder = root / "pipelines" / "says"
    folder.mkdir(parents=True)
    (folder / "load.py").write_text(LOAD)
    (folder / "say.py").write_text(FAILS)
    (folder / "pipeline.yaml").write_text(
        "blocks:\n"
        "  - {name: load, kind: loader, file: load.py}\n"
        "  - {name: say, kind: exporter, file: say.py, upstream: [load]}\n"
    )
    keep_history(root, history_url)
    return root


@pytest.fixture
def server(project: Path) -> Iterator[Server]:
    with Server(project, options=()) as running:
        running.wait_ready()
        yield running


def fire(server: Server, **limits: Any) -> None:
    """Make a webhook with limits, and let one request start its run."""
    added = server.post("pipelines/says/triggers", {"name": "hook", "webhook": True, **limits})
    assert added.status_code == 201, added.text
    secret = server.post("pipelines/says/triggers/hook/secret").json()["secret"]
    url = f"{server.api}/triggers/{added.json()['id']}/fire"
    answer = server.client.post(url, json={}, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 202, answer.text


def runs(server: Server) -> list[dict[str, Any]]:
    """All runs, the oldest first."""
    return server.get("runs?limit=500").json()["runs"][::-1]


def blocks(server: Server, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    record = server.get(f"runs/{run['id']}").json()
    return {block["name"]: block for block in record["blocks"]}


def tick_runs(project: Path) -> list[str]:
    return [tick.run_id for tick in rows(project, "SELECT run_id FROM ticks")]


def test_a_tick_is_tried_as_often_as_it_may_and_keeps_what_succeeded(
    server: Server, project: Path
) -> None:
    fire(server, retries=3, backoff="200ms")
    until(lambda: [run["state"] for run in runs(server)] == ["failed"] * 3, "three tries")
    found = runs(server)
    assert [run["retry"] and run["retry"]["number"] for run in found] == [None, 2, 3]
    assert [run["retry"] and run["retry"]["of"] for run in found][1:] == [
        run["id"] for run in found[:2]
    ]
    assert len({run["logical_time"] for run in found}) == 1
    assert tick_runs(project) == [found[-1]["id"]], "one tick, which is of its last try"
    with opened(project) as history:
        ticks_are_unique_and_complete(history)
    assert (project / "loaded").read_text() == "x", "what succeeded was not executed again"
    assert blocks(server, found[1])["load"]["cache"] == f"hit: succeeded in run {found[0]['id']}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE runs SET retry = NULL, origin = 'trigger'", "two runs for a tick"),
        ("UPDATE runs SET state = 'running' WHERE retry IS NULL", "while .* went on"),
        ("UPDATE ticks SET run_id = (SELECT id FROM runs WHERE retry IS NULL)", "without its tick"),
    ],
)
def test_two_runs_of_a_tick_would_be_seen(
    server: Server, project: Path, change: str, said: str
) -> None:
    fire(server, retries=2, backoff="50ms")
    until(lambda: [run["state"] for run in runs(server)] == ["failed"] * 2, "two tries")

    def look() -> None:
        with opened(project) as history:  # whose change does not outlive what is raised
            history.execute(text(change))
            ticks_are_unique_and_complete(history)

    with pytest.raises(AssertionError, match=f"I1: .*{said}"):
        look()


def test_a_retry_survives_the_death_of_the_server_while_it_waits(
    server: Server, project: Path
) -> None:
    fire(server, retries=2, backoff="4s")
    until(lambda: [run["state"] for run in runs(server)] == ["failed", "queued"], "a retry")
    server.kill9()
    (project / "mended").touch()
    server.start()
    until(lambda: [run["state"] for run in runs(server)] == ["failed", "succeeded"], "its success")
    (_, second) = runs(server)
    assert (second["retry"]["number"], second["blocks_done"]) == (2, 2)
    with opened(project) as history:
        ticks_are_unique_and_complete(history)
    assert (project / "loaded").read_text() == "x"
    assert tick_runs(project) == [second["id"]]


def test_a_run_that_takes_too_long_is_stopped_and_has_failed(server: Server, project: Path) -> None:
    (project / "pipelines" / "says" / "say.py").write_text(HANGS)
    fire(server, timeout="2s")
    until(lambda: [run["state"] for run in runs(server)] == ["failed"], "the end")
    (run,) = runs(server)
    assert run["reason"] == "the run took longer than its timeout of 2s"
    states = {name: block["state"] for name, block in blocks(server, run).items()}
    assert states == {"load": "succeeded", "say": "cancelled"}


def test_the_time_of_a_run_goes_on_while_no_server_runs(server: Server, project: Path) -> None:
    (project / "pipelines" / "says" / "say.py").write_text(HANGS)
    fire(server, timeout="4s", retries=2, backoff="1h")
    until(lambda: [run["state"] for run in runs(server)] == ["running"], "a run")
    server.kill9()
    server.start()
    until(lambda: [run["state"] for run in runs(server)] == ["failed", "queued"], "the end")
    assert runs(server)[0]["reason"] == "the run took longer than its timeout of 4s"
    server.post(f"runs/{runs(server)[1]['id']}/cancel")
    until(lambda: runs(server)[1]["state"] == "cancelled", "the retry to be cancelled")


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"timeout": "soon"}, "timeout"),
        ({"retries": 101}, "retries"),
        ({"backoff": "-1s"}, "backoff"),
    ],
)
def test_limits_that_mean_nothing_are_refused(
    server: Server, limits: dict[str, Any], field: str
) -> None:
    answer = server.post("pipelines/says/triggers", {"name": "t", "every": "1h", **limits})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == field
