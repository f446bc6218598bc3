"""What `tests/unit/runs/test_history.py` says of a history, on PostgreSQL."""

from tests.unit.runs.test_history import *  # noqa: F403 the same tests with the `history` of this folder
