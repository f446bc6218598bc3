"""Places in a text, as the editor counts them: lines from 1, columns from 0 in code points."""

from __future__ import annotations

from msgspec import Struct


class Place(Struct, frozen=True):
    """A name in a source. `start` and `end` are offsets in the text, `end` behind the name."""

    name: str
    line: int = 1
    column: int = 0
    start: int = -1
    end: int = -1


def position(text: str, offset: int) -> tuple[int, int]:
    """Turn an offset into line and column."""
    offset = max(offset, 0)
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)


def place(text: str, name: str, start: int, end: int) -> Place:
    """Return the place of a name between two offsets."""
    line, column = position(text, start)
    return Place(name, line, column, start, end)
