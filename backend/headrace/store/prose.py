"""Markdown and LaTeX as HTML in which nothing of theirs can run (data process only).

Raw HTML stays text, links lead nowhere, and of pictures only those in the text itself are drawn:
a display has no network. Formulas become MathML, which browsers draw by themselves. What cannot be
read as a formula is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from xml.etree.ElementTree import Element

from headrace.core.errors import InvalidInput

MOST_CHARACTERS = 500_000
"""Of a text that is drawn; a longer one is shown as it is written."""
_FORMULA_CHARACTERS = 20_000
_DEPTH = 200

_TAG_NAMES = """
math menclose merror mfrac mi mlabeledtr mmultiscripts mn mo mover mpadded mphantom mprescripts
mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
"""
_ATTRIBUTE_NAMES = """
accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form
height largeop linebreak linethickness lspace mathcolor mathsize mathvariant maxsize minsize
movablelimits notation rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset
width
"""
_TAGS = frozenset(_TAG_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_PLAIN_VALUE = re.compile(r"[\w#%+.\s-]*")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_FORMULAS = re.compile(
    r"\$\$(?P<block>.+?)\$\$|\\\[(?P<bracketed>.+?)\\\]|\\\((?P<inline>.+?)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>[a-zA-Z]+\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<!\\)\$(?P<dollar>(?:[^$\\]|\\.)+?)\$",
    re.DOTALL,
)


def html_of(mime: str, text: str) -> str:
    """Return Markdown or LaTeX as the inside of a page; raise InvalidInput for anything else."""
    writers: dict[str, Callable[[str], str]] = {
        "text/markdown": of_markdown,
        "text/latex": of_latex,
    }
    if mime not in writers:
        raise InvalidInput(f"{mime} is not drawn as a page.", field="address")
    if len(text) > MOST_CHARACTERS:
        return f"<pre>{escape(text)}</pre>"
    return writers[mime](text)


def of_markdown(text: str) -> str:
    """Return CommonMark with tables, task lists and formulas as HTML."""
    import mistune

    class Writer(mistune.HTMLRenderer):
        """Writes links that lead nowhere, and pictures of the text itself."""

        def link(self, text: str, url: str, title: str | None = None) -> str:
            return f'<a title="{escape(url)}">{text}</a>'

        def image(self, text: str, url: str, title: str | None = None) -> str:
            if _PICTURE.fullmatch(url):
                return f'<img src="{escape(url)}" alt="{escape(unescape(text))}">'
            words = escape(unescape(text or title or "picture"))
            return f'<span class="absent" title="{escape(url)}">{words}</span>'

        def inline_math(self, text: str) -> str:
            return formula(text)

        def block_math(self, text: str) -> str:
            return formula(text, is_block=True)

    plugins = ["table", "strikethrough", "task_lists", "math"]
    markdown = mistune.create_markdown(escape=True, renderer=Writer(escape=True), plugins=plugins)
    try:
        return str(markdown(text))
    except RecursionError:
        return f"<pre>{escape(text)}</pre>"


def of_latex(text: str) -> str:
    """Return text with formulas in it, or one formula without any marks, as HTML."""
    if not _FORMULAS.search(text):
        return formula(text.strip(), is_block=True)
    parts: list[str] = []
    end = 0
    for found in _FORMULAS.finditer(text):
        parts.append(_paragraphs(text[end : found.start()]))
        end = found.end()
        source = next(
            found[name]
            for name in ("block", "bracketed", "inline", "environment", "dollar")
            if found[name] is not None
        )
        alone = text.strip() == found[0]
        is_block = alone or not (found["inline"] or found["dollar"])
        parts.append(formula(source, is_block=is_block))
    return "".join([*parts, _paragraphs(text[end:])])


def _paragraphs(text: str) -> str:
    return re.sub(r"\n\s*\n", "<br><br>", escape(text))


def formula(source: str, *, is_block: bool = False) -> str:
    """Return a formula as MathML, or as it is written where it cannot be read."""
    from latex2mathml.converter import convert_to_element

    if len(source) > _FORMULA_CHARACTERS:
        return _as_written(source)
    try:
        tree = convert_to_element(source, display="block" if is_block else "inline")
        return _written(tree)
    except Exception:  # noqa: BLE001 - the reader of others fails in many ways
        return _as_written(source)


def _as_written(source: str) -> str:
    return f'<code class="formula">{escape(source)}</code>'


def _written(element: Element, depth: int = 0) -> str:
    """Write elements and attributes of MathML alone; the reader lets those of HTML through."""
    if depth > _DEPTH:
        raise ValueError
    tag = element.tag if element.tag in _TAGS else "mrow"
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _PLAIN_VALUE.fullmatch(value)
    )
    inner = escape(unescape(element.text or ""), quote=False)
    inner += "".join(_written(child, depth + 1) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"
