"""Whether pandas alone holds the memory of a frame, so that copy-on-write guards all ways to it."""

# pandas gives no public way to its blocks and to who shares them.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
from typing import Any


def owned_arrays(frame: Any) -> list[Any] | None:
    """Return the numpy arrays that own the memory of a frame; None when others hold one too.

    Another holder, such as a variable with the array that a frame was made of, could write to it
    behind copy-on-write. Memory that nobody may write to is left out.
    """
    import numpy as np

    found: dict[int, Any] = {}
    try:
        for block in frame._mgr.blocks:  # noqa: SLF001 - see above
            below = _below(block.values)
            if not isinstance(below, np.ndarray):
                continue  # Arrow's memory, which nobody writes to
            root = _root(below)
            if not below.flags.writeable and not root.flags.owndata:
                continue
            if not root.flags.owndata:
                return None
            holders = _holders(block, root)
            known = 3 if below is root else 2  # names here, the argument, and being in `below`
            del below
            if sys.getrefcount(root) - known - (id(root) in found) > holders:
                return None
            found[id(root)] = root
            del root
    except (AttributeError, TypeError):
        return None  # another version of pandas keeps its blocks in another way
    return list(found.values())


def _holders(block: Any, root: Any) -> int:
    """Count the arrays and blocks of pandas that refer to `root`."""
    direct: set[int] = set()
    views: set[int] = set()
    for reference in block.refs.referenced_blocks:
        other = reference()
        if other is None:
            continue
        values = other.values
        below = _below(values)
        if below is root:
            direct.add(id(other) if values is below else id(values))
        elif hasattr(below, "base") and _root(below) is root:
            views.add(id(below))
    return len(direct) + len(views)


def _below(values: Any) -> Any:
    return getattr(values, "_ndarray", values)


def _root(array: Any) -> Any:
    while isinstance(array.base, type(array)):
        array = array.base
    return array
