"""An exported pipeline gives the same in plain Jupyter, where Headrace is not installed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import nbformat
import pytest

from headrace.protocol.tables import Output
from headrace.store.outputs import Store

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("pipelines/*/pipeline.yaml"))
WITHOUT_HEADRACE = """\
import sys

import entrypoints

everywhere = entrypoints.get_group_all


def without(group, path=None):
    found = everywhere(group, path)
    return [entry for entry in found if not entry.module_name.startswith("headrace")]


# An environment without Headrace has no papermill engine of that name.
entrypoints.get_group_all = without


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "headrace":
            raise ModuleNotFoundError("headrace is not installed here", name=name)


sys.meta_path.insert(0, Hidden())
"""
LAST = "import pickle\nwith open('values.pickle', 'wb') as f:\n    pickle.dump({{{names}}}, f)\n"


@pytest.fixture
def project(tmp_path):
    """Copy this repository's project: its blocks, pipelines and data."""
    root = tmp_path / "project"
    for name in ("pipelines", "blocks", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def plain(tmp_path):
    """The environment of processes that cannot import Headrace."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(WITHOUT_HEADRACE)
    return {**os.environ, "PYTHONPATH": str(hidden)}


def export(project: Path, name: str, form: str) -> str:
    command = [BIN / "headrace", "export", name, "--to", form, "-C", str(project)]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()


def outputs(project: Path, name: str) -> dict[str, object]:
    """Run the pipeline in Headrace; return block → value."""
    command = [BIN / "headrace", "run", name, "--json", "-C", str(project)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=100)
    record = json.loads(done.stdout.splitlines()[-1])
    store = Store(project / ".headrace" / "store")
    return {
        block["name"]: store.get(msgspec.convert(block["output"], Output))
        for block in record["blocks"]
    }


def same(left: object, right: object) -> bool:
    if hasattr(left, "to_pandas"):
        left = left.to_pandas()
    return left.equals(right) if hasattr(left, "equals") else left == right


def check_same(project: Path, name: str) -> None:
    values = pickle.loads((project / "values.pickle").read_bytes())
    wanted = outputs(project, name)
    assert set(values) == set(wanted)
    assert {block: same(wanted[block], values[block]) for block in wanted} == dict.fromkeys(
        wanted, True
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_notebook_gives_what_the_pipeline_gives(name, project, plain):
    book = nbformat.reads(export(project, name, "notebook"), as_version=4)
    names = [c.metadata.headrace["block"] for c in book.cells if "block" in c.metadata.headrace]
    last = LAST.format(names=", ".join(f"{n!r}: {n}" for n in names))
    book.cells.append(nbformat.v4.new_code_cell(last))
    nbformat.write(book, project / "exported.ipynb")
    command = [BIN / "jupyter", "execute", "exported.ipynb"]
    done = subprocess.run(command, cwd=project, env=plain, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    check_same(project, name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_script_gives_what_the_pipeline_gives(name, project, plain):
    text = export(project, name, "script")
    blocks = [
        line.split('"block":"')[1].split('"')[0] for line in text.splitlines() if '"block":' in line
    ]
    last = LAST.format(names=", ".join(f"{n!r}: {n}" for n in blocks))
    (project / "exported.py").write_text(text + last)
    command = [sys.executable, "exported.py"]
    done = subprocess.run(command, cwd=project, env=plain, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    check_same(project, name)


def test_papermill_can_set_the_parameters(project, plain):
    (project / "lf.ipynb").write_text(export(project, "late_flights", "notebook"))
    command = [sys.executable, "-m", "papermill", "lf.ipynb", "out.ipynb", "-p", "month", "2"]
    done = subprocess.run(command, cwd=project, env=plain, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    book = nbformat.read(project / "out.ipynb", as_version=4)
    (report,) = (c for c in book.cells if c.metadata.get("headrace", {}).get("block") == "report")
    shown = [output.data["text/plain"] for output in report.outputs if "data" in output]
    assert shown == ["{'month': 2, 'files': ['carriers', 'wind']}"]


def test_odd_blocks_run_too(tmp_path, plain):
    folder = tmp_path / "pipelines" / "odd"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(
        "title: Odd\nparameters:\n  day: {type: date, default: 2026-01-02}\n  rows: 3\nblocks:\n"
        "  - {name: given_rows, kind: loader, file: given_rows.py}\n"
        "  - {name: changed, kind: transformer, file: changed.py, upstream: [given_rows]}\n"
        "  - {name: both, kind: transformer, file: both.py, upstream: [given_rows, changed]}\n"
    )
    (folder / "given_rows.py").write_text(
        "import asyncio\n\nimport mine\nfrom headrace import check, loader\n\n\n@loader\n"
        "async def f(rows, day):\n    await asyncio.sleep(0)\n"
        "    return [rows * mine.FACTOR, day.year]\n\n\n@check\ndef two(f, rows):\n"
        "    assert len(f) == 2 and rows == 3\n\n\nif __name__ == '__main__':\n    raise SystemExit\n"
    )
    (folder / "mine.py").write_text("from lib import parts\n\nFACTOR = parts.TWO\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "__init__.py").touch()
    (folder / "lib" / "parts.py").write_text("TWO = 2\n")
    (folder / "changed.py").write_text(
        "from headrace import transformer\n\ngiven_rows = rows = None\n\n\n@transformer\n"
        "def f(given_rows, /):\n    given_rows.append(1)\n    yield from given_rows\n"
    )
    (folder / "both.py").write_text(
        "from headrace import transformer\n\n\n@transformer\ndef f(**all):\n    return all\n"
    )
    (tmp_path / "x.ipynb").write_text(export(tmp_path, "odd", "notebook"))
    (tmp_path / "x.py").write_text(export(tmp_path, "odd", "script") + "\nprint(both)\n")
    command = [sys.executable, "x.py"]
    (folder / "mine.py").rename(folder / "away")  # it is in the notebook
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    wanted = {"given_rows": [6, 2026], "changed": [6, 2026, 1]}
    assert done.stdout.decode().strip() == str(wanted)
    command = [BIN / "jupyter", "execute", "x.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    (folder / "away").rename(folder / "mine.py")
    assert outputs(tmp_path, "odd")["both"] == wanted
