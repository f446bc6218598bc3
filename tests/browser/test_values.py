"""What the page shows of each kind of value, three columns wide: `cells` of `tests/acceptance/truth.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.harness import Server
from tests.acceptance.truth import EXPECTED, is_table, make_project, short
from tests.browser.chromium import logged_in
from tests.browser.complaints import Complaints
from tests.browser.pages import EditorPage

TABLES = [name for name in EXPECTED if is_table(name)]
LOOKED_AT = """
(panel) => {
  if (panel.querySelector(".grid-waiting")) return null;
  const rows = [...panel.querySelectorAll(".grid-row:not(.grid-row-away)")].slice(0, 10);
  return rows.map((row) => [...row.querySelectorAll(".grid-cell")].slice(0, 3).map(
    (cell) => `${cell.dataset.look}: ${cell.textContent}`));
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("values") / "project"
    make_project(root, TABLES, alone=True)
    with Server(root) as running:
        running.wait_ready()
        running.run("truth", timeout_s=60)
        yield running


def cells_of(editor: EditorPage, name: str) -> Any:
    """Rows of `look: text` that the data panel shows of a block, once all of them are there."""
    outline = editor.page.get_by_role("list", name="Outline of blocks")
    # Clicked without waiting until the list of blocks has scrolled there.
    outline.get_by_role("button", name=re.compile(rf"^v_{name}\s")).dispatch_event("click")
    panel = editor.data.panel
    expect(panel.get_by_label(f"Data of v_{name}", exact=True)).to_be_visible()
    expect(panel.locator(".frame-footer")).to_be_visible()
    handle = panel.element_handle()
    assert handle is not None
    return short(editor.page.wait_for_function(LOOKED_AT, arg=handle).json_value())


def shown_in(page: Page) -> dict[str, Any]:
    editor = EditorPage(page).open("truth")
    return {name: cells_of(editor, name) for name in TABLES}


def test_every_value_stands_on_the_page_as_what_it_is(browser: Browser, server: Server) -> None:
    window = logged_in(browser, server)
    complaints = Complaints(window)
    shown = shown_in(window.new_page())
    window.close()
    wrong = [
        f"{name}: {json.dumps(shown[name], ensure_ascii=False)}"
        f" instead of {json.dumps(EXPECTED[name].get('cells'), ensure_ascii=False)}"
        for name in TABLES
        if shown[name] != EXPECTED[name].get("cells")
    ]
    assert not wrong, "\n".join(wrong)
    assert complaints.texts == []
