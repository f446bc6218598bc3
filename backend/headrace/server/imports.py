"""Notebooks → pipelines over REST: look at the plan, prove it, make the pipeline."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from msgspec import Struct, field

from headrace.core.ids import check_name
from headrace.notebooks.importing.asking import name_of_file, plan_import, prove_import
from headrace.protocol.imports import ImportChoices, ImportPlan, ImportProof
from headrace.server.base import ApiHandler, operation


class NewImport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notebook as text, the name of its file, and what was decided so far."""

    text: str
    file: str
    choices: ImportChoices = field(default_factory=ImportChoices)

    @property
    def name(self) -> str:
        """Name the pipeline."""
        return check_name(self.choices.name or name_of_file(self.file), "pipeline")


class MadePipeline(Struct, frozen=True):
    """The pipeline that an import made."""

    name: str


class ImportPlanHandler(ApiHandler):
    """How a notebook would become a pipeline."""

    @operation(
        "Read a notebook and cut it into blocks; nothing of it is run",
        body=NewImport,
        returns=ImportPlan,
    )
    async def post(self, new: NewImport) -> ImportPlan:
        return await plan_import(new.text, new.name, new.choices)


class ImportProofHandler(ApiHandler):
    """Whether a pipeline gives what its notebook gives."""

    _work: asyncio.Future[ImportProof] | None = None

    @operation(
        "Run a notebook and its pipeline in copies of the project and compare them",
        body=NewImport,
        returns=ImportProof,
    )
    async def post(self, new: NewImport) -> Any:
        await self.runtime.ready()
        root = self.runtime.paths.root
        self._work = asyncio.ensure_future(prove_import(new.text, new.name, new.choices, root))
        with contextlib.suppress(asyncio.CancelledError):  # nobody waits for it any more
            return await self._work
        return None

    def on_connection_close(self) -> None:
        """End what is run for a caller who went away."""
        if self._work is not None:
            self._work.cancel()


class ImportedPipelinesHandler(ApiHandler):
    """Pipelines made of notebooks."""

    @operation("Make the pipeline of a notebook", body=NewImport, returns=MadePipeline, status=201)
    async def post(self, new: NewImport) -> MadePipeline:
        await self.runtime.ready()
        plan = await plan_import(new.text, new.name, new.choices)
        await self.runtime.sessions.add(plan.name, plan.files, plan.shared_blocks)
        return MadePipeline(plan.name)
