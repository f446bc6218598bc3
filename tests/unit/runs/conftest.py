"""Histories in memory, and runs to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace.core.ids import new_run_id
from headrace.protocol.tables import BlockRun, RunRecord
from headrace.runs.changes import QueueRun
from headrace.runs.history import History

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Queue = Callable[..., QueueRun]


@pytest.fixture
def history() -> Iterator[History]:
    opened = History.open("sqlite://")
    yield opened
    opened.close()


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def queue() -> Queue:
    """Make the change that queues a run; `minutes` after noon, blocks by name."""

    def make(
        *blocks: str, minutes: float = 0, key: str | None = None, files: bytes = b"", **fields: Any
    ) -> QueueRun:
        own: dict[str, Any] = {"pipeline": "p", "state": "queued", "version": "v1"}
        record = RunRecord(
            id=fields.pop("id", new_run_id()),
            queued_at=NOON + timedelta(minutes=minutes),
            blocks=fields.pop("blocks", None)
            or [BlockRun(name=name, kind="loader") for name in blocks],
            **(own | fields),
        )
        return QueueRun(record=record, files=files, owner="me", idempotency_key=key)

    return make
