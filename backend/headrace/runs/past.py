"""Past ticks and backfills as values: what is decided on, and what is to be recorded."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import BackfillState, Order, Which
from headrace.protocol.tables import RunState
from headrace.runs.changes import QueueRun

MISSED = "missed"
"""How the reason of a skipped tick begins when nobody was there to fire it."""


class RecordedTick(Struct, frozen=True, kw_only=True):
    """What the history has of a tick. `planned`: it waits in a backfill that is not over.

    `run_state` is that of `run`, or of a retry that did better; None when that run was removed.
    """

    at: datetime
    run: str | None = None
    run_state: RunState | None = None
    skipped: str | None = None
    planned: bool = False


class RecordedTicks(Struct, frozen=True):
    """The recorded ticks of a trigger in a span; up to `forgotten_to` some were removed."""

    ticks: list[RecordedTick]
    forgotten_to: datetime | None = None


class PlannedTick(Struct, frozen=True):
    """A tick of a backfill, and the tick before it in the schedule."""

    logical_time: datetime
    interval_start: datetime | None


class NewBackfill(Struct, frozen=True, kw_only=True):
    """A backfill that is to be recorded, with all ticks that it will run."""

    trigger_id: str
    first: datetime
    last: datetime
    which: Which
    skipped: bool
    parallel: int
    order: Order
    created_at: datetime
    ticks: list[PlannedTick]


class BackfillSituation(Struct, frozen=True, kw_only=True):
    """Everything of a backfill that decides what it does next.

    `waiting` are the ticks that come next in its order, as many as may run at once; `going` are the
    ids of its runs that are not over.
    """

    id: str
    trigger_id: str
    pipeline: str
    spec: TriggerSpec
    state: BackfillState
    parallel: int
    published: int | None = None
    """Number of the newest published version of its pipeline."""
    waiting: tuple[PlannedTick, ...] = ()
    going: tuple[str, ...] = ()


class TickStart(Struct, frozen=True):
    """A tick of a backfill gets its run."""

    logical_time: datetime
    queue: QueueRun


def usual_seconds(seconds: Sequence[float]) -> float | None:
    """Return how long a run takes after those of the past: their median; None without any."""
    return statistics.median(seconds) if seconds else None


def seconds_for(total: int, run_seconds: float | None, parallel: int) -> float | None:
    """Estimate how long `total` runs take, `parallel` at once; None when nobody can say.

    Runs take turns without gaps, and no sum of them is shorter than one.
    """
    if run_seconds is None:
        return None
    return 0.0 if total == 0 else max(total / parallel, 1.0) * run_seconds
