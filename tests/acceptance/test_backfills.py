"""Backfills from outside: every tick of the past once, whoever dies, pauses or asks twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import Server, headrace_command
from .history import keep_history
from .invariants import check
from .plant import Plant, until

DAILY = 'cron: "0 6 * * *", timezone: Europe/Berlin, active: false'
MARCH = {"trigger": "often", "from": "2026-03-20", "to": "2026-04-02"}
"""Two weeks with a change of clocks."""
TICKS = 14
TELLING = """\
from pathlib import Path

from headrace import loader


@loader
def tell(context):
    print(context.interval_start.isoformat(), context.logical_time.isoformat())
    assert not Path("broken").exists() or context.logical_time.day % 3
"""


@pytest.fixture
def plant(tmp_path: Path, history_url: str) -> Plant:
    return Plant(tmp_path, trigger=DAILY, seconds=0.02, history=history_url)


@pytest.fixture
def telling(tmp_path: Path, history_url: str) -> Path:
    """Make a project whose one block prints its interval, and fails each third day if `broken`."""
    root = tmp_path / "telling"
    folder = root / "pipelines" / "tells"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(
        "blocks:\n  - {name: tell, kind: loader, file: tell.py}\n"
        f"triggers:\n  - {{name: often, {DAILY}}}\n"
    )
    (folder / "tell.py").write_text(TELLING)
    keep_history(root, history_url)
    return root


def serve(project: Path) -> Server:
    server = Server(project, options=())
    server.wait_ready()
    return server


def add(server: Server, pipeline: str = "steps", **fields: Any) -> dict[str, Any]:
    answer = server.post(f"pipelines/{pipeline}/backfills", {**MARCH, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def over(server: Server, backfill: dict[str, Any], state: str = "finished") -> dict[str, Any]:
    def now() -> dict[str, Any] | None:
        found = server.get(f"backfills/{backfill['id']}").json()
        return found if found["state"] == state and not found["counts"]["running"] else None

    return until(now, f"a backfill that is {state}", 60)


def runs_of(server: Server, backfill: dict[str, Any]) -> list[dict[str, Any]]:
    return server.get(f"runs?backfill={backfill['id']}&limit=500").json()["runs"]


def past(server: Server, pipeline: str = "steps") -> dict[str, int]:
    query = {"from": MARCH["from"], "to": MARCH["to"]}
    return server.get(f"pipelines/{pipeline}/triggers/often/ticks", params=query).json()["counts"]


def command(project: Path, *words: str) -> list[str]:
    return [*headrace_command(), *words, "-C", str(project)]


def call(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(project, *words), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def tells(telling: Path) -> Iterator[Server]:
    with serve(telling) as server:
        yield server


def test_the_holes_of_a_span_are_filled_and_nothing_else(tells: Server, telling: Path) -> None:
    assert past(tells, "tells") == {"missing": TICKS}
    (telling / "broken").touch()
    first = over(tells, add(tells, "tells", parallel=4))
    failed = [run for run in runs_of(tells, first) if run["state"] == "failed"]
    assert len(failed) == first["counts"]["failed"] == 4
    (telling / "broken").unlink()
    planned = tells.post("pipelines/tells/backfills/plan", MARCH).json()
    assert planned["total"] == 4
    assert {tick["at"] for tick in planned["ticks"]} == {run["logical_time"] for run in failed}
    assert planned["seconds"] >= planned["run_seconds"] > 0
    second = over(tells, add(tells, "tells"))
    assert second["counts"]["succeeded"] == 4
    assert past(tells, "tells") == {"succeeded": TICKS}
    refused = tells.post("pipelines/tells/backfills", MARCH)
    assert refused.status_code == 400
    assert "nothing to run" in refused.json()["error"]["message"]


def test_blocks_get_the_interval_of_their_tick_also_where_clocks_change(tells: Server) -> None:
    made = over(tells, add(tells, "tells", **{"from": "2026-03-28", "to": "2026-03-30"}))
    printed = [
        tells.get(f"runs/{run['id']}/blocks/tell/log").text.split()
        for run in reversed(runs_of(tells, made))
    ]
    assert printed == [
        ["2026-03-27T05:00:00+00:00", "2026-03-28T05:00:00+00:00"],
        ["2026-03-28T05:00:00+00:00", "2026-03-29T04:00:00+00:00"],
        ["2026-03-29T04:00:00+00:00", "2026-03-30T04:00:00+00:00"],
    ]
    versions = {run["published"] for run in runs_of(tells, made)}
    assert versions == {1}, "backfills run what is published"


def test_a_server_that_dies_again_and_again_runs_every_tick_once(plant: Plant) -> None:
    dead: list[int] = []
    with serve(plant.project) as server:
        made = add(server, parallel=3)
        for ended in (1, 5, 9):
            until(
                lambda ended=ended: sum(e.block == "third" for e in plant.effects()) >= ended,
                f"{ended} runs",
            )
            dead.append(server.pid)
            server.kill9()
            server.start()
            server.wait_ready()
        finished = over(server, made)
        assert finished["counts"]["succeeded"] == finished["total"] == TICKS
        runs = runs_of(server, made)
        assert len({run["logical_time"] for run in runs}) == len(runs) == TICKS
        started = Counter(
            run["logical_time"] for run in server.get("runs?limit=500").json()["runs"]
        )
        assert set(started.values()) == {1}, "no tick has a second run anywhere"
        check(plant, server, dead=tuple(dead))


def test_a_paused_backfill_stays_so_over_a_restart_and_goes_on_when_told(plant: Plant) -> None:
    with serve(plant.project) as server:
        made = add(server)
        until(lambda: runs_of(server, made), "the first run")
        assert server.post(f"backfills/{made['id']}/pause").status_code == 200
        rested = over(server, made, "paused")
        server.restart()
        server.wait_ready()
        assert over(server, made, "paused")["counts"] == rested["counts"]
        assert rested["counts"]["waiting"] > 0
        assert server.post(f"backfills/{made['id']}/resume").status_code == 200
        assert over(server, made)["counts"]["succeeded"] == TICKS
        again = server.post(f"backfills/{made['id']}/pause")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_cancelling_stops_the_runs_and_leaves_holes_that_can_be_filled(
    tmp_path: Path, history_url: str
) -> None:
    plant = Plant(tmp_path, trigger=DAILY, gated="second", history=history_url)
    with serve(plant.project) as server:
        made = add(server, parallel=2)
        until(lambda: sum(e.block == "second" for e in plant.effects()) == 2, "two runs")
        assert server.post(f"backfills/{made['id']}/cancel").json()["state"] == "cancelled"
        ended = over(server, made, "cancelled")
        assert (ended["counts"]["cancelled"], ended["counts"]["waiting"]) == (2, TICKS - 2)
        assert past(server) == {"cancelled": 2, "missing": TICKS - 2}
        plant.open_gate()
        assert add(server)["total"] == TICKS


def test_asked_for_twice_it_runs_once(plant: Plant) -> None:
    with serve(plant.project) as server:
        answers = [server.post("pipelines/steps/backfills", MARCH) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 400, 400]
        over(server, answers[0].json())
        assert len(server.get("runs?limit=500").json()["runs"]) == TICKS


def test_a_draft_that_is_broken_changes_no_backfill(plant: Plant) -> None:
    with serve(plant.project) as server:
        assert server.post("pipelines/steps/publish").status_code == 201
        plant.block_file("first").write_text("def (")
        assert over(server, add(server, parallel=4))["counts"]["succeeded"] == TICKS


# The command line


def test_without_a_server_the_command_runs_them_itself(plant: Plant) -> None:
    span = ("--from", "2026-03-20", "--to", "2026-04-02")
    planned = json.loads(
        call(plant.project, "backfill", "steps", "often", *span, "--dry-run", "--json").stdout
    )
    assert (planned["total"], planned["counts"]) == (TICKS, {"missing": TICKS})
    assert plant.effects() == []
    done = call(plant.project, "backfill", "steps", "often", *span, "--parallel", "3", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert (record["state"], record["counts"]["succeeded"]) == ("finished", TICKS)
    listed = json.loads(call(plant.project, "backfills", "--json").stdout)["backfills"]
    assert [one["id"] for one in listed] == [record["id"]]
    again = call(plant.project, "backfill", "steps", "often", *span, "--json")
    assert again.returncode == 1
    assert json.loads(again.stdout)["error"]["code"] == "invalid"


def test_a_signal_pauses_it_and_resume_does_the_rest(plant: Plant) -> None:
    words = ("backfill", "steps", "often", "--from", "2026-03-20", "--to", "2026-04-02", "--json")
    process = subprocess.Popen(
        command(plant.project, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: sum(e.block == "third" for e in plant.effects()) >= 2, "two runs")
    os.kill(process.pid, signal.SIGINT)
    said, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    record = json.loads(said.splitlines()[-1])
    assert (record["state"], record["counts"]["running"]) == ("paused", 0)
    assert 0 < record["counts"]["succeeded"] < TICKS
    assert f"headrace backfills resume {record['id']}" in told
    rest = call(plant.project, "backfills", "resume", record["id"], "--json")
    assert rest.returncode == 0, rest.stderr
    assert json.loads(rest.stdout.splitlines()[-1])["counts"]["succeeded"] == TICKS


def test_beside_a_server_the_command_hands_it_over_and_waits(plant: Plant) -> None:
    with serve(plant.project) as server:
        words = ("backfill", "steps", "often", "--from", "2026-03-20", "--to", "2026-04-02")
        done = call(plant.project, *words, "--newest-first", "--json")
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout.splitlines()[-1])
        times = [run["logical_time"] for run in runs_of(server, record)]
        assert times == sorted(times), "the newest tick came first, so it is the last of the list"
        assert server.get("status").json()["runs"] == 0


# Two servers


def test_two_servers_on_one_history_run_every_tick_once_though_one_dies(
    tmp_path: Path, history_url: str
) -> None:
    plant = Plant(tmp_path, trigger=DAILY, seconds=0.05, history=history_url)
    with Server(plant.project, options=(), env={"HEADRACE_LOCK": "off"}) as first:
        first.wait_ready()
        with Server(plant.project, options=(), env={"HEADRACE_LOCK": "off"}) as second:
            second.wait_ready()
            made = add(second, parallel=4)
            until(lambda: sum(e.block == "third" for e in plant.effects()) >= 3, "three runs")
            first.kill9()
            finished = over(second, made)
            assert finished["counts"]["succeeded"] == finished["total"] == TICKS
            runs = second.get("runs?limit=500").json()["runs"]
            assert len({run["logical_time"] for run in runs}) == len(runs) == TICKS
            check(plant, second, dead=(first.pid,))
