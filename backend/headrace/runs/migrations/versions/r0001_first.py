"""The first schema.

Nothing to do: a database without a version is created whole by `schema.prepare`, never from here.
"""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Begin the line of revisions."""
