"""Markdown and LaTeX are drawn, and nothing in them can run or be fetched."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from tests.browser.hostile import SANDBOXED, SCRIPTS, SVGS

from headrace.core.errors import InvalidInput
from headrace.store.prose import MOST_CHARACTERS, formula, html_of, of_latex, of_markdown

DANGEROUS = {"script", "style", "iframe", "object", "embed", "link", "meta", "base", "form", "svg"}


class Elements(HTMLParser):
    """Takes down what a browser would make of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.found]


def test_markdown_has_headings_lists_tables_code_and_formulas() -> None:
    text = "# Delays\n\n- one\n- [x] two\n\n| a | b |\n|---|--:|\n| 1 | **2** |\n\n```py\nx<1\n```\n\n$a<b$ for $5"
    page = Elements(of_markdown(text))
    assert {"h1", "ul", "table", "strong", "pre", "math"} <= set(page.tags)
    assert "x<1" in page.words
    assert page.words.rstrip().endswith("for $5")


@pytest.mark.parametrize("write", [of_markdown, of_latex])
@pytest.mark.parametrize("text", [*SCRIPTS, *SANDBOXED, *SVGS])
def test_nothing_of_others_becomes_an_element_that_acts(write, text: str) -> None:
    for given in (
        text,
        f"$\\text{{{text}}}$",
        f"$${text}$$",
        f"[{text}]({text}) ![{text}](<{text}>)",
    ):
        page = Elements(write(given))
        assert not DANGEROUS & set(page.tags)
        for tag, attributes in page.found:
            assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
            assert not {"href", "style", "srcset", "xlink:href", "action"} & attributes.keys()
            assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/")
            assert not (attributes.get("src") or "").startswith("data:image/svg")


def test_a_link_says_where_it_leads_and_leads_nowhere() -> None:
    page = Elements(
        of_markdown("[here](https://example.org/a?b=1&c=2) ![map](https://example.org/x.png)")
    )
    assert ("a", {"title": "https://example.org/a?b=1&c=2"}) in page.found
    assert "img" not in page.tags
    assert page.words.strip() == "here map"


def test_a_picture_in_the_text_itself_is_drawn() -> None:
    page = Elements(of_markdown("![dot](data:image/png;base64,iVBORw0KGgo=)"))
    assert ("img", {"src": "data:image/png;base64,iVBORw0KGgo=", "alt": "dot"}) in page.found


@pytest.mark.parametrize(
    ("text", "display", "words"),
    [
        (r"$\displaystyle \frac{x^{2}}{2}$", "block", "x22"),
        (r"\begin{align}a &= b\end{align}", "block", "a=b(1)"),
        (r"so $a < b$ holds", "inline", "so a<b holds"),
        (r"\[\sum_{i=1}^n x_i\]", "block", "∑i=1nxi"),
        (r"x^2", "block", "x2"),
    ],
)
def test_latex_becomes_mathml(text: str, display: str, words: str) -> None:
    page = Elements(of_latex(text))
    assert [a["display"] for tag, a in page.found if tag == "math"] == [display]
    assert page.words == words


@pytest.mark.parametrize("text", [r"\frac{", "{" * 3000, "x" * 20_001, r"\begin{matrix}"])
def test_what_cannot_be_read_as_a_formula_stands_as_it_is_written(text: str) -> None:
    assert formula(text) == f'<code class="formula">{text}</code>'


def test_reader_of_formulas_lets_html_through_and_the_writer_does_not() -> None:
    written = formula(r"\text{<img src=x onerror=alert(1)>} \href{javascript:alert(1)}{x}")
    assert Elements(written).tags == ["math", "mrow", "mtext", "mrow", "mrow", "mi"]
    assert "javascript" not in written


def test_a_very_long_text_is_not_drawn() -> None:
    assert html_of("text/markdown", "# " + "x<" * MOST_CHARACTERS).startswith("<pre># x&lt;")


def test_only_prose_is_drawn() -> None:
    with pytest.raises(InvalidInput):
        html_of("text/html", "<b>x</b>")
