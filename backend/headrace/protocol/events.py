"""What happened in a session, in past tense.

`seq` counts up by one, without a gap, within one `epoch` of one pipeline. `cause` is the `req` of
the command or the id of the run that brought it about, or empty for the outside world.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from headrace.protocol.backfills import Backfill
from headrace.protocol.replies import Diagnostic
from headrace.protocol.tables import (
    BlockRun,
    BlockState,
    BlockStatus,
    BlockTable,
    CheckResult,
    Display,
    Failure,
    Origin,
    Output,
    Parameter,
    RunState,
    RunSummary,
    Staleness,
)
from headrace.protocol.versions import PublishedVersion


class Event(Struct, frozen=True, kw_only=True, tag_field="op"):
    """Base of all events."""

    pipeline: str = ""
    seq: int = 0
    cause: str = ""


class LiveRun(Struct, frozen=True, kw_only=True):
    """A run that is not over, with the state of its blocks."""

    id: str
    origin: Origin
    state: RunState
    trigger: str | None = None
    queued_at: datetime
    started_at: datetime | None = None
    blocks: dict[str, BlockState] = field(default_factory=dict[str, BlockState])


class PipelineState(Struct, frozen=True, kw_only=True):
    """All of a session at one `seq`: what a browser needs to draw the editor."""

    name: str
    title: str
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """Parameter values that runs of the editor use."""
    blocks: list[BlockTable] = field(default_factory=list[BlockTable])
    sources: dict[str, str] = field(default_factory=dict[str, str])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    status: dict[str, BlockStatus] = field(default_factory=dict[str, BlockStatus])
    runs: list[LiveRun] = field(default_factory=list[LiveRun])
    worker: str = "none"
    auto_run: bool = False
    """Whether stale blocks that are cheap run by themselves."""
    undo: str | None = None
    redo: str | None = None
    problem: str | None = None
    """Why pipeline.yaml cannot be read; the rest is then as it was last readable."""
    version: str = ""
    """Content hash of the draft."""
    published: PublishedVersion | None = None
    """What triggers run; the draft differs when its `version` is not that one's hash."""


class SnapshotTaken(Event, frozen=True, kw_only=True, tag="snapshot-taken"):
    """The whole state at `seq`; events follow from `seq + 1`."""

    epoch: str
    state: PipelineState | None = None
    """None for the project itself."""
    disk_low: bool = False
    """Project: as the last `disk-space-changed` said."""


class PipelineChanged(Event, frozen=True, kw_only=True, tag="pipeline-changed"):
    """Blocks, order, edges, parameters or title changed, here or outside.

    `sources` holds only those that differ from what was last sent.
    """

    title: str
    parameters: list[Parameter]
    values: dict[str, Any]
    blocks: list[BlockTable]
    sources: dict[str, str] = field(default_factory=dict[str, str])
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    undo: str | None = None
    redo: str | None = None
    problem: str | None = None
    version: str = ""


class SourceChanged(Event, frozen=True, kw_only=True, tag="source-changed"):
    """One block's source was saved, by `cause`, or edited outside (`cause` empty)."""

    block: BlockTable
    text: str
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    """All diagnostics of the pipeline as they are now."""
    version: str = ""
    """Content hash of the draft as it is now."""


class VersionPublished(Event, frozen=True, kw_only=True, tag="version-published"):
    """Triggers run this version from now on, here or by another process; None: none is left."""

    version: PublishedVersion | None


class ParametersSet(Event, frozen=True, kw_only=True, tag="parameters-set"):
    """The values that runs of the editor use are now these."""

    values: dict[str, Any]


class AutoRunSwitched(Event, frozen=True, kw_only=True, tag="auto-run-switched"):
    """Stale blocks that are cheap run by themselves from now on, or no more."""

    on: bool


class StalenessChanged(Event, frozen=True, kw_only=True, tag="staleness-changed"):
    """These blocks became fresh or stale, or are so for other reasons."""

    blocks: dict[str, Staleness]


class StatusReplaced(Event, frozen=True, kw_only=True, tag="status-replaced"):
    """These blocks have another result to show, e.g. a known one after an edit was taken back.

    Events of runs whose origin is not `editor` never change a block's status by themselves; where
    their results fit the draft, this event says so.
    """

    blocks: dict[str, BlockStatus]


class RunQueued(Event, frozen=True, kw_only=True, tag="run-queued"):
    """A run was accepted and recorded; these are its blocks in order."""

    run: str
    origin: Origin
    blocks: list[str]
    queued_at: datetime
    trigger: str | None = None


class QueueMoved(Event, frozen=True, kw_only=True, tag="queue-moved"):
    """The next ones to get a slot, by run and block, with their place in the line from 1.

    All other blocks that wait have no place yet. In the project's own log: of all pipelines.
    """

    places: dict[str, dict[str, int]]


class BlockStarted(Event, frozen=True, kw_only=True, tag="block-started"):
    """An attempt of a block began in a worker. The first one of a run starts the run.

    With `pokes` it is a sensor that has been asked so often before, and is asked again.
    """

    run: str
    block: str
    attempt: int
    started_at: datetime
    pokes: int = 0


class BlockWaiting(Event, frozen=True, kw_only=True, tag="block-waiting"):
    """A sensor is not ready. It is asked again at `poke_at`, and has no worker until then."""

    run: str
    block: str
    attempt: int
    pokes: int
    """How often it was asked."""
    poke_at: datetime
    give_up_at: datetime


class BlockFinished(Event, frozen=True, kw_only=True, tag="block-finished"):
    """A block has its output: computed (`succeeded`) or taken from the store (`cached`)."""

    run: str
    block: str
    state: BlockState
    attempt: int
    output: Output
    seconds: float
    cache: str
    finished_at: datetime
    staleness: Staleness | None = None
    checks: list[CheckResult] = field(default_factory=list[CheckResult])


class BlockFailed(Event, frozen=True, kw_only=True, tag="block-failed"):
    """An attempt failed; `retry_at` says when the next one starts, None that it was the last."""

    run: str
    block: str
    attempt: int
    failure: Failure
    seconds: float
    finished_at: datetime
    retry_at: datetime | None = None
    checks: list[CheckResult] = field(default_factory=list[CheckResult])


class BlocksSkipped(Event, frozen=True, kw_only=True, tag="blocks-skipped"):
    """These blocks will not run.

    `because` is the block that failed or was cancelled, or says `sensor x is not ready`.
    """

    run: str
    blocks: list[str]
    because: str


class BlocksCancelled(Event, frozen=True, kw_only=True, tag="blocks-cancelled"):
    """These blocks were stopped, or taken off the queue."""

    run: str
    blocks: list[str]
    finished_at: datetime


class StopAdvanced(Event, frozen=True, kw_only=True, tag="stop-advanced"):
    """Stopping a block took its next stage: `interrupt`, `terminate` or `kill`."""

    run: str
    block: str
    stage: str


class RunFinished(Event, frozen=True, kw_only=True, tag="run-finished"):
    """A run is over."""

    run: str
    state: RunState
    finished_at: datetime
    seconds: float
    reason: str | None = None


class LogAppended(Event, frozen=True, kw_only=True, tag="log-appended"):
    """A block wrote this; `offset` is the byte in its log where `text` begins.

    Bytes between the end of the last text and `offset` were too many to send: they are in the log.
    """

    run: str
    block: str
    offset: int
    text: str


class Displayed(Event, frozen=True, kw_only=True, tag="displayed"):
    """A block showed something rich."""

    run: str
    block: str
    display: Display


class ProgressMade(Event, frozen=True, kw_only=True, tag="progress-made"):
    """A block is at `done` of `total`."""

    run: str
    block: str
    done: float
    total: float | None = None


class WorkerChanged(Event, frozen=True, kw_only=True, tag="worker-changed"):
    """The session worker is now `none`, `starting`, `ready`, `busy` or `dead`."""

    state: str
    rss_bytes: int | None = None


class SessionEnded(Event, frozen=True, kw_only=True, tag="session-ended"):
    """The pipeline was deleted or the server stops; no event follows."""

    reason: str


class RunChanged(Event, frozen=True, kw_only=True, tag="run-changed"):
    """Project: a run was queued, started or ended."""

    run: RunSummary


class BlockRunChanged(Event, frozen=True, kw_only=True, tag="block-run-changed"):
    """Project: a block of a run changed its state; for open run pages."""

    run: str
    block: BlockRun


class PipelinesChanged(Event, frozen=True, kw_only=True, tag="pipelines-changed"):
    """Project: the list of pipelines, or a title, changed on disk."""


class TriggersChanged(Event, frozen=True, kw_only=True, tag="triggers-changed"):
    """Project: triggers of `of` were changed, paused, resumed, or fired."""

    of: str


class BackfillChanged(Event, frozen=True, kw_only=True, tag="backfill-changed"):
    """Project: a backfill was made, came further, was paused, resumed, cancelled, or is over."""

    backfill: Backfill


class DiskSpaceChanged(Event, frozen=True, kw_only=True, tag="disk-space-changed"):
    """Project: so little is left on its disk that triggers start no runs, or enough again."""

    low: bool


class NotificationsChanged(Event, frozen=True, kw_only=True, tag="notifications-changed"):
    """Project: something was sent to a channel, or could not be."""


class SettingsChanged(Event, frozen=True, kw_only=True, tag="settings-changed"):
    """Project: headrace.yaml was changed, or a secret was kept or forgotten."""


AnyEvent = (
    SnapshotTaken
    | PipelineChanged
    | SourceChanged
    | VersionPublished
    | ParametersSet
    | AutoRunSwitched
    | StalenessChanged
    | StatusReplaced
    | RunQueued
    | QueueMoved
    | BlockStarted
    | BlockWaiting
    | BlockFinished
    | BlockFailed
    | BlocksSkipped
    | BlocksCancelled
    | StopAdvanced
    | RunFinished
    | LogAppended
    | Displayed
    | ProgressMade
    | WorkerChanged
    | SessionEnded
    | RunChanged
    | BlockRunChanged
    | PipelinesChanged
    | TriggersChanged
    | BackfillChanged
    | NotificationsChanged
    | SettingsChanged
    | DiskSpaceChanged
)
"""Every event."""
