"""Random histories of two schedulers, as in `tests/unit/scheduling`, on PostgreSQL."""

from __future__ import annotations

import pytest
from tests.integration.runs.conftest import EMPTY
from tests.unit.scheduling.histories import Book, RealBook
from tests.unit.scheduling.test_simulation import Schedulers, simulate

from headrace.runs.history import History

CASES = 8


class EmptyBook(RealBook):
    """The one history, emptied; it stays open for the next book."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        with history.database.engine.begin() as connection:
            connection.execute(EMPTY)

    def close(self) -> None:
        pass


@pytest.mark.timeout(600)
def test_no_tick_is_lost_doubled_or_unexplained_on_postgresql(history: History) -> None:
    class OnPostgreSQL(Schedulers):
        def make(self) -> Book:
            return EmptyBook(history)

    simulate(OnPostgreSQL, CASES)
