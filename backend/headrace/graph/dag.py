"""The edges among blocks in both directions: names only, linear in blocks and edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


class Dag:
    """Upstream and downstream of every block. An edge from or to an unknown name is left out.

    Cycles do no harm here: a block in one is its own ancestor. `cycles.find_cycle` tells.
    """

    __slots__ = ("downstream", "upstream")

    def __init__(self, blocks: Mapping[str, Sequence[str]]) -> None:
        """Take each block's upstream names, in the order of the blocks."""
        self.upstream: dict[str, tuple[str, ...]] = {
            name: tuple(above for above in dict.fromkeys(upstream) if above in blocks)
            for name, upstream in blocks.items()
        }
        below: dict[str, list[str]] = {name: [] for name in blocks}
        for name, upstream in self.upstream.items():
            for above in upstream:
                below[above].append(name)
        self.downstream: dict[str, tuple[str, ...]] = {
            name: tuple(names) for name, names in below.items()
        }

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """Return all that the named blocks need, without the named ones that none of them needs."""
        return _reach(self.upstream, names)

    def descendants(self, names: Iterable[str]) -> set[str]:
        """Return all that needs a named block, without the named ones that need none of them."""
        return _reach(self.downstream, names)


def _reach(edges: Mapping[str, Sequence[str]], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for name in edges.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
