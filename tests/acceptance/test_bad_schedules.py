"""Schedules and parameters that mean nothing are refused with their field, before anything is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .plant import Plant, start_run, until

YAML = """\
parameters:
  month: {type: integer}
  names: {type: list, default: []}
blocks:
  - {name: say, kind: loader, file: say.py}
"""
SAY = "from headrace import loader\n\n\n@loader\ndef say(month: int):\n    return month\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("bad") / "project"
    folder = project / "pipelines" / "p"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "say.py").write_text(SAY)
    with Server(project) as running:
        running.wait_ready()
        yield running


def cron(line: str) -> dict[str, Any]:
    return {"cron": line}


def hourly(**fields: Any) -> dict[str, Any]:
    return {"cron": "0 * * * *", **fields}


BAD_CRON = (
    *("* * * *", "* * * * * * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "@reboot", ""),
    *("H * * * *", "0 0 * * 1#6", "1," * 6000 + "1 * * * *"),
    *("0 0 30 2 *", "0 0 31 4 *", "0 0 15W 2 x", "é * * * *"),
)
BAD_ZONES = ("Mars/Phobos", "../../etc/passwd", "", "+25:00", "\x00", "A" * 5000)
BAD_INTERVALS = ("0", "0s", "-5m", "1ms", "1000000000000s", "NaN", "1e9", "")
BAD_BOUNDS = (
    {"start": "2030-01-02", "end": "2030-01-01"},
    {"end": "2020-01-01"},
    {"start": "0001-01-01"},
    {"end": "9999-12-31"},
    {"start": "next week"},
)
CASES = [
    *((cron(line), "cron") for line in BAD_CRON),
    *((hourly(timezone=zone), "timezone") for zone in BAD_ZONES),
    *(({"every": text}, "every") for text in BAD_INTERVALS),
    *((hourly(**bounds), "") for bounds in BAD_BOUNDS),
    ({"every": "1h", "cron": "0 * * * *"}, "cron"),
    ({"every": "1h", "catchup_limit": 0}, "catchup_limit"),
    ({"every": "1h", "jitter": "soon"}, "jitter"),
]


@pytest.mark.parametrize(
    ("fields", "field"), CASES, ids=lambda value: json.dumps(value)[:40] if value else ""
)
def test_what_means_nothing_is_refused_by_its_field(
    server: Server, fields: dict[str, Any], field: str
) -> None:
    answer = server.post("pipelines/p/triggers", {"name": "t", **fields})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["details"]["field"] in ((field,) if field else ("start", "end"))
    assert len(error["message"]) < 400
    assert server.get("pipelines/p/triggers").json()["triggers"] == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("Europe/Stockholm", "Europe/Stockholm"),
    ],
)
def test_a_zone_that_got_another_name_is_kept_by_the_one_of_today(
    server: Server, said: str, kept: str
) -> None:
    body = {"name": "t", "cron": "0 9 * * *", "active": False}
    try:
        added = server.post("pipelines/p/triggers", {**body, "timezone": said})
        assert added.status_code == 201, added.text
        assert added.json()["timezone"] == kept
        assert kept in (server.project / "pipelines" / "p" / "pipeline.yaml").read_text()
        changed = server.patch("pipelines/p/triggers/t", {"timezone": "UTC"})
        assert changed.json()["timezone"] == "UTC"
        changed = server.patch("pipelines/p/triggers/t", {"timezone": said})
        assert changed.json()["timezone"] == kept
        asked = {"cron": "0 9 * * *", "after": "2026-11-21T00:00:00Z"}
        old, new = (
            server.post("triggers/preview", {**asked, "timezone": zone}).json()
            for zone in (said, kept)
        )
        assert old == new
    finally:
        server.delete("pipelines/p/triggers/t")


@pytest.mark.parametrize("line", ["0 0 29 2 *", "0 9 * * MON", "0 0 L * *", "0 0 * * 1#2"])
def test_what_is_rare_but_exists_shows_its_next_ticks(server: Server, line: str) -> None:
    answer = server.post("triggers/preview", {"cron": line, "timezone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.text
    ticks = [datetime.fromisoformat(tick["at"]) for tick in answer.json()["ticks"]]
    assert len(ticks) == 5
    assert ticks == sorted(set(ticks))
    if line == "0 0 29 2 *":
        assert ticks[0].astimezone(UTC) == datetime(2028, 2, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"month": "two"},
        {"month": 1.5},
        {"month": None},
        {"month": [1]},
        {"month": 1, "nope": 2},
        {"month": 1, "names": {"a": 1}},
        {"month": "1" * 1_000_000},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_parameters_are_checked_before_there_is_a_run(
    server: Server, parameters: dict[str, Any]
) -> None:
    answer = server.post("pipelines/p/runs", {"parameters": parameters})
    assert answer.status_code == 400, answer.text
    assert len(answer.text) < 2000
    assert server.get("runs").json()["runs"] == []


def test_a_pipeline_that_runs_is_deleted_when_that_is_said(tmp_path: Path) -> None:
    plant = Plant(tmp_path, gated="second")
    with Server(plant.project) as server:
        server.wait_ready()
        run = start_run(server)
        until(lambda: plant.counts(run)["second"], "the gated block")
        refused = server.delete("pipelines/steps")
        assert refused.status_code == 409
        assert refused.json()["error"]["details"]["runs"] == [run]
        assert (plant.pipeline / "pipeline.yaml").exists()
        began = time.monotonic()
        deleted = server.delete("pipelines/steps", params={"cancel": "true"})
        assert deleted.is_success, deleted.text
        assert time.monotonic() - began < 12
        assert server.get(f"runs/{run}").json()["state"] == "cancelled", "its history stays"
    assert not plant.pipeline.exists()
    assert list((plant.project / ".headrace" / "trash").glob("*-steps/first.py"))
