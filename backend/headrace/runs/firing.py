"""Triggers and ticks as values: what the scheduler reads, and what it wants recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from headrace.core.ids import digest
from headrace.project.durations import parse_duration
from headrace.project.pipeline import TriggerSpec
from headrace.runs.changes import QueueRun


class TickRun(Struct, frozen=True):
    """A run that is not over, and the tick that it is for."""

    logical_time: datetime
    run_id: str


class Cause(Struct, frozen=True, kw_only=True):
    """Why a tick is there that no clock gave: in words, and what it brings along."""

    words: str = ""
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    offered: dict[str, Any] = field(default_factory=dict[str, Any])
    """Values for parameters, as far as the pipeline declares them."""


class Arrival(Struct, frozen=True, kw_only=True):
    """An event that a trigger waited for. `key` names it: one of a key counts once."""

    key: str
    at: datetime
    cause: Cause = Cause()


class TriggerState(Struct, frozen=True, kw_only=True):
    """Everything of a trigger that decides what it does next.

    `running` are its runs that are not over, `held` its ticks that wait for them, oldest first;
    with `replacing` one of these waits for them to be cancelled. `arrived` are ticks of events on
    which nothing is decided yet, and `causes` why there are such. `revision` counts what was done
    with the trigger: only runs that end and events that arrive do not change it.
    """

    id: str
    pipeline: str
    spec: TriggerSpec
    active: bool = True
    next_at: datetime | None = None
    revision: int = 0
    published: int | None = None
    """Number of the newest published version of its pipeline."""
    running: tuple[TickRun, ...] = ()
    held: tuple[datetime, ...] = ()
    replacing: bool = False
    arrived: tuple[datetime, ...] = ()
    causes: dict[datetime, Cause] = field(default_factory=dict[datetime, Cause])


class TickChange(Struct, frozen=True, kw_only=True):
    """A tick gets its run, or the reason why it was skipped; with neither it waits.

    A skipped tick with `until` stands for all ticks before that moment as well. A waiting one that
    `replaces` has the runs before it cancelled.
    """

    logical_time: datetime
    queue: QueueRun | None = None
    skipped: str | None = None
    until: datetime | None = None
    replaces: bool = False


class Firing(Struct, frozen=True, kw_only=True):
    """What a trigger does at once, if nothing was done with it since `revision` was read."""

    trigger_id: str
    revision: int
    due_at: datetime | None
    next_at: datetime | None
    ticks: tuple[TickChange, ...] = ()
    problem: str | None = None


def shift_of(trigger_id: str, jitter: str | None) -> timedelta:
    """Return by how much the ticks of a trigger come later than its schedule says.

    It is a span of its own below `jitter`, in whole seconds, and always the same: two ticks of a
    trigger never change places. Raises InvalidInput.
    """
    if jitter is None:
        return timedelta(0)
    most = parse_duration(jitter, "jitter")
    return timedelta(seconds=int(digest("jitter", trigger_id)[:8], 16) % max(int(most), 1))
