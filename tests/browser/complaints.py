"""What a browser complains about: errors of the console, of scripts, and of the content policy."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError


class Complaints:
    """Collects them from every tab of a context."""

    def __init__(self, context: BrowserContext) -> None:
        self.texts: list[str] = []
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("page", self._watch)
        context.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => console.error('policy', event.violatedDirective, event.blockedURI))"
        )

    def _watch(self, page: Page) -> None:
        page.on("crash", lambda _: self.texts.append(f"{page.url}: the tab crashed"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.texts.append(f"{message.type} at {message.location['url']}: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self.texts.append(str(error.error))
