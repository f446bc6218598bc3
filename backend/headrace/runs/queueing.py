"""How new runs are written, many at once: by callers who ask for one, and by triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite

from headrace.runs.changes import QueueRun
from headrace.runs.prepared import Prepared
from headrace.runs.tables import block_runs, runs, versions
from headrace.runs.times import stamp

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def queue_runs(connection: Connection, queued: Sequence[QueueRun]) -> None:
    """Insert runs with their blocks, and their files once per version."""
    files = {change.record.version: change.files for change in queued}
    new = [{"hash": version, "files": content} for version, content in files.items()]
    _PUT_VERSION.run_many(connection, new)
    _PUT_RUN.run_many(connection, [_run_row(change) for change in queued])
    _PUT_BLOCK.run_many(connection, [row for change in queued for row in _block_rows(change)])


def insert_or_replace(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the insert of a dialect, which knows what to do on a conflict."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # 2 MB that most servers never need

    return postgresql.insert(table)


_PUT_VERSION = Prepared(
    lambda dialect: insert_or_replace(dialect, versions).on_conflict_do_nothing(),
    ("hash", "files"),
)
_PUT_RUN = Prepared(
    lambda _: insert(runs),
    (
        *("id", "pipeline", "state", "origin", "trigger_name", "logical_time", "interval_start"),
        *("parameters", "version", "published", "queued_at", "attempt", "owner"),
        *("idempotency_key", "limits", "retry", "blocks_done", "blocks_total"),
    ),
)
_PUT_BLOCK = Prepared(
    lambda _: insert(block_runs),
    ("run_id", "name", "position", "pipeline", "state", "finished_at", "record"),
)
QUEUEING = (_PUT_VERSION, _PUT_RUN, _PUT_BLOCK)
"""The statements of `queue_runs`."""


def _run_row(change: QueueRun) -> dict[str, Any]:
    record = change.record
    return {
        "id": record.id,
        "pipeline": record.pipeline,
        "state": record.state,
        "origin": record.origin,
        "trigger_name": record.trigger,
        "logical_time": stamp(record.logical_time),
        "interval_start": stamp(record.interval_start),
        "parameters": msgspec.json.encode(record.parameters).decode(),
        "version": record.version,
        "published": record.published,
        "queued_at": stamp(record.queued_at),
        "attempt": record.attempt,
        "owner": change.owner,
        "idempotency_key": change.idempotency_key,
        "limits": _json(record.limits),
        "retry": _json(record.retry),
        "blocks_done": sum(block.finished_at is not None for block in record.blocks),
        "blocks_total": len(record.blocks),
    }


def _json(struct: Struct | None) -> str | None:
    return None if struct is None else msgspec.json.encode(struct).decode()


def _block_rows(change: QueueRun) -> list[dict[str, Any]]:
    return [
        {
            "run_id": change.record.id,
            "name": block.name,
            "position": position,
            "pipeline": change.record.pipeline,
            "state": block.state,
            "finished_at": stamp(block.finished_at),
            "record": msgspec.json.encode(block),
        }
        for position, block in enumerate(change.record.blocks)
    ]
