"""Where a column comes from and goes, by pointing at it and by its menu."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.projects import headrace


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    project = tmp_path_factory.mktemp("lineage") / "project"
    headrace("init", project)
    headrace("run", "late_flights", "-C", project)
    with Server(project, options=("--no-scheduler",)) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def page(browser: Browser, example: Server) -> Iterator[Page]:
    context = logged_in(browser, example)
    complaints = Complaints(context)
    yield context.new_page()
    assert complaints.texts == []
    context.close()


def test_a_column_tells_its_way_and_leads_to_its_blocks(page: Page) -> None:
    editor = EditorPage(page).open("late_flights")
    editor.select("late_by_carrier")
    data = editor.data
    head = data.header("mean_delay")
    head.scroll_into_view_if_needed()
    data.grid.hover()
    made = "from month_flights.arr_delay = ROUND(AVG(month_flights.arr_delay), 2)"
    told = "(head, made) => head.dataset.tip.includes(made)"
    page.wait_for_function(
        f"([head, made]) => ({told})(head, made)", arg=[head.element_handle(), made]
    )

    head.click(button="right")
    page.get_by_role("menuitem", name="Where it comes from and goes").click()
    dialog = page.get_by_role("dialog", name="Lineage of late_by_carrier.mean_delay")
    way = dialog.get_by_role("region", name="Comes from")
    expect(way.get_by_role("button")).to_have_text(
        ["month_flights.arr_delay double", "flights.arr_delay double by name"]
    )
    way.get_by_role("button").last.press("Enter")
    expect(dialog).to_be_hidden()
    expect(data.panel.get_by_role("heading", name="flights", exact=True)).to_be_visible()
