"""What a block gave in the past: the outputs that its present one can be compared with."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select

from headrace.protocol.comparison import PastResult, PastResults
from headrace.protocol.tables import Output
from headrace.runs.tables import block_runs, runs
from headrace.runs.times import moment

_LOOKED_AT = 200
"""Block runs of one block that are read at most."""


class _Made(Struct):
    output: Output | None = None


def past_results(connection: Connection, pipeline: str, block: str) -> PastResults:
    """Return the results of a block, newest first; equal ones in a row are one.

    Of each the newest run is named. `stored` is not looked at here.
    """
    newest = _of_block(pipeline, block).limit(_LOOKED_AT)
    found: list[PastResult] = []
    for row in connection.execute(newest):
        result = _result(row)
        if result is None:
            continue
        if found and found[-1].output.address == result.output.address:
            found[-1] = msgspec.structs.replace(found[-1], times=found[-1].times + 1)
        else:
            found.append(result)
    scheduled = _of_block(pipeline, block).where(runs.c.origin == "trigger").limit(_LOOKED_AT)
    of_triggers = (_result(row) for row in connection.execute(scheduled))
    return PastResults(
        results=found, scheduled=next((result for result in of_triggers if result), None)
    )


def _of_block(pipeline: str, block: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            block_runs.c.run_id,
            runs.c.origin,
            runs.c.trigger_name,
            block_runs.c.finished_at,
            block_runs.c.record,
        )
        .join(runs, runs.c.id == block_runs.c.run_id)
        .where(
            block_runs.c.pipeline == pipeline,
            block_runs.c.name == block,
            block_runs.c.finished_at.is_not(None),
            block_runs.c.state.in_(("succeeded", "cached")),
        )
        .order_by(block_runs.c.finished_at.desc(), block_runs.c.run_id.desc())
    )


def _result(row: Row[*tuple[Any, ...]]) -> PastResult | None:
    output = msgspec.json.decode(row.record, type=_Made).output
    if output is None or output.kind == "nothing":
        return None
    return PastResult(
        output=output,
        run=row.run_id,
        origin=row.origin,
        trigger=row.trigger_name,
        finished_at=moment(row.finished_at),
    )
