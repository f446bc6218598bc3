from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.pages.editor import EditorPage


class HomePage:
    """All pipelines."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> HomePage:
        self.page.goto("/")
        return self

    def create_pipeline(self, title: str) -> EditorPage:
        self.page.get_by_role("button", name="New pipeline").first.click()
        dialog = self.page.get_by_role("dialog", name="New pipeline")
        dialog.get_by_label("Title").fill(title)
        dialog.get_by_role("button", name="Create").click()
        editor = EditorPage(self.page)
        expect(editor.page.get_by_role("heading", name=title)).to_be_visible()
        return editor
