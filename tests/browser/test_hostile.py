"""Whatever others wrote, no script of theirs runs in the page, and the page goes on working."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.acceptance.harness import Server
from tests.browser import hostile
from tests.browser.chromium import logged_in
from tests.browser.pages import EditorPage

WATCH = """
window.__marker = "unchanged";
window.__reports = [];
if (window === top) {
  addEventListener("securitypolicyviolation", (event) =>
    window.__reports.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
}
"""


FRAMES = {
    "html_shown": len(hostile.SANDBOXED),
    "svg_shown": 0,  # pictures
    "markdown_shown": len(hostile.SCRIPTS),
    "latex_shown": 4,
}


class Foreign:
    """A host of somebody else, which takes down what it is asked.

    A browser opens a connection as soon as a frame is to go somewhere, before it looks whether the
    frame may. Nothing has been asked then.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._callers: list[socket.socket] = []
        self.name = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def asked(self) -> list[str]:
        """The first bytes of each caller who has sent any."""
        with suppress(BlockingIOError):
            while True:
                caller, _ = self._socket.accept()
                caller.setblocking(False)
                self._callers.append(caller)
        found: list[str] = []
        for caller in self._callers:
            with suppress(BlockingIOError, ConnectionError):
                found += [caller.recv(100).decode("latin-1")]
        return [line for line in found if line]

    def close(self) -> None:
        for one in (*self._callers, self._socket):
            one.close()


class Watch:
    """Notes what only a script that runs, or markup that is read, could do."""

    def __init__(self, window: BrowserContext, origin: str, foreign: Foreign) -> None:
        self.found: list[str] = []
        self._origin = origin
        self._foreign = foreign
        window.add_init_script(WATCH)
        window.on("page", self._on_page)

    def _on_page(self, page: Page) -> None:
        page.on("dialog", self._on_dialog)
        page.on("popup", lambda popup: self.found.append(f"a window of {popup.url}"))
        page.on("framenavigated", self._on_navigated)

    def _on_dialog(self, dialog: Any) -> None:
        self.found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _on_navigated(self, frame: Any) -> None:
        if frame.parent_frame is None and not frame.url.startswith((self._origin, "about:")):
            self.found.append(f"the page went to {frame.url}")

    def look(self, page: Page, where: str) -> None:
        """Give scripts the time that they would need, and take down what has happened."""
        page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
        self.found += [f"{where}: the foreign host was asked {a!r}" for a in self._foreign.asked()]
        marker, reports = page.evaluate("[window.__marker, window.__reports]")
        # A display may try to lead its own frame elsewhere: the policy of the page is what keeps it.
        self.found += [f"{where}: {r}" for r in reports if not r.startswith("frame-src ")]
        if page.locator("iframe:not([sandbox='allow-scripts'])").count():
            self.found.append(f"{where}: a frame that is not closed")
        if marker != "unchanged":
            self.found.append(f"{where}: the marker is {marker}")
        if page.title() == "taken":
            self.found.append(f"{where}: the title is taken")


@pytest.fixture(scope="module")
def foreign() -> Iterator[Foreign]:
    host = Foreign()
    yield host
    host.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, foreign: Foreign) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("hostile") / "project"
    hostile.make(root, foreign.name)
    with Server(root) as running:
        running.wait_ready()
        yield running


def test_there_are_enough_of_them() -> None:
    assert len({*hostile.SCRIPTS, *hostile.SANDBOXED, *hostile.SVGS}) >= 60


def test_no_script_of_others_runs_and_the_page_goes_on_working(
    browser: Browser, server: Server, foreign: Foreign
) -> None:
    window = logged_in(browser, server)
    watch = Watch(window, server.url, foreign)
    page = window.new_page()
    for where in ("/", "/runs", "/schedules", "/settings", "/p/wrong", "/p/hostile?view=canvas"):
        page.goto(where)
        page.get_by_role("main").wait_for()
        watch.look(page, where)
    editor = EditorPage(page).open("hostile")
    editor.run_all()
    for place in hostile.PLACES:
        expect(editor.block(place.name)).to_have_attribute(
            "data-state", re.compile("ok|failed"), timeout=20_000
        )
    look_at_blocks(editor, watch)
    server.run("hostile")
    look_at_a_run(page, server, watch)
    look_at_dialogs(page, watch)
    assert watch.found == []
    works(page)
    watch.look(page, "plain")
    window.close()
    assert watch.found == []


def look_at_blocks(editor: EditorPage, watch: Watch) -> None:
    """Each block with all of its tabs, its profile, and what tooltips and cells open."""
    page = editor.page
    for place in [*(place.name for place in hostile.PLACES), "checked", "prose"]:
        editor.select(place)
        tabs = editor.block(place).get_by_role("tab")
        for number in range(tabs.count()):
            if tabs.nth(number).get_attribute("aria-selected") != "true":
                tabs.nth(number).click()
            watch.look(page, place)
        if place in FRAMES:
            expect(editor.block(place).locator("iframe")).to_have_count(FRAMES[place])
        profile = editor.data.panel.get_by_role("tab", name="Profile")
        if profile.count():
            profile.click()
            watch.look(page, f"profile of {place}")
            editor.data.panel.get_by_role("tab", name="Rows").click()
        cell = editor.data.panel.get_by_role("gridcell").first
        if cell.count():
            cell.hover()
            cell.dblclick()
            page.keyboard.press("Escape")
        if place == "long_cells":
            look_at_long_cells(editor, watch)
        watch.look(page, place)


def look_at_long_cells(editor: EditorPage, watch: Watch) -> None:
    """Whole cells, fetched in pieces, read in each of the ways that they can be read."""
    page = editor.page
    editor.data.enter()
    for row in range(12):
        for column in range(4):
            page.keyboard.press("Enter")
            opened = page.locator(".cell-popover")
            expect(opened).to_have_attribute("aria-busy", "false")
            ways = opened.get_by_role("radio")
            for number in range(ways.count()):
                ways.nth(number).click()
            page.keyboard.press("Escape")
            expect(opened).to_have_count(0)
            page.keyboard.press("ArrowRight" if column < 3 else "Home")
        page.keyboard.press("ArrowDown")
        watch.look(page, f"long cells {row}")


def look_at_a_run(page: Page, server: Server, watch: Watch) -> None:
    run = server.get("runs").json()["runs"][0]
    page.goto(f"/p/hostile/runs/{run['id']}")
    page.get_by_role("main").wait_for()
    for name in ("logs", "fails", "error", "html_shown", "checked"):
        page.get_by_role("main").get_by_text(name, exact=True).first.click()
        watch.look(page, f"run {name}")


def look_at_dialogs(page: Page, watch: Watch) -> None:
    editor = EditorPage(page).open("hostile")
    editor.select("cells")
    for keys in (["b", "b"], ["s"], ["Control+k"], ["Control+Shift+S"]):
        for key in keys:
            page.keyboard.press(key)
        watch.look(page, "+".join(keys))
        page.keyboard.press("Escape")


def works(page: Page) -> None:
    editor = EditorPage(page).open("plain")
    editor.run_block("one")
    editor.expect_done("one")
    expect(editor.block("one").get_by_role("tabpanel")).to_contain_text("still here")
