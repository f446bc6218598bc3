"""A real Chromium on a running server."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright
from tests.acceptance.harness import Server

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """The Chromium of this machine; None: the one that Playwright has installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@contextlib.contextmanager
def page_of(server: Server, script: str = "") -> Iterator[Page]:
    """A logged-in page, still empty; `script` runs before any of ours."""
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=chromium_path(), args=_FLAGS)
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        if script:
            context.add_init_script(script)
        try:
            page = context.new_page()
            page.goto(f"{server.url}/login#token={server.token}")
            page.wait_for_url(lambda url: "login" not in url)
            page.goto("about:blank")
            yield page
        finally:
            chromium.close()
