"""Notifications in the history: decided with the end of a run, kept until they are sent."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, and_, bindparam, delete, func, or_, select, update

from headrace.core.crash import crashpoint
from headrace.protocol.notifications import NOTIFY_EVENTS, NotificationTable, Notify
from headrace.protocol.tables import FINAL_RUN_STATES, Retry
from headrace.runs.changes import SaveRun
from headrace.runs.database import Database
from headrace.runs.incidents import (
    TOLD_ORIGINS,
    Claimed,
    Ended,
    Incidents,
    Overdue,
    Telling,
    decide,
)
from headrace.runs.prepared import Prepared
from headrace.runs.queueing import insert_or_replace
from headrace.runs.tables import channels, incidents, notifications, runs, ticks, triggers
from headrace.runs.times import moment, stamp

GATHER_S = float(os.environ.get("HEADRACE_GATHER_S", "5"))
"""How long a notification waits for others that go with it; the setting is for tests."""
PAUSE_S = GATHER_S * 6
"""Between two messages to one channel."""
BACKOFF_S = (10.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 3600.0)
"""Until the next try after each one that failed; one more try than there are numbers."""
MOST_AT_ONCE = 200
"""Notifications of one message."""
_LONGEST_ERROR = 500
_UNFINISHED = ("queued", "running")


class ChannelState(Struct, frozen=True, kw_only=True):
    """How a channel did last, and how much it has before it."""

    name: str
    sent_at: datetime | None = None
    error: str | None = None
    error_at: datetime | None = None
    waiting: int = 0


class Notifications:
    """The part of `History` that tells people."""

    database: Database

    # What is told

    def sync_notify(self, told: Mapping[str, Notify], existing: Collection[str]) -> None:
        """Say who is told of the pipelines in `told`; forget those that do not exist any more.

        Of a pipeline that is not in `told` all stays as it was.
        """
        with self.database.reading() as connection:
            known = {row.pipeline: row.notify for row in connection.execute(select(incidents))}
        wanted = {name: _encoded(notify) for name, notify in told.items() if _is_told(notify)}
        gone = [
            name for name in known if name not in existing or (name in told and name not in wanted)
        ]
        changed = {name: text for name, text in wanted.items() if known.get(name) != text}
        if not gone and not changed:
            return
        with self.database.writing() as connection:
            connection.execute(delete(incidents).where(incidents.c.pipeline.in_(gone)))
            for name, text in changed.items():
                _put_notify(connection, name, text, told[name].late_after_s)

    def look_for_late(self, now: datetime) -> list[str]:
        """Have ticks told that are not over though their time is up; return their pipelines."""
        limits = select(incidents.c.pipeline, incidents.c.late_after_s, incidents.c.state).where(
            incidents.c.late_after_s.is_not(None)
        )
        with self.database.reading() as connection:
            found = {row.pipeline: row for row in connection.execute(limits)}
            if not found:
                return []
            going = _going_on(connection, sorted(found))
        late: dict[str, Overdue] = {}
        for pipeline, logical_time, run in going:
            row = found[pipeline]
            state = msgspec.json.decode(row.state, type=Incidents)
            is_new = state.newest_late is None or logical_time > state.newest_late
            if is_new and now - logical_time > timedelta(seconds=row.late_after_s):
                overdue = Overdue(logical_time=logical_time, at=now, run=run)
                late[pipeline] = max(
                    overdue, late.get(pipeline, overdue), key=lambda one: one.logical_time
                )
        if late:
            with self.database.writing() as connection:
                for pipeline, overdue in sorted(late.items()):
                    _happened(connection, pipeline, overdue)
        return sorted(late)

    # Sending

    def next_notification(self) -> datetime | None:
        """Return when there is something to send, or None; it may be in the past."""
        waits = notifications.c.state == "waiting"
        free = func.coalesce(notifications.c.claimed_until, notifications.c.due_at)
        with self.database.reading() as connection:
            return moment(connection.execute(select(func.min(free)).where(waits)).scalar())

    def due_channels(self, now: datetime) -> list[str]:
        """Return the channels to which something is to be sent now."""
        due = (
            select(notifications.c.channel)
            .where(notifications.c.state == "waiting", notifications.c.due_at <= stamp(now))
            .distinct()
        )
        with self.database.reading() as connection:
            names = sorted(connection.execute(due).scalars())
            return [name for name in names if _is_rested(connection, name, now)]

    def claim_notifications(self, channel: str, now: datetime, for_s: float) -> list[Claimed]:
        """Take all that waits for a channel, oldest first; nothing while somebody else has it.

        Nobody else gets it for so many seconds; who does not say within them what came of it has
        lost it to the next one who asks.
        """
        waiting = (
            select(notifications)
            .where(notifications.c.state == "waiting", notifications.c.channel == channel)
            .order_by(notifications.c.id)
            .limit(MOST_AT_ONCE)
            .with_for_update()
        )
        with self.database.writing() as connection:
            rows = connection.execute(waiting).all()
            if any(row.claimed_until and row.claimed_until > stamp(now) for row in rows):
                return []
            connection.execute(
                update(notifications)
                .where(notifications.c.id.in_([row.id for row in rows]))
                .values(
                    claimed_until=stamp(now + timedelta(seconds=for_s)),
                    attempts=notifications.c.attempts + 1,
                )
            )
            return [_claimed(connection, row) for row in rows]

    def note_sending(
        self, channel: str, ids: Sequence[int], at: datetime, error: str | None
    ) -> None:
        """Record what came of a try: all was sent, or why nothing was.

        Of a try that was a test only, `ids` are none.
        """
        told = None if error is None else error[:_LONGEST_ERROR]
        with self.database.writing() as connection:
            _note_channel(connection, channel, at, told)
            mine = notifications.c.id.in_(list(ids))
            if told is None:
                sent = {"state": "sent", "sent_at": stamp(at), "error": None}
                connection.execute(
                    update(notifications).where(mine).values(claimed_until=None, **sent)
                )
            else:
                for row in connection.execute(select(notifications).where(mine)).all():
                    values = _after_failure(row.attempts, at)
                    connection.execute(
                        update(notifications)
                        .where(notifications.c.id == row.id)
                        .values(claimed_until=None, error=told, **values)
                    )
            crashpoint("notify.before-commit")
        crashpoint("notify.after-commit")

    def forget_notifications(self, before: datetime) -> None:
        """Delete what was sent or given up and is older."""
        old = and_(notifications.c.created_at < stamp(before), notifications.c.state != "waiting")
        with self.database.writing() as connection:
            connection.execute(delete(notifications).where(old))

    # Looking

    def channel_states(self) -> dict[str, ChannelState]:
        """Return how each channel did that was ever used."""
        counts = (
            select(notifications.c.channel, func.count())
            .where(notifications.c.state == "waiting")
            .group_by(notifications.c.channel)
        )
        with self.database.reading() as connection:
            waiting: dict[str, int] = {row[0]: row[1] for row in connection.execute(counts)}
            used = {row.name: row for row in connection.execute(select(channels))}
        return {
            name: ChannelState(
                name=name,
                sent_at=moment(used[name].sent_at) if name in used else None,
                error=used[name].error if name in used else None,
                error_at=moment(used[name].error_at) if name in used else None,
                waiting=waiting.get(name, 0),
            )
            for name in sorted({*used, *waiting})
        }

    def told_pipelines(self) -> dict[str, Notify]:
        """Return who is told of each pipeline."""
        with self.database.reading() as connection:
            rows = connection.execute(select(incidents).order_by(incidents.c.pipeline))
            return {row.pipeline: msgspec.json.decode(row.notify, type=Notify) for row in rows}

    def notifications(self, limit: int = 50) -> list[NotificationTable]:
        """Return the newest notifications, newest first."""
        newest = select(notifications).order_by(notifications.c.id.desc()).limit(limit)
        with self.database.reading() as connection:
            return [_table(row) for row in connection.execute(newest)]


_IS_TOLD = Prepared(
    lambda _: select(runs.c.id).where(
        runs.c.id == bindparam("run"), runs.c.pipeline.in_(select(incidents.c.pipeline))
    )
)
"""Whether anybody is told of the pipeline of a run: of most, nobody is."""


def record_end(connection: Connection, change: SaveRun) -> None:
    """Decide what is told of the end of a run, before that is written; in its transaction.

    A run that failed and is tried again is not asked about: its tick is not over.
    """
    if change.state not in FINAL_RUN_STATES or change.finished_at is None:
        return
    if _IS_TOLD.run(connection, {"run": change.run_id}) is None:
        return
    found = select(runs).where(
        runs.c.id == change.run_id,
        runs.c.state.in_(_UNFINISHED),
        runs.c.origin.in_(TOLD_ORIGINS),
    )
    row = connection.execute(found).first()
    if row is None or change.state == "cancelled":
        return
    origin = _origin_of_tick(connection, row)
    if origin not in TOLD_ORIGINS:
        return
    ended = Ended(
        run=row.id,
        succeeded=change.state == "succeeded",
        queued_at=moment(row.queued_at),
        at=change.finished_at,
        logical_time=moment(row.logical_time) if origin == "trigger" else None,
        reason=change.reason,
    )
    _happened(connection, row.pipeline, ended)


def _origin_of_tick(connection: Connection, row: Row[Any]) -> str:
    """Return the origin of a run; of a try that is not the first, that of the first one."""
    origin, retry = row.origin, row.retry
    while retry is not None:
        of = msgspec.json.decode(retry, type=Retry).of
        before = connection.execute(select(runs.c.origin, runs.c.retry).where(runs.c.id == of))
        found = before.first()
        if found is None:
            break
        origin, retry = found.origin, found.retry
    return origin


def _happened(connection: Connection, pipeline: str, happened: Ended | Overdue) -> None:
    mine = select(incidents).where(incidents.c.pipeline == pipeline).with_for_update()
    row = connection.execute(mine).first()
    if row is None:
        return
    notify = msgspec.json.decode(row.notify, type=Notify)
    before = msgspec.json.decode(row.state, type=Incidents)
    after, told = decide(before, notify, happened)
    if after != before:
        connection.execute(
            update(incidents)
            .where(incidents.c.pipeline == pipeline)
            .values(state=msgspec.json.encode(after))
        )
    new = [
        _row(pipeline, channel, telling)
        for telling in told
        for channel in notify.channels(telling.event)
    ]
    if new:
        put = insert_or_replace(connection.dialect.name, notifications)
        connection.execute(put.on_conflict_do_nothing(), new)


def _row(pipeline: str, channel: str, telling: Telling) -> dict[str, Any]:
    return {
        "channel": channel,
        "pipeline": pipeline,
        "event": telling.event,
        "incident": telling.incident,
        "telling": msgspec.json.encode(telling),
        "state": "waiting",
        "created_at": stamp(telling.at),
        "due_at": stamp(telling.at + timedelta(seconds=GATHER_S)),
    }


def _going_on(
    connection: Connection, pipelines: Sequence[str]
) -> list[tuple[str, datetime, str | None]]:
    """Return the ticks of pipelines that are not over, with their runs, as far as they have one."""
    of_runs = select(runs.c.pipeline, runs.c.logical_time, runs.c.id).where(
        runs.c.state.in_(_UNFINISHED),
        or_(runs.c.origin == "trigger", runs.c.retry.is_not(None)),
        runs.c.logical_time.is_not(None),
        runs.c.pipeline.in_(pipelines),
    )
    of_ticks = (
        select(triggers.c.pipeline, ticks.c.logical_time)
        .join(triggers, triggers.c.id == ticks.c.trigger_id)
        .where(
            ticks.c.run_id.is_(None), ticks.c.skipped.is_(None), triggers.c.pipeline.in_(pipelines)
        )
    )
    found: list[tuple[str, datetime, str | None]] = [
        (row[0], moment(row[1]), row[2]) for row in connection.execute(of_runs)
    ]
    return found + [(row[0], moment(row[1]), None) for row in connection.execute(of_ticks)]


def _put_notify(
    connection: Connection, pipeline: str, text: bytes, late_after_s: float | None
) -> None:
    values = {"notify": text, "late_after_s": late_after_s}
    changed = connection.execute(
        update(incidents).where(incidents.c.pipeline == pipeline).values(values)
    )
    if changed.rowcount:
        return
    # What happened before anybody was to be told of it is the past.
    succeeded = select(runs.c.id).where(
        runs.c.pipeline == pipeline,
        runs.c.state == "succeeded",
        runs.c.origin.in_(TOLD_ORIGINS),
    )
    first = connection.execute(succeeded.limit(1)).first()
    state = Incidents(has_succeeded=first is not None)
    put = insert_or_replace(connection.dialect.name, incidents)
    row = {"pipeline": pipeline, "state": msgspec.json.encode(state), **values}
    connection.execute(put.on_conflict_do_nothing(), row)


def _encoded(notify: Notify) -> bytes:
    """Write who is told; the line where that stands in its file is no part of it."""
    return msgspec.json.encode(msgspec.structs.replace(notify, line=1))


def _is_told(notify: Notify) -> bool:
    return any(notify.channels(event) for event in NOTIFY_EVENTS)


def _is_rested(connection: Connection, channel: str, now: datetime) -> bool:
    """Tell whether the last message to a channel is long enough ago."""
    last = connection.execute(select(channels.c.sent_at).where(channels.c.name == channel)).scalar()
    return last is None or now - moment(last) >= timedelta(seconds=PAUSE_S)


def _claimed(connection: Connection, row: Row[Any]) -> Claimed:
    telling = msgspec.json.decode(row.telling, type=Telling)
    found = select(incidents.c.state).where(incidents.c.pipeline == row.pipeline)
    text = connection.execute(found).scalar()
    now = Incidents() if text is None else msgspec.json.decode(text, type=Incidents)
    return Claimed(
        id=row.id,
        channel=row.channel,
        pipeline=row.pipeline,
        telling=telling,
        attempts=row.attempts + 1,
        failures=now.failures if now.failing == telling.incident else 0,
    )


def _after_failure(attempts: int, at: datetime) -> dict[str, Any]:
    if attempts > len(BACKOFF_S):
        return {"state": "failed"}
    return {"due_at": stamp(at + timedelta(seconds=BACKOFF_S[max(attempts, 1) - 1]))}


def _note_channel(connection: Connection, channel: str, at: datetime, error: str | None) -> None:
    values: dict[str, Any] = (
        {"sent_at": stamp(at), "error": None, "error_at": None}
        if error is None
        else {"error": error, "error_at": stamp(at)}
    )
    put = insert_or_replace(connection.dialect.name, channels).values(name=channel, **values)
    connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=values))


def _table(row: Row[Any]) -> NotificationTable:
    telling = msgspec.json.decode(row.telling, type=Telling)
    return NotificationTable(
        id=row.id,
        channel=row.channel,
        event=row.event,
        pipeline=row.pipeline,
        run=telling.run,
        reason=telling.reason,
        state=row.state,
        attempts=row.attempts,
        created_at=moment(row.created_at),
        sent_at=moment(row.sent_at),
        error=row.error,
    )
