"""The history for asyncio, and owners of runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headrace.core.errors import NotFound
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
