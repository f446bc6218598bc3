"""Charts of libraries whose code is fetched from the network, made to draw without it.

Displays have no network. Plotly brings its code with it; Altair does with the package
vl-convert-python. Where there is no such way, text stands for the chart and says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Bundle = dict[str, Any]

_OF_THE_NETWORK = re.compile(
    r"""<script[^>]*\ssrc\s*=\s*["']?\s*(?:https?:)?//([^/"'\s>]+)""", re.IGNORECASE
)
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_KNOWN = ("text/html", *_PICTURES, "text/markdown", "text/latex", "application/json")


def plotly_bundle(figure: Any) -> Bundle:
    """Return a figure of Plotly as HTML with all of its code in it."""
    return {"text/html": figure.to_html(include_plotlyjs=True, full_html=True)}


def altair_bundle(chart: Any) -> Bundle:
    """Return a chart of Altair as HTML with all of its code in it, or as text that says why not."""
    try:
        return {"text/html": chart.to_html(inline=True)}
    except (ImportError, ValueError) as error:
        words = (
            "A chart of Altair. To draw it without network, which displays do not have, Altair"
            f" needs the package vl-convert-python: {error!s:.300}"
        )
        return {"text/plain": words}


BUNDLES: Mapping[tuple[str, str], Callable[[Any], Bundle]] = {
    ("plotly.basedatatypes", "BaseFigure"): plotly_bundle,
    ("altair.vegalite.v5.api", "TopLevelMixin"): altair_bundle,
    ("altair.vegalite.v6.api", "TopLevelMixin"): altair_bundle,
}
"""Module and name of a class → what is shown of it."""


def without_network(bundle: Bundle) -> Bundle:
    """Return what of a bundle can be drawn without network, with a word where that is little."""
    html = bundle.get("text/html")
    hosts = sorted(set(_OF_THE_NETWORK.findall(html))) if isinstance(html, str) else []
    if hosts:
        rest = {mime: content for mime, content in bundle.items() if mime != "text/html"}
        if any(mime in rest for mime in _PICTURES):
            return rest
        why = f"It loads code from {', '.join(hosts[:3])}, and displays have no network."
        return {**bundle, "text/plain": f"{_own_text(bundle)}\n{why}".strip()}
    if not any(mime in bundle for mime in _KNOWN):
        kinds = [mime for mime in bundle if mime != "text/plain"]
        if kinds:
            why = f"It can be drawn as {', '.join(kinds[:3])} only, which is not drawn here."
            return {"text/plain": f"{_own_text(bundle)}\n{why}".strip()}
    return bundle


def needs_words(bundle: Bundle) -> bool:
    """Tell whether its HTML may stay empty without network, so that its text is to be shown too."""
    html = bundle.get("text/html")
    return isinstance(html, str) and _OF_THE_NETWORK.search(html) is not None


def _own_text(bundle: Bundle) -> str:
    return str(bundle.get("text/plain", ""))
