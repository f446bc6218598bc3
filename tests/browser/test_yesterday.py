"""Yesterday something failed: found from home, opened at its data, and repeated from there."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.acceptance.harness import Server
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard
from tests.browser.projects import headrace

PIPELINE = """
title: Daily orders
blocks:
  - {name: orders, kind: loader, file: orders.py}
  - {name: clean, kind: transformer, file: clean.py, upstream: [orders]}
  - {name: report, kind: exporter, file: report.py, upstream: [clean]}
"""
SOURCES = {
    "orders": "import pandas as pd\n\nfrom headrace import loader\n\n\n@loader\ndef orders():\n"
    '    print("read orders")\n    return pd.DataFrame({"id": [4711, 4712], "sum": [3, 5]})\n',
    "clean": "from pathlib import Path\n\nfrom headrace import transformer\n\n\n@transformer\n"
    'def clean(orders):\n    rate = Path("rate.txt").read_text()\n'
    "    return orders.assign(sum=orders['sum'] * float(rate))\n",
    "report": 'from headrace import exporter\n\n\n@exporter\ndef report(clean):\n    print(clean["sum"].sum())\n',
}
SHOWN_ON_HOME = 30


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    """A pipeline that succeeded two days ago and failed yesterday, for want of a file."""
    root = tmp_path / "project"
    folder = root / "pipelines" / "daily"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    for name, text in SOURCES.items():
        (folder / f"{name}.py").write_text(text)
    (root / "rate.txt").write_text("1")
    headrace("run", "daily", "-C", root)
    (root / "rate.txt").unlink()
    headrace("run", "daily", "--force", "-C", root, exits=1)
    date_back(root, succeeded=2, failed=1)
    return root


def date_back(project: Path, **days: int) -> None:
    """Let the runs of a state be from so many days ago."""
    with sqlite3.connect(project / ".headrace" / "headrace.db") as history:
        for state, ago in days.items():
            at = (datetime.now(UTC) - timedelta(days=ago)).isoformat(timespec="microseconds")
            history.execute(
                "UPDATE runs SET queued_at = ?, started_at = ?, finished_at = ? WHERE state = ?",
                (at, at, at, state),
            )
    history.close()


def expect_the_failure_at_its_data(page: Page) -> None:
    code = page.get_by_role("region", name="Code of this run")
    failed = code.get_by_role("region", name="clean")
    expect(failed.locator(".cm-failed-line")).to_contain_text('Path("rate.txt").read_text()')
    expect(failed.locator(".cm-failed-line")).to_be_in_viewport()
    expect(failed.locator(".cm-failed-message")).to_contain_text("FileNotFoundError")
    expect(code.get_by_role("textbox", name="Code of orders")).to_contain_text("read orders")
    data = page.get_by_role("region", name="Data", exact=True)
    expect(data.get_by_role("tab", name="orders")).to_have_attribute("aria-selected", "true")
    expect(data.get_by_role("gridcell", name="4711")).to_be_visible()


def expect_that_only_the_rest_ran_again(
    page: Page, server: Server, before: str, *, clean: str = "succeeded"
) -> None:
    expect(page).not_to_have_url(re.compile(before))
    expect(page.locator(".crumbs .chip").first).to_contain_text("ok")
    newest = server.get("runs").json()["runs"][0]
    record = server.get(f"runs/{newest['id']}").json()
    assert record["origin"] == "retry"
    assert {block["name"]: block["state"] for block in record["blocks"]} == {
        "orders": "cached",
        "clean": clean,
        "report": "succeeded",
    }


def test_yesterdays_failure_is_two_clicks_from_home_and_from_being_repeated(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    failed = server.get("runs?state=failed").json()["runs"][0]["id"]
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_text(re.compile("^failing since .*FileNotFoundError"))).to_be_visible()
    ticks = page.get_by_role("group", name="2 runs: 1 succeeded, 1 failed")
    ticks.get_by_role("link", name=re.compile("failed in .*")).click()
    expect(page).to_have_url(re.compile(failed))
    expect_the_failure_at_its_data(page)

    (server.project / "rate.txt").write_text("2")
    page.get_by_role("button", name="Retry from clean").click()
    expect_that_only_the_rest_ran_again(page, server, failed)

    # Beside the run that failed: what was different.
    page.get_by_role("button", name="Compare").click()
    page.get_by_label("Compare with").select_option(failed)
    expect(page.get_by_role("row", name=re.compile("^state failed succeeded"))).to_be_visible()
    blocks = page.get_by_role("region", name="Blocks")
    expect(blocks.get_by_role("listitem").filter(has_text="orders")).to_contain_text("the same")
    expect(blocks.get_by_role("listitem").filter(has_text="clean")).to_contain_text(
        "nothing → 2 × 2"
    )


def test_the_same_by_keys_alone(context: BrowserContext, quiet: Complaints, server: Server) -> None:
    server.run("daily")
    failed = [run["id"] for run in server.get("runs?state=failed").json()["runs"]]
    page = context.new_page()
    page.goto("/")
    user = Keyboard(page)
    ticks = page.get_by_role("group", name="3 runs: 1 succeeded, 2 failed")
    user.tab_to(ticks.get_by_role("link").last)
    user.press("ArrowLeft")
    yesterday = ticks.get_by_role("link").nth(1)
    expect(yesterday).to_be_focused()
    user.press("Enter")
    expect(page).to_have_url(re.compile(failed[1]))
    expect_the_failure_at_its_data(page)

    # Along the blocks by arrows, and back to the one that failed.
    rows = page.get_by_role("region", name="Blocks of this run")
    user.tab_to(rows.get_by_role("button", name=re.compile("clean failed: FileNotFound")))
    user.press("ArrowUp")
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("read orders")
    user.press("ArrowDown")
    (server.project / "rate.txt").write_text("2")
    user.tab_to(page.get_by_role("button", name="Retry from here"))
    user.press("Enter")
    expect_that_only_the_rest_ran_again(page, server, failed[1])


def test_one_that_has_passed_since_is_three_clicks_away_however_many_runs_came_after(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    failed = server.get("runs?state=failed").json()["runs"][0]["id"]
    (server.project / "rate.txt").write_text("2")
    for _ in range(SHOWN_ON_HOME):
        server.run("daily")
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("group", name="30 runs: 30 succeeded")).to_be_visible()
    page.get_by_role("link", name="1 failure since yesterday").click()
    table = page.get_by_role("table", name="Runs, newest first")
    expect(table.get_by_role("row")).to_have_count(2)
    table.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(failed))
    expect_the_failure_at_its_data(page)
    page.get_by_role("button", name="Retry from clean").click()
    expect_that_only_the_rest_ran_again(page, server, failed, clean="cached")
