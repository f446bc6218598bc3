"""Names that may hold one object, or one a part of the other, and the cells that made it so."""

from __future__ import annotations

from collections.abc import Collection


class Aliases:
    """Pairs of names, each with the cells in which they came to share."""

    def __init__(self) -> None:
        self._links: dict[str, dict[str, set[int]]] = {}

    def link(self, one: str, other: str, cell: int) -> None:
        """Note that two names share something from this cell on."""
        self._links.setdefault(one, {}).setdefault(other, set()).add(cell)
        self._links.setdefault(other, {}).setdefault(one, set()).add(cell)

    def part(self, name: str) -> None:
        """Note that a name has a new value, which shares nothing with what the old one shared."""
        for other in self._links.pop(name, {}):
            self._links.get(other, {}).pop(name, None)

    def group(self, name: str, among: Collection[str]) -> tuple[set[str], set[int]]:
        """Return the other names that a change of one may change, and the cells that link them."""
        found, cells, waiting = {name}, set[int](), [name]
        while waiting:
            for other, made in self._links.get(waiting.pop(), {}).items():
                if other not in among:
                    continue
                cells |= made
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found - {name}, cells
