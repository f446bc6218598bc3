"""The history is locked by others, damaged, or deleted: late answers, but nothing is lost."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from .harness import Server
from .invariants import check
from .plant import Plant, all_over, start_run, until

BUSY = {"HEADRACE_BUSY_MS": "600"}
"""Instead of 10 s; what is held for 0.3 s stands for 5 s."""


def database(plant: Plant) -> Path:
    return plant.project / ".headrace" / "headrace.db"


@contextmanager
def held(plant: Plant, seconds: float | None = None) -> Iterator[None]:
    """Let another program lock the history from now on, for so long or while the block lasts."""
    locked, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        opened = sqlite3.connect(database(plant), isolation_level=None, timeout=30)
        opened.execute("BEGIN EXCLUSIVE")
        locked.set()
        is_over.wait(seconds)
        opened.execute("ROLLBACK")
        opened.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(30)
    try:
        yield
    finally:
        if seconds is None:
            is_over.set()
        thread.join()


def test_a_short_lock_of_another_program_is_a_delay_and_nothing_else(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    with Server(plant.project, env=BUSY) as server:
        server.wait_ready()
        with held(plant, 0.3):
            begun = time.monotonic()
            start_run(server)
            assert time.monotonic() - begun > 0.2
        (over,) = all_over(server)
        assert over["state"] == "succeeded"
        check(plant, server)


def test_a_long_lock_is_503_and_what_goes_on_is_recorded_when_it_ends(tmp_path: Path) -> None:
    plant = Plant(tmp_path, trigger="every: 1s, overlap: allow, catchup: all", gated="second")
    with Server(plant.project, env=BUSY, options=()) as server:
        server.wait_ready()
        run = start_run(server)
        until(lambda: plant.counts(run)["second"], "the gated block")
        with held(plant):
            plant.open_gate()  # blocks end while nothing can be written
            refused = server.post("pipelines/steps/runs", {})
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
            assert server.get("status").status_code == 200
        many = len(server.get("runs").json()["runs"])
        until(lambda: len(server.get("runs").json()["runs"]) > many, "the next tick")
        until(lambda: server.get(f"runs/{run}").json()["state"] == "succeeded", "the run's end")
        server.patch("pipelines/steps/triggers/often", {"active": False})
        runs = all_over(server)
        assert {r["state"] for r in runs} == {"succeeded"}
        assert server.get(f"runs/{run}").json()["attempt"] == 1, "nobody took it away"
        check(plant, server)


@contextmanager
def unreachable(place: str, url: str) -> Iterator[None]:
    """Let nobody reach a database of the PostgreSQL server at `place` while the block lasts."""
    name = url.rpartition("/")[2]
    with psycopg.connect(f"postgresql://{place}", autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def test_a_postgresql_that_goes_away_is_503_and_all_goes_on_when_it_is_back(
    tmp_path: Path, postgresql_server: str, postgresql: str
) -> None:
    often = "every: 1s, overlap: allow, catchup: all"
    plant = Plant(tmp_path, trigger=often, gated="second", history=postgresql)
    with Server(plant.project, options=()) as server:
        server.wait_ready()
        run = start_run(server)
        until(lambda: plant.counts(run)["second"], "the gated block")
        with unreachable(postgresql_server, postgresql):
            plant.open_gate()  # blocks end while nothing can be written
            refused = server.post("pipelines/steps/runs", {})
            assert refused.status_code == 503, refused.text
            assert int(refused.headers["Retry-After"]) > 0
            assert server.get("status").status_code == 200
        many = len(server.get("runs").json()["runs"])
        until(lambda: len(server.get("runs").json()["runs"]) > many, "the next tick", 60)
        until(lambda: server.get(f"runs/{run}").json()["state"] == "succeeded", "its end", 60)
        server.patch("pipelines/steps/triggers/often", {"active": False})
        assert {r["state"] for r in all_over(server)} == {"succeeded"}
        assert server.get(f"runs/{run}").json()["attempt"] == 1, "nobody took it away"
        check(plant, server)


def garbage(file: Path) -> None:
    file.write_bytes(b"\x00nonsense" * 5000)


def half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def hole(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * 20_000)


@pytest.mark.parametrize("harm", [garbage, half, hole, Path.unlink])
def test_a_history_that_is_damaged_or_gone_begins_anew_and_says_so(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    plant = Plant(tmp_path, trigger="every: 1h")
    with Server(plant.project, options=()) as server:
        server.wait_ready()
        assert server.run("steps")["state"] == "succeeded"
        due = server.get("triggers").json()["triggers"][0]["next_at"]
        server.stop()
        for suffix in ("-wal", "-shm"):
            Path(f"{database(plant)}{suffix}").unlink(missing_ok=True)
        harm(database(plant))
        plant.effects_file.write_text("")  # the runs that it tells of are forgotten

        server.start()
        server.wait_ready()
        status = server.get("status").json()
        assert status["state"] == "ready"
        assert "history was" in status["problem"]
        assert status["problem"] in server.log_file.read_text()
        aside = list(database(plant).parent.glob("headrace.db.broken-*"))
        assert len(aside) == (harm is not Path.unlink)
        assert all(file.name in status["problem"] for file in aside)
        (trigger,) = server.get("triggers").json()["triggers"]
        assert trigger["next_at"] == due, "read again from the file, and not fired for the past"
        assert server.get("runs").json()["runs"] == []
        assert server.run("steps")["state"] == "succeeded"
        check(plant, server)

        server.restart()
        server.wait_ready()
        assert server.get("status").json()["problem"] is None, "it is told once"
