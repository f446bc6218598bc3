"""Which blocks the stored outputs belong to, and which old results may be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select

from headrace.runs.needed import addresses_of_block_run, addresses_of_output
from headrace.runs.tables import block_runs, results, runs
from headrace.runs.times import stamp


def addresses_of(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Give (pipeline, block, address) of every output and display that the history names."""
    of_results = select(results.c.pipeline, results.c.block, results.c.output)
    for row in connection.execute(of_results):
        for address in addresses_of_output(row.output):
            yield row.pipeline, row.block, address
    of_runs = select(block_runs.c.pipeline, block_runs.c.name, block_runs.c.record)
    for row in connection.execute(of_runs):
        for address in addresses_of_block_run(row.record):
            yield row.pipeline, row.name, address


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
