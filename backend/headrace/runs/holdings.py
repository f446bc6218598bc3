"""Which blocks the stored outputs belong to, and which old results may be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, delete, func, select

from headrace.protocol.tables import BlockRun, Output
from headrace.runs.tables import block_runs, results, runs
from headrace.runs.times import stamp


def addresses_of(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Give (pipeline, block, address) of every output and display that the history names."""
    for row in connection.execute(select(results.c.pipeline, results.c.block, results.c.output)):
        yield row.pipeline, row.block, msgspec.json.decode(row.output, type=Output).address
    of_runs = select(block_runs.c.pipeline, block_runs.c.name, block_runs.c.record)
    for row in connection.execute(of_runs):
        made = msgspec.json.decode(row.record, type=BlockRun)
        for display in made.displays:
            yield row.pipeline, row.name, display.address
        for check in made.checks:
            if check.rows is not None:
                yield row.pipeline, row.name, check.rows.address
        if made.output is not None:
            yield row.pipeline, row.name, made.output.address


def forget_results(connection: Connection, kept: int, before: datetime) -> int:
    """Forget results made before a moment, except the `kept` newest of each block.

    At least one of each block stays, and all of a pipeline of which a run is going on.
    """
    busy = select(runs.c.pipeline).where(runs.c.state.in_(("queued", "running")))
    place = func.row_number().over(
        partition_by=(results.c.pipeline, results.c.block), order_by=results.c.finished_at.desc()
    )
    ranked = select(results.c.pipeline, results.c.block, results.c.key, place.label("place"))
    ranked = ranked.subquery()
    old = connection.execute(
        select(results.c.pipeline, results.c.block, results.c.key)
        .join(
            ranked,
            and_(
                ranked.c.pipeline == results.c.pipeline,
                ranked.c.block == results.c.block,
                ranked.c.key == results.c.key,
            ),
        )
        .where(
            ranked.c.place > max(kept, 1),
            results.c.finished_at < stamp(before),
            results.c.pipeline.not_in(busy),
        )
    ).all()
    for row in old:
        connection.execute(
            delete(results).where(
                results.c.pipeline == row.pipeline,
                results.c.block == row.block,
                results.c.key == row.key,
            )
        )
    return len(old)
