"""What a trigger does now: a pure function of its state, the time, and the runs that go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Literal, Protocol

from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Tick
from headrace.scheduling import interval
from headrace.scheduling.cron import Cron

ON_TIME = timedelta(seconds=30)
"""A tick that is handled within this time was not missed."""
CATCHUP_WINDOW = timedelta(hours=24)
"""Missed ticks that are older are skipped, whatever the policy."""
MAX_CATCHUP = 100
"""Ticks of one trigger that are made up for, or recorded one by one as skipped."""


class Schedule(Protocol):
    """The part of a trigger that says when: of `TriggerSpec` and `TriggerTable` alike."""

    @property
    def cron(self) -> str | None: ...
    @property
    def every(self) -> str | None: ...
    @property
    def timezone(self) -> str: ...


class TriggerState(Schedule, Protocol):
    """A trigger with its policies, and its next tick as it is recorded."""

    @property
    def catchup(self) -> Literal["none", "latest", "all"]: ...
    @property
    def overlap(
        self,
    ) -> Literal["skip", "queue_one", "queue_all", "cancel_previous", "allow"]: ...
    @property
    def next_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Fire:
    """Queue a run. `wait`: it starts when those before it are over; `cancel` them first."""

    logical_time: datetime
    wait: bool = False
    cancel: bool = False


@dataclass(frozen=True)
class Skip:
    """Record a tick that starts nothing, and why."""

    logical_time: datetime
    reason: str


@dataclass(frozen=True)
class Going:
    """The runs of one trigger that are not over."""

    running: int = 0
    waiting: int = 0


Action = Fire | Skip


def ticks_of(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the ticks later than `after`, in UTC; InvalidInput when the schedule is not one."""
    if (schedule.cron is None) == (schedule.every is None):
        raise InvalidInput("A trigger has either `cron` or `every`.", field="cron")
    if schedule.cron is not None:
        return Cron(schedule.cron, schedule.timezone).ticks(after)
    return interval.ticks(schedule.every or "", after)


def next_of(schedule: Schedule, after: datetime) -> datetime:
    """Return the first tick later than `after`; InvalidInput when the schedule is not one."""
    return next(ticks_of(schedule, after))


def decide(trigger: TriggerState, now: datetime, going: Going) -> list[Action]:
    """Say what happens to every tick that is due; the next one is `next_of(trigger, now)`.

    Ticks of the last 30 s fire. Of those missed before, `catchup` says which fire: none, the
    latest when nothing is on time, or all of the last 24 h (100 at most). What does not fire is
    skipped with its reason. `overlap` then says what a tick does while a run goes on.
    """
    if trigger.next_at is None or trigger.next_at > now:
        return []
    due = _due(trigger, trigger.next_at, now)
    actions: list[Action] = []
    if trigger.next_at not in due:
        actions.append(Skip(trigger.next_at, "missed, with all up to the catch-up window of 24 h"))
    on_time = [tick for tick in due if now - tick <= ON_TIME]
    missed = [tick for tick in due if now - tick > ON_TIME]
    chosen = set(on_time) | set(_made_up(trigger.catchup, missed, any_on_time=bool(on_time)))
    for tick in due:
        if tick not in chosen:
            actions.append(Skip(tick, f"missed; catchup: {trigger.catchup}"))
            continue
        action = _against_overlap(trigger.overlap, tick, going)
        if isinstance(action, Fire):
            going = Going(going.running + (not action.wait), going.waiting + action.wait)
        actions.append(action)
    return actions


def _due(trigger: TriggerState, first: datetime, now: datetime) -> list[datetime]:
    """Return the newest due ticks inside the window, oldest first."""
    start = max(first, now - CATCHUP_WINDOW) - timedelta(microseconds=1)
    ticks = takewhile(lambda tick: tick <= now, ticks_of(trigger, start))
    return list(deque(ticks, maxlen=MAX_CATCHUP))


def _made_up(catchup: str, missed: list[datetime], *, any_on_time: bool) -> list[datetime]:
    if catchup == "all":
        return missed
    if catchup == "latest" and not any_on_time:
        return missed[-1:]
    return []


def _against_overlap(overlap: str, tick: datetime, going: Going) -> Action:
    if overlap == "allow" or going.running + going.waiting == 0:
        return Fire(tick)
    if overlap == "cancel_previous":
        return Fire(tick, cancel=True)
    if overlap == "queue_all" or (overlap == "queue_one" and going.waiting == 0):
        return Fire(tick, wait=True)
    return Skip(tick, f"a run is going on; overlap: {overlap}")


def preview(schedule: Schedule, after: datetime, count: int) -> list[Tick]:
    """Return the next ticks with their local times, and a note where clocks change."""
    if schedule.cron is None:
        found = list(islice(ticks_of(schedule, after), count))
        return [Tick(at=at, local=at.isoformat()) for at in found]
    cron = Cron(schedule.cron, schedule.timezone)
    shown: list[Tick] = []
    for at in islice(cron.ticks(after), count):
        local = at.astimezone(cron.zone)
        shown.append(Tick(at=at, local=local.isoformat(), note=cron.note(at)))
    return shown
