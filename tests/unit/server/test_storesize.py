from __future__ import annotations

import asyncio
import threading

import pytest

from headrace.server.storesize import COUNTED_EVERY_S, StoreSize


class Store:
    """Counts how often it was counted, and in which thread."""

    def __init__(self) -> None:
        self.size = 1
        self.counts = 0
        self.threads: set[int] = set()
        self.now = 100.0
        self.problem: OSError | None = None

    def count(self) -> int:
        self.counts += 1
        self.threads.add(threading.get_ident())
        if self.problem is not None:
            raise self.problem
        return self.size


async def test_the_store_is_counted_off_the_loop_and_once_for_all_who_ask():
    store = Store()
    size = StoreSize(store.count, lambda: store.now)
    assert await asyncio.gather(*(size.bytes() for _ in range(20))) == [1] * 20
    assert store.counts == 1
    assert threading.get_ident() not in store.threads


async def test_it_is_counted_again_after_a_while():
    store = Store()
    size = StoreSize(store.count, lambda: store.now)
    await size.bytes()
    store.size = 2
    assert await size.bytes() == 1
    store.now += COUNTED_EVERY_S
    assert await size.bytes() == 2


async def test_a_count_that_failed_is_not_kept():
    store = Store()
    store.problem = OSError("gone")
    size = StoreSize(store.count, lambda: store.now)
    with pytest.raises(OSError, match="gone"):
        await size.bytes()
    store.problem = None
    assert await size.bytes() == 1
