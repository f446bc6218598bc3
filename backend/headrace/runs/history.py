"""The history: runs, block runs, results by key, triggers and ticks. All SQL of Headrace is here.

One call of `write` is one transaction, durable when it returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import (
    Connection,
    Executable,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from headrace.core.crash import crashpoint
from headrace.core.errors import NotFound
from headrace.protocol.comparison import PastResults
from headrace.protocol.tables import BlockRun, Output, RunRecord
from headrace.runs.arrivals import Arrivals
from headrace.runs.backfills import Backfills, forget_backfills
from headrace.runs.changes import (
    Change,
    MoveWatermark,
    QueueRetry,
    QueueRun,
    SaveBlock,
    SaveResult,
    SaveRun,
    SaveUnsynced,
)
from headrace.runs.database import BUSY_TIMEOUT_MS, Database
from headrace.runs.holdings import addresses_of, forget_results
from headrace.runs.leases import Leases
from headrace.runs.lists import Lists, limits_from, retry_from
from headrace.runs.matrix import Matrices
from headrace.runs.needed import needed_addresses, pipelines_of, unknown_runs
from headrace.runs.notifications import Notifications, record_end
from headrace.runs.others import Others
from headrace.runs.past_results import past_results
from headrace.runs.prepared import Prepared
from headrace.runs.publications import Publications
from headrace.runs.queueing import insert_or_replace, queue_runs
from headrace.runs.tables import (
    backfill_ticks,
    block_runs,
    leases,
    results,
    runs,
    ticks,
    triggers,
    unsynced_outputs,
    versions,
)
from headrace.runs.times import moment, stamp
from headrace.runs.triggers import Triggers, moved_to_retry
from headrace.runs.watermarks import Watermarks, move_watermark
from headrace.store.files import Unsynced

KEPT_RESULTS = 50
"""Newest results of a block that are kept."""
UNFINISHED = ("queued", "running")
_OPEN = (*UNFINISHED, "waiting")
"""States of a block that is not over."""


class History(
    Triggers,
    Backfills,
    Arrivals,
    Publications,
    Leases,
    Others,
    Matrices,
    Lists,
    Notifications,
    Watermarks,
):
    """What happened, for ever. Not thread-safe: one thread owns it (see `HistoryThread`).

    Every method raises Unavailable when the database is locked or away, StorageFull when the disk
    is full; nothing is then changed.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, place: str | Path) -> Self:
        """Open or create the history at a path, or at a database URL (see `Database.open`)."""
        return cls(Database.open(place))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def wait_for_locks_since(self, asked: float) -> None:
        """Count the wait for another program's lock from `asked` (monotonic seconds) on."""
        self.database.deadline = asked + BUSY_TIMEOUT_MS / 1000

    def told_of_loss(self, had_runs: bool) -> str | None:  # noqa: FBT001 passed through a queue
        """Say what is gone, when opening found the history damaged, or none though runs were.

        Pipelines, triggers and stored outputs are in files, and are read again from there.
        """
        gone = "All runs until now, and the results by which blocks count as fresh, are gone from"
        kept = "Pipelines, triggers and outputs are intact; triggers go on with their next tick."
        if self.database.moved_aside is not None:
            name = self.database.moved_aside.name
            return f"The history was damaged and lies in .headrace/{name}. {gone} it. {kept}"
        if self.database.is_new and had_runs:
            return f"The history was deleted. {gone} it. {kept}"
        return None

    # Writing

    def write(self, changes: Sequence[Change]) -> None:
        """Carry out all changes in one durable transaction."""
        with self.database.writing() as connection:
            tried_again = {change.of for change in changes if isinstance(change, QueueRetry)}
            for change in changes:
                if isinstance(change, SaveRun) and change.run_id not in tried_again:
                    record_end(connection, change)
                _apply(connection, change)
            crashpoint("history.before-commit")
        crashpoint("history.after-commit")

    # Runs

    def find_by_key(self, pipeline: str, key: str, since: datetime) -> str | None:
        """Find the run that was queued with an idempotency key since a moment."""
        statement = select(runs.c.id).where(
            runs.c.pipeline == pipeline,
            runs.c.idempotency_key == key,
            runs.c.queued_at >= stamp(since),
        )
        with self.database.reading() as connection:
            found = connection.execute(statement).first()
        return found[0] if found else None

    def run(self, run_id: str) -> RunRecord:
        """Return a run with its blocks; NotFound when there is none."""
        with self.database.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
            if row is None:
                raise NotFound(f"There is no run {run_id!r}.", kind="run", name=run_id)
            return _record(row, self._blocks(connection, run_id))

    @staticmethod
    def _blocks(connection: Connection, run_id: str) -> list[BlockRun]:
        statement = (
            select(block_runs.c.record)
            .where(block_runs.c.run_id == run_id)
            .order_by(block_runs.c.position)
        )
        found = connection.execute(statement)
        return [msgspec.json.decode(row[0], type=BlockRun) for row in found]

    def files(self, version: str) -> bytes:
        """Return the pinned files of a version; NotFound when none is kept."""
        statement = select(versions.c.files).where(versions.c.hash == version)
        with self.database.reading() as connection:
            found = connection.execute(statement).first()
        if found is None:
            raise NotFound(f"There is no version {version!r}.", kind="version", name=version)
        return found[0]

    def unfinished(self) -> list[tuple[RunRecord, bytes, str]]:
        """Return the runs that are not over, oldest first, with their files and owners."""
        statement = (
            select(runs, versions.c.files)
            .join(versions, versions.c.hash == runs.c.version)
            .where(runs.c.state.in_(UNFINISHED))
            .order_by(runs.c.queued_at)
        )
        with self.database.reading() as connection:
            rows = connection.execute(statement).all()
            return [
                (_record(row, self._blocks(connection, row.id)), row.files, row.owner)
                for row in rows
            ]

    def take_over(self, run_id: str, owner: str, from_owner: str | None = None) -> bool:
        """Make `owner` responsible for a run; False when somebody else was faster.

        The owner before loses its lease in the same transaction.
        """
        statement = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.in_(UNFINISHED))
            .values(owner=owner, attempt=runs.c.attempt + 1)
        )
        if from_owner is not None:
            statement = statement.where(runs.c.owner == from_owner)
        with self.database.writing() as connection:
            taken = connection.execute(statement).rowcount == 1
            if taken and from_owner not in (None, owner):
                connection.execute(delete(leases).where(leases.c.owner == from_owner))
            crashpoint("takeover.before-commit")
        crashpoint("takeover.after-commit")
        return taken

    # Results

    def results(self, pipeline: str, per_block: int = KEPT_RESULTS) -> list[SaveResult]:
        """Return the newest results of every block, newest first."""
        statement = (
            select(results)
            .where(results.c.pipeline == pipeline)
            .order_by(results.c.finished_at.desc())
        )
        with self.database.reading() as connection:
            rows = connection.execute(statement).all()
        counts: Counter[str] = Counter()
        found: list[SaveResult] = []
        for row in rows:
            counts[row.block] += 1
            if counts[row.block] <= per_block:
                found.append(
                    SaveResult(
                        pipeline=pipeline,
                        block=row.block,
                        key=row.key,
                        output=msgspec.json.decode(row.output, type=Output),
                        finished_at=moment(row.finished_at),
                    )
                )
        return found

    def last_block_runs(self, pipeline: str) -> dict[str, tuple[str, BlockRun]]:
        """Return the block run of each block that ended last, with its run."""
        found: dict[str, tuple[str, BlockRun]] = {}
        ended = and_(block_runs.c.pipeline == pipeline, block_runs.c.finished_at.is_not(None))
        with self.database.reading() as connection:
            # From name to name through the index: the block runs between are never looked at.
            name = ""
            while True:
                following = select(func.min(block_runs.c.name)).where(
                    block_runs.c.pipeline == pipeline, block_runs.c.name > name
                )
                name = connection.execute(following).scalar()
                if name is None:
                    return found
                newest = (
                    select(block_runs.c.run_id, block_runs.c.record)
                    .where(ended, block_runs.c.name == name)
                    .order_by(block_runs.c.finished_at.desc())
                    .limit(1)
                )
                row = connection.execute(newest).first()
                if row is not None:
                    found[name] = (row.run_id, msgspec.json.decode(row.record, type=BlockRun))

    def past_results(self, pipeline: str, block: str) -> PastResults:
        """Return what a block gave until now, newest first; equal results in a row are one."""
        with self.database.reading() as connection:
            return past_results(connection, pipeline, block)

    # Outputs that are not on the disk yet

    def unsynced(self, limit: int = 200) -> list[tuple[int, Unsynced]]:
        """Return the oldest outputs whose files may not be on the disk yet, with their numbers."""
        statement = select(unsynced_outputs).order_by(unsynced_outputs.c.id).limit(limit)
        with self.database.reading() as connection:
            rows = connection.execute(statement)
            return [(row.id, Unsynced(row.name, row.content)) for row in rows]

    def settled(self, numbers: Collection[int]) -> None:
        """Forget outputs whose files are on the disk."""
        with self.database.writing() as connection:
            connection.execute(
                delete(unsynced_outputs).where(unsynced_outputs.c.id.in_(list(numbers)))
            )

    def checkpoint(self) -> None:
        """Move what was written from the log into the database; SQLite does it seldom by itself."""
        self.database.checkpoint()

    # Retention

    def pipelines(self) -> list[str]:
        """Return the names of all pipelines that ever ran, sorted."""
        with self.database.reading() as connection:
            return pipelines_of(connection)

    def needed(self, pipeline: str, runs_each: int) -> set[str]:
        """Return the addresses that the store must keep (see `needed_addresses`)."""
        shown = [block for _, block in self.last_block_runs(pipeline).values()]
        with self.database.reading() as connection:
            return needed_addresses(connection, pipeline, runs_each, shown)

    def stored(self) -> list[tuple[str, str, str]]:
        """Return (pipeline, block, address) of every output and display that is named here."""
        with self.database.reading() as connection:
            return list(addresses_of(connection))

    def forget_results(self, kept: int, before: datetime) -> int:
        """Forget old results but the newest of each block (see `holdings.forget_results`)."""
        with self.database.writing() as connection:
            return forget_results(connection, kept, before)

    def unknown(self, ids: Collection[str]) -> set[str]:
        """Return those of `ids` that are no run of this history, or no longer."""
        with self.database.reading() as connection:
            return unknown_runs(connection, ids)

    def purge(self, before: datetime, limit: int = 100) -> int:
        """Delete up to `limit` runs that ended before a moment, then as many skipped ticks.

        Returns how many; call it again until that is 0. What guards against a second run of a tick
        stays: a trigger's `last_at`, and the ticks of every trigger that may still need them; up to
        `forgotten_to` no backfill takes a tick for one that never ran. The runs of a backfill stay
        as long as it does: until that was over before the moment.
        """
        of_backfill = select(backfill_ticks.c.run_id).where(backfill_ticks.c.run_id == runs.c.id)
        old = (
            select(runs.c.id)
            .where(
                runs.c.queued_at < stamp(before),
                runs.c.finished_at < stamp(before),
                ~of_backfill.exists(),
            )
            .order_by(runs.c.queued_at)
            .limit(limit)
        )
        with self.database.writing() as connection:
            gone = forget_backfills(connection, before, limit)
            if gone:
                return gone
            ids = list(connection.execute(old).scalars())
            if not ids:
                return _purge_skipped(connection, before, limit)
            forgotten = and_(ticks.c.run_id.in_(ids), ~_GUARDED.exists())
            newest = select(ticks.c.trigger_id, func.max(ticks.c.logical_time)).where(forgotten)
            for trigger, at in connection.execute(newest.group_by(ticks.c.trigger_id)).all():
                _forget_to(connection, trigger, at)
            shared = select(runs.c.version).where(runs.c.id.in_(ids)).distinct()
            candidates = list(connection.execute(shared).scalars())
            connection.execute(delete(ticks).where(forgotten))
            connection.execute(delete(block_runs).where(block_runs.c.run_id.in_(ids)))
            connection.execute(delete(runs).where(runs.c.id.in_(ids)))
            used = select(runs.c.id).where(runs.c.version == versions.c.hash)
            connection.execute(
                delete(versions).where(versions.c.hash.in_(candidates), ~used.exists())
            )
        return len(ids)


_GUARDED = select(triggers.c.id).where(
    triggers.c.id == ticks.c.trigger_id,
    or_(triggers.c.last_at.is_(None), triggers.c.last_at <= ticks.c.logical_time),
)
"""The trigger of a tick that is still its guard against a second run."""


def _purge_skipped(connection: Connection, before: datetime, limit: int) -> int:
    for trigger in connection.execute(select(triggers.c.id)).scalars().all():
        past = and_(
            ticks.c.trigger_id == trigger,
            ticks.c.logical_time < stamp(before),
            ticks.c.skipped.is_not(None),
            ~_GUARDED.exists(),
        )
        some = select(ticks.c.logical_time).where(past).order_by(ticks.c.logical_time).limit(limit)
        times = list(connection.execute(some).scalars())
        if times:
            which = and_(ticks.c.trigger_id == trigger, ticks.c.logical_time.in_(times))
            _forget_to(connection, trigger, max(times))
            connection.execute(delete(ticks).where(which))
            return len(times)
    return 0


def _forget_to(connection: Connection, trigger: str, at: str) -> None:
    """Note that ticks of a trigger are removed up to a moment."""
    before = or_(triggers.c.forgotten_to.is_(None), triggers.c.forgotten_to < at)
    connection.execute(
        update(triggers).where(triggers.c.id == trigger, before).values(forgotten_to=at)
    )


def _apply(connection: Connection, change: Change) -> None:
    match change:
        case MoveWatermark():
            move_watermark(connection, change)
        case QueueRun():
            queue_runs(connection, [change])
        case QueueRetry():
            queue_runs(connection, [change.queue])
            moved_to_retry(connection, change.of, change.queue.record.id)
        case SaveRun():
            _save_run(connection, change)
        case SaveBlock():
            _save_block(connection, change)
        case SaveResult():
            _save_result(connection, change)
        case SaveUnsynced():
            for output in change.outputs:
                _KEEP_UNSYNCED.run(connection, {"file": output.name, "bytes": output.content})


# Made once: building a statement takes longer than SQLite needs to carry it out.
_SAVED = ("started_at", "finished_at", "seconds", "reason")
_SAVE_RUN = Prepared(
    lambda _: (
        update(runs)
        .where(runs.c.id == bindparam("run"))
        .values(
            state=bindparam("now"),
            **{
                name: func.coalesce(bindparam(f"new_{name}", type_=runs.c[name].type), runs.c[name])
                for name in _SAVED
            },
        )
    )
)


def _save_run(connection: Connection, change: SaveRun) -> None:
    """What a change does not say stays as it is."""
    values = {
        "run": change.run_id,
        "now": change.state,
        "new_started_at": stamp(change.started_at),
        "new_finished_at": stamp(change.finished_at),
        "new_seconds": change.seconds,
        "new_reason": change.reason,
    }
    _SAVE_RUN.run(connection, values)


_OF_BLOCK = and_(block_runs.c.run_id == bindparam("run"), block_runs.c.name == bindparam("block"))
_BLOCK_STATE = Prepared(lambda _: select(block_runs.c.state).where(_OF_BLOCK))
_SET_BLOCK = Prepared(
    lambda _: (
        update(block_runs)
        .where(_OF_BLOCK)
        .values(state=bindparam("now"), finished_at=bindparam("end"), record=bindparam("whole"))
    )
)
_COUNT_BLOCK = Prepared(
    lambda _: (
        update(runs)
        .where(runs.c.id == bindparam("run"))
        .values(blocks_done=runs.c.blocks_done + bindparam("more"))
    )
)
_KEEP_UNSYNCED = Prepared(
    lambda _: insert(unsynced_outputs).values(name=bindparam("file"), content=bindparam("bytes"))
)


def _save_block(connection: Connection, change: SaveBlock) -> None:
    block = change.block
    mine = {"run": change.run_id, "block": block.name}
    before = _BLOCK_STATE.run(connection, mine)
    if before is None:
        raise NotFound(
            f"Run {change.run_id!r} has no block {block.name!r}.", kind="block", name=block.name
        )
    record = msgspec.json.encode(block)
    values = {"now": block.state, "end": stamp(block.finished_at), "whole": record}
    _SET_BLOCK.run(connection, mine | values)
    done = (block.state not in _OPEN) - (before not in _OPEN)
    if done:
        _COUNT_BLOCK.run(connection, {"run": change.run_id, "more": done})


_OF_RESULTS = and_(
    results.c.pipeline == bindparam("of_pipeline"), results.c.block == bindparam("of_block")
)
_OLDEST_KEPT = (
    select(results.c.finished_at)
    .where(_OF_RESULTS)
    .order_by(results.c.finished_at.desc())
    .offset(KEPT_RESULTS - 1)
    .limit(1)
    .scalar_subquery()
)
_DROP_OLD_RESULTS = Prepared(
    lambda _: delete(results).where(_OF_RESULTS, results.c.finished_at < _OLDEST_KEPT)
)


def _put_result(dialect: str) -> Executable:
    insert = insert_or_replace(dialect, results).values(
        {column.name: bindparam(f"new_{column.name}") for column in results.columns}
    )
    return insert.on_conflict_do_update(
        index_elements=["pipeline", "block", "key"],
        set_={"output": insert.excluded.output, "finished_at": insert.excluded.finished_at},
    )


_PUT_RESULT = Prepared(_put_result)


def _save_result(connection: Connection, change: SaveResult) -> None:
    values = {
        "new_pipeline": change.pipeline,
        "new_block": change.block,
        "new_key": change.key,
        "new_output": msgspec.json.encode(change.output),
        "new_finished_at": stamp(change.finished_at),
    }
    _PUT_RESULT.run(connection, values)
    of_block = {"of_pipeline": change.pipeline, "of_block": change.block}
    _DROP_OLD_RESULTS.run(connection, of_block)


def _record(row: Row[Any], blocks: list[BlockRun]) -> RunRecord:
    return RunRecord(
        id=row.id,
        pipeline=row.pipeline,
        state=row.state,
        seconds=row.seconds,
        blocks=blocks,
        origin=row.origin,
        trigger=row.trigger_name,
        logical_time=moment(row.logical_time),
        interval_start=moment(row.interval_start),
        parameters=msgspec.json.decode(row.parameters),
        version=row.version,
        published=row.published,
        limits=limits_from(row.limits),
        retry=retry_from(row.retry),
        queued_at=moment(row.queued_at),
        started_at=moment(row.started_at),
        finished_at=moment(row.finished_at),
        reason=row.reason,
        attempt=row.attempt,
    )
