"""The state machine of one pipeline: stimuli in, (records, events, effects) out. No I/O, no clock.

Three rules carry it. A run pins its code and inputs when it is queued. Staleness is recorded key ≠
wanted key, computed, never stored as a flag. What needs a failed block is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import new_run_id
from headrace.protocol import events as ev
from headrace.protocol.tables import (
    BlockRun,
    BlockStatus,
    Output,
    RunRecord,
    Staleness,
)
from headrace.protocol.watermarks import Since
from headrace.runs.changes import QueueRetry, QueueRun, SaveRun
from headrace.session.answers import Answers
from headrace.session.course import Course
from headrace.session.definition import Definition, PlannedBlock
from headrace.session.effects import Hold, Limit, Poke, Step, Stop, TakeUp
from headrace.session.endings import Endings, one_line
from headrace.session.fusion import named_by_key, readers_of_middles
from headrace.session.plan import Plan, plan
from headrace.session.results import Result, Results
from headrace.session.run import BlockProgress, Run, RunRequest
from headrace.session.slots import Slots
from headrace.session.tries import next_try, time_left, too_long
from headrace.session.waiting import Waiting
from headrace.workers.jobs import AnyAnswer


class Machine:
    """The live state of one pipeline.

    Every public method is a stimulus and returns a Step, except `plan` and those that only look.
    """

    def __init__(
        self,
        definition: Definition,
        *,
        logs: str,
        owner: str,
        slots: int = 4,
        line: Slots | None = None,
        new_id: Callable[[], str] = new_run_id,
    ) -> None:
        self.definition = definition
        self.values: dict[str, Any] = dict(definition.parameters)
        self.results = Results()
        self.runs: dict[str, Run] = {}
        self.staleness: dict[str, Staleness] = {}
        self._fresh: Mapping[str, Result] = {}
        self._at: datetime | None = None
        self._encoded: tuple[Definition, bytes] | None = None
        self._line = line or Slots()
        """Shared with the machines of all other pipelines of the project."""
        self._line.end_pipeline(definition.pipeline)  # left by a session of it that broke
        self._new_id = new_id
        self._course = Course(
            self.runs, self.results, self.refresh, logs, self._line, try_again=self._try_again
        )
        self._endings = Endings(self.results, self._course)
        self._waiting = Waiting(self.results, self._course, self._endings)
        self._answers = Answers(self.results, self._course, self._endings, self._waiting)
        self._owner = owner
        self.slots = slots
        """Blocks that one run may execute at a time."""

    # The draft

    def define(self, definition: Definition) -> Step:
        """Take a new draft: code, edges or settings were edited, here or outside."""
        chosen = {n: v for n, v in self.values.items() if n in definition.parameters}
        unchanged = {n for n, v in chosen.items() if v != self.definition.parameters.get(n)}
        self.values = {**definition.parameters, **{n: chosen[n] for n in unchanged}}
        self.results.forget(self.results.status.keys() - definition.blocks.keys())
        self.definition = definition
        return self.refresh()

    def rename(self, old: str, new: str) -> None:
        """Let a renamed block keep its status; its results have other keys from now on."""
        self.results.rename(old, new)

    def set_values(self, values: Mapping[str, Any]) -> Step:
        """Choose the parameter values of the editor's runs."""
        self.values = {**self.values, **values}
        step = Step([ev.ParametersSet(values=dict(self.values))])
        return step.add(self.refresh())

    def look(self, at: datetime, lost: AbstractSet[str] = frozenset()) -> Step:
        """See what time has made old, and drop results whose outputs are no longer stored."""
        self._at = at
        self.results.lose(lost)
        return self.refresh()

    def mark(self, marks: Mapping[str, Since]) -> Step:
        """Take the stored marks of incremental blocks as they are now."""
        self.results.mark(marks)
        return self.refresh()

    def learn(self, record: RunRecord) -> Step:
        """Take the results of a run that another process has or had in hand."""
        news = [
            self.results.learn(
                block.name,
                Result(key=block.key, output=block.output, made_at=block.finished_at),
                block.parts,
            )
            for block in record.blocks
            if block.state == "succeeded" and block.key and block.finished_at
            if block.output is not None and not block.output.within
        ]
        return self.refresh() if any(news) else Step()

    def refresh(self) -> Step:
        """Compare every block with the draft, and tell what changed since the last time."""
        wanted = self.results.wanted(self.definition, self.values, self._at)
        self._fresh = wanted.fresh
        if len(wanted.compared) == len(wanted.staleness):  # another draft may have lost blocks
            self.staleness = {n: s for n, s in self.staleness.items() if n in wanted.staleness}
        changed: dict[str, Staleness] = {}
        replaced: dict[str, BlockStatus] = {}
        for name in wanted.compared:
            state = wanted.staleness[name]
            if self.staleness.get(name) != state:
                self.staleness[name] = changed[name] = state
            status = self.results.change(name, staleness=state)
            result = wanted.fresh.get(name)
            if result is None:
                continue
            self.results.show(name, wanted.keys[name].text)
            if status.output is None or status.output.address != result.output.address:
                replaced[name] = self._put_in_place(name, status, result)
        step = Step()
        if changed:
            step.events.append(ev.StalenessChanged(blocks=changed))
        if replaced:
            step.events.append(ev.StatusReplaced(blocks=replaced))
        return step

    def _put_in_place(self, name: str, status: BlockStatus, result: Result) -> BlockStatus:
        """Show a known result. What a run is doing to the block meanwhile is shown as before."""
        if status.state in {"queued", "running", "waiting"}:
            return self.results.change(name, output=result.output)
        return self.results.change(
            name, output=result.output, state="cached", failure=None, because=None
        )

    # Asking for runs

    def plan(self, request: RunRequest, definition: Definition | None = None) -> Plan:
        """Return what a request would run of the draft, or of `definition`, as things are."""
        return plan(definition or self.definition, self.staleness, request)

    def prepare(
        self,
        run_id: str,
        request: RunRequest,
        at: datetime,
        *,
        definition: Definition | None = None,
        published: int | None = None,
    ) -> Run:
        """Make a run that pins the draft as it is; nothing changes before `launch`.

        With `definition` it pins that: the one of the version `published`. Raises InvalidInput when
        a block of the run has a problem, naming all of them.
        """
        editor, definition = request.origin == "editor", definition or self.definition
        planned = self.plan(request, definition)
        names = planned.blocks
        problems = [f"{n}: {p}" for n in names if (p := definition.blocks[n].problem)]
        if problems:
            raise InvalidInput(
                "These blocks cannot run yet: " + "; ".join(problems), blocks=problems
            )
        values = self.values if editor else definition.parameters
        return Run(
            id=run_id,
            origin=request.origin,
            definition=definition,
            parameters={**values, **request.parameters},
            queued_at=at,
            blocks={n: self._queued(definition.blocks[n]) for n in names},
            outside=self._outside(definition, names),
            must=planned.must,
            force=request.force,
            again=request.again,
            slots=1 if editor else self.slots,
            trigger=request.trigger,
            logical_time=request.logical_time,
            interval_start=request.interval_start,
            published=published,
            limits=request.limits,
        )

    def _outside(self, definition: Definition, names: Sequence[str]) -> dict[str, Output]:
        inside = set(names)
        pinned: dict[str, Output] = {}
        for name in names:
            for upstream in definition.blocks[name].upstream:
                if upstream in inside or upstream in pinned:
                    continue
                output = self._output_now(upstream)
                if output is None or output.within:
                    raise InvalidInput(
                        f"Block {upstream!r} has no output that {name!r} could read: run it too.",
                        block=name,
                        upstream=upstream,
                    )
                if output.holds:
                    raise InvalidInput(
                        f"Sensor {upstream!r} is not ready, and {name!r} waits for it: run it too.",
                        block=name,
                        upstream=upstream,
                    )
                pinned[upstream] = output
        return self._named(definition, pinned)

    def _named(self, definition: Definition, outputs: dict[str, Output]) -> dict[str, Output]:
        """Let outputs of middles stand for their keys, as keys of their readers have it."""
        if not outputs:
            return outputs
        middles = readers_of_middles(definition)
        keys = {up: self._fresh[up].key for up in outputs if up in middles and up in self._fresh}
        return named_by_key(outputs, keys)

    def _output_now(self, name: str) -> Output | None:
        """Find the fresh output of a block, else the last one that was shown."""
        fresh = self._fresh.get(name)
        if fresh is not None:
            return fresh.output
        return self.results.status.get(name, BlockStatus()).output

    @staticmethod
    def _queued(block: PlannedBlock) -> BlockProgress:
        return BlockProgress(
            record=BlockRun(
                name=block.name,
                kind=block.kind,
                language=block.language,
                upstream=list(block.upstream),
            )
        )

    def queue_change(self, run: Run, idempotency_key: str | None = None) -> QueueRun:
        """Return the record that makes a prepared run durable."""
        return QueueRun(
            record=run.to_record(),
            files=self._pinned(run.definition),
            owner=self._owner,
            idempotency_key=idempotency_key,
        )

    def _pinned(self, definition: Definition) -> bytes:
        """Encode a definition, once for all runs of it that are queued in a row."""
        if self._encoded is None or self._encoded[0] is not definition:
            self._encoded = definition, definition.encode()
        return self._encoded[1]

    def launch(self, run: Run, at: datetime) -> Step:
        """Take up a run whose record is durable: announce it and start what can start."""
        self._line.end_run(run.id)
        self.runs[run.id] = run
        self._at = at
        step = Step(
            [
                ev.RunQueued(
                    cause=run.id,
                    run=run.id,
                    origin=run.origin,
                    blocks=list(run.blocks),
                    queued_at=run.queued_at,
                    trigger=run.trigger,
                )
            ]
        )
        if run.interactive:
            for name in (n for n, b in run.blocks.items() if b.state == "queued"):
                self.results.change(name, state="queued", run=run.id, because=None, progress=None)
        if run.cancelled:
            return step.add(self.cancel(run.id, at))
        pause = (run.retry.start_at - at).total_seconds() if run.retry is not None else 0.0
        if run.state == "queued" and pause > 0:
            run.held = True
            return step.add(Step(effects=[Hold(run.id, pause)]))
        return step.add(self._wait_on(run, at)).add(self._course.advance(run, at))

    def _wait_on(self, run: Run, at: datetime) -> Step:
        """Let what another process began have its end at the same moment: the run, its sensors."""
        step = Step()
        of_run = time_left(run, at)
        if of_run is not None and of_run <= 0:
            return self._expire(run, at)
        if of_run is not None:
            step.effects.append(Limit(run.id, "", of_run))
        for name in run.pending:
            record = run.blocks[name].record
            if record.give_up_at is None:
                continue
            left = (record.give_up_at - at).total_seconds()
            if left <= 0:
                step.add(self._waiting.give_up(run, name, at))
                continue
            step.effects.append(Limit(run.id, name, left))
            if record.state == "waiting" and record.poke_at is not None:
                due = max(0.0, (record.poke_at - at).total_seconds())
                step.effects.append(Poke(run.id, name, record.pokes, due))
                step.add(self._waiting.show(run, name))
        return step

    def revive(self, record: RunRecord, definition: Definition, at: datetime) -> Run:
        """Make the run again that another process left behind; `launch` takes it up.

        What is finished stays finished, what was cut off is tried again, and a run that was being
        cancelled is cancelled.
        """
        blocks = {block.name: BlockProgress.left(block, at) for block in record.blocks}
        limits = record.limits
        timeout_s = limits.timeout_s if limits is not None else None
        failed = (b for b in record.blocks if b.state == "failed")
        reasons = [one_line(block.name, block.failure) for block in failed if block.failure]
        return Run(
            id=record.id,
            origin=record.origin,
            definition=definition,
            parameters=record.parameters,
            queued_at=record.queued_at,
            blocks=blocks,
            outside=self._known_outside(definition, blocks),
            slots=1 if record.origin == "editor" else self.slots,
            state=record.state,
            trigger=record.trigger,
            logical_time=record.logical_time,
            interval_start=record.interval_start,
            started_at=record.started_at,
            cancelled=record.reason is not None
            or any(block.state == "cancelled" for block in record.blocks),
            reason=record.reason or next(iter(reasons), None),
            attempt=record.attempt,
            published=record.published,
            limits=limits,
            retry=record.retry,
            timed_out=timeout_s is not None and record.reason == too_long(timeout_s),
        )

    def _known_outside(
        self, definition: Definition, blocks: Mapping[str, BlockProgress]
    ) -> dict[str, Output]:
        found: dict[str, Output] = {}
        for name in blocks:
            for upstream in definition.blocks[name].upstream:
                output = self._output_now(upstream)
                if upstream not in blocks and output is not None:
                    found[upstream] = output
        return self._named(definition, found)

    def cancel(self, run_id: str, at: datetime, reason: str = "cancelled") -> Step:
        """Take what waits off the queue, and stop what runs.

        The reason is recorded at once: whoever takes the run up after a crash cancels it too.
        """
        run = self._live_run(run_id)
        run.cancelled = True
        run.reason = run.reason or reason
        step = Step(records=[SaveRun(run_id=run.id, state=run.state, reason=run.reason)])
        step.add(self._endings.cancel(run, run.pending, at))
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self._course.settle(run, at))

    def _live_run(self, run_id: str) -> Run:
        run = self.runs.get(run_id)
        if run is None:
            raise NotFound(f"Run {run_id!r} is not going on.", kind="run", name=run_id)
        return run

    # Going on

    def answer(self, answer: AnyAnswer, at: datetime) -> Step:
        """Take what a worker says; attempts that are not current are ignored (fencing)."""
        run = self.runs.get(answer.run)
        block = run.blocks.get(answer.block) if run is not None else None
        if run is None or block is None:
            return Step()
        if block.attempt != answer.attempt or block.state != "running":
            return Step()
        self._at = at
        return self._answers.take(run, answer, at)

    def granted(self, run_id: str, name: str, at: datetime) -> Step:
        """Start a block that has been given a slot, unless it was cancelled meanwhile."""
        run = self.runs.get(run_id)
        if run is None or not run.blocks[name].asked or run.blocks[name].state != "queued":
            return Step()
        self._at = at
        return self._course.start(run, name, at).add(self._course.settle(run, at))

    def move(self, places: Mapping[str, Mapping[str, int]]) -> Step:
        """Show the places in the line for slots, of all blocks that have one."""
        for name, status in self.results.status.items():
            place = places.get(status.run or "", {}).get(name)
            self.results.change(name, place=place)
        return Step([ev.QueueMoved(places={run: dict(of) for run, of in places.items()})])

    def retry_due(self, run_id: str, name: str, attempt: int, at: datetime) -> Step:
        """Let a failed block try again: its backoff is over."""
        run = self.runs.get(run_id)
        if run is None or not run.blocks[name].waiting or run.blocks[name].attempt != attempt:
            return Step()
        run.blocks[name].waiting = False
        return self._course.advance(run, at)

    def poke_due(self, run_id: str, name: str, number: int, at: datetime) -> Step:
        """Ask a sensor again that was not ready `number` times."""
        run = self.runs.get(run_id)
        block = run.blocks[name] if run is not None else None
        if run is None or block is None:
            return Step()
        if block.state != "waiting" or block.record.pokes != number:
            return Step()
        self._at = at
        block.state = "queued"
        run.consider(name)
        return self._course.advance(run, at)

    def limit_due(self, run_id: str, name: str, at: datetime) -> Step:
        """End a sensor whose time is over, or without a name the run.

        A sensor that is being asked is stopped first.
        """
        run = self.runs.get(run_id)
        if run is None or run.cancelled:
            return Step()
        self._at = at
        if not name:
            return self._expire(run, at)
        block = run.blocks[name]
        if block.state in {"queued", "waiting"}:
            return self._waiting.give_up(run, name, at)
        if block.state != "running" or block.overdue:
            return Step()
        block.overdue = True
        return Step(effects=[Stop(run_id, name)])

    def _expire(self, run: Run, at: datetime) -> Step:
        """Cancel a run that took too long: it has failed, whatever its blocks did."""
        assert run.limits is not None, "only a limit expires"
        assert run.limits.timeout_s is not None, "only a limit expires"
        run.timed_out = True
        run.reason = too_long(run.limits.timeout_s)
        return self.cancel(run.id, at)

    def _try_again(self, run: Run, at: datetime) -> Step:
        """Queue the next try of a tick in the step that ends the one that failed: none is lost."""
        following = next_try(run, self._new_id(), at)
        if following is None:
            return Step()
        queued = QueueRetry(of=run.id, queue=self.queue_change(following))
        step = Step(records=[queued], effects=[TakeUp(following)])
        return step.add(self.launch(following, at))

    def start_due(self, run_id: str, at: datetime) -> Step:
        """Begin a retry: its backoff is over."""
        run = self.runs.get(run_id)
        if run is None or not run.held:
            return Step()
        run.held = False
        return self._course.advance(run, at)

    def check(self) -> None:
        """Raise AssertionError when an invariant is broken; for tests and fuzzing."""
        for run in self.runs.values():
            run.check()
            assert not run.is_over, "a run that is over was not ended"
            waits = any(b.waiting or b.state == "waiting" for b in run.blocks.values())
            going = run.running or run.ready() or waits or run.held
            assert going, "a run hangs"
        middles = readers_of_middles(self.definition)
        for name, state in self.staleness.items():
            if state.state == "fresh":
                ups = [up for up in self.definition.blocks[name].upstream if up not in middles]
                assert all(self.staleness[u].state == "fresh" for u in ups), f"{name} wrongly fresh"
