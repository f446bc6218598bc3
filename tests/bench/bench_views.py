"""Views of a frame of 10 million rows: sorted, filtered, searched, told of; and beside marimo at 1M.

Each figure is from the request to the decoded window, for a view that nobody has asked for before.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from pyarrow import ipc
from tests.acceptance.harness import Server
from tests.bench import bench_peers, processes, projects
from tests.bench.figures import Figure
from tests.bench.running import Runner

ROWS = 10_000_000
PEER_ROWS = 1_000_000
WINDOW = 200
LOCK = Path(__file__).parent / "marimo.txt"
SORT_FLOAT_MS, SORT_TEXT_MS, AFTER_SORT_MS = 300, 1_000, 30
FILTER_MS, SEARCH_MS, SEARCH_ALL_MS, PROFILE_MS = 150, 150, 500, 1_000
MEMORY_RATIO = 1.5


class Table:
    """One stored frame and the server that shows it."""

    def __init__(self, server: Server, runner: Runner, address: str, stored: Path) -> None:
        self.server, self.runner, self.address, self.stored = server, runner, address, stored

    def window(self, offset: int = 0, **view: Any) -> None:
        """Ask for rows of a view, and decode them."""
        sent = {k: v if isinstance(v, str) else json.dumps(v) for k, v in view.items()}
        query = "".join(f"&{key}={quote(text)}" for key, text in sent.items())
        path = f"outputs/{self.address}/rows?offset={offset}&limit={WINDOW}{query}"
        ipc.open_stream(self.runner.request("GET", path)).read_all()

    def profile(self) -> None:
        """Ask for the profile of all columns."""
        self.runner.request("GET", f"outputs/{self.address}/profile")

    def forget(self) -> None:
        """Let nothing be known of the frame but that the process of its rows is there."""
        self.stored.with_suffix(".profile").unlink(missing_ok=True)
        process = self.process()
        os.kill(process, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(process)] if psutil.pid_exists(process) else [])
        self.window()

    def process(self) -> int:
        """The process that has mapped the frame, and works for the rows alone."""
        mapped = [pid for pid in processes.tree(self.server.pid) if self._maps(pid)]
        return max(mapped)  # the worker that made it was there before

    def _maps(self, pid: int) -> bool:
        try:
            return self.stored.name in Path(f"/proc/{pid}/maps").read_text()
        except OSError:
            return False


def measure(rounds: int) -> list[Figure]:
    """Everything at 10M rows, and what marimo does too at 1M."""
    rounds = max(1, min(rounds, 5))
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        projects.add_mixed(project, ROWS)
        with Server(project) as server, Runner(server, "mixed") as runner:
            server.wait_ready()
            large = _of_ten_million(_made(server, runner, project, ROWS), rounds)
            small = _made(server, runner, project, PEER_ROWS)
            return [*large, *_beside_marimo(small, rounds)]


def _made(server: Server, runner: Runner, project: Path, rows: int) -> Table:
    _, record = runner.run(rows=rows)
    address = record["blocks"][0]["address"]
    stored = next((project / ".headrace" / "store").glob(f"*/{address}.arrow"))
    table = Table(server, runner, address, stored)
    table.window()
    return table


def _of_ten_million(table: Table, rounds: int) -> list[Figure]:
    chance = random.Random(0)
    end = ROWS - WINDOW
    floats = [f"{way}f{at}" for way in ("", "-") for at in range(5)][:rounds]
    texts, words = ["name", "-name"], ["word", "-word"]
    sorts: dict[str, list[float]] = {"float": [], "text": [], "few": []}
    nexts: list[float] = []
    ends: list[float] = []
    for kind, keys in (("float", floats), ("text", texts), ("few", words)):
        for key in keys:
            sorts[kind].append(_timed(lambda key=key: table.window(sort=key)))
            nexts.append(_timed(lambda key=key: table.window(WINDOW, sort=key)))
            ends.append(_timed(lambda key=key: table.window(end, sort=key)))
    several = _timed(lambda: table.window(sort="word,-i0,f1"))
    limits = [round(chance.random(), 6) for _ in range(rounds)]
    filters = [
        _timed(lambda limit=limit: table.window(filter=[_condition("f2", ">", limit)]))
        for limit in limits
    ]
    searches = [
        _timed(lambda n=n: table.window(filter=[_condition("name", "contains", f"R_{n}")]))
        for n in range(123, 123 + rounds)
    ]
    both = _timed(lambda: table.window(sort="i1", filter=[_condition("f2", ">", 0.5)]))
    peak = _peak_mb(table.process())
    profiles: list[float] = []
    for _ in range(min(3, rounds)):
        table.forget()
        profiles.append(_timed(table.profile))
    peak = max(peak, _peak_mb(table.process()))
    again = [_timed(table.profile) for _ in range(rounds)]
    size = table.stored.stat().st_size / 1e6
    of = "of 10M × 10"
    return [
        Figure(f"sort by float {of}", "ms", sorts["float"], SORT_FLOAT_MS),
        Figure(f"sort by different texts {of}", "ms", sorts["text"], SORT_TEXT_MS),
        Figure(f"sort by a text of 4 values {of}", "ms", sorts["few"], SORT_TEXT_MS),
        Figure(f"sort by three columns {of}", "ms", [several]),
        Figure(f"next window after a sort {of}", "ms", nexts, AFTER_SORT_MS),
        Figure(f"jump to the end after a sort {of}", "ms", ends, AFTER_SORT_MS),
        Figure(f"filter by float {of}", "ms", filters, FILTER_MS),
        Figure(f"search of one column {of}", "ms", searches, SEARCH_MS),
        Figure(f"filter and sort {of}", "ms", [both]),
        Figure(f"profile of all columns {of}", "ms", profiles, PROFILE_MS),
        Figure(f"profile of all columns {of}, again", "ms", again),
        Figure(
            f"most memory of the data process {of}",
            "MB",
            [peak],
            MEMORY_RATIO * size,
            size,
            "frame",
        ),
    ]


def _beside_marimo(table: Table, rounds: int) -> list[Figure]:
    floats = [f"{way}f{at}" for way in ("", "-") for at in range(5)][:rounds]
    end = PEER_ROWS - WINDOW
    mine: dict[str, list[float]] = {
        "rows": [_timed(lambda at=at: table.window(at * 1_000)) for at in range(rounds)],
        "sort-float": [_timed(lambda key=key: table.window(sort=key)) for key in floats],
        "sort-text": [_timed(lambda key=key: table.window(sort=key)) for key in ("name", "-name")],
        "end": [_timed(lambda key=key: table.window(end, sort=key)) for key in floats],
        "search": [_timed(lambda n=n: table.window(search=str(1234 + n))) for n in range(rounds)],
        "profile": [],
    }
    for _ in range(min(3, rounds)):
        table.forget()
        mine["profile"].append(_timed(table.profile))
    theirs = _marimo(table.stored, rounds)
    names = {
        "rows": ("200 rows", None),
        "sort-float": ("sort by float", None),
        "sort-text": ("sort by text", None),
        "end": ("jump to the end after a sort", None),
        "search": ("search of all columns", SEARCH_ALL_MS),
        "profile": ("profile of all columns", None),
    }
    return [
        Figure(
            f"{words} of 1M × 10",
            "ms",
            mine[name],
            target,
            statistics.median(theirs[name]) * 1000 if name in theirs else None,
            "marimo",
        )
        for name, (words, target) in names.items()
    ]


def _marimo(stored: Path, rounds: int) -> dict[str, Sequence[float]]:
    """Return marimo's seconds by name; nothing, and why, when it cannot be measured."""
    script = Path(__file__).parent / "peers" / "marimo_tables.py"
    try:
        python = bench_peers.environment(LOCK)
        done = subprocess.run(
            [python, script, stored, str(rounds)], capture_output=True, text=True, timeout=600
        )
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        sys.stderr.write(f"  marimo: {str(error).strip()[-300:]}\n")
        return {}
    for line in done.stdout.splitlines():
        if line.startswith("measured: "):
            return json.loads(line.removeprefix("measured: "))
    sys.stderr.write(f"  marimo: {done.stderr.strip()[-300:]}\n")
    return {}


def _condition(column: str, op: str, value: Any) -> dict[str, Any]:
    return {"column": column, "op": op, "value": value}


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
