"""How the history's database is opened: new, old, by many at once, locked, damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from headrace.core.errors import StorageFull, Unavailable
from headrace.runs import database
from headrace.runs.changes import QueueRun
from headrace.runs.history import History
from headrace.runs.schema import HEAD

Queue = Callable[..., QueueRun]
FIRST_SCHEMA = """
CREATE TABLE versions (hash VARCHAR(64) PRIMARY KEY, files BLOB NOT NULL);
CREATE TABLE runs (
  id VARCHAR(20) PRIMARY KEY, pipeline VARCHAR(64) NOT NULL, state VARCHAR(12) NOT NULL,
  origin VARCHAR(12) NOT NULL, trigger_name TEXT, logical_time VARCHAR(40),
  parameters TEXT NOT NULL, version VARCHAR(64) NOT NULL REFERENCES versions (hash),
  queued_at VARCHAR(40) NOT NULL, started_at VARCHAR(40), finished_at VARCHAR(40), seconds FLOAT,
  reason TEXT, attempt INTEGER DEFAULT '1' NOT NULL, owner TEXT NOT NULL,
  idempotency_key VARCHAR(200), blocks_done INTEGER DEFAULT '0' NOT NULL,
  blocks_total INTEGER DEFAULT '0' NOT NULL);
CREATE INDEX runs_newest ON runs (queued_at, id);
CREATE INDEX runs_of_pipeline ON runs (pipeline, queued_at, id);
CREATE INDEX runs_by_state ON runs (state, queued_at, id);
CREATE INDEX runs_by_key ON runs (pipeline, idempotency_key);
CREATE TABLE block_runs (
  run_id VARCHAR(20) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name VARCHAR(64) NOT NULL,
  position INTEGER NOT NULL, pipeline VARCHAR(64) NOT NULL, state VARCHAR(12) NOT NULL,
  finished_at VARCHAR(40), record BLOB NOT NULL, PRIMARY KEY (run_id, name));
CREATE INDEX block_runs_newest ON block_runs (pipeline, name, finished_at);
CREATE TABLE results (
  pipeline VARCHAR(64) NOT NULL, block VARCHAR(64) NOT NULL, "key" VARCHAR(64) NOT NULL,
  output BLOB NOT NULL, finished_at VARCHAR(40) NOT NULL, PRIMARY KEY (pipeline, block, "key"));
CREATE TABLE triggers (
  id VARCHAR(20) PRIMARY KEY, pipeline VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL,
  spec BLOB NOT NULL, active BOOLEAN NOT NULL, anchor VARCHAR(40) NOT NULL, next_at VARCHAR(40),
  last_at VARCHAR(40), problem TEXT, UNIQUE (pipeline, name));
CREATE INDEX triggers_due ON triggers (next_at) WHERE active AND next_at IS NOT NULL;
CREATE TABLE ticks (
  trigger_id VARCHAR(20) NOT NULL, logical_time VARCHAR(40) NOT NULL, run_id VARCHAR(20),
  skipped TEXT, PRIMARY KEY (trigger_id, logical_time));
CREATE TABLE alembic_version (version_num VARCHAR(32));
INSERT INTO alembic_version VALUES ('0001');
INSERT INTO versions VALUES ('v1', x'00');
INSERT INTO runs (id, pipeline, state, origin, parameters, version, queued_at, owner)
  VALUES ('old', 'p', 'succeeded', 'api', '{}', 'v1', '2026-01-01T00:00:00.000000+00:00', 'me');
"""


def shape(file: Path) -> dict[str, list[tuple[str, ...]]]:
    """Return the columns of every table and index of a file."""
    with sqlite3.connect(file) as opened:
        names = opened.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL")
        found: dict[str, list[tuple[str, ...]]] = {}
        for kind, name in names.fetchall():
            pragma = "table_info" if kind == "table" else "index_info"
            rows = opened.execute(f"PRAGMA {pragma}('{name}')").fetchall()
            found[f"{kind} {name}"] = sorted((row[1 if kind == "table" else 2],) for row in rows)
    opened.close()
    return found


def aside(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if ".broken-" in file.name)


def test_an_old_database_is_migrated_to_what_a_new_one_is(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    with sqlite3.connect(old) as connection:
        connection.executescript(FIRST_SCHEMA)
    connection.close()
    migrated = History.open(old)
    assert [run.id for run in migrated.runs()] == ["old"], "what was there is kept"
    migrated.close()
    History.open(new).close()
    assert shape(old) == shape(new)
    with sqlite3.connect(old) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    connection.close()


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
