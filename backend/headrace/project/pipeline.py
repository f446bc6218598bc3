"""The model of a pipeline: what pipeline.yaml says, as values. No I/O here."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from headrace.protocol.contracts import Contract
from headrace.protocol.notifications import Notify
from headrace.protocol.tables import Expectation, Kind, Language, Parameter
from headrace.protocol.watermarks import Incremental


class Block(Struct, frozen=True, kw_only=True):
    """One entry of `blocks:`. Exactly one of `file` (in the pipeline's folder) and `block`.

    `file` is relative to the pipeline's folder; `block` is the path in the project's `blocks/`, or
    in the library that ships with Headrace, without its suffix. `line` is that of the entry.
    """

    name: str
    kind: Kind
    file: str | None = None
    block: str | None = None
    language: Language = "python"
    upstream: tuple[str, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    retries: int | None = None
    """None, as for `timeout_s` and `memory_bytes`: what `defaults:` of headrace.yaml say."""
    backoff_s: float = 1.0
    retry_on: tuple[str, ...] = ()
    """Names of exceptions, or kinds of failure such as `timeout`, `died`; empty: all."""
    timeout_s: float | None = None
    memory_bytes: int | None = None
    cache: str | None = None
    """None, `forever`, or a duration such as `1h`."""
    connection: str | None = None
    kernel: str | None = None
    """Of a notebook: the Jupyter kernel that runs it, None for the one that it names."""
    results: tuple[str, ...] = ()
    """Of a notebook: the variables that are its output, one as it is, several as a dict."""
    writes: bool = False
    """Its statement may change the database of its connection."""
    isolation: str | None = None
    pool: str | None = None
    """Name of the pool in headrace.yaml of which it needs a slot."""
    priority: int = 0
    """The higher goes first when blocks wait for slots."""
    poke_s: float | None = None
    """Of a sensor that waits: seconds between two pokes. `timeout_s` is then of the whole wait."""
    soft_fail: bool = False
    """A sensor whose time is over is skipped with all below it, and has not failed."""
    checks: tuple[Expectation, ...] = ()
    """What its output must be like; the checks in its code are not among them."""
    contract: Contract | None = None
    """The columns that its output is declared to have."""
    incremental: Incremental | None = None
    """Of a loader: it loads what is beyond the mark of this column."""
    line: int = 1


TRIGGER_KINDS = ("cron", "every", "at", "webhook", "files", "after", "changed")
"""What can start runs; a trigger has one of them."""
TIMED = ("cron", "every", "at")
"""Those whose ticks a clock gives; those of the others are events that arrive."""


class TriggerSpec(Struct, frozen=True, kw_only=True):
    """One entry of `triggers:`. One of `TRIGGER_KINDS` is set; `active: false` is paused.

    Moments and spans of time are as they are written.
    """

    name: str
    cron: str | None = None
    every: str | None = None
    at: str | None = None
    webhook: bool = False
    """A request with the trigger's secret starts a run."""
    files: str | None = None
    """A pattern of paths: each new or changed file starts a run."""
    after: str | None = None
    """A pipeline: each run of it that succeeds starts one."""
    changed: str | None = None
    """`pipeline/block`: another output of it starts a run."""
    timezone: str = "UTC"
    start: str | None = None
    end: str | None = None
    jitter: str | None = None
    """Ticks come up to so much later, by a span that is the trigger's own."""
    catchup: str = "latest"
    catchup_window: str | None = None
    """Missed ticks that are older are skipped; None: a day."""
    catchup_limit: int | None = None
    """So many missed ticks are made up for; None: 100."""
    overlap: str = "skip"
    timeout: str | None = None
    """A run that takes longer is cancelled, and has failed."""
    retries: int | None = None
    """A tick is tried so often at most, the first run among them."""
    backoff: str | None = None
    """The wait before its second try; None: a minute."""
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    active: bool = True
    line: int = 1


def kinds_of(trigger: object) -> list[str]:
    """Return those of `TRIGGER_KINDS` that a trigger names; it is one when all is well."""
    return [kind for kind in TRIGGER_KINDS if getattr(trigger, kind, None) not in (None, False)]


def usual_overlap(trigger: object) -> str:
    """Return the overlap of a trigger that names none: moments can be left out, events cannot."""
    return "skip" if kinds_of(trigger)[:1] and kinds_of(trigger)[0] in TIMED else "queue_all"


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong in a file: where, what, and what to do. Columns from 0."""

    file: str
    line: int
    message: str
    column: int = 0
    code: str = "pipeline-file"
    block: str = ""
    severity: str = "error"


class Pipeline(Struct, frozen=True, kw_only=True):
    """All of one pipeline.yaml. `problems` lists what could not be taken as meant."""

    name: str
    title: str
    parameters: tuple[Parameter, ...] = ()
    blocks: tuple[Block, ...] = ()
    triggers: tuple[TriggerSpec, ...] = ()
    max_parallel: int | None = None
    """Blocks of it that execute at a time, over all its runs outside the editor."""
    notify: Notify | None = None
    """Who is told of its runs; None: the channels that ask for it."""
    problems: tuple[Problem, ...] = ()

    @property
    def is_whole(self) -> bool:
        """False when its file has errors that are no single block's."""
        return not any(p.severity == "error" and not p.block for p in self.problems)

    def block(self, name: str) -> Block | None:
        """Find a block by name."""
        return next((block for block in self.blocks if block.name == name), None)


class Source(Struct, frozen=True, kw_only=True):
    """The text of a block's file.

    `path` is relative to the project, or absolute for the shipped library (`writable` is then
    False). `text` is "" when `missing`.
    """

    path: str
    text: str
    hash: str
    shared: bool = False
    writable: bool = True
    missing: bool = False


class PipelineFiles(Struct, frozen=True, kw_only=True):
    """A pipeline with the texts of all its files, read as one batch.

    `version` is a digest over pipeline.yaml's blocks and parameters and every source: equal
    versions run alike.
    """

    pipeline: Pipeline
    text: str
    """pipeline.yaml as it is on disk."""
    sources: dict[str, Source]
    """By block name."""
    version: str
