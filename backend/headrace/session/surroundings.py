"""What every session of a project shares: files, workers, history, clock, and the project's log."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from headrace.analysis.analyse import Analysis
from headrace.core.clock import Clock
from headrace.core.errors import NotFound
from headrace.project.files import Project
from headrace.project.pipeline import PipelineFiles
from headrace.protocol import events as ev
from headrace.protocol.tables import BlockStatus, RunSummary
from headrace.runs.thread import HistoryThread
from headrace.session.definition import Definition
from headrace.session.draft import Draft, columns_of
from headrace.session.log import EventLog
from headrace.session.run import OVER, Run
from headrace.workers.pool import Pool


@dataclass
class Surroundings:
    """Shared by all sessions. `log` is the project's own: runs, pipelines, triggers."""

    project: Project
    pool: Pool
    history: HistoryThread
    clock: Clock
    log: EventLog = field(default_factory=lambda: EventLog(""))

    async def draft(self, files: PipelineFiles, status: Mapping[str, BlockStatus]) -> Draft:
        """Analyse files, off the event loop, in the analysis service."""
        service = self.pool.service("analysis")
        answer = await service.call(
            "analyse",
            files=msgspec.to_builtins(files),
            root=str(self.project.paths.root),
            columns=msgspec.to_builtins(columns_of(status)),
        )
        analysis = msgspec.convert(answer, Analysis)
        used = await asyncio.to_thread(self._used_in, files)
        settings = await asyncio.to_thread(self.project.settings)
        return Draft.of(
            files,
            analysis,
            root=self.project.paths.root,
            used_in=used,
            defaults=settings.defaults,
        )

    def _used_in(self, files: PipelineFiles) -> Mapping[str, int]:
        """Count the pipelines that use each shared block of this one."""
        counts: Counter[str] = Counter()
        shared = {block.block for block in files.pipeline.blocks if block.block is not None}
        for name in self.project.list_pipelines() if shared else ():
            with contextlib.suppress(NotFound):  # deleted meanwhile
                blocks = self.project.read_pipeline(name).blocks
                counts.update({block.block for block in blocks if block.block in shared})
        return counts

    async def decode(self, files: bytes) -> Definition:
        """Read the definition that a run pinned."""
        return await asyncio.to_thread(Definition.decode, files)

    def a_day_ago(self) -> datetime:
        """Return how far back an idempotency key counts."""
        return self.clock.now() - timedelta(days=1)

    def tell_pipelines_changed(self) -> None:
        """Tell those who watch the project that a pipeline is new, gone or different."""
        self.log.publish(ev.PipelinesChanged())

    def tell_run(self, run: Run, event: ev.Event) -> None:
        """Tell those who watch the project how a run and the block of `event` are now."""
        block = getattr(event, "block", None)
        if isinstance(block, str):
            record = run.blocks[block].record
            self.log.publish(ev.BlockRunChanged(cause=run.id, run=run.id, block=record))
        finished = event if isinstance(event, ev.RunFinished) else None
        self.log.publish(ev.RunChanged(cause=run.id, run=summary_of(run, finished)))


def summary_of(run: Run, finished: ev.RunFinished | None = None) -> RunSummary:
    """Describe a live run, or one that just finished, as lists show it."""
    return RunSummary(
        id=run.id,
        pipeline=run.definition.pipeline,
        state=run.state,
        origin=run.origin,
        trigger=run.trigger,
        logical_time=run.logical_time,
        queued_at=run.queued_at,
        started_at=run.started_at,
        finished_at=finished.finished_at if finished else None,
        seconds=finished.seconds if finished else None,
        blocks_done=sum(1 for block in run.blocks.values() if block.state in OVER),
        blocks_total=len(run.blocks),
        reason=run.reason,
    )
