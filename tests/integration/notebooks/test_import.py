"""Messy notebooks: each is imported by the command line, proven, and comes back from an export."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "notebooks"
HEADRACE = Path(sys.executable).parent / "headrace"
UNPROVEN = {"errors": r"The notebook itself fails in cell 4: NameError: name 'missing_name'"}
UNPROVEN["random_numbers"] = r"the notebook gives another .*result each time it runs"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.ipynb"))


def headrace(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(HEADRACE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "p"
    (root / "pipelines").mkdir(parents=True)
    return root


@pytest.mark.parametrize("name", NAMES)
def test_a_messy_notebook_is_imported_and_proven_or_says_why_not(name, project):
    (project / f"{name}.ipynb").write_text((FIXTURES / f"{name}.ipynb").read_text())
    said = headrace("import", project / f"{name}.ipynb", "-C", project, "--json")
    answer = json.loads(said.stdout)
    plan, proof = answer["plan"], answer["proof"]
    if name in UNPROVEN:
        assert (said.returncode, answer["proven"]) == (4, False)
        assert any(re.search(UNPROVEN[name], reason) for reason in proof["reasons"]), proof
    else:
        assert proof["reasons"] == []
        assert (said.returncode, answer["proven"]) == (0, True), proof
        assert {one["state"] for one in proof["blocks"]} <= {"same"}
    # Nothing is dropped in silence: what is in no block has a note, or is shared code.
    for cell in plan["cells"]:
        known = cell["block"] or cell["notes"] or cell["fate"] in ("shared", "parameters", "empty")
        assert known, cell
    # The proof left nothing behind: neither files of the notebook nor state.
    left = {path.name for path in project.iterdir()} - {".headrace"}
    assert left == {f"{name}.ipynb", "pipelines"}
    checked = headrace("check", name, "-C", project)
    assert checked.returncode == 0, checked.stdout
    back = project / "back.ipynb"
    if name != "errors":
        assert (
            headrace("export", name, "--to", "notebook", "-o", back, "-C", project).returncode == 0
        )
        again = headrace("import", back, "--name", "again", "-C", project)
        assert again.returncode == 0, again.stderr
        made = {p.name: p.read_text() for p in (project / "pipelines" / "again").iterdir()}
        wanted = {p.name: p.read_text() for p in (project / "pipelines" / name).iterdir()}
        assert made == wanted


def test_without_proof_nothing_of_the_notebook_is_run(project, tmp_path):
    trap = tmp_path / "trap"
    cells = [{"cell_type": "code", "metadata": {}, "execution_count": 1, "outputs": []}]
    cells[0]["source"] = f"!touch {trap}\nopen({str(trap)!r}, 'w').close()\nx = 1"
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    file = tmp_path / "evil.ipynb"
    file.write_text(json.dumps(book))
    assert headrace("import", file, "--no-proof", "-C", project).returncode == 4
    assert headrace("import", file, "--dry-run", "--name", "b", "-C", project).returncode == 0
    assert not trap.exists()
    assert (project / "pipelines" / "evil" / "pipeline.yaml").exists()
    assert not (project / "pipelines" / "b").exists()


def wait_for(condition, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.mark.parametrize("in_notebook", [True, False])
def test_a_proof_ends_with_the_process_that_wants_it_whatever_ends_that(
    in_notebook, project, tmp_path
):
    pid, word = tmp_path / "pid", "True" if in_notebook else "False"
    source = "import os, sys, time\n"
    source += f"if ('ipykernel' in sys.modules) is {word}:\n"
    source += f"    print(os.getpid(), file=open({str(pid)!r}, 'w'), flush=True)\n"
    source += "    time.sleep(600)\nx = 1"
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source}]
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    (project / "slow.ipynb").write_text(json.dumps(book))
    command = [str(HEADRACE), "import", str(project / "slow.ipynb"), "-C", str(project)]
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    left = os.environ | {"TMPDIR": str(tmp_path)}  # who is killed leaves the copies there
    with subprocess.Popen(command, env=left, **nowhere) as asking:
        try:
            wait_for(lambda: pid.exists() and pid.read_text().strip())
        finally:
            asking.kill()
    wait_for(lambda: not Path(f"/proc/{int(pid.read_text())}").exists())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON"),
        ("[]", "its JSON is no object"),
        ('{"cells": []}', "the key `nbformat` is missing"),
        ('{"nbformat": 5, "cells": []}', "of format 5"),
        ('{"nbformat": 4}', "no list of `cells`"),
        ('{"nbformat": 4, "cells": [7]}', "Cell 1 of the notebook is damaged"),
        ('{"nbformat": 3, "worksheets": 7}', "damaged"),
        ('{\n<<<<<<< HEAD\n"nbformat": 4\n=======\n}', "markers of a merge in line 2"),
        ("[" * 100_000, "nested too deep"),
        ('{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "in R"),
    ],
)
def test_a_broken_file_is_a_clear_error(text, message, project, tmp_path):
    file = tmp_path / "broken.ipynb"
    file.write_text(text)
    said = headrace("import", file, "-C", project)
    assert said.returncode == 1
    assert message in said.stderr
    assert "Traceback" not in said.stderr
    assert list((project / "pipelines").iterdir()) == []
