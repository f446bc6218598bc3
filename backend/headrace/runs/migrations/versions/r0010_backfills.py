"""Backfills, and up to when the ticks of a trigger were removed with their runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add backfills and their ticks; ticks that were removed until now count as never run."""
    op.create_table(
        "backfills",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("trigger_id", sa.String(20), nullable=False),
        sa.Column("pipeline", sa.String(64), nullable=False),
        sa.Column("trigger_name", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("first", sa.String(40), nullable=False),
        sa.Column("last", sa.String(40), nullable=False),
        sa.Column("which", sa.String(12), nullable=False),
        sa.Column("skipped", sa.Boolean, nullable=False),
        sa.Column("parallel", sa.Integer, nullable=False),
        sa.Column("newest_first", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("finished_at", sa.String(40)),
        sa.Column("problem", sa.Text),
    )
    op.create_index("backfills_by_state", "backfills", ["state"])
    op.create_index("backfills_of_trigger", "backfills", ["trigger_id", "state"])
    op.create_index("backfills_newest", "backfills", ["created_at", "id"])
    op.create_table(
        "backfill_ticks",
        sa.Column("backfill_id", sa.String(20), primary_key=True),
        sa.Column("logical_time", sa.String(40), primary_key=True),
        sa.Column("interval_start", sa.String(40)),
        sa.Column("run_id", sa.String(20)),
        sa.Column("passed", sa.Text),
    )
    waiting = sa.text("run_id IS NULL AND passed IS NULL")
    op.create_index(
        "backfill_ticks_waiting",
        "backfill_ticks",
        ["backfill_id", "logical_time"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("backfill_ticks_of_run", "backfill_ticks", ["run_id"])
    op.add_column("triggers", sa.Column("forgotten_to", sa.String(40)))
