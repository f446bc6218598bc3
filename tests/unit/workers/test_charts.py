"""Charts are drawn without network, or words say why not. The libraries are stood in for."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.workers.charts import altair_bundle, needs_words, plotly_bundle, without_network

HTML = "<script src='https://cdn.example/x.js'></script><div id=chart></div>"


class Figure:
    """What Plotly's figures and Altair's charts have in common."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.asked: dict[str, Any] = {}

    def to_html(self, **options: Any) -> str:
        self.asked = options
        if self.fails is not None:
            raise self.fails
        return "<script>drawn()</script>"


def test_plotly_brings_all_of_its_code() -> None:
    figure = Figure()
    assert plotly_bundle(figure) == {"text/html": "<script>drawn()</script>"}
    assert figure.asked["include_plotlyjs"] is True


def test_altair_brings_all_of_its_code_where_it_can() -> None:
    chart = Figure()
    assert altair_bundle(chart) == {"text/html": "<script>drawn()</script>"}
    assert chart.asked == {"inline": True}


@pytest.mark.parametrize("error", [ImportError("no vl_convert"), ValueError("vl-convert >= 1.9")])
def test_altair_says_what_it_lacks(error: Exception) -> None:
    bundle = altair_bundle(Figure(error))
    assert list(bundle) == ["text/plain"]
    assert "vl-convert-python" in bundle["text/plain"]
    assert str(error) in bundle["text/plain"]


def test_html_that_loads_code_comes_with_a_word_or_gives_way_to_a_picture() -> None:
    shown = without_network({"text/html": HTML, "text/plain": "a map"})
    assert shown["text/html"] == HTML
    assert (
        shown["text/plain"]
        == "a map\nIt loads code from cdn.example, and displays have no network."
    )
    assert needs_words({"text/html": HTML})
    picture = {"text/html": HTML, "image/png": b"png", "text/plain": "a map"}
    assert without_network(picture) == {"image/png": b"png", "text/plain": "a map"}


@pytest.mark.parametrize(
    "bundle",
    [
        {"text/html": "<script>drawn()</script>"},
        {"text/html": "<a href='https://example.org'>x</a>"},
        {"text/plain": "x"},
        {"application/json": {}},
        {"application/vnd.vegalite.v6+json": {}, "image/png": b"png"},
    ],
)
def test_what_needs_no_network_stays(bundle: dict[str, Any]) -> None:
    assert without_network(bundle) == bundle
    assert not needs_words(bundle)


def test_a_type_that_is_not_drawn_is_named() -> None:
    shown = without_network({"application/vnd.vegalite.v6+json": {}, "text/plain": "alt.Chart(…)"})
    assert shown == {
        "text/plain": "alt.Chart(…)\nIt can be drawn as application/vnd.vegalite.v6+json only,"
        " which is not drawn here."
    }
