"""The power goes while outputs of a finished run are not on the disk yet."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from .harness import Server

SOURCE = """\
import pandas as pd
from headrace import loader


@loader
def {name}():
    return pd.DataFrame({{"n": range({number}, {number} + 10)}})
"""


def test_outputs_of_a_finished_run_are_read_after_a_power_cut(tmp_path: Path) -> None:
    project = tmp_path / "p"
    folder = project / "pipelines" / "small"
    folder.mkdir(parents=True)
    names = [f"n{number}" for number in range(12)]
    lines = [f"  - {{name: {name}, kind: loader, file: {name}.py}}" for name in names]
    (folder / "pipeline.yaml").write_text("\n".join(["blocks:", *lines]) + "\n")
    for number, name in enumerate(names):
        (folder / f"{name}.py").write_text(SOURCE.format(name=name, number=number))
    server = Server(project)
    try:
        server.wait_ready()
        record = server.run("small")
        assert record["state"] == "succeeded"
        addresses = [block["output"]["address"] for block in record["blocks"]]
        before = [_rows(server, address) for address in addresses]
        server.kill9()
        with sqlite3.connect(project / ".headrace" / "headrace.db") as history:
            waiting = [row[0] for row in history.execute("SELECT name FROM unsynced_outputs")]
        history.close()
        for number, name in enumerate(waiting):
            path = project / ".headrace" / "store" / name[:2] / name
            if number % 2:
                path.write_bytes(b"")
            else:
                path.unlink()
        server.start()
        server.wait_ready()
        assert waiting, "the disk was faster than the test: nothing is shown"
        assert [_rows(server, address) for address in addresses] == before
    finally:
        server.close()


def _rows(server: Server, address: str) -> object:
    answer = server.get(f"outputs/{address}/rows", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json()
