"""High-water marks of incremental blocks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table of marks, one for each block that loads incrementally."""
    op.create_table(
        "watermarks",
        sa.Column("pipeline", sa.String(64), primary_key=True),
        sa.Column("block", sa.String(64), primary_key=True),
        sa.Column("mark", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(20)),
        sa.Column("moved_at", sa.String(40), nullable=False),
    )
