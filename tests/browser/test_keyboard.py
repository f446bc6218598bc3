"""The main job by keys alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage, RunsPage
from tests.browser.pages.keyboard import Keyboard

TICK_MS = 75_000
BROKEN = """
from headrace import transformer

@transformer
def late():
return flights[flights["arrdelay"] >= 30]
"""
SOUND = BROKEN.replace("late()", "late(flights)").replace("arrdelay", "arr_delay")


def test_the_main_job_needs_no_mouse(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="New pipeline").first.wait_for()
    keys = Keyboard(page)
    editor = EditorPage(page)
    keys.press("n")
    keys.answer("New pipeline", "By keys")
    page.get_by_text("No blocks yet").wait_for()

    keys.add_from_library("read parquet", "read_parquet", "flights")
    keys.press("s")
    keys.answer("Settings of flights", "data/nycflights/flights.parquet")
    keys.expect_on("flights")
    keys.press("Control+Enter")
    editor.expect_done("flights")
    see_the_last_row(keys, editor)

    keys.add_block("t", "transform", "late")
    keys.write_code("late", BROKEN)
    keys.connect("flights", "late")
    keys.go_to("late")
    keys.press("Control+Enter")
    editor.expect_state("late", "failed")
    keys.write_code("late", SOUND)
    keys.press("Control+Enter")
    editor.expect_done("late")

    keys.add_from_library("write csv", "write_csv", "keep")
    keys.press("s")
    keys.answer("Settings of keep", "out/late.csv")
    keys.connect("late", "keep")
    keys.press("Control+Shift+Enter")
    for block in ("flights", "late", "keep"):
        editor.expect_done(block)
    assert (empty_project / "out" / "late.csv").exists()

    schedule_every_minute(keys)
    open_the_run_of_the_tick(keys)


def see_the_last_row(keys: Keyboard, editor: EditorPage) -> None:
    keys.press("Space")
    grid = keys.page.get_by_role("grid", name="Rows of flights")
    expect(grid.locator(":focus")).to_have_count(1)
    keys.press("Control+End")
    cell = grid.locator("[role=row][aria-rowindex='336777']").get_by_role("gridcell").last
    expect(cell).to_be_focused()
    keys.press("Escape")
    keys.expect_on("flights")


def schedule_every_minute(keys: Keyboard) -> None:
    keys.press("Control+Shift+S")
    sheet = keys.page.get_by_role("complementary", name="Schedule")
    keys.tab_to(sheet.get_by_role("radio", name="Daily"))
    keys.press("ArrowLeft", "ArrowLeft")
    expect(sheet.get_by_role("radio", name="Every…")).to_be_checked()
    keys.tab_to(sheet.get_by_label("Every", exact=True))
    keys.press("Control+a")
    keys.write("1")
    expect(sheet.get_by_text("every minute")).to_be_visible()
    keys.press("Enter")
    expect(sheet.get_by_role("switch", name="Schedule regularly")).to_be_checked()
    keys.press("Escape")
    expect(sheet).to_be_hidden()


def open_the_run_of_the_tick(keys: Keyboard) -> None:
    keys.press("g", "r")
    row = RunsPage(keys.page).rows_started_by("trigger").first
    expect(row).to_contain_text("ok", timeout=TICK_MS)
    keys.tab_to(row.get_by_role("link").first)
    keys.press("Enter")
    expect(keys.page.get_by_role("region", name="Blocks of this run")).to_be_visible()
