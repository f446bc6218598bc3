"""What answers of workers do to a run: results, retries, skips and stops. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from headrace.core.ids import digest
from headrace.graph.staleness import MOVED, UNFORESEEN
from headrace.protocol import events as ev
from headrace.protocol.tables import Attempt, BlockStatus, Display, Failure
from headrace.runs.changes import SaveBlock, SaveResult, SaveUnsynced
from headrace.session.course import Course
from headrace.session.definition import Key
from headrace.session.effects import Step, Stop, Wait
from headrace.session.results import Result, Results
from headrace.session.run import Run, attempts_of
from headrace.workers.jobs import (
    AnyAnswer,
    Done,
    Printed,
    Progressed,
    Raised,
    Shown,
    Started,
    Stopped,
    StopStage,
)

KEPT_LOG_TAIL = 16_384
"""Characters of a block's log that its status carries."""

MAX_BACKOFF_S = 3600.0


class Answers:
    """Applies answers to runs. The caller has checked that the attempt is the current one."""

    def __init__(self, results: Results, course: Course) -> None:
        self._results = results
        self._course = course

    def take(self, run: Run, answer: AnyAnswer, at: datetime) -> Step:
        """Take an answer of the current attempt of a block that runs."""
        match answer:
            case Started():
                return self._started(run, answer)
            case Printed() | Shown() | Progressed() | StopStage():
                return self._heard(run, answer)
            case Done():
                return self._done(run, answer, at)
            case Raised():
                return self._raised(run, answer, at)
            case _:
                return self._stopped(run, answer, at)

    def _started(self, run: Run, answer: Started) -> Step:
        name, block = answer.block, run.blocks[answer.block]
        block.begun = True
        # What is recorded with the end of the block is when it began, not when it got its slot.
        trying = msgspec.structs.replace(block.record.attempts[-1], started_at=answer.at)
        block.record = msgspec.structs.replace(
            block.record, started_at=answer.at, attempts=attempts_of(block.record, trying)
        )
        if run.interactive:
            self._results.change(
                name,
                state="running",
                run=run.id,
                attempt=answer.attempt,
                started_at=answer.at,
                failure=None,
                displays=[],
                checks=[],
                log_tail="",
                log_bytes=0,
                progress=None,
            )
        return Step(
            [
                ev.BlockStarted(
                    cause=run.id,
                    run=run.id,
                    block=name,
                    attempt=answer.attempt,
                    started_at=answer.at,
                )
            ]
        )

    def _heard(self, run: Run, answer: Printed | Shown | Progressed | StopStage) -> Step:
        name = answer.block
        status = self._results.status.get(name, BlockStatus())
        match answer:
            case Printed():
                if run.interactive:
                    tail = (status.log_tail + answer.text)[-KEPT_LOG_TAIL:]
                    size = answer.offset + len(answer.text.encode(errors="replace"))
                    self._results.change(name, log_tail=tail, log_bytes=size)
                return Step(
                    [
                        ev.LogAppended(
                            cause=run.id,
                            run=run.id,
                            block=name,
                            offset=answer.offset,
                            text=answer.text,
                        )
                    ]
                )
            case Shown():
                self._show(run, name, answer.display)
                return Step(
                    [ev.Displayed(cause=run.id, run=run.id, block=name, display=answer.display)]
                )
            case Progressed():
                if run.interactive:
                    self._results.change(name, progress=(answer.done, answer.total))
                return Step(
                    [
                        ev.ProgressMade(
                            cause=run.id,
                            run=run.id,
                            block=name,
                            done=answer.done,
                            total=answer.total,
                        )
                    ]
                )
            case _:
                return Step(
                    [ev.StopAdvanced(cause=run.id, run=run.id, block=name, stage=answer.stage)]
                )

    def _show(self, run: Run, name: str, display: Display) -> None:
        progress = run.blocks[name]
        displays = [*progress.record.displays, display]
        progress.record = msgspec.structs.replace(progress.record, displays=displays)
        if run.interactive:
            self._results.change(name, displays=displays)

    def _done(self, run: Run, answer: Done, at: datetime) -> Step:
        if answer.output.holds and self._may_try_again(run, answer.block):
            return self._raised(run, _not_ready(answer), at)
        name, block = answer.block, run.blocks[answer.block]
        assert block.key is not None, "a running block has its key"
        key = block.key = _key_of_what_ran(block.key, answer)
        self._course.release(run, name)
        seconds = answer.timings.call
        attempt = Attempt(
            number=answer.attempt,
            state="succeeded",
            started_at=block.record.started_at,
            finished_at=at,
            timings=answer.timings,
        )
        block.state = "succeeded"
        block.record = msgspec.structs.replace(
            block.record,
            state="succeeded",
            key=key.text,
            parts=key.parts,
            cache=f"miss: {block.miss}",
            seconds=seconds,
            rows=answer.output.rows,
            address=answer.output.address,
            output=answer.output,
            finished_at=at,
            failure=None,
            attempts=attempts_of(block.record, attempt),
            checks=answer.checks,
        )
        self._results.remember(
            name, Result(key=key.text, output=answer.output, made_at=at), key.parts
        )
        step = Step(
            records=[
                *([SaveUnsynced(outputs=answer.unsynced)] if answer.unsynced else ()),
                SaveBlock(run_id=run.id, block=block.record),
                SaveResult(
                    pipeline=run.definition.pipeline,
                    block=name,
                    key=key.text,
                    output=answer.output,
                    finished_at=at,
                ),
            ]
        )
        step.add(self._course.good(run, name, seconds, at))
        if answer.output.holds:
            step.add(self._skip_below(run, name, f"sensor {name} is not ready"))
        return step.add(self._course.advance(run, at))

    @staticmethod
    def _failed(run: Run, name: str) -> int:
        """Count the attempts of a block that count for `retries`, without the one under way."""
        attempts = run.blocks[name].record.attempts
        return len([a for a in attempts if a.failure and a.failure.kind != "lost"])

    def _may_try_again(self, run: Run, name: str) -> bool:
        attempts = run.definition.blocks[name].retries
        return self._failed(run, name) + 1 < attempts and not run.cancelled

    def _raised(self, run: Run, answer: Raised, at: datetime) -> Step:
        name, block = answer.block, run.blocks[answer.block]
        planned = run.definition.blocks[name]
        attempt = Attempt(
            number=answer.attempt,
            state="failed",
            started_at=block.record.started_at,
            finished_at=at,
            failure=answer.failure,
            timings=answer.timings,
        )
        failed = self._failed(run, name)
        again = self._may_try_again(run, name) and is_worth_a_retry(
            answer.failure, planned.retry_on
        )
        seconds = answer.timings.call
        delay = _backoff(planned.backoff_s, failed, run.id, name)
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
        step.add(self._course.refresh())
        return step.add(self._skip_below(run, name, name)).add(self._course.advance(run, at))

    def _stopped(self, run: Run, answer: Stopped, at: datetime) -> Step:
        run.cancelled = True
        run.reason = run.reason or "cancelled"
        step = self.cancel_blocks(run, [answer.block], at)
        waiting = [name for name, block in run.blocks.items() if block.state == "queued"]
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self.cancel_blocks(run, waiting, at)).add(self._course.settle(run, at))

    def cancel_blocks(self, run: Run, names: Sequence[str], at: datetime) -> Step:
        if not names:
            return Step()
        step = Step(
            [ev.BlocksCancelled(cause=run.id, run=run.id, blocks=list(names), finished_at=at)]
        )
        for name in names:
            block = run.blocks[name]
            record = block.record
            self._course.release(run, name)
            if block.state == "running":
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
            block.record = msgspec.structs.replace(record, state="cancelled", finished_at=at)
            step.records.append(SaveBlock(run_id=run.id, block=block.record))
            if run.interactive:
                self._results.change(
                    name, state="cancelled", run=run.id, finished_at=at, progress=None
                )
        return step

    def _skip_below(self, run: Run, above: str, because: str) -> Step:
        names = run.queued_below(above)
        if not names:
            return Step()
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


def _key_of_what_ran(key: Key, answer: Done) -> Key:
    """Return another key when other modules were loaded than the key is made of.

    A result must never be found under the key of code that did not run.
    """
    if not answer.moved and not answer.unforeseen:
        return key
    loaded = {f"module {path}": MOVED for path in answer.moved}
    loaded |= {f"module {path}": UNFORESEEN for path in answer.unforeseen}
    text = digest(key.text, answer.run, answer.block, str(answer.attempt))
    return Key(text=text, parts=key.parts | loaded)


def _not_ready(answer: Done) -> Raised:
    """Make a sensor that says "not yet" an attempt that may be followed by another."""
    said = answer.output.text or answer.output.type_name or "nothing"
    failure = Failure(kind="not-ready", type="NotReady", message=f"The sensor returned {said}.")
    return Raised(
        run=answer.run,
        block=answer.block,
        attempt=answer.attempt,
        failure=failure,
        timings=answer.timings,
        checks=answer.checks,
        log_bytes=answer.log_bytes,
        log_tail=answer.log_tail,
    )


def is_worth_a_retry(failure: Failure, retry_on: Sequence[str]) -> bool:
    """Tell whether `retry_on:` names this failure: by its kind, its class or a base of that."""
    if not retry_on or failure.kind == "lost":
        return True
    names = {failure.kind, failure.type, *failure.bases}
    return any(word in names or word.rpartition(".")[2] in names for word in retry_on)


def _backoff(base_s: float, failed: int, run: str, block: str) -> float:
    """Double the wait with each failure, give or take a quarter that differs from run to run."""
    spread = int(digest(run, block, str(failed))[:4], 16) / 0xFFFF
    return min(base_s * 2**failed, MAX_BACKOFF_S) * (0.75 + 0.5 * spread)


def one_line(block: str, failure: Failure) -> str:
    """Say why a run failed, in at most 300 characters."""
    message = failure.message.splitlines()[0] if failure.message else ""
    text = f"{block}: {failure.type}: {message}" if message else f"{block}: {failure.type}"
    return text[:300]
