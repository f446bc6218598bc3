"""Blocks made from what somebody looks at: the code of a view, or of a chart of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import check_name
from headrace.project.contracts import proposed
from headrace.project.files import Project
from headrace.protocol import commands as cmd
from headrace.protocol.contracts import Contract
from headrace.protocol.replies import BlockDraft
from headrace.protocol.tables import BlockStatus, Language
from headrace.session.draft import Draft
from headrace.workers.pool import Pool

_STEM = 55
"""Characters of the upstream's name that go into a name chosen for the block."""


def contract_of(name: str, status: BlockStatus) -> Contract:
    """Return the contract that the newest output of a block fulfils, kept or refused.

    Raises InvalidInput when there is no table, or one with too many columns to list.
    """
    refused = (check.refused for check in status.checks if check.refused is not None)
    output = next(refused, status.output)
    if output is None or output.kind != "table":
        raise InvalidInput(f"{name!r} has no table to freeze: run it first.", field="block")
    if (output.column_count or 0) > len(output.columns):
        raise InvalidInput(f"{name!r} has too many columns for a contract.", field="block")
    return proposed(output.columns)


class Maker:
    """Answers `make-block` as far as it changes nothing."""

    def __init__(self, pool: Pool, project: Project) -> None:
        self._pool = pool
        self._project = project

    async def draft(
        self, command: cmd.MakeBlock, draft: Draft, status: Mapping[str, BlockStatus]
    ) -> BlockDraft:
        """Write the code; raise NotFound, InvalidName, and InvalidInput for what has no table."""
        if draft.table(command.upstream) is None:
            raise NotFound(
                f"There is no block {command.upstream!r}.", kind="block", name=command.upstream
            )
        known = status.get(command.upstream)
        if known is None or known.output is None or known.output.kind != "table":
            raise InvalidInput(
                f"{command.upstream!r} has no table to look at: run it first.", field="upstream"
            )
        language: Language = "sql" if command.language == "sql" else "python"
        name = self._name(command, {table.name for table in draft.tables})
        data = self._pool.service("data")
        store, address = str(self._project.paths.store), known.output.address
        place: dict[str, Any] = {"folder": store, "address": address}
        view = msgspec.to_builtins(command.view)
        chart = msgspec.to_builtins(command.chart)
        facts = await data.call("facts", **place)
        drawn = None if chart is None else await data.call("chart", **place, view=view, chart=chart)
        code = await self._pool.service("analysis").call(
            "block-of-view",
            view=view,
            steps=msgspec.to_builtins(command.steps),
            chart=chart,
            drawn=drawn,
            table=facts,
            name=name,
            upstream=command.upstream,
            language=command.language,
        )
        return BlockDraft(name=name, language=language, text=code["text"], notes=code["notes"])

    def _name(self, command: cmd.MakeBlock, taken: Collection[str]) -> str:
        if command.name is not None:
            return check_name(command.name)
        stem = f"{command.upstream[:_STEM]}_{'chart' if command.chart else 'view'}"
        names = [stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)
