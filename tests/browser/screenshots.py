"""Takes the pictures of the documentation: `python -m tests.browser.screenshots [FOLDER]`.

The example project is made anew and run as often as its history needs, so that the pictures show
the product as a newcomer sees it, in both themes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import chromium, logged_in
from tests.browser.pages import EditorPage
from tests.browser.projects import make_example

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = {"width": 1440, "height": 900}


def home(page: Page, _server: Server) -> None:
    page.goto("/")
    page.locator(".pipelines .row-link").first.wait_for()


def editor(page: Page, _server: Server) -> None:
    """SQL with its result, beside the statistics of the data that it began with."""
    blocks = EditorPage(page).open("late_flights")
    blocks.select("flights")
    blocks.data.panel.get_by_role("tab", name="Profile").click()
    expect(blocks.data.panel.get_by_role("tabpanel")).to_contain_text("mean")
    blocks.data.panel.get_by_role("button", name="Keep this block here").click()
    blocks.select("late_by_carrier")
    expect(blocks.block("late_by_carrier").get_by_role("gridcell").first).to_be_visible()


def data(page: Page, _server: Server) -> None:
    """A plot below its code, and the rows that it was drawn from."""
    blocks = EditorPage(page).open("late_flights")
    blocks.select("delay_by_wind")
    expect(blocks.block("delay_by_wind").get_by_role("img").first).to_be_visible()
    expect(blocks.data.panel.get_by_role("gridcell").first).to_be_visible()


def canvas(page: Page, _server: Server) -> None:
    EditorPage(page).open("late_flights", view="canvas")
    page.locator(".react-flow__node[data-id='report']").click()
    expect(page.locator(".react-flow__edge")).to_have_count(7)


def schedule(page: Page, server: Server) -> None:
    canvas(page, server)
    sheet = EditorPage(page).schedule()
    sheet.sheet.get_by_role("button", name="Edit nightly").click()
    expect(
        sheet.sheet.get_by_role("region", name="Next starts").get_by_role("listitem")
    ).to_have_count(5)


def runs(page: Page, _server: Server) -> None:
    page.goto("/runs")
    page.locator(".runs-table .row-link").first.wait_for()


def run(page: Page, server: Server) -> None:
    failed = server.get("runs?state=failed").json()["runs"][0]["id"]
    page.goto(f"/p/late_flights/runs/{failed}")
    page.locator(".failure-view").wait_for()


SCENES: tuple[Callable[[Page, Server], None], ...] = (
    home,
    editor,
    data,
    canvas,
    schedule,
    runs,
    run,
)


def take(browser: Browser, server: Server, folder: Path) -> None:
    """Write one picture a scene and theme."""
    for theme in ("light", "dark"):
        window = logged_in(
            browser, server, viewport=SIZE, color_scheme=theme, reduced_motion="reduce"
        )
        for scene in SCENES:
            page = window.new_page()
            scene(page, server)
            page.mouse.move(0, 0)
            page.evaluate("document.fonts.ready")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{scene.__name__}-{theme}.png", animations="disabled")
            page.close()
        window.close()


def main(folder: Path) -> None:
    """Make the example, look at all of it, write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="headrace-") as place:
        project = Path(place) / "flights"
        make_example(project)
        with Server(project, options=()) as server, chromium() as browser:
            server.wait_ready()
            for month in range(1, 10):
                server.run("late_flights", parameters={"month": month}, timeout_s=60)
            server.run("hello", timeout_s=60)
            server.run("late_flights", timeout_s=60)
            take(browser, server, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
