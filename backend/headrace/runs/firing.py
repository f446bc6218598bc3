"""Triggers and ticks as values: what the scheduler reads, and what it wants recorded."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headrace.project.pipeline import TriggerSpec
from headrace.runs.changes import QueueRun


class TickRun(Struct, frozen=True):
    """A run that is not over, and the tick that it is for."""

    logical_time: datetime
    run_id: str


class TriggerState(Struct, frozen=True, kw_only=True):
    """Everything of a trigger that decides what it does next.

    `running` are its runs that are not over, `held` its ticks that wait for them, oldest first.
    """

    id: str
    pipeline: str
    spec: TriggerSpec
    active: bool = True
    next_at: datetime | None = None
    published: int | None = None
    """Number of the newest published version of its pipeline."""
    running: tuple[TickRun, ...] = ()
    held: tuple[datetime, ...] = ()


class TickChange(Struct, frozen=True, kw_only=True):
    """A tick gets its run, or the reason why it was skipped; with neither it waits.

    A skipped tick with `until` stands for all ticks before that moment as well.
    """

    logical_time: datetime
    queue: QueueRun | None = None
    skipped: str | None = None
    until: datetime | None = None


class Firing(Struct, frozen=True, kw_only=True):
    """What a trigger does at once. It holds only while the trigger's next tick is `due_at`."""

    trigger_id: str
    due_at: datetime | None
    next_at: datetime | None
    ticks: tuple[TickChange, ...] = ()
    problem: str | None = None
