from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect


class DataPanel:
    """All rows of the selected block's output."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.get_by_role("complementary", name="Data")

    def expect_shape(self, words: str) -> None:
        expect(self.panel.get_by_text(words)).to_be_visible()

    def scroll_to_the_end(self) -> None:
        self.panel.get_by_role("grid").hover()
        self.page.mouse.wheel(0, 1e8)

    def expect_row(self, number: int) -> None:
        """Rows count from 1; the grid's own count has the header before them."""
        row = self.row(number)
        expect(row).to_be_in_viewport()
        expect(row.get_by_role("gridcell").first).to_have_text("2013")

    # The table

    @property
    def grid(self) -> Locator:
        return self.panel.get_by_role("grid")

    @property
    def footer(self) -> Locator:
        return self.panel.locator(".frame-footer")

    def row(self, number: int) -> Locator:
        return self.grid.locator(f"[role=row][aria-rowindex='{number + 1}']")

    def header(self, column: str) -> Locator:
        return self.grid.locator(f"[role=columnheader][data-name='{column}']")

    def cell(self, number: int, column: str) -> Locator:
        """A cell of a column that is in sight."""
        at = self.header(column).get_attribute("aria-colindex")
        return self.row(number).locator(f"[role=gridcell][aria-colindex='{at}']")

    def values(self, column: str, *, rows: int) -> list[str]:
        """The first cells of a column that is in sight."""
        return [self.cell(number, column).inner_text() for number in range(1, rows + 1)]

    def columns(self) -> list[str]:
        """Names of the columns in sight, from left to right."""
        cells = self.grid.locator("[role=columnheader][data-name]")
        found: list[list[str]] = cells.evaluate_all(
            "(cells) => cells.map((cell) => [cell.ariaColIndex, cell.dataset.name])"
        )
        return [name for _, name in sorted(found, key=lambda pair: int(pair[0]))]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self) -> None:
        """Put the keyboard into the table, as Space does from the blocks."""
        self.row(1).get_by_role("gridcell").first.click()

    def go_to_column(self, name: str) -> None:
        self.press("/")
        finder = self.page.get_by_role("dialog", name="Columns")
        expect(finder.get_by_role("combobox")).to_be_focused()
        self.page.keyboard.type(name)
        expect(finder.get_by_role("option").first).to_contain_text(name)
        self.press("Enter")
        expect(finder).to_be_hidden()
        expect(self.header(name)).to_be_visible()
        at = self.header(name).get_attribute("aria-colindex")
        expect(self.grid.locator(f"[aria-colindex='{at}']:focus")).to_have_count(1)

    def go_to_row(self, text: str) -> None:
        self.press("Control+g")
        dialog = self.page.get_by_role("dialog", name="Go to a row")
        dialog.get_by_label("Row").fill(text)
        self.press("Enter")
        expect(dialog).to_be_hidden()

    def filter(self, column: str, text: str) -> None:
        """Write a filter by keys; the column becomes the active one."""
        self.go_to_column(column)
        self.press("f")
        field = self.grid.get_by_role("textbox", name=f"Filter of {column}")
        expect(field).to_be_focused()
        self.page.keyboard.type(text)
        self.press("Enter")

    def expect_count(self, words: str) -> None:
        expect(self.footer).to_contain_text(words)

    def expect_sort(self, column: str, way: str) -> None:
        expect(self.header(column)).to_have_attribute("aria-sort", way)
        expect(self.grid).to_have_attribute("aria-busy", "false")

    def expect_fact(self, word: str, value: float) -> None:
        """A figure of the selection, such as its sum, as the footer writes it."""
        whole, point, part = f"{value:.8g}".partition(".") if word == "mean" else (value, "", "")
        fact = self.footer.locator(".frame-fact", has_text=re.compile(f"^{word} "))
        expect(fact.locator("strong")).to_have_text(f"{int(whole):,}{point}{part}")

    def download(self, entry: str, folder: Path) -> Path:
        """Choose from the menu of downloads; the file that came."""
        self.panel.get_by_role("button", name="Download").click()
        with self.page.expect_download() as coming:
            self.page.get_by_role("menuitem", name=re.compile(f"^{entry}")).click()
        path = folder / coming.value.suggested_filename
        coming.value.save_as(path)
        return path
