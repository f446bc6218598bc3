"""What goes to the driver directly behaves as what goes through SQLAlchemy."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError

from headrace.core.errors import NotFound, Unavailable
from headrace.runs.changes import SaveUnsynced
from headrace.runs.history import History
from headrace.runs.prepared import Prepared
from headrace.runs.tables import unsynced_outputs, versions
from headrace.store.files import Unsynced


class Elsewhere:
    """A connection that says it is another database."""

    def __init__(self, connection: Any) -> None:
        self.dialect = type("Dialect", (), {"name": "elsewhere"})
        self.execute = connection.execute


@pytest.mark.parametrize("elsewhere", [False, True])
def test_values_come_back_on_every_way(history: History, elsewhere: bool) -> None:
    put = Prepared(
        lambda _: insert(unsynced_outputs).values(name=bindparam("file"), content=bindparam("raw"))
    )
    get = Prepared(
        lambda _: select(unsynced_outputs.c.content).where(
            unsynced_outputs.c.name == bindparam("file")
        )
    )
    with history.database.writing() as connection:
        used: Any = Elsewhere(connection) if elsewhere else connection
        assert put.run(used, {"file": "ab.json", "raw": b"\0\xff"}) is None
        assert get.run(used, {"file": "ab.json"}) == b"\0\xff"
        assert get.run(used, {"file": "none"}) is None
    assert history.unsynced() == [(1, Unsynced("ab.json", b"\0\xff"))]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_many_rows_are_one_statement_by_the_names_of_their_columns(
    history: History, elsewhere: bool
) -> None:
    put = Prepared(lambda _: insert(unsynced_outputs), ("name", "content"))
    with history.database.writing() as connection:
        used: Any = Elsewhere(connection) if elsewhere else connection
        put.run_many(used, [])
        put.run_many(used, [{"name": "a", "content": b"1"}, {"name": "b", "content": b"2"}])
    assert [output for _, output in history.unsynced()] == [
        Unsynced("a", b"1"),
        Unsynced("b", b"2"),
    ]


@pytest.mark.parametrize("dialect", ["sqlite", "elsewhere"])
def test_a_statement_is_made_once_ahead_or_when_it_is_needed(dialect: str) -> None:
    made: list[str] = []

    def make(name: str) -> Any:
        made.append(name)
        return insert(unsynced_outputs)

    prepared = Prepared(make, ("name", "content"))
    prepared.make(dialect)
    prepared.make(dialect)
    assert made == [dialect]


def test_rows_that_are_refused_are_told_of_as_always(history: History) -> None:
    put = Prepared(lambda _: insert(versions), ("hash", "files"))
    with pytest.raises(IntegrityError), history.database.writing() as connection:
        put.run_many(connection, [{"hash": "a", "files": b""}, {"hash": "a", "files": b""}])
    with pytest.raises(NotFound):
        history.files("a")


def test_a_broken_database_is_told_of_as_always(history: History) -> None:
    with history.database.writing() as connection:
        connection.execute(text("DROP TABLE unsynced_outputs"))
    with pytest.raises(Unavailable, match="no such table"):
        history.write([SaveUnsynced(outputs=[Unsynced("ab.json", b"1")])])


def test_numbers_are_not_used_again(history: History) -> None:
    for _ in range(2):
        history.write([SaveUnsynced(outputs=[Unsynced("ab.json", b"1")])])
        history.settled([number for number, _ in history.unsynced()])
    history.write([SaveUnsynced(outputs=[Unsynced("ab.json", b"1")])])
    assert [number for number, _ in history.unsynced()] == [3]


def test_a_checkpoint_brings_the_log_into_the_file(tmp_path: Path) -> None:
    file = tmp_path / "h.db"
    history = History.open(file)
    history.write([SaveUnsynced(outputs=[Unsynced("ab.json", b"1" * 50_000)])])
    history.checkpoint()
    copied = tmp_path / "copy.db"
    copied.write_bytes(file.read_bytes())
    history.close()
    with sqlite3.connect(copied) as opened:
        assert opened.execute("SELECT name FROM unsynced_outputs").fetchall() == [("ab.json",)]
    opened.close()
