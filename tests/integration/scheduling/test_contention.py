"""Several scheduler processes on one history, and schedulers that are killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headrace.project.pipeline import TriggerSpec
from headrace.runs.history import History
from headrace.runs.times import moment
from headrace.scheduling.triggers import next_of

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = 21
"""Bytes of a line of the effect log: a run's id."""
CONTENDER = Path(__file__).with_name("contenders.py")


def prepare(database: str, triggers: int) -> None:
    history = History.open(database)
    specs = [
        TriggerSpec(name=f"t{i}", cron="* * * * *", catchup="all", overlap="allow")
        for i in range(triggers)
    ]
    history.sync_triggers("p", specs, START, next_of)
    history.close()


def start(database: str, folder: Path, now: datetime) -> subprocess.Popen[bytes]:
    arguments = [database, str(folder / "effects"), now.isoformat()]
    return subprocess.Popen([sys.executable, str(CONTENDER), *arguments])


def check(database: str, folder: Path, triggers: int, minutes: int) -> None:
    """Each trigger has one run of each minute: none lost, none double, none without effect."""
    history = History.open(database)
    with history.database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT trigger_id, logical_time, run_id, skipped FROM ticks"
        ).all()
        runs = set(connection.exec_driver_sql("SELECT id FROM runs").scalars())
        if history.database.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    history.close()
    wanted = [START + timedelta(minutes=i + 1) for i in range(minutes)]
    by_trigger: dict[str, list[datetime]] = {}
    for trigger, at, _, _ in rows:
        by_trigger.setdefault(trigger, []).append(moment(at))
    assert len(by_trigger) == triggers
    for times in by_trigger.values():
        assert sorted(times) == wanted
    assert [row for row in rows if row[3] is not None] == [], "nothing was skipped"
    assert {row[2] for row in rows} == runs
    assert len(runs) == triggers * minutes
    effects = Counter((folder / "effects").read_text().split())
    assert set(effects) == runs, "every run was started"


def test_four_schedulers_make_one_run_of_each_tick(place: str, tmp_path: Path) -> None:
    triggers, minutes = 10, 100
    prepare(place, triggers)
    now = START + timedelta(minutes=minutes)
    processes = [start(place, tmp_path, now) for _ in range(4)]
    assert [process.wait(240) for process in processes] == [0] * 4
    check(place, tmp_path, triggers, minutes)
    history = History.open(place)
    with history.database.reading() as connection:
        owners = connection.exec_driver_sql("SELECT DISTINCT owner FROM runs").all()
    history.close()
    assert len(owners) > 1, "they did contend"
    started = Counter((tmp_path / "effects").read_text().split())
    assert set(started.values()) == {1}, "and by one of them"


def test_kills_at_any_moment_lose_and_double_no_tick(place: str, tmp_path: Path) -> None:
    rounds, triggers, minutes = 15, 3, 240
    chance = random.Random(int(os.environ.get("HEADRACE_SEED", "1")))
    effects = tmp_path / "effects"
    effects.touch()
    prepare(place, triggers)
    killed = 0
    for number in range(rounds):
        now = START + timedelta(minutes=minutes * (number + 1) // (rounds + 1))
        process = start(place, tmp_path, now)
        # Somewhere in the work of this round, which is about 45 runs of a line each.
        enough = effects.stat().st_size + LINE * chance.randint(1, 40)
        while process.poll() is None and effects.stat().st_size < enough:
            time.sleep(chance.uniform(0.0002, 0.002))
        process.kill()
        killed += process.wait(30) == -signal.SIGKILL
    assert killed > rounds // 2, "the kills came in time"
    assert start(place, tmp_path, START + timedelta(minutes=minutes)).wait(240) == 0
    check(place, tmp_path, triggers, minutes)
