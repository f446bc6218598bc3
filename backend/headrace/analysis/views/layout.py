"""Python expressions laid out over lines as formatters do it; texts and numbers as literals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 88
"""Columns of a line: the standard of the formatters."""
_STEP = 4


@dataclass(frozen=True)
class Bracketed:
    """Items between brackets: `head` ends with the opening one, `tail` begins with the closing."""

    head: str
    items: Sequence[Part]
    tail: str = ")"


@dataclass(frozen=True)
class Joined:
    """Operands with a binary operator between them, that stand in brackets of something else."""

    operator: str
    operands: Sequence[Part]


@dataclass(frozen=True)
class Row:
    """Parts written one behind the other; the last one with brackets is broken first."""

    parts: Sequence[Part]


class Compared(Row):
    """A comparison, which needs brackets as an operand of `&`."""


Part = str | Bracketed | Joined | Row


def call(name: str, *items: Part, **keywords: Part) -> Bracketed:
    """Return a call with arguments by place and by name."""
    named = [Row([f"{key}=", value]) for key, value in keywords.items()]
    return Bracketed(f"{name}(", [*items, *named])


def subscript(name: str, item: Part) -> Bracketed:
    """Return `name[item]`."""
    return Bracketed(f"{name}[", [item], "]")


def listed(items: Sequence[Part]) -> Bracketed:
    """Return a list."""
    return Bracketed("[", items, "]")


def mapped(items: Sequence[tuple[Part, Part]]) -> Bracketed:
    """Return a dictionary."""
    return Bracketed("{", [Row([key, ": ", value]) for key, value in items], "}")


def flat(part: Part) -> str:
    """Return a part on one line."""
    match part:
        case str():
            return part
        case Bracketed(head, items, tail):
            return head + ", ".join(flat(item) for item in items) + tail
        case Joined(operator, operands):
            return f" {operator} ".join(flat(operand) for operand in operands)
        case Row(parts):
            return "".join(flat(each) for each in parts)


def laid_out(
    part: Part, *, indent: int = 0, before: int = 0, after: int = 0, inside: bool = False
) -> str:
    """Return a part over as many lines as it needs.

    `indent` is that of its first line, of which `before` more columns are taken; `after` columns
    follow the last line. `inside` of brackets, lines may break anywhere.
    """
    line = flat(part)
    if indent + before + len(line) + after <= WIDTH:
        return line
    match part:
        case str():
            links = _links(part)
            return part if len(links) < 3 or inside else _lines(links, indent, inside)
        case Bracketed():
            links = _links(part.head)
            return _fluent(part, links, indent, inside) if len(links) > 2 else _opened(part, indent)
        case Joined(operator, operands):
            pad = " " * indent
            lines = [
                laid_out(each, indent=indent, before=len(operator) + 1 if at else 0, inside=True)
                for at, each in enumerate(operands)
            ]
            return f"\n{pad}{operator} ".join(lines)
        case Row(parts):
            return _row(parts, indent=indent, before=before, after=after, inside=inside)


def _links(head: str) -> list[str]:
    """Split a chain of calls before each attribute of a call or subscript."""
    found = [""]
    depth, quote, last = 0, "", ""
    for at, sign in enumerate(head):
        if quote:
            escaped = head[at - 1] == "\\" and head[at - 2] != "\\"
            quote = "" if sign == quote and not escaped else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "." and depth == 0 and last in (")", "]"):
            found.append("")
        last = sign
        found[-1] += sign
    return found


def _fluent(part: Bracketed, links: list[str], indent: int, inside: bool) -> str:  # noqa: FBT001
    """Write each call of a chain on a line of its own."""
    inner = indent if inside else indent + _STEP
    last = laid_out(Bracketed(links[-1], part.items, part.tail), indent=inner, inside=True)
    return _lines([*links[:-1], last], indent, inside)


def _lines(links: list[str], indent: int, inside: bool) -> str:  # noqa: FBT001
    """Put the links of a chain on lines of their own, in brackets where there are none."""
    inner = indent if inside else indent + _STEP
    lines = f"\n{' ' * inner}".join(links)
    return lines if inside else f"(\n{' ' * inner}{lines}\n{' ' * indent})"


def _opened(part: Bracketed, indent: int) -> str:
    inner = indent + _STEP
    pad, outer = " " * inner, " " * indent
    is_literal = part.head in ("[", "{")
    if not part.items:
        return flat(part)
    if len(part.items) == 1 and not is_literal:
        only = laid_out(part.items[0], indent=inner, inside=True)
        return f"{part.head}\n{pad}{only}\n{outer}{part.tail}"
    together = ", ".join(flat(item) for item in part.items)
    if inner + len(together) <= WIDTH and not is_literal:
        return f"{part.head}\n{pad}{together}\n{outer}{part.tail}"
    lines = [f"{pad}{laid_out(item, indent=inner, after=1, inside=True)},\n" for item in part.items]
    return f"{part.head}\n{''.join(lines)}{outer}{part.tail}"


def _row(parts: Sequence[Part], *, indent: int, before: int, after: int, inside: bool) -> str:
    last = max((at for at, each in enumerate(parts) if not isinstance(each, str)), default=None)
    if last is None:
        return "".join(flat(each) for each in parts)
    head = "".join(flat(each) for each in parts[:last])
    tail = "".join(flat(each) for each in parts[last + 1 :])
    taken = {"before": before + len(head), "after": after + len(tail)}
    return f"{head}{laid_out(parts[last], indent=indent, inside=inside, **taken)}{tail}"


def text(value: str) -> str:
    """Return a text as a literal, in double quotes where that needs no more backslashes."""
    plain = repr(value)
    if plain[0] == '"' or value.count('"') > value.count("'"):
        return plain
    return '"' + plain[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def pattern(value: str) -> str:
    """Return a regular expression as a raw literal where one can hold it."""
    raw = value.isprintable() and '"' not in value and not value.endswith("\\")
    return f'r"{value}"' if raw and "\\" in value else text(value)


def number(value: float) -> str:
    """Return a number as a literal."""
    written = repr(value).replace("e+", "e")
    return f'float("{written}")' if written in ("inf", "-inf", "nan") else written
