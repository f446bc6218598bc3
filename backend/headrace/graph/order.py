"""The order in which blocks can run, as near as possible to the order they are listed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

from headrace.graph.dag import Dag


def order(blocks: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names, each after its upstream names; among free ones the first listed is first.

    Never raises: blocks in a cycle, and those below one, come last, as they are listed.
    """
    dag = Dag(blocks)
    names = list(blocks)
    places = {name: place for place, name in enumerate(names)}
    missing = {name: len(upstream) for name, upstream in dag.upstream.items()}
    ready = [places[name] for name, count in missing.items() if count == 0]
    heapify(ready)
    ordered: list[str] = []
    while ready:
        name = names[heappop(ready)]
        ordered.append(name)
        for below in dag.downstream[name]:
            missing[below] -= 1
            if missing[below] == 0:
                heappush(ready, places[below])
    if len(ordered) < len(names):
        ordered.extend(name for name in names if missing[name] > 0)
    return ordered
