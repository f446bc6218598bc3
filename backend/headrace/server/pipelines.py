"""Pipelines, their blocks and sources over REST: each change is a command of the session."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from headrace.core.errors import HeadraceError, InvalidInput, NotFound
from headrace.notebooks.render import FORMS, material_of, render
from headrace.protocol import commands as cmd
from headrace.protocol.events import PipelineState
from headrace.protocol.lineage import Lineage
from headrace.protocol.tables import (
    Kind,
    Language,
    Parameter,
    PipelineSummary,
    RunSummary,
    TriggerTable,
)
from headrace.runs.history import History
from headrace.runs.lists import median_seconds
from headrace.server.base import ApiHandler, operation
from headrace.server.runtime import Runtime

_RUNS_SHOWN = 30


class PipelineList(Struct, frozen=True):
    """Every pipeline of the project."""

    pipelines: list[PipelineSummary]


class NewPipeline(Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a pipeline."""

    name: str
    title: str = ""


class PipelineChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What of a pipeline is to be different."""

    title: str | UnsetType = UNSET
    parameters: list[Parameter] | UnsetType = UNSET


class NewSource(Struct, frozen=True, forbid_unknown_fields=True):
    """A block's whole source."""

    text: str


class SourceText(Struct, frozen=True):
    """A block's source and its hash, which `If-Match` must name."""

    text: str
    hash: str


class NewBlock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What adds a block; see the command `add-block`."""

    name: str | None = None
    kind: Kind = "transformer"
    language: Language = "python"
    library: str | None = None
    text: str | None = None
    index: int | None = None
    upstream: list[str] = msgspec.field(default_factory=list[str])
    settings: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


async def summaries(runtime: Runtime) -> list[PipelineSummary]:
    """Return the rows of the home page."""
    project, history = runtime.project, runtime.history
    names = await asyncio.to_thread(project.list_pipelines)

    def look(known: History) -> tuple[dict[str, list[RunSummary]], dict[str, datetime]]:
        latest = known.latest_runs(names, _RUNS_SHOWN)
        return latest, known.failing_since(latest)

    runs, failing = await history.call(look)
    triggers: list[TriggerTable] = await history.call(lambda known: known.triggers())

    def read() -> list[PipelineSummary]:
        found: list[PipelineSummary] = []
        for name in names:
            try:
                pipeline = project.read_pipeline(name)
            except NotFound:
                continue  # deleted meanwhile
            own = [trigger for trigger in triggers if trigger.pipeline == name]
            latest = runs.get(name, [])
            ticks = [trigger.next_at for trigger in own if trigger.next_at is not None]
            problem = next((p for p in pipeline.problems if p.severity == "error"), None)
            found.append(
                PipelineSummary(
                    name=name,
                    title=pipeline.title,
                    blocks=len(pipeline.blocks),
                    problem=f"{problem.file}:{problem.line}: {problem.message}"
                    if problem
                    else None,
                    runs=latest,
                    triggers=own,
                    next_at=min(ticks, default=None),
                    median_seconds=median_seconds(latest),
                    failing_since=failing.get(name),
                )
            )
        return found

    return await asyncio.to_thread(read)


class PipelinesHandler(ApiHandler):
    """All pipelines."""

    @operation("List pipelines with their last runs and next tick", returns=PipelineList)
    async def get(self) -> PipelineList:
        await self.runtime.ready()
        return PipelineList(await summaries(self.runtime))

    @operation("Make a pipeline", body=NewPipeline, returns=PipelineState, status=201)
    async def post(self, new: NewPipeline) -> PipelineState:
        await self.runtime.ready()
        await self.runtime.sessions.create(new.name, new.title)
        return await _state(self.runtime, new.name)


class PipelineHandler(ApiHandler):
    """One pipeline."""

    @operation("The pipeline with its blocks, sources and their state", returns=PipelineState)
    async def get(self, pipeline: str) -> PipelineState:
        await self.runtime.ready()
        return await _state(self.runtime, pipeline)

    @operation("Change title or parameters", body=PipelineChange, returns=PipelineState)
    async def patch(self, change: PipelineChange, pipeline: str) -> PipelineState:
        await self.runtime.ready()
        command = cmd.ConfigurePipeline(
            pipeline=pipeline,
            title=None if change.title is UNSET else change.title,
            parameters=None if change.parameters is UNSET else change.parameters,
        )
        await self.runtime.sessions.handle(command)
        return await _state(self.runtime, pipeline)

    @operation("Move the pipeline to the trash", query=("cancel",))
    async def delete(self, pipeline: str) -> None:
        await self.runtime.ready()
        cancel = self.text("cancel") in ("true", "1")
        await self.runtime.sessions.delete(pipeline, cancel=cancel)


class LineageHandler(ApiHandler):
    """Where columns come from."""

    @operation("The columns of all blocks and what they are made of", returns=Lineage)
    async def get(self, pipeline: str) -> Lineage:
        await self.runtime.ready()
        return await self.runtime.sessions.handle(cmd.ShowLineage(pipeline=pipeline))


class SourceHandler(ApiHandler):
    """The source of one block."""

    @operation("The source of a block", returns=SourceText)
    async def get(self, pipeline: str, block: str) -> SourceText:
        await self.runtime.ready()
        return await _source(self.runtime, pipeline, block)

    @operation(
        "Save a source; If-Match names the hash it is based on",
        body=NewSource,
        returns=SourceText,
        headers=("If-Match",),
    )
    async def put(self, new: NewSource, pipeline: str, block: str) -> SourceText:
        await self.runtime.ready()
        match = self.request.headers.get("If-Match", "").strip()
        base = match.removeprefix("W/").strip('"')
        if not base:
            raise InvalidInput('Send If-Match: "<hash>" of the source that you changed.')
        command = cmd.SaveSource(pipeline=pipeline, block=block, text=new.text, base=base)
        try:
            await self.runtime.sessions.handle(command)
        except HeadraceError as error:
            if error.code == "conflict":
                error.details.setdefault("yours", new.text)
            raise
        return await _source(self.runtime, pipeline, block)


class BlocksHandler(ApiHandler):
    """The blocks of a pipeline."""

    @operation("Add a block", body=NewBlock, returns=dict[str, Any], status=201)
    async def post(self, new: NewBlock, pipeline: str) -> Any:
        await self.runtime.ready()
        fields = {name: getattr(new, name) for name in new.__struct_fields__}
        return await self.runtime.sessions.handle(cmd.AddBlock(pipeline=pipeline, **fields))


class BlockHandler(ApiHandler):
    """One block."""

    @operation("Delete a block and its edges")
    async def delete(self, pipeline: str, block: str) -> None:
        await self.runtime.ready()
        session = await self.runtime.sessions.open(pipeline)
        await session.handle(cmd.DeleteBlocks(pipeline=pipeline, blocks=[block]))


class ExportPipelineHandler(ApiHandler):
    """A pipeline as a file that runs without Headrace."""

    @operation(
        "The pipeline as a notebook, or as a script with `?to=script`",
        query=("to",),
        media=tuple(media for _, media in FORMS.values()),
    )
    async def get(self, pipeline: str) -> None:
        await self.runtime.ready()
        form = self.text("to") or "notebook"
        if form not in FORMS:
            raise InvalidInput(f"to must be one of {', '.join(FORMS)}.", field="to")
        session = await self.runtime.sessions.open(pipeline)
        root = self.runtime.paths.root
        content = await render(await asyncio.to_thread(material_of, session.draft, form, root))
        suffix, media = FORMS[form]
        self.set_header("Content-Type", f"{media}; charset=utf-8" if form == "script" else media)
        self.set_header("Content-Disposition", f'attachment; filename="{pipeline}{suffix}"')
        self.finish(content)


class CommandsHandler(ApiHandler):
    """Any command of the websocket, as one request."""

    @operation("Carry out a command", body=dict[str, Any], returns=dict[str, Any])
    async def post(self, fields: dict[str, Any], pipeline: str) -> dict[str, Any]:
        await self.runtime.ready()
        if fields.setdefault("pipeline", pipeline) != pipeline:
            raise InvalidInput("The command names another pipeline.", field="pipeline")
        try:
            command: cmd.Command = msgspec.convert(fields, cmd.AnyCommand)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{error}.") from None
        if isinstance(command, cmd.OpenSession | cmd.CloseSession):
            raise InvalidInput("Sessions are opened over the websocket.", field="op")
        return {"result": await self.runtime.sessions.handle(command)}


async def _state(runtime: Runtime, pipeline: str) -> PipelineState:
    session = await runtime.sessions.open(pipeline)
    state = session.snapshot().state
    assert state is not None
    return state


async def _source(runtime: Runtime, pipeline: str, block: str) -> SourceText:
    state = await _state(runtime, pipeline)
    table = next((table for table in state.blocks if table.name == block), None)
    if table is None:
        raise NotFound(f"There is no block {block!r}.", kind="block", name=block)
    return SourceText(state.sources[block], table.hash)
