"""A notebook block in the editor: its parameters as a form, its cells to be read, its result."""

from __future__ import annotations

import json
import os
from pathlib import Path

from playwright.sync_api import BrowserContext, expect
from tests.browser.complaints import Complaints

CELLS = [
    ("markdown", "# Numbers", []),
    ("code", "count: int = 3  # how many", ["parameters"]),
    ("code", "import pandas as pd\nfigures = pd.DataFrame({'n': range(count)})", []),
]
YAML = "blocks:\n  - {name: figures, kind: loader, file: figures.ipynb, results: figures}\n"


def test_a_notebook_block_has_a_form_and_its_cells_are_read(
    context: BrowserContext, quiet: Complaints, empty_project: Path
) -> None:
    folder = empty_project / "pipelines" / "book"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    cells = []
    for kind, source, tags in CELLS:
        code = {"outputs": [], "execution_count": None} if kind == "code" else {}
        cells.append({"cell_type": kind, "source": source, "metadata": {"tags": tags}, **code})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
    (folder / "figures.ipynb").write_text(json.dumps(book))
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="book").click()
    block = page.get_by_test_id("block-figures")
    field = block.get_by_label("count")
    field.fill("5")
    field.press("Tab")
    expect(block).to_contain_text("how many")
    cells_button = block.get_by_role("button", name="3 cells")
    cells_button.press("Enter")
    expect(block).to_contain_text("figures = pd.DataFrame({'n': range(count)})")
    block.get_by_role("button", name="Run figures", exact=True).click()
    expect(block.get_by_role("gridcell", name="4", exact=True)).to_be_visible(timeout=60_000)
    assert "with: {count: 5}" in (folder / "pipeline.yaml").read_text()
    if "HEADRACE_PICTURES" in os.environ:
        page.screenshot(path=f"{os.environ['HEADRACE_PICTURES']}/notebook-block.png")
