"""One statement on a database of SQLAlchemy: its rows in chunks, stopped there when stopped here.

A read happens in a session that may only read, where the database knows such a thing; a write is
one transaction, kept when all of its rows are in the store's hands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from headrace.analysis.placeholders import placeholders
from headrace.workers.arrivals import Arrivals
from headrace.workers.connections import Connection, NoConnection
from headrace.workers.refusals import refusal_of
from headrace.workers.temporary_tables import make_temporary

CHUNK_ROWS = 16_384
Report = Callable[[float, float | None], None]
_LOST = frozenset({2006, 2013, 2055, 1927, 4031})
"""MySQL's and MariaDB's numbers for a server that is gone, or that ended the connection."""
_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_AT_LINE = re.compile(r"at line (\d+)$")


class DatabaseFailed(Exception):
    """The database refused, or is gone; `kind` names which, `line` is in the statement.

    `hint` says what to do.
    """

    def __init__(self, kind: str, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line
        self.hint = hint

    @property
    def bases(self) -> list[str]:
        """Names that `retry_on:` may have for it."""
        lost = self.kind in {"ConnectionLost", "CannotConnect"}
        return ["ConnectionError", "OSError"] if lost else []


def rows_from(
    connection: Connection,
    text: str,
    values: Mapping[str, Any],
    *,
    tables: Mapping[str, Any],
    arrivals: Arrivals,
    report: Report,
) -> Generator[Any]:
    """Yield the rows of a statement as Arrow tables, at least one; `:name` of `values` is bound.

    `tables` (name → Arrow table) are there as temporary tables. A statement that gives no rows
    yields one table with the number of rows that it changed. Raises NoConnection, DatabaseFailed,
    and Retype of `arrivals`.
    """
    import sqlalchemy
    from sqlalchemy import exc

    statement, used = _bindable(text, values)
    bound = sqlalchemy.text(statement), {name: values[name] for name in used}
    done = 0
    with _opened(connection) as session:
        try:
            for name, table in tables.items():
                make_temporary(session, name, table, connection.family)
            session.commit()
            _limit(session, connection)
            with closing(_results(session, bound, connection)) as result:
                if not result.returns_rows:
                    yield _changed(result.rowcount)
                else:
                    arrivals.begin(result.cursor.description, connection.family)
                    for table in _chunks(result, arrivals):
                        yield table
                        done += table.num_rows
                        report(done, None)
            session.commit()
        except exc.DBAPIError as error:
            raise _failed(error, connection, done) from None
        except exc.SQLAlchemyError as error:
            raise DatabaseFailed(type(error).__name__, str(error)) from None


def probe(connection: Connection) -> tuple[str, str]:
    """Open a connection and ask it something; return its product and version.

    Raises NoConnection and DatabaseFailed.
    """
    import sqlalchemy
    from sqlalchemy import exc

    file = connection.duckdb_file
    if file is not None:
        return "DuckDB", _probe_duckdb(file, connection)
    with _opened(connection) as session:
        try:
            session.execute(sqlalchemy.text("select 1")).all()
        except exc.DBAPIError as error:
            # SQLite opens a file at the first statement.
            raise _cannot_connect(error, connection) from None
        dialect = session.dialect
        version = ".".join(str(part) for part in dialect.server_version_info or ())
        name = "MariaDB" if getattr(dialect, "is_mariadb", False) else dialect.name
        return _PRODUCTS.get(name, name), version


def _probe_duckdb(file: Path, connection: Connection) -> str:
    import duckdb

    try:
        duckdb.connect(str(file), read_only=True).close()
    except duckdb.Error as error:
        message, hint = refusal_of(str(error), None, connection)
        raise DatabaseFailed("CannotConnect", message, hint=hint) from None
    return duckdb.__version__


_PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}


@contextmanager
def _opened(connection: Connection) -> Generator[Any]:
    """Open a session; whatever breaks in, such as a stop, ends its statement at the database."""
    from sqlalchemy import exc

    engine = connection.engine()
    try:
        session = engine.connect()
    except (exc.DBAPIError, ValueError) as error:
        raise _cannot_connect(error, connection) from None
    except exc.SQLAlchemyError as error:
        raise _cannot_connect(error, connection) from None
    try:
        _prepare(session, connection)
        yield session
    except BaseException as error:
        if not isinstance(error, DatabaseFailed):
            _cancel(engine, session, connection)
        raise
    finally:
        with suppress(exc.SQLAlchemyError):
            session.close()
        engine.dispose()


def _prepare(session: Any, connection: Connection) -> None:
    """Make what the result depends on the same everywhere."""
    raw = session.connection.driver_connection
    if connection.family == "postgresql":
        session.exec_driver_sql("SET TIME ZONE 'UTC'")
        # All rows are wanted, not the first ones soon.
        session.exec_driver_sql("SET cursor_tuple_fraction = 1.0")
        if raw.info.server_version >= 140_000:
            # It notices by itself when a worker that was killed no longer waits.
            session.exec_driver_sql("SET client_connection_check_interval = '5s'")
        for name in ("json", "jsonb", "uuid"):
            raw.adapters.register_loader(name, _text_loader())
        session.commit()
    elif connection.family == "mysql":
        session.exec_driver_sql("SET time_zone = '+00:00'")
        session.commit()
    elif connection.family == "sqlite":
        # Called between its steps, so that Python sees a signal in the middle of a statement.
        raw.set_progress_handler(lambda: 0, 10_000)


def _text_loader() -> Any:
    from psycopg.types.string import TextLoader

    return TextLoader


def _limit(session: Any, connection: Connection) -> None:
    """From here on the session only reads, where the database knows such a thing."""
    if connection.writes:
        return
    if connection.family == "postgresql":
        session.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        session.commit()
    elif connection.family == "mysql":
        session.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        session.commit()
    elif connection.family == "sqlite":
        session.exec_driver_sql("PRAGMA query_only = ON")


def _results(session: Any, bound: tuple[Any, Any], connection: Connection) -> Any:
    """Execute; rows of a read stay at the database until they are fetched."""
    # A cursor of PostgreSQL is declared for a statement, and can be so for reads only.
    if connection.writes:
        return session.execute(*bound)
    return session.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS).execute(*bound)


def _chunks(result: Any, arrivals: Arrivals) -> Iterator[Any]:
    rows = result.fetchmany(CHUNK_ROWS)
    yield arrivals.table(rows)
    while len(rows) == CHUNK_ROWS:
        rows = result.fetchmany(CHUNK_ROWS)
        if rows:
            yield arrivals.table(rows)
    last = arrivals.closing()
    if last is not None:
        yield last


def _changed(count: int) -> Any:
    import pyarrow as pa

    known = count if count >= 0 else None
    return pa.table({"rows_changed": pa.array([known], pa.int64())})


def _cancel(engine: Any, session: Any, connection: Connection) -> None:
    """End what the session executes, at the database, and the session with it."""
    from sqlalchemy import exc

    with suppress(Exception):  # it is gone already, or ends with its connection below
        raw = session.connection.driver_connection
        if connection.family == "mysql":
            number = raw.thread_id()
            with engine.connect() as other:
                other.exec_driver_sql(f"KILL {int(number)}")
        elif connection.family == "postgresql":
            raw.cancel_safe(timeout=5.0)
        elif hasattr(raw, "cancel"):
            raw.cancel()
    with suppress(exc.SQLAlchemyError):
        session.invalidate()


def _failed(error: Any, connection: Connection, done: int) -> DatabaseFailed:
    """Say what the database said, and that the connection was lost when it was."""
    said = str(error.orig).strip()
    if _is_lost(error):
        rows = f" after {done:,} rows" if done else ""
        return DatabaseFailed(
            "ConnectionLost",
            f"The connection {connection.name!r} was lost in the middle of the statement{rows}:"
            f" {said}",
        )
    found = _LINE.search(said) or _AT_LINE.search(_words(error.orig))
    line = int(found[1]) if found else None
    return DatabaseFailed(type(error.orig).__name__, _words(error.orig), line=line)


def _is_lost(error: Any) -> bool:
    if error.connection_invalidated:
        return True
    number = error.orig.args[0] if error.orig.args else None
    return number in _LOST or type(error.orig).__name__ == "AdminShutdown"


def _words(error: Any) -> str:
    """Give a driver's message without the number that some put before it."""
    arguments = getattr(error, "args", ())
    if len(arguments) == 2 and isinstance(arguments[0], int) and isinstance(arguments[1], str):
        return arguments[1].strip()
    return str(error).strip()


def _cannot_connect(error: Any, connection: Connection) -> DatabaseFailed:
    said = _words(getattr(error, "orig", None) or error)
    number = next(iter(getattr(getattr(error, "orig", None), "args", ())), None)
    message, hint = refusal_of(said, number, connection)
    return DatabaseFailed("CannotConnect", message, hint=hint)


def _bindable(text: str, values: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Escape every colon that is no placeholder: SQLAlchemy finds placeholders in strings too."""
    parts: list[str] = []
    used: dict[str, None] = {}
    done = 0
    for found in placeholders(text):
        if found.name in values:
            parts += (_escaped(text[done : found.start]), text[found.start : found.end])
            done = found.end
            used[found.name] = None
    return "".join((*parts, _escaped(text[done:]))), list(used)


def _escaped(text: str) -> str:
    return text.replace(":", "\\:")


__all__ = ["CHUNK_ROWS", "DatabaseFailed", "NoConnection", "probe", "rows_from"]
