"""papermill with our engine against papermill alone, on a notebook of 20 cells."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.acceptance.harness import Server, headrace_command
from tests.bench.figures import Figure

TARGET_RATIO = 0.3
CELLS = 20
_MOST_ROUNDS = 3
_AT_A_TIME = 10
_WAIT_S = 1.0
"""How long each cell waits, as for an answer of a database."""

_BLOCK = """\
import time

from headrace import loader


@loader
def b{number}():
    time.sleep({seconds})
    return {number}
"""
_STEP = """\
from headrace import transformer


@transformer
def b{number}(b{before}):
    return b{before} + 1
"""
_MEASURE = """\
import json, sys, time
import papermill
engine = sys.argv[1] or None
began = time.perf_counter()
papermill.execute_notebook("in.ipynb", "out.ipynb", engine_name=engine, progress_bar=False)
print(json.dumps(time.perf_counter() - began))
"""


_PART = """\
import time

from headrace import transformer


@transformer
def {name}({above}):
    time.sleep({seconds})
    return sum([{above}])
"""


def _report() -> list[str]:
    """Return 20 blocks as of a monthly report, which are independent in part.

    Eight sources that answer after 1 s, eight steps of 0.5 s that each clean one of them, three
    summaries of 0.5 s over all, and a report: 13.5 s one after the other, 2 s along the longest
    path.
    """
    blocks = [_BLOCK.format(number=n, seconds=1.0) for n in range(8)]
    blocks += [_PART.format(name=f"b{n + 8}", above=f"b{n}", seconds=0.5) for n in range(8)]
    cleaned = ", ".join(f"b{n + 8}" for n in range(8))
    blocks += [_PART.format(name=f"b{n}", above=cleaned, seconds=0.5) for n in (16, 17, 18)]
    return [*blocks, _PART.format(name="b19", above="b16, b17, b18", seconds=0)]


def measure(rounds: int) -> list[Figure]:
    """Execute in fresh processes, papermill's own import left out of both."""
    found = _compare("20 cells of a report, eight sources", _report(), rounds)
    wide = f"20 cells that wait {_WAIT_S} s each, {_AT_A_TIME} at a time"
    found += _compare(
        wide, [_BLOCK.format(number=n, seconds=_WAIT_S) for n in range(CELLS)], rounds
    )
    chain = [_BLOCK.format(number=0, seconds=0)]
    chain += [_STEP.format(number=n, before=n - 1) for n in range(1, CELLS)]
    nothing = "20 cells that do nothing, one after the other"
    found += _compare(nothing, chain, rounds, None)
    return found + _compare(f"{nothing}, beside a server", chain, rounds, None, beside_server=True)


def _compare(
    words: str,
    blocks: list[str],
    rounds: int,
    target: float | None = TARGET_RATIO,
    *,
    beside_server: bool = False,
) -> list[Figure]:
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        _make(root, blocks)
        for _ in range(min(rounds, _MOST_ROUNDS)):
            # Nothing of an earlier round helps: what is measured is the first run of a notebook.
            shutil.rmtree(root / ".headrace", ignore_errors=True)
            if beside_server:
                with Server(root) as server:
                    server.wait_ready()
                    ours.append(_execute(root, "headrace"))
            else:
                ours.append(_execute(root, "headrace"))
            theirs.append(_execute(root, ""))
    alone = statistics.median(theirs)
    return [
        Figure(f"papermill, {words}", "s", ours, floor=alone, floor_name="papermill's own engine"),
        Figure(f"papermill, {words}: of its own engine", "×", [o / alone for o in ours], target),
    ]


def _make(root: Path, blocks: list[str]) -> None:
    folder = root / "pipelines" / "cells"
    folder.mkdir(parents=True)
    lines = ["title: Cells", "blocks:"]
    for number, text in enumerate(blocks):
        (folder / f"b{number}.py").write_text(text)
        takes = text.split(f"def b{number}(")[1].split(")")[0]
        above = f", upstream: [{takes}]" if takes else ""
        kind = "transformer" if above else "loader"
        lines.append(f"  - {{name: b{number}, kind: {kind}, file: b{number}.py{above}}}")
    (root / "headrace.yaml").write_text(f"defaults: {{parallel: {_AT_A_TIME}}}\n")
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    command = [*headrace_command(), "export", "cells", "--to", "notebook"]
    subprocess.run([*command, "-o", root / "in.ipynb", "-C", root], check=True)


def _execute(root: Path, engine: str) -> float:
    command = [sys.executable, "-c", _MEASURE, engine]
    said = subprocess.run(
        command, cwd=root, env=dict(os.environ), check=True, capture_output=True, text=True
    )
    return float(json.loads(said.stdout.splitlines()[-1]))
