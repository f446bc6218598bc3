"""A backfill as people make it: the holes of a span, on a calendar, by mouse and by keys."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

YAML = """\
blocks:
  - {name: tell, kind: loader, file: tell.py}
triggers:
  - {name: daily, cron: "0 0 * * *", active: false}
  - {name: hook, webhook: true}
"""
CODE = """\
from pathlib import Path

from headrace import loader


@loader
def tell(context):
    assert not Path("broken").exists() or context.logical_time.day % 3
    while Path("held").exists():
        pass
    return [context.logical_time.isoformat()]
"""


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    folder = root / "pipelines" / "tells"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "tell.py").write_text(CODE)
    return root


@pytest.fixture
def page(context: BrowserContext, quiet: Complaints) -> Page:
    return context.new_page()


def this_month() -> date:
    """Its first day, on the clocks of the trigger."""
    return datetime.now(UTC).date().replace(day=1)


def before_this_month() -> tuple[date, date]:
    """The first and the last day of the month before this one."""
    last = this_month() - timedelta(days=1)
    return last.replace(day=1), last


def day_of(page: Page, day: date) -> Locator:
    return page.locator(f'[data-day="{day}"]')


def over(server: Server, number: int) -> None:
    """Wait until so many backfills are finished."""

    def finished() -> bool:
        found = server.get("backfills").json()["backfills"]
        return len(found) == number and all(one["state"] == "finished" for one in found)

    until(finished, f"{number} backfills", 60)


def test_the_holes_of_a_backfill_are_filled(
    page: Page, server: Server, empty_project: Path
) -> None:
    first, last = before_this_month()
    (empty_project / "broken").touch()
    asked = {"trigger": "daily", "from": f"{first + timedelta(days=5)}", "to": f"{last}"}
    made = server.post("pipelines/tells/backfills", {**asked, "parallel": 4})
    assert made.status_code == 201, made.text
    over(server, 1)
    (empty_project / "broken").unlink()

    EditorPage(page).open("tells").schedule().sheet.get_by_role(
        "button", name="Backfill daily"
    ).click()
    expect(page).to_have_url(re.compile(r"/p/tells/backfill\?trigger=daily$"))
    # Some days before it have no run, every third one failed, and the others are there.
    missing = first + timedelta(days=2)
    failed = first + timedelta(days=8)
    good = first + timedelta(days=7)
    expect(day_of(page, missing)).to_have_accessible_name(re.compile("1 missing"))
    expect(day_of(page, failed)).to_have_accessible_name(re.compile("1 failed"))
    expect(day_of(page, good)).to_have_accessible_name(re.compile("1 ok"))

    # A drag from the first to the last day of the month.
    day_of(page, first).hover()
    page.mouse.down()
    day_of(page, first + timedelta(days=9)).hover()
    day_of(page, last).hover()
    page.mouse.up()
    form = page.get_by_role("form", name="Backfill")
    expect(form.get_by_label("From")).to_have_value(f"{first}")
    expect(form.get_by_label("To")).to_have_value(f"{last}")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    holes = [day for day in days if day.day % 3 == 0 or day < first + timedelta(days=5)]
    start = form.get_by_role("button", name=f"Start {len(holes)} runs")
    expect(start).to_be_enabled()
    expect(form).to_contain_text(f"{len(holes)} runs × ")
    expect(form).to_contain_text("→ about ")
    expect(form).to_contain_text("They run version 1, as the schedule does.")
    would = form.get_by_role("region", name="Would run").get_by_role("listitem")
    expect(would).to_have_count(len(holes))
    form.get_by_label("At once").fill("3")
    expect(form).to_contain_text("3 at once")
    start.click()
    over(server, 2)
    expect(day_of(page, missing)).to_have_accessible_name(re.compile("1 ok"))
    expect(day_of(page, failed)).to_have_accessible_name(re.compile("1 ok"))
    expect(form.get_by_role("button", name="Nothing to run")).to_be_disabled()
    expect(form).to_contain_text("Every tick of this span has its run.")
    card = page.get_by_role("article", name="Backfill of daily").first
    expect(card).to_contain_text(f"{len(holes)} of {len(holes)}")
    card.get_by_role("link", name="Runs").click()
    expect(page.locator(".runs-table tbody tr")).to_have_count(len(holes))


def test_a_backfill_is_paused_resumed_and_cancelled_where_runs_are_listed(
    page: Page, server: Server, empty_project: Path
) -> None:
    first, last = before_this_month()
    (empty_project / "held").touch()
    asked = {"trigger": "daily", "from": f"{first}", "to": f"{last}", "parallel": 2}
    made = server.post("pipelines/tells/backfills", asked).json()
    page.goto("/runs")
    card = page.get_by_role("article", name="Backfill of daily")
    expect(card).to_contain_text(f"0 of {made['total']} · 2 running")
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("paused")
    (empty_project / "held").unlink()
    expect(card).to_contain_text(f"2 of {made['total']}")
    (empty_project / "held").touch()
    card.get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("2 running")
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "2")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_be_hidden()
    ended = server.get(f"backfills/{made['id']}").json()
    assert ended["state"] == "cancelled"


def test_days_are_chosen_by_keys_alone(page: Page, server: Server) -> None:
    first, last = before_this_month()
    page.goto("/p/tells/backfill?trigger=daily")
    form = page.get_by_role("form", name="Backfill")
    expect(form.get_by_label("From")).to_have_value(f"{this_month()}")
    tenth, twelfth = first.replace(day=10), first.replace(day=12)
    day_of(page, tenth).focus()
    page.keyboard.press("Enter")
    expect(form.get_by_label("To")).to_have_value(f"{tenth}")
    expect(page.get_by_role("region", name="Ticks of this day")).to_contain_text("missing")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(day_of(page, twelfth)).to_be_focused()
    expect(form.get_by_label("From")).to_have_value(f"{tenth}")
    expect(form.get_by_label("To")).to_have_value(f"{twelfth}")
    expect(form.get_by_role("button", name="Start 3 runs")).to_be_enabled()
    page.keyboard.press("ArrowDown")
    expect(day_of(page, twelfth + timedelta(days=7))).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[data-day]:focus")).to_have_count(0)
    assert last > twelfth
