"""What a trigger does now: a pure function of its state and the time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Protocol

import msgspec

from headrace.core.errors import InvalidInput
from headrace.project.durations import parse_duration
from headrace.project.pipeline import TIMED, TRIGGER_KINDS, TriggerSpec, kinds_of
from headrace.project.reader import MAX_RETRIES, MOST_CATCHUP
from headrace.protocol.tables import RunLimits, Tick
from headrace.runs.firing import TriggerState, shift_of
from headrace.runs.past import MISSED
from headrace.scheduling import interval
from headrace.scheduling.cron import cron_of, zone_of
from headrace.scheduling.moments import parse_moment

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
SCHEDULE = ("cron", "every", "at", "timezone", "start", "end")
"""What of a trigger says at which moments it is due."""
LONGEST_JITTER_S = 86_400.0
_MOMENT = timedelta(microseconds=1)
_BLOCK = re.compile(r"[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}")
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
    def at(self) -> str | None: ...
    @property
    def timezone(self) -> str: ...
    @property
    def start(self) -> str | None: ...
    @property
    def end(self) -> str | None: ...


@dataclass(frozen=True)
class Fire:
    """Queue the run of a tick and start it."""

    logical_time: datetime


@dataclass(frozen=True)
class Hold:
    """Let a tick wait until the runs before it are over; with `replaces` those are cancelled."""

    logical_time: datetime
    replaces: bool = False


@dataclass(frozen=True)
class Skip:
    """Record a tick that starts nothing, and why; with `until` all ticks before that as well."""

    logical_time: datetime
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Cancel:
    """Cancel a run, for a tick that waits takes its place: only what is recorded cancels."""

    run_id: str


Action = Fire | Hold | Skip | Cancel


@dataclass(frozen=True)
class Decision:
    """What happens at once, in this order, and when the trigger is due again."""

    actions: tuple[Action, ...]
    next_at: datetime | None


def ticks_of(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the ticks later than `after`, in UTC; InvalidInput when the schedule is not one.

    A trigger that waits for events has none.
    """
    kinds = kinds_of(schedule)
    if len(kinds) != 1:
        raise InvalidInput(f"A trigger has one of {', '.join(TRIGGER_KINDS)}.", field="cron")
    if not YEARS[0] <= after.year <= YEARS[1]:
        raise InvalidInput(f"The year must be from {YEARS[0]} to {YEARS[1]}.", field="after")
    first, last = _bounds(schedule)
    if first is not None:
        after = max(after, first - _MOMENT)
    found = _unbounded(schedule, after)
    return found if last is None else takewhile(lambda tick: tick <= last, found)


def _unbounded(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    if schedule.cron is not None:
        return cron_of(schedule.cron, schedule.timezone).ticks(after)
    if schedule.every is not None:
        return interval.ticks(schedule.every, after)
    if schedule.at is not None:
        once = parse_moment(schedule.at, schedule.timezone, "at")
        return iter([once] if once > after else [])
    return iter(())


def _bounds(schedule: Schedule) -> tuple[datetime | None, datetime | None]:
    first, last = (
        None if text is None else parse_moment(text, schedule.timezone, field)
        for field, text in (("start", schedule.start), ("end", schedule.end))
    )
    if first is not None and last is not None and last < first:
        raise InvalidInput("end: it is before the start.", field="end")
    return first, last


def next_of(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first tick later than `after`, None when there is none any more.

    InvalidInput when the schedule is not one.
    """
    return next(ticks_of(schedule, after), None)


def next_of_spec(spec: TriggerSpec, after: datetime) -> datetime | None:
    """Return the next tick of a trigger; InvalidInput when anything of it means nothing."""
    if spec.jitter is not None and parse_duration(spec.jitter, "jitter") > LONGEST_JITTER_S:
        raise InvalidInput("jitter: at most a day.", field="jitter")
    _window(spec)
    if spec.catchup_limit is not None and not 1 <= spec.catchup_limit <= MOST_CATCHUP:
        raise InvalidInput(f"catchup_limit: from 1 to {MOST_CATCHUP}.", field="catchup_limit")
    limits_of(spec)
    if spec.changed is not None and _BLOCK.fullmatch(spec.changed) is None:
        raise InvalidInput("changed: write pipeline/block, such as prices/load.", field="changed")
    if spec.files is not None and not spec.files.strip():
        raise InvalidInput("files: write a pattern such as data/in/*.csv.", field="files")
    return next_of(spec, after)


def limits_of(spec: TriggerSpec) -> RunLimits | None:
    """Return what a trigger allows its runs, None when it says nothing; raise InvalidInput."""
    if spec.retries is not None and not 0 <= spec.retries <= MAX_RETRIES:
        raise InvalidInput(f"retries: from 0 to {MAX_RETRIES}.", field="retries")
    timeout = None if spec.timeout is None else parse_duration(spec.timeout, "timeout")
    limits = RunLimits(timeout_s=timeout, retries=spec.retries or 0)
    if spec.backoff is not None:
        pause = parse_duration(spec.backoff, "backoff")
        limits = msgspec.structs.replace(limits, backoff_s=pause)
    return None if timeout is None and not spec.retries else limits


def check_spec(spec: TriggerSpec, now: datetime, before: TriggerSpec | None = None) -> None:
    """Raise InvalidInput for a trigger that means nothing, or whose new schedule never fires."""
    same = before is not None and all(getattr(spec, k) == getattr(before, k) for k in SCHEDULE)
    timed = kinds_of(spec)[:1] and kinds_of(spec)[0] in TIMED
    if next_of_spec(spec, now) is None and timed and not same:
        field = "at" if spec.at is not None else "end"
        raise InvalidInput(f"{field}: it never fires, for that is in the past.", field=field)


def _window(spec: TriggerSpec) -> timedelta:
    if spec.catchup_window is None:
        return CATCHUP_WINDOW
    return timedelta(seconds=parse_duration(spec.catchup_window, "catchup_window"))


def previous_of(schedule: Schedule, tick: datetime) -> datetime | None:
    """Return the last tick before `tick`; None when there is none within ten years."""
    if schedule.cron is None and schedule.every is None:
        return None
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
    of `catchup: all` always run one after the other (`overlap: allow`: 8 at once). Runs are
    cancelled once the tick that takes their place is recorded as waiting for that. A paused
    trigger gives up the ticks that wait. With `jitter`, all of that happens a span later.
    """
    shift = shift_of(state.id, state.spec.jitter)
    if state.next_at is None or not shift:
        return _decide(state, now)
    decision = _decide(msgspec.structs.replace(state, next_at=state.next_at - shift), now - shift)
    following = None if decision.next_at is None else decision.next_at + shift
    return Decision(decision.actions, following)


def _decide(state: TriggerState, now: datetime) -> Decision:
    course = _Course(state)
    if not state.active:
        course.give_up_all("the trigger was paused")
        return Decision(tuple(course.actions), state.next_at)
    course.release()
    for tick in state.arrived:
        course.admit(tick)
    if state.next_at is None or state.next_at > now:
        return Decision(tuple(course.actions), state.next_at)
    window, limit = _window(state.spec), state.spec.catchup_limit or MAX_CATCHUP
    due = _due(state.spec, max(state.next_at, now - window), now, limit)
    missed = [tick for tick in due if now - tick > ON_TIME]
    on_time = due[len(missed) :]
    made_up = _made_up(state.spec.catchup, missed, any_on_time=bool(on_time))
    if not due or state.next_at < due[0]:
        until = due[0] if due else now
        reason = f"{MISSED}, with all before the last {_words(window)} or {limit} ticks"
        course.skip(state.next_at, reason, until)
    for tick in missed:
        if tick not in made_up:
            course.skip(tick, f"{MISSED}; catchup: {state.spec.catchup}")
        elif state.spec.catchup == "all":
            course.line_up(tick)
        else:
            course.admit(tick)
    for tick in on_time:
        course.admit(tick)
    return Decision(tuple(course.actions), next_of(state.spec, now))


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:g} h" if hours >= 1 else f"{span / timedelta(minutes=1):g} min"


def _due(schedule: Schedule, oldest: datetime, now: datetime, limit: int) -> list[datetime]:
    """Return the newest due ticks from `oldest` on, oldest first, `limit` at most.

    The span looked through grows from the near past, so that a year's ticks are never counted.
    """
    span = timedelta(minutes=1)
    while True:
        start = max(oldest, now - span)
        later = ticks_of(schedule, start - _MOMENT)
        found = list(takewhile(lambda tick: tick <= now, later))
        if len(found) >= limit or start == oldest:
            return found[-limit:]
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
        if self.held and self.state.replacing:
            self.actions += [Cancel(run.run_id) for run in self.state.running]

    def give_up(self, reason: str) -> None:
        """Skip all ticks that wait."""
        new = [action for action in self.actions if isinstance(action, Hold)]
        self.actions = [action for action in self.actions if action not in new]
        self.actions += [Skip(tick, reason) for tick in self.held]
        self.held.clear()

    def give_up_all(self, reason: str) -> None:
        """Skip what waits, and what arrived and would wait or start."""
        self.give_up(reason)
        self.actions += [Skip(tick, reason) for tick in self.state.arrived]

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
        if self.going == 0:
            self._fire(tick)
        else:
            self._hold(tick, replaces=True)

    def _has_room(self) -> bool:
        return self.going < (STAGGER if self.overlap == "allow" else 1)

    def _fire(self, tick: datetime) -> None:
        self.actions.append(Fire(tick))
        self.going += 1

    def _hold(self, tick: datetime, *, replaces: bool = False) -> None:
        if len(self.held) >= MAX_HELD:
            self.skip(tick, f"{MAX_HELD} ticks wait already")
            return
        self.actions.append(Hold(tick, replaces))
        self.held.append(tick)


def preview(schedule: Schedule, after: datetime, count: int) -> list[Tick]:
    """Return the next ticks with their local times, and a note where clocks change."""
    ticks = list(islice(ticks_of(schedule, after), count))
    if schedule.every is not None:
        return [Tick(at=at, local=at.isoformat()) for at in ticks]
    zone = zone_of(schedule.timezone)
    cron = None if schedule.cron is None else cron_of(schedule.cron, schedule.timezone)
    return [
        Tick(at=at, local=at.astimezone(zone).isoformat(), note=cron.note(at) if cron else "")
        for at in ticks
    ]
