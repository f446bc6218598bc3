"""What answers of workers do to a run: results, retries, skips and stops. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from headrace.protocol import events as ev
from headrace.protocol.tables import Attempt, BlockStatus, Display, Failure
from headrace.runs.changes import SaveBlock, SaveResult, SaveUnsynced
from headrace.session.course import Course
from headrace.session.effects import Step, Stop
from headrace.session.endings import Endings, failed_attempts
from headrace.session.keys import key_of_what_ran
from headrace.session.results import Result, Results
from headrace.session.run import Run, attempts_of
from headrace.session.waiting import Waiting, with_wait
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


class Answers:
    """Applies answers to runs. The caller has checked that the attempt is the current one."""

    def __init__(
        self, results: Results, course: Course, endings: Endings, waiting: Waiting
    ) -> None:
        self._results = results
        self._course = course
        self._endings = endings
        self._waiting = waiting

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
        pokes = block.record.pokes
        if not pokes:
            # What is recorded with the end of the block is when it began, not when it got its slot.
            trying = msgspec.structs.replace(block.record.attempts[-1], started_at=answer.at)
            block.record = msgspec.structs.replace(
                block.record, started_at=answer.at, attempts=attempts_of(block.record, trying)
            )
        began = block.record.started_at or answer.at
        if run.interactive:
            self._results.change(
                name,
                state="running",
                run=run.id,
                attempt=answer.attempt,
                started_at=began,
                failure=None,
                displays=[],
                checks=[],
                progress=None,
                pokes=pokes,
                poke_at=None,
            )
            if not pokes:
                self._results.change(name, log_tail="", log_bytes=0)
        return Step(
            [
                ev.BlockStarted(
                    cause=run.id,
                    run=run.id,
                    block=name,
                    attempt=answer.attempt,
                    started_at=began,
                    pokes=pokes,
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
        if answer.output.holds and run.definition.blocks[answer.block].poke_s is not None:
            return self._waiting.not_yet(run, answer, at)
        if answer.output.holds and self._may_try_again(run, answer.block):
            return self._raised(run, _not_ready(answer), at)
        name, block = answer.block, run.blocks[answer.block]
        assert block.key is not None, "a running block has its key"
        key = block.key = key_of_what_ran(block.key, answer)
        self._course.release(run, name)
        timings = with_wait(answer.timings, block, at)
        seconds = timings.call + timings.wait
        attempt = Attempt(
            number=answer.attempt,
            state="succeeded",
            started_at=block.record.started_at,
            finished_at=at,
            timings=timings,
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
            step.add(self._endings.skip_below(run, name, f"sensor {name} is not ready"))
        return step.add(self._course.advance(run, at))

    def _may_try_again(self, run: Run, name: str) -> bool:
        attempts = run.definition.blocks[name].retries
        return failed_attempts(run, name) + 1 < attempts and not run.cancelled

    def _raised(self, run: Run, answer: Raised, at: datetime) -> Step:
        name = answer.block
        again = self._may_try_again(run, name) and not run.blocks[name].overdue
        worth = is_worth_a_retry(answer.failure, run.definition.blocks[name].retry_on)
        return self._endings.fail(run, answer, at, again=again and worth)

    def _stopped(self, run: Run, answer: Stopped, at: datetime) -> Step:
        if run.blocks[answer.block].overdue and not run.cancelled:
            return self._waiting.give_up(run, answer.block, at)
        run.cancelled = True
        run.reason = run.reason or "cancelled"
        step = self._endings.cancel(run, [answer.block], at)
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self._endings.cancel(run, run.pending, at)).add(
            self._course.settle(run, at)
        )


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
