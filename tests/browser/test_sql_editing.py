"""SQL in the editor: edges while it is typed, columns under the pointer, renames, other dialects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.projects import headrace

YAML = """\
blocks:
  - {name: orders, kind: loader, file: orders.sql}
  - {name: totals, kind: transformer, file: totals.sql, upstream: [orders]}
  - {name: best, kind: transformer, file: best.sql, upstream: [totals]}
  - {name: other, kind: transformer, file: other.sql}
"""
SOURCES = {
    "orders.sql": "select 1 as id, 2.5 as amount\n",
    "totals.sql": "select id, sum(amount) as total from orders group by id\n",
    "best.sql": "select id, total from totals where total > 1\n",
    "other.sql": "select 1 as one\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("sql") / "project"
    headrace("init", root)
    for name in ("sales", "edges", "foreign"):
        write(root, name)
    with Server(root, options=("--no-scheduler",)) as running:
        running.wait_ready()
        yield running


def write(root: Path, name: str) -> None:
    folder = root / "pipelines" / name
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    for file, text in SOURCES.items():
        (folder / file).write_text(text)


@pytest.fixture
def page(browser: Browser, project: Server) -> Iterator[Page]:
    context = logged_in(browser, project)
    complaints = Complaints(context)
    yield context.new_page()
    assert complaints.texts == []
    context.close()


def code_of(page: Page, block: str) -> None:
    """Put the keyboard at the end of a block's code."""
    page.get_by_test_id(f"block-{block}").locator(".cm-content").click()
    page.keyboard.press("Control+End")


def test_an_edge_is_drawn_with_the_last_letter_and_connects_when_saved(page: Page) -> None:
    editor = EditorPage(page).open("edges")
    editor.view("Split")
    editor.select("other")
    page.locator(".react-flow__edge").first.wait_for(state="attached")
    code_of(page, "other")
    page.keyboard.insert_text("from total")
    typed = page.locator(".react-flow__edge.edge-typed")
    expect(typed).to_have_count(0)
    page.keyboard.press("s")
    drawn = page.locator(".react-flow__edge[data-id='totals>other']")
    expect(typed.or_(drawn)).to_be_attached()
    expect(drawn).to_be_attached()
    expect(typed).to_have_count(0)


def test_a_column_in_the_code_tells_its_way_and_what_a_rename_breaks(page: Page) -> None:
    editor = EditorPage(page).open("sales")
    editor.select("best")
    code_of(page, "best")
    page.keyboard.press("Control+Home")
    for _ in "select id, to":
        page.keyboard.press("ArrowRight")
    cursor = page.locator(".cm-focused .cm-cursor-primary").bounding_box()
    assert cursor is not None
    page.mouse.move(cursor["x"] + 3, cursor["y"] + cursor["height"] / 2)
    told = page.locator(".cm-inspection")
    expect(told).to_contain_text("totals.total")
    expect(told).to_contain_text("from orders.amount")
    expect(told).to_contain_text("goes into best.total")

    page.keyboard.press("Shift+F12")
    dialog = page.get_by_role("dialog", name="Lineage of totals.total")
    renamed = dialog.get_by_role("region", name="If it is renamed")
    expect(renamed.get_by_role("button")).to_have_text(["bestline 1 breaks"])
    page.keyboard.press("Escape")

    editor.select("totals")
    code_of(page, "totals")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("select id, sum(amount) as revenue from orders group by id")
    editor.select("best")
    mark = page.get_by_test_id("block-best").locator(".cm-lintRange-warning").first
    expect(mark).to_be_visible()
    mark.hover()
    expect(page.locator(".cm-diagnostic").first).to_contain_text("There is no column 'total'")


def test_sql_of_another_database_is_offered_in_translation(page: Page) -> None:
    editor = EditorPage(page).open("foreign")
    editor.select("other")
    code_of(page, "other")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("select top 3 [id], my_udf(amount) as x from orders")
    mark = page.get_by_test_id("block-other").locator(".cm-lint-marker-error").first
    expect(mark).to_be_visible()
    mark.hover()
    page.get_by_role("button", name="Translate from SQL Server…").first.click()
    dialog = page.get_by_role("dialog", name="Translate the SQL of other")
    expect(dialog.get_by_label("It is written for")).to_have_value("tsql")
    notes = dialog.get_by_role("list", name="What could not be translated")
    expect(notes).to_contain_text("DuckDB has no function MY_UDF")
    dialog.get_by_role("button", name="Use the translation").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("block-other").locator(".cm-content")).to_contain_text("LIMIT 3")
