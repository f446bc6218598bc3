"""From an empty folder to a pipeline that runs by itself, as a newcomer does it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage, HomePage, RunsPage

FLIGHTS = 336_776
TICK_MS = 75_000

# The editor indents by itself; `<` goes back by one level.
LATE = """
from headrace import transformer

@transformer
def late():
return flights[flights["arrdelay"] >= 30]
"""
SLOW = """
import time

from headrace import transformer

@transformer
def slow():
for second in range(3):
print("second", second)
time.sleep(1)
<return len(late)
"""


def test_a_newcomer_builds_runs_and_schedules_a_pipeline(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    page = context.new_page()
    editor = HomePage(page).open().create_pipeline("Late flights")
    load_flights(editor)
    find_late_ones(editor)
    keep_them(editor, empty_project / "out" / "late.csv")
    sheet = editor.schedule()
    sheet.every_minute()
    sheet.close()
    survive_a_reload(context, editor)
    see_the_tick(RunsPage(page))


def load_flights(editor: EditorPage) -> None:
    editor.add_from_library("Read parquet")
    editor.rename_block("read_parquet", "flights")
    editor.set_field("flights", "path", "data/nycflights/flights.parquet")
    editor.run_block("flights")
    editor.expect_done("flights")
    expect(editor.block("flights")).to_contain_text(f"{FLIGHTS:,} × 19")
    editor.data.expect_shape(f"{FLIGHTS:,} rows × 19 columns")
    editor.data.expect_row(1)
    editor.data.scroll_to_the_end()
    editor.data.expect_row(FLIGHTS)


def find_late_ones(editor: EditorPage) -> None:
    editor.add_block("transformer")
    editor.rename_block("transform", "late")
    editor.type_code("late", LATE)
    editor.expect_saved()
    editor.view("Canvas")
    editor.draw_edge("flights", "late")
    editor.view("Blocks")
    expect(editor.code("late")).to_contain_text("def late(flights):")

    editor.run_block("late")
    editor.expect_state("late", "failed")
    failing = editor.block("late").locator(".cm-failed-line")
    expect(failing).to_contain_text('flights["arrdelay"]')
    expect(editor.block("late").locator(".cm-failed-line + .cm-failed-message")).to_contain_text(
        "KeyError: 'arrdelay'"
    )
    editor.replace_word("late", "arrdelay", "arr_delay")
    editor.run_block("late")
    editor.expect_done("late")
    expect(failing).to_have_count(0)


def keep_them(editor: EditorPage, file: Path) -> None:
    editor.add_from_library("Write csv")
    editor.set_field("write_csv", "path", "out/late.csv")
    editor.view("Canvas")
    editor.draw_edge("late", "write_csv")
    editor.view("Blocks")
    editor.run_all()
    for block in ("flights", "late", "write_csv"):
        editor.expect_done(block)
    assert file.read_text().startswith("year,month,day,")


def survive_a_reload(context: BrowserContext, editor: EditorPage) -> None:
    editor.add_block("transformer")
    editor.rename_block("transform", "slow")
    editor.type_code("slow", SLOW)
    editor.connect("late", "slow")
    editor.run_block("slow")
    editor.expect_log("slow", "second 0")

    other = EditorPage(context.new_page()).open("late_flights")
    other.expect_state("slow", "running")
    editor.page.reload()
    editor.expect_state("slow", "running")
    editor.expect_log("slow", "second 0")
    other.expect_log("slow", "second 0")
    for tab in (editor, other):
        tab.expect_done("slow")
        tab.open_tab("slow", "Logs (3)")
        tab.expect_log("slow", "second 0\nsecond 1\nsecond 2")
        tab.open_tab("slow", "Preview")
        expect(tab.block("slow").get_by_role("tabpanel")).to_have_text("52802")
    other.page.close()


def see_the_tick(runs: RunsPage) -> None:
    runs.open()
    row = runs.rows_started_by("trigger").first
    expect(row).to_be_visible(timeout=TICK_MS)
    expect(row).to_contain_text("ok", timeout=TICK_MS)
    run = runs.open_run(row)
    # What was added since waits until it is published.
    for block in ("flights", "late", "write_csv"):
        run.expect_block(block)
