"""Help while typing: proposals and signatures, from live values first and from the text second."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.analysis.result import BlockText
from headrace.core.errors import InvalidInput, NotFound
from headrace.graph.order import order
from headrace.project.connections import dialect_of, url_in
from headrace.protocol import commands as cmd
from headrace.protocol.lineage import BlockLineage, Impact, Lineage
from headrace.protocol.replies import Completion, Completions, Inspection, Translation
from headrace.protocol.tables import BlockStatus, BlockTable
from headrace.session.draft import Draft, columns_of
from headrace.workers.pool import Pool

KEPT_PROPOSALS = 200


class Assistance:
    """Answers what is asked while typing, such as `complete` and `show-lineage`."""

    def __init__(self, pool: Pool, pipeline: str, root: Path) -> None:
        """Help in one pipeline of the project at `root`, whose modules are known by name."""
        self._pool = pool
        self._pipeline = pipeline
        self._root = root

    async def complete(
        self, command: cmd.Complete, draft: Draft, status: Mapping[str, BlockStatus]
    ) -> Completions:
        """Return proposals for a place, columns and live names before static ones."""
        table = _table(draft, command.block)
        live = await self._ask_live("complete", command, table)
        static = msgspec.convert(
            await self._ask_static("complete", command, draft, status), Completions
        )
        if live is None:
            return static
        return _joined(msgspec.convert(live, Completions), static)

    async def inspect(
        self, command: cmd.Inspect, draft: Draft, status: Mapping[str, BlockStatus]
    ) -> Inspection:
        """Return the signature and documentation of what stands at a place."""
        table = _table(draft, command.block)
        live = await self._ask_live("inspect", command, table)
        if live is not None:
            found = msgspec.convert(live, Inspection)
            if found.signature:
                return found
        answer = await self._ask_static("inspect", command, draft, status)
        return msgspec.convert(answer, Inspection)

    async def format(self, command: cmd.FormatSource, draft: Draft) -> dict[str, Any]:
        """Return the text in standard form."""
        table = _table(draft, command.block)
        service = self._pool.service("analysis")
        text = await service.call(
            "format", text=command.text, language=table.language, dialect=self._dialect(table)
        )
        return {"text": text}

    async def lineage(self, draft: Draft, status: Mapping[str, BlockStatus]) -> Lineage:
        """Return where the columns of all blocks come from, upstream blocks first."""
        answer = await self._pool.service("analysis").call(
            "lineage", blocks=self._texts(draft, status)
        )
        return Lineage(pipeline=self._pipeline, blocks=msgspec.convert(answer, list[BlockLineage]))

    async def impact(
        self, command: cmd.ShowImpact, draft: Draft, status: Mapping[str, BlockStatus]
    ) -> Impact:
        """Return what would break if a column were called otherwise."""
        _table(draft, command.block)
        answer = await self._pool.service("analysis").call(
            "impact",
            blocks=self._texts(draft, status),
            block=command.block,
            column=command.column,
        )
        return msgspec.convert(answer, Impact)

    async def translate(self, command: cmd.TranslateSource, draft: Draft) -> Translation:
        """Return the text in the dialect of its block."""
        table = _table(draft, command.block)
        if table.language != "sql":
            raise InvalidInput(f"{command.block!r} is no SQL.", field="block")
        answer = await self._pool.service("analysis").call(
            "translate",
            text=command.text,
            source=command.source,
            target=self._dialect(table),
        )
        return msgspec.convert(answer, Translation)

    def _dialect(self, table: BlockTable) -> str:
        """Return the dialect of the database that a block runs on, as far as that is known."""
        declared = self._pool.connections.get(table.connection or "")
        return dialect_of(url_in(declared) or "") or "duckdb"

    @staticmethod
    def _texts(draft: Draft, status: Mapping[str, BlockStatus]) -> Any:
        """Return what lineage reads of all blocks, upstream blocks first."""
        tables = {table.name: table for table in draft.tables}
        columns = columns_of(status)
        blocks = [
            BlockText(
                name=name,
                language=tables[name].language,
                text=draft.files.sources[name].text,
                upstream=tables[name].upstream,
                inputs=tables[name].inputs,
                connection=tables[name].connection is not None,
                columns=columns.get(name),
            )
            for name in order({name: table.upstream for name, table in tables.items()})
        ]
        return msgspec.to_builtins(blocks)

    async def _ask_live(
        self, what: str, command: cmd.Complete | cmd.Inspect, table: BlockTable
    ) -> Any:
        if table.language != "python":
            return None
        question = {
            "op": what,
            "block": command.block,
            "text": command.text,
            "line": command.line,
            "column": command.column,
            "upstream": table.upstream,
        }
        return await self._pool.ask_session(self._pipeline, question)

    async def _ask_static(
        self,
        what: str,
        command: cmd.Complete | cmd.Inspect,
        draft: Draft,
        status: Mapping[str, BlockStatus],
    ) -> Any:
        table = _table(draft, command.block)
        columns = columns_of(status) | dict(draft.columns)
        columns = {name: columns[name] for name in table.upstream if name in columns}
        return await self._pool.service("analysis").call(
            what,
            text=command.text,
            language=table.language,
            line=command.line,
            column=command.column,
            names=table.upstream,
            columns=msgspec.to_builtins(columns),
            inputs=table.inputs,
            parameters=msgspec.to_builtins(draft.parameters),
            root=str(self._root),
        )


def _table(draft: Draft, block: str) -> BlockTable:
    table = draft.table(block)
    if table is None:
        raise NotFound(f"There is no block {block!r}.", kind="block", name=block)
    return table


def _joined(first: Completions, second: Completions) -> Completions:
    """Put the proposals of both together when they replace the same text; the first ones win."""
    if not first.items:
        return second
    if first.start != second.start:
        return first
    items: dict[str, Completion] = {}
    for item in (*first.items, *second.items):
        items.setdefault(item.label, item)
    return Completions(start=first.start, items=list(items.values())[:KEPT_PROPOSALS])
