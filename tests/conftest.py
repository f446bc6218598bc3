"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.postgres import new_database, postgres

# How long an example takes says how busy the machine is, not whether the example holds.
settings.register_profile("headrace", deadline=None)
settings.load_profile("headrace")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The place of a PostgreSQL of our own, started by the first test that asks for it."""
    with postgres() as place:
        yield place


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """The URL of an empty database."""
    return f"postgresql+psycopg://{new_database(postgresql_server)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def history_url(request: pytest.FixtureRequest) -> str:
    """Where a project keeps its history: empty for its own file, else the URL of a database."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgresql")
