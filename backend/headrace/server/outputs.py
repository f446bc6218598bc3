"""Outputs over REST: windows of rows, cells, profiles, exports; bytes by immutable address."""

from __future__ import annotations

import asyncio
from typing import Any

from headrace.core.errors import HeadraceError, InvalidInput, Unavailable
from headrace.protocol.profiles import Profile, Statistics
from headrace.protocol.tables import Column
from headrace.protocol.views import View
from headrace.server.base import ApiHandler, operation
from headrace.server.pipes import Pipe, writing
from headrace.server.views import PARAMETERS, read_view

_IMMUTABLE = "private, max-age=31536000, immutable"
ARROW = "application/vnd.apache.arrow.stream"
_ROWS_LIMIT = 100_000
_CELL_PIECE = 1 << 20
_EXPORT_LIMIT_S = 3_600
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

    @property
    def wants_json(self) -> bool:
        """Whether rows are wanted as JSON, not as an Arrow IPC stream."""
        return "application/json" in self.request.headers.get("Accept", "")

    def send_rows(self, found: dict[str, Any]) -> None:
        """Answer with a window of rows, as it was asked for with `wants_json`."""
        self.set_header("Vary", "Accept")
        self.set_header("X-Total-Rows", str(found["total"]))
        self.keep_for_ever()
        if self.wants_json:
            self.reply(found)
        else:
            self.set_header("Content-Type", ARROW)
            self.finish(found["stream"])

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
        media=(ARROW,),
    )
    async def get(self, address: str) -> None:
        found = await self.ask(
            "window",
            address=address,
            offset=self.integer("offset", 0),
            limit=self.integer("limit", 1000, most=_ROWS_LIMIT),
            view=self.view,
            format="json" if self.wants_json else "arrow",
        )
        self.send_rows(found)


class CellHandler(OutputHandler):
    """One cell, whole, in pieces: bytes to be saved or read, never a page."""

    @operation(
        "Some bytes of the cell in a row of a view; `X-Cell-Kind` says of what, `X-Total-Bytes` of"
        " how many",
        query=("row", "column", "offset", "limit", "sort", "filter", "search"),
        media=("application/octet-stream",),
    )
    async def get(self, address: str) -> None:
        columns = read_view(columns=self.get_query_arguments("column", strip=False) or None).columns
        if columns is None or len(columns) != 1:
            raise InvalidInput("Say which column: `column` is its name.", field="column")
        found = await self.ask(
            "cell",
            address=address,
            view=self.view,
            row=self.integer("row", 0),
            column=columns[0],
            offset=self.integer("offset", 0),
            limit=self.integer("limit", _CELL_PIECE, most=_CELL_PIECE),
        )
        self.keep_for_ever()
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", "attachment")
        self.set_header("X-Cell-Kind", found["kind"])
        self.set_header("X-Total-Bytes", str(found["total"]))
        self.finish(found["content"])


class ColumnsHandler(OutputHandler):
    """Names and types of columns, of which an output itself has the first thousand."""

    @operation("Names and types of all columns", returns=list[Column])
    async def get(self, address: str) -> Any:
        columns = await self.ask("columns", address=address)
        self.keep_for_ever()
        return columns


class ProfileHandler(OutputHandler):
    """Statistics of the columns of a view."""

    @operation(
        "Statistics of each column, of the rows of a view",
        returns=Profile,
        query=("filter", "search", "columns"),
    )
    async def get(self, address: str) -> Any:
        profile = await self.ask("profile", address=address, view=self.view)
        self.keep_for_ever()
        return profile


class StatisticsHandler(OutputHandler):
    """Statistics of selected cells."""

    @operation(
        "Count, sum, mean, least and greatest value of some rows of a view, by column",
        returns=Statistics,
        query=("offset", "limit", *PARAMETERS),
    )
    async def get(self, address: str) -> Any:
        statistics = await self.ask(
            "statistics",
            address=address,
            view=self.view,
            offset=self.integer("offset", 0),
            limit=self.integer("limit", 2**53),
        )
        self.keep_for_ever()
        return statistics


class ExportHandler(OutputHandler):
    """Views as files, sent while they are written."""

    @operation(
        "The rows of a view as a file",
        query=("format", *PARAMETERS),
        media=tuple(_EXPORT_TYPES.values()),
    )
    async def get(self, address: str) -> None:
        form = self.text("format") or "parquet"
        if form not in _EXPORT_TYPES:
            raise InvalidInput(f"format must be one of {', '.join(_EXPORT_TYPES)}.", field="format")
        view = self.view
        self.set_header("Content-Type", _EXPORT_TYPES[form])
        self.set_header("Content-Disposition", f'attachment; filename="{address[:8]}.{form}"')
        with Pipe() as pipe:
            asked = self.ask(
                "export",
                address=address,
                view=view,
                format=form,
                destination=str(pipe.path),
                timeout_s=_EXPORT_LIMIT_S,
            )
            async with writing(asked) as writer:
                async for part in pipe.parts(until=writer):
                    self.write(part)
                    await self.flush()
                try:
                    await writer
                except HeadraceError:
                    if not self._headers_written:
                        raise
                    # Only a broken connection tells that this is not the whole file.
                    self.detach().close()
                    return
        self.finish()
