"""The database under the history: how it is opened, locked, and what its errors mean.

On SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE for writers; readers never wait for one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from headrace.core.crash import crashpoint
from headrace.core.errors import Fenced, HeadraceError, StorageFull, Unavailable
from headrace.runs.prepared import Prepared
from headrace.runs.schema import prepare
from headrace.runs.tables import leases

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = int(os.environ.get("HEADRACE_BUSY_MS", "10000"))
"""How long a call waits for a lock of another process; the setting is for tests."""
_HAS_LEASE = Prepared(
    lambda _: select(leases.c.owner).where(leases.c.owner == bindparam("me")).with_for_update()
)
LOG_PAGES = 8_192
"""Pages of 4 KiB that SQLite's log may hold before a commit has to move them into the file."""
CHECKED_BYTES = 16 * 2**20
"""Up to this size, about 0.1 s of reading, a file is checked whole when it is opened."""

_CORRUPT, _NOT_A_DATABASE = 11, 26


class Database:
    """One engine and its transactions. Not thread-safe on SQLite: one thread owns it."""

    def __init__(self, engine: Engine, moved_aside: Path | None = None) -> None:
        self.engine = engine
        self.moved_aside = moved_aside
        """Where a damaged file went that was found at opening."""
        self.is_new = False
        """True when opening made it."""
        self.deadline: float | None = None
        """Monotonic seconds at which writing gives up on a lock; None: a full wait for each."""
        self._owner: str | None = None

    @classmethod
    def open(cls, place: str | Path) -> Database:
        """Open or create a database at a path or a URL, with the newest schema.

        A SQLite file that is damaged is moved aside, and an empty one takes its place. One that is
        merely locked, full or unreachable is left alone: that raises Unavailable or StorageFull.
        """
        address = str(place) if "://" in str(place) else f"sqlite:///{place}"
        engine = _engine(address)
        try:
            is_new = _check_and_prepare(engine)
        except DBAPIError as error:
            engine.dispose()
            if not _is_damage(error.orig):
                raise told(error.orig) from error
            aside = _move_aside(Path(str(engine.url.database)))
            logger.error("The history was damaged; it is now %s and a new one was begun.", aside)  # noqa: TRY400 the cause is told
            engine = _engine(address)
            _check_and_prepare(engine)
            return cls(engine, aside)
        opened = cls(engine)
        opened.is_new = is_new
        return opened

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Give a connection that sees one state of the database throughout."""
        with _telling(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Give a connection whose changes are durable together at the end, or not at all.

        Raises Fenced when this process had a lease and lost it.
        """
        immediate = self.engine.execution_options(immediate=True, patience_ms=self._patience_ms())
        with _telling(), immediate.begin() as connection:
            if self._owner is not None and _HAS_LEASE.run(connection, {"me": self._owner}) is None:
                raise Fenced(
                    "Another process took over this project's runs while this one stood"
                    " still: it writes nothing any more. Start it again."
                )
            yield connection

    def _patience_ms(self) -> int:
        if self.deadline is None:
            return BUSY_TIMEOUT_MS
        return max(1, round((self.deadline - time.monotonic()) * 1000))

    def fence(self, owner: str) -> None:
        """Write from now on only while `owner` has its lease."""
        self._owner = owner

    def checkpoint(self) -> None:
        """Move what SQLite has in its log into the file; readers and writers are not kept out."""
        if self.dialect == "sqlite":
            with _telling(), self.engine.connect() as connection:
                raw: Any = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def version(self) -> tuple[int, int] | None:
        """Return what differs once another process has written; None when nobody can tell."""
        if self.dialect != "sqlite":
            return None
        with _telling(), self.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            (count,) = raw.execute("PRAGMA data_version").fetchone()
            return id(raw), count  # each connection counts for itself

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


@contextmanager
def _telling() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:  # of a statement that does not go through SQLAlchemy
        raise told(error) from error
    except (OperationalError, InterfaceError) as error:
        raise told(error.orig) from error
    except DBAPIError as error:
        if _is_damage(error.orig):
            raise told(error.orig) from error
        raise


def told(error: BaseException | None) -> HeadraceError:
    """Say what an error of the database's driver means for who asked."""
    if _is_full(error):
        return StorageFull("No space left to write the history; what is there is intact.")
    match _code(error):
        case 5 | 6:  # SQLITE_BUSY, SQLITE_LOCKED
            return Unavailable("The history is in use by another program; nothing was lost.")
        case 11 | 26:  # SQLITE_CORRUPT, SQLITE_NOTADB
            return Unavailable("The history is damaged: start again, and it is moved aside.")
        case _:
            return Unavailable(f"The history cannot be used: {error}")


def _code(error: BaseException | None) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _is_full(error: BaseException | None) -> bool:
    # SQLITE_FULL; SQLITE_IOERR_SHMSIZE, when there is no room for the index of its log;
    # `disk_full` of PostgreSQL.
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return True
    return _code(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", "") == "53100"


def _is_damage(error: BaseException | None) -> bool:
    return _code(error) in {_CORRUPT, _NOT_A_DATABASE}


class _Damaged(Exception):
    """What SQLite's own check found, in the form of the driver's errors."""

    sqlite_errorcode = _CORRUPT


def _check_and_prepare(engine: Engine) -> bool:
    """Bring the database to the newest schema; return whether it is new."""
    if engine.dialect.name == "sqlite":
        file = Path(str(engine.url.database))
        if file.exists() and 0 < file.stat().st_size <= CHECKED_BYTES:
            with engine.connect() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if found != "ok":
                raise DBAPIError("PRAGMA quick_check", None, _Damaged(found))
    return prepare(engine.execution_options(immediate=True))


def _move_aside(file: Path) -> Path:
    # The log belongs to the damaged file: beside a new one SQLite would replay it into that.
    aside = file.with_name(f"{file.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
            crashpoint("aside.after-rename")
    return aside


def _engine(address: str) -> Engine:
    if address.startswith("sqlite"):
        engine = create_engine(address)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
        return engine
    return create_engine(address, pool_pre_ping=True)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # pysqlite's own transactions are off: BEGIN is ours, see `_begin`.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # The log is moved into the file beside the work, see `checkpoint`; a commit seldom waits.
    connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")


def _use_wal(connection: Any) -> None:
    """Switch to the write-ahead log, which a file then keeps.

    The busy timeout does not count for the switch: while another process opens the same new file,
    SQLite refuses it at once, and tells nobody when it would succeed.
    """
    last_try = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last_try:
                raise
            time.sleep(0.005)
        else:
            return


def _begin(connection: Connection) -> None:
    # To the driver directly: SQLAlchemy's way takes longer than the statements themselves.
    raw: Any = connection.connection.driver_connection
    options = connection.get_execution_options()
    try:
        if options.get("immediate", False):
            raw.execute(f"PRAGMA busy_timeout={options.get('patience_ms', BUSY_TIMEOUT_MS)}")
            raw.execute("BEGIN IMMEDIATE")
        else:
            raw.execute("BEGIN")
    except sqlite3.Error as error:
        raise DBAPIError.instance("BEGIN", None, error, sqlite3.Error) from error
