"""Past ticks and what makes up for them: pure functions of a schedule and of what is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from headrace.core.errors import InvalidInput
from headrace.project.pipeline import TIMED, kinds_of
from headrace.protocol.backfills import HOLES, PastDay, PastState, PastTick, Which
from headrace.runs.past import (
    MISSED,
    BackfillSituation,
    PlannedTick,
    RecordedTick,
    RecordedTicks,
)
from headrace.scheduling.cron import zone_of
from headrace.scheduling.moments import parse_moment
from headrace.scheduling.triggers import Schedule, previous_of, ticks_of

MOST_TICKS = 10_000
"""Ticks of one backfill."""
MOST_LOOKED_AT = 50_000
"""Ticks of a span that is looked at."""
MOST_PARALLEL = 32
_MOMENT = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """What a backfill does at once: ticks to start, runs to cancel, and whether it is over."""

    start: tuple[PlannedTick, ...] = ()
    cancel: tuple[str, ...] = ()
    finish: bool = False


def decide(situation: BackfillSituation) -> Step:
    """Say what a backfill does: as many ticks as there is room for, in its order.

    One that was cancelled stops its runs. It is over when nothing of it waits or goes on.
    """
    if situation.state == "cancelled":
        return Step(cancel=situation.going)
    if situation.state != "running":
        return Step()
    room = max(situation.parallel - len(situation.going), 0)
    return Step(
        start=situation.waiting[:room], finish=not situation.waiting and not situation.going
    )


def span_of(
    first: str, last: str | None, timezone: str, now: datetime
) -> tuple[datetime, datetime]:
    """Read the two ends of a span, both included; a date as the end means all of its day.

    What is to come is no part of it. Raises InvalidInput.
    """
    begin = parse_moment(first, timezone, "from")
    end = now if last is None else parse_moment(last, timezone, "to")
    if last is not None and _is_date(last):
        following = date.fromisoformat(last.strip()) + _DAY
        end = parse_moment(following.isoformat(), timezone, "to") - _MOMENT
    if end < begin:
        raise InvalidInput("to: it is before from.", field="to")
    if begin > now:
        raise InvalidInput("from: that is still to come.", field="from")
    return begin, min(end, now)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def scheduled_ticks(schedule: Schedule, first: datetime, last: datetime) -> list[datetime]:
    """Return the ticks of a schedule in a span, both ends included; InvalidInput for too many."""
    if not kinds_of(schedule) or kinds_of(schedule)[0] not in TIMED:
        raise InvalidInput(
            "Only a trigger with cron, every or at has ticks that can be made up for.",
            field="trigger",
        )
    found: list[datetime] = []
    for tick in ticks_of(schedule, first - _MOMENT):
        if tick > last:
            break
        if len(found) == MOST_LOOKED_AT:
            raise InvalidInput(
                f"There are more than {MOST_LOOKED_AT:,} ticks: choose a shorter span.",
                field="from",
            )
        found.append(tick)
    return found


def past_ticks(
    scheduled: Sequence[datetime],
    recorded: RecordedTicks,
    *,
    timezone: str,
    due_from: datetime,
) -> list[PastTick]:
    """Say what became of every tick of a span, oldest first.

    Ticks later than `due_from` on which nothing is recorded are left to the scheduler. What ran by
    a schedule that the trigger had before is listed as well.
    """
    zone = zone_of(timezone)
    known = {tick.at: tick for tick in recorded.ticks}
    planned = set(scheduled)
    earlier = {tick.at for tick in recorded.ticks if tick.run is not None} - planned
    found: list[PastTick] = []
    for at in sorted(planned | earlier):
        tick = known.get(at)
        found.append(
            PastTick(
                at=at,
                local=at.astimezone(zone).isoformat(),
                state=_state(at, tick, recorded.forgotten_to, due_from),
                run=tick.run if tick is not None else None,
                reason=tick.skipped if tick is not None else None,
                scheduled=at in planned,
            )
        )
    return found


def _state(
    at: datetime, tick: RecordedTick | None, forgotten_to: datetime | None, due_from: datetime
) -> PastState:
    if tick is None:
        if forgotten_to is not None and at <= forgotten_to:
            return "forgotten"
        return "waiting" if at > due_from else "missing"
    if tick.planned:
        return "waiting"
    if tick.run is not None:
        if tick.run_state is None:
            return "forgotten"
        return "running" if tick.run_state == "queued" else tick.run_state
    if tick.skipped is None:
        return "waiting"
    return "missing" if tick.skipped.startswith(MISSED) else "skipped"


def chosen(ticks: Iterable[PastTick], which: Which, *, skipped: bool) -> list[PastTick]:
    """Return the ticks that a backfill runs, oldest first; none that waits or runs already."""
    if which == "all":
        return [t for t in ticks if t.scheduled and t.state not in ("waiting", "running")]
    wanted: set[PastState] = {*HOLES, "skipped"} if skipped else {*HOLES}
    return [tick for tick in ticks if tick.scheduled and tick.state in wanted]


def planned_ticks(
    schedule: Schedule, scheduled: Sequence[datetime], wanted: Iterable[datetime]
) -> list[PlannedTick]:
    """Give ticks the ticks before them: the interval is the one that the scheduler would give."""
    if not scheduled:
        return []
    before = {scheduled[0]: previous_of(schedule, scheduled[0])}
    before |= {following: tick for tick, following in pairwise(scheduled)}
    return [PlannedTick(at, before[at]) for at in wanted]


def counts_of(ticks: Iterable[PastTick]) -> dict[str, int]:
    """Count ticks by state."""
    return dict(Counter(tick.state for tick in ticks))


def days_of(ticks: Iterable[PastTick]) -> list[PastDay]:
    """Count ticks by the day that the clocks of their zone show, and by state."""
    days: dict[str, Counter[str]] = {}
    for tick in ticks:
        days.setdefault(tick.local[:10], Counter())[tick.state] += 1
    return [PastDay(day=day, counts=dict(counts)) for day, counts in days.items()]
