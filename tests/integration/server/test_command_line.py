"""`headrace run` as a shell sees it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from contextlib import closing

import pytest

LOAD = "from headrace import loader\n\n\n@loader\ndef load(count: int):\n    return list(range(count))\n"
YAML = "parameters:\n  count: {type: integer, default: 3}\nblocks:\n  - {name: load, kind: loader, file: load.py}\n"
STEP = "from headrace import transformer\n\n\n@transformer\ndef {0}({1}):\n    return {1}\n"


@pytest.fixture
def run(tmp_path, harness):
    def call(files, *arguments):
        folder = tmp_path / "pipelines" / "p"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        return subprocess.run(
            [*harness.headrace_command(), "run", "p", "-C", str(tmp_path), *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return call


def test_a_run_that_succeeds_exits_with_0_and_prints_its_record(run):
    done = run({"pipeline.yaml": YAML, "load.py": LOAD}, "-p", "count=4", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert record["state"] == "succeeded"
    assert {"id", "state", "seconds", "blocks"} <= set(record)
    (block,) = record["blocks"]
    assert {"name", "state", "cache", "seconds", "rows", "address"} <= set(block)
    assert record["parameters"] == {"count": 4}


def test_a_run_that_fails_exits_with_1(run):
    done = run({"pipeline.yaml": YAML, "load.py": LOAD.replace("range", "rnge")}, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["state"] == "failed"
    assert "NameError" in done.stderr


CYCLE = {
    "pipeline.yaml": "blocks:\n"
    "  - {name: a, kind: transformer, file: a.py, upstream: [b]}\n"
    "  - {name: b, kind: transformer, file: b.py, upstream: [a]}\n",
    "a.py": STEP.format("a", "b"),
    "b.py": STEP.format("b", "a"),
}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pipeline.yaml": "blocks: [\n"}, r"pipelines/p/pipeline\.yaml:\d+"),
        (CYCLE, r"pipelines/p/pipeline\.yaml:\d+:\d+: error: "),
        ({"pipeline.yaml": YAML}, r"pipelines/p/(pipeline\.yaml|load\.py):\d+:\d+: error: "),
    ],
    ids=["broken yaml", "a cycle", "a missing file"],
)
def test_what_cannot_run_says_where_and_exits_with_1(run, files, words):
    done = run(files, "--json")
    assert done.returncode == 1
    assert re.search(words, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["error"]["code"] in ("invalid", "cycle")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-p", "count"], 2, "NAME=VALUE"),
        (["-p", "count=many"], 1, "count"),
        (["-p", "other=1"], 1, "other"),
        (["--until", "nope"], 1, "nope"),
    ],
)
def test_wrong_arguments_are_named(run, arguments, code, words):
    done = run({"pipeline.yaml": YAML, "load.py": LOAD}, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_headrace_yaml_says_reaches_blocks(run, tmp_path, monkeypatch):
    (tmp_path / "headrace.yaml").write_text(
        'secrets: [TOKEN_OF_TEST]\nconnections: {db: "sqlite:///a.db"}\ndefaults: {retries: 2}\n'
    )
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.executescript(
            "create table t (d text, n int); insert into t values ('2026-01-31', 3)"
        )
    monkeypatch.setenv("TOKEN_OF_TEST", "canary")
    files = {
        "pipeline.yaml": "parameters: {day: {type: date, default: 2026-01-31}}\nblocks:\n"
        "  - {name: ready, kind: sensor, file: ready.py, with: {there: true}, backoff: 1ms}\n"
        "  - {name: rows, kind: loader, file: rows.sql, connection: db}\n"
        "  - {name: out, kind: transformer, file: out.py, upstream: [rows, ready]}\n",
        "ready.py": "from headrace import sensor\n\n\n@sensor\ndef ready(there: bool):\n    return there\n",
        "rows.sql": "select n from t where d = :day\n",
        "out.py": "from headrace import transformer\n\n\n@transformer\n"
        "def out(rows, ready, day, context):\n"
        '    key = context.secrets["TOKEN_OF_TEST"]\n'
        '    assert (type(day).__name__, len(key), len(rows)) == ("date", 6, 1)\n',
    }
    done = run(files, "--json")
    assert done.returncode == 0, done.stderr
    files["pipeline.yaml"] = files["pipeline.yaml"].replace("there: true", "there: false")
    done = run(files, "--json")
    assert done.returncode == 0, done.stderr
    states = {b["name"]: b for b in json.loads(done.stdout.splitlines()[-1])["blocks"]}
    assert (states["out"]["state"], states["out"]["because"]) == (
        "skipped", "sensor ready is not ready",
    )  # fmt: skip
    assert len(states["ready"]["attempts"]) == 2, "asked again, as the defaults say"


CHAIN = {
    "pipeline.yaml": "blocks:\n"
    "  - {name: load, kind: loader, file: load.py}\n"
    "  - {name: a, kind: transformer, file: a.py, upstream: [load]}\n"
    "  - {name: b, kind: transformer, file: b.py, upstream: [a]}\n",
    "load.py": "from headrace import loader\n\n\n@loader\ndef load():\n    return 1\n",
    "a.py": STEP.format("a", "load"),
    "b.py": STEP.format("b", "a"),
}


@pytest.mark.parametrize(
    ("options", "blocks"),
    [
        ([], ["load", "a", "b"]),
        (["--until", "a"], ["load", "a"]),
        (["--only", "a"], ["a"]),
        (["--from", "a"], ["a", "b"]),
        (["--stale"], ["load", "a", "b"]),
    ],
)
def test_a_dry_run_names_what_would_run_and_runs_nothing(run, tmp_path, options, blocks):
    done = run(CHAIN, "--dry-run", *options)
    assert (done.returncode, done.stdout.split()) == (0, blocks), done.stderr
    done = run(CHAIN, "--dry-run", "--json", *options)
    assert json.loads(done.stdout) == {"id": None, "blocks": blocks}
    assert not list((tmp_path / ".headrace" / "logs").glob("*"))


def test_two_ways_to_choose_blocks_are_wrong_usage(run):
    assert run(CHAIN, "--only", "a", "--from", "b").returncode == 2
    assert run(CHAIN, "--retry", "x", "--only", "b").returncode == 2


def test_a_run_is_retried_from_what_failed(run):
    broken = CHAIN | {"b.py": STEP.format("b", "a").replace("return a", "return nothing")}
    failed = json.loads(run(broken, "--json").stdout.splitlines()[-1])
    assert failed["state"] == "failed"
    done = run(CHAIN, "--retry", failed["id"], "--dry-run")
    assert done.stdout.split() == ["b"]
    again = json.loads(run(CHAIN, "--retry", failed["id"], "--json").stdout.splitlines()[-1])
    assert (again["state"], again["origin"]) == ("succeeded", "retry")
    kept = {block["name"]: block["cache"].partition(":")[0] for block in again["blocks"]}
    assert kept == {"load": "hit", "a": "hit", "b": "miss"}
    done = run(CHAIN, "--retry", failed["id"], "--from", "a", "--dry-run")
    assert done.stdout.split() == ["a", "b"]


def test_nothing_that_is_stale_is_said_to_be_nothing(run):
    assert run(CHAIN).returncode == 0
    assert run(CHAIN, "--stale", "--dry-run").stdout.strip() == "Nothing."
