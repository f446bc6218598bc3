"""Outputs against one another over REST, and what there is to compare with."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput
from headrace.core.ids import check_address
from headrace.protocol.comparison import Comparison, PastResult, PastResults
from headrace.server.base import ApiHandler, operation
from headrace.server.outputs import ARROW, OutputHandler
from headrace.store.files import StoreFiles

_TIMEOUT_S = 600.0
_MOST_ROWS = 500
_KINDS = ("added", "removed", "changed", "repeated", "repeated-before")


class _ComparingHandler(OutputHandler):
    """Asks for a comparison with the output that `with` names, by the columns that `key` names."""

    async def compare(self, method: str, address: str, **arguments: Any) -> Any:
        other = self.text("with")
        if other is None:
            raise InvalidInput("Say by `with` which output to compare with.", field="with")
        return await self.ask(
            method,
            timeout_s=_TIMEOUT_S,
            address=address,
            other=check_address(other),
            key=self._key,
            **arguments,
        )

    @property
    def _key(self) -> list[str]:
        """The columns of the key: `key` once for each, or once as a list with commas."""
        texts = self.get_query_arguments("key", strip=False)
        if len(texts) == 1:
            return [name for name in texts[0].split(",") if name]
        return [name for name in texts if name]


class CompareHandler(_ComparingHandler):
    """A whole output against another one."""

    @operation(
        "This output against another one: columns, rows, distributions",
        returns=Comparison,
        query=("with", "key"),
    )
    async def get(self, address: str) -> Any:
        found = await self.compare("compare", address)
        self.keep_for_ever()
        return msgspec.convert(found, Comparison)


class ChangedRowsHandler(_ComparingHandler):
    """Windows of the rows in which two outputs differ."""

    @operation(
        "A window of the rows that were added, removed or changed",
        returns=dict[str, Any],
        query=("with", "key", "kind", "offset", "limit"),
        media=(ARROW,),
    )
    async def get(self, address: str) -> None:
        kind = self.text("kind") or "changed"
        if kind not in _KINDS:
            raise InvalidInput(f"kind must be one of {', '.join(_KINDS)}.", field="kind")
        found = await self.compare(
            "changed-rows",
            address,
            kind=kind,
            offset=self.integer("offset", 0),
            limit=self.integer("limit", 200, most=_MOST_ROWS),
            format="json" if self.wants_json else "arrow",
        )
        self.send_rows(found)


class PastResultsHandler(ApiHandler):
    """What a block gave until now."""

    @operation("What a block gave in its last runs, newest first", returns=PastResults)
    async def get(self, pipeline: str, block: str) -> Any:
        await self.runtime.ready()
        await asyncio.to_thread(self.runtime.project.read_pipeline, pipeline)
        history = self.runtime.history
        found = await history.call(lambda known: known.past_results(pipeline, block))
        return await asyncio.to_thread(self._with_stored, found)

    def _with_stored(self, found: PastResults) -> PastResults:
        store = StoreFiles(self.runtime.paths.store)

        def told(result: PastResult) -> PastResult:
            stored = store.exists(result.output.address)
            return msgspec.structs.replace(result, stored=stored)

        return PastResults(
            results=[told(result) for result in found.results],
            scheduled=None if found.scheduled is None else told(found.scheduled),
        )
