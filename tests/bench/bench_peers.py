"""Headrace beside other engines: three graphs of no-ops, an ETL, the same again, and edited.

All of them do the same work (`peers/work.py`), one engine after the other in the same run, and must
come to the same results. The others live in an environment of their own, made on demand.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.acceptance.harness import Server
from tests.bench import projects
from tests.bench.figures import Figure
from tests.bench.peers import work
from tests.bench.running import Runner

from headrace.protocol.tables import Output
from headrace.store.outputs import Store

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "build" / "bench"
LOCK = HERE / "peers.txt"
ROWS = {
    "W1": ("W1: chain of 100", 0.3),
    "W2": ("W2: fan-out of 200 and join", 0.4),
    "W3": ("W3: 10 layers of 10", None),
    "W4": ("W4: ETL of 1M rows", None),
    "W5": ("W5: ETL again, unchanged", 0.05),
    "W5b": ("W5b: ETL, last block edited", None),
}
W4_RATIO = 1.15
PLAIN = "plain Python"
PEERS = {  # name: script, and how many rounds at most: some take minutes
    PLAIN: ("plain", 5),
    "process pool": ("process_pool", 5),
    "Luigi": ("luigi_peer", 5),
    "Dask": ("dask_peer", 5),
    "redun": ("redun_peer", 3),
    "Prefect": ("prefect_peer", 2),
}
PEER_LIMIT_S = 900

Found = dict[str, dict[str, Any]]
"""Of each row the `seconds` of every round and the `digest` of its result."""


def measure(rounds: int) -> list[Figure]:
    """Measure all engines; a peer that cannot be measured is named, and why."""
    work.make_data(CACHE / "data")
    rounds = max(1, min(rounds, 5))
    found: dict[str, Found] = {"Headrace": headrace(rounds)}
    problems: dict[str, str] = {}
    for name, (script, most) in PEERS.items():
        sys.stderr.write(f"  {name} …\n")
        try:
            found[name] = peer(script, min(rounds, most))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            problems[name] = str(error).strip()[-300:]
    table = "\n".join([*_table(found), *_verdicts(found, problems)])
    sys.stdout.write(f"{table}\n\n")
    return [_figure(row, found) for row in ROWS]


# --- the others -------------------------------------------------------------------------------


def peer(script: str, rounds: int) -> Found:
    """Let a script of `peers/` measure its engine."""
    python = environment()
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT")}
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [python, HERE / "peers" / f"{script}.py", CACHE / "data", folder, str(rounds)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=variables, timeout=PEER_LIMIT_S
        )
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("measured: "):
            return json.loads(line.removeprefix("measured: "))
    raise ValueError(done.stderr or done.stdout or f"it ended with {done.returncode}")


def environment(lock: Path = LOCK) -> Path:
    """Return the interpreter that has the peers of a lock, in the versions there."""
    made = CACHE / f"{lock.stem}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    python = made / "bin" / "python"
    if not (made / ".done").exists():
        sys.stderr.write("  installing the peers …\n")
        shutil.rmtree(made, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", made], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            subprocess.run(
                [*install, "--no-deps", "--require-hashes", "-r", lock],
                check=True,
                capture_output=True,
                text=True,
            )
        except subprocess.CalledProcessError as error:
            raise ValueError(f"The peers cannot be installed: {error.stderr}") from error
        (made / ".done").touch()
    return python


# --- Headrace ---------------------------------------------------------------------------------


def headrace(rounds: int) -> Found:
    """Run all through the API of a real server, with history and outputs durable as always."""
    found: Found = {}

    def note(row: str, seconds: float, frames: list[Any]) -> None:
        entry = found.setdefault(row, {"seconds": [], "digest": work.digest_of(frames)})
        entry["seconds"].append(seconds)

    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        project = projects.empty(Path(folder) / "p")
        for row in ("W1", "W2", "W3"):
            _add_graph(project, row)
        with Server(project) as server:
            server.wait_ready()
            store = Store(project / ".headrace" / "store")
            for row in ("W1", "W2", "W3"):
                with Runner(server, row.lower()) as runner:
                    runner.run(first=0)  # opens the session
                    for number in range(1, rounds + 1):
                        seconds, record = runner.run(first=number * 1000)
                        note(row, seconds, _results(store, record, work.sinks(work.graph(row))))
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            for row, seconds, path in _etl(Path(folder) / "p"):
                note(row, seconds, [_parquet(path)])
    return found


def _add_graph(project: Path, row: str) -> None:
    lines = [f"title: {row}", "parameters:", "  first: {type: integer, default: 0}", "blocks:"]
    sources: dict[str, str] = {}
    for number, above in work.graph(row):
        name, upstream = f"n{number}", [f"n{n}" for n in above]
        kind = "transformer" if above else "loader"
        ups = f", upstream: [{', '.join(upstream)}]" if above else ""
        lines.append(f"  - {{name: {name}, kind: {kind}, file: {name}.py{ups}}}")
        body = (
            inspect.getsource(work.no_op)
            .partition('"""\n')[2]
            .replace("first", f"first + {number}")
        )
        arguments = ", ".join([*upstream, "first: int"])
        head = f"import pandas as pd\nfrom headrace import {kind}\n\n\n@{kind}\n"
        sources[name] = f"{head}def {name}({arguments}):\n{body}"
    projects.add(project, row.lower(), "\n".join(lines) + "\n", sources)


_ETL = """\
title: ETL
parameters:
  folder: {type: string, default: ""}
  path: {type: string, default: ""}
blocks:
  - {name: fact, kind: loader, file: fact.py, cache: forever}
  - {name: dim, kind: loader, file: dim.py, cache: forever}
  - {name: cleaned, kind: transformer, file: cleaned.py, upstream: [fact]}
  - {name: grouped, kind: transformer, file: grouped.py, upstream: [cleaned]}
  - {name: joined, kind: transformer, file: joined.py, upstream: [grouped, dim]}
  - {name: written, kind: transformer, file: written.py, upstream: [joined]}
"""
"""The last is a transformer: as it answers for its file, it is reused like the tasks of the others.
An exporter would be executed each time."""

_ETL_TASKS = {
    "fact": work.read_fact,
    "dim": work.read_dim,
    "cleaned": work.clean,
    "grouped": work.group,
    "joined": work.join,
    "written": work.write,
}


def _block(name: str, task: Any) -> str:
    kind = "loader" if name in ("fact", "dim") else "transformer"
    source = inspect.getsource(task).replace(f"def {task.__name__}(", f"def {name}(")
    return f"import pandas as pd\nfrom headrace import {kind}\n\n\n@{kind}\n{source}"


def _etl(project: Path) -> list[tuple[str, float, Path]]:
    """Run W4, W5 and W5b in a new project; seconds and a copy of what each wrote."""
    projects.empty(project)
    sources = {name: _block(name, task) for name, task in _ETL_TASKS.items()}
    projects.add(project, "etl", _ETL, sources)
    warm = {"warm": "from headrace import loader\n\n\n@loader\ndef warm():\n    return 1\n"}
    projects.add(project, "warm", "blocks:\n  - {name: warm, kind: loader, file: warm.py}\n", warm)
    place = project / "out.parquet"
    given = {"folder": str(CACHE / "data"), "path": str(place)}
    found: list[tuple[str, float, Path]] = []
    with Server(project) as server:
        server.wait_ready()
        with Runner(server, "warm") as first:
            first.run()
        with Runner(server, "etl") as runner:
            runner.command({"op": "open-session", "pipeline": "etl"})
            for row in ("W4", "W5", "W5b"):
                if row == "W5b":
                    _edit(server, sources["written"], _block("written", work.write_edited))
                seconds, record = runner.run(**given)
                states = [block["state"] for block in record["blocks"]]
                computed = {"W4": 6, "W5": 0, "W5b": 1}[row]
                assert states.count("succeeded") == computed, (row, states)
                copied = project / f"{row}.parquet"
                shutil.copyfile(place, copied)
                found.append((row, seconds, copied))
    return found


def _edit(server: Server, before: str, after: str) -> None:
    """Save new code and wait until the server has looked at it."""
    line = server.ws()
    base = hashlib.sha256(before.encode()).hexdigest()
    command = {"op": "save-source", "pipeline": "etl", "block": "written", "text": after}
    line.send(json.dumps({**command, "base": base, "req": "edit"}))
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        frame = json.loads(line.recv(timeout=30))
        for message in frame if isinstance(frame, list) else [frame]:
            if message.get("req") == "edit":
                assert message["op"] == "accepted", message
                line.close()
                return
    raise TimeoutError("The edit was not accepted.")


def _results(store: Store, record: dict[str, Any], numbers: list[int]) -> list[Any]:
    import msgspec

    outputs = {block["name"]: block["output"] for block in record["blocks"]}
    return [store.get(msgspec.convert(outputs[f"n{n}"], Output)) for n in numbers]


def _parquet(path: Path) -> Any:
    import pandas as pd

    return pd.read_parquet(path)


# --- the table --------------------------------------------------------------------------------


def _median(found: dict[str, Found], engine: str, row: str) -> float:
    return statistics.median(found[engine][row]["seconds"])


def _is_right(found: dict[str, Found], engine: str, row: str) -> bool:
    return found[engine][row]["digest"] == found[PLAIN][row]["digest"]


def _table(found: dict[str, Found]) -> list[str]:
    lines = [
        f"| seconds (times {PLAIN}) | " + " | ".join(found) + " |",
        "| --- |" + " --- |" * len(found),
    ]
    for row, (title, _) in ROWS.items():
        cells: list[str] = []
        for engine in found:
            seconds = _median(found, engine, row)
            ratio = f" ({seconds / _median(found, PLAIN, row):.2f} ×)" if PLAIN in found else ""
            wrong = "" if PLAIN not in found or _is_right(found, engine, row) else " **wrong**"
            cells.append(f"{seconds:.3f}{ratio}{wrong}")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines


def _verdicts(found: dict[str, Found], problems: dict[str, str]) -> list[str]:
    lines = [f"Not measured: {name}: {why}" for name, why in problems.items()]
    for row, (title, _) in ROWS.items():
        ours = _median(found, "Headrace", row)
        for engine in found:
            if PLAIN in found and not _is_right(found, engine, row):
                lines.append(f"{title}: the result of {engine} is not that of {PLAIN}.")
            elif engine not in ("Headrace", PLAIN, "process pool"):
                other = _median(found, engine, row)
                if other < ours:
                    lines.append(f"{title}: {engine} is ahead, {other:.3f} s to {ours:.3f} s.")
    return ["", *lines] if lines else []


def _figure(row: str, found: dict[str, Found]) -> Figure:
    title, target = ROWS[row]
    floor = _median(found, PLAIN, row) if PLAIN in found else None
    if row == "W4" and floor is not None:
        target = W4_RATIO * floor
    return Figure(title, "s", found["Headrace"][row]["seconds"], target, floor, PLAIN)
