"""Everything of a run that its executed notebook shows, out of the store and the logs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from headrace.core.errors import HeadraceError, NotFound
from headrace.core.paths import ProjectPaths
from headrace.protocol.tables import BlockRun, RunRecord
from headrace.session.definition import Definition
from headrace.store.files import StoreFiles
from headrace.workers.written_log import WrittenLog

if TYPE_CHECKING:
    from headrace.workers.pool import Pool

LOG_BYTES = 1024 * 1024
"""Of each block; a notebook is for reading, the whole log is a download of its own."""
SHOWN_ROWS = 10
_SHOWN_COLUMNS = 30


class Opened(Protocol):
    """A project that is open, as `gather` needs it."""

    @property
    def paths(self) -> ProjectPaths: ...
    @property
    def pool(self) -> Pool: ...


async def gather(opened: Opened, record: RunRecord, files: bytes) -> bytes:
    """Return an encoded `Material` for `render`; `files` is the definition that the run pinned."""
    rows = {
        block.output.address: await first_rows(opened, block)
        for block in record.blocks
        if block.output is not None and block.output.kind == "table"
    }
    return await asyncio.to_thread(_material, opened.paths, record, files, rows)


async def first_rows(opened: Opened, block: BlockRun) -> dict[str, Any]:
    """Return the first rows of a block's table as JSON; {} when it has none, or no longer."""
    output = block.output
    if output is None or output.kind != "table":
        return {}
    names = [column.name for column in output.columns[:_SHOWN_COLUMNS]]
    is_cut = output.column_count != len(names) and len(set(names)) == len(names)
    with contextlib.suppress(HeadraceError):
        return await opened.pool.service("data").call(
            "window",
            folder=str(opened.paths.store),
            address=output.address,
            view={"columns": names} if is_cut else None,
            limit=SHOWN_ROWS,
            format="json",
        )
    return {}


def displays_of(paths: ProjectPaths, block: BlockRun) -> dict[str, bytes]:
    """Return the bytes of what a block has shown, by address, as far as they are there."""
    store = StoreFiles(paths.store)
    found: dict[str, bytes] = {}
    for display in block.displays:
        if display.address:
            with contextlib.suppress(NotFound):
                found[display.address] = store.display_bytes(display.address)
    return found


def log_of(paths: ProjectPaths, run: str, block: str) -> str:
    """Return what a block printed in a run, at most 1 MiB of it."""
    log, raw = WrittenLog.of(paths.logs / run, block, 0), b""
    while len(raw) <= LOG_BYTES and (more := log.read(len(raw), LOG_BYTES + 1 - len(raw))):
        raw += more
    text = raw[:LOG_BYTES].decode("utf-8", "replace")
    if len(raw) > LOG_BYTES:
        text += "\n… the rest is in the log of the run\n"
    return text


def _material(
    paths: ProjectPaths, record: RunRecord, files: bytes, rows: dict[str, dict[str, Any]]
) -> bytes:
    displays: dict[str, bytes] = {}
    for block in record.blocks:
        displays |= displays_of(paths, block)
    logs = {block.name: log_of(paths, record.id, block.name) for block in record.blocks}
    material = {
        "definition": Definition.decode(files),
        "title": record.pipeline,
        "run": record,
        "displays": displays,
        "logs": logs,
        "rows": rows,
    }
    return msgspec.msgpack.encode(material)
