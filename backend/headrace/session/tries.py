"""What limits a run as a whole: how long it may take, and how often its tick is tried. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from headrace.project.durations import duration_text
from headrace.protocol.tables import BlockRun, Retry
from headrace.session.backoff import backoff
from headrace.session.run import GOOD, BlockProgress, Run


def too_long(timeout_s: float) -> str:
    """Say why a run was cancelled that took longer than its trigger allows."""
    return f"the run took longer than its timeout of {duration_text(timeout_s)}"


def time_left(run: Run, at: datetime) -> float | None:
    """Return for how many seconds a run may go on that has begun; None: without end."""
    if run.limits is None or run.limits.timeout_s is None or run.started_at is None:
        return None
    return run.limits.timeout_s - (at - run.started_at).total_seconds()


def next_try(run: Run, run_id: str, at: datetime) -> Run | None:
    """Make the run that tries again what a run that is over failed at; None when there is none.

    It is of the same code, parameters and tick. What succeeded is in it already, as cached: so it
    is also when another process takes it up. It starts after the backoff.
    """
    number = run.retry.number if run.retry is not None else 1
    stopped_by_hand = run.cancelled and not run.timed_out
    if run.limits is None or run.state != "failed" or stopped_by_hand:
        return None
    nothing_left = all(block.state in GOOD for block in run.blocks.values())
    if number >= run.limits.retries or nothing_left:  # its last block was done, but too late
        return None
    wait = timedelta(seconds=backoff(run.limits.backoff_s, number - 1, run.id, ""))
    return Run(
        id=run_id,
        origin="retry",
        definition=run.definition,
        parameters=run.parameters,
        queued_at=at,
        blocks={name: _kept(block, run.id, at) for name, block in run.blocks.items()},
        outside=run.outside,
        slots=run.slots,
        trigger=run.trigger,
        logical_time=run.logical_time,
        interval_start=run.interval_start,
        published=run.published,
        limits=run.limits,
        retry=Retry(of=run.id, number=number + 1, start_at=at + wait),
    )


def _kept(block: BlockProgress, run_id: str, at: datetime) -> BlockProgress:
    """Take over what a block gave, or let it wait for its turn."""
    before = block.record
    record = BlockRun(
        name=before.name, kind=before.kind, language=before.language, upstream=before.upstream
    )
    output = before.output
    if block.state not in GOOD or output is None or output.holds:
        return BlockProgress(record=record)
    record = BlockRun(
        name=before.name,
        kind=before.kind,
        language=before.language,
        upstream=before.upstream,
        state="cached",
        cache=f"hit: succeeded in run {run_id}",
        seconds=0.0,
        rows=before.rows,
        address=before.address,
        key=before.key,
        parts=before.parts,
        output=output,
        checks=before.checks,
        since=before.since,
        started_at=at,
        finished_at=at,
    )
    return BlockProgress(state="cached", key=block.key, record=record)
