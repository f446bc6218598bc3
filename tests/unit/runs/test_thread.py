"""The history for asyncio, and owners of runs."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from headrace.core.errors import NotFound, Unavailable
from headrace.protocol.tables import BlockRun
from headrace.runs import history
from headrace.runs.changes import Change, SaveBlock, SaveUnsynced
from headrace.runs.history import History
from headrace.runs.owner import current_owner, is_alive
from headrace.runs.thread import HistoryThread
from headrace.store.files import Unsynced


async def test_calls_are_served_in_order_by_one_thread(tmp_path: Path) -> None:
    thread = HistoryThread(tmp_path / "h.db")
    served: list[tuple[int, int]] = []

    def call(_: History, number: int) -> None:
        served.append((number, threading.get_ident()))

    await asyncio.gather(*(thread.call(call, number) for number in range(20)))
    assert [number for number, _ in served] == list(range(20))
    assert len({ident for _, ident in served}) == 1
    with pytest.raises(NotFound):
        await thread.call(History.run, "nobody")
    await thread.close()


async def test_calls_that_wait_together_for_a_lock_give_up_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BUSY_TIMEOUT_MS", 300)
    thread = HistoryThread(tmp_path / "h.db")
    await thread.call(History.enlist, "me")
    other = sqlite3.connect(tmp_path / "h.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    answers = await asyncio.gather(
        *(thread.call(History.renew, "me") for _ in range(10)), return_exceptions=True
    )
    taken = time.monotonic() - began
    assert {type(answer) for answer in answers} == {Unavailable}
    assert 0.25 < taken < 10 * 0.3, "one after the other it were 3 s"
    other.execute("ROLLBACK")
    other.close()
    await thread.call(History.renew, "me")
    assert (await thread.call(History.beats)) == {"me": 1}
    await thread.close()


def output(name: str) -> SaveUnsynced:
    return SaveUnsynced(outputs=[Unsynced(name, b"1")])


async def names_of(thread: HistoryThread) -> list[str]:
    return [found.name for _, found in await thread.call(History.unsynced)]


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[tuple[HistoryThread, threading.Event]]:
    """A thread that is busy until the event is set."""
    thread, free = HistoryThread(tmp_path / "h.db"), threading.Event()
    await thread.call(History.beats)
    busy = asyncio.create_task(thread.call(lambda _: free.wait(30)))
    yield thread, free
    free.set()
    await busy
    await thread.close()


async def test_who_waits_to_write_shares_a_transaction(
    slow: tuple[HistoryThread, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, free = slow
    written: list[int] = []
    write = History.write

    def counting(self: History, changes: Sequence[Change]) -> None:
        written.append(len(changes))
        write(self, changes)

    monkeypatch.setattr(History, "write", counting)
    waiting = [asyncio.create_task(thread.write([output(name)])) for name in "abc"]
    await asyncio.sleep(0)
    waiting[1].cancel()  # nobody hears of it; it is written all the same
    free.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert written == [3]
    await thread.write([output("d")])
    assert await names_of(thread) == ["a", "b", "c", "d"]


async def test_what_one_cannot_write_fails_for_that_one_alone(
    slow: tuple[HistoryThread, threading.Event],
) -> None:
    thread, free = slow
    bad = SaveBlock(run_id="none", block=BlockRun(name="b", kind="loader"))
    waiting = [thread.write([change]) for change in (output("a"), bad, output("c"))]
    asking = asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.sleep(0)
    free.set()
    first, second, third = await asking
    assert (first, third) == (None, None)
    assert isinstance(second, NotFound)
    assert await names_of(thread) == ["a", "c"]


async def test_a_lock_is_waited_for_once_by_all_who_write_together(
    slow: tuple[HistoryThread, threading.Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BUSY_TIMEOUT_MS", 300)
    thread, free = slow
    other = sqlite3.connect(tmp_path / "h.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    asking = asyncio.gather(
        *(thread.write([output(name)]) for name in "ab"), return_exceptions=True
    )
    await asyncio.sleep(0)
    free.set()
    assert {type(answer) for answer in await asking} == {Unavailable}
    other.execute("ROLLBACK")
    other.close()
    assert await names_of(thread) == []


def test_the_package_does_not_import_the_database() -> None:
    code = "import sys, headrace.runs.thread, headrace.runs.changes, headrace.runs.firing;"
    code += "print([m for m in ('sqlalchemy', 'alembic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_owner_is_alive_while_its_very_process_is() -> None:
    owner = current_owner()
    assert is_alive(owner)
    pid, _, boot, host = owner.split(":", 3)
    assert not is_alive(f"{pid}:1.00:{boot}:{host}"), "another process of that number"
    assert not is_alive(f"{owner.split(':')[0]}:1.00:another-boot:{host}")
    assert is_alive("1:1.00:b:another-host"), "nobody can tell from here"
    for odd in ("", "x", "a:b:c:d"):
        assert not is_alive(odd)
