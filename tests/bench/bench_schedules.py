"""Ten thousand triggers: start, rest, punctuality, and many ticks in one second."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.bench import projects
from tests.bench.figures import Figure

PIPELINES, BLOCKS, TRIGGERS = 1_000, 10, 10
"""Of the large project; blocks and triggers are those of each pipeline."""
IDLE_S = float(os.environ.get("HEADRACE_IDLE_S", "30"))
SUSTAINED_S = int(os.environ.get("HEADRACE_SUSTAINED_S", "60"))
ON_TIME_S, ON_TIME_EACH_S = 30, 20
"""How long ticks are timed, and how many there are in a second."""
BURST = 1_000
PER_SECOND = 100
_FIRST_START_LIMIT_S = 120


def large(folder: Path) -> Path:
    """A project of 1,000 pipelines, 10,000 blocks and 10,000 triggers, none of them due soon."""
    project = projects.empty(folder)
    yearly = "".join(
        f"  - {{name: t{n}, cron: '{n} 3 1 1 *', timezone: Europe/Berlin}}\n"
        for n in range(TRIGGERS)
    )
    for number in range(PIPELINES):
        lines, sources, above = [], {}, ""
        for place in range(BLOCKS):
            name = f"n{place}"
            lines.append(projects.block_line(name, [above] if above else []))
            sources[name] = projects.no_op(name, number, [above] if above else [])
            above = name
        head = f"title: P{number}\nparameters:\n  seed: {{type: integer, default: 0}}\nblocks:\n"
        text = head + "\n".join(lines) + f"\ntriggers:\n{yearly}"
        projects.add(project, f"p{number:04}", text, sources)
    return project


def measure_large(rounds: int) -> list[Figure]:
    """Start on 10,000 triggers, rest, and fire 20 others a second."""
    with tempfile.TemporaryDirectory() as scratch:
        project = large(Path(scratch) / "p")
        first = [_seconds_to_ready(project)]
        again = [_seconds_to_ready(project) for _ in range(max(1, min(rounds, 5)))]
        with Server(project, options=()) as server:
            _wait_for_triggers(server)
            idle = _idle_percent(server)
            late = _lateness(server)
    late.sort()
    p99 = late[len(late) * 99 // 100]
    return [
        Figure("start of 10,000 triggers, the very first", "s", first),
        Figure("start of 10,000 triggers to ready", "s", again, 2.0),
        Figure("CPU at rest with 10,000 triggers", "%", [idle], 1.0),
        Figure("lateness of a tick beside 10,000 triggers", "ms", late, 20),
        Figure("lateness of a tick, p99", "ms", [p99], 250),
    ]


def _seconds_to_ready(project: Path) -> float:
    began = time.perf_counter()
    with Server(project, options=()) as server:
        server.wait_ready()
        taken = time.perf_counter() - began
        _wait_for_triggers(server)
        return taken


def _wait_for_triggers(server: Server) -> None:
    """Wait until the scheduler has taken up all triggers and published what has some."""

    def all_known() -> bool:
        triggers, published = _rows(
            server,
            "SELECT count(*) FROM triggers",
            "SELECT count(DISTINCT pipeline) FROM publications",
        )
        return triggers[0][0] >= PIPELINES * TRIGGERS and published[0][0] >= PIPELINES

    until(all_known, "all triggers", _FIRST_START_LIMIT_S)


def _rows(server: Server, *statements: str) -> list[list[tuple]]:
    place = server.project / ".headrace" / "headrace.db"
    opened = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=10)
    try:
        return [opened.execute(statement).fetchall() for statement in statements]
    finally:
        opened.close()


def _idle_percent(server: Server) -> float:
    """Percent of a core that the server takes when nothing is due and nobody looks."""
    time.sleep(3)  # what the start left behind
    process = psutil.Process(server.pid)
    before, began = _cpu_s(process), time.monotonic()
    time.sleep(IDLE_S)
    return (_cpu_s(process) - before) / (time.monotonic() - began) * 100


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _lateness(server: Server) -> list[float]:
    """Milliseconds from the moment of a tick until its run is in the history."""
    count = ON_TIME_S * ON_TIME_EACH_S
    begin = datetime.now(UTC) + timedelta(seconds=15)
    moments = [begin + timedelta(seconds=n / ON_TIME_EACH_S) for n in range(count)]
    lines = [f"  - {{name: t{n}, at: '{at.isoformat()}'}}" for n, at in enumerate(moments)]
    text = "title: Ticks\nblocks: [{name: n, kind: loader, file: n.py}]\ntriggers:\n"
    source = {"n": "from headrace import loader\n\n\n@loader\ndef n():\n    return 1\n"}
    projects.add(server.project, "ticks", text + "\n".join(lines) + "\n", source)
    seen: dict[str, float] = {}
    place = server.project / ".headrace" / "headrace.db"
    opened = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=10)
    newest = begin.isoformat()
    try:
        while len(seen) < count:
            rows = opened.execute(
                "SELECT logical_time FROM runs WHERE pipeline = 'ticks' AND logical_time > ?"
                " ORDER BY logical_time",
                (_before(newest),),
            ).fetchall()
            now = datetime.now(UTC)
            for (at,) in rows:
                seen.setdefault(at, (now - datetime.fromisoformat(at)).total_seconds() * 1000)
            newest = max([newest, *(row[0] for row in rows)])
            assert now < moments[-1] + timedelta(seconds=60), f"{len(seen)} of {count} ticks"
            time.sleep(0.001)  # the resolution of what is measured
    finally:
        opened.close()
    return list(seen.values())


def _before(at: str) -> str:
    """Look a second back: ticks need not be recorded in their order."""
    moment = datetime.fromisoformat(at) - timedelta(seconds=1)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def bursting(folder: Path, pipelines: int, at: datetime) -> Path:
    """Pipelines with 1,000 triggers among them that are all due at one moment."""
    project = projects.empty(folder)
    each = BURST // pipelines
    lines = "\n".join(f"  - {{name: t{n}, at: '{at.isoformat()}'}}" for n in range(each))
    source = {"n": "from headrace import loader\n\n\n@loader\ndef n():\n    return 1\n"}
    for number in range(pipelines):
        text = f"blocks: [{{name: n, kind: loader, file: n.py}}]\ntriggers:\n{lines}\n"
        projects.add(project, f"p{number:04}", text, source)
    return project


def measure_burst(rounds: int) -> list[Figure]:
    """1,000 ticks of one moment: until all 1,000 runs are in the history."""
    figures = []
    for pipelines in (10, 100):
        taken = [_burst(pipelines) for _ in range(max(1, min(rounds, 3)))]
        title = f"1,000 ticks of one moment in {pipelines} pipelines"
        figures.append(Figure(title, "ms", taken, 150))
    return figures


def _burst(pipelines: int) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=15)
        project = bursting(Path(scratch) / "p", pipelines, at)
        with Server(project, options=()) as server:
            server.wait_ready()
            place = project / ".headrace" / "headrace.db"
            opened = sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=10)
            count = "SELECT count(*) FROM runs"
            while opened.execute(count).fetchone()[0] < BURST:
                time.sleep(0.002)
                assert datetime.now(UTC) < at + timedelta(seconds=60), "no 1,000 runs"
            taken = (datetime.now(UTC) - at).total_seconds() * 1000
            opened.close()
            return taken


def measure_sustained(_rounds: int) -> list[Figure]:
    """100 ticks a second for a minute; their runs executed, not only queued."""
    with tempfile.TemporaryDirectory() as scratch:
        project = projects.empty(Path(scratch) / "p")
        lines = "\n".join(
            f"  - {{name: t{n}, every: 1s, overlap: allow}}" for n in range(PER_SECOND // 10)
        )
        source = {"n": "from headrace import loader\n\n\n@loader\ndef n():\n    return 1\n"}
        for number in range(10):
            text = f"blocks: [{{name: n, kind: loader, file: n.py}}]\ntriggers:\n{lines}\n"
            projects.add(project, f"p{number:04}", text, source)
        with Server(project, options=()) as server:
            server.wait_ready()
            begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
            end = begin + timedelta(seconds=SUSTAINED_S)
            _sleep_until(begin)
            before = _cpu_of_all_s(server)
            _sleep_until(end)
            cpu = [after - was for after, was in zip(_cpu_of_all_s(server), before, strict=True)]
            span = f"logical_time > '{begin.isoformat()}' AND logical_time <= '{end.isoformat()}'"
            over = f"{span} AND state = 'succeeded'"
            time.sleep(2)  # what was due within the minute, and is late
            created, executed, late, latency = _rows(
                server,
                f"SELECT count(*) FROM runs WHERE {span}",
                f"SELECT count(*) FROM runs WHERE {over} AND finished_at <= '{end.isoformat()}'",
                f"SELECT logical_time, queued_at FROM runs WHERE {span}",
                f"SELECT logical_time, finished_at FROM runs WHERE {over}",
            )
    wanted = PER_SECOND * SUSTAINED_S
    runs, done = created[0][0], executed[0][0]
    names = ("server", "template, workers and services")
    return [
        Figure("runs that are lacking of 100 a second", "runs", [wanted - runs], 0),
        Figure("created of 100 runs a second", "1/s", [runs / SUSTAINED_S]),
        Figure("executed of 100 runs a second", "1/s", [done / SUSTAINED_S]),
        Figure("lateness at 100 runs a second", "ms", _milliseconds(late)),
        Figure("from tick to end at 100 runs a second", "ms", _milliseconds(latency)),
        Figure(
            "CPU of a run at 100 a second",
            "ms",
            [sum(cpu) / max(1, done) * 1000],
            parts=dict(zip(names, (each / max(1, done) * 1000 for each in cpu), strict=True)),
        ),
    ]


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _cpu_of_all_s(server: Server) -> tuple[float, float]:
    """Return seconds of CPU of the server, and of all that it has started, ended ones included."""
    process = psutil.Process(server.pid)
    below = 0.0
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            below += times.user + times.system + times.children_user + times.children_system
    return _cpu_s(process), below


def _milliseconds(rows: Sequence[tuple]) -> list[float]:
    times = [(datetime.fromisoformat(row[0]), datetime.fromisoformat(row[1])) for row in rows]
    return [(later - at).total_seconds() * 1000 for at, later in times]
