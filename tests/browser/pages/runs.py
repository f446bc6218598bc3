from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class RunsPage:
    """All runs, newest first."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> RunsPage:
        self.page.goto("/runs")
        return self

    def rows_started_by(self, words: str) -> Locator:
        table = self.page.get_by_role("table", name="Runs, newest first")
        return table.get_by_role("row").filter(has_text=words)

    def open_run(self, row: Locator) -> RunPage:
        row.get_by_role("link").first.click()
        return RunPage(self.page)


class RunPage:
    """One run."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.blocks = page.get_by_role("region", name="Blocks of this run")

    def expect_block(self, name: str) -> None:
        expect(self.blocks.get_by_role("button").filter(has_text=name)).to_be_visible()
