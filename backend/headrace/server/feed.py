"""What one websocket client still has to get: bounded, batched, and caught up by snapshots."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from headrace.protocol.events import (
    BlockFailed,
    BlockFinished,
    Event,
    RunFinished,
    RunQueued,
    SnapshotTaken,
)
from headrace.protocol.replies import AnyReply

QUEUE_LIMIT_BYTES = 512 * 1024
"""What may wait for a client; as much again may be on its way to it."""
REPLIES_LIMIT_BYTES = 8 * 1024 * 1024
STALLED_S = 30.0
_BATCH_S = 0.008
_BURST = 8
"""So many batches in a row need not wait: all events of a short run, each as soon as it happens."""

_HOLD_S = 0.006
"""A run that has just begun is not told of before it ends, if that is within this time: one frame
is drawn sooner than three."""

_encoder = msgspec.json.Encoder()
_last: tuple[Event | None, bytes] = (None, b"")


def encode_event(event: Event) -> bytes:
    """Encode an event once for all clients: they hear of it one after the other."""
    global _last  # noqa: PLW0603 a cache of one
    if _last[0] is not event:
        _last = (event, _encoder.encode(event))
    return _last[1]


class Feed:
    """Queues messages for one client and writes them in batches.

    More than 512 KiB of waiting events are thrown away, and the pipelines they were of get a fresh
    snapshot once the client reads again. A client that reads nothing for 30 s is cut off.
    """

    def __init__(
        self,
        write: Callable[[bytes], Awaitable[None]],
        cut: Callable[[], None],
        *,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._write = write
        self._cut = cut
        self._stalled_s = stalled_s
        self._waiting: deque[tuple[str | None, bytes]] = deque()
        self._waiting_bytes = 0
        self._behind: dict[str, Callable[[], SnapshotTaken]] = {}
        self._snapshots: dict[str, Callable[[], SnapshotTaken]] = {}
        self._wake = asyncio.Event()
        self._held = False
        self._released = asyncio.Event()
        self._task = asyncio.create_task(self._go_on(), name="websocket feed")

    def follow(self, pipeline: str, snapshot: Callable[[], SnapshotTaken]) -> None:
        """Expect events of a pipeline; `snapshot` replaces those that are thrown away."""
        self._snapshots[pipeline] = snapshot

    def leave(self, pipeline: str) -> None:
        """Send nothing more of a pipeline."""
        self._snapshots.pop(pipeline, None)
        self._behind.pop(pipeline, None)

    def resync(self, pipeline: str) -> None:
        """Send a snapshot next, in place of the events of this pipeline that still wait."""
        self._behind[pipeline] = self._snapshots[pipeline]
        self._drop(pipeline)
        self._wake.set()

    def event(self, event: Event) -> None:
        """Queue an event; never blocks."""
        if event.pipeline in self._behind:
            return  # the snapshot will hold it
        encoded = encode_event(event)
        if self._waiting and self._waiting_bytes + len(encoded) > QUEUE_LIMIT_BYTES:
            for pipeline in [*self._snapshots]:
                self.resync(pipeline)
            return
        self._append(event.pipeline, encoded)
        if isinstance(event, RunQueued):
            self._held = True
            self._released.clear()
        elif isinstance(event, BlockFinished | BlockFailed | RunFinished):
            self._released.set()

    def reply(self, reply: AnyReply) -> None:
        """Queue the answer to a command; it is never thrown away, a client that piles up is cut."""
        if self._waiting_bytes > REPLIES_LIMIT_BYTES:
            self._cut()
            return
        self._append(None, _encoder.encode(reply))

    def close(self) -> None:
        """Stop writing."""
        self._task.cancel()

    @property
    def waiting_bytes(self) -> int:
        return self._waiting_bytes

    def _append(self, pipeline: str | None, encoded: bytes) -> None:
        self._waiting.append((pipeline, encoded))
        self._waiting_bytes += len(encoded)
        self._wake.set()

    def _drop(self, pipeline: str) -> None:
        kept = [entry for entry in self._waiting if entry[0] != pipeline]
        self._waiting = deque(kept)
        self._waiting_bytes = sum(len(encoded) for _, encoded in kept)

    async def _go_on(self) -> None:
        """Write what comes at once, and with more than 125 batches a second every 8 ms together."""
        loop = asyncio.get_running_loop()
        due = 0.0  # when the next batch would go, were there one every 8 ms
        while True:
            await self._wake.wait()
            early = due - loop.time() - (_BURST - 1) * _BATCH_S
            if early > 0:
                await asyncio.sleep(early)
            if self._held:
                await self._released_soon()
            batch = self._take()
            try:
                async with asyncio.timeout(self._stalled_s):
                    await self._write(batch)
            except TimeoutError:
                self._cut()
                return
            due = max(due, loop.time()) + _BATCH_S

    async def _released_soon(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_HOLD_S):
                await self._released.wait()
        self._held = False

    def _take(self) -> bytes:
        messages = [_encoder.encode(snapshot()) for snapshot in self._behind.values()]
        messages += [encoded for _, encoded in self._waiting]
        self._behind.clear()
        self._waiting.clear()
        self._waiting_bytes = 0
        self._wake.clear()
        return messages[0] if len(messages) == 1 else b"[" + b",".join(messages) + b"]"
