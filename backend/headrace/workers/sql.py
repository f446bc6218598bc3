"""SQL blocks: one read statement on DuckDB over the Arrow data of the upstream blocks."""

from __future__ import annotations

from typing import Any

from headrace.store.outputs import Store
from headrace.workers.jobs import Job


def result_of(job: Job, store: Store) -> Any:
    """Run the statement of a SQL block and return its rows as an Arrow table."""
    raise NotImplementedError
