"""The leases of the processes that write to a history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table of leases; without one, an owner of an older release is taken as gone."""
    op.create_table(
        "leases",
        sa.Column("owner", sa.String(300), primary_key=True),
        sa.Column("beat", sa.Integer, nullable=False, server_default="0"),
    )
