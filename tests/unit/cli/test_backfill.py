"""`headrace backfill` and `backfills`: what they say before, while and after they run."""

from __future__ import annotations

import json

import pytest

TRIGGERS = 'triggers:\n  - {name: daily, cron: "0 6 * * *"}\n  - {name: hook, webhook: true}\n'
SPAN = ("--from", "2026-03-01", "--to", "2026-03-03")


@pytest.fixture
def root(project, good):
    made = project(p=good)
    file = made / "pipelines" / "p" / "pipeline.yaml"
    file.write_text(file.read_text() + TRIGGERS)
    return made


def test_a_dry_run_names_the_ticks_and_writes_nothing(headrace, root):
    said = headrace("backfill", "p", "daily", *SPAN, "--parallel", "2", "--dry-run", "-C", root)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "3 runs, 2 at once"
    assert lines[1:] == [f"  2026-03-0{day}T06:00:00+00:00  missing" for day in (1, 2, 3)]
    assert json.loads(headrace("backfills", "--json", "-C", root).out) == {"backfills": []}


def test_it_runs_them_and_says_how_that_went(headrace, root):
    said = headrace("backfill", "p", "daily", *SPAN, "-C", root)
    assert said.code == 0, said.err
    assert said.err.splitlines()[0] == "p/daily: 3 runs"
    assert said.err.splitlines()[-1] == "3 of 3; finished"
    (line,) = headrace("backfills", "-C", root).out.splitlines()
    assert line.startswith(said.out.strip())
    assert line.endswith("p/daily  2026-03-01 00:00 to 2026-03-03 23:59  finished  3 of 3")
    again = headrace("backfill", "p", "daily", *SPAN, "--all", "--dry-run", "-C", root)
    assert again.out.startswith("3 runs × ")
    assert " → about " in again.out.splitlines()[0]
    assert headrace("backfill", "p", "daily", *SPAN, "--dry-run", "-C", root).out == (
        "nothing to run\n"
    )


def test_what_is_only_recorded_can_be_paused_resumed_and_cancelled(headrace, root):
    made = headrace("backfill", "p", "daily", *SPAN, "--no-wait", "--json", "-C", root)
    known = json.loads(made.out)["id"]
    assert "  paused  0 of 3" in headrace("backfills", "pause", known, "-C", root).out
    going = headrace("backfills", "resume", known, "--no-wait", "--json", "-C", root)
    assert json.loads(going.out)["state"] == "running"
    ended = headrace("backfills", "cancel", known, "--json", "-C", root)
    assert json.loads(ended.out)["counts"]["waiting"] == 3
    refused = headrace("backfills", "resume", known, "-C", root)
    assert (refused.code, refused.err) == (1, "Error: The backfill is cancelled.\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("p", "nope", *SPAN), 1, "There is no trigger 'nope'."),
        (("nope", "daily", *SPAN), 1, "nope"),
        (("p", "hook", *SPAN), 1, "cron, every or at"),
        (("p", "daily", "--from", "yesterday"), 1, "from:"),
        (("p", "daily", *SPAN, "--parallel", "99"), 1, "parallel"),
        (("p", "daily"), 2, "--from"),
    ],
)
def test_what_means_nothing_is_refused_with_the_reason(headrace, root, words, code, says):
    said = headrace("backfill", *words, "-C", root)
    assert said.code == code
    assert says in said.err


def test_a_backfill_that_there_is_not(headrace, root):
    assert headrace("backfills", "pause", "0" * 20, "-C", root).code == 1
    assert headrace("backfills", "pause", "x", "-C", root).code == 1
