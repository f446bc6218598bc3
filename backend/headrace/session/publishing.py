"""What is published of a pipeline: the version that its triggers run, whatever the draft says."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from headrace.core.errors import Conflict, InvalidInput
from headrace.project.pipeline import PipelineFiles
from headrace.project.stamps import UNSURE, Stamps
from headrace.protocol.tables import BlockStatus
from headrace.protocol.versions import PublishedVersion
from headrace.runs.changes import Snapshot
from headrace.runs.history import History
from headrace.session.draft import Draft
from headrace.session.surroundings import Surroundings

FIRST = "published by its first trigger"
"""Message of a version that nobody asked for: there was an active trigger and no version."""


def snapshot_of(files: PipelineFiles) -> Snapshot:
    """Make the bytes that the history keeps of a version."""
    packed = zlib.compress(msgspec.msgpack.encode(files))
    return Snapshot(files.pipeline.name, files.version, packed)


def files_of(packed: bytes) -> PipelineFiles:
    """Read what `snapshot_of` made."""
    return msgspec.msgpack.decode(zlib.decompress(packed), type=PipelineFiles)


def problems_of(draft: Draft) -> list[str]:
    """Return why a draft could not run as a whole."""
    blocks = draft.definition.blocks.values()
    return [
        *draft.refusals,
        *(f"{block.name}: {block.problem}" for block in blocks if block.problem),
    ]


def can_be_first(files: PipelineFiles) -> bool:
    """Tell whether files may be published without anybody looking: they can be read whole."""
    return all(problem.severity != "error" for problem in files.pipeline.problems)


class Publishing:
    """Knows the newest version of one pipeline, and what it means with the libraries of today.

    The files are those that were published. What they import is found anew when it changed, as for
    a draft: helpers and libraries are not part of a version, but of the keys of results.
    """

    def __init__(
        self, around: Surroundings, pipeline: str, current: PublishedVersion | None
    ) -> None:
        self.current = current
        self._around = around
        self._pipeline = pipeline
        self._draft: tuple[int, Draft, Stamps] | None = None

    async def learn(self) -> bool:
        """Look whether another process published meanwhile; return whether one did."""
        before = self.current
        self.current = await self._around.history.call(History.published, self._pipeline)
        return self.current != before

    async def publish(self, draft: Draft, message: str, version: str | None) -> PublishedVersion:
        """Let triggers run a draft; InvalidInput when it could not run, Conflict when it is new."""
        if version not in (None, draft.files.version):
            raise Conflict("The draft changed meanwhile: look at it again.", kind="draft")
        problems = problems_of(draft)
        if problems:
            raise InvalidInput(
                "Not published, for it could not run: " + "; ".join(problems), problems=problems
            )
        return await self._publish(draft.files, message, first=False)

    async def _publish(
        self, files: PipelineFiles, message: str, *, first: bool
    ) -> PublishedVersion:
        snapshot = await asyncio.to_thread(snapshot_of, files)
        now = self._around.clock.now()

        def write(history: History) -> PublishedVersion:
            return history.publish(snapshot, now, message=message, first=first)

        self.current = await self._around.history.call(write)
        return self.current

    async def files(self, number: int) -> PipelineFiles:
        """Return the files of a version; NotFound."""
        packed = await self._around.history.call(History.published_files, self._pipeline, number)
        return await asyncio.to_thread(files_of, packed)

    async def version_to_run(
        self, draft: Draft, status: Mapping[str, BlockStatus]
    ) -> tuple[int, Draft]:
        """Return what triggers run now, with its number; where nothing is published, `draft` is.

        Raises InvalidInput when nothing is published and the draft cannot be.
        """
        current = self.current
        if current is None:
            if not can_be_first(draft.files):
                problems = "; ".join(problems_of(draft))
                raise InvalidInput(f"Nothing is published yet, and the draft cannot be: {problems}")
            current = await self._publish(draft.files, FIRST, first=True)
        if current.hash == draft.files.version:
            return current.number, draft
        return current.number, await self._read(current.number, status)

    async def _read(self, number: int, status: Mapping[str, BlockStatus]) -> Draft:
        began = datetime.now(UTC)
        known = self._draft
        if known is not None and known[0] == number:
            _, draft, before = known
            now = await self._around.stamps(draft.places_around)
            if all(now[place] == before.get(place, UNSURE) for place in draft.places_around):
                return draft
            files = draft.files
        else:
            files, now = await self.files(number), Stamps()
        draft = await self._around.draft(files, status)
        later = await self._around.stamps(draft.places_around - now.keys(), since=began)
        self._draft = number, draft, {**later, **now}
        return draft
