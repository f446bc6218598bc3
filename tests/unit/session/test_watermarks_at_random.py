"""Random runs, failures, cancels and crashes of an incremental pipeline: each row arrives once.

The test is the world: a source that grows, workers that answer in any order, a history in which a
step is written whole or not at all, and another process that moves the mark as well.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headrace.protocol.tables import RunRecord
from headrace.protocol.watermarks import Incremental, Since, Watermark
from headrace.runs.changes import Change, MoveWatermark, QueueRun, SaveBlock, SaveRun
from headrace.session.effects import Execute, Step, Stop
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.session.watermarks import moved_by, without_success
from headrace.testing.drafts import block, definition, done, raised, stopped
from headrace.workers.jobs import Job

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DRAFT = definition(
    block("load", incremental=Incremental(column="id")),
    block("clean", "load"),
    block("send", "clean", kind="exporter"),
)


class Incrementally(RuleBasedStateMachine):
    """Rows are numbers from 1 on; what a run loads is a span of them."""

    def __init__(self) -> None:
        super().__init__()
        self.newest = 0
        self.number = 0
        self.mark = Since()
        """What the history has."""
        self.runs: dict[str, RunRecord] = {}
        self.delivered: list[tuple[int, int]] = []
        """Spans of the runs that succeeded, as they were recorded."""
        self.jobs: list[Job] = []
        self.machine = self.begin()

    def begin(self) -> Machine:
        machine = Machine(DRAFT, logs="/logs", owner="me", slots=4)
        machine.mark({"load": self.mark})
        return machine

    def write(self, step: Step) -> Step:
        """Write the records of a step in one transaction, and take up its effects."""
        for change in step.records:
            if isinstance(change, MoveWatermark) and change.since != self.mark:
                self.machine.results.doubt(moved_by(step, change.run_id))
                return self.write(without_success(step, change.run_id, "moved"))
        for change in step.records:
            self.save(change)
        for effect in step.effects:
            if isinstance(effect, Execute):
                self.jobs.append(effect.job)
            elif isinstance(effect, Stop):
                for job in [j for j in self.jobs if (j.run, j.block) == (effect.run, effect.block)]:
                    self.jobs.remove(job)
                    self.write(self.machine.answer(stopped(job), NOW))
        self.machine.check()
        return step

    def save(self, change: Change) -> None:
        """Write one change."""
        match change:
            case QueueRun():
                self.runs[change.record.id] = change.record
            case SaveBlock():
                record = self.runs[change.run_id]
                mine = change.block
                blocks = [mine if one.name == mine.name else one for one in record.blocks]
                self.runs[change.run_id] = msgspec.structs.replace(record, blocks=blocks)
            case SaveRun():
                record = self.runs[change.run_id]
                self.runs[change.run_id] = msgspec.structs.replace(record, state=change.state)
                if change.state == "succeeded":
                    self.delivered.append(self.span(change.run_id))
            case MoveWatermark():
                version = change.since.version + 1
                self.mark = Since(mark=change.mark, version=version, run=change.run_id)
            case _:
                pass

    def span(self, run: str) -> tuple[int, int]:
        """Return what a run has in its hands: its own loading, or a result that was known."""
        load = next(one for one in self.runs[run].blocks if one.name == "load")
        assert load.since is not None
        first = 0 if load.since.mark is None else int(load.since.mark.value)
        assert load.output is not None
        return first, first if load.output.reached is None else int(load.output.reached.value)

    @rule(rows=st.integers(1, 3))
    def grow(self, rows: int) -> None:
        self.newest += rows

    @rule()
    def start(self) -> None:
        self.number += 1
        run = self.machine.prepare(f"r{self.number}", RunRequest(origin="api"), NOW)
        self.write(Step(records=[self.machine.queue_change(run)]))
        self.write(self.machine.launch(run, NOW))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), good=st.sampled_from([True, True, True, False]))
    def answer(self, data: st.DataObject, *, good: bool) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self.jobs.remove(job)
        if not good:
            self.write(self.machine.answer(raised(job), NOW))
            return
        finished = done(job, f"{job.run} {job.block} {self.newest}")
        if job.block == "load":
            since = 0 if job.since is None else int(job.since.value)
            reached = Watermark(column="id", type="integer", value=str(self.newest))
            output = msgspec.structs.replace(
                finished.output, reached=reached if self.newest > since else None
            )
            finished = msgspec.structs.replace(finished, output=output)
        self.write(self.machine.answer(finished, NOW))

    @precondition(lambda self: self.machine.runs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(sorted(self.machine.runs)))
        self.write(self.machine.cancel(run, NOW))

    @rule()
    def crash(self) -> None:
        """Forget all but what was recorded; another process takes the runs up."""
        self.jobs.clear()
        self.machine = self.begin()
        for record in list(self.runs.values()):
            if record.state in ("queued", "running"):
                self.write(self.machine.launch(self.machine.revive(record, DRAFT, NOW), NOW))

    @precondition(lambda self: self.newest > 0)
    @rule()
    def another_process_runs(self) -> None:
        """Somebody else loads and delivers what is new, in one go."""
        first = 0 if self.mark.mark is None else int(self.mark.mark.value)
        if self.newest == first:
            return
        reached = Watermark(column="id", type="integer", value=str(self.newest))
        self.mark = Since(mark=reached, version=self.mark.version + 1, run="other")
        self.delivered.append((first, self.newest))

    @rule()
    def look_at_the_marks(self) -> None:
        self.write(self.machine.mark({"load": self.mark}))
        assert self.machine.results.since(DRAFT.blocks["load"]) == self.mark

    @invariant()
    def each_row_is_delivered_once(self) -> None:
        reached = 0
        for first, last in self.delivered:
            if first != last:
                assert first == reached, f"{self.delivered}: a row is lost or doubled"
                reached = last
        assert reached == (0 if self.mark.mark is None else int(self.mark.mark.value))


TestIncrementally = Incrementally.TestCase
TestIncrementally.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
