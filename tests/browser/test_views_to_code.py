"""From looking to code: a view becomes a block in each language, and a chart one that draws."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.acceptance.harness import Server
from tests.browser.complaints import Complaints
from tests.browser.conftest import FLIGHTS
from tests.browser.pages import EditorPage

LOAD = """\
import pandas as pd

from headrace import loader


@loader
def flights():
    return pd.read_parquet("data/nycflights/flights.parquet")
"""


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    folder = empty_project / "pipelines" / "looking"
    folder.mkdir(parents=True)
    (folder / "flights.py").write_text(LOAD)
    (folder / "pipeline.yaml").write_text(
        "title: Looking\nblocks:\n  - {name: flights, kind: loader, file: flights.py}\n"
    )
    with Server(empty_project) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def look(page: Page) -> EditorPage:
    """Run the flights, and look at the very late ones by how late they were."""
    editor = EditorPage(page).open("looking")
    editor.select("flights")
    editor.run_block("flights")
    editor.expect_done("flights")
    data = editor.data
    data.enter()
    data.filter("arr_delay", ">600")
    data.expect_count("of 336,776")
    data.go_to_column("arr_delay")
    data.press("s")
    data.expect_sort("arr_delay", "ascending")
    return editor


@pytest.fixture(scope="module")
def wanted() -> pd.DataFrame:
    flights = pd.read_parquet(FLIGHTS)
    late = flights[flights["arr_delay"] > 600]
    return late.sort_values("arr_delay", kind="stable", ignore_index=True)


def test_a_view_becomes_the_same_rows_in_every_language(
    page: Page, quiet: Complaints, wanted: pd.DataFrame, empty_project: Path
) -> None:
    editor = look(page)
    data = editor.data
    data.go_to_column("tailnum")
    data.press("n")
    dialog = page.get_by_role("dialog", name="Rename tailnum in the block")
    dialog.get_by_label("Name").fill("aircraft")
    data.press("Enter")
    steps = data.panel.get_by_role("list", name="What the block will do")
    expect(steps).to_contain_text("tailnum → aircraft")
    header = data.header("tailnum")
    expect(header.locator("s")).to_have_text("tailnum")
    expect(header.locator(".grid-head-name")).to_have_text("tailnum → aircraft")
    for language, name in (
        ("pandas", "late_pandas"),
        ("polars", "late_polars"),
        ("SQL", "late_sql"),
    ):
        editor.select("flights")
        if not steps.is_visible():
            add_rename(page, editor)
        data.panel.get_by_role("button", name="Make a block").click()
        making = page.get_by_role("dialog", name="Make a block of this view of flights")
        making.get_by_role("radio", name=language).click()
        making.get_by_label("Name").fill(name)
        code = making.get_by_label(f"Code of {name}")
        expect(code).to_contain_text("arr_delay")
        expect(code).to_contain_text("aircraft")
        making.get_by_role("button", name="Add the block").click()
        expect(making).to_be_hidden()
        expect(editor.block(name).get_by_label("Go to upstream flights")).to_be_visible()
        editor.run_block(name)
        editor.expect_done(name)
        editor.select(name)
        data.expect_count(f"{len(wanted)} rows × 19 columns")
        data.enter()
        data.go_to_column("arr_delay")
        assert data.values("arr_delay", rows=8) == [f"{n:g}" for n in wanted["arr_delay"][:8]]
        data.go_to_column("aircraft")
        assert data.values("aircraft", rows=8) == list(wanted["tailnum"][:8])
    assert (empty_project / "pipelines" / "looking" / "late_sql.sql").exists()
    editor.select("late_sql")
    page.keyboard.press("z")
    expect(editor.block("late_sql")).to_be_hidden()


def test_what_a_block_will_do_stands_in_the_headers_until_it_is_taken_back(
    page: Page, quiet: Complaints
) -> None:
    data = look(page).data
    data.go_to_column("flight")
    data.press("t")
    page.get_by_role("menuitem", name="Into text").click()
    flight, year = data.header("flight"), data.header("year")
    expect(flight.locator(".grid-head-type")).to_contain_text("int64 → text")
    data.go_to_column("year")
    data.press("d")
    expect(year.locator("s")).to_have_text("year")
    expect(year.locator(".grid-head-type")).to_contain_text("dropped")
    expect(data.cell(1, "year")).to_have_attribute("data-dropped", "true")
    year.get_by_role("button", name="Take back what becomes of year").click()
    expect(year.locator("s")).to_have_count(0)
    expect(data.cell(1, "year")).not_to_have_attribute("data-dropped", "true")
    data.go_to_column("flight")
    flight.hover()
    flight.get_by_role("button", name="Menu of flight").click()
    page.get_by_role("menuitem", name="Take back: flight as text").click()
    expect(flight.locator("s")).to_have_count(0)
    steps = data.panel.get_by_role("list", name="What the block will do")
    expect(steps).to_have_count(0)


def add_rename(page: Page, editor: EditorPage) -> None:
    editor.data.enter()
    editor.data.go_to_column("tailnum")
    editor.data.press("n")
    dialog = page.get_by_role("dialog", name="Rename tailnum in the block")
    dialog.get_by_label("Name").fill("aircraft")
    editor.data.press("Enter")


def test_a_chart_is_read_by_keys_and_saved_as_a_block(
    page: Page, quiet: Complaints, wanted: pd.DataFrame
) -> None:
    editor = look(page)
    panel = editor.data.panel
    panel.get_by_role("tab", name="Chart").click()
    chart = panel.get_by_role("group", name="Rows by carrier")
    chart.focus()
    page.keyboard.press("ArrowRight")
    counts = wanted["carrier"].value_counts()
    tip = panel.locator(".chart-tip")
    expect(tip).to_contain_text(str(counts.iloc[0]))
    panel.get_by_role("button", name="Show the numbers as a table").click()
    rows = panel.get_by_role("table", name="Rows by carrier").get_by_role("row")
    expect(rows).to_have_count(1 + len(counts))
    found = {row.split()[0]: int(row.split()[1]) for row in rows.all_inner_texts()[1:]}
    assert found == counts.to_dict()
    panel.get_by_role("button", name="Show the chart").click()
    with page.expect_download() as coming:
        panel.get_by_role("button", name="Save the picture").click()
        page.get_by_role("menuitem", name="As SVG").click()
    text = Path(coming.value.path()).read_text()
    assert text.startswith("<svg")
    assert "var(" not in text
    panel.get_by_role("button", name="Make a block").click()
    dialog = page.get_by_role("dialog", name="Make a block of this chart of flights")
    expect(dialog.get_by_label("Code of flights_chart")).to_contain_text("axes.bar")
    dialog.get_by_role("button", name="Add the block").click()
    editor.run_block("flights_chart")
    editor.expect_done("flights_chart")
    block = editor.block("flights_chart")
    editor.open_tab("flights_chart", "Shown")
    expect(block.locator(".displays img")).to_be_visible()
    editor.select("flights_chart")
    editor.data.expect_count(f"{len(counts)} rows × 2 columns")
