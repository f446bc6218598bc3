"""The ways to run a block, chosen and explained by keys alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.acceptance.plant import until
from tests.browser.complaints import Complaints
from tests.browser.pages.editor import EditorPage
from tests.browser.pages.keyboard import Keyboard

PIPELINE = """
title: Chain
blocks:
  - {name: first, kind: loader, file: first.py}
  - {name: second, kind: transformer, file: second.py, upstream: [first]}
  - {name: third, kind: transformer, file: third.py, upstream: [second]}
"""
FIRST = "from headrace import loader\n\n\n@loader\ndef first():\n    return 1\n"
NEXT = "from headrace import transformer\n\n\n@transformer\ndef {}({}):\n    return {} + 1\n"


@pytest.fixture
def empty_project(tmp_path: Path) -> Path:
    """A chain of three blocks that never ran."""
    folder = tmp_path / "project" / "pipelines" / "chain"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "first.py").write_text(FIRST)
    (folder / "second.py").write_text(NEXT.format("second", "first", "first"))
    (folder / "third.py").write_text(NEXT.format("third", "second", "second"))
    return tmp_path / "project"


@pytest.fixture
def keys(context: BrowserContext, quiet: Complaints) -> Keyboard:
    """A user without a mouse, on the second of the three blocks."""
    page = context.new_page()
    EditorPage(page).open("chain")
    page.get_by_test_id("block-second").wait_for()
    user = Keyboard(page)
    page.get_by_test_id("block-first").focus()
    user.press("j")
    user.expect_on("second")
    return user


def test_a_block_is_run_in_every_way_and_says_why(keys: Keyboard) -> None:
    page, editor = keys.page, EditorPage(keys.page)

    # Nothing can be run alone while its input is missing; the plan is named before the choice.
    keys.press("e", "e")
    menu = page.get_by_role("menu", name="Run menu of second")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    expect(menu.get_by_role("menuitem").first).to_contain_text("Run 2: first → second")
    only = menu.get_by_role("menuitem", name=re.compile("^Run only this block"))
    expect(only).to_contain_text("first has no result yet.")
    expect(only).to_have_attribute("aria-disabled", "true")
    keys.press("Escape")
    expect(menu).to_be_hidden()
    keys.expect_on("second")

    # The usual way, out of the menu.
    keys.press("e", "e")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    keys.press("Enter")
    editor.expect_done("second")
    keys.expect_on("second")
    expect(page.get_by_test_id("block-third")).to_have_attribute("data-state", "draft")

    # From here on: everything below runs too, what is above does not.
    before = page.get_by_test_id("block-first").get_attribute("aria-label")
    keys.press("e", "d")
    editor.expect_done("third")
    assert page.get_by_test_id("block-first").get_attribute("aria-label") == before

    # Why it was executed, and after an edit above why it is stale.
    keys.press("w")
    why = page.get_by_role("dialog", name="Why second is so")
    expect(why).to_be_focused()
    expect(why).to_contain_text("Executed")
    keys.press("Escape")
    expect(why).to_be_hidden()
    keys.expect_on("second")
    keys.press("k")
    keys.write_code("first", FIRST.replace("return 1", "return 7"))
    editor.expect_state("first", "stale")
    keys.press("w")
    expect(page.get_by_role("dialog", name="Why first is so")).to_contain_text("code edited")
    keys.press("Escape")


def test_a_pipeline_is_run_in_every_way_and_by_itself(keys: Keyboard) -> None:
    page, editor = keys.page, EditorPage(keys.page)

    # All that the pipeline has, by the keys of the header's menu.
    keys.press("e", "a")
    for name in ("first", "second", "third"):
        editor.expect_done(name)
    keys.press("e", "r")
    expect(page.get_by_text("Nothing has failed.")).to_be_visible()
    keys.expect_on("second")

    # Auto-run is off until somebody wants it, and is seen while it is on.
    sign = page.get_by_role("button", name=re.compile("^Auto-run is on"))
    expect(sign).to_have_count(0)
    keys.press("e", "c")
    expect(sign).to_be_visible()
    keys.press("k")
    keys.write_code("first", FIRST.replace("return 1", "return 8"))
    expect(page.get_by_test_id("block-third")).to_contain_text("10")
    editor.expect_done("third")
    keys.press("e", "c")
    expect(sign).to_have_count(0)


def test_what_a_block_may_take_is_set_by_keys_and_written_to_the_file(
    keys: Keyboard, empty_project: Path
) -> None:
    page = keys.page
    keys.press("s")
    dialog = page.get_by_role("dialog", name="Settings of second")
    expect(dialog.get_by_label("Retries")).to_be_focused()
    assert dialog.get_by_label("Backoff").count() == 0, "without retries it says nothing"
    for label, text in (
        ("Retries", "3"),
        ("Backoff", "5s"),
        ("Retry on", "OSError, timeout"),
        ("Timeout", "10m"),
        ("Memory", "much"),
    ):
        expect(dialog.get_by_label(label, exact=True)).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(dialog.get_by_text("Write an amount, e.g. 500MB or 2GB.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("Memory", exact=True).fill("500MB")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    keys.expect_on("second")
    file = empty_project / "pipelines" / "chain" / "pipeline.yaml"
    settings = (
        "upstream: [first], timeout: 10m, memory: 500MB, retries: 3, backoff: 5s,"
        " retry_on: [OSError, timeout]}"
    )
    until(lambda: settings in file.read_text(), "the settings in the file")
