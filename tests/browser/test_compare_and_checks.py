"""A result against the one before it, and a check from the menu of a column to its rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, expect
from tests.acceptance.harness import Server
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage
from tests.browser.test_looks import axe

PLANES = '''\
import pandas as pd
from headrace import loader


@loader
def planes():
    """Planes by tail number."""
    seats = [55, 182, 182, 200]
    built = [2004, 1998, None, 2001]
    tail = ["N1", "N2", "N3", "N4"]
    return pd.DataFrame({"tail": tail, "built": built, "seats": seats})
'''
LARGE = """\
from headrace import transformer


@transformer
def large(planes):
    return planes[planes["seats"] > 100]
"""


def make_planes(project: Path) -> None:
    """A pipeline of two blocks; one year is missing."""
    folder = project / "pipelines" / "planes"
    folder.mkdir(parents=True)
    (folder / "planes.py").write_text(PLANES)
    (folder / "large.py").write_text(LARGE)
    (folder / "pipeline.yaml").write_text(
        "title: Planes\nblocks:\n  - {name: planes, kind: loader, file: planes.py}\n"
        "  - {name: large, kind: transformer, file: large.py, upstream: [planes]}\n"
    )


@pytest.fixture
def server(empty_project: Path) -> Iterator[Server]:
    make_planes(empty_project)
    with Server(empty_project) as running:
        running.wait_ready()
        yield running


def tab(editor: EditorPage, name: str) -> Locator:
    return editor.data.panel.get_by_role("tab", name=name)


def test_a_result_is_compared_with_the_one_before_it_by_a_key(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    editor = EditorPage(context.new_page()).open("planes")
    panel = editor.data.panel
    editor.select("planes")
    editor.run_block("planes")
    editor.expect_done("planes")
    tab(editor, "Compare").click()
    expect(panel).to_contain_text("Nothing to compare with yet")

    source = empty_project / "pipelines" / "planes" / "planes.py"
    changed = PLANES.replace("182, 182, 200", "182, 190, 220").replace('"N1"', '"N9"')
    source.write_text(changed)
    expect(editor.code("planes")).to_contain_text("N9")
    editor.run_block("planes")
    editor.expect_done("planes")
    chooser = panel.get_by_role("combobox", name="Compare with")
    expect(chooser.locator("option:checked")).to_contain_text("previous result")
    expect(panel.get_by_role("button", name="key: tail")).to_be_visible()
    seats = panel.locator(".compare-column", has_text="seats")
    expect(seats).to_contain_text("67 % of cells changed")
    # From the tab to the rows by keys alone.
    panel.get_by_role("tab", name="Columns").focus()
    editor.page.keyboard.press("ArrowRight")
    kinds = panel.get_by_role("group", name="Kinds of rows")
    expect(kinds).to_have_text("2 changed1 added1 removed1 the same")
    rows = panel.get_by_role("region", name="Rows: changed")
    expect(rows.locator("tbody tr")).to_have_count(2)
    expect(rows.locator("td[data-changed]").first).to_have_text("182 → 190")
    kinds.get_by_role("button", name="removed").press("Enter")
    expect(panel.get_by_role("region", name="Rows: removed").locator("tbody tr")).to_have_text(
        ["N1200455"]
    )

    key = panel.get_by_role("button", name="key: tail")
    key.click()
    menu = editor.page.get_by_role("menu", name="Columns of the key")
    menu.get_by_role("menuitemcheckbox", name="tail").click()
    expect(panel).to_contain_text("Choose a key")
    panel.get_by_role("button", name="choose a key").click()
    menu.get_by_role("menuitemcheckbox", name="seats").click()
    expect(panel.get_by_role("button", name="key: seats")).to_be_visible()
    expect(panel).to_contain_text("seats is not unique")

    source.write_text(PLANES)
    expect(editor.code("planes")).not_to_contain_text("N9")
    editor.run_block("planes")
    editor.expect_done("planes")
    chooser.select_option(index=0)
    expect(panel.get_by_role("tab", name="Columns")).to_be_visible()


def test_an_output_that_is_the_same_as_its_input_is_identical(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    source = empty_project / "pipelines" / "planes" / "large.py"
    source.write_text(LARGE.replace('planes[planes["seats"] > 100]', "planes"))
    editor = EditorPage(context.new_page()).open("planes")
    editor.select("large")
    editor.run_block("large")
    editor.expect_done("large")
    expect(editor.block("large").locator(".result-strip")).to_contain_text("planes 4 × 3→4 × 3")
    tab(editor, "Compare").click()
    expect(editor.data.panel).to_contain_text("Identical")
    expect(editor.data.panel).to_contain_text("the same as in its input planes")


def test_a_column_is_expected_not_to_be_null_and_the_check_shows_the_row_that_is(
    context: BrowserContext, quiet: Complaints, server: Server, empty_project: Path
) -> None:
    editor = EditorPage(context.new_page()).open("planes")
    page, panel = editor.page, editor.data.panel
    editor.select("planes")
    editor.run_block("planes")
    editor.expect_done("planes")
    tab(editor, "Profile").click()
    panel.get_by_role("button", name="Expect of built").click()
    menu = page.get_by_role("menu", name="Expect of built")
    expect(menu).to_contain_text("now 1 are null")
    menu.get_by_role("menuitem", name="Expect: not null").press("Enter")
    expect(editor.code("planes")).to_contain_text('return planes["built"].notna()')
    expect(editor.code("planes")).to_contain_text("from headrace import check, loader")

    editor.run_block("planes")
    editor.expect_state("planes", "failed")
    expect(editor.block("planes").get_by_role("heading", level=3)).to_have_text(
        "built_is_not_null: 1 of 4 rows does not pass."
    )
    page.set_viewport_size({"width": 1024, "height": 768})
    tabs = panel.get_by_role("tablist")
    expect(tabs.get_by_role("tab")).to_have_count(5)
    assert tabs.evaluate("tabs => tabs.scrollWidth - tabs.clientWidth") == 0, "no tab is cut off"
    tab(editor, "Checks 1 ✕").click()
    checks = panel.get_by_role("list", name="Checks")
    expect(checks).to_contain_text("built is not null")
    expect(checks).to_contain_text("1 of 4 rows does not pass.")
    against = checks.get_by_role("grid").get_by_role("gridcell")
    expect(against.first).to_have_text("N3")
    block = editor.block("planes")
    block.get_by_role("tab", name="Checks").click()
    expect(block.get_by_role("list", name="Checks")).to_contain_text("built is not null")

    run = server.get("runs").json()["runs"][0]["id"]
    page.goto(f"/p/planes/runs/{run}")
    shown = page.get_by_role("list", name="Checks")
    expect(shown.get_by_role("gridcell").first).to_have_text("N3")
    page.go_back()

    editor.select("planes")
    page.keyboard.press("z")
    expect(editor.code("planes")).not_to_contain_text("notna")
    text = (empty_project / "pipelines" / "planes" / "planes.py").read_text()
    assert text == PLANES


def test_the_menu_of_a_column_in_the_table_expects_as_well(
    context: BrowserContext, quiet: Complaints, server: Server
) -> None:
    editor = EditorPage(context.new_page()).open("planes")
    editor.select("large")
    editor.run_block("large")
    editor.expect_done("large")
    header = editor.data.header("seats")
    expect(header.locator(".mini-bars")).to_be_visible()
    header.click(button="right")
    menu = editor.page.get_by_role("menu")
    menu.get_by_role("menuitem", name="Expect: in this range").click()
    expect(editor.code("large")).to_contain_text('large["seats"].between(182, 200)')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_comparisons_and_checks_have_no_serious_fault_for_screen_readers(
    browser: Browser, server: Server, empty_project: Path, scheme: Any
) -> None:
    server.run("planes")
    source = empty_project / "pipelines" / "planes" / "planes.py"
    failing = PLANES.replace("182, 182", "182, 190").replace(
        "import loader", "import check, loader"
    )
    source.write_text(
        failing
        + '\n\n@check(severity="warn")\ndef old(planes):\n    return planes["built"] < 2000\n'
    )
    server.run("planes")
    small = {"width": 1024, "height": 768}
    window = logged_in(browser, server, color_scheme=scheme, viewport=small)
    complaints = Complaints(window)
    editor = EditorPage(window.new_page()).open("planes")
    panel = editor.data.panel
    faults: list[str] = []
    editor.select("planes")
    tab(editor, "Compare").click()
    expect(panel.locator(".compare-column").first).to_be_visible()
    faults += axe(editor.page)
    panel.get_by_role("tab", name="Columns").press("ArrowRight")
    expect(panel.get_by_role("region", name="Rows: changed").locator("td").first).to_be_visible()
    faults += axe(editor.page)
    panel.get_by_role("button", name="key: tail").click()
    faults += axe(editor.page)
    editor.page.keyboard.press("Escape")
    tab(editor, "Checks 1 ✕").click()
    expect(panel.get_by_role("list", name="Checks").get_by_role("gridcell").first).to_be_visible()
    faults += axe(editor.page)
    tab(editor, "Profile").click()
    panel.get_by_role("button", name="Expect of seats").click()
    faults += axe(editor.page)
    assert not editor.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    window.close()
    assert not faults, "\n".join(faults)
    assert complaints.texts == []
