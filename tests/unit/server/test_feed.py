from __future__ import annotations

import asyncio

import msgspec

from headrace.protocol.events import PipelinesChanged, SnapshotTaken, WorkerChanged
from headrace.protocol.replies import Accepted
from headrace.server.feed import QUEUE_LIMIT_BYTES, Feed


class Client:
    """Reads when told to."""

    def __init__(self, **options):
        self.frames: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.cut = asyncio.Event()
        self.feed = Feed(self._write, self.cut.set, **options)
        self.feed.follow("", lambda: SnapshotTaken(seq=99, epoch="e"))

    async def _write(self, batch: bytes) -> None:
        await self.reads.wait()
        self.frames.append(batch)

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0)


def messages(client):
    found = []
    for frame in client.frames:
        decoded = msgspec.json.decode(frame)
        found += decoded if isinstance(decoded, list) else [decoded]
    return found


async def test_the_first_message_goes_alone_and_the_rest_together():
    client = Client()
    client.feed.event(PipelinesChanged(seq=1))
    await client.until(lambda: client.frames)
    for seq in range(2, 6):
        client.feed.event(PipelinesChanged(seq=seq))
    await client.until(lambda: len(messages(client)) == 5)
    assert len(client.frames) == 2
    assert [message["seq"] for message in messages(client)] == [1, 2, 3, 4, 5]
    client.feed.close()


async def test_a_flood_goes_in_few_frames_though_its_beginning_does_not_wait():
    client = Client()
    loop = asyncio.get_running_loop()
    began, seq = loop.time(), 0
    while loop.time() - began < 0.1:
        seq += 1
        client.feed.event(PipelinesChanged(seq=seq))
        await asyncio.sleep(0)
    await client.until(lambda: len(messages(client)) == seq)
    assert 8 <= len(client.frames) <= 9 + (loop.time() - began) / 0.008
    assert [message["seq"] for message in messages(client)] == list(range(1, seq + 1))
    client.feed.close()


async def test_a_client_that_reads_nothing_costs_a_bounded_queue_and_then_gets_a_snapshot():
    client = Client()
    client.reads.clear()
    for seq in range(1, 3000):
        client.feed.event(WorkerChanged(seq=seq, state="x" * 1000))
        assert client.feed.waiting_bytes <= QUEUE_LIMIT_BYTES
        if seq == 1:
            await asyncio.sleep(0)
    client.feed.reply(Accepted(req="7"))
    client.reads.set()
    await client.until(lambda: any(m["op"] == "accepted" for m in messages(client)))
    kinds = [message["op"] for message in messages(client)]
    assert kinds == ["worker-changed", "snapshot-taken", "accepted"]
    client.feed.close()


async def test_a_client_that_stays_stalled_is_cut_off():
    client = Client(stalled_s=0.01)
    client.reads.clear()
    client.feed.event(PipelinesChanged(seq=1))
    async with asyncio.timeout(60):
        await client.cut.wait()
