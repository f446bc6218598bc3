"""How the history's database is opened: new, old, by many at once, locked, damaged."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from headrace.core.errors import HeadraceError, StorageFull, Unavailable
from headrace.runs import database
from headrace.runs.changes import QueueRun
from headrace.runs.history import History

Queue = Callable[..., QueueRun]


def aside(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if ".broken-" in file.name)


def test_many_may_open_a_new_database_at_once(tmp_path: Path, queue: Queue) -> None:
    for attempt in range(8):
        file = tmp_path / f"{attempt}.db"
        together = Barrier(4)

        def use(file: Path = file, together: Barrier = together) -> None:
            together.wait()
            history = History.open(file)
            history.write([queue("a")])
            history.close()

        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(use) for _ in range(4)]:
                done.result()
        history = History.open(file)
        assert len(history.runs()) == 4
        history.close()
    assert aside(tmp_path) == [], "nobody took another one's new file for a damaged one"


def test_a_locked_database_is_left_alone(
    tmp_path: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    file = tmp_path / "h.db"
    history = History.open(file)
    history.write([queue("a")])
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="in use"):
        history.write([queue("a")])
    assert len(history.runs()) == 1, "readers do not wait for a writer"
    history.close()
    other.execute("ROLLBACK")
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable):
        History.open(file)
    other.execute("ROLLBACK")
    other.close()
    history = History.open(file)
    assert len(history.runs()) == 1
    assert aside(tmp_path) == []
    history.close()


def _garbage(file: Path) -> None:
    file.write_bytes(b"not a database, by any means" * 100)


def _truncated(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def _overwritten(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[4096 : 4096 * 3] = b"\xff" * 8192
    file.write_bytes(whole)


@pytest.mark.parametrize("damage", [_garbage, _truncated, _overwritten])
def test_a_damaged_database_is_moved_aside(
    tmp_path: Path, queue: Queue, damage: Callable[[Path], None]
) -> None:
    file = tmp_path / "h.db"
    history = History.open(file)
    history.write([queue("a") for _ in range(50)])
    history.close()
    damage(file)
    history = History.open(file)
    assert history.runs() == []
    moved = history.database.moved_aside
    assert moved is not None
    assert aside(tmp_path) == [moved]
    history.write([queue("a")])
    history.close()
    again = History.open(file)
    assert len(again.runs()) == 1
    assert again.database.moved_aside is None
    again.close()


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path, queue: Queue) -> None:
    history = History.open(tmp_path / "h.db")
    with history.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageFull):
        history.write([queue("a", files=b"x" * 100_000)])
    assert history.runs() == []
    with history.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    history.write([queue("a", files=b"x" * 100_000)])
    assert len(history.runs()) == 1
    history.close()


def test_a_checkpoint_that_finds_no_room_is_told_and_can_be_done_later(
    tmp_path: Path, queue: Queue
) -> None:
    file = tmp_path / "h.db"
    history = History.open(file)
    history.write([queue("a", files=b"x" * 100_000)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, before[1]))
    try:
        with pytest.raises(HeadraceError, match="history"):
            history.checkpoint()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    history.checkpoint()
    assert file.stat().st_size > 100_000
    history.close()
