"""What can change in the history, as plain structs: one list of them is one transaction."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headrace.protocol.tables import BlockRun, Output, RunRecord, RunState
from headrace.protocol.watermarks import Since, Watermark
from headrace.store.files import Unsynced


class QueueRun(Struct, frozen=True, kw_only=True):
    """A new run with its blocks. `files` are kept once per `record.version`."""

    record: RunRecord
    files: bytes
    owner: str
    idempotency_key: str | None = None


class QueueRetry(Struct, frozen=True, kw_only=True):
    """A run that failed is tried again: its tick is of the new run from now on."""

    of: str
    queue: QueueRun


class Snapshot(Struct, frozen=True):
    """The files of a pipeline at one moment, as bytes, with their content hash."""

    pipeline: str
    hash: str
    files: bytes


class SaveRun(Struct, frozen=True, kw_only=True):
    """A run is now so."""

    run_id: str
    state: RunState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    reason: str | None = None


class SaveBlock(Struct, frozen=True, kw_only=True):
    """A block run is now so; replaces what was saved of it."""

    run_id: str
    block: BlockRun


class SaveResult(Struct, frozen=True, kw_only=True):
    """A key has this output; the newest 50 of a block are kept."""

    pipeline: str
    block: str
    key: str
    output: Output
    finished_at: datetime


class SaveUnsynced(Struct, frozen=True, kw_only=True):
    """Outputs whose files may not be on the disk yet: they are kept here until they are."""

    outputs: list[Unsynced]


class MoveWatermark(Struct, frozen=True, kw_only=True):
    """The mark of a block is now this, by the success of a run.

    It is written with that success or not at all: when the stored mark is no longer what the run
    went on from, the whole transaction raises WatermarkMoved.
    """

    pipeline: str
    block: str
    mark: Watermark
    since: Since
    run_id: str
    at: datetime


Change = MoveWatermark | QueueRun | QueueRetry | SaveRun | SaveBlock | SaveResult | SaveUnsynced
