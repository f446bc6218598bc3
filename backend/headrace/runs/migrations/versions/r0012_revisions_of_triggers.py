"""Revisions of triggers, and ticks for which runs are cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Count what is done with a trigger, and say which waiting ticks replace runs."""
    zero, no = sa.text("0"), sa.text("false")
    op.add_column(
        "triggers", sa.Column("revision", sa.Integer, nullable=False, server_default=zero)
    )
    op.add_column("ticks", sa.Column("replaces", sa.Boolean, nullable=False, server_default=no))
