"""Published versions over REST: what triggers run, how the draft differs, and the way back."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct

from headrace.core.errors import InvalidInput, NotFound
from headrace.protocol import commands as cmd
from headrace.protocol.versions import (
    BlockCode,
    PublishedVersion,
    RunCode,
    VersionCode,
    VersionList,
)
from headrace.server.base import ApiHandler, operation
from headrace.session.definition import Definition
from headrace.session.publishing import files_of

_MESSAGE_LENGTH = 500


class NewVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """What is published: the draft, if it is still the one of this hash."""

    message: str = ""
    version: str | None = None


class Restored(Struct, frozen=True):
    """What a restore left as it is: shared blocks that are different now."""

    left: list[str]


class PublishHandler(ApiHandler):
    """Lets triggers run the draft."""

    @operation(
        "Publish the draft: triggers run it from now on",
        body=NewVersion,
        returns=PublishedVersion,
        status=201,
    )
    async def post(self, new: NewVersion, pipeline: str) -> PublishedVersion:
        await self.runtime.ready()
        if len(new.message) > _MESSAGE_LENGTH:
            raise InvalidInput(
                f"message has at most {_MESSAGE_LENGTH} characters.", field="message"
            )
        command = cmd.Publish(pipeline=pipeline, message=new.message, version=new.version)
        return await self.runtime.sessions.handle(command)


class VersionsHandler(ApiHandler):
    """All published versions."""

    @operation("Published versions, and how the draft differs", returns=VersionList)
    async def get(self, pipeline: str) -> VersionList:
        await self.runtime.ready()
        session = await self.runtime.sessions.open(pipeline)
        await session.look_again()
        versions: list[PublishedVersion] = await self.runtime.history.call(
            lambda known: known.published_versions(pipeline)
        )
        newest = versions[0].number if versions else None
        return VersionList(
            versions=versions,
            draft=session.draft.files.version,
            difference=await session.difference_to_draft(newest),
        )


class VersionHandler(ApiHandler):
    """One published version."""

    @operation("The code of a published version", returns=VersionCode)
    async def get(self, pipeline: str, version: str) -> VersionCode:
        await self.runtime.ready()
        number = _number(version)
        session = await self.runtime.sessions.open(pipeline)
        versions: list[PublishedVersion] = await self.runtime.history.call(
            lambda known: known.published_versions(pipeline)
        )
        about = next((one for one in versions if one.number == number), None)
        if about is None:
            raise _unknown(pipeline, version)
        packed = await self.runtime.history.call(
            lambda known: known.published_files(pipeline, number)
        )
        files = await asyncio.to_thread(files_of, packed)
        blocks = [
            BlockCode(
                name=block.name,
                kind=block.kind,
                language=block.language,
                path=files.sources[block.name].path,
                text=files.sources[block.name].text,
                upstream=list(block.upstream),
            )
            for block in files.pipeline.blocks
        ]
        return VersionCode(
            version=about,
            blocks=blocks,
            parameters=list(files.pipeline.parameters),
            difference=await session.difference_to_draft(number),
        )


class RestoreHandler(ApiHandler):
    """Brings a version back into the draft."""

    @operation("Make the draft what a version was; an edit that can be undone", returns=Restored)
    async def post(self, pipeline: str, version: str) -> Restored:
        await self.runtime.ready()
        command = cmd.RestoreVersion(pipeline=pipeline, number=_number(version))
        return msgspec.convert(await self.runtime.sessions.handle(command), Restored)


class RunCodeHandler(ApiHandler):
    """The code of a run."""

    @operation("The code that a run pinned", returns=RunCode)
    async def get(self, run: str) -> RunCode:
        await self.runtime.ready()
        record = await self.runtime.history.call(lambda known: known.run(run))
        packed = await self.runtime.history.call(lambda known: known.files(record.version))
        definition = await asyncio.to_thread(Definition.decode, packed)
        root = f"{self.runtime.paths.root}/"
        return RunCode(
            version=record.version,
            published=record.published,
            blocks=[
                BlockCode(
                    name=block.name,
                    kind=block.kind,
                    language=block.language,
                    path=block.path.removeprefix(root),
                    text=block.source,
                    upstream=list(block.upstream),
                )
                for block in definition.blocks.values()
            ],
        )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInput("A version is named by its number.", field="version")
    return int(text)


def _unknown(pipeline: str, version: str) -> NotFound:
    return NotFound(
        f"Pipeline {pipeline!r} has no version {version}.", kind="version", name=version
    )
