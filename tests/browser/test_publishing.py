"""What is edited waits for being published, while the version before goes on by its schedule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage

YAML = """
title: Says
blocks:
  - {name: say, kind: exporter, file: say.py}
triggers:
  - {name: often, every: 1s, active: false}
"""
CODE = 'from headrace import exporter\n\n\n@exporter\ndef say():\n    print("v1")\n'
WAITING = """\
import time
from pathlib import Path

from headrace import exporter


@exporter
def wait():
    while not Path("open").exists():
        time.sleep(0.01)
    print("v1")
"""


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "says"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "say.py").write_text(CODE)
    waits = folder.with_name("waits")
    waits.mkdir()
    (waits / "pipeline.yaml").write_text(YAML.replace("say", "wait").replace("Says", "Waits"))
    (waits / "wait.py").write_text(WAITING)
    return tmp_path / "project"


def test_an_edit_is_published_while_the_old_version_runs(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    page = context.new_page()
    editor = EditorPage(page).open("says")
    editor.block("say").wait_for()
    publish = page.get_by_role("button", name=re.compile("^(Publish|Version)"))
    expect(publish).to_have_text("Publish")

    # The first schedule that is on publishes, and says so.
    sheet = editor.schedule().sheet
    expect(sheet).to_contain_text("publishes the draft as version 1")
    sheet.get_by_role("switch", name="Schedule often").click()
    expect(sheet).to_contain_text("Schedules run version 1: the draft as it is.")
    sheet.get_by_role("button", name="Close").click()
    expect(publish).to_have_text("Version 1")
    assert said_by_newest(server) == ("v1", 1)

    # An edit is a draft: the sign comes, and the schedule goes on as before.
    editor.replace_word("say", "v1", "v2")
    editor.expect_saved()
    expect(publish).to_contain_text("the draft differs from what is published")
    assert said_by_newest(server) == ("v1", 1)

    # By keys: what is different, how it did, and the press that makes it count.
    page.get_by_test_id("block-say").focus()
    page.keyboard.press("Escape")
    page.get_by_test_id("block-say").focus()
    page.keyboard.press("e")
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name="Publish")
    changed = dialog.get_by_role("list", name="Changes").get_by_role("button")
    expect(changed).to_have_text(re.compile("changed.*say.*code"))
    changed.press("Enter")
    expect(dialog.locator(".difference")).to_contain_text('print("v1")')
    expect(dialog.locator(".difference")).to_contain_text('print("v2")')
    expect(dialog.get_by_role("list", name="State of the draft")).to_contain_text("no errors")
    dialog.get_by_label("Message").fill("say v2")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(publish).to_have_text("Version 2")
    assert said_by_newest(server) == ("v2", 2)
    see_the_code(page, server)

    # Back to the first version, as an edit like others.
    editor.open("says")
    publish.click()
    dialog.locator("summary").click()
    expect(dialog.get_by_role("listitem").filter(has_text="Version 2")).to_contain_text("say v2")
    dialog.get_by_role("button", name="Restore version 1").click()
    expect(editor.code("say")).to_contain_text("v1")
    expect(publish).to_contain_text("the draft differs")
    page.get_by_role("button", name="Undo").click()
    expect(editor.code("say")).to_contain_text("v2")
    expect(publish).to_have_text("Version 2")


def test_a_run_of_the_old_version_goes_on_while_the_next_one_is_published(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    gate = server.project / "open"
    page = context.new_page()
    editor = EditorPage(page).open("waits")
    editor.block("wait").wait_for()
    sheet = editor.schedule().sheet
    sheet.get_by_role("switch", name="Schedule often").click()
    sheet.get_by_role("button", name="Close").click()
    old = until(lambda: runs_of("waits", server, state="running"), "a run that waits")[-1]
    editor.replace_word("wait", "v1", "v2")
    editor.expect_saved()
    page.get_by_role("button", name=re.compile("^(Publish|Version)")).click()
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("dialog", name="Publish")).to_be_hidden()

    # It goes on, is shown with the code that it began with, and ends with it.
    page.goto(f"/p/waits/runs/{old['id']}")
    code = page.get_by_role("textbox", name="Code of wait")
    expect(code).to_contain_text("v1")
    expect(page.locator(".crumbs .chip").first).to_contain_text("running")
    gate.touch()
    expect(page.locator(".crumbs .chip").first).to_contain_text("ok")
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("v1")
    assert old["published"] == 1

    # The next tick is of the new version.
    new = until(
        lambda: [
            run for run in runs_of("waits", server, state="succeeded") if run["published"] == 2
        ],
        "a run of version 2",
    )[-1]
    page.goto(f"/p/waits/runs/{new['id']}")
    expect(code).to_contain_text("v2")
    expect(log).to_contain_text("v2")


def runs_of(pipeline: str, server: Server, *, state: str) -> list[dict[str, object]]:
    asked = {"pipeline": pipeline, "state": state, "origin": "trigger"}
    return server.get("runs", params=asked).json()["runs"]


def see_the_code(page: Page, server: Server) -> None:
    page.goto(f"/p/says/runs/{newest(server)['id']}")
    expect(page.get_by_text(re.compile("trigger often · version 2"))).to_be_visible()
    code = page.get_by_role("region", name="Code of this run")
    expect(code.get_by_role("textbox", name="Code of say")).to_contain_text('print("v2")')


def newest(server: Server) -> dict[str, object]:
    return server.get("runs?origin=trigger&state=succeeded&limit=1").json()["runs"][0]


def said_by_newest(server: Server) -> tuple[str, object]:
    """Wait for two more runs; say what the newest printed, and of which version it was."""
    before = len(server.get("runs?origin=trigger&state=succeeded&limit=500").json()["runs"])
    server._wait_for(
        lambda: (
            len(server.get("runs?origin=trigger&state=succeeded&limit=500").json()["runs"])
            >= before + 2
        ),
        "two more runs",
    )
    run = newest(server)
    log = server.get(f"runs/{run['id']}/blocks/say/log").text.strip()
    return log, run["published"]
