"""Statements that are executed for every block of every run, without the way through SQLAlchemy.

SQLAlchemy takes several times as long to hand over a statement as SQLite to carry it out. So on
SQLite these go to the driver directly, compiled once; elsewhere they are executed as usual.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError


class Prepared:
    """A statement whose parameters are plain: text, numbers, bytes, None."""

    def __init__(self, of_dialect: Callable[[str], Any]) -> None:
        self._of_dialect = of_dialect
        self._others: dict[str, Executable] = {}

    @cached_property
    def _on_sqlite(self) -> tuple[str, list[str], Mapping[str, Any]]:
        compiled = self._of_dialect("sqlite").compile(dialect=sqlite_dialect())
        return str(compiled), list(compiled.positiontup or ()), compiled.params

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute; return the first column of the first row, None when there is no row."""
        dialect = connection.dialect.name
        if dialect != "sqlite":
            if dialect not in self._others:
                self._others[dialect] = self._of_dialect(dialect)
            result = connection.execute(self._others[dialect], values)
            return result.scalar() if result.returns_rows else None
        sql, order, fixed = self._on_sqlite
        raw: Any = connection.connection.driver_connection
        given = [values[name] if name in values else fixed[name] for name in order]
        try:
            row = raw.execute(sql, given).fetchone()
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error
        return row[0] if row is not None else None
