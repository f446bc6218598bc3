"""Places for a history: a SQLite file, and a database of a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def place(history_url: str, tmp_path: Path) -> str:
    """Name an empty database."""
    return history_url or str(tmp_path / "h.db")
