"""`runs`, `triggers`, `store`, `init` and the help: short commands, for people and for programs."""

from __future__ import annotations

import json
import stat

import pytest

from headrace.cli.main import _COMMANDS


@pytest.mark.parametrize(
    ("command", "wanted"),
    [("runs", {"runs": []}), ("triggers", {"triggers": []}), ("store", {"bytes": 0, "blocks": []})],
)
def test_lists_of_a_new_project_are_empty(headrace, project, good, command, wanted):
    said = headrace(command, "--json", "-C", project(p=good))
    assert said.code == 0
    assert json.loads(said.out) == wanted


def test_triggers_are_those_of_the_files_before_any_server_has_seen_them(headrace, project, good):
    triggers = (
        'triggers:\n  - {name: daily, cron: "0 6 * * *"}\n  - {name: off, every: 1h, active: false}\n'
        '  - {name: wrong, cron: "61 * * * *"}\n'
    )
    root = project(p=good)
    file = root / "pipelines" / "p" / "pipeline.yaml"
    file.write_text(file.read_text() + triggers)
    found = json.loads(headrace("triggers", "--json", "-C", root).out)["triggers"]
    assert [(t["name"], t["active"]) for t in found] == [
        ("daily", True), ("off", False), ("wrong", True),
    ]  # fmt: skip
    assert found[0]["next_at"].endswith("T06:00:00Z")
    assert (found[1]["next_at"], found[2]["next_at"]) == (None, None)
    lines = headrace("triggers", "-C", root).out.splitlines()
    assert lines[1] == "p/off  every 1h UTC  paused"
    assert "61" in lines[2]
    (root / ".headrace" / "headrace.db").unlink()
    file.unlink()
    assert json.loads(headrace("triggers", "--json", "-C", root).out) == {"triggers": []}


def test_the_history_is_read_where_the_settings_put_it(headrace, project, good, tmp_path):
    root = project(p=good)
    (root / "headrace.yaml").write_text(f"history: sqlite:///{tmp_path}/elsewhere.db\n")
    assert headrace("runs", "-C", root).code == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (root / ".headrace" / "headrace.db").exists()


def test_help_knows_every_command_and_each_has_its_own(headrace):
    said = headrace("--help")
    assert said.code == 0
    for name in _COMMANDS:
        assert f"  {name} " in said.out
        assert headrace(name, "--help").out.startswith(f"Usage: headrace {name} ")


def test_init_makes_a_project_without_problems_once(headrace, tmp_path):
    root = tmp_path / "made"
    assert headrace("init", root).code == 0
    assert stat.S_IMODE((root / ".headrace").stat().st_mode) == 0o700
    assert headrace("check", "-C", root).out == "No problems found.\n"
    again = headrace("init", root)
    assert again.code == 1
    assert "not empty" in again.err


def test_a_state_folder_that_others_can_read_is_closed_to_them(headrace, project, good):
    root = project(p=good)
    (root / ".headrace").mkdir(mode=0o755)
    headrace("store", "-C", root)
    assert stat.S_IMODE((root / ".headrace").stat().st_mode) == 0o700


def test_limits_are_usage(headrace, project, good):
    assert headrace("runs", "--limit", "0", "-C", project(p=good)).code == 2


def test_runs_are_listed_by_state_starter_and_time(headrace, project, good):
    root = project(p=good)
    assert headrace("run", "p", "-C", root).code == 0

    def count(*options):
        return len(json.loads(headrace("runs", "--json", *options, "-C", root).out)["runs"])

    assert count("--state", "succeeded", "--origin", "cli", "--since", "2020-01-01") == 1
    assert count("--state", "failed") == count("--until", "2020-01-01T06:00+01:00") == 0
    refused = headrace("runs", "--since", "yesterday", "-C", root)
    assert refused.code == 1
    assert "--since must be a date or a moment" in refused.err
