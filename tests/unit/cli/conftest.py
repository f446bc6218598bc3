"""Projects with one thing wrong, and the command line as a function."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

import pytest

from headrace.cli.main import main

GOOD = {
    "pipeline.yaml": "title: Good\nblocks:\n  - {name: load, kind: loader, file: load.py}\n",
    "load.py": '''\
        from headrace import loader


        @loader
        def load(count: int = 2):
            """Count."""
            return list(range(count))
        ''',
}


@dataclass
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path):
    """Make pipelines in a project: `project(name={"file": "text"})`."""

    def make(**pipelines):
        for name, files in pipelines.items():
            folder = tmp_path / "pipelines" / name
            folder.mkdir(parents=True)
            for file, text in files.items():
                (folder / file).write_text(dedent(text))
        return tmp_path

    return make


@pytest.fixture
def good():
    return dict(GOOD)


@pytest.fixture
def headrace(capfd):
    """Call the command line; return what a shell would see."""

    def call(*arguments):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code or 0
        else:
            code = 0
        seen = capfd.readouterr()
        return Said(int(code), seen.out, seen.err)

    return call
