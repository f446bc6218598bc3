"""Several blocks at once, the clipboard, and the keys of the code."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard

SPREAD = """
from headrace import transformer

@transformer
def late( flights ):
    return   flights
"""


def names_of(keys: Keyboard) -> list[str]:
    found = keys.page.locator("li.block").evaluate_all("all => all.map(one => one.id)")
    return [name.removeprefix("block-") for name in found]


def test_blocks_are_copied_cut_pasted_and_followed_by_keys(
    context: BrowserContext,
    quiet: Complaints,
    empty_project: Path,
) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="New pipeline").first.wait_for()
    keys = Keyboard(page)
    keys.press("n")
    keys.answer("New pipeline", "By keys")
    page.get_by_text("No blocks yet").wait_for()
    keys.add_block("l", "load", "flights")
    keys.add_block("t", "transform", "late")
    keys.write_code("late", SPREAD)
    keys.connect("flights", "late")

    keys.go_to("late")
    keys.press("Enter")
    code = page.get_by_role("textbox", name="Code of late")
    expect(code).to_be_focused()
    keys.press("Shift+Alt+F")
    expect(code).to_contain_text("def late(flights):")
    expect(code).to_contain_text("return flights")
    keys.press("Control+Home", *["ArrowDown"] * 4, "End", *["ArrowLeft"] * 3, "F12")
    keys.expect_on("flights")

    keys.press("Shift+J")
    keys.expect_on("late")
    expect(page.locator(".block[data-marked]")).to_have_count(2)
    keys.press("c", "c")
    keys.press("v")
    keys.expect_on("late_copy")
    assert names_of(keys) == ["flights", "late", "flights_copy", "late_copy"]
    expect(page.locator(".block[data-marked]")).to_have_count(0)

    keys.press("Shift+K", "x")
    expect(page.get_by_test_id("block-late_copy")).to_have_count(0)
    assert names_of(keys) == ["flights", "late"]
    keys.press("v")
    keys.expect_on("late_copy")
    assert len(names_of(keys)) == 4
