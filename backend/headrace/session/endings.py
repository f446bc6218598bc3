"""How a block ends other than well: it fails, is cancelled, or is skipped. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from headrace.protocol import events as ev
from headrace.protocol.tables import Attempt, Failure
from headrace.runs.changes import SaveBlock
from headrace.session.backoff import backoff
from headrace.session.course import Course
from headrace.session.effects import Step, Wait
from headrace.session.results import Results
from headrace.session.run import Run, attempts_of
from headrace.workers.jobs import Raised


class Endings:
    """Ends blocks of runs, and with them what needs their output."""

    def __init__(self, results: Results, course: Course) -> None:
        self._results = results
        self._course = course

    def fail(self, run: Run, answer: Raised, at: datetime, *, again: bool) -> Step:
        """End an attempt, and with it the block unless it is tried again."""
        name, block = answer.block, run.blocks[answer.block]
        planned = run.definition.blocks[name]
        attempt = block.record.attempts[-1]
        if attempt.finished_at is None:  # it is over already when a sensor gives up between two
            attempt = Attempt(
                number=answer.attempt,
                state="failed",
                started_at=block.record.started_at,
                finished_at=at,
                failure=answer.failure,
                timings=answer.timings,
            )
        failed = failed_attempts(run, name)
        seconds = answer.timings.call + answer.timings.wait
        delay = backoff(planned.backoff_s, failed, run.id, name)
        self._course.release(run, name)
        block.state = "queued" if again else "failed"
        block.waiting = again
        block.record = msgspec.structs.replace(
            block.record,
            state=block.state,
            seconds=seconds,
            finished_at=None if again else at,
            failure=answer.failure,
            cache=f"miss: {block.miss}",
            attempts=attempts_of(block.record, attempt),
            checks=answer.checks,
            poke_at=None,
        )
        if not again:
            run.ended(name)
        if run.interactive:
            self._results.change(
                name,
                state=block.state,
                run=run.id,
                attempt=answer.attempt,
                finished_at=at,
                seconds=seconds,
                failure=answer.failure,
                checks=answer.checks,
                progress=None,
            )
            if not again and block.key is not None:
                self._results.fail(name, block.key.text)
        step = Step(
            [
                ev.BlockFailed(
                    cause=run.id,
                    run=run.id,
                    block=name,
                    attempt=answer.attempt,
                    failure=answer.failure,
                    seconds=seconds,
                    finished_at=at,
                    retry_at=at + timedelta(seconds=delay) if again else None,
                    checks=answer.checks,
                )
            ],
            [SaveBlock(run_id=run.id, block=block.record)],
        )
        if again:
            step.effects.append(Wait(run.id, name, answer.attempt, delay))
            return step.add(self._course.advance(run, at))
        run.reason = run.reason or one_line(name, answer.failure)
        step.add(self._course.refresh()).add(_skip_middles(run, name))
        return step.add(self.skip_below(run, name, name)).add(self._course.advance(run, at))

    def cancel(self, run: Run, names: Sequence[str], at: datetime) -> Step:
        if not names:
            return Step()
        step = Step(
            [ev.BlocksCancelled(cause=run.id, run=run.id, blocks=list(names), finished_at=at)]
        )
        for name in names:
            block = run.blocks[name]
            record = block.record
            self._course.release(run, name)
            if block.state == "running" or block.is_poked:
                stopped = Attempt(
                    number=block.attempt,
                    state="cancelled",
                    started_at=record.started_at,
                    finished_at=at,
                )
                record = msgspec.structs.replace(record, attempts=attempts_of(record, stopped))
            block.state = "cancelled"
            run.ended(name)
            block.waiting = False
            block.record = msgspec.structs.replace(
                record, state="cancelled", finished_at=at, poke_at=None
            )
            step.records.append(SaveBlock(run_id=run.id, block=block.record))
            if run.interactive:
                self._results.change(
                    name, state="cancelled", run=run.id, finished_at=at, progress=None
                )
            step.add(_skip_middles(run, name))
        return step

    def skip_below(self, run: Run, above: str, because: str) -> Step:
        names = run.queued_below(above)
        return self.skip(run, names, because) if names else Step()

    def skip(self, run: Run, names: Sequence[str], because: str) -> Step:
        names = list(names)
        step = Step([ev.BlocksSkipped(cause=run.id, run=run.id, blocks=names, because=because)])
        for name in names:
            block = run.blocks[name]
            block.state = "skipped"
            run.ended(name)
            block.waiting = False
            block.record = msgspec.structs.replace(block.record, state="skipped", because=because)
            step.records.append(SaveBlock(run_id=run.id, block=block.record))
            if run.interactive:
                self._results.change(name, state="skipped", run=run.id, because=because)
        return step


def _skip_middles(run: Run, reader: str) -> Step:
    """Take back that blocks would be computed within one that came to nothing."""
    names = run.fused_above(reader)
    if not names:
        return Step()
    step = Step([ev.BlocksSkipped(cause=run.id, run=run.id, blocks=names, because=reader)])
    for name in names:
        block = run.blocks[name]
        block.state = "skipped"
        block.record = msgspec.structs.replace(
            block.record, state="skipped", because=reader, cache=None, output=None
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
    return step


def failed_attempts(run: Run, name: str) -> int:
    """Count the attempts of a block that count for `retries`, without the one under way."""
    attempts = run.blocks[name].record.attempts
    return len([a for a in attempts if a.failure and a.failure.kind != "lost"])


def one_line(block: str, failure: Failure) -> str:
    """Say why a run failed, in at most 300 characters."""
    return f"{block}: {failure.words.partition(chr(10))[0]}"[:300]
