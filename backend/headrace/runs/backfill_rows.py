"""What is looked up of backfills and of past ticks, in a transaction that somebody else began."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, case, func, select

from headrace.core.errors import NotFound
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import ACTIVE, Backfill, BackfillCounts
from headrace.runs.past import PlannedTick, seconds_for, usual_seconds
from headrace.runs.tables import backfill_ticks, backfills, runs, triggers
from headrace.runs.times import moment, stamp

DURATIONS = 50
"""Runs of the past by which the next ones are judged."""
_LOOKED_AT = 200
GOING = ("queued", "running")
WAITS = and_(backfill_ticks.c.run_id.is_(None), backfill_ticks.c.passed.is_(None))


def trigger_row(connection: Connection, trigger_id: str, *, lock: bool = False) -> Row[Any]:
    """Return a trigger; `lock` keeps schedulers from it until the end. Raises NotFound."""
    statement = select(triggers).where(triggers.c.id == trigger_id)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound("There is no such trigger.", kind="trigger", name=trigger_id)
    return row


def retried_ticks(
    connection: Connection, trigger: Row[Any], first: datetime, last: datetime
) -> dict[str, tuple[str, str]]:
    """Return the ticks of a span that a retry made good, or is about to."""
    statement = (
        select(runs.c.logical_time, runs.c.id, runs.c.state)
        .where(
            runs.c.origin == "retry",
            runs.c.pipeline == trigger.pipeline,
            runs.c.trigger_name == trigger.name,
            runs.c.logical_time >= stamp(first),
            runs.c.logical_time <= stamp(last),
            runs.c.state.in_(("succeeded", *GOING)),
        )
        .order_by(case((runs.c.state == "succeeded", 1), else_=0), runs.c.queued_at)
    )
    return {row.logical_time: (row.id, row.state) for row in connection.execute(statement)}


def planned_times(
    connection: Connection, trigger_id: str, first: datetime, last: datetime
) -> frozenset[str]:
    """Return the ticks of a span that wait in backfills."""
    statement = (
        select(backfill_ticks.c.logical_time)
        .join(backfills, backfills.c.id == backfill_ticks.c.backfill_id)
        .where(
            backfills.c.trigger_id == trigger_id,
            backfills.c.state.in_(sorted(ACTIVE)),
            backfill_ticks.c.logical_time >= stamp(first),
            backfill_ticks.c.logical_time <= stamp(last),
            WAITS,
        )
    )
    return frozenset(connection.execute(statement).scalars())


def going_runs(connection: Connection) -> dict[str, list[str]]:
    """Return backfill → its runs that are not over."""
    # From the few runs that are not over to their ticks, never through all ticks of a backfill.
    statement = (
        select(backfill_ticks.c.backfill_id, runs.c.id)
        .join(backfill_ticks, backfill_ticks.c.run_id == runs.c.id)
        .where(runs.c.state.in_(GOING), runs.c.origin == "backfill")
        .order_by(backfill_ticks.c.logical_time)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(statement):
        found.setdefault(row.backfill_id, []).append(row.id)
    return found


def next_waiting(connection: Connection, backfill: Row[Any]) -> tuple[PlannedTick, ...]:
    """Return as many waiting ticks as may run at once, those first that come first."""
    time = backfill_ticks.c.logical_time
    statement = (
        select(time, backfill_ticks.c.interval_start)
        .where(backfill_ticks.c.backfill_id == backfill.id, WAITS)
        .order_by(time.desc() if backfill.newest_first else time)
        .limit(backfill.parallel)
    )
    return tuple(
        PlannedTick(moment(row.logical_time), moment(row.interval_start))
        for row in connection.execute(statement)
    )


def counts_of_backfill(connection: Connection, backfill_id: str) -> BackfillCounts:
    """Count the ticks of a backfill by what became of them."""
    statement = (
        select(runs.c.state, backfill_ticks.c.passed.is_not(None), func.count())
        .select_from(backfill_ticks)
        .outerjoin(runs, runs.c.id == backfill_ticks.c.run_id)
        .where(backfill_ticks.c.backfill_id == backfill_id)
        .group_by(runs.c.state, backfill_ticks.c.passed.is_not(None))
    )
    found = dict.fromkeys(BackfillCounts.__struct_fields__, 0)
    for state, passed, count in connection.execute(statement):
        name = "passed" if passed else "waiting" if state is None else state
        found["running" if name == "queued" else name] += count
    return BackfillCounts(**found)


def past_seconds_of(connection: Connection, pipeline: str, trigger: str) -> list[float]:
    """Return how long the newest runs took that succeeded: those of the trigger, if any."""
    # By origin, each of which is one range of an index. Runs of the editor, and retries, may be of
    # parts, and say nothing of the whole.
    found: list[Any] = []
    for origin in ("trigger", "backfill", "api", "cli"):
        newest = (
            select(runs.c.seconds, runs.c.trigger_name, runs.c.queued_at)
            .where(
                runs.c.pipeline == pipeline,
                runs.c.state == "succeeded",
                runs.c.origin == origin,
                runs.c.seconds.is_not(None),
            )
            .order_by(runs.c.queued_at.desc())
            .limit(_LOOKED_AT)
        )
        found.extend(connection.execute(newest).all())
    found.sort(key=attrgetter("queued_at"), reverse=True)
    own = [row.seconds for row in found if row.trigger_name == trigger]
    return (own or [row.seconds for row in found])[:DURATIONS]


def own_seconds_of(connection: Connection, backfill_id: str) -> list[float]:
    """Return how long the newest runs of a backfill took that succeeded."""
    statement = (
        select(runs.c.seconds)
        .join(backfill_ticks, backfill_ticks.c.run_id == runs.c.id)
        .where(backfill_ticks.c.backfill_id == backfill_id, runs.c.state == "succeeded")
        .order_by(runs.c.finished_at.desc())
        .limit(DURATIONS)
    )
    return [s for s in connection.execute(statement).scalars() if s is not None]


def select_backfills() -> Select[Any]:
    """Select backfills with their triggers as they are now."""
    return select(backfills, triggers.c.spec).join(
        triggers, triggers.c.id == backfills.c.trigger_id, isouter=True
    )


def backfill_table(connection: Connection, row: Row[Any]) -> Backfill:
    """Describe a row of `select_backfills`, with an estimate unless it is over."""
    counts = counts_of_backfill(connection, row.id)
    # Of a trigger that was deleted, its name is all that is left.
    gone = TriggerSpec(name=row.trigger_name)
    spec = gone if row.spec is None else msgspec.json.decode(row.spec, type=TriggerSpec)
    trigger = spec.name
    run_seconds, left = None, None
    if row.state in ACTIVE:
        seconds = own_seconds_of(connection, row.id)
        run_seconds = usual_seconds(seconds or past_seconds_of(connection, row.pipeline, trigger))
        left = seconds_for(counts.waiting + counts.running, run_seconds, row.parallel)
    return Backfill(
        id=row.id,
        pipeline=row.pipeline,
        trigger=trigger,
        state=row.state,
        first=moment(row.first),
        last=moment(row.last),
        timezone=spec.timezone,
        which=row.which,
        skipped=bool(row.skipped),
        parallel=row.parallel,
        order="newest" if row.newest_first else "oldest",
        created_at=moment(row.created_at),
        finished_at=moment(row.finished_at),
        problem=row.problem,
        total=sum(msgspec.structs.astuple(counts)),
        counts=counts,
        run_seconds=run_seconds,
        seconds_left=left,
    )
