"""Lists of runs by any of pipeline, state and origin read only what they show."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let two indexes tell state and origin apart as well."""
    op.drop_index("runs_by_origin", "runs")
    op.drop_index("runs_of_pipeline_by_state", "runs")
    op.create_index("runs_by_origin", "runs", ["origin", "state", "queued_at", "id"])
    op.create_index(
        "runs_of_pipeline_by_state", "runs", ["pipeline", "state", "origin", "queued_at", "id"]
    )
