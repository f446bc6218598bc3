from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.browser.pages.preview import DataPanel
from tests.browser.pages.schedule import ScheduleSheet

RUN_MS = 20_000
STILL_FRAMES = 5
DONE = re.compile("^(ok|cached)$")


class EditorPage:
    """The editor of one pipeline."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, pipeline: str, *, view: str = "blocks") -> EditorPage:
        self.page.goto(f"/p/{pipeline}?view={view}")
        return self

    def block(self, name: str) -> Locator:
        return self.page.get_by_test_id(f"block-{name}")

    def code(self, name: str) -> Locator:
        return self.page.get_by_role("textbox", name=f"Code of {name}")

    def select(self, name: str) -> None:
        """Go to a block by the outline."""
        outline = self.page.get_by_role("list", name="Outline of blocks")
        outline.get_by_text(name, exact=True).click()
        expect(self.block(name)).to_have_attribute("data-selected", "true")

    @property
    def data(self) -> DataPanel:
        return DataPanel(self.page)

    def view(self, name: str) -> None:
        self.page.get_by_role("radio", name=name, exact=True).click()

    def add_from_library(self, title: str) -> None:
        """Add a shared block at the end, with its settings left for later."""
        self.page.get_by_role("button", name=re.compile("^Add block")).first.click()
        self.page.get_by_role("menuitem", name=re.compile("^from the library")).click()
        dialog = self.page.get_by_role("dialog", name="Add from the library")
        dialog.get_by_role("searchbox", name="Search the library").fill(title)
        dialog.get_by_role("button", name=title, exact=False).first.click()
        dialog.get_by_role("button", name=re.compile("^Add ")).click()
        expect(dialog).to_be_hidden()

    def add_block(self, kind: str) -> None:
        """Add an own block at the end; its text takes the keyboard."""
        self.page.get_by_role("button", name=re.compile("^Add block")).first.click()
        self.page.get_by_role("menuitem", name=re.compile(f"^{kind}")).click()

    def set_field(self, block: str, field: str, value: str) -> None:
        self.block(block).get_by_label(field, exact=True).fill(value)

    def type_code(self, block: str, code: str) -> None:
        """Replace the text of a block key by key, as hands do."""
        self.code(block).click()
        self.page.keyboard.press("Control+a")
        type_lines(self.page, code)

    def rename_block(self, name: str, new_name: str) -> None:
        self.block(name).get_by_role("button", name=f"More for {name}").click()
        self.page.get_by_role("menuitem", name=re.compile("^Rename")).click()
        dialog = self.page.get_by_role("dialog", name=f"Rename {name}")
        dialog.get_by_label("Name").fill(new_name)
        dialog.get_by_role("button", name="Rename everywhere").click()
        expect(self.block(new_name)).to_be_visible()

    def replace_word(self, block: str, word: str, new_word: str) -> None:
        self.code(block).locator(".cm-line").get_by_text(word).dblclick()
        self.page.keyboard.type(new_word)

    def connect(self, upstream: str, downstream: str) -> None:
        """Connect without dragging, by the block's menu."""
        self.block(upstream).get_by_role("button", name=f"More for {upstream}").click()
        self.page.get_by_role("menuitem", name=re.compile("^Connect to")).click()
        dialog = self.page.get_by_role("dialog", name=f"Connect {upstream} to…")
        dialog.get_by_role("button", name=downstream).click()
        expect(self.block(downstream).get_by_label(f"Go to upstream {upstream}")).to_be_visible()

    def open_tab(self, block: str, tab: str) -> None:
        button = self.block(block).get_by_role("tab", name=tab)
        if button.get_attribute("aria-selected") != "true":
            button.click()

    def expect_log(self, block: str, text: str) -> None:
        expect(self.block(block).get_by_role("log", name=f"Log of {block}")).to_contain_text(text)

    def run_block(self, name: str) -> None:
        self.block(name).get_by_role("button", name=f"Run {name}").click()

    def run_all(self) -> None:
        self.page.get_by_role("button", name=re.compile(r"^Run \d+ stale")).click()

    def expect_done(self, name: str) -> None:
        expect(self.block(name)).to_have_attribute("data-state", DONE, timeout=RUN_MS)

    def expect_state(self, name: str, state: str) -> None:
        expect(self.block(name)).to_have_attribute("data-state", state, timeout=RUN_MS)

    def expect_saved(self) -> None:
        expect(
            self.page.get_by_role("contentinfo").get_by_text("saved", exact=True)
        ).to_be_visible()

    def draw_edge(self, upstream: str, downstream: str) -> None:
        """Drag on the canvas from the handle of one block to the handle of another."""
        start = self._handle(upstream, "source")
        end = self._handle(downstream, "target")
        mouse = self.page.mouse
        mouse.move(*self._place(start))
        mouse.down()
        mouse.move(*self._place(end), steps=8)
        mouse.up()
        self.expect_edge(upstream, downstream)

    def expect_edge(self, upstream: str, downstream: str) -> None:
        edge = self.page.get_by_label(f"{upstream} feeds {downstream}")
        expect(edge).to_be_attached()

    def schedule(self) -> ScheduleSheet:
        self.page.get_by_role("button", name="Schedule", exact=True).click()
        return ScheduleSheet(self.page)

    def _place(self, target: Locator) -> tuple[float, float]:
        """The middle of something, once the canvas has come to rest under it."""
        box, still = None, 0
        while box is None or still < STILL_FRAMES:
            before, box = box, target.bounding_box()
            still = still + 1 if box == before else 0
            target.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def _handle(self, block: str, kind: str) -> Locator:
        handle = self.page.locator(f".react-flow__node[data-id='{block}'] .{kind}")
        handle.wait_for()
        expect(handle).to_be_visible()
        return handle


def type_lines(page: Page, code: str) -> None:
    """Type into the focused editor, which indents by itself; `<` goes back by one level."""
    for number, line in enumerate(code.strip("\n").split("\n")):
        if number > 0:
            page.keyboard.press("Enter")
        if line.startswith("<"):
            page.keyboard.press("Backspace")
        page.keyboard.type(line.removeprefix("<"))
