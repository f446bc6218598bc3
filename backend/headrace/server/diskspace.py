"""Space on the disk of a project: what runs short is seen in time, and something is kept back.

A disk that is full must not keep the history from saying so. Therefore a file without content, the
ballast, takes up some space from the start. When a write to the history fails, a piece of it is
given up: no more, for whatever filled the disk may take the rest of the piece as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

from headrace.core.paths import ProjectPaths

logger = logging.getLogger(__name__)

LOW_BYTES = 100 * 2**20
"""With less left, triggers and backfills start no runs."""
BALLAST_BYTES = 16 * 2**20
PIECE_BYTES = 2**17
"""What is given up at a time; with less left, a process that starts does it at once."""
LOOK_S = 2.0


class DiskSpace:
    """Looks at the disk every few seconds; `changed` is called when it becomes low, or enough."""

    def __init__(self, paths: ProjectPaths, changed: Callable[[], None] = lambda: None) -> None:
        self._state = paths.state
        self._ballast = paths.state / "ballast"
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self.free_bytes = LOW_BYTES
        """What this user may still write, as of the last look."""

    @property
    def is_low(self) -> bool:
        """True while so little is left that nothing is started that nobody asked for just now."""
        return self.free_bytes < LOW_BYTES

    def look(self) -> None:
        """Measure, and put the ballast back when there is room for it again."""
        self.free_bytes = _free_bytes(self._state)
        if self.free_bytes >= LOW_BYTES + BALLAST_BYTES and self._kept_back() < BALLAST_BYTES:
            self._take_up()

    def make_way(self) -> bool:
        """Give up a piece of the ballast, from any thread; False when there is none left."""
        kept = self._kept_back()
        if kept < PIECE_BYTES:
            return False
        try:
            os.truncate(self._ballast, kept - PIECE_BYTES)
        except OSError:
            return False
        logger.warning("The disk is full: what was kept back for the history is used now.")
        return True

    def make_way_if_full(self) -> None:
        """Give up a piece before a process begins that could not even say what is wrong."""
        if _free_bytes(self._state) < PIECE_BYTES:
            self.make_way()

    def _kept_back(self) -> int:
        try:
            return self._ballast.stat().st_size
        except OSError:
            return 0

    def _take_up(self) -> None:
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, BALLAST_BYTES)
        finally:
            os.close(descriptor)

    def start(self) -> None:
        """Look from now on; call on the running loop."""
        self._task = asyncio.create_task(self._go_on(), name="disk space")

    async def _go_on(self) -> None:
        was_low = self.is_low
        while True:
            with contextlib.suppress(OSError):  # the folder is away; others say so
                await asyncio.to_thread(self.look)
            if self.is_low != was_low:
                was_low = self.is_low
                if was_low:
                    logger.warning(
                        "Only %d MB are free on the disk: triggers start no runs until there are"
                        " %d MB.",
                        self.free_bytes // 2**20,
                        LOW_BYTES // 2**20,
                    )
                self._changed()
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def _free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
