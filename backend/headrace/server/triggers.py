"""Triggers over REST: they live in `pipeline.yaml`, their state in the history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, Struct, UnsetType

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import check_name
from headrace.project.changes import FileChange
from headrace.project.edit_triggers import delete_trigger, put_trigger
from headrace.project.pipeline import PipelineFiles, TriggerSpec, usual_overlap
from headrace.protocol.tables import Tick, TriggerTable
from headrace.server.base import ApiHandler, operation
from headrace.server.runtime import Runtime
from headrace.session.publishing import FIRST, can_be_first, snapshot_of

Catchup = Literal["none", "latest", "all"]
Overlap = Literal["skip", "queue_one", "queue_all", "cancel_previous", "allow"]


class NewTrigger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trigger; exactly one of `cron` to `changed` is given."""

    name: str
    cron: str | None = None
    every: str | None = None
    at: str | None = None
    webhook: bool = False
    files: str | None = None
    after: str | None = None
    changed: str | None = None
    timezone: str = "UTC"
    start: str | None = None
    end: str | None = None
    jitter: str | None = None
    catchup: Catchup = "latest"
    catchup_window: str | None = None
    catchup_limit: int | None = None
    overlap: Overlap | None = None
    """None: `skip` for those on a clock, `queue_all` for those that wait for events."""
    timeout: str | None = None
    retries: int | None = None
    backoff: str | None = None
    parameters: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    active: bool = True


class TriggerChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a trigger is to be different."""

    name: str | UnsetType = UNSET
    cron: str | UnsetType | None = UNSET
    every: str | UnsetType | None = UNSET
    at: str | UnsetType | None = UNSET
    webhook: bool | UnsetType = UNSET
    files: str | UnsetType | None = UNSET
    after: str | UnsetType | None = UNSET
    changed: str | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    start: str | UnsetType | None = UNSET
    end: str | UnsetType | None = UNSET
    jitter: str | UnsetType | None = UNSET
    catchup: Catchup | UnsetType = UNSET
    catchup_window: str | UnsetType | None = UNSET
    catchup_limit: int | UnsetType | None = UNSET
    overlap: Overlap | UnsetType = UNSET
    timeout: str | UnsetType | None = UNSET
    retries: int | UnsetType | None = UNSET
    backoff: str | UnsetType | None = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class Preview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule whose next ticks are asked for."""

    cron: str | None = None
    every: str | None = None
    at: str | None = None
    timezone: str = "UTC"
    start: str | None = None
    end: str | None = None
    after: datetime | None = None
    count: int = 5


class Ticks(Struct, frozen=True):
    """The next ticks."""

    ticks: list[Tick]


class TriggerList(Struct, frozen=True):
    """Triggers with their state."""

    triggers: list[TriggerTable]


class Timezones(Struct, frozen=True):
    """The names that `timezone` may have."""

    timezones: list[str]


class TriggersHandler(ApiHandler):
    """The triggers of the whole project."""

    @operation("List the triggers of all pipelines", returns=TriggerList, query=("pipeline",))
    async def get(self) -> TriggerList:
        await self.runtime.ready()
        pipeline = self.text("pipeline")
        if pipeline is not None:
            check_name(pipeline, "pipeline")
        return TriggerList(await _triggers(self.runtime, pipeline))


class TriggersOfPipelineHandler(ApiHandler):
    """The triggers of one pipeline."""

    @operation("List triggers", returns=TriggerList)
    async def get(self, pipeline: str) -> TriggerList:
        await self.runtime.ready()
        await asyncio.to_thread(self.runtime.project.read_pipeline, pipeline)
        return TriggerList(await _triggers(self.runtime, pipeline))

    @operation("Add a trigger", body=NewTrigger, returns=TriggerTable, status=201)
    async def post(self, new: NewTrigger, pipeline: str) -> TriggerTable:
        await self.runtime.ready()
        spec = TriggerSpec(**{name: getattr(new, name) for name in new.__struct_fields__})
        if new.overlap is None:
            spec = msgspec.structs.replace(spec, overlap=usual_overlap(spec))
        spec = await asyncio.to_thread(_checked, spec)
        await asyncio.to_thread(_check_named, self.runtime, pipeline, spec)
        return await _write(
            self.runtime, pipeline, spec.name, lambda files: put_trigger(files, spec)
        )


class TriggerHandler(ApiHandler):
    """One trigger, by its name."""

    @operation("Change a trigger, pause it, let it go on", body=TriggerChange, returns=TriggerTable)
    async def patch(self, change: TriggerChange, pipeline: str, trigger: str) -> TriggerTable:
        await self.runtime.ready()
        changed = {
            name: value
            for name in change.__struct_fields__
            if (value := getattr(change, name)) is not UNSET
        }

        def edit(files: PipelineFiles) -> list[FileChange]:
            before = _spec(files, trigger)
            spec = _checked(msgspec.structs.replace(before, **changed), before)
            _check_named(self.runtime, pipeline, spec)
            return put_trigger(files, spec, trigger)

        return await _write(self.runtime, pipeline, changed.get("name", trigger), edit)

    @operation("Delete a trigger")
    async def delete(self, pipeline: str, trigger: str) -> None:
        await self.runtime.ready()
        await _save(self.runtime, pipeline, lambda files: delete_trigger(files, trigger))


class PreviewHandler(ApiHandler):
    """What a schedule means, before it is one."""

    @operation("The next ticks of a schedule", body=Preview, returns=Ticks)
    async def post(self, asked: Preview) -> Ticks:
        if not 1 <= asked.count <= 100:
            raise InvalidInput("count must be from 1 to 100.", field="count")
        after = asked.after or datetime.now(UTC)
        if after.tzinfo is None:
            raise InvalidInput("after needs an offset, e.g. Z.", field="after")
        return await asyncio.to_thread(_preview, asked, after)


class TimezonesHandler(ApiHandler):
    """Time zones."""

    @operation("The names of time zones", returns=Timezones)
    async def get(self) -> Timezones:
        return Timezones(await asyncio.to_thread(_timezones))


@cache
def _timezones() -> list[str]:
    return sorted(available_timezones())


async def _triggers(runtime: Runtime, pipeline: str | None) -> list[TriggerTable]:
    return await runtime.history.call(lambda known: known.triggers(pipeline))


async def _write(
    runtime: Runtime,
    pipeline: str,
    name: str,
    edit: Callable[[PipelineFiles], list[FileChange]],
) -> TriggerTable:
    await _save(runtime, pipeline, edit)
    for table in await _triggers(runtime, pipeline):
        if table.name == name:
            return table
    raise NotFound(f"There is no trigger {name!r}.", kind="trigger", name=name)


async def _save(
    runtime: Runtime, pipeline: str, edit: Callable[[PipelineFiles], list[FileChange]]
) -> None:
    """Write the file, then let the scheduler know at once, not only when the watcher sees it."""
    from headrace.scheduling.files import sync_file

    await asyncio.to_thread(runtime.project.change_pipeline, pipeline, edit)
    now = runtime.clock.now()
    read = await sync_file(runtime.project, runtime.history, pipeline, now, has_errors=True)
    if any(spec.active for spec in read.specs):
        await _publish_first(runtime, pipeline)
    if runtime.daemon is not None:
        runtime.daemon.wake()
    for session in runtime.sessions.live():
        if session.pipeline == pipeline:
            await session.reread()
            await session.look_for_versions()


async def _publish_first(runtime: Runtime, pipeline: str) -> None:
    """Publish a pipeline of which nothing is published, if it can be read whole."""
    if not await runtime.history.call(lambda known: known.unpublished([pipeline])):
        return
    files = await asyncio.to_thread(runtime.project.read, pipeline)
    if can_be_first(files):
        snapshot = await asyncio.to_thread(snapshot_of, files)
        now = runtime.clock.now()
        await runtime.history.call(lambda known: known.publish_first([snapshot], now, FIRST))


def _spec(files: PipelineFiles, name: str) -> TriggerSpec:
    for spec in files.pipeline.triggers:
        if spec.name == name:
            return spec
    raise NotFound(f"There is no trigger {name!r}.", kind="trigger", name=name)


def _checked(spec: TriggerSpec, before: TriggerSpec | None = None) -> TriggerSpec:
    """Refuse a schedule that means nothing, or that never fires; call its zone by today's name."""
    from headrace.scheduling.triggers import check_spec
    from headrace.scheduling.zones import present_name

    check_spec(spec, datetime.now(UTC), before)
    if before is not None and before.timezone == spec.timezone:
        return spec
    return msgspec.structs.replace(spec, timezone=present_name(spec.timezone))


def _check_named(runtime: Runtime, pipeline: str, spec: TriggerSpec) -> None:
    """Refuse a trigger that waits for what there is not, or for its own pipeline."""
    named = spec.after or (spec.changed or "").partition("/")[0]
    if not named:
        return
    field = "after" if spec.after else "changed"
    if named == pipeline and spec.after:
        raise InvalidInput("after: a pipeline that starts itself would never end.", field=field)
    if named not in runtime.project.list_pipelines():
        raise InvalidInput(f"{field}: there is no pipeline {named[:64]!r}.", field=field)


def _preview(asked: Preview, after: datetime) -> Ticks:
    from headrace.scheduling.triggers import preview

    names = ("cron", "every", "at", "timezone", "start", "end")
    spec = TriggerSpec(name="preview", **{name: getattr(asked, name) for name in names})
    return Ticks(preview(spec, after, asked.count))
