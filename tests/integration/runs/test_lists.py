"""What `tests/unit/runs/test_lists.py` says of a history, on PostgreSQL."""

from tests.unit.runs.test_lists import *  # noqa: F403 the same tests with the `history` of this folder

del globals()["test_no_filter_makes_the_history_be_read_through_or_put_in_order"]  # plans of SQLite
