"""Consecutive SQL blocks are one query in runs without the editor; nobody can tell by the rows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .harness import headrace_command

YAML = """\
parameters:
  least: {type: integer, default: 3}
blocks:
  - {name: digits, kind: loader, file: digits.py}
  - {name: kept, kind: transformer, file: kept.sql, upstream: [digits]}
  - {name: squares, kind: transformer, file: squares.sql, upstream: [kept], inputs: {k: kept}, with: {by: 10}}
  - {name: sums, kind: transformer, file: sums.sql, upstream: [squares, digits], with: {by: 100}}
"""
SOURCES = {
    "digits.py": "import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef digits():\n"
    "    return pd.DataFrame({'n': range(10), 'day': pd.Timestamp('2026-01-31')})\n",
    "kept.sql": "-- only some\nselect n, day from digits where n >= :least -- :least;\n",
    "squares.sql": "with k2 as (select n, n * n * :by as s from k)\nselect * from k2 order by n;\n",
    "sums.sql": "/* with */ with recursive others as (select n from digits)\n"
    "select sum(s) + :by as total, count(*) as rows from squares join others using (n)\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, YAML, SOURCES)
    return tmp_path


def write(project: Path, yaml: str, sources: dict[str, str]) -> None:
    folder = project / "pipelines" / "p"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(yaml)
    for name, text in sources.items():
        (folder / name).write_text(text)


def run(project: Path, *arguments: str) -> tuple[str, dict[str, dict[str, Any]]]:
    command = [*headrace_command(), "run", "p", "-C", str(project), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    return record["state"], {block["name"]: block for block in record["blocks"]}


def total(project: Path, block: dict[str, Any]) -> list[dict[str, Any]]:
    from msgspec import convert

    from headrace.protocol.tables import Output
    from headrace.store.outputs import Store

    store = Store(project / ".headrace" / "store")
    return store.get(convert(block["output"], Output)).to_dict("records")


EXPECTED = [{"total": sum(n * n * 10 for n in range(3, 10)) + 100, "rows": 7}]


def test_a_chain_is_one_query_and_says_so(project: Path) -> None:
    state, blocks = run(project)
    assert state == "succeeded"
    for name, reader in (("kept", "squares"), ("squares", "sums")):
        block = blocks[name]
        assert (block["state"], block["cache"]) == ("succeeded", f"miss: computed within {reader}")
        assert block.get("address") is None
        assert block["output"]["within"] == reader
        assert not block.get("attempts")
    assert total(project, blocks["sums"]) == EXPECTED


def test_a_second_run_takes_the_result_and_computes_nothing(project: Path) -> None:
    run(project)
    _, blocks = run(project)
    assert [blocks[name]["cache"].partition(":")[0] for name in ("kept", "squares", "sums")] == [
        "hit"
    ] * 3
    assert blocks["sums"]["state"] == "cached"
    _, blocks = run(project, "-p", "least=4")
    assert blocks["sums"]["cache"].startswith("miss")


def test_a_block_that_is_asked_for_is_computed_and_kept(project: Path) -> None:
    run(project)
    _, blocks = run(project, "--until", "squares")
    assert (blocks["kept"]["state"], blocks["squares"]["rows"]) == ("succeeded", 7)
    _, blocks = run(project)
    assert blocks["squares"]["state"] == "cached"
    assert blocks["sums"]["cache"].startswith("hit")  # what was kept since changes no key


@pytest.mark.parametrize(
    "keys",
    [
        "checks: [{column: n, not_null: true}]",
        "timeout: 1m",
        "isolation: block",
        "memory: 1GB",
    ],
)
def test_a_block_of_which_something_is_said_runs_by_itself(project: Path, keys: str) -> None:
    line = "file: kept.sql, upstream: [digits]"
    write(project, YAML.replace(line, f"{line}, {keys}"), {})
    state, blocks = run(project)
    assert state == "succeeded"
    assert blocks["kept"]["rows"] == 7
    assert blocks["squares"]["output"]["within"] == "sums"
    assert total(project, blocks["sums"]) == EXPECTED


def test_a_block_that_two_read_is_computed_once_where_both_lead_to_one(project: Path) -> None:
    yaml = YAML.partition("  - {name: squares")[0] + (
        "  - {name: low, kind: transformer, file: low.sql, upstream: [kept]}\n"
        "  - {name: high, kind: transformer, file: high.sql, upstream: [kept], inputs: {K: kept}}\n"
        "  - {name: both, kind: transformer, file: both.sql, upstream: [low, high]}\n"
    )
    sources = {
        "kept.sql": "select n, random() as r from digits where n >= :least",
        "low.sql": "select * from kept order by n",
        "high.sql": "select n, r from k",
        "both.sql": "select count(*) as same from low join high using (n, r)",
    }
    write(project, yaml, sources)
    state, blocks = run(project)
    assert state == "succeeded", blocks
    assert {name: blocks[name]["output"]["within"] for name in ("kept", "low", "high")} == {
        "kept": "both",
        "low": "both",
        "high": "both",
    }
    assert total(project, blocks["both"]) == [{"same": 7}]


def test_a_block_that_two_read_to_different_ends_runs_by_itself(project: Path) -> None:
    more = "  - {name: other, kind: transformer, file: other.sql, upstream: [kept]}\n"
    write(project, YAML + more, {"other.sql": "select max(n) as n from kept"})
    _, blocks = run(project)
    assert blocks["kept"]["rows"] == 7
    assert total(project, blocks["other"]) == [{"n": 9}]


def test_what_is_wrong_is_said_of_the_block_that_it_is_wrong_in(project: Path) -> None:
    write(project, YAML, {"kept.sql": "select day,\n  cast('x' || n as int) as n from digits"})
    state, blocks = run(project)
    assert state == "failed"
    failure = blocks["sums"]["failure"]
    assert failure["message"].startswith("In kept, which is computed within this block: ")
    assert "x0" in failure["message"]
    assert {n: (blocks[n]["state"], blocks[n]["because"]) for n in ("kept", "squares")} == {
        "kept": ("skipped", "sums"),
        "squares": ("skipped", "sums"),
    }


def test_names_that_mean_two_things_are_no_obstacle(project: Path) -> None:
    yaml = YAML.replace(
        "upstream: [squares, digits]", "upstream: [squares, digits], inputs: {k: digits}"
    )
    write(project, yaml, {"sums.sql": "select sum(s) + :by as total, count(*) as rows from squares join k using (n)"})  # fmt: skip
    state, blocks = run(project)
    assert state == "succeeded", blocks["sums"]
    assert total(project, blocks["sums"]) == EXPECTED
