"""Which outputs the history still needs, and of which runs it knows at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, func, or_, select

from headrace.runs.tables import block_runs, results, runs

_AT_ONCE = 500


class _Named(Struct):
    address: str = ""


class _Made(Struct):
    """What of a block run lies in the store."""

    output: _Named | None = None
    displays: list[_Named] = []

    def addresses(self) -> Iterable[str]:
        if self.output is not None:
            yield self.output.address
        for display in self.displays:
            yield display.address


def needed_addresses(connection: Connection, runs_each: int) -> set[str]:
    """Return the addresses of all outputs and displays that something can still ask for.

    These are the results by key, what each block showed last, and everything of the unfinished and
    the newest `runs_each` other runs of each pipeline.
    """
    found = {
        msgspec.json.decode(row[0], type=_Named).address
        for row in connection.execute(select(results.c.output))
    }
    for row in connection.execute(_kept_block_runs(runs_each)):
        found.update(msgspec.json.decode(row[0], type=_Made).addresses())
    found.discard("")
    return found


def _kept_block_runs(runs_each: int) -> Select[Any]:
    newest = func.row_number().over(
        partition_by=runs.c.pipeline, order_by=(runs.c.queued_at.desc(), runs.c.id.desc())
    )
    ranked = select(runs.c.id, runs.c.finished_at, newest.label("place")).subquery()
    kept = select(ranked.c.id).where(
        or_(ranked.c.place <= runs_each, ranked.c.finished_at.is_(None))
    )
    last = func.row_number().over(
        partition_by=(block_runs.c.pipeline, block_runs.c.name),
        order_by=block_runs.c.finished_at.desc(),
    )
    shown = (
        select(block_runs.c.run_id, block_runs.c.name, last.label("place"))
        .where(block_runs.c.finished_at.is_not(None))
        .subquery()
    )
    return (
        select(block_runs.c.record)
        .outerjoin(
            shown,
            (shown.c.run_id == block_runs.c.run_id)
            & (shown.c.name == block_runs.c.name)
            & (shown.c.place == 1),
        )
        .where(or_(block_runs.c.run_id.in_(kept), shown.c.name.is_not(None)))
    )


def unknown_runs(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return those of `ids` that no run has."""
    unknown = set(ids)
    rest = iter(ids)
    while some := list(islice(rest, _AT_ONCE)):
        known = connection.execute(select(runs.c.id).where(runs.c.id.in_(some))).scalars()
        unknown.difference_update(known)
    return unknown
