"""Triggers and ticks in the history: the only truth for their state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    Boolean,
    Connection,
    Row,
    String,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from headrace.core.crash import crashpoint
from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import new_run_id
from headrace.project.pipeline import TRIGGER_KINDS, TriggerSpec
from headrace.protocol.tables import TriggerTable
from headrace.runs.backfills import end_backfills_of
from headrace.runs.changes import QueueRun
from headrace.runs.database import Database
from headrace.runs.firing import (
    Cause,
    Firing,
    TickChange,
    TickRun,
    TriggerState,
    shift_of,
)
from headrace.runs.past import MISSED
from headrace.runs.prepared import Prepared
from headrace.runs.publications import newest_numbers
from headrace.runs.queueing import QUEUEING, insert_or_replace, queue_runs
from headrace.runs.tables import runs, ticks, triggers
from headrace.runs.times import moment, stamp

SAID = tuple(
    name for name in TriggerSpec.__struct_fields__ if name not in ("name", "active", "line")
)
"""What a trigger's table repeats of its specification."""
T = TypeVar("T")
NextOf = Callable[[TriggerSpec, datetime], datetime | None]
_MOMENT = timedelta(microseconds=1)
_MOST_VARIABLES = 500
"""Values of one IN list."""
_FEW_MOMENTS = 4
_EPOCH = stamp(datetime(1970, 1, 1, tzinfo=UTC))
"""Where `every:` counts from, for all triggers: a preview needs no trigger to be right."""
_WAITS = and_(ticks.c.run_id.is_(None), ticks.c.skipped.is_(None))


class Triggers:
    """The part of `History` that the scheduler uses."""

    database: Database

    def sync_triggers(
        self,
        pipeline: str,
        specs: Sequence[TriggerSpec],
        now: datetime,
        next_of: NextOf,
        is_current: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Make the triggers of a pipeline those of its file; return whether they differed.

        An edited one is next due strictly after `now`, and after every tick it ever had; one that
        did not change keeps its state, one that was only renamed its identity as well. `active:` of
        the file counts when it is seen first, and when it changed. A schedule that `next_of`
        refuses is kept with its problem and never due. `is_current` is asked when it is this
        one's turn to write: when the file says something else by then, nothing is done.
        """
        statement = select(triggers).where(triggers.c.pipeline == pipeline)
        with self.database.reading() as connection:
            known = {row.name: row for row in connection.execute(statement)}
        if {name: row.spec for name, row in known.items()} == {s.name: _text(s) for s in specs}:
            return False
        with self.database.writing() as connection:
            if not is_current():
                return False
            known = {row.name: row for row in connection.execute(statement)}
            gone = {name: row for name, row in known.items() if name not in {s.name for s in specs}}
            for spec in specs:
                row = known.get(spec.name) or _renamed(spec, gone)
                trigger_id = new_run_id() if row is None else row.id
                due = _due(trigger_id, spec, row, now, next_of)
                _sync_one(connection, pipeline, spec, row, _Due(trigger_id, now, *due))
            _forget(connection, [row.id for row in gone.values()])
            crashpoint("sync.before-commit")
        crashpoint("sync.after-commit")
        return True

    def forget_pipelines(self, existing: Collection[str]) -> list[str]:
        """Delete the triggers of all other pipelines; return the names of those."""
        with self.database.reading() as connection:
            known = connection.execute(select(triggers.c.pipeline).distinct())
            lost = sorted({row.pipeline for row in known} - set(existing))
        if lost:
            with self.database.writing() as connection:
                for pipeline in lost:
                    of_it = select(triggers.c.id).where(triggers.c.pipeline == pipeline)
                    _forget(connection, list(connection.execute(of_it).scalars()))
        return lost

    def triggers(self, pipeline: str | None = None) -> list[TriggerTable]:
        """Return triggers with their state, by pipeline and name."""
        statement = select(triggers).order_by(triggers.c.pipeline, triggers.c.name)
        if pipeline is not None:
            statement = statement.where(triggers.c.pipeline == pipeline)
        with self.database.reading() as connection:
            rows = list(connection.execute(statement))
            news = _news(connection, [row.id for row in rows])
        return [_table(row, news.get(row.id, {})) for row in rows]

    def set_active(self, trigger_id: str, *, active: bool, next_at: datetime | None) -> None:
        """Pause or resume a trigger; NotFound when there is none."""
        with self.database.writing() as connection:
            changed = connection.execute(
                update(triggers)
                .where(triggers.c.id == trigger_id)
                .values(active=active, next_at=stamp(next_at), revision=_FURTHER)
            )
        if changed.rowcount == 0:
            raise NotFound("There is no such trigger.", kind="trigger", name=trigger_id)

    # Ticks

    def situation(
        self, now: datetime, limit: int = 200, without: Collection[str] = ()
    ) -> list[TriggerState]:
        """Return the triggers that may have something to do, those due longest first.

        They are due not later than `now`, or have ticks that wait. `without` leaves out ids. Where
        a trigger does not mind its runs that go on, they need not be said.
        """
        due = (
            select(triggers)
            .where(triggers.c.active, triggers.c.next_at <= stamp(now))
            .order_by(triggers.c.next_at)
            .limit(limit + len(without))
        )
        waiting = select(ticks.c.trigger_id).where(_WAITS).distinct()
        with self.database.reading() as connection:
            rows = {row.id: row for row in connection.execute(due) if row.id not in without}
            held_by = set(connection.execute(waiting).scalars()) - set(without)
            for some in _slices(sorted(held_by - rows.keys())):
                found = connection.execute(select(triggers).where(triggers.c.id.in_(some)))
                rows |= {row.id: row for row in found}
            if not rows:
                return []
            waiting_ticks = _waiting(connection, [name for name in rows if name in held_by])
            specs = {name: _spec(row) for name, row in rows.items()}
            minding = {
                rows[name].pipeline
                for name, spec in specs.items()
                if name in held_by or spec.overlap != "allow" or spec.catchup == "all"
            }
            running = _running(connection, sorted(minding))
            numbers = newest_numbers(connection, {row.pipeline for row in rows.values()})
        return [
            _state(
                row,
                specs[row.id],
                running.get(row.id, ()),
                waiting_ticks.get(row.id, ()),
                published=numbers.get(row.pipeline),
            )
            for row in rows.values()
        ]

    def next_due(self, after: datetime | None = None) -> datetime | None:
        """Return when the next active trigger is due (later than `after`), or None."""
        statement = select(func.min(triggers.c.next_at)).where(
            triggers.c.active, triggers.c.next_at.is_not(None)
        )
        if after is not None:
            statement = statement.where(triggers.c.next_at > stamp(after))
        with self.database.reading() as connection:
            return moment(connection.execute(statement).scalar())

    def due_within(self, after: datetime, until: datetime, limit: int) -> dict[str, int]:
        """Return the pipelines that are due in (after, until], soonest first.

        Each comes with the number of its newest version; where there is none it is left out.
        """
        soonest = func.min(triggers.c.next_at)
        statement = (
            select(triggers.c.pipeline)
            .where(
                triggers.c.active,
                triggers.c.next_at > stamp(after),
                triggers.c.next_at <= stamp(until),
            )
            .group_by(triggers.c.pipeline)
            .order_by(soonest)
            .limit(limit)
        )
        with self.database.reading() as connection:
            names = list(connection.execute(statement).scalars())
            numbers = newest_numbers(connection, names) if names else {}
        return {name: numbers[name] for name in names if name in numbers}

    def get_ready_to_fire(self) -> None:
        """Make what takes a while to make of `fire`: the first tick is not to wait for it."""
        for statement in (_INSERT_TICK, _UPDATE_TICK, _MOVE_ON, *QUEUEING):
            statement.make(self.database.dialect)

    def fire(self, firings: Sequence[Firing]) -> list[str]:
        """Record ticks, queue their runs and move the triggers on: all in one transaction.

        A firing changes nothing when anything was done with its trigger meanwhile: whoever decided
        on it looks again. So of two that saw the same tick wait one lets it go, and none fires
        beside a run that it has not seen. Nor is a tick changed that has its run or was skipped,
        but for the span of others that it stands for. Returns the ids of the queued runs.
        """
        with self.database.writing() as connection:
            good = _that_still_hold(connection, firings)
            settled = _known_ticks(connection, good)
            queued: list[QueueRun] = []
            new: list[dict[str, Any]] = []
            changed: list[dict[str, Any]] = []
            spans: list[dict[str, Any]] = []
            for firing in good:
                for tick in firing.ticks:
                    row = _tick_row(firing.trigger_id, tick)
                    known = settled.get((row["trigger"], row["at"]))
                    if known:
                        if tick.until is not None:
                            spans.append({name: row[name] for name in ("trigger", "at", "end")})
                        continue
                    (new if known is None else changed).append(row)
                    # An event may have come at the very moment of a tick of the clock.
                    settled[row["trigger"], row["at"]] = bool(tick.queue or tick.skipped)
                    if tick.queue is not None:
                        queued.append(tick.queue)
            _INSERT_TICK.run_many(connection, new)
            _UPDATE_TICK.run_many(connection, changed)
            _EXTEND_TICK.run_many(connection, spans)
            queue_runs(connection, queued)
            _MOVE_ON.run_many(connection, [_move_row(firing) for firing in good])
            crashpoint("tick.before-commit")
        crashpoint("tick.after-commit")
        return [change.record.id for change in queued]


_THIS_TICK = and_(
    ticks.c.trigger_id == bindparam("trigger"), ticks.c.logical_time == bindparam("at")
)
_BECAME: dict[str, Any] = {
    "run_id": bindparam("run"),
    "skipped": bindparam("reason"),
    "until": bindparam("end"),
    "replaces": bindparam("instead"),
    "arrived": False,
}
"""What is recorded of a tick that is decided."""
_INSERT_TICK = Prepared(
    lambda _: insert(ticks).values(
        trigger_id=bindparam("trigger"), logical_time=bindparam("at"), **_BECAME
    )
)
_UPDATE_TICK = Prepared(lambda _: update(ticks).where(_THIS_TICK).values(**_BECAME))
_EXTEND_TICK = Prepared(lambda _: update(ticks).where(_THIS_TICK).values(until=bindparam("end")))
_FURTHER = triggers.c.revision + 1
_LAST = bindparam("last", type_=String)
_MOVE_ON = Prepared(
    lambda _: (
        update(triggers)
        .where(triggers.c.id == bindparam("trigger"))
        .values(
            next_at=bindparam("next"),
            last_at=case(
                (
                    or_(triggers.c.last_at.is_(None), triggers.c.last_at < _LAST),
                    func.coalesce(_LAST, triggers.c.last_at),
                ),
                else_=triggers.c.last_at,
            ),
            problem=case(
                (bindparam("settles", type_=Boolean), bindparam("wrong", type_=Text)),
                else_=triggers.c.problem,
            ),
            revision=_FURTHER,
        )
    )
)


def moved_to_retry(connection: Connection, of: str, retry: str) -> None:
    """Make a tick that of the run which tries it again: decisions on the run before are void."""
    its_trigger = select(ticks.c.trigger_id).where(ticks.c.run_id == of)
    connection.execute(
        update(triggers).where(triggers.c.id.in_(its_trigger)).values(revision=_FURTHER)
    )
    connection.execute(update(ticks).where(ticks.c.run_id == of).values(run_id=retry))


class _Due(NamedTuple):
    """When a trigger is due, or why never."""

    trigger_id: str
    now: datetime
    next_at: datetime | None
    problem: str | None


def _that_still_hold(connection: Connection, firings: Sequence[Firing]) -> list[Firing]:
    revisions: dict[str, int] = {}
    for some in _slices(sorted({firing.trigger_id for firing in firings})):
        known = select(triggers.c.id, triggers.c.revision).where(triggers.c.id.in_(some))
        revisions |= {row.id: row.revision for row in connection.execute(known.with_for_update())}
    return [firing for firing in firings if revisions.get(firing.trigger_id) == firing.revision]


def _known_ticks(connection: Connection, firings: Sequence[Firing]) -> dict[tuple[str, str], bool]:
    """Say of each tick that is recorded whether it is settled; a waiting one is not."""
    wanted: dict[str, list[str]] = {}
    for firing in firings:
        for tick in firing.ticks:
            wanted.setdefault(stamp(tick.logical_time), []).append(firing.trigger_id)
    pair = tuple_(ticks.c.trigger_id, ticks.c.logical_time)
    if len(wanted) <= _FEW_MOMENTS:  # of many triggers that are due together, one by one takes long
        chosen = [
            and_(ticks.c.logical_time == at, ticks.c.trigger_id.in_(some))
            for at, ids in wanted.items()
            for some in _slices(ids)
        ]
    else:
        pairs = [(trigger_id, at) for at, ids in wanted.items() for trigger_id in ids]
        chosen = [pair.in_(some) for some in _slices(pairs)]
    found: dict[tuple[str, str], bool] = {}
    for these in chosen:
        known = select(ticks.c.trigger_id, ticks.c.logical_time, ticks.c.run_id, ticks.c.skipped)
        for row in connection.execute(known.where(these)):
            settled = row.run_id is not None or row.skipped is not None
            found[row.trigger_id, row.logical_time] = settled
    return found


def _tick_row(trigger_id: str, tick: TickChange) -> dict[str, Any]:
    return {
        "trigger": trigger_id,
        "at": stamp(tick.logical_time),
        "run": tick.queue.record.id if tick.queue else None,
        "reason": tick.skipped,
        "end": stamp(tick.until),
        "instead": tick.replaces,
    }


def _move_row(firing: Firing) -> dict[str, Any]:
    moved = firing.next_at != firing.due_at or firing.due_at is None
    times = [tick.logical_time for tick in firing.ticks]
    return {
        "trigger": firing.trigger_id,
        "next": stamp(firing.next_at),
        "last": stamp(max(times)) if times and moved else None,
        "wrong": firing.problem,
        "settles": moved or firing.problem is not None,
    }


def _waiting(connection: Connection, trigger_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return the ticks of triggers that have neither a run nor a reason, oldest first."""
    found: dict[str, list[Row[Any]]] = {}
    for some in _slices(trigger_ids):
        statement = (
            select(ticks).where(ticks.c.trigger_id.in_(some), _WAITS).order_by(ticks.c.logical_time)
        )
        for row in connection.execute(statement):
            found.setdefault(row.trigger_id, []).append(row)
    return found


def _running(connection: Connection, pipelines: Sequence[str]) -> dict[str, tuple[TickRun, ...]]:
    """Return the runs of pipelines that are not over, by the triggers whose ticks they are of."""
    # From the few runs that are not over to their ticks, never through all ticks of a trigger.
    # Those of backfills keep to a limit of their own: the schedule goes on beside them.
    ids: list[str] = []
    for some in _slices(pipelines):
        going = select(runs.c.id).where(
            runs.c.pipeline.in_(some),
            runs.c.state.in_(("queued", "running")),
            runs.c.origin != "backfill",
        )
        ids += connection.execute(going).scalars()
    found: dict[str, list[TickRun]] = {}
    for some in _slices(ids):
        statement = select(ticks).where(ticks.c.run_id.in_(some)).order_by(ticks.c.logical_time)
        for row in connection.execute(statement):
            run = TickRun(moment(row.logical_time), row.run_id)
            found.setdefault(row.trigger_id, []).append(run)
    return {name: tuple(found_runs) for name, found_runs in found.items()}


def _sync_one(
    connection: Connection,
    pipeline: str,
    spec: TriggerSpec,
    known: Row[Any] | None,
    due: _Due,
) -> None:
    trigger_id, now, next_at, problem = due
    values: dict[str, Any] = {
        "name": spec.name,
        "spec": _text(spec),
        "next_at": stamp(next_at),
        "problem": problem,
    }
    if known is None:
        values |= {"id": trigger_id, "pipeline": pipeline, "active": spec.active}
        connection.execute(insert(triggers).values(anchor=_EPOCH, **values))
        return
    if known.spec == values["spec"]:
        return
    before = msgspec.json.decode(known.spec, type=TriggerSpec)
    if msgspec.structs.replace(spec, name=before.name, line=1) == before:
        values = {"name": spec.name, "spec": values["spec"]}  # a new name is no new schedule
    else:
        values["memory"] = None  # what was there before the edit is the past
        if before.active != spec.active:
            values["active"] = spec.active
        if known.active and known.next_at is not None and known.next_at <= stamp(now):
            shift = shift_of(trigger_id, spec.jitter)
            until = now + _MOMENT if next_at is None else next_at - shift
            values["last_at"] = _skip_by_edit(connection, known, before, until)
    changed = update(triggers).where(triggers.c.id == known.id)
    connection.execute(changed.values(values | {"revision": _FURTHER}))


def _skip_by_edit(
    connection: Connection, known: Row[Any], before: TriggerSpec, until: datetime
) -> str | None:
    """Record that what was due is the past now, up to the first tick of the new schedule."""
    at = moment(known.next_at) - shift_of(known.id, before.jitter)
    row = {
        "trigger_id": known.id,
        "logical_time": stamp(at),
        "skipped": f"{MISSED}; the trigger was edited before it could start",
        "until": stamp(until),
    }
    statement = insert_or_replace(connection.dialect.name, ticks).values(row)
    connection.execute(statement.on_conflict_do_nothing())
    return max(filter(None, (known.last_at, stamp(at))))


def _due(
    trigger_id: str, spec: TriggerSpec, known: Row[Any] | None, now: datetime, next_of: NextOf
) -> tuple[datetime | None, str | None]:
    """Return the next tick after `now` and after all that were, or why there is none."""
    last = moment(known.last_at) if known is not None else None
    try:
        shift = shift_of(trigger_id, spec.jitter)
        at = next_of(spec, now if last is None else max(now, last))
        return None if at is None else at + shift, None
    except InvalidInput as error:
        return None, error.message


def _renamed(spec: TriggerSpec, gone: dict[str, Row[Any]]) -> Row[Any] | None:
    """Take out of `gone` the trigger that is this one under its old name: its times tell."""
    for name, row in gone.items():
        before = msgspec.json.decode(row.spec, type=TriggerSpec)
        if all(getattr(spec, key) == getattr(before, key) for key in (*TRIGGER_KINDS, "timezone")):
            return gone.pop(name)
    return None


def _forget(connection: Connection, trigger_ids: Iterable[str]) -> None:
    """Delete triggers; their ticks stay, and those that waited say why they came to nothing."""
    for trigger_id in trigger_ids:
        connection.execute(delete(triggers).where(triggers.c.id == trigger_id))
        connection.execute(
            update(ticks)
            .where(ticks.c.trigger_id == trigger_id, _WAITS)
            .values(skipped="the trigger was deleted")
        )
        end_backfills_of(connection, trigger_id, "the trigger was deleted")


def _text(spec: TriggerSpec) -> bytes:
    """Write a specification; the line where it stands in its file is no part of it."""
    return msgspec.json.encode(msgspec.structs.replace(spec, line=1))


def _spec(row: Row[Any]) -> TriggerSpec:
    return msgspec.json.decode(row.spec, type=TriggerSpec)


def _state(
    row: Row[Any],
    spec: TriggerSpec,
    running: tuple[TickRun, ...],
    waiting: Sequence[Row[Any]],
    *,
    published: int | None,
) -> TriggerState:
    return TriggerState(
        id=row.id,
        pipeline=row.pipeline,
        spec=spec,
        active=bool(row.active),
        next_at=moment(row.next_at),
        revision=row.revision,
        published=published,
        running=running,
        held=tuple(moment(tick.logical_time) for tick in waiting if not tick.arrived),
        replacing=any(tick.replaces for tick in waiting),
        arrived=tuple(moment(tick.logical_time) for tick in waiting if tick.arrived),
        causes={
            moment(tick.logical_time): msgspec.json.decode(tick.cause, type=Cause)
            for tick in waiting
            if tick.cause is not None
        },
    )


def _news(connection: Connection, trigger_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return of triggers how many ticks wait, and the newest that was skipped with its reason."""
    found: dict[str, dict[str, Any]] = {name: {} for name in trigger_ids}
    waiting = select(ticks.c.trigger_id, func.count()).where(_WAITS).group_by(ticks.c.trigger_id)
    for row in connection.execute(waiting):
        if row[0] in found:
            found[row[0]]["waiting"] = row[1]
    for some in _slices(trigger_ids):
        newest = (
            select(ticks.c.trigger_id, func.max(ticks.c.logical_time).label("at"))
            .where(ticks.c.trigger_id.in_(some), ticks.c.skipped.is_not(None))
            .group_by(ticks.c.trigger_id)
            .subquery()
        )
        same = and_(ticks.c.trigger_id == newest.c.trigger_id, ticks.c.logical_time == newest.c.at)
        for row in connection.execute(select(ticks).join(newest, same)):
            said = {"skipped_at": moment(row.logical_time), "skipped": row.skipped}
            found[row.trigger_id] |= said
    return found


def _table(row: Row[Any], news: dict[str, Any]) -> TriggerTable:
    spec = msgspec.json.decode(row.spec, type=TriggerSpec)
    fields = {name: getattr(spec, name) for name in SAID}
    table = {
        "id": row.id,
        "pipeline": row.pipeline,
        "name": row.name,
        "active": bool(row.active),
        "next_at": moment(row.next_at) if row.active else None,
        "last_at": moment(row.last_at),
        "problem": row.problem,
        "has_secret": row.secret is not None,
        **news,
        **fields,
    }
    return msgspec.convert(table, TriggerTable)


def _slices(values: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(values), _MOST_VARIABLES):
        yield values[start : start + _MOST_VARIABLES]
