"""Names of columns: which ones Arrow, pages and SQL can tell apart, and which are not shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_ROW_NUMBERS = re.compile(r"__index_level_\d+__")
_NAMED = 3
"""How many changed names a note has."""


def unique(names: Sequence[str]) -> list[str]:
    """Return names that differ: the second `a` is `a_2`."""
    taken = set(names)
    given: set[str] = set()
    found: list[str] = []
    for stem in names:
        name, number = stem, 2
        while name in given or (name != stem and name in taken):
            name, number = f"{stem}_{number}", number + 1
        given.add(name)
        found.append(name)
    return found


def stored_names(names: list[str]) -> list[str]:
    """Return unique names in Unicode, without the byte 0 that ends names in databases."""
    readable = [_readable(name) for name in names]
    return readable if len(set(readable)) == len(readable) else unique(readable)


def _readable(name: str) -> str:
    if name.isascii() and "\0" not in name and not name.startswith("__index_level_"):
        return name
    name = utf8(name).replace("\0", "\u2400")
    return f"{name}_" if _ROW_NUMBERS.fullmatch(name) else name


def utf8(text: str) -> str:
    r"""Return a text in which halves of characters stand as `\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode()


def renamed(given: Iterable[Any], names: Sequence[str]) -> list[str]:
    """Return a note on columns that stand under another name than people would think, if any."""
    changed = [repr(name[:80]) for one, name in zip(given, names, strict=True) if str(one) != name]
    if not changed:
        return []
    more = len(changed) - _NAMED
    shown = ", ".join(changed[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return [
        (
            "Some columns are shown, exported and read by SQL under names of their own, and passed"
            f" on to Python under those that they had: {shown}."
        )
    ]


def is_row_number(field: Any) -> bool:
    """Tell whether a column holds pandas' own numbers of rows: kept, but not shown."""
    import pyarrow as pa

    return _ROW_NUMBERS.fullmatch(field.name) is not None and pa.types.is_integer(field.type)
