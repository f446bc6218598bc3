"""The history of a project, read and changed from outside, on SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text


def keep_history(project: Path, url: str) -> None:
    """Let a project have its history elsewhere; with an empty URL it has a file of its own."""
    if url:
        with (project / "headrace.yaml").open("a") as settings:
            settings.write(f"history: {url}\n")


def url_of(project: Path) -> str:
    """Where a project has its history."""
    settings = project / "headrace.yaml"
    lines = settings.read_text().splitlines() if settings.exists() else []
    urls = [line.partition(" ")[2] for line in lines if line.startswith("history: ")]
    return urls[0] if urls else f"sqlite:///{project}/.headrace/headrace.db"


@contextmanager
def opened(project: Path) -> Iterator[Connection]:
    """One transaction on the history of a project."""
    url = url_of(project)
    patience = {"connect_args": {"timeout": 20}} if url.startswith("sqlite") else {}
    engine = create_engine(url, **patience)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def nobody_writes(project: Path) -> bool:
    """Tell whether at this moment nobody has begun to write to the history and not ended."""
    if not url_of(project).startswith("sqlite"):
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'"
        return rows(project, busy) == [(0,)]
    file = sqlite3.connect(project / ".headrace" / "headrace.db", timeout=0)
    try:
        file.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    else:
        return True
    finally:
        file.close()


def rows(project: Path, statement: str, **values: Any) -> list[Any]:
    """Read rows, or change something; values are written `:name`."""
    with opened(project) as connection:
        found = connection.execute(text(statement), values)
        return list(found.all()) if found.returns_rows else []
