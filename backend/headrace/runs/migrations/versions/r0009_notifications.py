"""Notifications: who is told what of a pipeline, what is to be sent, and how the channels did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the tables; what happened until now is not told any more."""
    op.create_table(
        "incidents",
        sa.Column("pipeline", sa.String(64), primary_key=True),
        sa.Column("notify", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("late_after_s", sa.Float),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("pipeline", sa.String(64), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("telling", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.String(40), nullable=False),
        sa.Column("due_at", sa.String(40), nullable=False),
        sa.Column("claimed_until", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sent_at", sa.String(40)),
        sa.Column("error", sa.Text),
        sa.UniqueConstraint("pipeline", "channel", "event", "incident"),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "notifications_waiting",
        "notifications",
        ["channel", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("notifications_by_age", "notifications", ["created_at"])
    op.create_table(
        "channels",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sent_at", sa.String(40)),
        sa.Column("error", sa.Text),
        sa.Column("error_at", sa.String(40)),
    )
