"""Names that may hold one object, or one a part of the other, and the cells that made it so."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations


class Aliases:
    """Pairs of names, each with the cells in which they came to share."""

    def __init__(self) -> None:
        self._links: dict[str, dict[str, set[int]]] = {}

    def link(self, one: str, other: str, cell: int) -> None:
        """Note that two names share something from this cell on."""
        self._links.setdefault(one, {}).setdefault(other, set()).add(cell)
        self._links.setdefault(other, {}).setdefault(one, set()).add(cell)

    def part(self, name: str) -> None:
        """Note that a name has a new value, which shares nothing with what the old one shared.

        Those that shared the old one go on sharing it with each other.
        """
        around = self._links.pop(name, {})
        for other in around:
            self._links.get(other, {}).pop(name, None)
        for one, other in combinations(around, 2):
            for cell in around[one] | around[other]:
                self.link(one, other, cell)

    def renew(self, name: str, cell: int) -> None:
        """Note that a name has a value of this cell which may hold what the old one shared."""
        for other in list(self._links.get(name, {})):
            self.link(name, other, cell)

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
