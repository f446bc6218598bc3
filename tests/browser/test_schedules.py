"""Schedules as people make them: across a change of clocks, while they run, and for events."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

YAML = """
title: Says
parameters:
  file: {type: string, default: none}
blocks:
  - {name: say, kind: exporter, file: say.py}
"""
CODE = (
    'from headrace import exporter\n\n\n@exporter\ndef say(file: str = "none"):\n    print(file)\n'
)
TICK_MS = 30_000


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("says", "other"):
        folder = root / "pipelines" / name
        folder.mkdir(parents=True)
        (folder / "pipeline.yaml").write_text(YAML)
        (folder / "say.py").write_text(CODE)
    (root / "in").mkdir()
    return root


@pytest.fixture
def sheet(context: BrowserContext, quiet: Complaints) -> Locator:
    page = context.new_page()
    editor = EditorPage(page).open("says")
    editor.block("say").wait_for()
    return editor.schedule().sheet


def ticks(sheet: Locator) -> Locator:
    return sheet.get_by_role("region", name="Next starts").get_by_role("listitem")


def next_gap() -> datetime:
    """Midnight before the clocks of Berlin next go forward."""
    year = datetime.now(UTC).year
    zone = ZoneInfo("Europe/Berlin")
    days = [datetime(y, 3, day, tzinfo=zone) for y in (year, year + 1) for day in range(25, 32)]
    return next(d for d in days if d.weekday() == 6 and d > datetime.now(UTC))


def test_a_change_of_clocks_is_shown_with_its_note(sheet: Locator) -> None:
    sunday = next_gap()
    sheet.get_by_role("radio", name="Daily").click()
    sheet.get_by_label("At", exact=True).fill("02:30")
    sheet.get_by_label("Time zone").fill("Europe/Berlin")
    sheet.get_by_label("Time zone").press("Tab")
    sheet.get_by_text("More", exact=True).click()
    sheet.get_by_label("Not before").fill(f"{sunday:%Y-%m}-{sunday.day - 1:02}")
    gap = f"Sun {sunday.day:02} Mar 03:00"
    expect(ticks(sheet).nth(1)).to_contain_text(gap)
    expect(ticks(sheet)).to_have_count(5)
    expect(ticks(sheet).nth(1)).to_contain_text(f"02:30 does not exist on {sunday.day} March")
    for nth in (0, 2, 3, 4):
        day = sunday.replace(tzinfo=None) + timedelta(days=nth - 1)
        expect(ticks(sheet).nth(nth)).to_contain_text(f"{day:%a %d %b} 02:30")
        expect(ticks(sheet).nth(nth)).not_to_contain_text("exist")


def test_a_schedule_is_edited_while_it_fires(sheet: Locator, server: Server) -> None:
    added = {"name": "often", "every": "1s", "overlap": "allow"}
    assert server.post("pipelines/says/triggers", added).status_code == 201
    until(lambda: server.get("runs?origin=trigger").json()["runs"], "a run")
    before = server.get("pipelines/says/triggers").json()["triggers"][0]
    sheet.get_by_role("button", name="Edit often").click()
    sheet.get_by_role("radio", name="Monthly").click()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("listitem")).to_contain_text("monthly on the")
    after = server.get("pipelines/says/triggers").json()["triggers"][0]
    assert after["id"] == before["id"]
    assert datetime.fromisoformat(after["next_at"]) > datetime.now(UTC)
    runs = len(server.get("runs?origin=trigger&limit=500").json()["runs"])
    sheet.get_by_role("switch").click()
    expect(sheet.get_by_role("switch")).not_to_be_checked()
    sheet.get_by_role("switch").click()
    expect(sheet.get_by_role("switch")).to_be_checked()
    assert len(server.get("runs?origin=trigger&limit=500").json()["runs"]) == runs


def test_every_kind_can_be_chosen_and_says_what_it_is(sheet: Locator, server: Server) -> None:
    for choice, fields, words in (
        ("When a file arrives", {"Pattern": "in/*.csv"}, "new file in/*.csv"),
        ("When another pipeline succeeds", {"Pipeline": "other"}, "after other"),
        ("When the output of a block changes", {"Block": "other/say"}, "new output of other/say"),
        ("Once, at a moment", {"At": "2999-01-01 12:00"}, "once, 2999-01-01 12:00"),
    ):
        sheet.get_by_label("Starts", exact=True).select_option(label=choice)
        for label, value in fields.items():
            field = sheet.get_by_label(label, exact=True)
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        sheet.get_by_role("button", name="Schedule", exact=True).click()
        expect(sheet.get_by_role("listitem").filter(has_text=words)).to_be_visible()
        sheet.get_by_role("button", name="Add a schedule").click()

    sheet.get_by_label("Starts", exact=True).select_option(label="On a web request")
    sheet.get_by_role("button", name="Schedule", exact=True).click()
    secret = sheet.get_by_role("region", name="Secret of webhook")
    expect(secret).to_contain_text("shown once")
    call = secret.locator("pre").inner_text()
    url, bearer = re.findall(r"POST (\S+) .*Bearer ([\w-]+)", call)[0]
    secret.get_by_role("button", name="I have it").click()
    expect(secret).to_be_hidden()
    import httpx

    answer = httpx.post(url, json={"file": "x"}, headers={"Authorization": f"Bearer {bearer}"})
    assert answer.status_code == 202, answer.text
    row = sheet.get_by_role("listitem").filter(has_text="web request")
    expect(row).to_contain_text("last", timeout=TICK_MS)


def test_limits_of_runs_are_set_by_keyboard_and_changed(sheet: Locator, server: Server) -> None:
    sheet.get_by_label("Timeout").fill("soon")
    expect(sheet.get_by_text("Write a span, e.g. 90s or 2h.")).to_be_visible()
    expect(sheet.get_by_role("button", name="Schedule", exact=True)).to_be_disabled()
    sheet.get_by_label("Timeout").fill("2h")
    expect(sheet.get_by_label("Backoff")).to_be_hidden()
    sheet.get_by_label("Timeout").press("Tab")
    keys = sheet.page.keyboard
    keys.type("3")
    keys.press("Tab")
    keys.type("5m")
    keys.press("Enter")
    expect(sheet.get_by_role("listitem")).to_have_count(1)
    (made,) = server.get("pipelines/says/triggers").json()["triggers"]
    assert (made["timeout"], made["retries"], made["backoff"]) == ("2h", 3, "5m")
    sheet.get_by_role("button", name=f"Edit {made['name']}").click()
    expect(sheet.get_by_label("Backoff")).to_have_value("5m")
    sheet.get_by_label("Retries").fill("")
    expect(sheet.get_by_label("Backoff")).to_be_hidden()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("listitem")).to_have_count(1)
    (changed,) = server.get("pipelines/says/triggers").json()["triggers"]
    assert (changed["timeout"], changed["retries"], changed["backoff"]) == ("2h", None, None)
