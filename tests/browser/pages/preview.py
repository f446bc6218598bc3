from __future__ import annotations

from playwright.sync_api import Page, expect


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
        row = self.panel.locator(f"[role=row][aria-rowindex='{number + 1}']")
        expect(row).to_be_in_viewport()
        expect(row.get_by_role("gridcell").first).to_have_text("2013")
