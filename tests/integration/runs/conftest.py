"""The histories of the unit tests, on PostgreSQL: one database for all, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.postgres import new_database
from tests.unit.runs.conftest import noon, queue

from headrace.runs.history import History
from headrace.runs.tables import metadata

__all__ = ["noon", "queue"]

for file in Path(__file__).parent.glob("test_*.py"):
    pytest.register_assert_rewrite(f"tests.unit.runs.{file.stem}")

EMPTY = text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}")


@pytest.fixture(scope="session")
def only_history(postgresql_server: str) -> Iterator[History]:
    """A history that no test has to itself."""
    opened = History.open(f"postgresql+psycopg://{new_database(postgresql_server)}")
    yield opened
    opened.close()


@pytest.fixture
def history(only_history: History) -> Iterator[History]:
    """An empty history."""
    yield only_history
    with only_history.database.engine.begin() as connection:
        connection.execute(EMPTY)
