"""Outputs over REST: windows of rows, profiles, exports, displays; bytes by immutable address."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from headrace.core.errors import InvalidInput, Unavailable
from headrace.protocol.tables import Column
from headrace.protocol.views import View
from headrace.server.base import ApiHandler, operation
from headrace.server.views import PARAMETERS, read_view
from headrace.store.files import StoreFiles

_IMMUTABLE = "private, max-age=31536000, immutable"
_ARROW = "application/vnd.apache.arrow.stream"
_ROWS_LIMIT = 100_000
_CHUNK_BYTES = 1024 * 1024
_SANDBOX_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:"
)
_DISPLAY_TYPES = {
    "text/html": "text/html; charset=utf-8",
    "image/svg+xml": "image/svg+xml",
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "text/markdown": "text/plain; charset=utf-8",
    "text/latex": "text/plain; charset=utf-8",
    "text/plain": "text/plain; charset=utf-8",
    "application/json": "application/json",
}
"""What a display is sent as; anything else is sent as bytes to be saved."""
_EXPORT_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
}


class ClientGone(Unavailable):
    """Whoever asked does not wait any more: nobody reads this."""


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class OutputHandler(ApiHandler):
    """What the handlers of outputs share."""

    _asking: asyncio.Task[Any] | None = None

    async def ask(self, method: str, **arguments: Any) -> Any:
        """Call the data service; raise ClientGone when the client goes away meanwhile."""
        await self.runtime.ready()
        service = self.runtime.pool.service("data")
        folder = str(self.runtime.paths.store)
        self._asking = asyncio.create_task(service.call(method, folder=folder, **arguments))
        try:
            return await self._asking
        except asyncio.CancelledError:
            if self._asking.cancelled() and not _is_cancelled():
                raise ClientGone("The client went away.") from None
            self._asking.cancel()
            raise

    def on_connection_close(self) -> None:
        """Stop what was asked for: the client went away."""
        if self._asking is not None:
            self._asking.cancel()
        super().on_connection_close()

    def keep_for_ever(self) -> None:
        """Say that this answer never changes: its address names its content."""
        self.set_header("Cache-Control", _IMMUTABLE)

    @property
    def view(self) -> View:
        """The wanted rows and columns; raise InvalidInput."""
        return read_view(
            sort=self.text("sort") or "",
            conditions=self.text("filter") or "",
            search=self.text("search") or "",
            columns=self.get_query_arguments("columns", strip=False) or None,
        )


class RowsHandler(OutputHandler):
    """Windows of rows."""

    @operation(
        "A window of rows as an Arrow IPC stream, or as JSON by Accept",
        returns=dict[str, Any],
        query=("offset", "limit", *PARAMETERS),
        media=(_ARROW,),
    )
    async def get(self, address: str) -> Any:
        as_json = "application/json" in self.request.headers.get("Accept", "")
        found = await self.ask(
            "window",
            address=address,
            offset=self.integer("offset", 0),
            limit=self.integer("limit", 1000, most=_ROWS_LIMIT),
            view=self.view,
            format="json" if as_json else "arrow",
        )
        self.set_header("Vary", "Accept")
        self.set_header("X-Total-Rows", str(found["total"]))
        self.keep_for_ever()
        if as_json:
            return found
        self.set_header("Content-Type", _ARROW)
        self.finish(found["stream"])
        return None


class ColumnsHandler(OutputHandler):
    """Names and types of columns, of which an output itself has the first thousand."""

    @operation("Names and types of all columns", returns=list[Column])
    async def get(self, address: str) -> Any:
        columns = await self.ask("columns", address=address)
        self.keep_for_ever()
        return columns


class ProfileHandler(OutputHandler):
    """Statistics of columns."""

    @operation("Statistics of each column", returns=dict[str, Any])
    async def get(self, address: str) -> Any:
        profile = await self.ask("profile", address=address)
        self.keep_for_ever()
        return profile


class ExportHandler(OutputHandler):
    """Whole outputs as files."""

    @operation("The whole output as a file", query=("format",), media=tuple(_EXPORT_TYPES.values()))
    async def get(self, address: str) -> None:
        form = self.text("format") or "parquet"
        if form not in _EXPORT_TYPES:
            raise InvalidInput(f"format must be one of {', '.join(_EXPORT_TYPES)}.", field="format")
        with tempfile.TemporaryDirectory(prefix="headrace-export-") as folder:
            path = Path(folder) / f"{address[:8]}.{form}"
            await self.ask(
                "export", address=address, format=form, destination=str(path), timeout_s=600
            )
            self.set_header("Content-Type", _EXPORT_TYPES[form])
            self.set_header("Content-Disposition", f'attachment; filename="{path.name}"')
            await self._send(path)

    async def _send(self, path: Path) -> None:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                self.write(chunk)
                await self.flush()
        self.finish()


class DisplayHandler(OutputHandler):
    """What a block displayed: sandboxed, so that it is only ever of an opaque origin."""

    @property
    def content_security_policy(self) -> str:
        return _SANDBOX_POLICY

    @operation("What a block displayed", query=("mime",), media=("*/*",))
    async def get(self, address: str) -> None:
        await self.runtime.ready()
        mime, content = await asyncio.to_thread(self._read, address)
        kind = _DISPLAY_TYPES.get(mime)
        if kind is None:
            kind = "application/octet-stream"
            self.set_header("Content-Disposition", "attachment")
        self.set_header("Content-Type", kind)
        self.keep_for_ever()
        self.finish(content)

    def _read(self, address: str) -> tuple[str, bytes]:
        return StoreFiles(self.runtime.paths.store).display(address)
