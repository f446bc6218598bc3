"""An existing `.ipynb` as a block: its kernel, its parameters, its inputs and its results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat import v4
from tests.acceptance.harness import Server

HEADRACE = Path(sys.executable).parent / "headrace"
ROWS = "import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef rows(month=2):\n"
ROWS += "    return pd.DataFrame({'n': range(month * 10), 'é': ['x'] * (month * 10)})\n"
SHOW = "from headrace import exporter\n\n\n@exporter\ndef show(work):\n    return repr(work)\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "p" / "pipelines" / "mixed"
    folder.mkdir(parents=True)
    (folder / "rows.py").write_text(ROWS)
    (folder / "show.py").write_text(SHOW)
    return tmp_path / "p"


def pipeline(root, work):
    (root / "pipelines" / "mixed" / "pipeline.yaml").write_text(
        "parameters:\n  month: {type: integer, default: 2}\nblocks:\n"
        "  - {name: rows, kind: loader, file: rows.py}\n"
        f"  - {{name: work, kind: transformer, file: work.ipynb, upstream: [rows]{work}}}\n"
        "  - {name: show, kind: exporter, file: show.py, upstream: [work]}\n"
    )


def notebook(root, *cells, kernel="python3", language="python", parameters=None):
    book = v4.new_notebook()
    book.metadata.kernelspec = {"name": kernel, "display_name": kernel, "language": language}
    if parameters is not None:
        book.cells.append(v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    book.cells += [v4.new_code_cell(text) for text in cells]
    nbformat.write(book, root / "pipelines" / "mixed" / "work.ipynb")


def run(root, *options, env=None):
    command = [HEADRACE, "run", "mixed", "-C", root, "--json", *options]
    environment = {**os.environ, **(env or {})}
    said = subprocess.run(command, capture_output=True, text=True, timeout=110, env=environment)
    record = json.loads(said.stdout.splitlines()[-1])
    return {block["name"]: block for block in record["blocks"]} | {"run": record}


def log(root, record, block):
    return "".join(p.read_text() for p in (root / ".headrace" / "logs").rglob(f"{block}.*.log"))


def test_a_notebook_takes_upstream_frames_and_parameters_and_gives_a_frame(project):
    pipeline(project, ", results: late, with: {least: 5}")
    notebook(
        project,
        "late = rows[rows.n >= least]\nprint('month', month)\ndisplay({'text/html': '<b>hi</b>'}, raw=True)",
        parameters="least: int = 1  # at least so many\nmonth = 7\n",
    )
    found = run(project, "-p", "month=3")
    work = found["work"]
    assert (work["state"], work["rows"]) == ("succeeded", 25), work
    assert work["output"]["type_name"] == "pandas.DataFrame"
    assert [display["mime"] for display in work["displays"]] == ["text/html"]
    assert "month 3\n" in log(project, found, "work")
    again = run(project, "-p", "month=3")
    assert again["work"]["state"] == "cached"


def test_several_results_are_a_dict_and_none_are_nothing(project):
    notebook(project, "n = len(rows)\nnames = list(rows.columns)")
    pipeline(project, ", results: [n, names]")
    assert run(project)["show"]["output"]["text"] == repr(repr({"n": 20, "names": ["n", "é"]}))
    pipeline(project, "")
    assert run(project)["work"]["output"]["kind"] == "nothing"


def test_a_cell_that_fails_is_named_and_what_follows_does_not_run(project):
    pipeline(project, "")
    notebook(project, "ok = 1", "raise ValueError('no such month')", "open('trace', 'w').close()")
    found = run(project)
    failure = found["work"]["failure"]
    assert (failure["type"], failure["message"]) == ("ValueError", "no such month")
    assert "cell 2" in failure["hint"]
    assert failure["frames"][0]["code"] == "raise ValueError('no such month')"
    assert "\x1b" not in failure["text"]
    assert found["show"]["state"] == "skipped"
    assert not (project / "trace").exists()


@pytest.mark.parametrize(
    ("cells", "work", "words"),
    [
        (["x = object()"], ", results: x", "x is or holds object: only tables and values"),
        (["y = 1"], ", results: x", "name 'x' is not defined"),
        (["1"], ", kernel: nowhere", "There is no Jupyter kernel 'nowhere'; installed are"),
        (["import os; os._exit(1)"], "", "died"),
        (["input('?')"], "", "raw_input was called"),
    ],
)
def test_what_cannot_be_is_said_clearly(project, cells, work, words):
    pipeline(project, work)
    notebook(project, *cells)
    found = run(project)["work"]
    assert found["state"] == "failed"
    assert words in found["failure"]["message"]


def test_a_notebook_that_takes_too_long_is_stopped_with_its_kernel(project):
    pipeline(project, ", timeout: 5s")
    notebook(project, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    found = run(project)["work"]
    assert (found["state"], found["failure"]["kind"]) == ("failed", "timeout")
    pid = (project / "pid").read_text()
    assert not Path(f"/proc/{pid}").exists()


def test_the_editor_knows_its_form_and_says_what_is_wrong(project):
    pipeline(project, ", results: late")
    notebook(project, "late = rows", parameters="least: int = 1  # at least so many\nname = 'x'\n")
    with Server(project) as server:
        server.wait_ready()
        described = server.get("pipelines/mixed").json()
        block = next(one for one in described["blocks"] if one["name"] == "work")
        assert block["language"] == "notebook"
        form = {entry["name"]: entry for entry in block["form"]}
        assert form["least"]["type"] == "integer"
        assert form["least"]["description"] == "at least so many"
        assert form["name"]["default"] == "x"
    (project / "pipelines" / "mixed" / "work.ipynb").write_text("{}")
    said = subprocess.run(
        [HEADRACE, "check", "mixed", "-C", project], capture_output=True, text=True
    )
    assert said.returncode == 1
    assert "is no notebook: it has no list of cells" in said.stdout


@pytest.fixture
def other_environment(tmp_path):
    """Make a virtual environment with a kernel of its own, and say where Jupyter finds it."""
    place = tmp_path / "other"
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")  # what ipykernel needs
    (packages / "only_there.py").write_text("ANSWER = 42\n")
    spec = tmp_path / "jupyter" / "kernels" / "other"
    spec.mkdir(parents=True)
    argv = [str(place / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": argv, "display_name": "Other", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(described))
    return {"JUPYTER_PATH": str(tmp_path / "jupyter")}


def test_a_kernel_of_another_environment_runs_it_and_frames_go_there_and_back(
    project, other_environment
):
    pipeline(project, ", kernel: other, results: late")
    notebook(
        project,
        "import only_there, sys\nlate = rows.assign(answer=only_there.ANSWER, there=sys.prefix.endswith('/other'))",
    )
    found = run(project, env=other_environment)
    assert found["work"]["state"] == "succeeded", found["work"]["failure"]
    assert found["work"]["rows"] == 20
    shown = found["show"]["output"]["text"]
    assert "42" in shown
    assert "True" in shown
    assert "False" not in shown
    assert [column["name"] for column in found["work"]["output"]["columns"]][:2] == ["n", "é"]


@pytest.mark.skipif("ir" not in KernelSpecManager().find_kernel_specs(), reason="no kernel of R")
def test_a_notebook_in_r_takes_and_gives_frames(project):
    pipeline(project, ", results: [late, total]")
    notebook(
        project, "late <- rows[rows$n >= month, ]\ntotal <- sum(late$n)", kernel="ir", language="R"
    )
    found = run(project)
    assert found["work"]["state"] == "succeeded", found["work"]["failure"]
    assert "189" in found["show"]["output"]["text"]
