"""A history of any schema that there ever was becomes one of the newest, and keeps what it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from headrace.project.pipeline import TriggerSpec
from headrace.runs import schema
from headrace.runs.history import History
from headrace.scheduling.triggers import next_of

FIRST_SCHEMA = """
CREATE TABLE versions (hash VARCHAR(64) PRIMARY KEY, files BLOB NOT NULL);
CREATE TABLE runs (
  id VARCHAR(20) PRIMARY KEY, pipeline VARCHAR(64) NOT NULL, state VARCHAR(12) NOT NULL,
  origin VARCHAR(12) NOT NULL, trigger_name TEXT, logical_time VARCHAR(40),
  parameters TEXT NOT NULL, version VARCHAR(64) NOT NULL REFERENCES versions (hash),
  queued_at VARCHAR(40) NOT NULL, started_at VARCHAR(40), finished_at VARCHAR(40), seconds FLOAT,
  reason TEXT, attempt INTEGER DEFAULT '1' NOT NULL, owner TEXT NOT NULL,
  idempotency_key VARCHAR(200), blocks_done INTEGER DEFAULT '0' NOT NULL,
  blocks_total INTEGER DEFAULT '0' NOT NULL);
CREATE INDEX runs_newest ON runs (queued_at, id);
CREATE INDEX runs_of_pipeline ON runs (pipeline, queued_at, id);
CREATE INDEX runs_by_state ON runs (state, queued_at, id);
CREATE INDEX runs_by_key ON runs (pipeline, idempotency_key);
CREATE TABLE block_runs (
  run_id VARCHAR(20) NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name VARCHAR(64) NOT NULL,
  position INTEGER NOT NULL, pipeline VARCHAR(64) NOT NULL, state VARCHAR(12) NOT NULL,
  finished_at VARCHAR(40), record BLOB NOT NULL, PRIMARY KEY (run_id, name));
CREATE INDEX block_runs_newest ON block_runs (pipeline, name, finished_at);
CREATE TABLE results (
  pipeline VARCHAR(64) NOT NULL, block VARCHAR(64) NOT NULL, "key" VARCHAR(64) NOT NULL,
  output BLOB NOT NULL, finished_at VARCHAR(40) NOT NULL, PRIMARY KEY (pipeline, block, "key"));
CREATE TABLE triggers (
  id VARCHAR(20) PRIMARY KEY, pipeline VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL,
  spec BLOB NOT NULL, active BOOLEAN NOT NULL, anchor VARCHAR(40) NOT NULL, next_at VARCHAR(40),
  last_at VARCHAR(40), problem TEXT, UNIQUE (pipeline, name));
CREATE INDEX triggers_due ON triggers (next_at) WHERE active AND next_at IS NOT NULL;
CREATE TABLE ticks (
  trigger_id VARCHAR(20) NOT NULL, logical_time VARCHAR(40) NOT NULL, run_id VARCHAR(20),
  skipped TEXT, PRIMARY KEY (trigger_id, logical_time));
CREATE TABLE alembic_version (version_num VARCHAR(32));
INSERT INTO alembic_version VALUES ('0001');
"""
"""What `schema.prepare` made when there was one revision."""
AT = "2026-01-01T00:00:00.000000+00:00"
ROWS = f"""
INSERT INTO versions VALUES ('v1', {{empty}});
INSERT INTO runs (id, pipeline, state, origin, trigger_name, logical_time, parameters, version,
    queued_at, owner)
  VALUES ('old', 'p', 'succeeded', 'trigger', 'daily', '{AT}', '{{{{}}}}', 'v1', '{AT}', 'me');
INSERT INTO triggers (id, pipeline, name, spec, active, anchor, next_at, last_at)
  VALUES ('t1', 'p', 'daily', {{spec}}, TRUE, '{AT}', '2026-01-02T00:00:00.000000+00:00', '{AT}');
INSERT INTO ticks (trigger_id, logical_time, run_id) VALUES ('t1', '{AT}', 'old');
"""
SPEC = b'{"name":"daily","every":"1d"}'
TABLES = "versions", "runs", "block_runs", "results", "triggers", "ticks"


def config() -> Config:
    found = Config()
    place = Path(schema.__file__).with_name("migrations")
    found.set_main_option("script_location", str(place))
    return found


REVISIONS = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]


def statements(engine: Engine, script: str) -> list[str]:
    """Give the statements of a script in the words of a database."""
    if engine.dialect.name == "postgresql":
        script = script.replace("BLOB", "BYTEA")
    return [statement for statement in script.split(";") if statement.strip()]


def bytes_of(engine: Engine, content: bytes) -> str:
    digits = content.hex()
    return f"x'{digits}'" if engine.dialect.name == "sqlite" else f"'\\x{digits}'"


def make(engine: Engine, revision: str) -> None:
    """Make a database as it was at a revision, with a trigger and the run of a tick in it."""
    rows = ROWS.format(empty=bytes_of(engine, b""), spec=bytes_of(engine, SPEC))
    with engine.begin() as connection:
        for statement in statements(engine, FIRST_SCHEMA):
            connection.exec_driver_sql(statement)
        for statement in statements(engine, rows):
            connection.exec_driver_sql(statement)
        found = config()
        found.attributes["connection"] = connection
        command.upgrade(found, revision)


def shape(engine: Engine) -> dict[str, Any]:
    """Describe every table: columns, keys and indexes."""
    seen = inspect(engine)
    found: dict[str, Any] = {}
    for table in sorted(seen.get_table_names()):
        key = seen.get_pk_constraint(table)["constrained_columns"]
        columns = {
            column["name"]: (str(column["type"]), column["nullable"] and column["name"] not in key)
            for column in seen.get_columns(table)
        }
        found[table] = {
            "columns": columns,
            "key": key,
            "unique": sorted(one["column_names"] for one in seen.get_unique_constraints(table)),
            "indexes": sorted(
                (str(index["name"]), index["column_names"], bool(index["unique"]))
                for index in seen.get_indexes(table)
            ),
        }
    return found


@pytest.fixture
def engine(history_url: str, tmp_path: Path) -> Any:
    """An empty database."""
    made = create_engine(history_url or f"sqlite:///{tmp_path}/old.db")
    yield made
    made.dispose()


@pytest.mark.parametrize("revision", sorted(REVISIONS))
def test_a_history_of_any_schema_is_like_a_new_one_and_knows_what_it_knew(
    engine: Engine, revision: str, tmp_path: Path
) -> None:
    make(engine, revision)
    history = History.open(engine.url.render_as_string(hide_password=False))
    assert not history.database.is_new
    [run] = history.runs()
    assert (run.id, run.trigger, run.state) == ("old", "daily", "succeeded")
    assert run.logical_time is not None
    [trigger] = history.triggers("p")
    assert (trigger.id, trigger.every, trigger.active) == ("t1", "1d", True)
    assert trigger.next_at is not None
    history.sync_triggers("p", [TriggerSpec(name="daily", every="1d")], trigger.next_at, next_of)
    assert [one.next_at for one in history.triggers("p")] == [trigger.next_at], "no tick is moved"
    history.close()
    with engine.connect() as connection:
        stamped = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        ticks = connection.execute(text("SELECT run_id FROM ticks")).scalars().all()
    assert (stamped, ticks) == (schema.HEAD, ["old"])
    assert shape(engine) == new_shape(engine, tmp_path)


def new_shape(engine: Engine, folder: Path) -> dict[str, Any]:
    """What a database has that is made today, of the same kind."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        History.open(engine.url.render_as_string(hide_password=False)).close()
        return shape(engine)
    History.open(folder / "new.db").close()
    new = create_engine(f"sqlite:///{folder}/new.db")
    found = shape(new)
    new.dispose()
    return found


def test_the_newest_revision_is_the_one_that_new_histories_have() -> None:
    assert max(REVISIONS) == schema.HEAD
