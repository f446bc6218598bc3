"""Backfills over REST: what became of past ticks, and the runs that make up for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.core.errors import InvalidInput
from headrace.core.ids import check_name
from headrace.protocol.backfills import (
    Backfill,
    BackfillPlan,
    BackfillRequest,
    BackfillState,
    PastTicks,
)
from headrace.server.base import ApiHandler, operation
from headrace.server.runtime import Runtime

if TYPE_CHECKING:
    from headrace.protocol.tables import TriggerTable
    from headrace.runs.past import NewBackfill

_LISTED = 50


class BackfillList(Struct, frozen=True):
    """Backfills, newest first."""

    backfills: list[Backfill]


class PastTicksHandler(ApiHandler):
    """The past of a trigger."""

    @operation(
        "What became of the ticks of a trigger from `from` to `to`, dates or moments in its zone",
        returns=PastTicks,
        query=("from", "to"),
    )
    async def get(self, pipeline: str, trigger: str) -> PastTicks:
        from headrace.scheduling.backfilling import look_back

        await self.runtime.ready()
        first = self.text("from")
        if first is None:
            raise InvalidInput("Say from when on: ?from=2026-11-01.", field="from")
        table = await _trigger(self.runtime, pipeline, trigger)
        now = self.runtime.clock.now()
        return await look_back(self.runtime.history, table, first, self.text("to"), now)


class BackfillsOfPipelineHandler(ApiHandler):
    """The backfills of one pipeline."""

    @operation("List the backfills of a pipeline", returns=BackfillList, query=("limit",))
    async def get(self, pipeline: str) -> BackfillList:
        await self.runtime.ready()
        await asyncio.to_thread(self.runtime.project.read_pipeline, pipeline)
        return await _list(
            self.runtime, pipeline, self.integer("limit", _LISTED, least=1, most=500)
        )

    @operation("Run past ticks of a trigger", body=BackfillRequest, returns=Backfill, status=201)
    async def post(self, asked: BackfillRequest, pipeline: str) -> Backfill:
        from headrace.scheduling.backfilling import add_backfill

        _, new = await _plan(self.runtime, pipeline, asked)
        backfill = await add_backfill(self.runtime.history, new)
        _wake(self.runtime)
        return backfill


class BackfillPlanHandler(ApiHandler):
    """What a backfill means, before it is one."""

    @operation(
        "What a backfill would run, and how long that may take",
        body=BackfillRequest,
        returns=BackfillPlan,
    )
    async def post(self, asked: BackfillRequest, pipeline: str) -> BackfillPlan:
        told, _ = await _plan(self.runtime, pipeline, asked)
        return told


class BackfillsHandler(ApiHandler):
    """The backfills of the whole project."""

    @operation("List backfills", returns=BackfillList, query=("pipeline", "limit"))
    async def get(self) -> BackfillList:
        await self.runtime.ready()
        pipeline = self.text("pipeline")
        if pipeline is not None:
            check_name(pipeline, "pipeline")
        return await _list(
            self.runtime, pipeline, self.integer("limit", _LISTED, least=1, most=500)
        )


class BackfillHandler(ApiHandler):
    """One backfill."""

    @operation("How far a backfill is", returns=Backfill)
    async def get(self, backfill: str) -> Backfill:
        await self.runtime.ready()
        return await self.runtime.history.call(lambda known: known.backfill(backfill))


class PauseBackfillHandler(ApiHandler):
    """Lets a backfill rest."""

    @operation("Start no more runs of a backfill for now; those that go on end", returns=Backfill)
    async def post(self, backfill: str) -> Backfill:
        return await _set(self.runtime, backfill, "paused")


class ResumeBackfillHandler(ApiHandler):
    """Lets a backfill go on."""

    @operation("Let a paused backfill go on", returns=Backfill)
    async def post(self, backfill: str) -> Backfill:
        return await _set(self.runtime, backfill, "running")


class CancelBackfillHandler(ApiHandler):
    """Ends a backfill."""

    @operation("End a backfill and cancel its runs", returns=Backfill)
    async def post(self, backfill: str) -> Backfill:
        return await _set(self.runtime, backfill, "cancelled")


async def _plan(
    runtime: Runtime, pipeline: str, asked: BackfillRequest
) -> tuple[BackfillPlan, NewBackfill]:
    from headrace.scheduling.backfilling import plan

    await runtime.ready()
    table = await _trigger(runtime, pipeline, asked.trigger)
    return await plan(runtime.history, table, asked, runtime.clock.now())


async def _trigger(runtime: Runtime, pipeline: str, name: str) -> TriggerTable:
    from headrace.scheduling.backfilling import trigger_of

    now = runtime.clock.now()
    return await trigger_of(runtime.project, runtime.history, pipeline, name, now)


async def _list(runtime: Runtime, pipeline: str | None, limit: int) -> BackfillList:
    found = await runtime.history.call(lambda known: known.backfills(pipeline, limit=limit))
    return BackfillList(found)


async def _set(runtime: Runtime, backfill: str, state: BackfillState) -> Backfill:
    await runtime.ready()
    now = runtime.clock.now()
    await runtime.history.call(lambda known: known.set_backfill(backfill, state, now))
    _wake(runtime)
    return await runtime.history.call(lambda known: known.backfill(backfill))


def _wake(runtime: Runtime) -> None:
    if runtime.backfilling is not None:
        runtime.backfilling.wake()
