"""Small outputs: durable in the history at once, in their files some time later."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from headrace.core.errors import HeadraceError
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.store.files import StoreFiles

logger = logging.getLogger(__name__)

_PERIOD_S = 5.0


class Settling:
    """Brings outputs that only the history has safely onto the disk, off everyone's way.

    A worker writes a small output without waiting for the disk, and the record of its block carries
    the bytes. `settle` makes such files durable in batches, and writes those again that a power cut
    took or tore. It must have ended once before anything reads the store.
    """

    def __init__(self, history: HistoryThread, store: StoreFiles) -> None:
        self._history = history
        self._store = store
        self._task: asyncio.Task[None] | None = None

    async def settle(self) -> int:
        """Settle all that waits, however it came about; return how many outputs that were."""
        count = 0
        while some := await self._history.call(History.unsynced):
            await asyncio.to_thread(self._store.settle, [output for _, output in some])
            await self._history.call(History.settled, [number for number, _ in some])
            count += len(some)
        return count

    def start(self) -> None:
        """Settle every few seconds from now on."""
        self._task = asyncio.create_task(self._go_on(), name="settling")

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(_PERIOD_S)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.settle()
            await self._history.call(History.checkpoint)
        except (HeadraceError, OSError) as error:  # nothing is lost: the history has the bytes
            logger.warning("Outputs could not be brought onto the disk yet: %s", error)

    async def close(self) -> None:
        """Settle what waits; what cannot be settled is at the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            await self._try()
