"""Everything that can start runs: moments, requests, files, other pipelines, outputs. Each once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from .harness import Server
from .history import keep_history, rows
from .plant import until

SAY = (
    'from headrace import exporter\n\n\n@exporter\ndef say(file: str = "none"):\n    print(file)\n'
)
YAML = """\
title: Says
parameters:
  file: {type: string, default: none}
blocks:
  - {name: say, kind: exporter, file: say.py}
"""
LOAD = """\
from pathlib import Path

from headrace import loader


@loader
def load():
    return Path("data.txt").read_text()
"""


@pytest.fixture
def project(tmp_path: Path, history_url: str) -> Path:
    root = tmp_path / "project"
    for name, yaml, file, text in (
        ("says", YAML, "say.py", SAY),
        ("source", "blocks:\n  - {name: load, kind: loader, file: load.py}\n", "load.py", LOAD),
    ):
        folder = root / "pipelines" / name
        folder.mkdir(parents=True)
        (folder / "pipeline.yaml").write_text(yaml)
        (folder / file).write_text(text)
    (root / "data.txt").write_text("one")
    (root / "in").mkdir()
    keep_history(root, history_url)
    return root


@pytest.fixture
def server(project: Path) -> Iterator[Server]:
    with Server(project, options=()) as running:
        running.wait_ready()
        yield running


def add(server: Server, **fields: Any) -> dict[str, Any]:
    answer = server.post("pipelines/says/triggers", {"name": "t", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def said(server: Server, count: int) -> list[str]:
    """Wait for so many runs of the trigger; return what they printed, oldest first."""

    def runs() -> list[dict[str, Any]]:
        listed = server.get("runs?pipeline=says&origin=trigger&limit=500").json()["runs"]
        return [run for run in reversed(listed) if run["state"] == "succeeded"]

    until(lambda: len(runs()) >= count, f"{count} runs")
    found = runs()
    assert len(found) == count
    return [server.get(f"runs/{run['id']}/blocks/say/log").text.strip() for run in found]


def settle(server: Server, path: str = "triggers?pipeline=says") -> None:
    """Let the scheduler look twice at all that it waits for."""
    time.sleep(4.5)
    assert server.get(path).status_code == 200


def test_once_fires_once_and_never_for_what_is_past(server: Server) -> None:
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    refused = server.post("pipelines/says/triggers", {"name": "late", "at": past})
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (400, "at")
    soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    assert add(server, at=soon)["next_at"]
    assert said(server, 1) == ["none"]
    server.patch("pipelines/says/triggers/t", {"active": False})
    server.patch("pipelines/says/triggers/t", {"active": True})
    (table,) = server.get("pipelines/says/triggers").json()["triggers"]
    assert (table["next_at"], table["active"]) == (None, True)
    assert table["last_at"]


def test_each_new_or_changed_file_is_one_run(server: Server, project: Path) -> None:
    (project / "in" / "old.csv").write_text("there before")
    add(server, files="in/*.csv")
    settle(server)
    for name in ("a.csv", "b.csv", "c.txt"):
        (project / "in" / name).write_text(name)
    assert sorted(said(server, 2)) == ["in/a.csv", "in/b.csv"]
    (project / "in" / "a.csv").write_text("another text")
    assert said(server, 3)[-1] == "in/a.csv"
    # Known across a restart, and what came while the server was off counts too.
    server.stop()
    (project / "in" / "d.csv").write_text("d")
    server.start()
    server.wait_ready()
    assert said(server, 4)[-1] == "in/d.csv"
    # What came while it was paused is the past.
    server.patch("pipelines/says/triggers/t", {"active": False})
    (project / "in" / "e.csv").write_text("e")
    server.patch("pipelines/says/triggers/t", {"active": True})
    settle(server)
    os.utime(project / "in" / "b.csv")
    assert said(server, 5)[-1] == "in/b.csv"


def test_the_success_of_another_pipeline_starts_one(server: Server, project: Path) -> None:
    server.run("source")
    add(server, after="source")
    settle(server)
    server.run("source")
    (project / "data.txt").unlink()
    assert server.run("source")["state"] == "failed"
    assert said(server, 1) == ["none"]
    refused = server.post("pipelines/says/triggers", {"name": "u", "after": "says"})
    assert refused.status_code == 400
    refused = server.post("pipelines/says/triggers", {"name": "u", "after": "nope"})
    assert "no pipeline 'nope'" in refused.json()["error"]["message"]


def test_another_output_of_a_block_starts_one(server: Server, project: Path) -> None:
    server.run("source")
    add(server, changed="source/load")
    settle(server)
    server.run("source")  # the same content again
    (project / "data.txt").write_text("two")
    server.run("source")
    settle(server)
    assert said(server, 1) == ["none"]
    refused = server.post("pipelines/says/triggers", {"name": "u", "changed": "load"})
    assert refused.json()["error"]["details"]["field"] == "changed"


class Caller:
    """Somebody who knows the secret and nothing else."""

    def __init__(self, server: Server, secret: dict[str, str]) -> None:
        self.url = f"{server.url.rstrip('/')}{secret['path']}"
        self.secret = secret["secret"]

    def fire(self, body: Any = None, secret: str | None = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {secret or self.secret}", **headers}
        return httpx.post(self.url, json={} if body is None else body, headers=sent, timeout=30)


def test_a_webhook_answers_its_secret_alone(server: Server, project: Path) -> None:
    table = add(server, webhook=True)
    assert not table["has_secret"]
    path = "pipelines/says/triggers/t/secret"
    caller = Caller(server, server.post(path).json())
    first = caller.fire({"file": "x.csv"})
    assert first.status_code == 202, first.text
    assert said(server, 1) == ["x.csv"]

    # The same request again is the same tick.
    for _ in range(2):
        assert caller.fire({"file": "y.csv"}, **{"Idempotency-Key": "k"}).status_code == 202
    assert said(server, 2) == ["x.csv", "y.csv"]

    # What is wrong is refused before there is a run.
    for body in ({"file": 7}, {"nope": 1}, [1]):
        assert caller.fire(body).status_code == 400, body
    assert caller.fire(secret="wrong").status_code == 401
    assert caller.fire(Origin="https://evil.example").status_code == 403
    secret_opens = {"Authorization": f"Bearer {caller.secret}"}
    assert httpx.get(f"{server.api}/runs", headers=secret_opens).status_code == 401
    assert httpx.get(caller.url, headers=secret_opens).status_code == 401

    # A new secret ends the old one, which is nowhere in the state of the project.
    newer = Caller(server, server.post(path).json())
    assert caller.fire().status_code == 401
    assert newer.fire().status_code == 202
    said(server, 3)
    for file in (project / ".headrace").glob("headrace.db*"):
        assert newer.secret.encode() not in file.read_bytes()
    (kept,) = rows(project, "SELECT * FROM triggers")
    assert newer.secret not in str(tuple(kept))
    assert newer.secret not in server.get("triggers").text
    server.patch("pipelines/says/triggers/t", {"active": False})
    assert newer.fire().status_code == 409
    server.patch("pipelines/says/triggers/t", {"active": True})

    # No more than so many in a minute, right or wrong.
    wrong = (newer.fire(secret="wrong").status_code for _ in range(300))
    assert next(answer for answer in wrong if answer != 401) == 429
    fired = (newer.fire() for _ in range(300))  # the minute may end meanwhile, but not each time
    limited = next(answer for answer in fired if answer.status_code == 429)
    assert limited.json()["error"]["code"] == "too-many-requests"
    assert limited.headers["Retry-After"]


def test_what_is_no_webhook_has_no_secret(server: Server) -> None:
    table = add(server, every="1h")
    assert server.post("pipelines/says/triggers/t/secret").status_code == 400
    assert server.post("pipelines/says/triggers/nope/secret").status_code == 404
    assert server.post(f"triggers/{table['id']}/fire").status_code == 404
    assert server.post(f"triggers/{'0' * 20}/fire").status_code == 404
