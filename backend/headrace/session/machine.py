"""The state machine of one pipeline: stimuli in, (records, events, effects) out. No I/O, no clock.

Three rules carry it. A run pins its code and inputs when it is queued. Staleness is recorded key ≠
wanted key, computed, never stored as a flag. What needs a failed block is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from headrace.core.errors import InvalidInput, NotFound
from headrace.core.ids import digest
from headrace.protocol import events as ev
from headrace.protocol.tables import (
    Attempt,
    BlockRun,
    BlockStatus,
    Display,
    Failure,
    Origin,
    RunRecord,
    Staleness,
)
from headrace.runs.changes import QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.session.definition import Definition, PlannedBlock, bound_values, key_of
from headrace.session.effects import EndRun, Execute, Step, Stop, Wait
from headrace.session.results import Result, Results
from headrace.session.reuse import Decision, decide
from headrace.session.run import BlockProgress, Run, attempts_of
from headrace.workers.jobs import (
    AnyAnswer,
    Done,
    Job,
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


class Machine:
    """The live state of one pipeline.

    Every public method is a stimulus and returns a Step, except `plan` and those that only look.
    """

    def __init__(self, definition: Definition, *, logs: str, owner: str, slots: int = 4) -> None:
        self.definition = definition
        self.values: dict[str, Any] = dict(definition.parameters)
        self.results = Results()
        self.runs: dict[str, Run] = {}
        self.staleness: dict[str, Staleness] = {}
        self._logs = logs
        self._owner = owner
        self._slots = slots

    # The draft

    def define(self, definition: Definition) -> Step:
        """Take a new draft: code, edges or settings were edited, here or outside."""
        chosen = {n: v for n, v in self.values.items() if n in definition.parameters}
        unchanged = {n for n, v in chosen.items() if v != self.definition.parameters.get(n)}
        self.values = {**definition.parameters, **{n: chosen[n] for n in unchanged}}
        self.results.forget(set(self.definition.blocks) - set(definition.blocks))
        self.definition = definition
        return self.refresh()

    def rename(self, old: str, new: str) -> None:
        """Let a renamed block keep its status; its results have other keys from now on."""
        status = self.results.status.pop(old, None)
        if status is not None:
            self.results.status[new] = status

    def set_values(self, values: Mapping[str, Any]) -> Step:
        """Choose the parameter values of the editor's runs."""
        self.values = {**self.values, **values}
        step = Step([ev.ParametersSet(values=dict(self.values))])
        return step.add(self.refresh())

    def refresh(self) -> Step:
        """Compare every block with the draft, and tell what changed since the last time."""
        keys, staleness, fresh = self.results.wanted(self.definition, self.values)
        changed = {n: s for n, s in staleness.items() if self.staleness.get(n) != s}
        replaced: dict[str, BlockStatus] = {}
        for name, state in staleness.items():
            status = self.results.change(name, staleness=state)
            result = fresh.get(name)
            if result is None or status.state in {"queued", "running"}:
                continue
            self.results.show(name, keys[name].text)
            if status.output is None or status.output.address != result.output.address:
                replaced[name] = self.results.change(
                    name, output=result.output, state="cached", failure=None, because=None
                )
        self.staleness = staleness
        step = Step()
        if changed:
            step.events.append(ev.StalenessChanged(blocks=changed))
        if replaced:
            step.events.append(ev.StatusReplaced(blocks=replaced))
        return step

    # Asking for runs

    def plan(self, targets: Iterable[str] = (), *, only: bool = False) -> list[str]:
        """Return what running `targets` would run, in order: them and exactly their stale ancestors.

        Without targets: everything that is not fresh.
        """
        wanted = set(targets)
        for name in wanted:
            if name not in self.definition.blocks:
                raise NotFound(f"There is no block {name!r} that can run.", kind="block", name=name)
        if not wanted:
            chosen = {n for n, s in self.staleness.items() if s.state != "fresh"}
        elif only:
            chosen = wanted
        else:
            above = self.definition.ancestors(wanted)
            chosen = wanted | {n for n in above if self.staleness[n].state != "fresh"}
        return [name for name in self.definition.blocks if name in chosen]

    def prepare(
        self,
        run_id: str,
        *,
        origin: Origin,
        at: datetime,
        blocks: Sequence[str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        only: bool = False,
        force: bool = False,
        trigger: str | None = None,
        logical_time: datetime | None = None,
    ) -> Run:
        """Make a run that pins the draft as it is; nothing changes before `launch`.

        Raises InvalidInput when a block of the run has a problem, naming all of them.
        """
        definition = self.definition
        if origin == "editor":
            names = self.plan(blocks or (), only=only)
        else:
            names = self._whole(blocks)
        problems = [f"{n}: {p}" for n in names if (p := definition.blocks[n].problem)]
        if problems:
            raise InvalidInput(
                "These blocks cannot run yet: " + "; ".join(problems), blocks=problems
            )
        outside = self._outside(names) if origin == "editor" else {}
        return Run(
            id=run_id,
            origin=origin,
            definition=definition,
            parameters={**(self.values if origin == "editor" else definition.parameters)}
            | dict(parameters or {}),
            queued_at=at,
            blocks={n: self._queued(definition.blocks[n]) for n in names},
            outside=outside,
            must=frozenset(blocks or ()) if origin == "editor" else frozenset(),
            force=force,
            slots=1 if origin == "editor" else self._slots,
            trigger=trigger,
            logical_time=logical_time,
        )

    def _whole(self, blocks: Sequence[str] | None) -> list[str]:
        if blocks is None:
            return list(self.definition.blocks)
        for name in blocks:
            if name not in self.definition.blocks:
                raise NotFound(f"There is no block {name!r} that can run.", kind="block", name=name)
        wanted = set(blocks) | self.definition.ancestors(blocks)
        return [name for name in self.definition.blocks if name in wanted]

    def _outside(self, names: Sequence[str]) -> dict[str, Any]:
        inside = set(names)
        pinned: dict[str, Any] = {}
        for name in names:
            for upstream in self.definition.blocks[name].upstream:
                if upstream in inside or upstream in pinned:
                    continue
                output = self.results.status.get(upstream, BlockStatus()).output
                if output is None:
                    raise InvalidInput(
                        f"Block {upstream!r} has no output yet that {name!r} could read: run it too.",
                        block=name,
                        upstream=upstream,
                    )
                pinned[upstream] = output
        return pinned

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
            files=run.definition.encode(),
            owner=self._owner,
            idempotency_key=idempotency_key,
        )

    def launch(self, run: Run, at: datetime) -> Step:
        """Take up a run whose record is durable: announce it and start what can start."""
        self.runs[run.id] = run
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
            for name in run.blocks:
                self.results.change(name, state="queued", run=run.id, because=None, progress=None)
        return step.add(self._advance(run, at))

    def resume(self, record: RunRecord, definition: Definition, at: datetime) -> Step:
        """Take up a run that another process left behind: what is finished stays finished."""
        blocks: dict[str, BlockProgress] = {}
        step = Step()
        for block in record.blocks:
            progress = BlockProgress(record=block, state=block.state)
            if block.state == "running":
                lost = Attempt(
                    number=len(block.attempts) or 1,
                    state="failed",
                    started_at=block.started_at,
                    finished_at=at,
                    failure=Failure(
                        kind="lost", type="Interrupted", message="The server stopped meanwhile."
                    ),
                )
                progress.record = msgspec.structs.replace(
                    block, state="queued", attempts=attempts_of(block, lost)
                )
                progress.state = "queued"
            progress.attempt = len(progress.record.attempts)
            blocks[block.name] = progress
        run = Run(
            id=record.id,
            origin=record.origin,
            definition=definition,
            parameters=record.parameters,
            queued_at=record.queued_at,
            blocks=blocks,
            outside=self._known_outside(definition, blocks),
            slots=1 if record.origin == "editor" else self._slots,
            state=record.state,
            trigger=record.trigger,
            logical_time=record.logical_time,
            started_at=record.started_at,
            attempt=record.attempt,
        )
        return step.add(self.launch(run, at))

    def _known_outside(
        self, definition: Definition, blocks: Mapping[str, BlockProgress]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in blocks:
            for upstream in definition.blocks[name].upstream:
                status = self.results.status.get(upstream)
                if upstream not in blocks and status is not None and status.output is not None:
                    found[upstream] = status.output
        return found

    def cancel(self, run_id: str, at: datetime, reason: str = "cancelled") -> Step:
        """Take what waits off the queue, and stop what runs."""
        run = self._live_run(run_id)
        run.cancelled = True
        run.reason = run.reason or reason
        waiting = [n for n, b in run.blocks.items() if b.state == "queued"]
        step = self._cancel_blocks(run, waiting, at)
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self._finish_if_over(run, at))

    def _live_run(self, run_id: str) -> Run:
        run = self.runs.get(run_id)
        if run is None:
            raise NotFound(f"Run {run_id!r} is not going on.", kind="run", name=run_id)
        return run

    # Answers of workers

    def answer(self, answer: AnyAnswer, at: datetime) -> Step:
        """Take what a worker says. Answers of attempts that are not current are ignored (fencing)."""
        run = self.runs.get(answer.run)
        block = run.blocks.get(answer.block) if run is not None else None
        if run is None or block is None:
            return Step()
        if block.attempt != answer.attempt or block.state != "running":
            return Step()
        match answer:
            case Started():
                return self._started(run, answer)
            case Printed() | Shown() | Progressed() | StopStage():
                return self._heard(run, answer)
            case Done():
                return self._done(run, answer, at)
            case Raised():
                return self._raised(run, answer, at)
            case Stopped():
                return self._stopped(run, answer, at)

    def _started(self, run: Run, answer: Started) -> Step:
        name = answer.block
        if run.interactive:
            self.results.change(
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
        status = self.results.status.get(name, BlockStatus())
        place: dict[str, str] = {"cause": run.id, "run": run.id, "block": name}
        match answer:
            case Printed():
                if run.interactive:
                    tail = (status.log_tail + answer.text)[-KEPT_LOG_TAIL:]
                    size = answer.offset + len(answer.text.encode(errors="replace"))
                    self.results.change(name, log_tail=tail, log_bytes=size)
                return Step([ev.LogAppended(**place, offset=answer.offset, text=answer.text)])
            case Shown():
                self._show(run, name, answer.display)
                return Step([ev.Displayed(**place, display=answer.display)])
            case Progressed():
                if run.interactive:
                    self.results.change(name, progress=(answer.done, answer.total))
                return Step([ev.ProgressMade(**place, done=answer.done, total=answer.total)])
            case StopStage():
                return Step([ev.StopAdvanced(**place, stage=answer.stage)])

    def _show(self, run: Run, name: str, display: Display) -> None:
        progress = run.blocks[name]
        displays = [*progress.record.displays, display]
        progress.record = msgspec.structs.replace(progress.record, displays=displays)
        if run.interactive:
            self.results.change(name, displays=displays)

    def _done(self, run: Run, answer: Done, at: datetime) -> Step:
        name, block = answer.block, run.blocks[answer.block]
        key = block.key
        assert key is not None, "a running block has its key"
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
        self.results.remember(
            name, Result(key=key.text, output=answer.output, made_at=at), key.parts
        )
        step = Step(
            records=[
                SaveBlock(run_id=run.id, block=block.record),
                SaveResult(
                    pipeline=self.definition.pipeline,
                    block=name,
                    key=key.text,
                    output=answer.output,
                    finished_at=at,
                ),
            ]
        )
        return step.add(self._good(run, name, seconds, at)).add(self._advance(run, at))

    def _good(self, run: Run, name: str, seconds: float, at: datetime) -> Step:
        """Announce that a block has its output, computed or reused."""
        block = run.blocks[name]
        record = block.record
        assert record.output is not None, "a good block has its output"
        assert block.key is not None, "a good block has its key"
        if run.interactive:
            self.results.show(name, block.key.text)
            self.results.change(
                name,
                state=block.state,
                run=run.id,
                attempt=block.attempt,
                finished_at=at,
                seconds=seconds,
                cache=record.cache,
                output=record.output,
                failure=None,
                because=None,
                progress=None,
                checks=record.checks,
            )
        finished = ev.BlockFinished(
            cause=run.id,
            run=run.id,
            block=name,
            state=block.state,
            attempt=block.attempt,
            output=record.output,
            seconds=seconds,
            cache=record.cache or "",
            finished_at=at,
            checks=record.checks,
        )
        return Step([finished]).add(self.refresh())

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
        failed = sum(1 for a in block.record.attempts if a.failure and a.failure.kind != "lost")
        again = failed < planned.retries and not run.cancelled
        seconds = answer.timings.call
        delay = _backoff(planned.backoff_s, failed, run.id, name)
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
        if run.interactive:
            self.results.change(
                name,
                state=block.state,
                finished_at=at,
                seconds=seconds,
                failure=answer.failure,
                checks=answer.checks,
                progress=None,
            )
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
            return step.add(self._advance(run, at))
        run.reason = run.reason or _one_line(name, answer.failure)
        return step.add(self._skip_below(run, name)).add(self._advance(run, at))

    def retry_due(self, run_id: str, name: str, attempt: int, at: datetime) -> Step:
        """Let a failed block try again: its backoff is over."""
        run = self.runs.get(run_id)
        if run is None or not run.blocks[name].waiting or run.blocks[name].attempt != attempt:
            return Step()
        run.blocks[name].waiting = False
        return self._advance(run, at)

    def _stopped(self, run: Run, answer: Stopped, at: datetime) -> Step:
        run.cancelled = True
        run.reason = run.reason or "cancelled"
        step = self._cancel_blocks(run, [answer.block], at)
        waiting = [name for name, block in run.blocks.items() if block.state == "queued"]
        step.effects += [Stop(run.id, name) for name in run.running]
        return step.add(self._cancel_blocks(run, waiting, at)).add(self._finish_if_over(run, at))

    def _cancel_blocks(self, run: Run, names: Sequence[str], at: datetime) -> Step:
        if not names:
            return Step()
        step = Step(
            [ev.BlocksCancelled(cause=run.id, run=run.id, blocks=list(names), finished_at=at)]
        )
        for name in names:
            block = run.blocks[name]
            record = block.record
            if block.state == "running":
                stopped = Attempt(
                    number=block.attempt,
                    state="cancelled",
                    started_at=record.started_at,
                    finished_at=at,
                )
                record = msgspec.structs.replace(record, attempts=attempts_of(record, stopped))
            block.state = "cancelled"
            block.waiting = False
            block.record = msgspec.structs.replace(record, state="cancelled", finished_at=at)
            step.records.append(SaveBlock(run_id=run.id, block=block.record))
            if run.interactive:
                self.results.change(name, state="cancelled", finished_at=at, progress=None)
        return step

    def _skip_below(self, run: Run, failed: str) -> Step:
        names = run.queued_below(failed)
        if not names:
            return Step()
        step = Step([ev.BlocksSkipped(cause=run.id, run=run.id, blocks=names, because=failed)])
        for name in names:
            block = run.blocks[name]
            block.state = "skipped"
            block.waiting = False
            block.record = msgspec.structs.replace(block.record, state="skipped", because=failed)
            step.records.append(SaveBlock(run_id=run.id, block=block.record))
            if run.interactive:
                self.results.change(name, state="skipped", because=failed)
        return step

    # Going on

    def _advance(self, run: Run, at: datetime) -> Step:
        """Start what can start, reuse what is known, and end the run when nothing is left."""
        step = Step()
        reused = True
        while reused and not run.cancelled:
            reused = False
            for name in run.ready():
                key = key_of(run.definition.blocks[name], run.inputs(name), run.parameters)
                decision = self._decide(run, name, key.text, at)
                run.blocks[name].key = key
                run.blocks[name].miss = decision.why
                if decision.result is not None:
                    step.add(self._reuse(run, name, decision, at))
                    reused = True
                elif len(run.running) < run.slots:
                    step.add(self._dispatch(run, name, at))
        return step.add(self._finish_if_over(run, at))

    def _decide(self, run: Run, name: str, key: str, at: datetime) -> Decision:
        known = self.results.find(name, key)
        newest = self.results.newest(name)
        return decide(
            run.definition.blocks[name],
            known,
            is_newest=newest is not None and newest.key == key,
            interactive=run.interactive,
            must=name in run.must,
            force=run.force,
            at=at,
        )

    def _reuse(self, run: Run, name: str, decision: Decision, at: datetime) -> Step:
        block, result = run.blocks[name], decision.result
        assert result is not None and block.key is not None, "only known results are reused"
        step = self._begin(run, at)
        block.state = "cached"
        block.record = msgspec.structs.replace(
            block.record,
            state="cached",
            cache=f"hit: {decision.why}",
            seconds=0.0,
            rows=result.output.rows,
            address=result.output.address,
            output=result.output,
            key=block.key.text,
            parts=block.key.parts,
            started_at=at,
            finished_at=at,
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        return step.add(self._good(run, name, 0.0, at))

    def _dispatch(self, run: Run, name: str, at: datetime) -> Step:
        block, planned = run.blocks[name], run.definition.blocks[name]
        assert block.key is not None, "the key is known before a block starts"
        step = self._begin(run, at)
        block.attempt += 1
        block.state = "running"
        trying = Attempt(number=block.attempt, state="running", started_at=at)
        block.record = msgspec.structs.replace(
            block.record,
            state="running",
            key=block.key.text,
            parts=block.key.parts,
            started_at=at,
            finished_at=None,
            failure=None,
            displays=[],
            attempts=attempts_of(block.record, trying),
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        step.effects.append(Execute(self._job(run, planned, block.attempt)))
        return step

    def _job(self, run: Run, block: PlannedBlock, attempt: int) -> Job:
        return Job(
            run=run.id,
            pipeline=run.definition.pipeline,
            block=block.name,
            attempt=attempt,
            kind=block.kind,
            language=block.language,
            path=block.path,
            source=block.source,
            bindings=list(block.bindings),
            inputs=run.inputs(block.name),
            values=bound_values(block, run.parameters),
            parameters=run.parameters,
            logical_time=run.logical_time,
            timeout_s=block.timeout_s,
            memory_bytes=block.memory_bytes,
            interactive=run.interactive,
            connection=block.connection,
            log_path=f"{self._logs}/{run.id}/{block.name}.{attempt}.log",
            worker="session" if run.interactive else "run",
        )

    def _begin(self, run: Run, at: datetime) -> Step:
        """Mark the run as running, once."""
        if run.state != "queued":
            return Step()
        run.state = "running"
        run.started_at = at
        return Step(records=[SaveRun(run_id=run.id, state="running", started_at=at)])

    def _finish_if_over(self, run: Run, at: datetime) -> Step:
        if not run.is_over or run.id not in self.runs:
            return Step()
        del self.runs[run.id]
        run.state = run.final_state()
        seconds = max(0.0, (at - (run.started_at or run.queued_at)).total_seconds())
        return Step(
            [
                ev.RunFinished(
                    cause=run.id,
                    run=run.id,
                    state=run.state,
                    finished_at=at,
                    seconds=seconds,
                    reason=run.reason,
                )
            ],
            [
                SaveRun(
                    run_id=run.id,
                    state=run.state,
                    started_at=run.started_at,
                    finished_at=at,
                    seconds=seconds,
                    reason=run.reason,
                )
            ],
            [EndRun(run.id)],
        )

    def check(self) -> None:
        """Raise AssertionError when an invariant is broken; for tests and fuzzing."""
        for run in self.runs.values():
            run.check()
            assert not run.is_over, "a run that is over was not ended"
            going = run.running or run.ready() or any(b.waiting for b in run.blocks.values())
            assert going, "a run hangs"
        for name, state in self.staleness.items():
            if state.state == "fresh":
                ups = self.definition.blocks[name].upstream
                assert all(self.staleness[u].state == "fresh" for u in ups), f"{name} wrongly fresh"


def _backoff(base_s: float, failed: int, run: str, block: str) -> float:
    """Double the wait with each failure, give or take a quarter that differs from run to run."""
    spread = int(digest(run, block, str(failed))[:4], 16) / 0xFFFF
    return min(base_s * 2**failed, MAX_BACKOFF_S) * (0.75 + 0.5 * spread)


def _one_line(block: str, failure: Failure) -> str:
    message = failure.message.splitlines()[0] if failure.message else ""
    text = f"{block}: {failure.type}: {message}" if message else f"{block}: {failure.type}"
    return text[:300]
