"""Bytes that another process writes while we send them: at most some KiB of them are in memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from headrace.core.errors import HeadraceError

_PART = 1 << 18


class Pipe:
    """A named pipe, open for reading. Whoever opens its path writes; only one can, once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-pipe-")
        self.path = Path(self._folder.name) / "pipe"
        os.mkfifo(self.path, 0o600)
        # Without waiting for a writer; until there is one, there is nothing to read.
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reader)
        self._folder.cleanup()

    async def parts(self, until: asyncio.Task[Any]) -> AsyncIterator[bytes]:
        """Give what is written, as it comes, until the writer is done."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._reader, readable.set)
        try:
            while True:
                await _either(readable, until)
                try:
                    part = os.read(self._reader, _PART)
                except BlockingIOError:
                    readable.clear()
                    if until.done():
                        return
                    continue
                if not part:  # the end, or there never was a writer
                    loop.remove_reader(self._reader)
                    await asyncio.wait({until})
                    return
                # A second writer, after the death of the first, would write it all again.
                self._folder.cleanup()
                yield part
        finally:
            loop.remove_reader(self._reader)


async def _either(event: asyncio.Event, task: asyncio.Task[Any]) -> None:
    if event.is_set() or task.done():
        return
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


@asynccontextmanager
async def writing(work: Awaitable[Any]) -> AsyncGenerator[asyncio.Task[Any]]:
    """Let work go on beside; at the end of the block it is done, or cancelled."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        if not task.done():
            task.cancel()
        with suppress(asyncio.CancelledError, HeadraceError):  # told already, or nobody to tell
            await task
