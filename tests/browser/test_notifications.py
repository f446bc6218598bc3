"""Channels as people see them: what they are told of, how they do, and a test by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.acceptance.harness import Server
from tests.acceptance.receivers import Hook, web_hook
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

SETTINGS = """
notify:
  team: {{url: "json://127.0.0.1:{port}/x", private: true, events: [failure, recovery]}}
  wrong: json://127.0.0.1:{port}/x
"""
YAML = """
title: Says
notify: {failure: [team], late: [team], late_after: 2h}
blocks:
  - {name: say, kind: exporter, file: say.py}
triggers:
  - {name: nightly, cron: "0 6 * * *"}
"""
CODE = (
    "from headrace import exporter\n\n\n@exporter\ndef say():\n    raise ValueError('no bread')\n"
)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as opened:
        yield opened


@pytest.fixture
def empty_project(tmp_path: Path, hook: Hook) -> Path:
    folder = tmp_path / "project" / "pipelines" / "says"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "say.py").write_text(CODE)
    (tmp_path / "project" / "headrace.yaml").write_text(SETTINGS.format(port=hook.port))
    return tmp_path / "project"


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    with Server(empty_project, options=(), env={"HEADRACE_GATHER_S": "0.5"}) as running:
        running.wait_ready()
        yield running


def test_a_channel_is_tried_by_the_keyboard_and_says_what_came_of_it(
    context: BrowserContext, hook: Hook, quiet: Complaints
) -> None:
    page = context.new_page()
    page.goto("/settings")
    channels = page.get_by_role("region", name="Notifications")
    expect(channels.get_by_text("Told of says")).to_be_visible()
    channels.get_by_role("button", name="Send a test message to team").focus()
    page.keyboard.press("Enter")
    expect(channels.get_by_text("The test message was sent.")).to_be_visible()
    assert [message["title"] for message in hook.messages] == ["[project] Test of the channel team"]
    channels.get_by_role("button", name="Send a test message to wrong").focus()
    page.keyboard.press("Enter")
    expect(channels.get_by_text("is an address of a private network")).to_be_visible()


def test_what_was_sent_shows_by_itself_and_leads_to_its_run(
    context: BrowserContext, server: Server, hook: Hook, quiet: Complaints
) -> None:
    page = context.new_page()
    page.goto("/settings")
    channels = page.get_by_role("region", name="Notifications")
    expect(channels.get_by_text("Nothing was sent yet.").first).to_be_visible()
    run = server.run("says")
    row = channels.get_by_role("listitem").filter(has_text="says failed")
    expect(row).to_contain_text("sent", timeout=60_000)
    row.get_by_role("link").click()
    expect(page).to_have_url(f"{server.url}/p/says/runs/{run['id']}")


def test_the_sheet_of_schedules_says_who_is_told(
    context: BrowserContext, quiet: Complaints
) -> None:
    page = context.new_page()
    editor = EditorPage(page).open("says")
    editor.block("say").wait_for()
    told = editor.schedule().sheet.get_by_role("region", name="Notifications")
    expect(told.get_by_role("listitem").first).to_have_text("When it fails: team")
    expect(told).to_contain_text("When it is not over after 2 h")
