"""`headrace check`: every problem with its place, and an exit code that scripts can trust."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = {
    "pipeline.yaml": """\
        blocks:
          - {name: first, kind: transformer, file: first.py, upstream: [second]}
          - {name: second, kind: transformer, file: second.py, upstream: [first]}
        """,
    "first.py": "from headrace import transformer\n\n\n@transformer\ndef first(second):\n    return second\n",
    "second.py": "from headrace import transformer\n\n\n@transformer\ndef second(first):\n    return first\n",
}
WRONG = {
    "broken yaml": ({"pipeline.yaml": "title: A\nblocks: [\n"}, r"pipelines/p/pipeline\.yaml:\d+:\d+: error: "),
    "a cycle": (LOOP, r"pipelines/p/pipeline\.yaml:\d+:\d+: error: .*first.*second"),
    "a missing file": (
        {"pipeline.yaml": "blocks:\n  - {name: load, kind: loader, file: load.py}\n"},
        r"pipelines/p/(pipeline\.yaml|load\.py):\d+:\d+: error: .*load",
    ),
    "a syntax error": (
        {
            "pipeline.yaml": "blocks:\n  - {name: load, kind: loader, file: load.py}\n",
            "load.py": "from headrace import loader\n\n@loader\ndef load(:\n    pass\n",
        },
        r"pipelines/p/load\.py:4:\d+: error: ",
    ),
    "a schedule of nonsense": (
        {
            "pipeline.yaml": 'blocks: []\ntriggers:\n  - {name: nightly, cron: "61 * * * *"}\n'
        },
        r"pipelines/p/pipeline\.yaml:3:\d+: error: ",
    ),
}  # fmt: skip


def test_a_good_project_has_no_problems(headrace, project, good):
    said = headrace("check", "-C", project(p=good))
    assert (said.code, said.out, said.err) == (0, "No problems found.\n", "")


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_said_with_its_place_and_exit_code_1(headrace, project, good, kind):
    files, words = WRONG[kind]
    root = project(p=files, fine=good)
    said = headrace("check", "-C", root)
    assert said.code == 1
    assert "Traceback" not in said.err
    import re

    assert re.search(words, said.out), said.out
    assert headrace("check", "fine", "-C", root).code == 0


@pytest.mark.parametrize("kind", WRONG)
def test_programs_get_the_same_as_json(headrace, project, kind):
    files, _ = WRONG[kind]
    said = headrace("check", "--json", "-C", project(p=files))
    assert said.code == 1
    found = json.loads(said.out)["pipelines"]["p"]
    errors = [one for one in found if one["severity"] == "error"]
    assert errors
    assert all(one["file"] and one["line"] >= 1 for one in errors)


def test_headrace_yaml_is_checked_with_all_pipelines(headrace, project, good):
    root = project(p=good)
    (root / "headrace.yaml").write_text("retention: {age: soon}\n")
    said = headrace("check", "-C", root)
    assert said.code == 1
    assert said.out.startswith("headrace.yaml:1:")
    assert headrace("check", "p", "-C", root).code == 0


def test_checking_writes_nothing(headrace, project, good):
    root = project(p=good)
    before = sorted(root.rglob("*"))
    headrace("check", "-C", root)
    assert sorted(root.rglob("*")) == before


def test_an_unknown_pipeline_or_project_is_named(headrace, project, good):
    root = project(p=good)
    for arguments, words in [
        (("check", "nope", "-C", root), "There is no pipeline 'nope'."),
        (("check", "../p", "-C", root), "'../p'"),
        (("check", "-C", root / "nowhere"), "nowhere"),
    ]:
        said = headrace(*arguments)
        assert said.code == 1
        assert words in said.err
        assert said.out == ""
    said = headrace("check", "nope", "--json", "-C", root)
    assert json.loads(said.out)["error"]["code"] == "not-found"


def test_wrong_usage_is_2(headrace):
    assert headrace("check", "--nope").code == 2
    assert headrace("nope").code == 2


def cpu_of(*arguments: object) -> float:
    """CPU seconds of the fastest of three calls: wall time would measure the other tests."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [Path(sys.executable).with_name("headrace"), *arguments],
            check=True,
            capture_output=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)  # fmt: skip


def test_help_and_check_start_at_once(project, good):
    assert cpu_of("--help") < 0.2
    assert cpu_of("check", "-C", project(p=good)) < 0.4
