"""The table of the data panel by keys, held against pandas on the same data."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.pages.preview import DataPanel
from tests.browser.projects import add_grids, headrace

FLIGHTS = Path(__file__).parents[2] / "data" / "nycflights" / "flights.parquet"
WIDE = 10_000


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    return pd.read_parquet(FLIGHTS)


@pytest.fixture(scope="module")
def grids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("grids") / "project"
    add_grids(project, wide=WIDE)
    headrace("run", "grids", "-C", project)
    with Server(project, options=("--no-scheduler",)) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def window(browser: Browser, grids: Server) -> Iterator[BrowserContext]:
    context = logged_in(browser, grids, permissions=["clipboard-read", "clipboard-write"])
    context.add_init_script(
        "if (location.protocol === 'http:') localStorage['headrace:zone:data'] = '640'"
    )
    complaints = Complaints(context)
    yield context
    # What the server refuses is said on the page; the browser says it as well.
    assert [text for text in complaints.texts if "400 (Bad Request)" not in text] == []
    context.close()


def look_at(window: BrowserContext, block: str) -> DataPanel:
    editor = EditorPage(window.new_page()).open("grids")
    editor.select(block)
    expect(editor.data.grid.get_by_role("gridcell").first).not_to_be_empty()
    editor.data.enter()
    return editor.data


def texts(column: pd.Series[float], rows: int) -> list[str]:
    return [str(int(value)) for value in column.head(rows)]


def test_rows_are_sorted_filtered_and_searched_as_pandas_does_it(
    window: BrowserContext, flights: pd.DataFrame
) -> None:
    data = look_at(window, "flights")
    data.expect_count("336,776 rows × 19 columns")
    data.filter("month", "1..3")
    kept = flights[flights["month"].between(1, 3)]
    data.expect_count(f"{len(kept):,} of 336,776 rows")

    data.go_to_column("dep_delay")
    data.press("s")
    data.expect_sort("dep_delay", "ascending")
    data.press("s")
    data.expect_sort("dep_delay", "descending")
    worst = kept.sort_values("dep_delay", ascending=False, kind="stable")
    assert data.values("dep_delay", rows=10) == texts(worst["dep_delay"], 10)

    data.filter("carrier", "in UA, B6")
    kept = kept[kept["carrier"].isin(["UA", "B6"])]
    data.expect_count(f"{len(kept):,} of 336,776 rows")
    data.press("Control+f")
    data.page.keyboard.type("ewr")
    text = kept.select_dtypes("str")
    found = kept[text.apply(lambda column: column.str.contains("ewr", case=False)).any(axis=1)]
    assert 0 < len(found) < len(kept)
    data.expect_count(f"{len(found):,} of 336,776 rows")
    shown = data.panel.get_by_role("list", name="What is shown").get_by_role("listitem")
    expect(shown).to_contain_text(["ewr", "month 1..3", "carrier in UA, B6", "dep_delay", "Clear"])

    data.press("Enter", "x")
    data.expect_count("336,776 rows × 19 columns")
    expect(shown).to_have_count(0)


def test_several_columns_sort_together_and_say_in_which_order(
    window: BrowserContext, flights: pd.DataFrame
) -> None:
    data = look_at(window, "flights")
    data.header("month").locator(".grid-head-hold").click()
    data.expect_sort("month", "ascending")
    data.header("day").locator(".grid-head-hold").click(modifiers=["Shift"])
    data.expect_sort("day", "ascending")
    data.header("day").locator(".grid-head-hold").click(modifiers=["Shift"])
    data.expect_sort("day", "descending")
    data.expect_sort("month", "ascending")
    expect(data.header("month").locator(".grid-sort")).to_have_text("1")
    expect(data.header("day").locator(".grid-sort")).to_have_text("2")
    wanted = flights.sort_values(["month", "day"], ascending=[True, False], kind="stable")
    assert data.values("day", rows=3) == texts(wanted["day"], 3)
    data.go_to_row("50 %")
    expect(data.row(168_389)).to_be_in_viewport()


def test_a_filter_that_means_nothing_says_so_where_it_stands(window: BrowserContext) -> None:
    data = look_at(window, "flights")
    data.press("f")
    field = data.grid.get_by_role("textbox", name="Filter of year")
    data.page.keyboard.type("ten")
    expect(data.grid.get_by_role("alert")).to_have_text("“ten” is no number.")
    expect(field).to_have_attribute("aria-invalid", "true")
    data.expect_count("336,776 rows × 19")
    data.press("Escape")
    expect(field).to_have_value("")
    expect(data.cell(1, "year")).to_be_focused()
    data.filter("carrier", "~(")
    expect(data.grid.get_by_role("alert")).to_be_visible()
    data.press("x")
    data.expect_count("336,776 rows × 19")


def test_what_is_selected_is_counted_as_pandas_counts_it(
    window: BrowserContext, flights: pd.DataFrame
) -> None:
    data = look_at(window, "flights")
    data.go_to_column("dep_delay")
    data.press("Shift+ArrowDown", "Shift+ArrowDown")
    data.expect_fact("sum", flights["dep_delay"].head(3).sum())
    data.press("Control+Space")
    column = flights["dep_delay"]
    data.expect_fact("count", column.count())
    data.expect_fact("nulls", column.isna().sum())
    data.expect_fact("sum", column.sum())
    data.expect_fact("mean", column.mean())

    data.filter("origin", "=JFK")
    jfk = flights[flights["origin"] == "JFK"]
    data.expect_count(f"{len(jfk):,} of 336,776")
    data.go_to_column("arr_delay")
    data.press("Control+Space", "Shift+ArrowRight")
    both = jfk[["arr_delay", "carrier"]]
    data.expect_fact("count", both.count().sum())
    data.expect_fact("sum", jfk["arr_delay"].sum())


def test_columns_stay_as_they_were_arranged(window: BrowserContext) -> None:
    data = look_at(window, "flights")
    data.go_to_column("carrier")
    data.press("z")
    data.go_to_column("month")
    data.press("h")
    data.go_to_column("day")
    data.press("Alt+ArrowRight", "Alt+ArrowRight", "Alt+Shift+ArrowRight")
    arranged = ["carrier", "year", "dep_time", "sched_dep_time", "day"]
    data.press("Home")
    assert [name for name in data.columns() if name in [*arranged, "month"]] == arranged
    width = data.header("day").bounding_box()
    assert width is not None

    data.page.reload()
    expect(data.header("carrier")).to_be_visible()
    data.enter()
    assert [name for name in data.columns() if name in [*arranged, "month"]] == arranged
    again = data.header("day").bounding_box()
    assert again is not None
    assert again["width"] == width["width"]
    data.go_to_column("distance")
    expect(data.header("carrier")).to_be_in_viewport()
    expect(data.panel.get_by_text("1 column hidden")).to_be_visible()
    data.press("Shift+h")
    expect(data.panel.get_by_text("1 column hidden")).to_be_hidden()
    data.go_to_column("carrier")
    data.press("z")
    data.go_to_column("day")
    kept = json.loads(data.page.evaluate("localStorage['headrace-columns:grids/flights']"))
    assert kept["frozen"] == kept["hidden"] == []


def test_a_column_is_dragged_to_another_place_and_size(window: BrowserContext) -> None:
    data = look_at(window, "flights")
    data.press("/")
    data.page.get_by_role("button", name="Reset columns").click()
    data.press("Escape")
    hold = data.header("year").locator(".grid-head-hold")
    start, end = hold.bounding_box(), data.header("day").bounding_box()
    assert start is not None
    assert end is not None
    mouse = data.page.mouse
    mouse.move(start["x"] + start["width"] - 15, start["y"] + 10)
    mouse.down()
    mouse.move(end["x"] + end["width"] - 4, end["y"] + 10, steps=6)
    mouse.up()
    expect(data.header("year")).to_have_attribute("aria-colindex", "4")
    expect(data.header("year")).to_have_attribute("aria-sort", "none")
    box = data.header("month").bounding_box()
    assert box is not None
    mouse.move(box["x"] + box["width"], box["y"] + 10)
    mouse.down()
    mouse.move(box["x"] + box["width"] + 60, box["y"] + 10, steps=4)
    mouse.up()
    wide = data.header("month").bounding_box()
    assert wide is not None
    assert wide["width"] == pytest.approx(box["width"] + 60, abs=2)
    mouse.dblclick(wide["x"] + wide["width"], wide["y"] + 10)
    fitted = data.header("month").bounding_box()
    assert fitted is not None
    assert fitted["width"] < wide["width"] - 30


def test_a_view_is_downloaded_as_it_is_seen(
    window: BrowserContext, flights: pd.DataFrame, tmp_path: Path
) -> None:
    data = look_at(window, "flights")
    data.press("/")
    data.page.get_by_role("button", name="Reset columns").click()
    data.press("Escape")
    data.enter()
    data.filter("dest", "=IAH")
    data.go_to_column("distance")
    data.press("s", "h")
    data.expect_count("of 336,776 rows")
    expect(data.panel.get_by_text("1 column hidden")).to_be_visible()
    path = data.download("This view .* as Parquet", tmp_path)
    wanted = flights[flights["dest"] == "IAH"].sort_values("distance", kind="stable")
    wanted = wanted.drop(columns="distance").reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(path), wanted, check_dtype=False)
    everything = data.download("All 336,776 rows as Parquet", tmp_path)
    assert pd.read_parquet(everything).shape == flights.shape


def test_cells_are_copied_for_other_programs(window: BrowserContext, flights: pd.DataFrame) -> None:
    data = look_at(window, "flights")
    data.press("x", "/")
    data.page.get_by_role("button", name="Reset columns").click()
    data.press("Escape")
    data.enter()
    data.press("Shift+ArrowRight", "Shift+ArrowDown")
    cells = flights.iloc[:2, :2]
    data.press("Control+c")
    assert clipboard(data.page) == "2013\t1\n2013\t1"
    data.press("c")
    data.page.wait_for_function(
        "async (text) => (await navigator.clipboard.readText()) === text",
        arg=cells.to_csv(index=False),
    )
    data.press("m")
    data.page.get_by_role("menuitem", name="Copy as Python").click()
    data.page.wait_for_function(
        "async () => (await navigator.clipboard.readText()).startsWith('{')"
    )
    assert ast.literal_eval(clipboard(data.page)) == cells.to_dict("list")


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def test_the_profile_has_every_one_of_ten_thousand_columns(window: BrowserContext) -> None:
    panel = look_at(window, "wide").panel
    panel.get_by_role("tab", name="Profile").click()
    columns = panel.get_by_role("region", name="Columns")
    first = columns.get_by_role("listitem").filter(has_text="sensor_00003")
    expect(first).to_contain_text("mean3")
    assert columns.get_by_role("listitem").count() < 200, "only those in sight are drawn"
    columns.focus()
    columns.press("End")
    last = columns.get_by_role("listitem").filter(has_text="sensor_09999")
    expect(last).to_be_visible()
    expect(last).to_contain_text("mean9999")
    panel.get_by_role("searchbox", name="Find a column").fill("07777")
    expect(columns.get_by_role("listitem").first).to_contain_text("mean7777")


def test_a_selection_goes_on_where_the_grid_ends(window: BrowserContext) -> None:
    data = look_at(window, "wide")
    mouse = data.page.mouse
    grid, cell = data.grid.bounding_box(), data.cell(2, "sensor_00001").bounding_box()
    assert grid is not None
    assert cell is not None
    mouse.move(cell["x"] + 8, cell["y"] + 8)
    mouse.down()
    mouse.move(grid["x"] + grid["width"] + 40, grid["y"] + grid["height"] + 60, steps=4)
    selected = data.panel.locator(".frame-fact").first
    expect(selected).to_have_text(re.compile(r"selected [1-9]\d\d × [1-9]\d"))
    mouse.up()
    first = data.grid.locator(".grid-row:not(.grid-row-away)").first

    def stands_still() -> bool:
        before = first.get_attribute("data-row")
        data.page.wait_for_timeout(200)
        return first.get_attribute("data-row") == before

    until(stands_still, "the grid to stand still once the button is let go", 3)
    data.press("Control+Home")
    gutter = data.row(3).get_by_role("rowheader").bounding_box()
    assert gutter is not None
    mouse.move(gutter["x"] + 8, gutter["y"] + 8)
    mouse.down()
    mouse.move(gutter["x"] + 8, grid["y"] + grid["height"] + 30, steps=4)
    expect(data.panel.locator(".frame-selection")).to_contain_text("× 10,000")
    expect(data.row(60)).to_be_visible()
    mouse.up()


def opened(data: DataPanel, column: str, row: int) -> Locator:
    data.go_to_column(column)
    data.go_to_row(str(row))
    data.press("Enter")
    cell = data.page.get_by_role("dialog", name=f"{column}, row {row}")
    expect(cell).to_have_attribute("aria-busy", "false")
    return cell


def test_escape_closes_a_cell_wherever_the_focus_went(window: BrowserContext) -> None:
    data = look_at(window, "nested")
    cell = opened(data, "long", 40)
    data.grid.locator("[data-active]").focus()
    data.press("Escape")
    expect(cell).to_be_hidden()
    expect(data.grid.locator(":focus")).to_have_count(1)


def test_a_long_cell_is_read_copied_and_saved_whole(window: BrowserContext, tmp_path: Path) -> None:
    data = look_at(window, "nested")
    data.press("/")
    data.page.get_by_role("button", name="Reset columns").click()
    data.press("Escape")
    data.enter()
    text = "All work and no play. " * (39 * 40)
    cell = opened(data, "long", 40)
    expect(cell.get_by_role("status")).to_have_text("All of it: 34 kB")
    assert cell.locator("pre").text_content() == text
    cell.get_by_role("button", name="Copy the value").click()
    data.page.wait_for_function(
        "async (wanted) => (await navigator.clipboard.readText()) === wanted", arg=text
    )
    data.press("Escape")
    expect(data.cell(40, "long")).to_be_focused()

    story = "It was a dark night. " * 40_000
    cell = opened(data, "story", 2)
    expect(cell.get_by_role("status")).to_have_text("262 kB of 840 kB")
    cell.get_by_role("button", name="Show more").click()
    expect(cell.get_by_role("status")).to_have_text("524 kB of 840 kB")
    with data.page.expect_download() as coming:
        cell.get_by_role("button", name="Save the value as a file").click()
    assert coming.value.suggested_filename == "story-2.txt"
    assert Path(coming.value.path()).read_text() == story
    data.press("Escape")


def test_long_json_and_pictures_are_shown_as_what_they_are(window: BrowserContext) -> None:
    data = look_at(window, "nested")
    cell = opened(data, "document", 3)
    expect(cell.get_by_role("radio", name="JSON")).to_be_checked()
    expect(cell.locator("pre")).to_contain_text('"big": 9007199254740993')
    cell.get_by_role("radio", name="Text").click()
    expect(cell.locator("pre")).to_contain_text('{"tags": ["tag 0", "tag 1"')
    data.press("Escape")
    cell = opened(data, "scan", 5)
    expect(cell.get_by_role("img")).to_have_js_property("naturalWidth", 64)
    cell.get_by_role("radio", name="Bytes").click()
    expect(cell.locator("pre")).to_contain_text("00000000  89 50 4e 47")
    data.press("Escape")


def test_ten_thousand_columns_are_all_there(window: BrowserContext) -> None:
    data = look_at(window, "wide")
    data.expect_count("1,000 rows × 10,000 columns")
    data.go_to_column("sensor_07777")
    expect(data.cell(1, "sensor_07777")).to_have_text("7777")
    data.press("Control+End")
    expect(data.cell(1_000, "sensor_09999")).to_have_text("9999")
    expect(data.cell(1_000, "sensor_09999")).to_be_focused()
    data.press("s", "s")
    data.expect_sort("sensor_09999", "descending")
    drawn = data.panel.get_by_role("gridcell").count()
    assert drawn < 1_000
    data.press("z", "Home")
    expect(data.header("sensor_09999")).to_be_in_viewport()
    assert "sensor_00000" in data.columns()
