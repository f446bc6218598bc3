"""Statements that are executed for every block of every run, without the way through SQLAlchemy.

SQLAlchemy takes several times as long to hand over a statement as SQLite to carry it out. So on
SQLite these go to the driver directly, compiled once; elsewhere they are executed as usual.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError


class Prepared:
    """A statement whose parameters are plain: text, numbers, bytes, None.

    An insert without values of its own has the columns that `columns` names for parameters.
    """

    def __init__(
        self, of_dialect: Callable[[str], Any], columns: Sequence[str] | None = None
    ) -> None:
        self._of_dialect = of_dialect
        self._columns = columns
        self._others: dict[str, Executable] = {}

    @cached_property
    def _on_sqlite(self) -> tuple[str, list[str], Mapping[str, Any]]:
        statement = self._of_dialect("sqlite")
        compiled = statement.compile(dialect=sqlite_dialect(), column_keys=self._columns)
        return str(compiled), list(compiled.positiontup or ()), compiled.params

    def _on_other(self, dialect: str) -> Executable:
        if dialect not in self._others:
            self._others[dialect] = self._of_dialect(dialect)
        return self._others[dialect]

    def make(self, dialect: str) -> None:
        """Make it for a dialect now, and not when it is executed first."""
        if dialect == "sqlite":
            _ = self._on_sqlite
        else:
            self._on_other(dialect)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute; return the first column of the first row, None when there is no row."""
        dialect = connection.dialect.name
        if dialect != "sqlite":
            result = connection.execute(self._on_other(dialect), values)
            return result.scalar() if result.returns_rows else None
        sql, order, fixed = self._on_sqlite
        raw: Any = connection.connection.driver_connection
        given = [values[name] if name in values else fixed[name] for name in order]
        try:
            row = raw.execute(sql, given).fetchone()
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error
        return row[0] if row is not None else None

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each of `rows`; nothing is returned."""
        if not rows:
            return
        dialect = connection.dialect.name
        if dialect != "sqlite":
            connection.execute(self._on_other(dialect), list(rows))
            return
        sql, order, fixed = self._on_sqlite
        raw: Any = connection.connection.driver_connection
        given = ([row[name] if name in row else fixed[name] for name in order] for row in rows)
        try:
            raw.executemany(sql, given)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, None, error, sqlite3.Error) from error
