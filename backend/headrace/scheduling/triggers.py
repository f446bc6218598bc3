"""What a trigger does now: a pure function of its state and the time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Protocol

from headrace.core.errors import InvalidInput
from headrace.protocol.tables import Tick
from headrace.runs.firing import TriggerState
from headrace.scheduling import interval
from headrace.scheduling.cron import cron_of

ON_TIME = timedelta(seconds=30)
"""A tick that is handled within this time was not missed."""
CATCHUP_WINDOW = timedelta(hours=24)
"""Missed ticks that are older are skipped, whatever the policy."""
MAX_CATCHUP = 100
"""Ticks of one trigger that are made up for, or recorded one by one as skipped."""
MAX_HELD = 1000
"""Ticks of one trigger that may wait; a run that hangs must not pile them up for ever."""
STAGGER = 8
"""Runs of missed ticks that go on at once where runs may overlap."""
YEARS = (1900, 9000)
"""Years in which ticks are looked for; beyond, calendars of Python end."""
_LOOKS_BACK = (
    *(timedelta(minutes=2), timedelta(hours=2), timedelta(days=1, hours=2), timedelta(days=8)),
    *(timedelta(days=32), timedelta(days=367), timedelta(days=3660)),
)
"""How far back the tick before another is looked for, in steps that hold few ticks each."""


class Schedule(Protocol):
    """The part of a trigger that says when: of `TriggerSpec` and `TriggerTable` alike."""

    @property
    def cron(self) -> str | None: ...
    @property
    def every(self) -> str | None: ...
    @property
    def timezone(self) -> str: ...


@dataclass(frozen=True)
class Fire:
    """Queue the run of a tick and start it."""

    logical_time: datetime


@dataclass(frozen=True)
class Hold:
    """Let a tick wait until the runs before it are over."""

    logical_time: datetime


@dataclass(frozen=True)
class Skip:
    """Record a tick that starts nothing, and why; with `until` all ticks before that as well."""

    logical_time: datetime
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Cancel:
    """Cancel a run, for a newer tick takes its place."""

    run_id: str


Action = Fire | Hold | Skip | Cancel


@dataclass(frozen=True)
class Decision:
    """What happens at once, in this order, and when the trigger is due again."""

    actions: tuple[Action, ...]
    next_at: datetime | None


def ticks_of(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the ticks later than `after`, in UTC; InvalidInput when the schedule is not one."""
    if (schedule.cron is None) == (schedule.every is None):
        raise InvalidInput("A trigger has either `cron` or `every`.", field="cron")
    if not YEARS[0] <= after.year <= YEARS[1]:
        raise InvalidInput(f"The year must be from {YEARS[0]} to {YEARS[1]}.", field="after")
    if schedule.cron is not None:
        return cron_of(schedule.cron, schedule.timezone).ticks(after)
    return interval.ticks(schedule.every or "", after)


def next_of(schedule: Schedule, after: datetime) -> datetime:
    """Return the first tick later than `after`; InvalidInput when the schedule is not one."""
    return next(ticks_of(schedule, after))


def previous_of(schedule: Schedule, tick: datetime) -> datetime | None:
    """Return the last tick before `tick`; None when there is none within ten years."""
    return _previous(schedule.cron, schedule.every, schedule.timezone, tick)


@lru_cache(maxsize=4096)
def _previous(
    cron: str | None, every: str | None, timezone: str, tick: datetime
) -> datetime | None:
    # Many triggers share a schedule, and all of those are due at the same moment.
    if every is not None:
        return tick - interval.parse(every)
    for span in _LOOKS_BACK:
        ticks = cron_of(cron or "", timezone).ticks(tick - span)
        last = deque(takewhile(lambda earlier: earlier < tick, ticks), maxlen=1)
        if last:
            return last[0]
    return None


def decide(state: TriggerState, now: datetime) -> Decision:
    """Say what happens to every tick that is due, and to those that wait.

    Ticks of the last 30 s fire. Of those missed before, `catchup` says which fire: none, the
    latest when nothing is on time, or all of the last 24 h (100 at most). What does not fire is
    skipped with its reason. `overlap` then says what a tick does while a run goes on; missed ticks
    of `catchup: all` always run one after the other (`overlap: allow`: 8 at once). A paused
    trigger gives up the ticks that wait.
    """
    course = _Course(state)
    if not state.active:
        course.give_up("the trigger was paused")
        return Decision(tuple(course.actions), state.next_at)
    course.release()
    if state.next_at is None or state.next_at > now:
        return Decision(tuple(course.actions), state.next_at)
    due = _due(state.spec, state.next_at, now)
    missed = [tick for tick in due if now - tick > ON_TIME]
    on_time = due[len(missed) :]
    made_up = _made_up(state.spec.catchup, missed, any_on_time=bool(on_time))
    if not due or state.next_at < due[0]:
        until = due[0] if due else now
        course.skip(state.next_at, "missed, with all before the last 24 h or 100 ticks", until)
    for tick in missed:
        if tick not in made_up:
            course.skip(tick, f"missed; catchup: {state.spec.catchup}")
        elif state.spec.catchup == "all":
            course.line_up(tick)
        else:
            course.admit(tick)
    for tick in on_time:
        course.admit(tick)
    return Decision(tuple(course.actions), next_of(state.spec, now))


def _due(schedule: Schedule, first: datetime, now: datetime) -> list[datetime]:
    """Return the newest due ticks inside the window, oldest first.

    The span looked through grows from the near past, so that a year's ticks are never counted.
    """
    oldest = max(first, now - CATCHUP_WINDOW)
    span = timedelta(minutes=1)
    while True:
        start = max(oldest, now - span)
        later = ticks_of(schedule, start - timedelta(microseconds=1))
        found = list(takewhile(lambda tick: tick <= now, later))
        if len(found) >= MAX_CATCHUP or start == oldest:
            return found[-MAX_CATCHUP:]
        span *= 4


def _made_up(catchup: str, missed: list[datetime], *, any_on_time: bool) -> frozenset[datetime]:
    if catchup == "all":
        return frozenset(missed)
    if catchup == "latest" and not any_on_time:
        return frozenset(missed[-1:])
    return frozenset()


@dataclass
class _Course:
    """The runs and waiting ticks of a trigger while one decision is made."""

    state: TriggerState
    actions: list[Action] = field(default_factory=list[Action])
    going: int = field(init=False)
    held: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.going = len(self.state.running)
        self.held = list(self.state.held)

    @property
    def overlap(self) -> str:
        return self.state.spec.overlap

    def release(self) -> None:
        """Fire the ticks that waited, oldest first, as far as there is room."""
        while self.held and self._has_room():
            self._fire(self.held.pop(0))

    def give_up(self, reason: str) -> None:
        """Skip all ticks that wait."""
        new = [action for action in self.actions if isinstance(action, Hold)]
        self.actions = [action for action in self.actions if action not in new]
        self.actions += [Skip(tick, reason) for tick in self.held]
        self.held.clear()

    def skip(self, tick: datetime, reason: str, until: datetime | None = None) -> None:
        """Skip a tick; with `until` it stands for all ticks before that as well."""
        self.actions.append(Skip(tick, reason, until))

    def line_up(self, tick: datetime) -> None:
        """Fire a missed tick after those before it."""
        if not self.held and self._has_room():
            self._fire(tick)
        else:
            self._hold(tick)

    def admit(self, tick: datetime) -> None:
        """Do with a tick what the trigger's `overlap` says."""
        if self.overlap == "allow" or self.going + len(self.held) == 0:
            self._fire(tick)
        elif self.overlap == "cancel_previous":
            self._replace_by(tick)
        elif self.overlap == "queue_all" or (self.overlap == "queue_one" and not self.held):
            self._hold(tick)
        else:
            self.skip(tick, f"a run is going on; overlap: {self.overlap}")

    def _replace_by(self, tick: datetime) -> None:
        fired = [action for action in self.actions if isinstance(action, Fire)]
        for action in fired:
            # It was only just let go: it gives way without ever starting.
            self.actions.remove(action)
            self.going -= 1
            self.held.append(action.logical_time)
        self.give_up("a newer tick came; overlap: cancel_previous")
        cancelled = {action.run_id for action in self.actions if isinstance(action, Cancel)}
        for run in self.state.running:
            if run.run_id not in cancelled:
                self.actions.append(Cancel(run.run_id))
        if self.going == 0:
            self._fire(tick)
        else:
            self._hold(tick)

    def _has_room(self) -> bool:
        return self.going < (STAGGER if self.overlap == "allow" else 1)

    def _fire(self, tick: datetime) -> None:
        self.actions.append(Fire(tick))
        self.going += 1

    def _hold(self, tick: datetime) -> None:
        if len(self.held) >= MAX_HELD:
            self.skip(tick, f"{MAX_HELD} ticks wait already")
            return
        self.actions.append(Hold(tick))
        self.held.append(tick)


def preview(schedule: Schedule, after: datetime, count: int) -> list[Tick]:
    """Return the next ticks with their local times, and a note where clocks change."""
    if schedule.cron is None:
        found = list(islice(ticks_of(schedule, after), count))
        return [Tick(at=at, local=at.isoformat()) for at in found]
    ticks = list(islice(ticks_of(schedule, after), count))
    cron = cron_of(schedule.cron, schedule.timezone)
    return [
        Tick(at=at, local=at.astimezone(cron.zone).isoformat(), note=cron.note(at)) for at in ticks
    ]
