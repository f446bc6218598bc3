"""Keeps this process's lease, and takes up what others can no longer finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from headrace.core.errors import Fenced, HeadraceError
from headrace.runs.history import History
from headrace.runs.leases import RENEWAL_S
from headrace.runs.thread import HistoryThread

logger = logging.getLogger(__name__)


class Lease:
    """Renews a lease until it is closed, or lost: then `lost` is awaited, once."""

    def __init__(
        self,
        history: HistoryThread,
        owner: str,
        *,
        lost: Callable[[Fenced], Awaitable[None]],
        sweep: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._history = history
        self._owner = owner
        self._lost = lost
        self._sweep = sweep
        self._task: asyncio.Task[None] | None = None
        self._is_lost = False

    async def start(self) -> None:
        """Enlist, and renew from now on."""
        await self._history.call(History.enlist, self._owner)
        self._task = asyncio.create_task(self._go_on(), name="lease")

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_S)
            try:
                await self._history.call(History.renew, self._owner)
                if self._sweep is not None:
                    await self._sweep()
            except Fenced as error:
                self._is_lost = True
                await self._lost(error)
                return
            except HeadraceError as error:
                # Whoever keeps us from writing keeps others from taking the lease as well.
                logger.warning("The lease is renewed later: %s", error)
            except Exception:
                logger.exception("The sweep failed and is tried again")

    async def close(self) -> None:
        """Stop renewing, and give the lease back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if not self._is_lost:
            with contextlib.suppress(HeadraceError):
                await self._history.call(History.resign, self._owner)
