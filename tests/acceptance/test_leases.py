"""Two processes on one project: who lost its lease writes nothing, and nobody's run is forgotten."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Server, headrace_command
from .history import nobody_writes, rows
from .invariants import check
from .plant import Plant, all_over, start_run, until
from .processes import below, pid_runs

LEASE_S = 1.5
SHORT = {"HEADRACE_LEASE_S": str(LEASE_S), "HEADRACE_LOCK": "off"}


@pytest.fixture
def plant(history_url: str, tmp_path: Path) -> Plant:
    return Plant(tmp_path, gated="second", history=history_url)


@pytest.fixture
def first(plant: Plant) -> Iterator[Server]:
    with Server(plant.project, env=SHORT) as server:
        server.wait_ready()
        yield server


def pause_between_writes(server: Server, plant: Plant) -> None:
    """Let a server stand still while it does not keep everybody else out of the history."""

    def pauses() -> bool:
        server.pause()
        if nobody_writes(plant.project):
            return True
        server.go_on()
        return False

    until(pauses, "a moment between two writes")


def test_a_server_that_stood_still_and_lost_its_lease_writes_nothing_when_it_goes_on(
    plant: Plant, first: Server
) -> None:
    run = start_run(first)
    until(lambda: plant.counts(run)["second"], "the gated block")
    pause_between_writes(first, plant)
    try:
        with Server(plant.project, env=SHORT) as second:
            second.wait_ready()
            until(lambda: plant.counts(run)["second"] == 2, "the run at the second server")
            plant.open_gate()  # for the workers of both
            (over,) = all_over(second)
            assert over["state"] == "succeeded"
            before = (
                rows(plant.project, "SELECT * FROM runs"),
                rows(plant.project, "SELECT * FROM block_runs"),
            )
            effects = plant.effects()

            first.go_on()
            fenced = until(lambda: first.get("status").json()["problem"], "the first to notice")
            assert "took over" in fenced
            refused = first.post("pipelines/steps/runs", {})
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
            until(lambda: not below(first.pid), "the end of the first one's workers")
            after = (
                rows(plant.project, "SELECT * FROM runs"),
                rows(plant.project, "SELECT * FROM block_runs"),
            )
            assert after == before, "the first server wrote nothing"
            assert plant.effects() == effects, "and executed nothing"
            record = second.get(f"runs/{run}").json()
            assert record["attempt"] == 2
            check(plant, second)
    finally:
        first.go_on()


def test_a_worker_that_outlives_its_server_has_no_say_any_more(plant: Plant, first: Server) -> None:
    run = start_run(first)
    (worker,) = until(
        lambda: [e.pid for e in plant.effects() if e.block == "second"], "the gated block"
    )
    os.kill(worker, signal.SIGSTOP)  # it does not even notice that its server is gone
    dead = first.pid
    first.kill9()
    first.restart()
    first.wait_ready()
    until(lambda: plant.counts(run)["second"] == 2, "the second attempt")
    plant.open_gate()
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)
    (over,) = all_over(first)
    assert (over["state"], plant.counts(run)["third"]) == ("succeeded", 1)
    check(plant, first, dead=(dead,))
    until(lambda: not pid_runs(worker), "the end of the old worker")


def test_a_run_of_a_host_that_is_gone_is_taken_up_once_its_lease_is_old(
    plant: Plant, first: Server
) -> None:
    run = start_run(first)
    until(lambda: plant.counts(run)["second"], "the gated block")
    first.kill9()
    gone = "7:1.00:boot:gone-container"  # whose name nobody will ever have again
    rows(plant.project, "UPDATE runs SET owner = :gone", gone=gone)
    rows(plant.project, "UPDATE leases SET owner = :gone", gone=gone)
    plant.open_gate()
    begun = time.monotonic()
    first.restart()
    first.wait_ready()
    assert first.get(f"runs/{run}").json()["state"] == "running", "it may live for all we know"
    (over,) = all_over(first)
    assert over["state"] == "succeeded"
    assert time.monotonic() - begun >= LEASE_S
    assert rows(plant.project, "SELECT count(*) FROM leases") == [(1,)], "the old lease is gone"
    check(plant, first)


def test_a_run_that_its_own_server_forgot_is_taken_up(plant: Plant, first: Server) -> None:
    plant.open_gate()
    first.run("steps")
    # Recorded, and never launched: as if the task between the two had been lost.
    [(old,)] = rows(plant.project, "SELECT id FROM runs")
    rows(plant.project, "UPDATE block_runs SET finished_at = NULL WHERE name = 'third'")
    rows(plant.project, "UPDATE runs SET state = 'running', finished_at = NULL")
    until(lambda: first.get(f"runs/{old}").json()["state"] == "succeeded", "its end")


def test_a_server_that_ends_gives_its_lease_back(plant: Plant, first: Server) -> None:
    assert len(rows(plant.project, "SELECT owner FROM leases")) == 1
    first.stop()
    assert rows(plant.project, "SELECT owner FROM leases") == []


def test_a_run_of_a_command_line_that_was_killed_is_finished_by_the_server(
    plant: Plant, first: Server
) -> None:
    command = [*headrace_command(), "run", "steps", "-C", str(plant.project)]
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=os.environ | SHORT, **nowhere) as line:
        until(lambda: [e for e in plant.effects() if e.block == "second"], "the gated block")
        assert [row[1] for row in rows(plant.project, "SELECT id, state FROM runs")] == ["running"]
        time.sleep(LEASE_S * 2)  # the server has looked meanwhile, and left the run where it was
        assert len([e for e in plant.effects() if e.block == "second"]) == 1
        line.kill()
    plant.open_gate()
    (over,) = all_over(first)
    assert over["state"] == "succeeded"
    check(plant, first, dead=(line.pid,))
