"""The history: runs, block runs, results by key, triggers and ticks. All SQL of Headrace is here.

On SQLite: WAL, synchronous=FULL, one writer. One call of `write` is one transaction.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    and_,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, IntegrityError

from headrace.core.errors import NotFound
from headrace.core.ids import new_run_id
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import (
    FINAL_RUN_STATES,
    BlockRun,
    Output,
    RunRecord,
    RunSummary,
    TriggerTable,
)
from headrace.runs.changes import Change, QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.runs.schema import prepare
from headrace.runs.tables import block_runs, results, runs, ticks, triggers, versions

BUSY_TIMEOUT_MS = 10_000
NextOf = Callable[[TriggerSpec, datetime], datetime | None]


def stamp(moment: datetime | None) -> str | None:
    """Write a moment as text that sorts: UTC, microseconds always."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text) if text else None


class History:
    """What happened, for ever. Not thread-safe: one thread owns it (see `HistoryThread`)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, place: str | Path) -> Self:
        """Open or create the history at a path, or at a database URL.

        A SQLite file that is not a database is moved aside, and an empty history takes its place.
        """
        address = str(place) if "://" in str(place) else f"sqlite:///{place}"
        engine = _engine(address)
        try:
            prepare(engine)
        except DatabaseError:
            if engine.dialect.name != "sqlite":
                raise
            engine.dispose()
            file = Path(str(place))
            file.rename(file.with_name(f"{file.name}.broken-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
            engine = _engine(address)
            prepare(engine)
        return cls(engine)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    # Writing

    def write(self, changes: Sequence[Change]) -> None:
        """Carry out all changes in one durable transaction."""
        with self.engine.begin() as connection:
            for change in changes:
                self._apply(connection, change)

    def _apply(self, connection: Connection, change: Change) -> None:
        match change:
            case QueueRun():
                self._queue(connection, change)
            case SaveRun():
                values = {
                    "state": change.state,
                    "started_at": stamp(change.started_at),
                    "finished_at": stamp(change.finished_at),
                    "seconds": change.seconds,
                    "reason": change.reason,
                }
                connection.execute(update(runs).where(runs.c.id == change.run_id).values(values))
            case SaveBlock():
                self._save_block(connection, change)
            case SaveResult():
                self._save_result(connection, change)

    def _queue(self, connection: Connection, change: QueueRun) -> None:
        record = change.record
        known = select(versions.c.hash).where(versions.c.hash == record.version)
        if connection.execute(known).first() is None:
            connection.execute(insert(versions).values(hash=record.version, files=change.files))
        connection.execute(
            insert(runs).values(
                id=record.id,
                pipeline=record.pipeline,
                state=record.state,
                origin=record.origin,
                trigger_name=record.trigger,
                logical_time=stamp(record.logical_time),
                parameters=msgspec.json.encode(record.parameters).decode(),
                version=record.version,
                queued_at=stamp(record.queued_at),
                attempt=record.attempt,
                owner=change.owner,
                idempotency_key=change.idempotency_key,
                blocks_done=0,
                blocks_total=len(record.blocks),
            )
        )
        if record.blocks:
            connection.execute(
                insert(block_runs),
                [
                    {
                        "run_id": record.id,
                        "name": block.name,
                        "position": position,
                        "pipeline": record.pipeline,
                        "state": block.state,
                        "record": msgspec.json.encode(block),
                    }
                    for position, block in enumerate(record.blocks)
                ],
            )

    @staticmethod
    def _save_block(connection: Connection, change: SaveBlock) -> None:
        block = change.block
        connection.execute(
            update(block_runs)
            .where(block_runs.c.run_id == change.run_id, block_runs.c.name == block.name)
            .values(
                state=block.state,
                finished_at=stamp(block.finished_at),
                record=msgspec.json.encode(block),
            )
        )
        if block.state not in {"queued", "running"}:
            connection.execute(
                update(runs)
                .where(runs.c.id == change.run_id)
                .values(blocks_done=runs.c.blocks_done + 1)
            )

    def _save_result(self, connection: Connection, change: SaveResult) -> None:
        values = {
            "pipeline": change.pipeline,
            "block": change.block,
            "key": change.key,
            "output": msgspec.json.encode(change.output),
            "finished_at": stamp(change.finished_at),
        }
        dialect = sqlite if self.engine.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(results).values(values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["pipeline", "block", "key"],
                set_={"output": values["output"], "finished_at": values["finished_at"]},
            )
        )

    # Runs

    def find_by_key(self, pipeline: str, key: str, since: datetime) -> str | None:
        """Find the run that was queued with an idempotency key since a moment."""
        statement = select(runs.c.id).where(
            runs.c.pipeline == pipeline,
            runs.c.idempotency_key == key,
            runs.c.queued_at >= stamp(since),
        )
        with self.engine.connect() as connection:
            found = connection.execute(statement).first()
        return found[0] if found else None

    def run(self, run_id: str) -> RunRecord:
        """Return a run with its blocks; NotFound when there is none."""
        with self.engine.connect() as connection:
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
        with self.engine.connect() as connection:
            found = connection.execute(statement).first()
        if found is None:
            raise NotFound(f"There is no version {version!r}.", kind="version", name=version)
        return found[0]

    def runs(
        self,
        pipeline: str | None = None,
        state: str | None = None,
        origin: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[RunSummary]:
        """Return the newest runs, newest first; `before` is the id of the last one seen."""
        statement = select(runs)
        if pipeline is not None:
            statement = statement.where(runs.c.pipeline == pipeline)
        if state is not None:
            statement = statement.where(runs.c.state == state)
        if origin is not None:
            statement = statement.where(runs.c.origin == origin)
        with self.engine.connect() as connection:
            statement = self._before(connection, statement, before)
            newest = statement.order_by(runs.c.queued_at.desc(), runs.c.id.desc()).limit(limit)
            return [_summary(row) for row in connection.execute(newest)]

    @staticmethod
    def _before(connection: Connection, statement: Select[Any], before: str | None) -> Select[Any]:
        if before is None:
            return statement
        row = connection.execute(select(runs.c.queued_at).where(runs.c.id == before)).first()
        if row is None:
            raise NotFound(f"There is no run {before!r}.", kind="run", name=before)
        later = and_(runs.c.queued_at == row[0], runs.c.id < before)
        return statement.where(or_(runs.c.queued_at < row[0], later))

    def latest_runs(self, pipelines: Iterable[str], each: int = 30) -> dict[str, list[RunSummary]]:
        """Return the newest runs of each pipeline, newest first, without those of the editor."""
        found: dict[str, list[RunSummary]] = {}
        with self.engine.connect() as connection:
            for pipeline in pipelines:
                statement = (
                    select(runs)
                    .where(runs.c.pipeline == pipeline, runs.c.origin != "editor")
                    .order_by(runs.c.queued_at.desc(), runs.c.id.desc())
                    .limit(each)
                )
                found[pipeline] = [_summary(row) for row in connection.execute(statement)]
        return found

    def count_since(self, since: datetime) -> dict[str, int]:
        """Return how many runs were queued since a moment, by state; editor runs left out."""
        statement = (
            select(runs.c.state, func.count())
            .where(runs.c.queued_at >= stamp(since), runs.c.origin != "editor")
            .group_by(runs.c.state)
        )
        with self.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def unfinished(self) -> list[tuple[RunRecord, bytes, str]]:
        """Return the runs that are not over, oldest first, with their files and owners."""
        statement = (
            select(runs, versions.c.files)
            .join(versions, versions.c.hash == runs.c.version)
            .where(runs.c.state.not_in(FINAL_RUN_STATES))
            .order_by(runs.c.queued_at)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(statement).all()
            return [
                (_record(row, self._blocks(connection, row.id)), row.files, row.owner)
                for row in rows
            ]

    def take_over(self, run_id: str, owner: str, from_owner: str | None = None) -> bool:
        """Make `owner` responsible for a run; False when somebody else was faster."""
        statement = (
            update(runs)
            .where(runs.c.id == run_id, runs.c.state.not_in(FINAL_RUN_STATES))
            .values(owner=owner, attempt=runs.c.attempt + 1)
        )
        if from_owner is not None:
            statement = statement.where(runs.c.owner == from_owner)
        with self.engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    # Results

    def results(self, pipeline: str, per_block: int = 50) -> list[SaveResult]:
        """Return the newest results of every block, newest first; older ones are deleted."""
        statement = (
            select(results)
            .where(results.c.pipeline == pipeline)
            .order_by(results.c.finished_at.desc())
        )
        kept: list[SaveResult] = []
        counts: dict[str, int] = {}
        old: list[tuple[str, str]] = []
        with self.engine.begin() as connection:
            for row in connection.execute(statement):
                counts[row.block] = counts.get(row.block, 0) + 1
                if counts[row.block] > per_block:
                    old.append((row.block, row.key))
                    continue
                finished = moment(row.finished_at)
                assert finished is not None, "a result has its time"
                kept.append(
                    SaveResult(
                        pipeline=pipeline,
                        block=row.block,
                        key=row.key,
                        output=msgspec.json.decode(row.output, type=Output),
                        finished_at=finished,
                    )
                )
            for block, key in old:
                connection.execute(
                    delete(results).where(
                        results.c.pipeline == pipeline,
                        results.c.block == block,
                        results.c.key == key,
                    )
                )
        return kept

    def last_block_runs(self, pipeline: str) -> dict[str, tuple[str, BlockRun]]:
        """Return the block run of each block that ended last, with its run."""
        newest = (
            select(block_runs.c.name, func.max(block_runs.c.finished_at).label("at"))
            .where(block_runs.c.pipeline == pipeline, block_runs.c.finished_at.is_not(None))
            .group_by(block_runs.c.name)
            .subquery()
        )
        statement = select(block_runs.c.run_id, block_runs.c.record).join(
            newest,
            and_(
                block_runs.c.pipeline == pipeline,
                block_runs.c.name == newest.c.name,
                block_runs.c.finished_at == newest.c.at,
            ),
        )
        with self.engine.connect() as connection:
            rows = connection.execute(statement).all()
        found = [(row.run_id, msgspec.json.decode(row.record, type=BlockRun)) for row in rows]
        return {block.name: (run_id, block) for run_id, block in found}

    # Triggers

    def sync_triggers(
        self, pipeline: str, specs: Sequence[TriggerSpec], now: datetime, next_of: NextOf
    ) -> None:
        """Make the triggers of a pipeline those of its file.

        An edited schedule is next due strictly after `now`; one that did not change keeps its
        state. `active:` of the file counts when it is seen first, and when it changed.
        """
        with self.engine.begin() as connection:
            statement = select(triggers).where(triggers.c.pipeline == pipeline)
            known = {row.name: row for row in connection.execute(statement)}
            for spec in specs:
                self._sync_one(connection, pipeline, spec, known.pop(spec.name, None), now, next_of)
            for gone in known.values():
                connection.execute(delete(triggers).where(triggers.c.id == gone.id))

    @staticmethod
    def _sync_one(  # noqa: PLR0917 one row of a table
        connection: Connection,
        pipeline: str,
        spec: TriggerSpec,
        known: Row[Any] | None,
        now: datetime,
        next_of: NextOf,
    ) -> None:
        content = msgspec.json.encode(msgspec.structs.replace(spec, line=1))
        if known is not None and known.spec == content:
            return
        due = next_of(spec, now)
        values: dict[str, Any] = {"spec": content, "next_at": stamp(due)}
        if known is not None:
            before = msgspec.json.decode(known.spec, type=TriggerSpec)
            if before.active != spec.active:
                values["active"] = spec.active
            connection.execute(update(triggers).where(triggers.c.id == known.id).values(values))
            return
        connection.execute(
            insert(triggers).values(
                id=new_run_id(),
                pipeline=pipeline,
                name=spec.name,
                active=spec.active,
                anchor=stamp(now),
                **values,
            )
        )

    def triggers(self, pipeline: str | None = None) -> list[TriggerTable]:
        """Return triggers with their state, by pipeline and name."""
        statement = select(triggers).order_by(triggers.c.pipeline, triggers.c.name)
        if pipeline is not None:
            statement = statement.where(triggers.c.pipeline == pipeline)
        with self.engine.connect() as connection:
            return [_trigger(row) for row in connection.execute(statement)]

    def due(self, now: datetime, limit: int = 1000) -> list[TriggerTable]:
        """Return the active triggers whose next tick is not later than `now`, oldest first."""
        statement = (
            select(triggers)
            .where(triggers.c.active, triggers.c.next_at <= stamp(now))
            .order_by(triggers.c.next_at)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return [_trigger(row) for row in connection.execute(statement)]

    def next_due(self) -> datetime | None:
        """Return when the next active trigger is due, or None when none is."""
        statement = select(func.min(triggers.c.next_at)).where(
            triggers.c.active, triggers.c.next_at.is_not(None)
        )
        with self.engine.connect() as connection:
            return moment(connection.execute(statement).scalar())

    def fire(
        self,
        trigger_id: str,
        logical_time: datetime,
        next_at: datetime | None,
        queue: QueueRun | None,
        skipped: str | None = None,
    ) -> bool:
        """Record a tick, queue its run and move the trigger on, in one transaction.

        Without `queue` the tick is recorded as `skipped` for that reason. False, and nothing is
        changed, when that tick exists already.
        """
        try:
            with self.engine.begin() as connection:
                connection.execute(
                    insert(ticks).values(
                        trigger_id=trigger_id,
                        logical_time=stamp(logical_time),
                        run_id=queue.record.id if queue else None,
                        skipped=skipped,
                    )
                )
                if queue is not None:
                    self._queue(connection, queue)
                connection.execute(
                    update(triggers)
                    .where(triggers.c.id == trigger_id)
                    .values(last_at=stamp(logical_time), next_at=stamp(next_at))
                )
        except IntegrityError:
            return False
        return True

    def advance(self, trigger_id: str, next_at: datetime | None) -> None:
        """Move a trigger on without a tick."""
        with self.engine.begin() as connection:
            connection.execute(
                update(triggers).where(triggers.c.id == trigger_id).values(next_at=stamp(next_at))
            )

    def set_active(self, trigger_id: str, *, active: bool, next_at: datetime | None) -> None:
        """Pause or resume a trigger; NotFound when there is none."""
        with self.engine.begin() as connection:
            changed = connection.execute(
                update(triggers)
                .where(triggers.c.id == trigger_id)
                .values(active=active, next_at=stamp(next_at))
            )
            if changed.rowcount == 0:
                raise NotFound("There is no such trigger.", kind="trigger", name=trigger_id)


def _engine(address: str) -> Engine:
    engine = create_engine(address)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # pysqlite's own transactions are off: BEGIN IMMEDIATE is ours, see `_begin_immediate`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _record(row: Row[Any], blocks: list[BlockRun]) -> RunRecord:
    queued = moment(row.queued_at)
    assert queued is not None, "a run has the time when it was queued"
    return RunRecord(
        id=row.id,
        pipeline=row.pipeline,
        state=row.state,
        seconds=row.seconds,
        blocks=blocks,
        origin=row.origin,
        trigger=row.trigger_name,
        logical_time=moment(row.logical_time),
        parameters=msgspec.json.decode(row.parameters),
        version=row.version,
        queued_at=queued,
        started_at=moment(row.started_at),
        finished_at=moment(row.finished_at),
        reason=row.reason,
        attempt=row.attempt,
    )


def _summary(row: Row[Any]) -> RunSummary:
    queued = moment(row.queued_at)
    assert queued is not None, "a run has the time when it was queued"
    return RunSummary(
        id=row.id,
        pipeline=row.pipeline,
        state=row.state,
        origin=row.origin,
        trigger=row.trigger_name,
        logical_time=moment(row.logical_time),
        queued_at=queued,
        started_at=moment(row.started_at),
        finished_at=moment(row.finished_at),
        seconds=row.seconds,
        blocks_done=row.blocks_done,
        blocks_total=row.blocks_total,
        reason=row.reason,
    )


def _trigger(row: Row[Any]) -> TriggerTable:
    spec = msgspec.json.decode(row.spec, type=TriggerSpec)
    fields = {
        name: getattr(spec, name)
        for name in ("cron", "every", "timezone", "catchup", "overlap", "parameters")
    }
    table = {
        "id": row.id,
        "pipeline": row.pipeline,
        "name": row.name,
        "active": bool(row.active),
        "next_at": moment(row.next_at) if row.active else None,
        "last_at": moment(row.last_at),
        "problem": row.problem,
        **fields,
    }
    return msgspec.convert(table, TriggerTable)


def median_seconds(summaries: Sequence[RunSummary]) -> float | None:
    """Return the median duration of the runs that succeeded, in seconds."""
    seconds = [s.seconds for s in summaries if s.state == "succeeded" and s.seconds is not None]
    return statistics.median(seconds) if seconds else None
