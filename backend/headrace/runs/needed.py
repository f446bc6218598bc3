"""Which outputs the history still needs, and of which runs it knows at all.

Everything goes through an index, pipeline by pipeline: it is asked while others write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, Select, func, select

from headrace.protocol.tables import BlockRun
from headrace.runs.tables import block_runs, results, runs

_AT_ONCE = 500


class _Named(Struct):
    address: str = ""


class _Checked(Struct):
    rows: _Named | None = None
    refused: _Named | None = None


class _Output(Struct):
    address: str = ""
    checks: list[_Checked] = []

    @property
    def addresses(self) -> set[str]:
        """Return its own, and those of the rows that were against its checks."""
        return {self.address, *_rows_of(self.checks)}


class _Made(Struct):
    """What of a block run lies in the store."""

    output: _Output | None = None
    displays: list[_Named] = []
    checks: list[_Checked] = []

    @property
    def addresses(self) -> set[str]:
        """Return those of its output, of what it displayed, and of rows against its checks."""
        found = {display.address for display in self.displays} | _rows_of(self.checks)
        return found if self.output is None else found | self.output.addresses


def _rows_of(checks: Iterable[_Checked]) -> set[str]:
    named = (place for check in checks for place in (check.rows, check.refused))
    return {place.address for place in named if place is not None}


def addresses_of_output(record: bytes) -> set[str]:
    """Return the addresses that the record of an output names."""
    return msgspec.json.decode(record, type=_Output).addresses - {""}


def addresses_of_block_run(record: bytes) -> set[str]:
    """Return the addresses that the record of a block run names."""
    return msgspec.json.decode(record, type=_Made).addresses - {""}


def pipelines_of(connection: Connection) -> list[str]:
    """Return the names of all pipelines that ever ran, sorted."""
    return sorted({*_names(connection, runs.c.pipeline), *_names(connection, results.c.pipeline)})


def _names(connection: Connection, column: Column[str]) -> Iterator[str]:
    """Go from name to name through the index, past all that lies between."""
    name = ""
    while True:
        following = select(func.min(column)).where(column > name)
        name = connection.execute(following).scalar()
        if name is None:
            return
        yield name


def needed_addresses(
    connection: Connection, pipeline: str, runs_each: int, shown: Iterable[BlockRun]
) -> set[str]:
    """Return the addresses of a pipeline's outputs and displays that something can still ask for.

    These are its results by key, what each block showed last (`shown`), and everything of its
    unfinished and its newest `runs_each` other runs.
    """
    of_results = select(results.c.output).where(results.c.pipeline == pipeline)
    found: set[str] = set()
    for row in connection.execute(of_results):
        found |= addresses_of_output(row[0])
    for run_id in connection.execute(_kept(pipeline, runs_each)).scalars().all():
        of_run = select(block_runs.c.record).where(block_runs.c.run_id == run_id)
        for row in connection.execute(of_run):
            found |= addresses_of_block_run(row[0])
    for block in shown:
        found |= msgspec.convert(block, _Made, from_attributes=True).addresses
    found.discard("")
    return found


def _kept(pipeline: str, runs_each: int) -> Select[tuple[str]]:
    of_pipeline = select(runs.c.id).where(runs.c.pipeline == pipeline)
    newest = (
        of_pipeline.where(runs.c.finished_at.is_not(None))
        .order_by(runs.c.queued_at.desc(), runs.c.id.desc())
        .limit(runs_each)
        .subquery()
    )
    unfinished = of_pipeline.where(runs.c.state.in_(("queued", "running")))
    return unfinished.union_all(select(newest.c.id)).subquery().select()


def unknown_runs(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return those of `ids` that no run has."""
    unknown = set(ids)
    rest = iter(ids)
    while some := list(islice(rest, _AT_ONCE)):
        known = connection.execute(select(runs.c.id).where(runs.c.id.in_(some))).scalars()
        unknown.difference_update(known)
    return unknown
