"""Takes the pictures of the documentation: `python -m tests.browser.screenshots [FOLDER]`.

With `--tables FOLDER` it takes those of tables instead, in two sizes: what a table, a chart, a
comparison and a failed check look like.

The example project is made anew and run as often as its history needs, so that the pictures show
the product as a newcomer sees it, in both themes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import chromium, logged_in
from tests.browser.pages import EditorPage
from tests.browser.projects import add_carriers, add_grids, headrace, make_example

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZE: ViewportSize = {"width": 1440, "height": 900}


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


def look_at(page: Page, block: str) -> EditorPage:
    editor = EditorPage(page).open("grids")
    editor.select(block)
    expect(editor.data.panel.locator(".frame-footer").first).to_be_visible()
    return editor


def flights(page: Page, _server: Server) -> None:
    """Sorted and filtered, with a step that waits and cells that are selected."""
    data = look_at(page, "flights").data
    expect(data.grid.get_by_role("gridcell").first).not_to_be_empty()
    data.enter()
    data.filter("arr_delay", ">120")
    data.expect_count("of 336,776 rows")
    data.go_to_column("dep_time")
    data.press("d")
    data.go_to_column("dep_delay")
    data.press("s", "s", "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown")
    data.expect_sort("dep_delay", "descending")
    data.press("n")
    page.get_by_role("dialog").get_by_label("Name").fill("late_by")
    data.press("Enter")


def nested(page: Page, _server: Server) -> None:
    """A cell with JSON, opened."""
    data = look_at(page, "nested").data
    data.enter()
    data.go_to_column("document")
    data.press("Enter")
    expect(page.locator(".cell-popover")).to_have_attribute("aria-busy", "false")


def wide(page: Page, _server: Server) -> None:
    data = look_at(page, "wide").data
    data.enter()
    data.go_to_column("sensor_07777")
    expect(data.cell(1, "sensor_07777")).to_have_text("7777")


def wide_profile(page: Page, _server: Server) -> None:
    panel = look_at(page, "wide").data.panel
    panel.get_by_role("tab", name="Profile").click()
    expect(panel.get_by_role("tabpanel")).to_contain_text("mean")


def empty(page: Page, _server: Server) -> None:
    look_at(page, "nothing")


def compare(page: Page, _server: Server) -> None:
    panel = look_at(page, "carriers").data.panel
    panel.get_by_role("tab", name="Compare").click()
    expect(panel.get_by_role("tabpanel", name="columns", exact=True)).to_be_visible()


def chart(page: Page, _server: Server) -> None:
    panel = look_at(page, "flights").data.panel
    panel.get_by_role("tab", name="Chart").click()
    expect(panel.locator("svg[role], [role=group] svg").first).to_be_visible()


def failed_check(page: Page, _server: Server) -> None:
    editor = EditorPage(page).open("grids")
    editor.select("carriers_checked")
    editor.run_block("carriers_checked")
    editor.expect_state("carriers_checked", "failed")
    editor.data.panel.get_by_role("tab", name="Checks").click()
    expect(editor.data.panel.get_by_role("gridcell").first).not_to_be_empty()


TABLES: tuple[Callable[[Page, Server], None], ...] = (
    flights,
    nested,
    wide,
    wide_profile,
    empty,
    compare,
    chart,
    failed_check,
)
SMALL: ViewportSize = {"width": 1024, "height": 768}


def take(
    browser: Browser,
    server: Server,
    folder: Path,
    *,
    scenes: Iterable[Callable[[Page, Server], None]] = SCENES,
    size: ViewportSize = SIZE,
    ending: str = "",
) -> None:
    """Write one picture a scene and theme."""
    for theme in ("light", "dark"):
        window = logged_in(
            browser, server, viewport=size, color_scheme=theme, reduced_motion="reduce"
        )
        for scene in scenes:
            page = window.new_page()
            scene(page, server)
            page.mouse.move(0, 0)
            page.evaluate("document.fonts.ready")
            page.wait_for_load_state("networkidle")
            path = folder / f"{scene.__name__}{ending}-{theme}.png"
            page.screenshot(path=path, animations="disabled")
            page.close()
        window.close()


def take_tables(folder: Path) -> None:
    """Look at tables of every kind at two sizes, and write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="headrace-") as place:
        project = Path(place) / "tables"
        add_grids(project, wide=10_000)
        add_carriers(project)
        headrace("run", "grids", "-C", project, exits=1)
        add_carriers(project, again=True)
        headrace("run", "grids", "-C", project, exits=1)
        with Server(project, options=()) as server, chromium() as browser:
            server.wait_ready()
            expect.set_options(timeout=30_000)
            for size in (SIZE, SMALL):
                take(browser, server, folder, scenes=TABLES, size=size, ending=f"-{size['width']}")


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
    if sys.argv[1:2] == ["--tables"]:
        take_tables(Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
