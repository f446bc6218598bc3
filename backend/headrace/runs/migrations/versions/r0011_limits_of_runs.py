"""Limits of whole runs, and runs that try a tick again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add how long a run may take and how often it is tried, and which run it tries again."""
    op.add_column("runs", sa.Column("limits", sa.Text))
    op.add_column("runs", sa.Column("retry", sa.Text))
