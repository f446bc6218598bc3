"""`headrace publish`: what triggers run from now on, and what that changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOAD = "from headrace import loader\n\n\n@loader\ndef load():\n    return {}\n"
YAML = """\
parameters:
  month: {{type: integer, default: 1}}
blocks:
  - {{name: load, kind: loader, file: load.py}}
{more}"""
NEXT = "from headrace import transformer\n\n\n@transformer\ndef more(load):\n    return load\n"
MORE = "  - {name: more, kind: transformer, file: more.py, upstream: [load]}\n"


def write(project: Path, *, load: str = "1", more: str = "") -> None:
    folder = project / "pipelines" / "p"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(YAML.format(more=more))
    (folder / "load.py").write_text(LOAD.format(load))
    (folder / "more.py").write_text(NEXT)


def publish(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace.cli.main", "publish", "p", "-C", str(project)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def test_it_says_what_it_changes_and_does_nothing_without_a_change(tmp_path: Path) -> None:
    write(tmp_path)
    assert publish(tmp_path).stdout.splitlines() == [
        "p: version 1 is published.", "  + load", "  + parameter month",
    ]  # fmt: skip
    assert publish(tmp_path).stdout == "p: version 1 is published already.\n"
    write(tmp_path, load="2", more=MORE)
    assert publish(tmp_path).stdout.splitlines() == [
        "p: version 2 is published.", "  ~ load (code)", "  + more",
    ]  # fmt: skip
    write(tmp_path)
    answered = json.loads(publish(tmp_path, "--json", "-m", "back").stdout)
    assert (answered["pipeline"], answered["number"], answered["message"]) == ("p", 3, "back")


def test_what_could_not_run_is_not_published(tmp_path: Path) -> None:
    write(tmp_path, load="(")
    done = publish(tmp_path)
    assert done.returncode == 1
    assert "could not run: load" in done.stderr
