"""Which stale blocks are cheap enough to run by themselves, and when: pure, and a timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from headrace.protocol.tables import BlockStatus, Staleness
from headrace.session.definition import Definition

CHEAP_S = 0.3
"""A block that took less the last time may run by itself."""
QUIET_S = 0.4
"""So long has nothing changed before cheap blocks run."""


def cheap_blocks(
    definition: Definition,
    staleness: Mapping[str, Staleness],
    status: Mapping[str, BlockStatus],
) -> list[str]:
    """Return in order the stale blocks that may run by themselves.

    Each took less than `CHEAP_S` and succeeded the last time, is no exporter, and needs nothing
    stale that is not such a block too. While the editor runs anything, there are none.
    """
    if any(known.state in {"queued", "running"} for known in status.values()):
        return []
    chosen: dict[str, None] = {}
    for name, block in definition.blocks.items():
        known = status.get(name, BlockStatus())
        if (
            staleness[name].state == "stale"
            and known.state in {"succeeded", "cached"}
            and known.seconds is not None
            and known.seconds < CHEAP_S
            and block.kind != "exporter"
            and block.problem is None
            and all(up in chosen or staleness[up].state == "fresh" for up in block.upstream)
        ):
            chosen[name] = None
    return list(chosen)


class AutoRun:
    """The switch of one pipeline, off at first. It is kept here alone, never in files."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.on = False
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def switch(self, *, on: bool) -> None:
        """Turn it on or off; what is cheap and stale then runs soon."""
        self.on = on
        self.changed()

    def changed(self) -> None:
        """Wait for quiet again: something was edited, chosen or has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.on:
            self._timer = asyncio.get_running_loop().call_later(QUIET_S, self._act)
