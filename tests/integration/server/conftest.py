from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_WATCHED = Path(__file__).with_name("watched.py")
_HARNESS = Path(__file__).parents[2] / "acceptance" / "harness.py"


def _load():
    if "headrace_harness" not in sys.modules:
        spec = importlib.util.spec_from_file_location("headrace_harness", _HARNESS)
        module = importlib.util.module_from_spec(spec)
        sys.modules["headrace_harness"] = module
        spec.loader.exec_module(module)
        report = Path(tempfile.gettempdir()) / f"headrace-loop-{os.getpid()}"
        module.headrace_command = lambda: [sys.executable, str(_WATCHED), str(report)]
        module.loop_report = report
    return sys.modules["headrace_harness"]


@pytest.fixture(autouse=True)
def the_event_loop_is_free():
    """Fail a test in which a server's event loop was held for over 50 ms."""
    report = _load().loop_report
    report.unlink(missing_ok=True)
    yield
    held = report.read_text() if report.exists() else ""
    assert not held, held


@pytest.fixture(scope="session")
def harness():
    return _load()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    project = tmp_path_factory.mktemp("project")
    (project / "pipelines").mkdir()
    with _load().Server(project) as running:
        yield running


@pytest.fixture
def fresh(tmp_path):
    (tmp_path / "p" / "pipelines").mkdir(parents=True)
    with _load().Server(tmp_path / "p") as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory, harness):
    """A server of the example project."""
    project = tmp_path_factory.mktemp("made") / "p"
    made = [*harness.headrace_command(), "init", str(project)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    with harness.Server(project) as server:
        server.wait_ready()
        yield server
