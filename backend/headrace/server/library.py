"""The shared blocks that can be added to a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from headrace.core.ids import text_hash
from headrace.project.library import LibraryFile
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.protocol.tables import LibraryBlock, Parameter
from headrace.server.base import ApiHandler, operation


class _Described(msgspec.Struct):
    """What the analysis says of a block, as far as the library shows it."""

    form: list[Parameter] = []
    description: str = ""
    arguments: list[str] = []


class _Analysis(msgspec.Struct):
    blocks: dict[str, _Described]


class LibraryHandler(ApiHandler):
    """The library."""

    @operation("The shared blocks", returns=list[LibraryBlock])
    async def get(self) -> list[LibraryBlock]:
        await self.runtime.ready()
        files = await asyncio.to_thread(self.runtime.project.library)
        answer = await self.runtime.pool.service("analysis").call(
            "analyse",
            files=msgspec.to_builtins(_as_pipeline(files)),
            root=str(self.runtime.paths.root),
            columns={},
        )
        analysis = msgspec.convert(answer, _Analysis)
        own = self.runtime.paths.blocks
        return [
            msgspec.structs.replace(
                _described(file, analysis.blocks.get(_name(file), _Described())),
                writable=file.file.is_relative_to(own),
            )
            for file in files
        ]


def _as_pipeline(files: Sequence[LibraryFile]) -> PipelineFiles:
    """Return all shared blocks as one pipeline, so that one analysis describes them."""
    blocks = tuple(
        Block(name=_name(file), kind=file.kind, language=file.language, block=file.path)
        for file in files
    )
    sources = {
        _name(file): Source(
            path=str(file.file), text=file.text, hash=text_hash(file.text), shared=True
        )
        for file in files
    }
    pipeline = Pipeline(name="library", title="Library", blocks=blocks)
    return PipelineFiles(pipeline=pipeline, text="", sources=sources, version="")


def _name(file: LibraryFile) -> str:
    return file.path.replace("/", "_")


def _described(file: LibraryFile, found: _Described) -> LibraryBlock:
    return LibraryBlock(
        path=file.path,
        kind=file.kind,
        language=file.language,
        title=file.path.rpartition("/")[2].replace("_", " ").capitalize(),
        description=found.description,
        form=found.form,
        arguments=found.arguments,
    )
