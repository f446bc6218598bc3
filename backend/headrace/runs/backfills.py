"""Backfills in the history, and what it knows of past ticks.

A tick gets a run under the guard that the scheduler uses as well: in one transaction, with the row
of the trigger locked, after a look at what the tick has. Locks are taken in this order: lease,
trigger, backfill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    delete,
    insert,
    or_,
    select,
    update,
)

from headrace.core.crash import crashpoint
from headrace.core.errors import Conflict, NotFound
from headrace.core.ids import new_run_id
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import ACTIVE, Backfill, BackfillState
from headrace.runs.backfill_rows import (
    GOING,
    WAITS,
    backfill_table,
    counts_of_backfill,
    going_runs,
    next_waiting,
    past_seconds_of,
    planned_times,
    retried_ticks,
    select_backfills,
    trigger_row,
)
from headrace.runs.database import Database
from headrace.runs.past import (
    BackfillSituation,
    NewBackfill,
    RecordedTick,
    RecordedTicks,
    TickStart,
)
from headrace.runs.publications import newest_numbers
from headrace.runs.queueing import queue_runs
from headrace.runs.tables import backfill_ticks, backfills, runs, ticks, triggers
from headrace.runs.times import moment, stamp


class Backfills:
    """The part of `History` that makes up for past ticks."""

    database: Database

    # Past ticks

    def recorded_ticks(self, trigger_id: str, first: datetime, last: datetime) -> RecordedTicks:
        """Return what is known of the ticks of a trigger in a span; NotFound without a trigger."""
        span = and_(ticks.c.logical_time >= stamp(first), ticks.c.logical_time <= stamp(last))
        statement = (
            select(ticks.c.logical_time, ticks.c.run_id, ticks.c.skipped, runs.c.state)
            .outerjoin(runs, runs.c.id == ticks.c.run_id)
            .where(ticks.c.trigger_id == trigger_id, span)
        )
        with self.database.reading() as connection:
            trigger = trigger_row(connection, trigger_id)
            rows = connection.execute(statement).all()
            retried = retried_ticks(connection, trigger, first, last)
            planned = planned_times(connection, trigger_id, first, last)
        found = {
            row.logical_time: RecordedTick(
                at=moment(row.logical_time),
                run=row.run_id,
                run_state=row.state,
                skipped=row.skipped,
                planned=row.logical_time in planned,
            )
            for row in rows
        }
        for at in planned - found.keys():
            found[at] = RecordedTick(at=moment(at), planned=True)
        for at, (run, state) in retried.items():
            known = found.get(at)
            if known is not None and known.run_state != "succeeded":
                found[at] = msgspec.structs.replace(known, run=run, run_state=state)
        return RecordedTicks([found[at] for at in sorted(found)], moment(trigger.forgotten_to))

    def past_seconds(self, pipeline: str, trigger: str) -> list[float]:
        """Return how long the newest runs took that succeeded: those of the trigger, if any."""
        with self.database.reading() as connection:
            return past_seconds_of(connection, pipeline, trigger)

    # Backfills

    def add_backfill(self, new: NewBackfill) -> Backfill:
        """Record a backfill with all its ticks; Conflict when others have all of these already."""
        backfill_id = new_run_id()
        with self.database.writing() as connection:
            trigger = trigger_row(connection, new.trigger_id, lock=True)
            taken = planned_times(connection, new.trigger_id, new.first, new.last)
            rows = [
                {
                    "backfill_id": backfill_id,
                    "logical_time": stamp(tick.logical_time),
                    "interval_start": stamp(tick.interval_start),
                }
                for tick in new.ticks
                if stamp(tick.logical_time) not in taken
            ]
            if not rows:
                raise Conflict("Another backfill has all of these ticks already.", kind="backfill")
            connection.execute(
                insert(backfills),
                {
                    "id": backfill_id,
                    "trigger_id": new.trigger_id,
                    "pipeline": trigger.pipeline,
                    "trigger_name": trigger.name,
                    "state": "running",
                    "first": stamp(new.first),
                    "last": stamp(new.last),
                    "which": new.which,
                    "skipped": new.skipped,
                    "parallel": new.parallel,
                    "newest_first": new.order == "newest",
                    "created_at": stamp(new.created_at),
                },
            )
            connection.execute(insert(backfill_ticks), rows)
        return self.backfill(backfill_id)

    def backfill(self, backfill_id: str) -> Backfill:
        """Return a backfill as it stands; NotFound."""
        found = self._backfills(select_backfills().where(backfills.c.id == backfill_id))
        if not found:
            raise NotFound("There is no such backfill.", kind="backfill", name=backfill_id)
        return found[0]

    def backfills(
        self, pipeline: str | None = None, *, active: bool = False, limit: int = 50
    ) -> list[Backfill]:
        """Return the newest backfills, newest first."""
        newest = (backfills.c.created_at.desc(), backfills.c.id.desc())
        statement = select_backfills().order_by(*newest)
        if pipeline is not None:
            statement = statement.where(backfills.c.pipeline == pipeline)
        if active:
            statement = statement.where(backfills.c.state.in_(sorted(ACTIVE)))
        return self._backfills(statement.limit(limit))

    def _backfills(self, statement: Select[Any]) -> list[Backfill]:
        with self.database.reading() as connection:
            rows = connection.execute(statement).all()
            return [backfill_table(connection, row) for row in rows]

    def set_backfill(
        self, backfill_id: str, state: BackfillState, at: datetime, problem: str | None = None
    ) -> bool:
        """Pause, resume, cancel or finish a backfill; return whether that changed anything.

        What is over stays over: Conflict, unless it is asked for what it is. A backfill is finished
        only when it runs and none of its ticks waits or goes on. NotFound when there is none.
        """
        with self.database.writing() as connection:
            row = connection.execute(
                select(backfills).where(backfills.c.id == backfill_id).with_for_update()
            ).first()
            if row is None:
                raise NotFound("There is no such backfill.", kind="backfill", name=backfill_id)
            if row.state == state:
                return False
            if state == "finished":
                counts = counts_of_backfill(connection, backfill_id)
                if row.state != "running" or counts.waiting or counts.running:
                    return False
            elif row.state not in ACTIVE:
                raise Conflict(f"The backfill is {row.state}.", kind="backfill", state=row.state)
            over = None if state in ACTIVE else stamp(at)
            connection.execute(
                update(backfills)
                .where(backfills.c.id == backfill_id)
                .values(state=state, finished_at=over, problem=problem)
            )
        return True

    # Running them

    def backfill_situations(self) -> list[BackfillSituation]:
        """Return the backfills that may have something to do, oldest first.

        They run, or were cancelled while runs of theirs go on.
        """
        with self.database.reading() as connection:
            going = going_runs(connection)
            chosen = or_(backfills.c.state == "running", backfills.c.id.in_(sorted(going)))
            rows = connection.execute(
                select(backfills, triggers.c.spec)
                .join(triggers, triggers.c.id == backfills.c.trigger_id, isouter=True)
                .where(chosen, backfills.c.state.in_(("running", "cancelled")))
                .order_by(backfills.c.created_at, backfills.c.id)
            ).all()
            numbers = newest_numbers(connection, {row.pipeline for row in rows}) if rows else {}
            return [
                BackfillSituation(
                    id=row.id,
                    trigger_id=row.trigger_id,
                    pipeline=row.pipeline,
                    spec=(
                        TriggerSpec(name=row.trigger_name)
                        if row.spec is None
                        else msgspec.json.decode(row.spec, type=TriggerSpec)
                    ),
                    state=row.state,
                    parallel=row.parallel,
                    published=numbers.get(row.pipeline),
                    waiting=next_waiting(connection, row) if row.state == "running" else (),
                    going=tuple(going.get(row.id, ())),
                )
                for row in rows
            ]

    def start_backfill_runs(
        self, situation: BackfillSituation, starts: Sequence[TickStart]
    ) -> list[str]:
        """Give ticks of a backfill their runs and queue these: all in one transaction.

        No more go on at once than the backfill allows, whoever started them. A tick that was run,
        runs, or waits to without the backfill is passed over. Returns the ids of the queued runs.
        """
        with self.database.writing() as connection:
            trigger = connection.execute(
                select(triggers).where(triggers.c.id == situation.trigger_id).with_for_update()
            ).first()
            backfill = connection.execute(
                select(backfills).where(backfills.c.id == situation.id).with_for_update()
            ).first()
            if trigger is None or backfill is None or backfill.state != "running":
                return []
            room = backfill.parallel - len(going_runs(connection).get(backfill.id, ()))
            started: list[TickStart] = []
            for start in starts:
                at = stamp(start.logical_time)
                mine = and_(
                    backfill_ticks.c.backfill_id == backfill.id,
                    backfill_ticks.c.logical_time == at,
                )
                if connection.execute(select(backfill_ticks).where(mine, WAITS)).first() is None:
                    continue
                why_not = _why_not(connection, trigger, backfill, start.logical_time)
                if why_not is None and len(started) >= room:
                    break
                values = (
                    {"run_id": start.queue.record.id} if why_not is None else {"passed": why_not}
                )
                connection.execute(update(backfill_ticks).where(mine).values(values))
                if why_not is None:
                    _give_run(connection, trigger.id, at, start.queue.record.id)
                    started.append(start)
            queue_runs(connection, [start.queue for start in started])
            crashpoint("backfill.before-commit")
        crashpoint("backfill.after-commit")
        return [start.queue.record.id for start in started]


def end_backfills_of(connection: Connection, trigger_id: str, why: str) -> None:
    """Cancel the backfills of a trigger that is deleted."""
    connection.execute(
        update(backfills)
        .where(backfills.c.trigger_id == trigger_id, backfills.c.state.in_(sorted(ACTIVE)))
        .values(state="cancelled", finished_at=stamp(datetime.now(UTC)), problem=why)
    )


def forget_backfills(connection: Connection, before: datetime, limit: int) -> int:
    """Delete backfills that were over before a moment; their runs are then as any others."""
    old = (
        select(backfills.c.id)
        .where(backfills.c.finished_at < stamp(before), backfills.c.state.not_in(sorted(ACTIVE)))
        .limit(limit)
    )
    ids = list(connection.execute(old).scalars())
    if ids:
        connection.execute(delete(backfill_ticks).where(backfill_ticks.c.backfill_id.in_(ids)))
        connection.execute(delete(backfills).where(backfills.c.id.in_(ids)))
    return len(ids)


def _why_not(
    connection: Connection, trigger: Row[Any], backfill: Row[Any], at: datetime
) -> str | None:
    """Say why a tick does not get a run of a backfill; None: it does."""
    row = connection.execute(
        select(ticks.c.run_id, ticks.c.skipped, runs.c.state)
        .outerjoin(runs, runs.c.id == ticks.c.run_id)
        .where(ticks.c.trigger_id == trigger.id, ticks.c.logical_time == stamp(at))
    ).first()
    if row is None or row.skipped is not None:
        return None
    if row.run_id is None:
        return "it waits for its turn without the backfill"
    retried = retried_ticks(connection, trigger, at, at).get(stamp(at))
    states = {row.state, retried[1] if retried else None}
    if states & set(GOING):
        return "it runs without the backfill"
    if backfill.which == "missing" and "succeeded" in states:
        return "it has run without the backfill"
    return None


def _give_run(connection: Connection, trigger_id: str, at: str, run_id: str) -> None:
    """Make a run that of a tick; an `until` stays, for it speaks of other ticks."""
    which = and_(ticks.c.trigger_id == trigger_id, ticks.c.logical_time == at)
    given = update(ticks).where(which).values(run_id=run_id, skipped=None)
    if connection.execute(given).rowcount == 0:
        row = {"trigger_id": trigger_id, "logical_time": at, "run_id": run_id, "arrived": False}
        connection.execute(insert(ticks), row)
