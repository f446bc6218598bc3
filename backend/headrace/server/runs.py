"""Runs over REST: start, list, look at, cancel, retry; logs and executed notebooks."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, get_args

import msgspec
from msgspec import Struct

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import check_name, check_run_id
from headrace.notebooks.gathering import gather
from headrace.notebooks.render import render
from headrace.protocol import commands as cmd
from headrace.protocol.tables import (
    FINAL_RUN_STATES,
    Origin,
    RunMatrix,
    RunRecord,
    RunState,
    RunSummary,
    Scope,
)
from headrace.runs.history import History
from headrace.server.base import ApiHandler, operation
from headrace.session.run import RunRequest
from headrace.workers.written_log import WrittenLog

_TAIL_LIMIT_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 1 << 18
_IDEMPOTENCY_KEY_LENGTH = 200
_CANCEL_WAIT_S = 2.0
"""Most blocks end at the first interrupt; one that does not may take up to 12 s."""


class NewRun(Struct, frozen=True, forbid_unknown_fields=True):
    """What starts a run: all blocks, or these with all their ancestors.

    `scope` says otherwise: `only` these, `from` these on with all below, or of them and their
    ancestors what is `stale`. With `dry_run`, nothing starts.
    """

    parameters: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    blocks: list[str] | None = None
    scope: Scope = "until"
    force: bool = False
    dry_run: bool = False


class RunAgain(Struct, frozen=True, forbid_unknown_fields=True):
    """How a run is repeated: from its failed blocks on, or from a block on with all below."""

    start: str | None = msgspec.field(default=None, name="from")
    dry_run: bool = False


class RunStarted(Struct, frozen=True):
    """The id of a run that is recorded, None of a dry run; and what it was going to run."""

    id: str | None
    blocks: list[str]


class RunList(Struct, frozen=True):
    """Runs, newest first; `next` is the `before` of the page after, None on the last one."""

    runs: list[RunSummary]
    next: str | None


class _ListingHandler(ApiHandler):
    """Says by its query which runs are wanted."""

    def chosen(self) -> dict[str, Any]:
        """Return the arguments of `History.runs` that narrow a list."""
        since, until = self.moment("since"), self.moment("until")
        if since is not None and until is not None and since >= until:
            raise InvalidInput("since must be before until.", field="since")
        return {
            "state": self.one_of("state", get_args(RunState)),
            "origin": self.one_of("origin", get_args(Origin)),
            "since": since,
            "until": until,
        }


class RunsOfPipelineHandler(ApiHandler):
    """Starts runs."""

    @operation(
        "Start a run; Idempotency-Key makes that safe to repeat; 200 for a dry run",
        body=NewRun,
        returns=RunStarted,
        status=201,
        headers=("Idempotency-Key",),
        also=(200,),
    )
    async def post(self, new: NewRun, pipeline: str) -> RunStarted | None:
        await self.runtime.ready()
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not 0 < len(key) <= _IDEMPOTENCY_KEY_LENGTH:
            raise InvalidInput("Idempotency-Key has 1 to 200 characters.", field="Idempotency-Key")
        session = await self.runtime.sessions.open(pipeline)
        request = RunRequest(
            origin="api",
            parameters=new.parameters,
            blocks=new.blocks,
            scope=new.scope,
            force=new.force,
        )
        if new.dry_run:
            self.reply(RunStarted(None, await session.plan_run(request)))
            return None
        return RunStarted(*await session.start_planned(request, key))


class MatrixHandler(_ListingHandler):
    """The newest runs of a pipeline side by side."""

    @operation(
        "The newest runs of a pipeline and how each block fared in them",
        returns=RunMatrix,
        query=("state", "origin", "since", "until", "limit"),
    )
    async def get(self, pipeline: str) -> RunMatrix:
        await self.runtime.ready()
        limit = self.integer("limit", 50, least=1, most=200)
        chosen = self.chosen()
        await asyncio.to_thread(self.runtime.project.read_pipeline, pipeline)

        def look(known: History) -> RunMatrix:
            return known.matrix_of(known.runs(pipeline, limit=limit, **chosen))

        return await self.runtime.history.call(look)


class RunsHandler(_ListingHandler):
    """The history."""

    @operation(
        "List runs, newest first; those queued from `since` on and before `until`",
        returns=RunList,
        query=("pipeline", "state", "origin", "since", "until", "backfill", "limit", "before"),
    )
    async def get(self) -> RunList:
        await self.runtime.ready()
        pipeline = self.text("pipeline")
        if pipeline is not None:
            check_name(pipeline, "pipeline")
        limit = self.integer("limit", 50, least=1, most=500)
        chosen = self.chosen()
        before, backfill = self._id("before"), self._id("backfill")
        runs: list[RunSummary] = await self.runtime.history.call(
            lambda known: known.runs(
                pipeline=pipeline, limit=limit + 1, before=before, backfill=backfill, **chosen
            )
        )
        page = runs[:limit]
        return RunList(page, page[-1].id if len(runs) > limit else None)

    def _id(self, name: str) -> str | None:
        text = self.text(name)
        return None if text is None else check_run_id(text)


class RunHandler(ApiHandler):
    """One run."""

    @operation("A run with its block runs", returns=RunRecord)
    async def get(self, run: str) -> RunRecord:
        await self.runtime.ready()
        record: RunRecord = await self.runtime.history.call(lambda known: known.run(run))
        places = self.runtime.sessions.places(record.pipeline, run)
        if not places:
            return record
        blocks = [
            msgspec.structs.replace(block, place=places.get(block.name)) for block in record.blocks
        ]
        return msgspec.structs.replace(record, blocks=blocks)


class CancelHandler(ApiHandler):
    """Stops a run."""

    @operation(
        "Cancel a run; 202 when it still goes on because a block resists",
        returns=RunRecord,
        also=(202,),
    )
    async def post(self, run: str) -> RunRecord | None:
        await self.runtime.ready()
        history = self.runtime.history
        record: RunRecord = await history.call(lambda known: known.run(run))
        if record.state not in FINAL_RUN_STATES:
            session = await self.runtime.sessions.open(record.pipeline)
            await session.handle(cmd.CancelRun(pipeline=record.pipeline, run=run))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CANCEL_WAIT_S):
                    await session.finished(run)
            record = await history.call(lambda known: known.run(run))
        if record.state in FINAL_RUN_STATES:
            return record
        self.reply(record, 202)
        return None


class RetryHandler(ApiHandler):
    """Runs again what did not succeed."""

    @operation(
        "Run again with the same parameters; what succeeded is taken from the store",
        body=RunAgain,
        returns=RunStarted,
        status=201,
        also=(200,),
    )
    async def post(self, again: RunAgain, run: str) -> RunStarted | None:
        await self.runtime.ready()
        record: RunRecord = await self.runtime.history.call(lambda known: known.run(run))
        session = await self.runtime.sessions.open(record.pipeline)
        request = await session.retry_request(run, again.start)
        if again.dry_run:
            self.reply(RunStarted(None, await session.plan_run(request)))
            return None
        return RunStarted(*await session.start_planned(request))


class LogHandler(ApiHandler):
    """What a block printed."""

    @operation(
        "The log of a block run as text: whole, or its last `tail` bytes",
        query=("attempt", "tail", "download"),
        media=("text/plain",),
    )
    async def get(self, run: str, block: str) -> None:
        await self.runtime.ready()
        attempt = self.integer("attempt", 0, most=1000)
        tail = self.integer("tail", 0, most=_TAIL_LIMIT_BYTES)
        record: RunRecord = await self.runtime.history.call(lambda known: known.run(run))
        if all(known.name != block for known in record.blocks):
            raise NotFound(f"The run has no block {block!r}.", kind="block", name=block)
        log = await asyncio.to_thread(WrittenLog.of, self.runtime.paths.logs / run, block, attempt)
        start = max(0, log.size - tail) if tail else 0
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Log-Start", str(start))
        if self.text("download") is not None:
            name = f"{record.pipeline}.{block}.{run}.log"
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        while self.request.method != "HEAD" and start < log.size:
            chunk = await asyncio.to_thread(log.read, start, min(log.size - start, _CHUNK_BYTES))
            if not chunk:
                break  # its middle was cut out meanwhile
            self.write(self.runtime.pool.masks.blotted(chunk))  # it may just have been printed
            await self.flush()
            start += len(chunk)
        self.finish()


class NotebookHandler(ApiHandler):
    """A run as an executed notebook."""

    @operation("The run as an executed notebook", media=("application/x-ipynb+json",))
    async def get(self, run: str) -> None:
        await self.runtime.ready()
        record: RunRecord = await self.runtime.history.call(lambda known: known.run(run))
        files = await self.runtime.history.call(lambda known: known.files(record.version))
        content = await render(await gather(self.runtime, record, files))
        self.set_header("Content-Type", "application/x-ipynb+json")
        self.set_header("Content-Disposition", f'attachment; filename="{record.pipeline}.ipynb"')
        self.finish(content)
