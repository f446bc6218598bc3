"""What `tests/unit/runs/test_needed.py` says of a history, on PostgreSQL."""

from tests.unit.runs.test_needed import *  # noqa: F403 the same tests with the `history` of this folder
