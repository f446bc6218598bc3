"""Many runs at once: found by filters, cancelled, retried, and two of them compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard

PIPELINE = """
title: Daily
parameters:
  day: {type: integer, default: 1}
blocks:
  - {name: load, kind: loader, file: load.py}
  - {name: wait, kind: exporter, file: wait.py, upstream: [load]}
"""
LOAD = (
    "import pandas as pd\n\nfrom headrace import loader\n\n\n@loader\ndef load(day: int):\n"
    '    return pd.DataFrame({"n": range(day)})\n'
)
WAIT = (
    "import time\nfrom pathlib import Path\n\nfrom headrace import exporter\n\n\n@exporter\n"
    'def wait(load):\n    while not Path("open").exists():\n        time.sleep(0.01)\n'
)


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "daily"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "load.py").write_text(LOAD)
    (folder / "wait.py").write_text(WAIT)
    return tmp_path / "project"


def test_runs_are_cancelled_and_retried_many_at_once_by_keys(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    for day in (1, 2, 3):
        server.post("pipelines/daily/runs", {"parameters": {"day": day}})
    page = context.new_page()
    page.goto("/runs")
    user = Keyboard(page)
    table = page.get_by_role("table", name="Runs, newest first")
    expect(table.get_by_role("row")).to_have_count(4)
    user.tab_to(page.get_by_role("checkbox", name="Choose all runs of the list"))
    user.press("Space")
    bar = page.get_by_role("toolbar", name="Chosen runs")
    expect(bar).to_contain_text("3 of 3 chosen")
    expect(bar.get_by_role("button", name="Retry", exact=True)).to_be_disabled()
    bar.get_by_role("button", name="Cancel 3 runs").focus()
    user.press("Enter")
    expect(table.get_by_role("row").filter(has_text="cancelled")).to_have_count(3)
    expect(page.get_by_text("Cancelled 3 runs.")).to_be_visible()

    # Those of one state and time, again.
    (empty_project / "open").touch()
    page.get_by_label("State").select_option("cancelled")
    page.get_by_label("Time").select_option("today")
    expect(page).to_have_url(re.compile(r"state=cancelled&time=today"))
    user.tab_to(page.get_by_role("checkbox", name="Choose all runs of the list"))
    user.press("Space")
    bar.get_by_role("button", name="Retry 3 runs").focus()
    user.press("Enter")
    until(
        lambda: len(server.get("runs?state=succeeded&origin=retry").json()["runs"]) == 3,
        "the runs again",
    )
    page.get_by_label("Time").select_option("yesterday")
    expect(page.get_by_text("No such runs")).to_be_visible()


def test_two_runs_are_compared_by_durations_parameters_code_and_data(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    (empty_project / "open").touch()
    first = server.run("daily", parameters={"day": 5})
    code = empty_project / "pipelines" / "daily" / "load.py"
    code.write_text(LOAD.replace("range(day)", "range(1, day)"))
    second = server.run("daily", parameters={"day": 9})
    page = context.new_page()
    page.goto("/runs")
    table = page.get_by_role("table", name="Runs, newest first")
    expect(table.get_by_role("row")).to_have_count(3)
    page.get_by_role("checkbox", name="Choose all runs of the list").check()
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(f"runs/{second['id']}\\?with={first['id']}"))
    expect(page.get_by_role("row", name="parameter day 5 9")).to_be_visible()

    blocks = page.get_by_role("region", name="Blocks").get_by_role("listitem")
    load = blocks.filter(has_text="loader")
    expect(load).to_contain_text("5 × 1 → 8 × 1")
    for part in ("code", "parameter day"):
        expect(load.get_by_text(part, exact=True)).to_be_visible()
    line = load.get_by_role("button", name=re.compile("load"))
    line.focus()
    page.keyboard.press("Enter")
    expect(load.locator(".difference")).to_contain_text("range(1, day)")
    data = page.get_by_role("region", name="Data of load")
    expect(data.get_by_label("Summary")).to_contain_text("5 → 8")
    expect(data.get_by_role("tab", name="Columns")).to_be_visible()

    page.get_by_role("button", name="Swap").click()
    expect(page.get_by_role("row", name="parameter day 9 5")).to_be_visible()
    page.get_by_label("Compare with").select_option(second["id"])
    expect(page.get_by_role("region", name="Before")).to_contain_text("open")
