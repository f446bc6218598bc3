"""What the whole project hears of a pipeline's runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from headrace.protocol import events as ev
from headrace.protocol.tables import RunSummary
from headrace.session.run import Run

_BLOCK_EVENTS = ev.BlockStarted | ev.BlockWaiting | ev.BlockFinished | ev.BlockFailed
RUN_EVENTS = ev.RunQueued | _BLOCK_EVENTS | ev.RunFinished
"""Events after which a run is another in lists."""


@dataclass
class News:
    """What is to be told of a run after a step: each thing once, as it then is."""

    run: Run
    blocks: dict[str, None] = field(default_factory=dict[str, None])
    finished: ev.RunFinished | None = None

    def note(self, event: RUN_EVENTS) -> None:
        """Take in one event of the run."""
        match event:
            case ev.RunQueued():
                pass
            case ev.RunFinished():
                self.finished = event
            case _:
                self.blocks[event.block] = None

    def events(self) -> Iterator[ev.Event]:
        """Yield how the run is now, and each of its blocks that something happened to."""
        run = self.run
        for block in self.blocks:
            yield ev.BlockRunChanged(cause=run.id, run=run.id, block=run.blocks[block].record)
        yield ev.RunChanged(cause=run.id, run=self._summary())

    def _summary(self) -> RunSummary:
        run, finished = self.run, self.finished
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
            blocks_done=run.blocks_over,
            blocks_total=len(run.blocks),
            reason=run.reason,
            published=run.published,
            limits=run.limits,
            retry=run.retry,
        )
