"""The version of the history's schema: made at once when new, migrated by Alembic when old."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from headrace.runs.tables import metadata

HEAD = "0001"
"""Newest revision in `migrations/versions`."""


def prepare(engine: Engine) -> None:
    """Bring a database to the newest schema.

    A new one is created directly and stamped: Alembic takes 0.4 s to import, and only an old
    database needs it.
    """
    if not inspect(engine).has_table("alembic_version"):
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(
                text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD}
            )
        return
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found != HEAD:
        _migrate(engine)


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
