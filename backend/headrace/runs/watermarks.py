"""The high-water marks of incremental blocks: moved by the success of runs, set by people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, select, update

from headrace.core.crash import crashpoint
from headrace.core.errors import Conflict
from headrace.protocol.watermarks import Watermark, WatermarkTable
from headrace.runs.changes import MoveWatermark
from headrace.runs.database import Database
from headrace.runs.queueing import insert_or_replace
from headrace.runs.tables import watermarks
from headrace.runs.times import moment, stamp


class WatermarkMoved(Conflict):
    """The mark that a run went on from was changed by somebody else meanwhile."""

    def __init__(self, change: MoveWatermark) -> None:
        self.run_id = change.run_id
        super().__init__(
            f"the mark of {change.block} was changed meanwhile: what this run loaded may have been"
            " loaded by another one"
        )


class Watermarks:
    """The part of `History` that knows how far incremental blocks have come."""

    database: Database

    def watermarks(self, pipeline: str) -> list[WatermarkTable]:
        """Return the marks of a pipeline's blocks, also of blocks that it no longer has."""
        statement = (
            select(watermarks).where(watermarks.c.pipeline == pipeline).order_by(watermarks.c.block)
        )
        with self.database.reading() as connection:
            return [_table(row) for row in connection.execute(statement)]

    def set_watermark(
        self, pipeline: str, block: str, mark: Watermark | None, at: datetime
    ) -> WatermarkTable:
        """Set a mark by hand, None to begin anew. A run under way then moves it no more."""
        values = _values(mark, watermarks.c.version + 1, None, at)
        new = {**values, "version": 1, "pipeline": pipeline, "block": block}
        with self.database.writing() as connection:
            statement = insert_or_replace(connection.dialect.name, watermarks).values(new)
            statement = statement.on_conflict_do_update(
                index_elements=["pipeline", "block"], set_=values
            )
            connection.execute(statement)
            found = select(watermarks).where(*_of(pipeline, block))
            return _table(connection.execute(found).one())


def move_watermark(connection: Connection, change: MoveWatermark) -> None:
    """Move a mark from the one that a run pinned; raise WatermarkMoved when it is another."""
    before = change.since
    values = _values(change.mark, before.version + 1, change.run_id, change.at)
    guard = and_(
        watermarks.c.version == before.version,
        watermarks.c.run_id.is_not_distinct_from(before.run),
    )
    of_block = _of(change.pipeline, change.block)
    crashpoint("watermark.before-move")
    moved = connection.execute(update(watermarks).where(*of_block, guard).values(values)).rowcount
    if not moved and not before.version:
        first = insert_or_replace(connection.dialect.name, watermarks).values(
            pipeline=change.pipeline, block=change.block, **values
        )
        moved = connection.execute(first.on_conflict_do_nothing()).rowcount
    if not moved:
        raise WatermarkMoved(change)
    crashpoint("watermark.after-move")


def _of(pipeline: str, block: str) -> tuple[Any, Any]:
    return watermarks.c.pipeline == pipeline, watermarks.c.block == block


def _values(mark: Watermark | None, version: Any, run: str | None, at: datetime) -> dict[str, Any]:
    return {
        "mark": None if mark is None else msgspec.json.encode(mark).decode(),
        "version": version,
        "run_id": run,
        "moved_at": stamp(at),
    }


def _table(row: Row[Any]) -> WatermarkTable:
    return WatermarkTable(
        pipeline=row.pipeline,
        block=row.block,
        mark=None if row.mark is None else msgspec.json.decode(row.mark, type=Watermark),
        version=row.version,
        run=row.run_id,
        moved_at=moment(row.moved_at),
    )
