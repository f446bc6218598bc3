"""Which cells touch the same files: those that read and write wait for those before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from msgspec import Struct

_FILE = re.compile(r"[^*?\[\]{}%]*[^/.*?\[\]{}%]\.\w{1,8}")
"""A whole path, not a piece or a pattern of one."""


def is_outside(text: str) -> bool:
    """Tell a path that leads out of the project."""
    return re.match(r"(/|~|\.\./)[^\s/]|[A-Za-z]:[\\/]", text) is not None


class _Touch(Struct, frozen=True):
    cell: int
    files: frozenset[str] | None
    """Names of files without their folders; None when that cannot be known."""
    writes: bool


class Files:
    """What cells before have read and written."""

    def __init__(self) -> None:
        self._touched: list[_Touch] = []

    def touch(self, cell: int, texts: set[str], *, writes: bool) -> Iterator[int]:
        """Note what a cell does to files; give the cells that have to be done before it.

        `texts` are those in its code that may be paths.
        """
        this = _Touch(cell, _files_in(texts), writes)
        for other in self._touched:
            apart = (
                this.files is not None and other.files is not None and not this.files & other.files
            )
            if other.cell != cell and (writes or other.writes) and not apart:
                yield other.cell
        self._touched.append(this)


def _files_in(texts: set[str]) -> frozenset[str] | None:
    paths = [text for text in texts if "/" in text or "." in text]
    if not paths or not all(map(_FILE.fullmatch, paths)):
        return None
    return frozenset(PurePath(path).name for path in paths)
