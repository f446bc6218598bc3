"""`environment:` of headrace.yaml: blocks run in that interpreter, or the project says why not."""

from __future__ import annotations

import sys

import pytest

BLOCK = """\
import os

from headrace import loader


@loader
def where():
    return os.environ.get("IN_THE_ENVIRONMENT", "not there")
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "p"
    pipeline = folder / "pipelines" / "asks"
    pipeline.mkdir(parents=True)
    (pipeline / "where.py").write_text(BLOCK)
    (pipeline / "pipeline.yaml").write_text(
        "blocks:\n  - {name: where, kind: loader, file: where.py}\n"
    )
    return folder


def test_blocks_run_in_the_environment_that_is_set(project, harness):
    python = project / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexport IN_THE_ENVIRONMENT=here\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (project / "headrace.yaml").write_text("environment: venv\n")
    with harness.Server(project) as server:
        server.wait_ready()
        record = server.run("asks")
    assert record["state"] == "succeeded", record
    assert record["blocks"][0]["output"]["text"] == "'here'"


def test_an_environment_that_is_not_there_is_named_and_nothing_runs_elsewhere(project, harness):
    (project / "headrace.yaml").write_text("environment: gone\n")
    with harness.Server(project) as server:
        status = server.get("status").json()
        while status["state"] == "starting":
            status = server.get("status").json()
        assert status["state"] == "failed"
        assert "environment: gone is neither" in status["problem"]
        refused = server.post("pipelines/asks/runs")
        assert refused.status_code == 503
        assert "environment: gone" in refused.json()["error"]["message"]
