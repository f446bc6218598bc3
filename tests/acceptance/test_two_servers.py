"""Two servers on one project and one history, one of them killed: every tick is there once.

On SQLite and on PostgreSQL alike. The lock that keeps a second server away is off: nothing may
depend on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from tests.postgres import postgres

from .harness import Server
from .plant import OVER, Plant, all_over, until

LEASE_S = 2.0
ENV = {"HEADRACE_LEASE_S": str(LEASE_S), "HEADRACE_LOCK": "off"}
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """The place of a PostgreSQL of our own."""
    with postgres() as place:
        yield f"postgresql+psycopg://{place}"


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A project whose history is in one of the databases, with a tick each second."""
    url = ""
    made = Plant(tmp_path, trigger="every: 1s, overlap: allow, catchup: all")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")
        (made.project / "headrace.yaml").write_text(f"history: {url}\n")
    return Site(made, url)


@dataclass
class Site:
    """A project, and the URL of its history when that is elsewhere."""

    plant: Plant
    url: str


def ticks(site: Site) -> list[Any]:
    """Read all ticks from outside, with the state of their runs, oldest first."""
    engine = create_engine(site.url or f"sqlite:///{site.plant.project}/.headrace/headrace.db")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT ticks.logical_time, ticks.run_id, ticks.skipped, runs.state, runs.owner"
            " FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id ORDER BY ticks.logical_time"
        ).all()
    engine.dispose()
    return list(rows)


def fired_by(site: Site, server: Server) -> int:
    """How many runs a server owns."""
    return sum(1 for row in ticks(site) if row.owner and row.owner.startswith(f"{server.pid}:"))


@pytest.mark.timeout(180)
def test_every_tick_is_there_once_when_one_of_two_servers_is_killed(site: Site) -> None:
    with (
        Server(site.plant.project, options=(), env=ENV) as first,
        Server(site.plant.project, options=(), env=ENV) as second,
    ):
        first.wait_ready()
        second.wait_ready()
        until(lambda: len(ticks(site)) >= 8, "ticks", 60)
        # Whoever fires more of them dies, amid its work.
        victim, other = sorted((first, second), key=lambda one: fired_by(site, one), reverse=True)
        victim.kill9()
        many = len(ticks(site))
        until(lambda: len(ticks(site)) >= many + 5, "ticks of the other", 60)
        paused = other.patch("pipelines/steps/triggers/often", {"active": False})
        assert paused.is_success, paused.text
        runs = all_over(other)
        rows = ticks(site)
    assert {run["state"] for run in runs} == {"succeeded"}
    assert {row.state for row in rows if row.run_id} <= {*OVER}
    times = [datetime.fromisoformat(row.logical_time) for row in rows]
    assert [b - a for a, b in pairwise(times)] == [SECOND] * (len(times) - 1), "none is lost"
    fired = [row.run_id for row in rows if row.run_id]
    assert len(fired) == len(set(fired)) == len(runs), "none is doubled"
    # All that was not fired says why: the edit that paused it, at the very end.
    assert [row.skipped for row in rows if row.skipped] in (
        [],
        ["the trigger was edited before it could start"],
    )
    # Each block of each run came to its end; what was cut off by the kill came again, and no more.
    effects = Counter((e.run, e.block, e.attempt) for e in site.plant.effects())
    assert max(effects.values()) == 1
    assert {(run, block) for run, block, _ in effects} == {
        (run, block) for run in fired for block in site.plant.CHAIN
    }
