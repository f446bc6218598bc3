"""A notebook becomes a pipeline by keyboard: read, decide, prove, make."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.browser.complaints import Complaints
from tests.browser.pages.keyboard import Keyboard

NOTEBOOKS = Path(__file__).parents[1] / "fixtures" / "notebooks"


def test_a_notebook_is_imported_proven_and_opened_by_keys(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    page = context.new_page()
    page.goto("/")
    keys = Keyboard(page)
    button = page.get_by_role("button", name="Import", exact=True)
    button.wait_for()
    keys.tab_to(button)
    expect(button).to_be_focused()
    # The chooser itself is the browser's: it is answered in its place.
    page.get_by_label("Notebook", exact=True).set_input_files(NOTEBOOKS / "mutation.ipynb")
    name = page.get_by_label("Name of block totals_by_shop")
    expect(name).to_be_visible()
    assert page.locator("script:not([src])").count() == 0  # outputs of the notebook are not shown
    name.focus()
    keys.press("Control+a")
    keys.write("totals")
    keys.press("Enter")
    expect(page.get_by_label("Name of block totals", exact=True)).to_be_visible()
    prove = page.get_by_role("button", name="Run both and compare")
    expect(prove).to_be_enabled()
    prove.focus()
    keys.press("Enter")
    expect(page.get_by_role("status", name="Proof")).to_contain_text("same result", timeout=90_000)
    if "HEADRACE_PICTURES" in os.environ:
        page.screenshot(path=Path(os.environ["HEADRACE_PICTURES"]) / "import.png")
    make = page.get_by_role("button", name="Make the pipeline")
    make.focus()
    keys.press("Enter")
    expect(page.get_by_test_id("block-totals")).to_be_visible()
    assert (empty_project / "pipelines" / "mutation" / "totals.py").exists()


def test_a_block_that_is_not_proven_says_why_beside_its_cells(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Notebook", exact=True).set_input_files(NOTEBOOKS / "random_numbers.ipynb")
    prove = page.get_by_role("button", name="Run both and compare")
    expect(prove).to_be_enabled(timeout=60_000)
    prove.focus()
    Keyboard(page).press("Enter")
    verdict = page.get_by_role("status", name="Proof")
    expect(verdict).to_contain_text("Not proven to give the same", timeout=120_000)
    expect(verdict).to_contain_text("each time it runs")
    blocks = page.get_by_role("region", name="Blocks of the pipeline")
    expect(blocks.locator("[data-state=unproven]").first).to_contain_text("gives another")
    if "HEADRACE_PICTURES" in os.environ:
        for width, height, scheme in ((1440, 900, "light"), (1024, 768, "dark")):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(os.environ["HEADRACE_PICTURES"]) / f"unproven-{scheme}.png")
    expect(page.get_by_role("button", name="Make the pipeline")).to_be_enabled()
