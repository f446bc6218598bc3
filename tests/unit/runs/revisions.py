"""What a scheduler reads of a trigger before it decides, for tests that decide by themselves."""

from __future__ import annotations

from headrace.runs.history import History


def revision_of(history: History) -> int:
    """Return how often something was done with the one trigger that there is."""
    with history.database.reading() as connection:
        return connection.exec_driver_sql("SELECT revision FROM triggers").scalar_one()
