"""Sensors that are not ready: how they wait for their next poke, and when they give up. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from headrace.project.durations import duration_text
from headrace.protocol import events as ev
from headrace.protocol.tables import Failure, Timings
from headrace.runs.changes import SaveBlock, SaveResult, SaveUnsynced
from headrace.session.course import Course
from headrace.session.effects import Poke, Rest, Step
from headrace.session.endings import Endings
from headrace.session.keys import key_of_what_ran
from headrace.session.results import Result, Results
from headrace.session.run import BlockProgress, Run, attempts_of
from headrace.workers.jobs import Done, Raised


class Waiting:
    """Lets sensors wait between their pokes, which are one attempt."""

    def __init__(self, results: Results, course: Course, endings: Endings) -> None:
        self._results = results
        self._course = course
        self._endings = endings

    def not_yet(self, run: Run, answer: Done, at: datetime) -> Step:
        """Let a sensor wait until its next poke, without a worker and without a slot.

        That it is not ready is a result: whoever looks at it meanwhile is told so.
        """
        name, block = answer.block, run.blocks[answer.block]
        planned = run.definition.blocks[name]
        if run.cancelled:
            return self._endings.cancel(run, [name], at).add(self._course.settle(run, at))
        assert planned.poke_s is not None, "only a sensor with `poke:` waits"
        assert block.key is not None, "a running block has its key"
        key = key_of_what_ran(block.key, answer)
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
        step.add(self.show(run, name))
        step.add(self._course.refresh()).add(self._course.advance(run, at))
        if not run.running and not run.is_over:
            run.prepared = 1
            step.effects.append(Rest(run.id))
        return step

    def show(self, run: Run, name: str) -> Step:
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
            return self._endings.fail(run, raised, at, again=False)
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
        step = self._endings.skip(run, [name], f"not ready within {within}")
        step.add(self._endings.skip_below(run, name, f"sensor {name} is not ready"))
        return step.add(self._course.refresh()).add(self._course.advance(run, at))


def with_wait(timings: Timings, block: BlockProgress, at: datetime) -> Timings:
    """Add to the timings of a sensor's last poke how long it waited before."""
    began = block.record.started_at
    if not block.record.pokes or began is None:
        return timings
    poke = timings.start + timings.load + timings.call + timings.save
    wait = max(0.0, (at - began).total_seconds() - poke)
    return msgspec.structs.replace(timings, wait=wait)
