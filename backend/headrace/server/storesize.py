"""How much room the outputs take on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

COUNTED_EVERY_S = 2.0


class StoreSize:
    """How much room the outputs take: counted off the loop, at most once in a while."""

    def __init__(self, count: Callable[[], int], now: Callable[[], float]) -> None:
        self._count = count
        self._now = now
        self._counting: asyncio.Task[int] | None = None
        self._counted_at = float("-inf")

    async def bytes(self) -> int:
        """Return the bytes on disk, as of the last 2 s; who asks meanwhile waits for one count."""
        counting = self._counting
        if counting is None or (counting.done() and self._is_old(counting)):
            counting = self._counting = asyncio.create_task(asyncio.to_thread(self._count))
            self._counted_at = self._now()
        return await asyncio.shield(counting)

    def _is_old(self, counting: asyncio.Task[int]) -> bool:
        failed = counting.cancelled() or counting.exception() is not None
        return failed or self._now() - self._counted_at >= COUNTED_EVERY_S
