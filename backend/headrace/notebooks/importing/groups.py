"""Which cells become one block: those that must, and those that would wait for one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.core.cycles import find_cycle
from headrace.notebooks.importing.flow import Unit, versions_of
from headrace.notebooks.importing.known import FILES


class Groups:
    """Cells in groups. `places` are the places of cells in the order in which they run."""

    def __init__(self, units: Mapping[int, Unit], places: Mapping[int, int]) -> None:
        self._units = units
        self._places = places
        self._group = {cell: cell for cell in units}
        self.why: dict[int, list[str]] = {}
        """Reasons by the first cell of the group that they made."""

    def cells(self) -> list[list[int]]:
        """Return the groups in order, each with its cells in order."""
        found: dict[int, list[int]] = {}
        for cell in sorted(self._units, key=self._places.__getitem__):
            found.setdefault(self._group[cell], []).append(cell)
        return list(found.values())

    def of(self, cell: int) -> set[int]:
        """Return the cells that are together with one."""
        return {other for other, group in self._group.items() if group == self._group[cell]}

    def join(self, cells: Iterable[int], why: str) -> bool:
        """Put the groups of cells together; False when they were already."""
        known = [cell for cell in cells if cell in self._group]
        groups = {self._group[cell] for cell in known}
        if len(groups) < 2:
            return False
        target = min(groups, key=self._places.__getitem__)
        reasons = [why]
        for group in sorted(groups):
            reasons += self.why.pop(group, [])
        self.why[target] = list(dict.fromkeys(reasons))
        for cell, group in self._group.items():
            if group in groups:
                self._group[cell] = target
        return True

    def settle(self) -> None:
        """Join until no group waits for itself, and each value has one place where it is made."""
        while self._join_a_cycle() or self._join_a_conflict():
            pass

    def _join_a_cycle(self) -> bool:
        edges: dict[str, list[str]] = {str(group): [] for group in set(self._group.values())}
        for cell, unit in self._units.items():
            for _, source in unit.takes:
                here, there = self._group[cell], self._group.get(source)
                if there is not None and here != there:
                    edges[str(here)].append(str(there))
        cycle = find_cycle(edges)
        if not cycle:
            return False
        return self.join({int(name) for name in cycle}, "they need one another's values")

    def _join_a_conflict(self) -> bool:
        for cells in self.cells():
            inside = set(cells)
            for cell in cells:
                for name, source in self._units[cell].takes:
                    if source not in self._group:
                        continue
                    if source in inside or name == FILES:
                        continue
                    if self._earlier_value(inside, name, cell) or self._two(inside, name):
                        return self.join({cell, source}, f"{name} gets several values")
                    theirs = self.of(source)
                    last = max(
                        (one for one in theirs if name in self._units[one].gives),
                        key=self._places.__getitem__,
                        default=source,
                    )
                    if last != source:
                        return self.join({cell, source}, f"{name} gets several values")
        return False

    def _earlier_value(self, inside: set[int], name: str, cell: int) -> bool:
        """Tell whether the group itself has given the name a value that is not the one wanted."""
        place = self._places[cell]
        return any(
            name in self._units[other].gives and self._places[other] < place for other in inside
        )

    def _two(self, inside: set[int], name: str) -> bool:
        taken = {version for version in versions_of(self._units, inside) if version[0] == name}
        return len(taken) > 1
