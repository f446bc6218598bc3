from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headrace.core.errors import InvalidInput
from headrace.server.environment import interpreter_of


def python_that(folder: Path, body: str) -> Path:
    file = folder / "bin" / "python"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def test_without_an_environment_blocks_run_in_the_servers_own(tmp_path):
    assert interpreter_of(tmp_path, None) == sys.executable


@pytest.mark.parametrize("text", [".venv", ".venv/bin/python", "./x/../.venv/"])
def test_a_virtual_environment_or_interpreter_is_found_from_the_project(tmp_path, text):
    python = python_that(tmp_path / ".venv", "exit 0")
    assert interpreter_of(tmp_path, text) == str(python)


def test_links_are_not_followed_because_an_environment_is_known_by_its_path(tmp_path):
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(python_that(tmp_path / "real", "exit 0"))
    assert interpreter_of(tmp_path, ".venv") == str(python)


@pytest.mark.parametrize("text", ["nowhere", "empty", "file"])
def test_what_is_no_environment_is_refused_by_its_name(tmp_path, text):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=f"environment: {text} is neither"):
        interpreter_of(tmp_path, text)


def test_an_environment_without_headrace_is_refused_with_the_remedy(tmp_path):
    words = "ModuleNotFoundError: No module named 'headrace'"
    python = python_that(tmp_path / ".venv", f'echo "{words}" >&2; exit 1')
    with pytest.raises(InvalidInput, match="No module named 'headrace'") as refused:
        interpreter_of(tmp_path, ".venv")
    assert f"{python} -m pip install headrace" in refused.value.message
