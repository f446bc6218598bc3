"""The shared blocks that can be added to a pipeline."""

from __future__ import annotations

import asyncio

import msgspec

from headrace.project.library import LibraryFile
from headrace.protocol.tables import LibraryBlock
from headrace.server.base import ApiHandler, operation


class LibraryHandler(ApiHandler):
    """The library."""

    @operation("The shared blocks", returns=list[LibraryBlock])
    async def get(self) -> list[LibraryBlock]:
        await self.runtime.ready()
        files = await asyncio.to_thread(self.runtime.project.library)
        described = await self.runtime.pool.service("analysis").call(
            "library", files=[_plain(file) for file in files]
        )
        return msgspec.convert(described, list[LibraryBlock])


def _plain(file: LibraryFile) -> dict[str, str]:
    return {
        "path": file.path,
        "kind": file.kind,
        "language": file.language,
        "text": file.text,
        "file": str(file.file),
    }
