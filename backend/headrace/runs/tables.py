"""The tables of the history, for SQLite and PostgreSQL alike.

Times are ISO 8601 text in UTC: they sort as they are and survive both databases unchanged. Structs
of the wire are kept as JSON beside the columns that queries need.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

versions = Table(
    "versions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("files", LargeBinary, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("pipeline", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("files", LargeBinary, nullable=False),
    Column("message", Text, nullable=False),
    Column("published_at", String(40), nullable=False),
)
"""The versions of pipelines that were published, counted from 1; triggers run the newest."""

runs = Table(
    "runs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("pipeline", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("origin", String(12), nullable=False),
    Column("trigger_name", Text),
    Column("logical_time", String(40)),
    Column("interval_start", String(40)),
    Column("parameters", Text, nullable=False),
    Column("version", String(64), ForeignKey("versions.hash"), nullable=False),
    Column("queued_at", String(40), nullable=False),
    Column("started_at", String(40)),
    Column("finished_at", String(40)),
    Column("seconds", Float),
    Column("reason", Text),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("owner", Text, nullable=False),
    Column("idempotency_key", String(200)),
    Column("blocks_done", Integer, nullable=False, server_default="0"),
    Column("blocks_total", Integer, nullable=False, server_default="0"),
    Column("published", Integer),
    Column("limits", Text),
    Column("retry", Text),
    Index("runs_newest", "queued_at", "id"),
    Index("runs_of_pipeline", "pipeline", "queued_at", "id"),
    Index("runs_by_state", "state", "queued_at", "id"),
    Index("runs_by_key", "pipeline", "idempotency_key"),
    Index(
        "runs_shown",
        "pipeline",
        "queued_at",
        "id",
        sqlite_where=text("origin <> 'editor'"),
    ),
    Index("runs_by_origin", "origin", "state", "queued_at", "id"),
    Index("runs_of_pipeline_by_state", "pipeline", "state", "origin", "queued_at", "id"),
    Index("runs_of_version", "version"),
)

block_runs = Table(
    "block_runs",
    metadata,
    Column("run_id", String(20), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("pipeline", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("finished_at", String(40)),
    Column("record", LargeBinary, nullable=False),
    Index("block_runs_newest", "pipeline", "name", "finished_at"),
)

results = Table(
    "results",
    metadata,
    Column("pipeline", String(64), primary_key=True),
    Column("block", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("output", LargeBinary, nullable=False),
    Column("finished_at", String(40), nullable=False),
    Index("results_newest", "pipeline", "block", "finished_at"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("pipeline", String(64), primary_key=True),
    Column("block", String(64), primary_key=True),
    Column("mark", Text),
    Column("version", Integer, nullable=False),
    Column("run_id", String(20)),
    Column("moved_at", String(40), nullable=False),
)
"""How far incremental blocks have come. `version` counts the changes of a mark: who pinned one
moves it only while it is that one. Without a mark the next run loads from the beginning."""

unsynced_outputs = Table(
    "unsynced_outputs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""Small outputs of the store whose files may not be on the disk yet. A number is never used again:
whoever deletes a row deletes the one that was read."""

triggers = Table(
    "triggers",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("pipeline", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("spec", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("anchor", String(40), nullable=False),
    Column("next_at", String(40)),
    Column("last_at", String(40)),
    Column("problem", Text),
    Column("memory", LargeBinary),
    Column("secret", String(64)),
    Column("forgotten_to", String(40)),
    Column("revision", Integer, nullable=False, server_default="0"),
    UniqueConstraint("pipeline", "name"),
    Index(
        "triggers_due",
        "next_at",
        sqlite_where=text("active = 1 AND next_at IS NOT NULL"),
    ),
)

ticks = Table(
    "ticks",
    metadata,
    Column("trigger_id", String(20), primary_key=True),
    Column("logical_time", String(40), primary_key=True),
    Column("run_id", String(20)),
    Column("skipped", Text),
    Column("until", String(40)),
    Column("arrived", Boolean, nullable=False, server_default=text("false")),
    Column("cause", LargeBinary),
    Column("key", String(200)),
    Column("replaces", Boolean, nullable=False, server_default=text("false")),
    Index("ticks_by_key", "trigger_id", "key", unique=True),
    Index(
        "ticks_newest_skipped",
        "trigger_id",
        "logical_time",
        sqlite_where=text("skipped IS NOT NULL"),
    ),
    Index(
        "ticks_waiting",
        "trigger_id",
        sqlite_where=text("run_id IS NULL AND skipped IS NULL"),
    ),
    Index("ticks_of_run", "run_id"),
)
"""A tick has its run, or the reason why it was skipped; with neither it waits for a run to end,
which is cancelled for a tick that `replaces`.
`until` ends the span, without its end, that a skipped tick stands for. One that `arrived` is of an
event, on which nothing is decided yet; its `key` names the event, its `cause` says what it was.

A trigger's `revision` counts what was done with it: a decision on what was read at one revision is
not carried out at another. Its `memory` is what it has seen of the files, runs or outputs that it
waits for, and its `secret` the digest of what a webhook must bring. `forgotten_to` is the newest of
its ticks that was removed because it was old: of what is before and not here nobody can say whether
it ran."""

backfills = Table(
    "backfills",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("trigger_id", String(20), nullable=False),
    Column("pipeline", String(64), nullable=False),
    Column("trigger_name", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("first", String(40), nullable=False),
    Column("last", String(40), nullable=False),
    Column("which", String(12), nullable=False),
    Column("skipped", Boolean, nullable=False),
    Column("parallel", Integer, nullable=False),
    Column("newest_first", Boolean, nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("finished_at", String(40)),
    Column("problem", Text),
    Index("backfills_by_state", "state"),
    Index("backfills_of_trigger", "trigger_id", "state"),
    Index("backfills_newest", "created_at", "id"),
)

backfill_ticks = Table(
    "backfill_ticks",
    metadata,
    Column("backfill_id", String(20), primary_key=True),
    Column("logical_time", String(40), primary_key=True),
    Column("interval_start", String(40)),
    Column("run_id", String(20)),
    Column("passed", Text),
    Index(
        "backfill_ticks_waiting",
        "backfill_id",
        "logical_time",
        sqlite_where=text("run_id IS NULL AND passed IS NULL"),
    ),
    Index("backfill_ticks_of_run", "run_id"),
)
"""A tick of a backfill gets a run, or is passed over for a reason; with neither it waits. Whose run
a tick has is in `ticks`: that table alone guards against a second one."""


leases = Table(
    "leases",
    metadata,
    Column("owner", String(300), primary_key=True),
    Column("beat", Integer, nullable=False, server_default="0"),
)
"""The processes that may write; see `leases.py`."""

incidents = Table(
    "incidents",
    metadata,
    Column("pipeline", String(64), primary_key=True),
    Column("notify", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("late_after_s", Float),
)
"""Pipelines of which somebody is told something: who is told what, and what is wrong now."""

notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("pipeline", String(64), nullable=False),
    Column("event", String(16), nullable=False),
    Column("incident", String(80), nullable=False),
    Column("telling", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("due_at", String(40), nullable=False),
    Column("claimed_until", String(40)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", String(40)),
    Column("error", Text),
    UniqueConstraint("pipeline", "channel", "event", "incident"),
    Index(
        "notifications_waiting",
        "channel",
        "due_at",
        sqlite_where=text("state = 'waiting'"),
    ),
    Index("notifications_by_age", "created_at"),
    sqlite_autoincrement=True,
)
"""What is to be sent, written with what it tells of, and what came of it.

`claimed_until` says until when a process may still be sending it."""

channels = Table(
    "channels",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sent_at", String(40)),
    Column("error", Text),
    Column("error_at", String(40)),
)
"""How each channel did last; `error` is null after a success."""

_POSTGRESQL_WHERE = {
    "notifications_waiting": "state = 'waiting'",
    "runs_shown": "origin <> 'editor'",
    "triggers_due": "active AND next_at IS NOT NULL",
    "ticks_newest_skipped": "skipped IS NOT NULL",
    "ticks_waiting": "run_id IS NULL AND skipped IS NULL",
    "backfill_ticks_waiting": "run_id IS NULL AND passed IS NULL",
}
"""Which rows the partial indexes hold, in PostgreSQL's words."""


def tables_for(dialect: str) -> MetaData:
    """Return the tables for a dialect.

    An index that names an option of PostgreSQL imports that dialect, 2 MB for the life of a server
    that most likely runs on SQLite. So PostgreSQL's options are set only where it is used.
    """
    if dialect == "postgresql":
        for table in metadata.tables.values():
            for index in table.indexes:
                where = _POSTGRESQL_WHERE.get(str(index.name))
                if where is not None:
                    index.dialect_options["postgresql"]["where"] = text(where)
    return metadata
