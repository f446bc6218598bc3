from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from tests.browser.pages.editor import type_lines

TABS = 60


class Keyboard:
    """A user without a mouse: every action is keys, and only keys."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def dialog(self, title: str) -> Locator:
        """The dialog of that title, once it has the keyboard."""
        dialog = self.page.get_by_role("dialog", name=title)
        expect(dialog.locator(":focus")).to_have_count(1)
        return dialog

    def answer(self, title: str, text: str) -> None:
        """Write into the field of a dialog that has the keyboard, and accept."""
        dialog = self.dialog(title)
        self.press("Control+a")
        self.write(text)
        expect(dialog.locator("[type=submit]:disabled")).to_have_count(0)
        self.press("Enter")
        expect(dialog).to_be_hidden()

    def tab_to(self, target: Locator) -> None:
        """Press Tab until it is there; AssertionError when Tab never gets there."""
        for _ in range(TABS):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def expect_on(self, block: str) -> None:
        expect(self.page.get_by_test_id(f"block-{block}")).to_be_focused()

    def go_to(self, block: str) -> None:
        """From the first block on downwards."""
        target = self.page.get_by_test_id(f"block-{block}")
        for _ in range(TABS):
            self.press("k")
        for _ in range(TABS):
            if target.get_attribute("data-selected") is not None:
                break
            self.press("j")
        self.expect_on(block)

    def add_from_library(self, words: str, name: str, new_name: str) -> None:
        self.press("b")
        self.dialog("Add a block")
        self.press("b")
        self.answer("Add from the library", words)
        self.rename(name, new_name)

    def add_block(self, letter: str, name: str, new_name: str) -> None:
        self.press("b")
        self.dialog("Add a block")
        self.press(letter)
        expect(self.page.get_by_role("textbox", name=f"Code of {name}")).to_be_focused()
        self.press("Escape")
        self.expect_on(name)
        self.rename(name, new_name)

    def rename(self, name: str, new_name: str) -> None:
        self.expect_on(name)
        if name != new_name:
            self.press("F2")
            self.answer(f"Rename {name}", new_name)
        self.expect_on(new_name)

    def write_code(self, block: str, code: str) -> None:
        self.press("Enter")
        expect(self.page.get_by_role("textbox", name=f"Code of {block}")).to_be_focused()
        self.press("Control+a")
        type_lines(self.page, code)
        self.press("Escape")
        self.expect_on(block)

    def connect(self, upstream: str, downstream: str) -> None:
        self.go_to(upstream)
        self.press("c", "o")
        self.answer(f"Connect {upstream} to…", downstream)
        self.expect_on(upstream)
