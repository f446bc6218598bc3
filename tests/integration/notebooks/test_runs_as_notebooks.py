"""`notebooks:` of headrace.yaml: finished runs are written by papermill's storage handlers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from tests.acceptance.harness import Server

HEADRACE = Path(sys.executable).parent / "headrace"


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "p"
    folder = root / "pipelines" / "small"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text("blocks:\n  - {name: one, kind: loader, file: one.py}\n")
    write(root, "return [1, 2]")
    return root


def write(root, body):
    text = f"from headrace import loader\n\n\n@loader\ndef one():\n    print('hello')\n    {body}\n"
    (root / "pipelines" / "small" / "one.py").write_text(text)


def run(root):
    command = [HEADRACE, "run", "small", "-C", root, "--json"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=100)
    return said, json.loads(said.stdout.splitlines()[-1])


def test_a_run_that_is_over_is_written_into_the_folder(project):
    (project / "headrace.yaml").write_text("notebooks: reports\n")
    _, good = run(project)
    write(project, "raise ValueError('no')")
    said, bad = run(project)
    assert said.returncode == 1
    folder = project / "reports" / "small"
    assert {path.stem for path in folder.iterdir()} == {good["id"], bad["id"]}
    found = nbformat.read(folder / f"{good['id']}.ipynb", 4)
    nbformat.validate(found)
    assert found.metadata.headrace.state == "succeeded"
    cell = next(cell for cell in found.cells if cell.metadata.headrace.get("block") == "one")
    assert cell.outputs[0].text == "hello\n"
    found = nbformat.read(folder / f"{bad['id']}.ipynb", 4)
    assert found.metadata.papermill.exception is True


def test_a_storage_that_is_no_folder_is_written_by_papermills_handler(project):
    got = {}

    class Storage(BaseHTTPRequestHandler):
        def do_PUT(self):
            got[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Storage) as storage:
        threading.Thread(target=storage.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{storage.server_port}/{{pipeline}}/{{state}}.ipynb"
        (project / "headrace.yaml").write_text(f"notebooks: {place}\n")
        said, record = run(project)
        storage.shutdown()
    assert said.returncode == 0, said.stderr
    (path, book), *_ = got.items()
    assert path == "/small/succeeded.ipynb"
    assert book["metadata"]["headrace"]["run"] == record["id"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("blocked/x", "NotADirectoryError"),
        ("http://127.0.0.1:1/{run}.ipynb", "Connection refused"),
        ("{nobody}.ipynb", "{nobody} is none of"),
        ("s3://bucket/{run}.ipynb", "papermill[s3]"),
    ],
)
def test_a_notebook_that_cannot_be_written_fails_no_run(place, words, project):
    (project / "blocked").write_text("a file, no folder")
    (project / "headrace.yaml").write_text(f"notebooks: '{place}'\n")
    said, record = run(project)
    assert (said.returncode, record["state"]) == (0, "succeeded")
    assert "was not written" in said.stderr
    assert words in said.stderr
    assert "Traceback" not in said.stderr


def test_a_server_writes_the_runs_that_it_ran_and_follows_the_setting(project):
    wanted = set()
    with Server(project) as server:
        server.wait_ready()
        for name in ("early", "late"):
            pattern = f"notebooks: '{name}-{{pipeline}}-{{trigger}}-{{run}}.ipynb'\n"
            (project / "headrace.yaml").write_text(pattern)
            record = server.run("small")
            place = project / f"{name}-small-none-{record['id']}.ipynb"
            wanted.add(place)
            limit = time.monotonic() + 60
            while not place.exists():
                assert time.monotonic() < limit, server.log_file.read_text()
                time.sleep(0.05)
    assert set(project.glob("*.ipynb")) == wanted
