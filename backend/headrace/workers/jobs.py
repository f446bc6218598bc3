"""What a worker is asked to do with a block, and what it answers: plain structs, no process.

Job ▸ worker ▸ any number of (Printed | Shown | Progressed), then exactly one of
(Done | Raised); a worker that ends without either is reported by its pool as Died.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from headrace.project.watermarks import value_of
from headrace.protocol.bindings import Binding
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import (
    CheckResult,
    Display,
    Expectation,
    Failure,
    Kind,
    Language,
    Output,
    Parameter,
    Timings,
)
from headrace.protocol.watermarks import Watermark
from headrace.store.files import Unsynced


class Fused(Struct, frozen=True, kw_only=True):
    """A SQL block that is computed as part of the query of the one that reads it.

    `inputs` has the outputs that it reads, those of other fused blocks with `within`.
    """

    block: str
    path: str
    source: str
    bindings: list[Binding]
    inputs: dict[str, Output]
    values: dict[str, Any]
    typed: dict[str, Parameter]


class Job(Struct, frozen=True, kw_only=True):
    """One attempt of one block, with everything pinned: code, inputs, values.

    `inputs` maps upstream block → its output, in upstream order. `values` maps argument → value for
    settings and parameters. For SQL, `values` are the placeholders. Both are as in JSON: the worker
    makes Python's dates and moments of those arguments that `typed`, and parameters that
    `typed_parameters`, names.
    """

    run: str
    pipeline: str
    block: str
    attempt: int
    kind: Kind
    language: Language
    path: str
    """Absolute path of the source; compiled under this name, need not exist any more."""
    source: str
    bindings: list[Binding] = field(default_factory=list[Binding])
    modules: dict[str, str] = field(default_factory=dict[str, str])
    """The project's modules that the code imports: relative path → digest of what it means."""
    inputs: dict[str, Output] = field(default_factory=dict[str, Output])
    fused: list[Fused] = field(default_factory=list[Fused])
    """Of a SQL block: those that it computes within its query, upstream first."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    typed: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    typed_parameters: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    timeout_s: float | None = None
    memory_bytes: int | None = None
    interactive: bool = False
    connection: str | None = None
    kernel: str | None = None
    """Of a notebook: the Jupyter kernel, None for the one that it names."""
    results: list[str] = field(default_factory=list[str])
    """Of a notebook: the variables that are its output."""
    writes: bool = False
    """Its statement may change the database of its connection."""
    checks: list[Expectation] = field(default_factory=list[Expectation])
    """The entries of `checks:`; those in the code come with it."""
    contract: Contract | None = None
    incremental: str | None = None
    """The column of which the output reaches a mark."""
    since: Watermark | None = None
    """The mark that it goes on from; None: from the beginning."""
    log_path: str = ""
    """Absolute path of the file that gets stdout and stderr; opened for append."""
    worker: str = "run"
    """Which worker: `session` the pipeline's warm one; `run` one of the run's own."""


def values_of(job: Job, block: Job | Fused | None = None) -> dict[str, Any]:
    """Return placeholder → value for the statement of a job, or of a block within it.

    Moments are in UTC and without a zone, as databases have most of theirs. Where a run is for no
    tick, a parameter of that name stands in.
    """
    block = block or job
    values: dict[str, Any] = {**job.parameters, **block.values}
    for binding in block.bindings:
        if binding.source == "context":
            found = _of_run(job, binding.name)
            if found is not None or binding.name not in values:
                values[binding.argument] = found
    if block is job and job.since is not None and "since" not in job.values:
        values["since"] = _of_run(job, "since")
    return values


def _of_run(job: Job, name: str) -> Any:
    if name == "since":
        return None if job.since is None else _plain(value_of(job.since))
    moments = {"interval_start": job.interval_start}
    return _plain(moments.get(name, job.logical_time))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


class Answer(Struct, frozen=True, kw_only=True, tag_field="op"):
    """Base of what comes back; always names its attempt."""

    run: str
    block: str
    attempt: int


class Started(Answer, frozen=True, kw_only=True, tag="started"):
    """A worker took the job; user code runs from now on."""

    at: datetime


class Printed(Answer, frozen=True, kw_only=True, tag="printed"):
    """The block's log grew; `text` begins at byte `offset`. Coalesced to at most 20 a second."""

    offset: int
    text: str


class Shown(Answer, frozen=True, kw_only=True, tag="shown"):
    """The block displayed something rich; its bytes are in the store."""

    display: Display


class Progressed(Answer, frozen=True, kw_only=True, tag="progressed"):
    """The block is at `done` of `total`."""

    done: float
    total: float | None = None


class StopStage(Answer, frozen=True, kw_only=True, tag="stop-stage"):
    """Stopping went on to `interrupt`, `terminate` or `kill`."""

    stage: str


class Done(Answer, frozen=True, kw_only=True, tag="done"):
    """The function returned and its output is in the store."""

    output: Output
    timings: Timings
    checks: list[CheckResult] = field(default_factory=list[CheckResult])
    log_bytes: int = 0
    log_tail: str = ""
    """The last 64 KiB of the log."""
    moved: list[str] = field(default_factory=list[str])
    """Modules of the project that were not, when they were loaded, what the job says."""
    unforeseen: list[str] = field(default_factory=list[str])
    """Modules of the project that were loaded though the job does not name them."""
    spent: bool = False
    """The block left something running in its worker, which takes no other job."""
    unsynced: list[Unsynced] = field(default_factory=list[Unsynced])
    """Outputs that are durable only when they are recorded together with this answer."""


class Raised(Answer, frozen=True, kw_only=True, tag="raised"):
    """The attempt failed: exception, failed check, timeout, or death of the worker."""

    failure: Failure
    timings: Timings
    checks: list[CheckResult] = field(default_factory=list[CheckResult])
    log_bytes: int = 0
    log_tail: str = ""
    spent: bool = False


class Stopped(Answer, frozen=True, kw_only=True, tag="stopped"):
    """The attempt was stopped on request, at whatever stage."""

    log_bytes: int = 0
    log_tail: str = ""
    spent: bool = False


AnyAnswer = Started | Printed | Shown | Progressed | StopStage | Done | Raised | Stopped
FINAL_ANSWERS = (Done, Raised, Stopped)
