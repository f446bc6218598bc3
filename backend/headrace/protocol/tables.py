"""The nouns of the wire: pipelines, blocks, runs, outputs, triggers as they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from headrace.protocol.contracts import Contract
from headrace.protocol.watermarks import Incremental, Since, Watermark

Kind = Literal["loader", "transformer", "exporter", "sensor", "markdown"]
Language = Literal["python", "sql", "notebook", "markdown"]
RunState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
BlockState = Literal[
    "queued", "running", "waiting", "succeeded", "failed", "cancelled", "cached", "skipped"
]
"""`waiting` is a sensor between two pokes: it has no worker and no slot."""
Origin = Literal["editor", "api", "cli", "trigger", "backfill", "retry"]
Scope = Literal["until", "only", "from", "stale"]
"""Which blocks a run is of: those named with what they need, alone, with all below, or stale."""
ParameterType = Literal["integer", "number", "string", "boolean", "date", "datetime", "json"]
Severity = Literal["error", "warning", "info"]

FINAL_RUN_STATES: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})


class Parameter(Struct, frozen=True, kw_only=True):
    """A typed value of a pipeline, or one typed setting of a block."""

    name: str
    type: ParameterType = "string"
    default: Any = None
    required: bool = False
    """True for a setting without a default: the block cannot run before it is given."""
    minimum: float | None = None
    maximum: float | None = None
    choices: list[Any] | None = None
    description: str = ""
    multiple: bool = False
    """True when the value is a list of `type`."""


class Column(Struct, frozen=True):
    """A column of a table; `type` is Arrow's name of it, as users see it."""

    name: str
    type: str


class Shape(Struct, frozen=True, kw_only=True):
    """An output in short: how large it was, and where it lies."""

    address: str
    rows: int | None = None
    column_count: int | None = None
    type_name: str = ""


class Output(Struct, frozen=True, kw_only=True):
    """What a block returned, by its immutable address.

    `kind` is the form in the store: `table` Arrow IPC, `json` a value, `pickle` opened in workers
    only, `nothing` for None. `digest` is of the content: equal data, equal digest. `columns` holds
    the first 1,000 columns, `text` a short form of values that are not tables.
    """

    address: str
    digest: str
    kind: Literal["table", "json", "pickle", "nothing"]
    rows: int | None = None
    column_count: int | None = None
    columns: list[Column] = field(default_factory=list[Column])
    size_bytes: int = 0
    type_name: str = ""
    """Python type of the value, e.g. `pandas.DataFrame`."""
    text: str = ""
    notes: list[str] = field(default_factory=list[str])
    """What changed on the way into the store, e.g. a column kept as JSON text."""
    within: str = ""
    """Of a SQL block: the block whose query computed it, so that nothing of it is stored."""
    holds: bool = False
    """A sensor said by it that the blocks below may not run yet."""
    inputs: dict[str, Shape] = field(default_factory=dict[str, Shape])
    """What it was made of, by upstream block."""
    made_at: datetime | None = None
    """When a block gave it, in UTC; results that are taken from the store keep it."""
    checks: list[CheckResult] = []
    """What its checks said when it was made."""
    reached: Watermark | None = None
    """Of an incremental loader: the mark beyond the one that it went on from."""


class Display(Struct, frozen=True):
    """Something shown with `display(...)` or as the last expression.

    `address` names its bytes in the store; `text` holds text/plain of at most 4 KiB itself.
    """

    mime: str
    address: str = ""
    text: str = ""
    size_bytes: int = 0


class Frame(Struct, frozen=True, kw_only=True):
    """One level of a traceback. `mine` marks project code, as against a library's."""

    file: str
    line: int
    function: str
    code: str = ""
    mine: bool = False
    values: dict[str, str] = field(default_factory=dict[str, str])
    """Short forms of the names on the failing line, for frames of project code."""


WorkerFailureKind = Literal[
    "exception",
    "check",
    "died",
    "timeout",
    "memory",
    "ended-early",
    "input",
    "lost",
    "disk-full",
]
"""What happens in a worker."""


class Failure(Struct, frozen=True, kw_only=True):
    """Why a block run failed; a result of user code, never an exception of ours."""

    kind: Literal[WorkerFailureKind, "not-ready"]
    """That a sensor is `not-ready` is for the session to say."""
    type: str
    message: str
    line: int | None = None
    """Line in the block's own file."""
    frames: list[Frame] = field(default_factory=list[Frame])
    """The user's frame first, then outward; library frames after."""
    hint: str = ""
    """What to do, e.g. the column that was probably meant."""
    text: str = ""
    """The whole traceback as text, capped at 64 KiB."""
    bases: list[str] = field(default_factory=list[str])
    """Names of the classes that the exception is derived from, the closest first."""

    @property
    def words(self) -> str:
        """What happened, as `words_of_failure` has it."""
        return words_of_failure(self.kind, self.type, self.message)


def words_of_failure(kind: str, type_: str, message: str) -> str:
    """Return the type and the message of a failure; of a check that did not hold the message."""
    if message and kind == "check" and type_ == "AssertionError":
        return message
    return ": ".join(filter(None, [type_, message]))


class CheckResult(Struct, frozen=True, kw_only=True):
    """One `@check`, one entry of `checks:`, or the contract of a block, on its output."""

    name: str
    state: Literal["passed", "warned", "failed"]
    message: str = ""
    line: int | None = None
    count: int | None = None
    """How many rows are against it; None when it does not say which."""
    rows: Output | None = None
    """The first of these rows."""
    refused: Output | None = None
    """Of the first that is said of a broken contract: the output, which no other block gets."""


class Expectation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a column of a block's output must be like, or all of them: one entry of `checks:`.

    One of the words beside `column` and `severity` is given, or both of a range.
    """

    column: str = ""
    not_null: bool = False
    unique: bool = False
    minimum: float | int | str | None = None
    """A number, or a date or moment in ISO 8601; null is in every range."""
    maximum: float | int | str | None = None
    choices: list[str | int | float | bool] | None = None
    schema: dict[str, str] | None = None
    """All columns in their order, name → Arrow's type."""
    severity: Literal["fail", "warn"] = "fail"


class Timings(Struct, frozen=True, kw_only=True):
    """Seconds of one attempt by phase; wall time in the worker."""

    start: float = 0.0
    load: float = 0.0
    call: float = 0.0
    save: float = 0.0
    wait: float = 0.0
    """Of a sensor: from its first poke to its last, of which alone the others are."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One try of a block run."""

    number: int
    state: BlockState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failure: Failure | None = None
    timings: Timings | None = None


class BlockRun(Struct, frozen=True, kw_only=True):
    """One execution of a block in a run. `cache` says hit or miss and why."""

    name: str
    kind: Kind
    language: Language = "python"
    state: BlockState = "queued"
    cache: str | None = None
    seconds: float | None = None
    rows: int | None = None
    address: str | None = None
    key: str | None = None
    parts: dict[str, str] = field(default_factory=dict[str, str])
    """What the key was made of, by name: `code`, `environment`, `input x`, `parameter y`, …"""
    upstream: list[str] = field(default_factory=list[str])
    started_at: datetime | None = None
    finished_at: datetime | None = None
    output: Output | None = None
    failure: Failure | None = None
    because: str | None = None
    """For skipped: the block that failed, or `sensor x is not ready`."""
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    checks: list[CheckResult] = field(default_factory=list[CheckResult])
    displays: list[Display] = field(default_factory=list[Display])
    pokes: int = 0
    """How often a sensor said that it is not ready."""
    poke_at: datetime | None = None
    """While it waits: when it is asked next."""
    give_up_at: datetime | None = None
    """Of a sensor with `poke:`: until when it waits at most."""
    since: Since | None = None
    """Of an incremental loader: what it went on from; None before that is pinned."""
    place: int | None = None
    """Of a run that goes on, never recorded: its place among all that wait for a slot."""


class RunLimits(Struct, frozen=True, kw_only=True):
    """What a trigger allows its runs."""

    timeout_s: float | None = None
    """Seconds that a run may take, counted from the start of its first block."""
    retries: int = 0
    """How often a tick is tried at most, the first run among them; 0 is 1."""
    backoff_s: float = 60.0
    """Seconds before the second try; each further wait is twice as long."""


class Retry(Struct, frozen=True, kw_only=True):
    """Which try of a tick a run is, when it is not the first."""

    of: str
    """The run that failed; what succeeded in it is taken over."""
    number: int
    """2 for the second try of the tick."""
    start_at: datetime
    """Nothing of it starts before."""


class RunSummary(Struct, frozen=True, kw_only=True):
    """A run without its blocks, as lists show it."""

    id: str
    pipeline: str
    state: RunState
    origin: Origin
    trigger: str | None = None
    logical_time: datetime | None = None
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    blocks_done: int = 0
    blocks_total: int = 0
    reason: str | None = None
    """First failure in one line, or who cancelled."""
    published: int | None = None
    """Number of the published version that it is of; None: of the draft."""
    limits: RunLimits | None = None
    """What its trigger allows it; None: no limits."""
    retry: Retry | None = None


class MatrixCell(Struct, frozen=True, kw_only=True):
    """How a block fared in one run."""

    state: BlockState
    seconds: float | None = None
    attempts: int = 0
    reason: str | None = None
    """Of a failed one its error, of a skipped one the block that it was skipped for."""


class MatrixRow(Struct, frozen=True, kw_only=True):
    """A block with one cell for each run; None where the run was without it."""

    name: str
    kind: Kind
    cells: list[MatrixCell | None]


class RunMatrix(Struct, frozen=True, kw_only=True):
    """The newest runs of a pipeline, oldest first, and all of their blocks in order."""

    runs: list[RunSummary]
    blocks: list[MatrixRow]


class RunRecord(Struct, frozen=True, kw_only=True):
    """A run whole: what `headrace run --json` prints and `GET runs/{id}` answers."""

    id: str
    pipeline: str
    state: RunState
    seconds: float | None = None
    blocks: list[BlockRun] = field(default_factory=list[BlockRun])
    origin: Origin = "api"
    trigger: str | None = None
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    """For runs of a trigger: its tick before `logical_time`."""
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""
    """Content hash of the snapshot that the run pins."""
    published: int | None = None
    """Number of the published version that it is of; None: of the draft."""
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str | None = None
    limits: RunLimits | None = None
    """What its trigger allows it; None: no limits."""
    retry: Retry | None = None
    attempt: int = 1
    """How often a server took this run up: 2 after a crash in mid-run."""


class BlockTable(Struct, frozen=True, kw_only=True):
    """A block of the draft as the editor shows it, without its source."""

    name: str
    kind: Kind
    language: Language
    file: str
    """Path of its source, relative to the project."""
    shared: bool = False
    """True when the source lies in `blocks/` and other pipelines may use it."""
    used_in: int = 1
    hash: str
    """SHA-256 of the source: what `If-Match` and `base` must say."""
    upstream: list[str] = field(default_factory=list[str])
    inputs: dict[str, str] = field(default_factory=dict[str, str])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """The `with:` values."""
    form: list[Parameter] = field(default_factory=list[Parameter])
    """The typed settings that `with:` may give."""
    description: str = ""
    retries: int = 0
    """How many attempts the block has at most; 0 is 1."""
    backoff_s: float = 1.0
    retry_on: list[str] = field(default_factory=list[str])
    """Names of exceptions or kinds of failure; empty: all."""
    timeout_s: float | None = None
    memory_bytes: int | None = None
    cache: str | None = None
    connection: str | None = None
    writes: bool = False
    """Its statement may change the database of its connection."""
    pool: str | None = None
    priority: int = 0
    isolation: str | None = None
    poke_s: float | None = None
    """Seconds between two pokes of a sensor that waits; None: it does not. Its `timeout_s` is then
    of the whole wait."""
    soft_fail: bool = False
    """When its time is over, it and all below it are skipped, and nothing fails."""
    contract: Contract | None = None
    """The columns that its output is declared to have."""
    incremental: Incremental | None = None
    """Of a loader: it loads what is beyond the mark of this column."""


class Staleness(Struct, frozen=True, kw_only=True):
    """Is the last result of a block what a run would give now; if not, why not."""

    state: Literal["fresh", "stale", "never"]
    reasons: list[str] = field(default_factory=list[str])


class BlockStatus(Struct, frozen=True, kw_only=True):
    """The live state of a block in the editor.

    `state` is of its last block run; `staleness` compares that with the draft. `output` is the last
    good one, kept while a newer run is on its way.
    """

    state: BlockState | Literal["never"] = "never"
    staleness: Staleness = Staleness(state="never")
    run: str | None = None
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    cache: str | None = None
    output: Output | None = None
    failure: Failure | None = None
    because: str | None = None
    progress: tuple[float, float | None] | None = None
    checks: list[CheckResult] = field(default_factory=list[CheckResult])
    displays: list[Display] = field(default_factory=list[Display])
    log_tail: str = ""
    log_bytes: int = 0
    pokes: int = 0
    """How often a sensor said that it is not ready."""
    poke_at: datetime | None = None
    """While it waits: when it is asked next."""
    give_up_at: datetime | None = None
    """Until when it waits at most."""
    place: int | None = None
    """While it is queued: its place among all that wait for a slot, when it is one of the next."""


class LibraryBlock(Struct, frozen=True, kw_only=True):
    """A shared block that can be added to a pipeline."""

    path: str
    """Name for `block:` in pipeline.yaml, e.g. `loaders/read_csv`."""
    kind: Kind
    language: Language
    title: str
    description: str = ""
    form: list[Parameter] = field(default_factory=list[Parameter])
    arguments: list[str] = field(default_factory=list[str])
    """The upstream data it takes, in order."""
    writable: bool = False
    """It is the project's own and may be changed; what ships with Headrace may not."""


class Tick(Struct, frozen=True, kw_only=True):
    """A coming moment of a trigger: `at` in UTC, `local` with offset, `note` on clock changes."""

    at: datetime
    local: str
    note: str = ""


class TriggerTable(Struct, frozen=True, kw_only=True):
    """A trigger with its state. Exactly one of `cron` to `changed` is set."""

    id: str
    pipeline: str
    name: str
    cron: str | None = None
    every: str | None = None
    at: str | None = None
    webhook: bool = False
    files: str | None = None
    after: str | None = None
    changed: str | None = None
    timezone: str = "UTC"
    start: str | None = None
    end: str | None = None
    jitter: str | None = None
    catchup: Literal["none", "latest", "all"] = "latest"
    catchup_window: str | None = None
    catchup_limit: int | None = None
    overlap: Literal["skip", "queue_one", "queue_all", "cancel_previous", "allow"] = "skip"
    timeout: str | None = None
    """How long a run may take."""
    retries: int | None = None
    """How often a tick is tried at most, the first run among them."""
    backoff: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    active: bool = True
    next_at: datetime | None = None
    last_at: datetime | None = None
    problem: str | None = None
    """Why it cannot fire, e.g. a cron line edited by hand that is not one."""
    skipped_at: datetime | None = None
    """Its newest tick that was skipped, and why."""
    skipped: str | None = None
    waiting: int = 0
    """Ticks that wait for a run to end."""
    has_secret: bool = False
    """A webhook was given its secret, without which no request is let through."""


class PipelineSummary(Struct, frozen=True, kw_only=True):
    """A row of the home page."""

    name: str
    title: str
    blocks: int = 0
    problem: str | None = None
    """Why the pipeline cannot be read, with file and line."""
    runs: list[RunSummary] = field(default_factory=list[RunSummary])
    """The newest 30, newest first; editor runs are left out."""
    triggers: list[TriggerTable] = field(default_factory=list[TriggerTable])
    next_at: datetime | None = None
    median_seconds: float | None = None
    """Of those of the newest runs that succeeded."""
    failing_since: datetime | None = None
    """When it failed first since it last succeeded; None when it does not fail now."""


class ErrorBody(Struct, frozen=True):
    """Inside of the one error shape `{"error": {...}}`."""

    code: str
    message: str
    details: dict[str, Any] = field(default_factory=dict[str, Any])
