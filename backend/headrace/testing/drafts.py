"""Small definitions, outputs and answers: a test of the machine then reads as a list of facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.core.ids import digest
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import Failure, Output, Timings
from headrace.session.definition import Definition, PlannedBlock
from headrace.workers.jobs import Done, Job, Raised, Started, Stopped

CALL_S = 0.25
"""Seconds that every faked call took."""


def block(name: str, *upstream: str, code: str = "1", **fields: Any) -> PlannedBlock:
    """Plan a block: a loader without upstream, a transformer with; `fields` override the rest."""
    kind = fields.pop("kind", "transformer" if upstream else "loader")
    bindings = tuple(Binding(argument=u, source="upstream", name=u) for u in upstream)
    planned = PlannedBlock(
        name=name,
        kind=kind,
        path=f"/project/{name}.py",
        source=f"# {code}",
        fingerprint=digest(code),
        upstream=upstream,
        bindings=fields.pop("bindings", bindings),
    )
    return PlannedBlock(**{f: getattr(planned, f) for f in planned.__struct_fields__} | fields)


def definition(*blocks: PlannedBlock, **parameters: Any) -> Definition:
    """Define a pipeline called `flights`."""
    return Definition.of("flights", blocks, parameters)


def output(content: str) -> Output:
    """Make an output whose address and digest stand for `content`."""
    name = digest(content)
    return Output(address=name, digest=name, kind="table", rows=3, column_count=2)


def started(job: Job, at: Any) -> Started:
    """Answer that a worker took the job."""
    return Started(run=job.run, block=job.block, attempt=job.attempt, at=at)


def done(job: Job, content: str | None = None) -> Done:
    """Answer with an output; without `content` it follows from code, inputs and values."""
    inputs: Iterable[str] = (made.digest for made in job.inputs.values())
    made = content or "|".join((job.block, job.source, *inputs, str(sorted(job.values.items()))))
    return Done(
        run=job.run,
        block=job.block,
        attempt=job.attempt,
        output=output(made),
        timings=Timings(call=CALL_S),
    )


def raised(job: Job, message: str = "boom") -> Raised:
    """Answer that user code raised ValueError."""
    return Raised(
        run=job.run,
        block=job.block,
        attempt=job.attempt,
        failure=Failure(kind="exception", type="ValueError", message=message, line=3),
        timings=Timings(call=CALL_S),
    )


def stopped(job: Job) -> Stopped:
    """Answer that the attempt was stopped on request."""
    return Stopped(run=job.run, block=job.block, attempt=job.attempt)
