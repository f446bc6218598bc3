"""The history for asyncio, and owners of runs."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from headrace.core.errors import NotFound, Unavailable
from headrace.runs import history
from headrace.runs.history import History
from headrace.runs.owner import current_owner, is_alive
from headrace.runs.thread import HistoryThread


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
