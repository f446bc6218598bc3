"""`papermill --engine headrace`: real papermill, real workers, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat import v4
from papermill.exceptions import PapermillException, PapermillExecutionError
from tests.acceptance.harness import Server

BIN = Path(sys.executable).parent
YAML = """\
title: Fan
parameters:
  month: {type: integer, default: 1, minimum: 1, maximum: 12}
blocks:
  - {name: rows, kind: loader, file: rows.py}
  - {name: left, kind: transformer, file: left.py, upstream: [rows]}
  - {name: right, kind: transformer, file: right.sql, upstream: [rows]}
  - {name: both, kind: exporter, file: both.py, upstream: [left, right]}
  - {name: note, kind: markdown, file: note.md}
"""
FILES = {
    "pipeline.yaml": YAML,
    "rows.py": "import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef rows(month):\n"
    "    print('month', month)\n    return pd.DataFrame({'n': range(month * 20)})\n",
    "left.py": "from headrace import transformer\n\n\n@transformer\ndef left(rows, limit: int = 3):\n"
    "    display({'text/html': '<b>left</b>'}, raw=True)\n    return rows.head(limit)\n",
    "right.sql": "select n * 2 as twice from rows\n",
    "both.py": "from headrace import exporter\n\n\n@exporter\ndef both(left, right):\n"
    "    return len(left) + len(right)\n",
    "note.md": "## A note\n",
}


def project(folder: Path, **changed: str) -> Path:
    place = folder / "pipelines" / "fan"
    place.mkdir(parents=True)
    for name, text in (FILES | changed).items():
        (place / name).write_text(text)
    return folder


def export(root: Path) -> Path:
    file = root / "fan.ipynb"
    command = [BIN / "headrace", "export", "fan", "--to", "notebook", "-o", file, "-C", root]
    subprocess.run(command, check=True, timeout=100)
    return file


def execute(file: Path, root: Path, **options):
    options = {"progress_bar": False, "engine_name": "headrace", "cwd": root} | options
    return papermill.execute_notebook(file, root / "out.ipynb", **options)


def cells_by_block(notebook):
    own = [cell for cell in notebook.cells if "headrace" in cell.metadata]
    return {c.metadata.headrace.block: c for c in own if "block" in c.metadata.headrace}


def runs_of(root: Path):
    command = [BIN / "headrace", "runs", "-C", root, "--json"]
    said = subprocess.run(command, check=True, capture_output=True, timeout=100).stdout
    return json.loads(said)["runs"]


def test_the_command_of_papermill_finds_the_engine_and_runs_the_pipeline(tmp_path):
    root = project(tmp_path)
    file = export(root)
    command = [
        BIN / "papermill",
        file.name,
        "out.ipynb",
        "-p",
        "month",
        "2",
        "--engine",
        "headrace",
    ]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100)
    assert said.returncode == 0, said.stderr
    assert "100%" in said.stderr
    found = nbformat.read(root / "out.ipynb", 4)
    nbformat.validate(found)
    assert found.metadata.papermill.parameters == {"month": 2}
    assert found.metadata.papermill.exception is None
    assert any("injected-parameters" in cell.metadata.get("tags", []) for cell in found.cells)
    cells = cells_by_block(found)
    assert {cell.metadata.papermill.status for cell in found.cells} == {"completed"}
    assert cells["rows"].outputs[0].text == "month 2\n"
    assert "<td>0</td>" in cells["rows"].outputs[1].data["text/html"]
    assert "40 rows" in cells["right"].outputs[0].data["text/plain"]
    assert cells["left"].outputs[0].data == {"text/html": "<b>left</b>"}
    assert cells["both"].outputs[0].data["text/plain"] == "43"
    counts = [cells[name].execution_count for name in ("rows", "left", "right", "both")]
    assert counts[0] == 1
    assert sorted(counts) == [1, 2, 3, 4]
    # It is a run of the project like any other, and our record says what happened.
    (run,) = runs_of(root)
    assert (run["id"], run["state"]) == (found.metadata.headrace.run, "succeeded")


def test_a_failed_block_is_the_error_of_its_cell_and_what_waits_for_it_stays_pending(tmp_path):
    root = project(tmp_path, **{"left.py": FILES["left.py"].replace("rows.head", "rows.heat")})
    with pytest.raises(PapermillExecutionError) as raised:
        execute(export(root), root)
    assert raised.value.ename == "AttributeError"
    assert "def left" in raised.value.source
    assert "heat" in raised.value.evalue
    found = nbformat.read(root / "out.ipynb", 4)
    cells = cells_by_block(found)
    status = {name: cell.metadata.papermill.status for name, cell in cells.items()}
    assert status["rows"] == status["right"] == "completed"
    assert (status["left"], status["both"]) == ("failed", "pending")
    assert found.metadata.papermill.exception is True
    assert cells["both"].outputs == []
    assert runs_of(root)[0]["state"] == "failed"


def test_edits_of_the_notebook_count_and_the_project_stays_as_it_is(tmp_path):
    root = project(tmp_path)
    file = export(root)
    book = nbformat.read(file, 4)
    cell = cells_by_block(book)["both"]
    cell.source = cell.source.replace("len(left) + len(right)", "'edited'")
    nbformat.write(book, file)
    found = execute(file, root)
    assert cells_by_block(found)["both"].outputs[0].data["text/plain"] == "'edited'"
    assert (root / "pipelines" / "fan" / "both.py").read_text() == FILES["both.py"]


def test_a_notebook_far_from_its_project_runs_and_leaves_nothing_but_its_output(tmp_path):
    file = export(project(tmp_path / "there"))
    here = tmp_path / "here"
    here.mkdir()
    found = execute(file, here, parameters={"month": 3})
    assert "60 rows" in cells_by_block(found)["right"].outputs[0].data["text/plain"]
    assert [path.name for path in here.iterdir()] == ["out.ipynb"]


def test_branches_run_side_by_side(tmp_path):
    meet = "import threading, time, pathlib\nfrom headrace import transformer\n\n\n@transformer\ndef {0}(rows):\n"
    meet += "    pathlib.Path('{0}').touch()\n    limit = time.monotonic() + 60\n"
    meet += "    while not pathlib.Path('{1}').exists():\n        assert time.monotonic() < limit\n"
    meet += "        time.sleep(0.01)\n    return [1]\n"
    changed = {"left.py": meet.format("left", "right"), "right.py": meet.format("right", "left")}
    changed["pipeline.yaml"] = YAML.replace("right.sql", "right.py")
    root = project(tmp_path, **changed)
    found = execute(export(root), root)
    assert cells_by_block(found)["both"].outputs[0].data["text/plain"] == "2"


def test_a_value_that_no_parameter_takes_is_refused_before_anything_runs(tmp_path):
    root = project(tmp_path)
    with pytest.raises(PapermillException, match="month"):
        execute(export(root), root, parameters={"month": 13})
    assert not (root / ".headrace" / "headrace.db").exists() or runs_of(root) == []


def test_a_cell_that_takes_too_long_is_stopped(tmp_path):
    slow = "import time\nfrom headrace import loader\n\n\n@loader\ndef rows(month):\n    time.sleep(600)\n"
    root = project(tmp_path, **{"rows.py": slow})
    with pytest.raises(PapermillExecutionError) as raised:
        execute(export(root), root, execution_timeout=0.2)
    assert "def rows" in raised.value.source


def test_a_notebook_of_others_is_run_as_papermill_does(tmp_path, caplog):
    book = v4.new_notebook(cells=[v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})])
    book.cells.append(v4.new_code_cell("x + 1"))
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, tmp_path / "plain.ipynb")
    found = execute(tmp_path / "plain.ipynb", tmp_path, parameters={"x": 41})
    assert found.cells[-1].outputs[0].data["text/plain"] == "42"
    assert "was not written by `headrace export`" in caplog.text


def test_a_cell_that_was_added_in_jupyter_is_not_dropped_in_silence(tmp_path, caplog):
    root = project(tmp_path)
    file = export(root)
    book = nbformat.read(file, 4)
    book.cells.append(v4.new_code_cell("both * 2"))
    nbformat.write(book, file)
    found = execute(file, root)
    assert found.cells[-1].outputs[0].data["text/plain"] == "46"
    assert f"Cell {len(book.cells)} belongs to no block" in caplog.text


def test_it_runs_where_a_loop_runs_as_in_a_notebook(tmp_path):
    root = project(tmp_path)
    file = export(root)

    async def inside():
        return execute(file, root)

    assert cells_by_block(asyncio.run(inside()))["both"].outputs[0].data["text/plain"] == "23"


def test_a_server_of_the_project_runs_what_is_the_pipeline_as_it_has_it(tmp_path):
    root = project(tmp_path / "p")
    file = export(root)
    book = nbformat.read(file, 4)
    with Server(root) as server:
        server.wait_ready()
        cells = cells_by_block(execute(file, root, parameters={"month": 2}))
        assert cells["rows"].outputs[0].text == "month 2\n"
        assert "<td>0</td>" in cells["rows"].outputs[1].data["text/html"]
        assert cells["left"].outputs[0].data == {"text/html": "<b>left</b>"}
        assert cells["both"].outputs[0].data["text/plain"] == "43"
        with pytest.raises(PapermillException, match="month"):
            execute(file, root, parameters={"month": 13})
        # An edited notebook is no pipeline of the server's: it runs beside it.
        cell = cells_by_block(book)["both"]
        cell.source = cell.source.replace("len(left) + len(right)", "1 / 0")
        nbformat.write(book, file)
        with pytest.raises(PapermillExecutionError) as raised:
            execute(file, root)
        assert raised.value.ename == "ZeroDivisionError"
        runs = server.get("runs?limit=10").json()["runs"]
        assert [(run["origin"], run["state"]) for run in runs] == [
            ("cli", "failed"),
            ("api", "succeeded"),
        ]
        # And so does a block that fails there.
        (root / "pipelines" / "fan" / "right.sql").write_text("select missing from rows\n")
        with pytest.raises(PapermillExecutionError) as raised:
            execute(export(root), root)
        assert "missing" in raised.value.evalue
        assert server.get("runs?limit=1").json()["runs"][0]["origin"] == "api"
        described = root / ".headrace" / "server.json"
        left_behind = described.read_text()
    described.write_text(left_behind)  # as by a server that was killed
    with pytest.raises(PapermillExecutionError):
        execute(export(root), root)
    assert runs_of(root)[0]["origin"] == "cli"
