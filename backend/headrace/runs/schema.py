"""The version of the history's schema: made at once when new, migrated by Alembic when old."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from headrace.core.crash import crashpoint
from headrace.runs.tables import tables_for

HEAD = "0013"
"""Newest revision in `migrations/versions`."""

_ADVISORY_KEY = 0x48656164
"""PostgreSQL's lock under which the schema is made: `Head`."""


def prepare(writer: Engine) -> bool:
    """Bring a database to the newest schema; return whether this made it.

    Several processes may try at once.

    A new one is created directly and stamped: Alembic takes 0.4 s to import, and only an old
    database needs it. `writer` begins transactions that exclude other writers.
    """
    if _version(writer) == HEAD:
        return False
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": _ADVISORY_KEY})
        found = _stamped(connection)
        if found is None:
            tables_for(connection.dialect.name).create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD}
            )
        elif found != HEAD:
            _migrate(connection)
            crashpoint("migration.before-commit")
    crashpoint("migration.after-commit")
    return found is None


def _version(engine: Engine) -> str | None:
    with engine.execution_options(immediate=False).connect() as connection:
        return _stamped(connection)


def _stamped(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
