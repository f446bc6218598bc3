"""Blocks that start processes without end are found before the machine has no more of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from headrace.workers.processes import crowds, process_ids

_PERIOD_S = 0.2
_GROWTH = 64
"""So many processes more on the whole machine are always a reason to look whose they are."""


class CrowdWatch:
    """Counts whose processes they are when the machine has got many more of them.

    Limits of the system on the number of processes count all that a user has, and bind no
    administrator: they cannot tell one block from another.
    """

    def __init__(self, limit: int, too_many: Callable[[int, int], None]) -> None:
        """`too_many` is called with a worker's process id and its count above `limit`."""
        self._limit = limit
        self._too_many = too_many
        self._looked_at = 0.0
        self._population = 0
        """Processes of the machine when it was last known whose they are."""
        self._margin = min(_GROWTH, limit)
        """How many more of them are a reason to look again."""
        self._counting: asyncio.Future[dict[int, int]] | None = None

    def start(self) -> None:
        """Take what the machine has now as what it always has."""
        self._population = len(process_ids())

    def look(self, leaders: Callable[[], Collection[int]]) -> None:
        """Look, if the last look was some time ago, at the processes below these workers."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._looked_at < _PERIOD_S:
            return
        self._looked_at = loop.time()
        population = len(process_ids())
        self._population = min(self._population, population)
        if population - self._population < self._margin or self._counting:
            return
        self._population = population
        self._counting = loop.run_in_executor(None, crowds, leaders())
        self._counting.add_done_callback(self._counted)

    def _counted(self, counting: asyncio.Future[dict[int, int]]) -> None:
        self._counting = None
        counts = {} if counting.cancelled() or counting.exception() else counting.result()
        nearest = self._limit - max(counts.values(), default=0)
        self._margin = max(1, min(_GROWTH, nearest))
        for leader, count in counts.items():
            if count > self._limit:
                self._too_many(leader, count)
