"""Events that triggers wait for, as they are recorded: each once, with what was seen until then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import func, insert, select, update

from headrace.core.crash import crashpoint
from headrace.core.errors import NotFound
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import BlockRun
from headrace.runs.database import Database
from headrace.runs.firing import Arrival
from headrace.runs.tables import block_runs, runs, ticks, triggers
from headrace.runs.times import moment, stamp

_MOMENT = timedelta(microseconds=1)
_MOST_RUNS = 100


class Waiting(Struct, frozen=True, kw_only=True):
    """A trigger that waits for events, with what it has seen; `memory` None: it looks first now."""

    id: str
    pipeline: str
    spec: TriggerSpec
    active: bool
    memory: bytes | None
    secret: str | None
    problem: str | None = None


class Ended(Struct, frozen=True):
    """A run that succeeded, and when."""

    run: str
    at: datetime


class Arrivals:
    """The part of `History` for triggers that wait for events."""

    database: Database

    def waiting_triggers(self) -> list[Waiting]:
        """Return the active triggers that look for files, runs or outputs."""
        no_clock = select(triggers).where(triggers.c.active, triggers.c.next_at.is_(None))
        with self.database.reading() as connection:
            rows = connection.execute(no_clock)
            found = [_waiting(row) for row in rows]
        return [one for one in found if one.spec.files or one.spec.after or one.spec.changed]

    def waiting_trigger(self, trigger_id: str) -> Waiting:
        """Return any trigger by its id; NotFound."""
        found = self.find_trigger(trigger_id)
        if found is None:
            raise NotFound("There is no such trigger.", kind="trigger", name=trigger_id)
        return found

    def find_trigger(self, trigger_id: str) -> Waiting | None:
        """Return any trigger by its id, None when there is none."""
        with self.database.reading() as connection:
            row = connection.execute(select(triggers).where(triggers.c.id == trigger_id)).first()
        return None if row is None else _waiting(row)

    def set_secret(self, trigger_id: str, secret_digest: str) -> None:
        """Replace the secret of a webhook; the one before opens nothing any more."""
        with self.database.writing() as connection:
            connection.execute(
                update(triggers).where(triggers.c.id == trigger_id).values(secret=secret_digest)
            )

    def set_problem(self, trigger_id: str, problem: str | None) -> None:
        """Say why a trigger cannot look, or that it can again."""
        with self.database.writing() as connection:
            connection.execute(
                update(triggers).where(triggers.c.id == trigger_id).values(problem=problem)
            )

    def arrive(
        self,
        trigger: Waiting,
        arrivals: Sequence[Arrival],
        memory: bytes | None,
    ) -> list[datetime]:
        """Record events as ticks that wait, and what the trigger has now seen: one transaction.

        Nothing happens when another process saw them first, or when the trigger was paused or
        edited meanwhile. An event whose key is known already is left out. Returns the ticks' times.
        """
        with self.database.writing() as connection:
            row = connection.execute(
                select(triggers).where(triggers.c.id == trigger.id).with_for_update()
            ).first()
            if row is None or not row.active or row.memory != trigger.memory:
                return []
            if memory != trigger.memory:
                connection.execute(
                    update(triggers).where(triggers.c.id == trigger.id).values(memory=memory)
                )
            of_it = ticks.c.trigger_id == trigger.id
            keys = [one.key for one in arrivals]
            known = select(ticks.c.key).where(of_it, ticks.c.key.in_(keys))
            seen = set(connection.execute(known).scalars()) if keys else set[str]()
            last = moment(
                connection.execute(select(func.max(ticks.c.logical_time)).where(of_it)).scalar()
            )
            new: list[dict[str, Any]] = []
            times: list[datetime] = []
            for arrival in arrivals:
                if arrival.key in seen:
                    continue
                seen.add(arrival.key)
                at = arrival.at if last is None else max(arrival.at, last + _MOMENT)
                last = at
                times.append(at)
                new.append(
                    {
                        "trigger_id": trigger.id,
                        "logical_time": stamp(at),
                        "arrived": True,
                        "key": arrival.key,
                        "cause": msgspec.json.encode(arrival.cause),
                    }
                )
            if new:
                connection.execute(insert(ticks), new)
                crashpoint("arrive.before-commit")
        if new:
            crashpoint("arrive.after-commit")
        return times

    def tick_of_key(self, trigger_id: str, key: str) -> datetime | None:
        """Return the tick that an event of this key has, None when it has none."""
        statement = select(ticks.c.logical_time).where(
            ticks.c.trigger_id == trigger_id, ticks.c.key == key
        )
        with self.database.reading() as connection:
            return moment(connection.execute(statement).scalar())

    def succeeded_since(self, pipeline: str, since: datetime) -> list[Ended]:
        """Return what succeeded since a moment, oldest first, without runs of the editor."""
        statement = (
            select(runs.c.id, runs.c.finished_at)
            .where(
                runs.c.pipeline == pipeline,
                runs.c.state == "succeeded",
                runs.c.origin != "editor",
                runs.c.finished_at >= stamp(since),
            )
            .order_by(runs.c.finished_at)
            .limit(_MOST_RUNS)
        )
        with self.database.reading() as connection:
            return [Ended(row.id, moment(row.finished_at)) for row in connection.execute(statement)]

    def newest_output(self, pipeline: str, block: str) -> tuple[str, str] | None:
        """Return the run and the content digest of what a block gave last, editor's runs not."""
        statement = (
            select(block_runs.c.run_id, block_runs.c.record)
            .join(runs, runs.c.id == block_runs.c.run_id)
            .where(
                block_runs.c.pipeline == pipeline,
                block_runs.c.name == block,
                block_runs.c.state.in_(("succeeded", "cached")),
                runs.c.origin != "editor",
            )
            .order_by(block_runs.c.finished_at.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(statement).first()
        if row is None:
            return None
        output = msgspec.json.decode(row.record, type=BlockRun).output
        return None if output is None else (row.run_id, output.digest)


def _waiting(row: Any) -> Waiting:
    return Waiting(
        id=row.id,
        pipeline=row.pipeline,
        spec=msgspec.json.decode(row.spec, type=TriggerSpec),
        active=bool(row.active),
        memory=row.memory,
        secret=row.secret,
        problem=row.problem,
    )
