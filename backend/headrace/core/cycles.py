"""The one search for cycles among names; nothing recurses, so length does not matter.

It stands here because both the reader of pipeline files and the graph need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def find_cycle(blocks: Mapping[str, Sequence[str]]) -> list[str] | None:
    """Return a cycle as the path that data would take, e.g. `["a", "b", "a"]`; None without one.

    `blocks` maps each name to its upstream names; names that it does not know are passed over.
    """
    done: set[str] = set()
    for start in blocks:
        if start in done:
            continue
        path = [start]
        on_path = {start: 0}
        walks: list[Iterator[str]] = [iter(blocks[start])]
        while walks:
            for upstream in walks[-1]:
                if upstream in on_path:
                    return [upstream, *reversed(path[on_path[upstream] :])]
                if upstream in blocks and upstream not in done:
                    on_path[upstream] = len(path)
                    path.append(upstream)
                    walks.append(iter(blocks[upstream]))
                    break
            else:
                walks.pop()
                name = path.pop()
                del on_path[name]
                done.add(name)
    return None


def cycle_if_connected(
    blocks: Mapping[str, Sequence[str]], upstream: str, downstream: str
) -> list[str] | None:
    """Return the cycle that an edge from `upstream` to `downstream` would close, or None.

    The path begins and ends with `upstream`: `["a", "b", "a"]` for a new edge a → b, when b already
    leads to a.
    """
    if upstream == downstream:
        return [upstream, downstream]
    came_from: dict[str, str] = {}
    waiting = [upstream]
    while waiting:
        name = waiting.pop()
        for above in blocks.get(name, ()):
            if above in came_from or above == upstream:
                continue
            came_from[above] = name
            if above == downstream:
                return _path(came_from, upstream, downstream)
            waiting.append(above)
    return None


def _path(came_from: Mapping[str, str], upstream: str, downstream: str) -> list[str]:
    path = [upstream, downstream]
    while path[-1] != upstream:
        path.append(came_from[path[-1]])
    return path
