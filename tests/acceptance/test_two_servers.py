"""Two servers on one project and one history, killed again and again: every tick is there once.

On SQLite and on PostgreSQL alike. The lock that keeps a second server away is off: nothing may
depend on it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .history import rows
from .invariants import check
from .plant import OVER, Plant, all_over, until

LEASE_S = 2.0
ENV = {"HEADRACE_LEASE_S": str(LEASE_S), "HEADRACE_LOCK": "off"}
SECOND = timedelta(seconds=1)
TRIGGERS = 3
KILLS = 4


@pytest.fixture
def plant(tmp_path: Path, history_url: str) -> Plant:
    """A project whose history is in one of the databases, with three ticks each second."""
    often = "every: 1s, overlap: allow, catchup: all"
    made = Plant(tmp_path, trigger=often, history=history_url)
    with (made.pipeline / "pipeline.yaml").open("a") as file:
        file.writelines(f"  - {{name: often{n}, {often}}}\n" for n in range(1, TRIGGERS))
    return made


def ticks(plant: Plant) -> list[Any]:
    """Read all ticks from outside, with the state of their runs, oldest first."""
    return rows(
        plant.project,
        "SELECT ticks.trigger_id, ticks.logical_time, ticks.run_id, ticks.skipped, runs.state,"
        " runs.owner FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id ORDER BY 1, 2",
    )


def fired_by(plant: Plant, server: Server) -> int:
    """How many runs a server owns."""
    owners = (row.owner for row in ticks(plant) if row.owner)
    return sum(1 for owner in owners if owner.startswith(f"{server.pid}:"))


def test_every_tick_is_there_once_when_two_servers_are_killed_again_and_again(
    plant: Plant,
) -> None:
    dead: list[int] = []
    with (
        Server(plant.project, options=(), env=ENV) as first,
        Server(plant.project, options=(), env=ENV) as second,
    ):
        first.wait_ready()
        second.wait_ready()
        until(lambda: len(ticks(plant)) >= 5 * TRIGGERS, "ticks", 60)
        for _ in range(KILLS):
            # Whoever fires more of them dies, amid its work.
            many = sorted((first, second), key=lambda one: fired_by(plant, one))
            victim = many[-1]
            before = len(ticks(plant))
            dead.append(victim.pid)
            victim.kill9()
            until(
                lambda before=before: len(ticks(plant)) >= before + 2 * TRIGGERS,
                "ticks of the other",
                60,
            )
            victim.start()
            victim.wait_ready()
        for number in range(TRIGGERS):
            path = f"pipelines/steps/triggers/often{number or ''}"
            paused = first.patch(path, {"active": False})
            assert paused.is_success, paused.text
        runs = all_over(first)
        found, effects = ticks(plant), plant.effects()
        check(plant, first, dead=tuple(dead))
    assert {run["state"] for run in runs} == {"succeeded"}
    assert {row.state for row in found if row.run_id} <= {*OVER}
    by_trigger: dict[str, list[datetime]] = {}
    for row in found:
        by_trigger.setdefault(row.trigger_id, []).append(datetime.fromisoformat(row.logical_time))
    assert len(by_trigger) == TRIGGERS
    for times in by_trigger.values():
        assert {b - a for a, b in pairwise(times)} == {SECOND}, "none is lost, none is there twice"
    fired = [row.run_id for row in found if row.run_id]
    assert len(fired) == len(set(fired)) == len(runs), "none is doubled"
    # All that was not fired says why: the edit that paused it, at the very end.
    reasons = {row.skipped for row in found if row.skipped}
    assert all("the trigger was edited before it could start" in reason for reason in reasons)
    # Each block of each run came to its end; what a kill cut off came again, and no more.
    assert max(Counter((e.run, e.block, e.attempt) for e in effects).values()) == 1
    assert {(effect.run, effect.block) for effect in effects} == {
        (run, block) for run in fired for block in plant.CHAIN
    }
