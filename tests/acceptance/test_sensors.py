"""Sensors that wait: they cost no worker, survive the death of the server, and end in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .history import keep_history
from .processes import below

SENSOR = """\
from pathlib import Path

from headrace import sensor


@sensor
{}def delivered():
    print("asked", flush=True)
    return Path("there").exists()
"""
LOADER = "from headrace import loader\n\n\n@loader\ndef load(delivered):\n    return 1\n"
QUICK = "from headrace import loader\n\n\n@loader\ndef load():\n    return 1\n"
LIMIT_S = 90.0


@dataclass(frozen=True)
class Site:
    """Where a project is made, and where its history is."""

    folder: Path
    history: str


@pytest.fixture
def site(tmp_path: Path, history_url: str) -> Site:
    return Site(tmp_path, history_url)


def project_of(site: Site, keys: str, *, prefix: str = "", settings: str = "") -> Path:
    """A pipeline `guarded` behind a sensor with these keys, and another one without."""
    folder = site.folder
    project = folder / "project"
    guarded, quick = project / "pipelines" / "guarded", project / "pipelines" / "quick"
    guarded.mkdir(parents=True)
    quick.mkdir()
    (guarded / "delivered.py").write_text(SENSOR.format(prefix))
    (guarded / "load.py").write_text(LOADER)
    (guarded / "pipeline.yaml").write_text(
        "blocks:\n"
        f"  - {{name: delivered, kind: sensor, file: delivered.py, {keys}}}\n"
        "  - {name: load, kind: loader, file: load.py, upstream: [delivered]}\n"
    )
    (quick / "load.py").write_text(QUICK)
    (quick / "pipeline.yaml").write_text("blocks:\n  - {name: load, kind: loader, file: load.py}\n")
    if settings:
        (project / "headrace.yaml").write_text(settings)
    keep_history(project, site.history)
    return project


def begin(server: Server, pipeline: str = "guarded") -> str:
    answer = server.post(f"pipelines/{pipeline}/runs")
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def wait_for(server: Server, run: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    limit = time.monotonic() + LIMIT_S
    while True:
        record = server.get(f"runs/{run}").json()
        if holds(record):
            return record
        assert time.monotonic() < limit, record
        time.sleep(0.05)


def waits(record: dict[str, Any]) -> bool:
    return record["blocks"][0]["state"] == "waiting"


def is_over(record: dict[str, Any]) -> bool:
    return record["state"] in ("succeeded", "failed", "cancelled")


def test_two_hundred_sensors_that_wait_keep_nobody_from_running(tmp_path: Path) -> None:
    project = project_of(Site(tmp_path, ""), "poke: 10m, timeout: 2h", settings="max_parallel: 2\n")
    with Server(project) as server:
        server.wait_ready()
        before = len(below(server.pid))
        runs = [begin(server) for _ in range(200)]
        for run in runs:
            wait_for(server, run, waits)
        assert server.run("quick", timeout_s=LIMIT_S)["state"] == "succeeded"
        limit = time.monotonic() + LIMIT_S
        while len(below(server.pid)) > before + 3:
            assert time.monotonic() < limit, "workers are kept for sensors that wait"
            time.sleep(0.1)
        going = server.get("runs?state=running&limit=500").json()["runs"]
        assert len(going) == 200
        for run in runs:
            assert server.post(f"runs/{run}/cancel").status_code < 300
        for run in runs:
            assert wait_for(server, run, is_over)["state"] == "cancelled"


def test_a_wait_goes_on_after_a_crash_until_its_original_end(site: Site) -> None:
    project = project_of(site, "poke: 3s, timeout: 1h")
    with Server(project) as server:
        run = begin(server)
        before = wait_for(server, run, waits)["blocks"][0]
        server.kill9()
        server.start()
        (project / "there").touch()
        record = wait_for(server, run, is_over)
        (sensor, load) = record["blocks"]
        assert (record["state"], record["attempt"]) == ("succeeded", 2)
        assert (sensor["state"], load["state"]) == ("succeeded", "succeeded")
        assert sensor["give_up_at"] == before["give_up_at"]
        assert sensor["started_at"] == before["started_at"]
        assert [attempt["state"] for attempt in sensor["attempts"]] == ["succeeded"]


def test_a_wait_whose_time_ended_while_no_server_ran_is_over(site: Site) -> None:
    project = project_of(site, "poke: 1s, timeout: 8s, soft_fail: true")
    with Server(project) as server:
        run = begin(server)
        wait_for(server, run, waits)
        server.kill9()
        time.sleep(8)  # the time of the sensor, not of the test
        server.start()
        record = wait_for(server, run, is_over)
        assert record["state"] == "succeeded"
        assert [block["state"] for block in record["blocks"]] == ["skipped", "skipped"]


@pytest.mark.parametrize("prefix", ["", "async "])
def test_a_sensor_waits_until_it_is_ready(site: Site, prefix: str) -> None:
    project = project_of(site, "poke: 200ms", prefix=prefix)
    with Server(project) as server:
        run = begin(server)
        asked = wait_for(server, run, lambda record: record["blocks"][0]["pokes"] >= 3)
        assert asked["state"] == "running"
        (project / "there").touch()
        record = wait_for(server, run, is_over)
        assert record["state"] == "succeeded"
        (sensor, _) = record["blocks"]
        assert len(sensor["attempts"]) == 1, "pokes are no attempts"
        log = server.get(f"runs/{run}/blocks/delivered/log").text
        assert log.count("asked") == sensor["pokes"] + 1, "one log of all pokes"


@pytest.mark.parametrize(
    ("keys", "state", "blocks"),
    [
        ("poke: 200ms, timeout: 1s", "failed", ["failed", "skipped"]),
        ("poke: 200ms, timeout: 1s, retries: 3", "failed", ["failed", "skipped"]),
        ("poke: 200ms, timeout: 1s, soft_fail: true", "succeeded", ["skipped", "skipped"]),
    ],
)
def test_a_sensor_gives_up_in_time(site: Site, keys: str, state: str, blocks: list[str]) -> None:
    with Server(project_of(site, keys)) as server:
        record = server.run("guarded", timeout_s=LIMIT_S)
        assert (record["state"], [block["state"] for block in record["blocks"]]) == (state, blocks)
        (sensor, load) = record["blocks"]
        assert len(sensor["attempts"]) == 1
        if state == "failed":
            assert sensor["failure"]["kind"] == "timeout"
            assert "not ready within its timeout of 1s" in sensor["failure"]["message"]
        else:
            assert sensor["because"] == "not ready within 1s"
            assert load["because"] == "sensor delivered is not ready"


def test_a_poke_that_hangs_is_stopped_when_the_time_is_over(site: Site) -> None:
    project = project_of(site, "poke: 200ms, timeout: 1s")
    source = "import time\nfrom headrace import sensor\n\n\n@sensor\ndef delivered():\n    time.sleep(600)\n"
    (project / "pipelines" / "guarded" / "delivered.py").write_text(source)
    with Server(project) as server:
        record = server.run("guarded", timeout_s=LIMIT_S)
        assert (record["state"], record["blocks"][0]["failure"]["kind"]) == ("failed", "timeout")


def test_a_sensor_that_waits_is_cancelled_at_once(site: Site) -> None:
    with Server(project_of(site, "poke: 1h, timeout: 2h")) as server:
        run = begin(server)
        wait_for(server, run, waits)
        server.post(f"runs/{run}/cancel")
        record = wait_for(server, run, is_over)
        assert record["state"] == "cancelled"
        assert [block["state"] for block in record["blocks"]] == ["cancelled", "cancelled"]
