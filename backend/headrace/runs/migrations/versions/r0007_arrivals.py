"""Ticks of events: files, runs, outputs and requests that triggers wait for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add what a trigger has seen and its secret, and to ticks why they are there."""
    op.add_column("triggers", sa.Column("memory", sa.LargeBinary))
    op.add_column("triggers", sa.Column("secret", sa.String(64)))
    arrived = sa.Column("arrived", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("ticks", arrived)
    op.add_column("ticks", sa.Column("cause", sa.LargeBinary))
    op.add_column("ticks", sa.Column("key", sa.String(200)))
    op.create_index("ticks_by_key", "ticks", ["trigger_id", "key"], unique=True)
    where = sa.text("skipped IS NOT NULL")
    op.create_index(
        "ticks_newest_skipped",
        "ticks",
        ["trigger_id", "logical_time"],
        sqlite_where=where,
        postgresql_where=where,
    )
