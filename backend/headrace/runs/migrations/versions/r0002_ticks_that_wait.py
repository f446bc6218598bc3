"""Ticks that wait for a run to end, or that stand for a span; indices of long lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what `tables.py` has and the first schema had not."""
    op.add_column("ticks", sa.Column("until", sa.String(40)))
    # SQLite uses a partial index only where a query says its condition in the same words.
    op.drop_index("triggers_due", "triggers")
    op.create_index(
        "triggers_due",
        "triggers",
        ["next_at"],
        sqlite_where=sa.text("active = 1 AND next_at IS NOT NULL"),
        postgresql_where=sa.text("active AND next_at IS NOT NULL"),
    )
    waiting = sa.text("run_id IS NULL AND skipped IS NULL")
    shown = sa.text("origin <> 'editor'")
    op.create_index(
        "ticks_waiting", "ticks", ["trigger_id"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ticks_of_run", "ticks", ["run_id"])
    op.create_index(
        "runs_shown",
        "runs",
        ["pipeline", "queued_at", "id"],
        sqlite_where=shown,
        postgresql_where=shown,
    )
    op.create_index("runs_by_origin", "runs", ["origin", "queued_at", "id"])
    op.create_index("runs_of_pipeline_by_state", "runs", ["pipeline", "state", "queued_at", "id"])
    op.create_index("runs_of_version", "runs", ["version"])
    op.create_index("results_newest", "results", ["pipeline", "block", "finished_at"])
