"""The newest runs of a pipeline side by side: one row a block, one column a run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import select

from headrace.protocol.tables import (
    BlockState,
    Kind,
    MatrixCell,
    MatrixRow,
    RunMatrix,
    RunSummary,
    words_of_failure,
)
from headrace.runs.database import Database
from headrace.runs.tables import block_runs


class _Failed(Struct, frozen=True):
    type: str
    message: str
    kind: str = ""

    @property
    def words(self) -> str:
        return words_of_failure(self.kind, self.type, self.message)


class _Seen(Struct, frozen=True):
    """The part of a block run that a cell shows: records hold much more."""

    name: str
    kind: Kind
    state: BlockState = "queued"
    seconds: float | None = None
    because: str | None = None
    failure: _Failed | None = None
    attempts: list[msgspec.Raw] = []


class Matrices:
    """The part of `History` that lays runs side by side."""

    database: Database

    def matrix_of(self, runs: Sequence[RunSummary]) -> RunMatrix:
        """Lay out runs that come newest first."""
        blocks: dict[str, dict[str, _Seen]] = {run.id: {} for run in runs}
        statement = (
            select(block_runs.c.run_id, block_runs.c.record)
            .where(block_runs.c.run_id.in_(list(blocks)))
            .order_by(block_runs.c.run_id, block_runs.c.position)
        )
        with self.database.reading() as connection:
            for row in connection.execute(statement):
                seen = msgspec.json.decode(row.record, type=_Seen)
                blocks[row.run_id][seen.name] = seen
        columns = [blocks[run.id] for run in reversed(runs)]
        rows = [
            MatrixRow(
                name=name,
                kind=next(column[name].kind for column in reversed(columns) if name in column),
                cells=[_cell(column.get(name)) for column in columns],
            )
            for name in in_order([list(column) for column in reversed(columns)])
        ]
        return RunMatrix(runs=list(reversed(runs)), blocks=rows)


def in_order(orders: Sequence[Sequence[str]]) -> list[str]:
    """Join orders, the newest first; what a newer one lacks comes after what it followed."""
    joined: list[str] = []
    for order in orders:
        at = 0
        for name in order:
            if name in joined:
                at = joined.index(name) + 1
            else:
                joined.insert(at, name)
                at += 1
    return joined


def _cell(seen: _Seen | None) -> MatrixCell | None:
    if seen is None:
        return None
    failure = seen.failure
    reason = seen.because if failure is None else failure.words
    return MatrixCell(
        state=seen.state,
        seconds=seen.seconds,
        attempts=len(seen.attempts),
        reason=reason and reason.partition("\n")[0][:200],
    )
