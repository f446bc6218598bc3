from __future__ import annotations

from playwright.sync_api import Page, expect


class ScheduleSheet:
    """The sheet beside the editor that says when the pipeline runs by itself."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sheet = page.get_by_role("complementary", name="Schedule")

    def every_minute(self) -> None:
        self.sheet.get_by_role("radio", name="Every…").click()
        self.sheet.get_by_label("Every", exact=True).fill("1")
        expect(self.sheet.get_by_text("every minute")).to_be_visible()
        self.sheet.get_by_role("button", name="Schedule", exact=True).click()
        expect(self.sheet.get_by_role("listitem")).to_have_count(1)

    def close(self) -> None:
        self.sheet.get_by_role("button", name="Close").click()
        expect(self.sheet).to_be_hidden()
