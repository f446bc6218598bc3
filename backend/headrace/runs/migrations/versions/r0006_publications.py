"""Published versions of pipelines, and which of them a run is of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table of published versions; runs until now were of drafts."""
    op.create_table(
        "publications",
        sa.Column("pipeline", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("files", sa.LargeBinary, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("published_at", sa.String(40), nullable=False),
    )
    op.add_column("runs", sa.Column("published", sa.Integer))
