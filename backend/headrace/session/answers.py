"""What answers of workers do to a run: results, retries, skips and stops. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from headrace.core.ids import digest
from headrace.graph.staleness import MOVED, UNFORESEEN
from headrace.project.durations import duration_text
from headrace.protocol import events as ev
from headrace.protocol.tables import Attempt, BlockStatus, Display, Failure, Timings
from headrace.runs.changes import SaveBlock, SaveResult, SaveUnsynced
from headrace.session.backoff import backoff
from headrace.session.course import Course
from headrace.session.definition import Key
from headrace.session.effects import Poke, Rest, Step, Stop, Wait
from headrace.session.results import Result, Results
from headrace.session.run import BlockProgress, Run, attempts_of
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
            return self._not_yet(run, answer, at)
        if answer.output.holds and self._may_try_again(run, answer.block):
            return self._raised(run, _not_ready(answer), at)
        name, block = answer.block, run.blocks[answer.block]
        assert block.key is not None, "a running block has its key"
        key = block.key = _key_of_what_ran(block.key, answer)
        self._course.release(run, name)
        timings = _with_wait(answer.timings, block, at)
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
            step.add(self._skip_below(run, name, f"sensor {name} is not ready"))
        return step.add(self._course.advance(run, at))

    def _not_yet(self, run: Run, answer: Done, at: datetime) -> Step:
        """Let a sensor wait until its next poke, without a worker and without a slot.

        That it is not ready is a result: whoever looks at it meanwhile is told so.
        """
        name, block = answer.block, run.blocks[answer.block]
        planned = run.definition.blocks[name]
        if run.cancelled:
            return self.cancel_blocks(run, [name], at).add(self._course.settle(run, at))
        assert planned.poke_s is not None, "only a sensor with `poke:` waits"
        assert block.key is not None, "a running block has its key"
        key = _key_of_what_ran(block.key, answer)
        result = Result(key=key.text, output=answer.output, made_at=at)
        self._results.remember(name, result, key.parts)
        said = SaveResult(
            pipeline=run.definition.pipeline,
            block=name,
            key=key.text,
            output=answer.output,
            finished_at=at,
        )
        step = Step(records=[SaveUnsynced(outputs=answer.unsynced)] if answer.unsynced else [])
        step.records.append(said)
        if block.overdue:
            return step.add(self.give_up(run, name, at))
        self._course.release(run, name)
        waiting = msgspec.structs.replace(block.record.attempts[-1], state="waiting")
        block.state = "waiting"
        block.record = msgspec.structs.replace(
            block.record,
            state="waiting",
            attempts=attempts_of(block.record, waiting),
            pokes=block.record.pokes + 1,
            poke_at=at + timedelta(seconds=planned.poke_s),
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        step.effects.append(Poke(run.id, name, block.record.pokes, planned.poke_s))
        step.add(self.show_waiting(run, name))
        step.add(self._course.refresh()).add(self._course.advance(run, at))
        if not run.running and not run.is_over:
            run.prepared = 1
            step.effects.append(Rest(run.id))
        return step

    def show_waiting(self, run: Run, name: str) -> Step:
        """Tell that a sensor waits, and until when."""
        record = run.blocks[name].record
        assert record.poke_at is not None, "a sensor that waits is asked again"
        assert record.give_up_at is not None, "no sensor waits for ever"
        if run.interactive:
            self._results.change(
                name,
                state="waiting",
                run=run.id,
                attempt=run.blocks[name].attempt,
                started_at=record.started_at,
                pokes=record.pokes,
                poke_at=record.poke_at,
                give_up_at=record.give_up_at,
                progress=None,
            )
        return Step(
            [
                ev.BlockWaiting(
                    cause=run.id,
                    run=run.id,
                    block=name,
                    attempt=run.blocks[name].attempt,
                    pokes=record.pokes,
                    poke_at=record.poke_at,
                    give_up_at=record.give_up_at,
                )
            ]
        )

    def give_up(self, run: Run, name: str, at: datetime) -> Step:
        """End a sensor that was not ready in time: it fails, or with `soft_fail` it is skipped."""
        block, planned = run.blocks[name], run.definition.blocks[name]
        within = duration_text(planned.wait_s)
        began = block.record.started_at or at
        timings = Timings(wait=max(0.0, (at - began).total_seconds()))
        if not planned.soft_fail:
            failure = Failure(
                kind="timeout",
                type="NotReady",
                message=f"The sensor was not ready within its timeout of {within}.",
                hint="Raise `timeout` of the sensor; with `soft_fail: true` the run would succeed.",
            )
            raised = Raised(
                run=run.id, block=name, attempt=block.attempt, failure=failure, timings=timings
            )
            return self._fail(run, raised, at, again=False)
        self._course.release(run, name)
        block.waiting = False
        last = block.record.attempts[-1]
        if last.finished_at is None:
            last = msgspec.structs.replace(last, state="skipped", finished_at=at, timings=timings)
        block.record = msgspec.structs.replace(
            block.record,
            finished_at=at,
            seconds=timings.wait,
            attempts=attempts_of(block.record, last),
            poke_at=None,
        )
        step = self._skip(run, [name], f"not ready within {within}")
        step.add(self._skip_below(run, name, f"sensor {name} is not ready"))
        return step.add(self._course.refresh()).add(self._course.advance(run, at))

    @staticmethod
    def _failed(run: Run, name: str) -> int:
        """Count the attempts of a block that count for `retries`, without the one under way."""
        attempts = run.blocks[name].record.attempts
        return len([a for a in attempts if a.failure and a.failure.kind != "lost"])

    def _may_try_again(self, run: Run, name: str) -> bool:
        attempts = run.definition.blocks[name].retries
        return self._failed(run, name) + 1 < attempts and not run.cancelled

    def _raised(self, run: Run, answer: Raised, at: datetime) -> Step:
        name = answer.block
        again = self._may_try_again(run, name) and not run.blocks[name].overdue
        worth = is_worth_a_retry(answer.failure, run.definition.blocks[name].retry_on)
        return self._fail(run, answer, at, again=again and worth)

    def _fail(self, run: Run, answer: Raised, at: datetime, *, again: bool) -> Step:
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
        failed = self._failed(run, name)
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
        step.add(self._course.refresh())
        return step.add(self._skip_below(run, name, name)).add(self._course.advance(run, at))

    def _stopped(self, run: Run, answer: Stopped, at: datetime) -> Step:
        if run.blocks[answer.block].overdue and not run.cancelled:
            return self.give_up(run, answer.block, at)
        run.cancelled = True
        run.reason = run.reason or "cancelled"
        step = self.cancel_blocks(run, [answer.block], at)
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self.cancel_blocks(run, run.pending, at)).add(self._course.settle(run, at))

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
        return step

    def _skip_below(self, run: Run, above: str, because: str) -> Step:
        names = run.queued_below(above)
        return self._skip(run, names, because) if names else Step()

    def _skip(self, run: Run, names: Sequence[str], because: str) -> Step:
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


def _with_wait(timings: Timings, block: BlockProgress, at: datetime) -> Timings:
    """Add to the timings of a sensor's last poke how long it waited before."""
    began = block.record.started_at
    if not block.record.pokes or began is None:
        return timings
    poke = timings.start + timings.load + timings.call + timings.save
    wait = max(0.0, (at - began).total_seconds() - poke)
    return msgspec.structs.replace(timings, wait=wait)


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


def one_line(block: str, failure: Failure) -> str:
    """Say why a run failed, in at most 300 characters."""
    return f"{block}: {failure.words.partition(chr(10))[0]}"[:300]
