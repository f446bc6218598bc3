"""High-water marks over REST: how far incremental blocks have come, and setting them anew."""

from __future__ import annotations

from msgspec import Struct

from headrace.project.watermarks import listed, mark_to_set
from headrace.protocol.watermarks import WatermarkTable
from headrace.server.base import ApiHandler, operation


class WatermarkList(Struct, frozen=True):
    """The marks of a pipeline, those of its incremental blocks first, in their order."""

    watermarks: list[WatermarkTable]


class NewWatermark(Struct, frozen=True, forbid_unknown_fields=True):
    """A mark that somebody sets; None to begin anew."""

    value: str | None = None


class WatermarksHandler(ApiHandler):
    """The marks of one pipeline."""

    @operation("How far the incremental blocks of a pipeline have come", returns=WatermarkList)
    async def get(self, pipeline: str) -> WatermarkList:
        await self.runtime.ready()
        session = await self.runtime.sessions.open(pipeline)
        names = [table.name for table in session.draft.tables if table.incremental is not None]
        stored: list[WatermarkTable] = await self.runtime.history.call(
            lambda known: known.watermarks(pipeline)
        )
        return WatermarkList(watermarks=listed(pipeline, names, stored))


class WatermarkHandler(ApiHandler):
    """The mark of one block."""

    @operation(
        "Set the mark of a block, or reset it: then the next run loads from the beginning",
        body=NewWatermark,
        returns=WatermarkTable,
    )
    async def put(self, new: NewWatermark, pipeline: str, block: str) -> WatermarkTable:
        await self.runtime.ready()
        session = await self.runtime.sessions.open(pipeline)
        stored: list[WatermarkTable] = await self.runtime.history.call(
            lambda known: known.watermarks(pipeline)
        )
        found = session.draft.table(block)
        incremental = None if found is None else found.incremental
        mark = mark_to_set(block, incremental, stored, new.value)
        now = self.runtime.clock.now()
        table: WatermarkTable = await self.runtime.history.call(
            lambda known: known.set_watermark(pipeline, block, mark, now)
        )
        await session.look_at_marks()
        return table
