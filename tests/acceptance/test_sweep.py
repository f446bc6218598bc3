"""A sweep of the store beside a server, a run and an editor: what any of them needs stays."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

from .harness import Server, headrace_command
from .history import keep_history, rows
from .plant import start_run, until
from .test_bad_blocks import blocks_of

PIPELINE = """\
parameters:
  month: {type: integer, default: 1}
blocks:
  - {name: load, kind: loader, file: load.py}
  - {name: clean, kind: transformer, file: clean.py, upstream: [load]}
  - {name: last, kind: transformer, file: last.py, upstream: [load, clean]}
"""
FRAME = "import pandas as pd\nfrom headrace import {kind}\n\n\n@{kind}\ndef {name}({arguments}):\n"
LAST = """\
    import os, time
    while len(load) == 500_000 and not os.path.exists({gate!r}):
        time.sleep(0.01)
    return load.join(clean, rsuffix='_clean')
"""
LONG_AGO_S = 30 * 86_400


def make(root: Path, gate: Path) -> None:
    folder = root / "pipelines" / "p"
    folder.mkdir(parents=True)
    (root / "headrace.yaml").write_text("retention: {runs: 1}\n")
    (folder / "pipeline.yaml").write_text(PIPELINE)
    bodies = {
        "load": ("loader", "month", "    return pd.DataFrame({'n': range(month * 100_000)})\n"),
        "clean": ("transformer", "load", "    return load + 1\n"),
        "last": (
            "transformer",
            "load, clean",
            LAST.format(gate=str(gate)),
        ),
    }
    for name, (kind, arguments, body) in bodies.items():
        head = FRAME.format(kind=kind, name=name, arguments=arguments)
        (folder / f"{name}.py").write_text(head + body)


def grow_old(root: Path) -> None:
    """Make all outputs older than any sweep spares for their youth."""
    long_ago = time.time() - LONG_AGO_S
    for file in (root / ".headrace" / "store").glob("*/*"):
        os.utime(file, (long_ago, long_ago))


def sweep(root: Path, *options: str) -> dict[str, Any]:
    command = ["store", "sweep", "-C", str(root), "--older-than", "1h", *options]
    done = subprocess.run(
        [*headrace_command(), *command, "--apply", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def readable(server: Server, *runs: dict[str, Any]) -> list[bool]:
    """Return for each block of these runs whether its output can still be read."""
    found: list[bool] = []
    for run in runs:
        for block in run["blocks"]:
            if block["address"]:
                answer = server.get(f"outputs/{block['address']}/rows", params={"limit": 3})
                assert answer.status_code in (200, 404), answer.text
                found.append(answer.status_code == 200)
    return found


def test_what_a_run_the_editor_and_the_newest_results_need_is_there_after_a_sweep(
    tmp_path: Path, history_url: str
) -> None:
    root, gate = tmp_path / "project", tmp_path / "gate"
    make(root, gate)
    keep_history(root, history_url)
    with Server(root) as server:
        server.wait_ready()
        past = [server.run("p", parameters={"month": month}) for month in (1, 2, 3, 4)]
        run = start_run(server, parameters={"month": 5}, pipeline="p")
        going = lambda: server.get(f"runs/{run}").json()  # noqa: E731
        until(lambda: blocks_of(going())["last"]["state"] == "running", "the gated block")

        grow_old(root)
        sweep(root)
        assert all(readable(server, *past, going())), "results are known: nothing is orphaned"
        assert "a server or a run" in sweep(root, "--keep", "1")["note"]

        server.kill9()
        sweep(root, "--keep", "1")
        gate.touch()
        server.restart()
        server.wait_ready()
        until(lambda: going()["state"] == "succeeded", "the end of the run that was cut off")
        assert len(blocks_of(going())["load"]["attempts"]) == 1, "its inputs were kept"

        server.stop()
        grow_old(root)
        rows(root, "UPDATE results SET finished_at = '2020' || substr(finished_at, 5)")
        assert sweep(root, "--keep", "1")["outputs"] > 0
        server.restart()
        server.wait_ready()
        assert all(readable(server, going())), "the newest run can be looked at"
        assert not any(readable(server, *past[1:3])), "what nobody needs is gone"
        status = server.get("pipelines/p").json()["status"]
        assert all(readable(server, {"blocks": [s["output"] for s in status.values()]}))

        # What is gone is made anew when somebody asks for it.
        again = server.run("p", parameters={"month": 1})
        made = [[block["address"] for block in record["blocks"]] for record in (again, past[0])]
        assert made[0] == made[1], "the same data"
        assert all(readable(server, again))
