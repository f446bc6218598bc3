"""Rich output of blocks: what display() and the last expression show, and open figures."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Self

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from headrace.protocol.tables import Display
from headrace.store.outputs import Store
from headrace.workers.wire import display_of_text

_RICHEST_FIRST = (
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "application/json",
    "text/plain",
)
_TEXT_LIMIT = 4096


class _Publisher(DisplayPublisher):
    """Hands every display of this process to the job that runs."""

    target: ClassVar[Callable[[dict[str, Any]], None] | None] = None

    def publish(self, data: dict[str, Any], *_args: Any, **_more: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if _Publisher.target is not None:
            _Publisher.target(data)

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002 - IPython's own
        """Nothing can be taken back: what was shown is stored."""


class _Shell(InteractiveShell):
    """IPython without history, terminal, or threads."""

    def init_history(self) -> None:
        self.history_manager = None

    def init_display_pub(self) -> None:
        self.display_pub = _Publisher(parent=self)

    def init_sys_modules(self) -> None:
        """Leave `__main__` alone."""

    def init_virtualenv(self) -> None:
        """The interpreter is the one that was asked for."""

    def init_syntax_highlighting(self, changes: Any = None) -> None:
        """Tracebacks are plain text here."""


def build_shell() -> None:
    """Build IPython's shell once, so that `display` and formatters work after the fork."""
    hook, excepthook = sys.displayhook, sys.excepthook
    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell.instance(config=config)
    formatter: Any = shell.display_formatter
    formatter.formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _png)
    sys.displayhook, sys.excepthook = hook, excepthook


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()


class Screen:
    """Stores what a job shows and reports it."""

    def __init__(self, store: Store, report: Callable[[Display], None]) -> None:
        self._store = store
        self._report = report

    def __enter__(self) -> Self:
        _Publisher.target = self._show_bundle
        return self

    def __exit__(self, *_error: object) -> None:
        _Publisher.target = None

    def show(self, value: Any) -> None:
        """Show a value as IPython would show the last expression of a cell."""
        if value is None:
            return
        formatter: Any = InteractiveShell.instance().display_formatter
        data, _ = formatter.format(value)
        if data:  # empty when the value displayed itself
            self._show_bundle(data)

    def show_open_figures(self) -> None:
        """Show and close what the block left open in pyplot."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if figure.get_axes():
                self.show(figure)
        pyplot.close("all")

    def _show_bundle(self, data: dict[str, Any]) -> None:
        for mime in _RICHEST_FIRST:
            if mime in data:
                self._report(self._stored(mime, data[mime]))
                return

    def _stored(self, mime: str, content: Any) -> Display:
        if mime == "text/plain":
            text = str(content)
            if len(text) <= _TEXT_LIMIT:
                return display_of_text(text)
            content = text
        if mime == "application/json":
            content = json.dumps(content, default=str)
        if mime in ("image/png", "image/jpeg") and isinstance(content, str):
            content = base64.b64decode(content)
        raw = content if isinstance(content, bytes) else str(content).encode("utf-8", "replace")
        return self._store.put_display(mime, raw)
