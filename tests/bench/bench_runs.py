"""Lists of runs over HTTP, in a history of a million runs on SQLite."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.figures import Figure
from tests.bench.running import Runner

from headrace.core.paths import ProjectPaths
from headrace.runs.history import History

RUNS = 1_000_000
PIPELINES = 20
NEWEST = 20_000
"""Runs that have blocks: those of which a page shows more than a line."""
SPAN = timedelta(days=20)
TARGET_MS = 20
WARM_UP = 20
_RECORD = json.dumps({"name": "a", "kind": "loader", "state": "succeeded", "seconds": 0.5})

_FILL = """
WITH RECURSIVE count(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n + 1 < :runs),
mixed(n, chance, other, at) AS (
    SELECT n, (n * 2654435761) % 1000003 % 100, (n * 40503) % 100019 % 1000,
        strftime('%Y-%m-%dT%H:%M:%f', :end - (:runs - n) * :step, 'unixepoch')
    FROM count
)
INSERT INTO runs (id, pipeline, state, origin, trigger_name, parameters, version, queued_at,
    started_at, finished_at, seconds, attempt, owner, blocks_done, blocks_total)
SELECT printf('%020d', n), printf('p%02d', (n * 7919) % 104729 % :pipelines),
    CASE WHEN chance < 92 THEN 'succeeded' WHEN chance < 98 THEN 'failed' ELSE 'cancelled' END,
    CASE WHEN other < 900 THEN 'trigger' WHEN other < 950 THEN 'editor' WHEN other < 999 THEN 'api'
        ELSE 'retry' END,
    'nightly', '{}', 'v', at || '000+00:00', at || '000+00:00', at || '000+00:00', 0.5, 1, 'bench',
    3, 3
FROM mixed
"""
_BLOCKS = """
INSERT INTO block_runs (run_id, name, position, pipeline, state, finished_at, record)
SELECT id, column1, column2, pipeline, 'succeeded', finished_at, replace(:record, '"a"',
    '"' || column1 || '"')
FROM runs JOIN (VALUES ('a', 0), ('b', 1), ('c', 2)) WHERE id >= printf('%020d', :first)
"""


def fill(file: Path, runs: int = RUNS) -> None:
    """Make a history of so many runs, from days ago until now."""
    History.open(file).close()
    with sqlite3.connect(file) as opened:
        # Indexes are made when all is there: a tenth of the time.
        indexes = opened.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'runs'"
            " AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            opened.execute(f"DROP INDEX {name}")
        opened.execute("INSERT INTO versions VALUES ('v', x'')")
        end = datetime.now(UTC).timestamp()
        step = SPAN.total_seconds() / runs
        opened.execute(_FILL, {"runs": runs, "pipelines": PIPELINES, "end": end, "step": step})
        opened.execute(_BLOCKS, {"first": runs - NEWEST, "record": _RECORD})
        for _, statement in indexes:
            opened.execute(statement)
    opened.close()


def pages(chance: random.Random) -> dict[str, Callable[[], str]]:
    """Say what is asked for, by kind: another page each time."""

    def pipeline() -> str:
        return f"p{chance.randrange(PIPELINES):02}"

    def moment() -> str:
        at = datetime.now(UTC) - SPAN * chance.random()
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def some_filter() -> str:
        given = {
            "pipeline": pipeline(),
            "state": chance.choice(["succeeded", "failed", "cancelled", "running"]),
            "origin": chance.choice(["trigger", "editor", "api", "retry", "cli"]),
            "until": moment(),
        }
        keys = chance.sample(sorted(given), chance.randint(1, len(given)))
        return "runs?" + "&".join(f"{key}={given[key]}" for key in keys)

    return {
        "newest": lambda: "runs",
        "anywhere deep": lambda: f"runs?before={chance.randrange(1, RUNS):020}",
        "any filters": some_filter,
        "last 50 runs by block": lambda: f"pipelines/{pipeline()}/runs/matrix",
    }


def measure(rounds: int) -> list[Figure]:
    """Ask for pages of 50; the floor is a request that reads no list."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        root = projects.empty(Path(folder) / "project")
        for number in range(PIPELINES):
            projects.add(root, f"p{number:02}", "blocks: []\n", {})
        paths = ProjectPaths.of(root)
        paths.make_state()
        fill(paths.database)
        with Server(root) as server:
            server.wait_ready()
            with Runner(server, "p00") as runner:
                return list(_figures(runner, pages(chance), rounds * 25))


def _figures(
    runner: Runner, asked: dict[str, Callable[[], str]], requests: int
) -> Iterator[Figure]:
    for kind, page in asked.items():
        times, floors = _timed(runner, page, requests)
        name = f"page of {RUNS:,} runs, {kind}"
        yield Figure(name, "ms", times, None, _share(floors, 0.5), "status")
        worst, floor = _share(times, 0.99), _share(floors, 0.99)
        yield Figure(f"{name}, p99", "ms", [worst], TARGET_MS, floor, "status, p99")
    home, floors = _timed(runner, lambda: "pipelines", requests // 5)
    name = f"home of {PIPELINES} pipelines, {RUNS:,} runs"
    yield Figure(name, "ms", home, None, _share(floors, 0.5), "status")


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[int(len(ordered) * share)]


def _timed(
    runner: Runner, page: Callable[[], str], requests: int
) -> tuple[list[float], list[float]]:
    """Return sorted milliseconds of each page, and of a request for nothing beside each."""
    pages: list[float] = []
    floors: list[float] = []
    for number in range(requests + WARM_UP):
        for path, times in ((page(), pages), ("status", floors)):
            began = time.perf_counter()
            runner.request("GET", path)
            if number >= WARM_UP:
                times.append((time.perf_counter() - began) * 1000)
    return sorted(pages), sorted(floors)
