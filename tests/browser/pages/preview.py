from __future__ import annotations

from playwright.sync_api import Locator


class Preview:
    """The rows of an output."""

    def __init__(self, within: Locator) -> None:
        self.grid = within.get_by_role("grid")
