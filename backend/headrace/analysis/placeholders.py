"""The `:name` placeholders of a SQL text. Analysis and workers both read them here, nowhere else.

Strings, quoted names, comments, casts (`a::int`), slices (`a[1:n]`) and maps (`{'a':b}`) hold none.
"""

from __future__ import annotations

import re
from collections.abc import Container

from headrace.analysis.places import Place, place

_TOKENS = re.compile(
    r"""[eE]'(?:\\.|''|[^'\\])*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
        | --[^\n]* | /\*.*?\*/ | ::
        | (?<![\w:\])}'"])(?<![\w\])]\[)(?<!\d[ ]):(?P<name>[A-Za-z_]\w*)
        | (?P<foreign>\{\{.*?\}\} | %\(\w+\)s | (?<![\w$])\$\w+ | \?)""",
    re.VERBOSE | re.DOTALL,
)
_OPENING = re.compile(r"""['"]|/\*|\$\w*\$""")
_WORD = re.compile(r"[A-Za-z_]\w*")


def placeholders(text: str) -> list[Place]:
    """Return every placeholder in order; each place begins at its colon."""
    return [
        place(text, match["name"], match.start(), match.end())
        for match in _TOKENS.finditer(text)
        if match["name"] is not None
    ]


def foreign_placeholders(text: str) -> list[Place]:
    """Return what other tools call placeholders: `$n`, `?`, `%(n)s`, `{{ n }}`.

    The name of a place is the one in it, or "" without one.
    """
    found: list[Place] = []
    for match in _TOKENS.finditer(text):
        if match["foreign"] is not None:
            word = _WORD.search(match["foreign"].replace(")s", ""))
            name = word.group() if word else ""
            found.append(place(text, name, match.start(), match.end()))
    return found


def with_placeholders(source: str, known: Container[str]) -> tuple[str, list[str]]:
    """Turn `:name` of known names into DuckDB's `$name`; return the text and the names used.

    The text keeps its length, so that places in it stay what they were.
    """
    parts: list[str] = []
    used: dict[str, None] = {}
    done = 0
    for found in placeholders(source):
        if found.name in known:
            parts += (source[done : found.start], "$")
            done = found.start + 1
            used[found.name] = None
    return "".join((*parts, source[done:])), list(used)


def unclosed(text: str) -> int | None:
    """Return the offset of a quote or comment that never ends."""
    done = 0
    for match in _TOKENS.finditer(text):
        opening = _OPENING.search(text, done, match.start())
        if opening is not None:
            return opening.start()
        done = match.end()
    opening = _OPENING.search(text, done)
    return opening.start() if opening else None
