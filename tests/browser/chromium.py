"""Finds and starts the browser, and lets its tabs in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
)


def executable() -> str | None:
    """Where Chromium is, if anywhere."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is closed at the end; AssertionError when there is none."""
    found = executable()
    assert found is not None, f"none of {', '.join(NAMES)} is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def logged_in(browser: Browser, server: Any, **options: Any) -> BrowserContext:
    """A browser window with the cookie of `server`, as the link of `headrace start` gives it."""
    options.setdefault("viewport", {"width": 1440, "height": 900})
    context = browser.new_context(base_url=server.url, **options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(f"/#token={server.token}")
    page.get_by_role("navigation", name="Main").wait_for()
    page.close()
    return context
