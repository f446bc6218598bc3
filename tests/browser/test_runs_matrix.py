"""The last runs side by side: what failed when, and one step from there to why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.acceptance.harness import Server
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard

PIPELINE = """
title: Daily
parameters:
  day: {type: integer, default: 1}
blocks:
  - {name: load, kind: loader, file: load.py}
  - {name: count, kind: transformer, file: count.py, upstream: [load]}
"""
LOAD = "from headrace import loader\n\n\n@loader\ndef load(day: int):\n    return day\n"
COUNT = (
    "from headrace import transformer\n\n\n@transformer\ndef count(load):\n"
    '    assert load != 2, "no rows that day"\n    return load\n'
)


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "daily"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "load.py").write_text(LOAD)
    (folder / "count.py").write_text(COUNT)
    return tmp_path / "project"


def test_a_failure_among_the_last_runs_is_found_and_opened_by_keys(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    for day in (1, 2, 3):
        server.run("daily", parameters={"day": day})
    page = context.new_page()
    page.goto("/runs?pipeline=daily")
    user = Keyboard(page)
    choice = page.get_by_role("radiogroup", name="View of the runs")
    user.tab_to(choice.get_by_role("radio", name="List"))
    user.press("ArrowRight")
    expect(page.get_by_label("Pipeline", exact=True)).to_have_value("daily")
    matrix = page.get_by_role("table")
    expect(matrix.get_by_role("row")).to_have_count(3)

    # From the newest run down to its last block, and one run back.
    user.tab_to(matrix.get_by_role("link").nth(2))
    user.press("ArrowDown", "ArrowDown", "ArrowLeft")
    failed = matrix.get_by_role("link", name=re.compile("^count in the run of .*: failed"))
    expect(failed).to_be_focused()

    # What runs meanwhile comes by itself.
    server.run("daily", parameters={"day": 4})
    expect(matrix.get_by_role("columnheader")).to_have_count(5)
    expect(failed).to_be_focused()
    user.press("Enter")
    expect(page.get_by_text("AssertionError: no rows that day").first).to_be_visible()
    expect(page.get_by_role("button", name="Retry from here")).to_be_visible()

    page.go_back()
    expect(choice.get_by_role("radio", name="Matrix")).to_be_checked()
