"""Edits of `connections:` in headrace.yaml; all else in it stays byte for byte."""

from __future__ import annotations

import re

from headrace.core.errors import Conflict, InvalidInput, NotFound
from headrace.project.settings import read_settings, says_nothing
from headrace.project.yaml_nodes import Node
from headrace.project.yaml_text import YamlText
from headrace.project.yaml_write import flow, quoted

FILE = "headrace.yaml"
_KEY = "connections"
_PLAIN_URL = re.compile(r"[A-Za-z][\w+.-]*://[\w.:/@${}?=&%+,~-]*[\w/}]", re.ASCII)
"""A URL that needs no quotes where a line is its own."""


def add_connection(text: str, name: str, url: str) -> str:
    """Return the text with one connection more, last; Conflict when the name is taken."""
    if name in read_settings(text).connections:
        raise Conflict(
            f"There is a connection {name!r} already.", kind="connection", name=name, field="name"
        )
    yaml = _opened(text)
    if yaml is None:
        ended = text if not text or text.endswith("\n") else f"{text}\n"
        return _sure(f"{ended}{_KEY}:\n  {quoted(name)}: {_line(url)}\n", name, url)
    section = yaml.top.get(_KEY)
    if section is None and yaml.top.flow:
        yaml.set_pair(yaml.top, _KEY, flow({name: url}))
    elif section is None:
        end = len(yaml.text)
        yaml.replace(end, end, f"{_KEY}:{_first(yaml, name, url)}{yaml.eol}")
    elif not section.pairs:
        _insist_on_map(section)
        colon = yaml.text.index(":", _name_of(yaml.top, _KEY).end) + 1
        yaml.replace(colon, max(section.end, colon), _first(yaml, name, url))
    else:
        yaml.set_pair(section, name, quoted(url) if section.flow else _line(url))
    return _sure(yaml.result(), name, url)


def change_connection(text: str, name: str, url: str) -> str:
    """Return the text with another URL of a connection; NotFound when there is none."""
    yaml, section = _found(text, name)
    declared = section.get(name)
    if declared is not None and declared.kind == "map" and not declared.alias:
        yaml.set_pair(declared, "url", quoted(url))
    else:
        yaml.set_pair(section, name, quoted(url) if section.flow else _line(url))
    return _sure(yaml.result(), name, url)


def remove_connection(text: str, name: str) -> str:
    """Return the text without a connection, with the last one the key too; raise NotFound.

    The comments right above it go with it.
    """
    yaml, section = _found(text, name)
    if len(section.pairs) == 1:
        yaml.remove_pair(yaml.top, _KEY)
    elif section.flow:
        yaml.remove_pair(section, name)
    else:
        key = _name_of(section, name)
        start = _with_comments_above(yaml, yaml.line_start(key.start))
        value = section.get(name) or key
        yaml.replace(start, yaml.after(value if value.end > key.end else key), "")
    return _sure(yaml.result(), name, None)


def _opened(text: str) -> YamlText | None:
    """Parse; None when there is nothing but comments."""
    return None if says_nothing(text) else YamlText(text, FILE)


def _found(text: str, name: str) -> tuple[YamlText, Node]:
    yaml = _opened(text)
    section = yaml.top.get(_KEY) if yaml is not None else None
    if yaml is None or section is None or section.get(name) is None:
        raise NotFound(f"{FILE} declares no connection {name!r}.", kind="connection", name=name)
    _insist_on_map(section)
    return yaml, section


def _insist_on_map(section: Node) -> None:
    if section.alias or (section.kind != "map" and not section.empty):
        raise InvalidInput(
            f"`{_KEY}:` is written in a way that cannot be edited here: edit {FILE}."
        )


def _name_of(target: Node, key: str) -> Node:
    return next(name for name, _ in target.pairs if name.text == key)


def _first(yaml: YamlText, name: str, url: str) -> str:
    return f"{yaml.eol}  {quoted(name)}: {_line(url)}"


def _line(url: str) -> str:
    """Write a URL that stands at the end of a line of its own."""
    return url if _PLAIN_URL.fullmatch(url) else quoted(url)


def _with_comments_above(yaml: YamlText, start: int) -> int:
    while start > 0:
        above = yaml.line_start(start - 1)
        if not yaml.text[above:start].lstrip(" ").startswith("#"):
            break
        start = above
    return start


def _sure(text: str, name: str, url: str | None) -> str:
    """Read what was written, as everybody else will."""
    declared = read_settings(text).connections.get(name)
    if (declared or {}).get("url") != url:
        raise InvalidInput(
            f"{FILE} is laid out in a way that cannot be edited here: edit the file."
        )
    return text
