"""Rich output of blocks: what display() and the last expression show, and open figures."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Self

from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from headrace.protocol.tables import Display
from headrace.store.outputs import Store
from headrace.store.patience import limited
from headrace.workers import charts
from headrace.workers.wire import display_of_text

_RICHEST_FIRST = (
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "text/markdown",
    "text/latex",
    "application/json",
    "text/plain",
)
_TEXT_LIMIT = 4096
_DRAWING_S = 20.0
"""How long a class may take to draw what a block returned."""


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
    for (module, name), bundle in charts.BUNDLES.items():
        show = partial(_show_chart, bundle)
        formatter.ipython_display_formatter.for_type_by_name(module, name, show)
    sys.displayhook, sys.excepthook = hook, excepthook


def _show_chart(bundle: Callable[[Any], dict[str, Any]], chart: Any) -> None:
    if _Publisher.target is not None:
        _Publisher.target(bundle(chart))


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()


class Screen:
    """Stores what a job shows and reports it."""

    def __init__(self, store: Store, report: Callable[[Display], None]) -> None:
        self._store = store
        self._tell = report
        self._shown: set[str] = set()
        self._again = True
        """Whether what was shown before is shown once more."""

    def _report(self, display: Display) -> None:
        if self._again or display.address not in self._shown:
            self._tell(display)
        if display.address:
            self._shown.add(display.address)

    def __enter__(self) -> Self:
        _Publisher.target = self.show_bundle
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
            self.show_bundle(data)

    def show_returned(self, value: Any) -> None:
        """Show what a block returned, if there is more to see of it than its text.

        It has been stored before: that its class fails to draw it fails no block.
        """
        shown: list[dict[str, Any]] = []
        before, _Publisher.target = _Publisher.target, shown.append
        try:
            formatter: Any = InteractiveShell.instance().display_formatter
            with limited(_DRAWING_S):
                data, _ = formatter.format(value)
        except Exception:  # noqa: BLE001 - drawing is user code
            return
        finally:
            _Publisher.target = before
        if set(data) - {"text/plain"}:
            shown.append(data)
        self._again = False
        for bundle in shown:
            self.show_bundle(bundle)
        self._again = True

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

    def show_bundle(self, data: dict[str, Any]) -> None:
        """Show the richest of several forms of one thing, by MIME type."""
        if charts.needs_words(data):
            self._report(self._stored("text/plain", charts.without_network(data)["text/plain"]))
        data = charts.without_network(data)
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
