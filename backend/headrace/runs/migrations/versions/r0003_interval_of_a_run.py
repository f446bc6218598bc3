"""The interval that a run of a trigger is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tick before that of a run."""
    op.add_column("runs", sa.Column("interval_start", sa.String(40)))
