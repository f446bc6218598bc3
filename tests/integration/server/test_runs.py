"""Runs over REST: cancel, retry, and what is left of a run afterwards."""

from __future__ import annotations

import json
import time
from textwrap import dedent

import nbformat
import pytest

PIPELINE = """\
parameters:
  count: {type: integer, default: 3}
blocks:
  - {name: said, kind: loader, file: said.py}
  - {name: doubled, kind: transformer, file: doubled.py, upstream: [said]}
  - {name: aside, kind: loader, file: aside.py}
"""
SAID = """\
import sys

from headrace import loader
from IPython.display import HTML, display


@loader
def said(count: int):
    print("on stdout")
    print("on stderr", file=sys.stderr)
    display(HTML("<b>shown</b>"))
    return list(range(count))
"""
DOUBLED = """\
from headrace import transformer


@transformer
def doubled(said):
    return [2 * n for n in said]
"""
ASIDE = """\
from headrace import loader


@loader
def aside():
    raise ValueError("aside")
"""
SLOW = """\
import signal
import time

from headrace import loader


@loader
def slow(stubborn: bool = False, folder: str = ""):
    if stubborn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(folder + "/started", "w"):
        pass
    while True:
        time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, harness):
    project = tmp_path_factory.mktemp("runs") / "p"
    texts = {
        "steps/pipeline.yaml": PIPELINE, "steps/said.py": SAID, "steps/doubled.py": DOUBLED, "steps/aside.py": ASIDE,
        "waits/slow.py": SLOW,
        "waits/pipeline.yaml": dedent("""\
            parameters:
              stubborn: {type: boolean, default: false}
              folder: {type: string, default: ""}
            blocks:
              - {name: slow, kind: loader, file: slow.py}
            """),
    }  # fmt: skip
    for name, text in texts.items():
        file = project / "pipelines" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with harness.Server(project) as server:
        server.wait_ready()
        yield server


def start_and_wait(site, folder, **parameters):
    answer = site.post(
        "pipelines/waits/runs", {"parameters": {"folder": str(folder), **parameters}}
    )
    assert answer.status_code == 201, answer.text
    limit = time.monotonic() + 60
    while not (folder / "started").exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
    return answer.json()["id"]


def test_cancel_answers_once_the_end_is_recorded(site, tmp_path):
    run = start_and_wait(site, tmp_path)
    answer = site.post(f"runs/{run}/cancel")
    assert answer.status_code == 200
    assert answer.json()["state"] == "cancelled"
    assert answer.json()["finished_at"] is not None
    assert site.post(f"runs/{run}/cancel").json() == answer.json()


def test_cancel_says_so_when_a_block_resists(site, tmp_path):
    run = start_and_wait(site, tmp_path, stubborn=True)
    answer = site.post(f"runs/{run}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    limit = time.monotonic() + 60
    while site.get(f"runs/{run}").json()["state"] != "cancelled":
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_lists_are_of_a_span_of_time(site):
    record = site.run("steps", blocks=["said"])
    at = record["queued_at"]

    def listed(**asked):
        answer = site.get("runs", params={"pipeline": "steps", **asked})
        matrix = site.get("pipelines/steps/runs/matrix", params=asked)
        assert answer.status_code == matrix.status_code == 200, answer.text
        ids = {run["id"] for run in answer.json()["runs"]}
        assert ids == {run["id"] for run in matrix.json()["runs"]}
        return record["id"] in ids

    assert listed(since=at)
    assert not listed(until=at)
    for wrong in ({"since": "yesterday"}, {"until": "2026-03-01"}, {"since": at, "until": at}):
        answer = site.get("runs", params=wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")


def test_a_retry_has_the_blocks_and_parameters_of_its_run(site):
    record = site.run("steps", blocks=["doubled"], parameters={"count": 5})
    assert [block["name"] for block in record["blocks"]] == ["said", "doubled"]
    again = site.post(f"runs/{record['id']}/retry")
    assert again.status_code == 201
    retried = site.get(f"runs/{again.json()['id']}").json()
    assert [block["name"] for block in retried["blocks"]] == ["said", "doubled"]
    assert retried["parameters"] == {"count": 5}
    assert retried["origin"] == "retry"


def test_a_retry_of_the_whole_pipeline_is_of_the_whole_pipeline(site):
    record = site.run("steps")
    assert record["state"] == "failed"
    again = site.post(f"runs/{record['id']}/retry").json()["id"]
    names = [block["name"] for block in site.get(f"runs/{again}").json()["blocks"]]
    assert sorted(names) == ["aside", "doubled", "said"]


def test_the_notebook_of_a_run_has_what_was_printed_and_shown(site):
    record = site.run("steps")
    answer = site.get(f"runs/{record['id']}/notebook")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/x-ipynb+json"
    book = nbformat.reads(answer.text, as_version=4)
    nbformat.validate(book)
    cells = {c.metadata.get("headrace", {}).get("block"): c for c in book.cells}
    (stream, shown, result) = cells["said"].outputs
    assert (stream.output_type, stream.name) == ("stream", "stdout")
    assert "on stdout\n" in stream.text
    assert "on stderr\n" in stream.text
    assert shown.data["text/html"] == "<b>shown</b>"
    assert result.output_type == "execute_result"
    (error,) = cells["aside"].outputs
    assert (error.ename, error.evalue) == ("ValueError", "aside")


def test_the_status_says_how_much_room_outputs_take(site):
    site.run("steps")
    stored = (site.project / ".headrace" / "store").glob("*/*")
    size = sum(file.stat().st_size for file in stored)
    limit = time.monotonic() + 60
    while site.get("status").json()["store_bytes"] != size:  # it is some seconds behind
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_shared_blocks_say_whether_they_may_be_changed(site):
    own = site.project / "blocks" / "loaders"
    own.mkdir(parents=True, exist_ok=True)
    (own / "mine.py").write_text(ASIDE.replace("aside", "mine"))
    found = {block["path"]: block["writable"] for block in site.get("library").json()}
    assert found["loaders/mine"] is True
    assert found["loaders/read_csv"] is False


def test_a_fault_of_ours_is_one_shape_outside_and_a_traceback_only_in_the_log(site):
    record = site.run("steps", blocks=["said"])
    # A block's log that is a folder is nothing that any handler expects.
    log = site.project / ".headrace" / "logs" / record["id"] / "said.9.log"
    log.mkdir(parents=True)
    answer = site.get(f"runs/{record['id']}/blocks/said/log?attempt=9")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "error": {
            "code": "error",
            "message": "Something went wrong in the server; its log says more.",
            "details": {},
        }
    }
    assert "IsADirectoryError" in site.log_file.read_text()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404), ("runs/zzz", 400), ("runs/00000000000000000000", 404), ("pipelines/none", 404),
        ("runs?limit=x", 400), ("runs?before=../x", 400), ("runs?state=odd", 400), ("outputs/x/rows", 400),
        (f"outputs/{'0' * 32}/rows", 404), (f"outputs/{'0' * 32}/display", 404), ("triggers?pipeline=../x", 400),
    ],
)  # fmt: skip
def test_every_refusal_has_the_one_shape(site, path, status):
    answer = site.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    error = json.loads(answer.text)["error"]
    assert set(error) == {"code", "message", "details"}
    assert error["message"].endswith((".", "!"))
    assert "Traceback" not in answer.text


def test_head_is_answered_as_get_without_a_body(site):
    for path in ("status", "pipelines", "runs?limit=1"):
        got, asked = site.get(path), site.client.head(f"{site.api}/{path}")
        assert (asked.status_code, asked.content) == (200, b""), path
        assert asked.headers["Content-Type"] == got.headers["Content-Type"]
    assert site.client.head(f"{site.api}/runs/00000000000000000000").status_code == 404
    assert site.client.head(f"{site.api}/triggers/preview").status_code == 405
