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

runs = Table(
    "runs",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("pipeline", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("origin", String(12), nullable=False),
    Column("trigger_name", Text),
    Column("logical_time", String(40)),
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
    Index("runs_newest", "queued_at", "id"),
    Index("runs_of_pipeline", "pipeline", "queued_at", "id"),
    Index("runs_by_state", "state", "queued_at", "id"),
    Index("runs_by_key", "pipeline", "idempotency_key"),
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
)

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
    UniqueConstraint("pipeline", "name"),
    Index(
        "triggers_due",
        "next_at",
        sqlite_where=text("active AND next_at IS NOT NULL"),
        postgresql_where=text("active AND next_at IS NOT NULL"),
    ),
)

ticks = Table(
    "ticks",
    metadata,
    Column("trigger_id", String(20), primary_key=True),
    Column("logical_time", String(40), primary_key=True),
    Column("run_id", String(20)),
    Column("skipped", Text),
)
