"""How a run goes on: what can start is started or reused, and what is over is ended. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from headrace.protocol import events as ev
from headrace.protocol.tables import Attempt
from headrace.protocol.watermarks import Since
from headrace.runs.changes import MoveWatermark, SaveBlock, SaveRun
from headrace.session.definition import PlannedBlock, bound_values, key_of
from headrace.session.effects import EndRun, Execute, Limit, Prepare, ShareOut, Step
from headrace.session.fusion import computed_within
from headrace.session.results import Results
from headrace.session.reuse import Decision, decide
from headrace.session.run import Run, attempts_of
from headrace.session.slots import Slots, Ticket
from headrace.workers.jobs import Fused, Job

COMPARISONS = 32
"""How often at most a run that nobody waits for at the screen is compared with the draft."""


class Course:
    """Moves the runs of one machine along. `refresh` compares the draft after each new result."""

    def __init__(
        self,
        runs: dict[str, Run],
        results: Results,
        refresh: Callable[[], Step],
        logs: str,
        slots: Slots,
        *,
        try_again: Callable[[Run, datetime], Step],
    ) -> None:
        self._runs = runs
        self._slots = slots
        self._results = results
        self.refresh = refresh
        self._logs = logs
        self._try_again = try_again
        """Called with a run that is over."""
        self._good_ones = 0
        """Blocks that got their output since the last comparison with the draft."""

    def advance(self, run: Run, at: datetime) -> Step:
        """Start what can start, reuse what is known, and end the run when nothing is left."""
        return self._look(run, at).add(self.settle(run, at))

    def settle(self, run: Run, at: datetime) -> Step:
        """Give out the slots that are free, and end the run when nothing of it is left."""
        step = self.finish_if_over(run, at)
        while taken := self._slots.take(run.definition.pipeline):
            for ticket in taken:
                step.add(self.start(self._runs[ticket.run], ticket.block, at))
        if self._slots.may_take:
            step.effects.append(ShareOut())
        return step

    def start(self, run: Run, name: str, at: datetime) -> Step:
        """Execute a block that got its slot, unless its result is known by now."""
        decision = self._decide(run, name, at)
        if decision.result is None:
            return self._dispatch(run, name, at)
        self.release(run, name)
        step = self._reuse(run, name, decision, at)
        return step.add(self._look(run, at)).add(self.finish_if_over(run, at))

    def release(self, run: Run, name: str) -> None:
        """Give back the slot of a block, or its place in the line; `settle` gives it to others."""
        run.blocks[name].asked = False
        run.consider(name)
        self._slots.release(run.id, name)

    def _look(self, run: Run, at: datetime) -> Step:
        """Reuse what is known, and let what has to execute wait for a slot."""
        step = Step()
        reused = True
        while reused and not run.cancelled and not run.held:
            reused = False
            for name in run.startable():
                block = run.blocks[name]
                if self._waits_for_mark(run, name):
                    continue
                if block.key is None:  # what a run has pinned never changes
                    self._pin(run, name)
                decision = self._decide(run, name, at)
                if decision.result is not None:
                    step.add(self._reuse(run, name, decision, at))
                    reused = True
                elif name in run.hosts:
                    step.add(self._leave_to_reader(run, name, at))
                    reused = True
                else:
                    block.asked = True
                    self._slots.add(_ticket(run, run.definition.blocks[name]))
        return step

    def _waits_for_mark(self, run: Run, name: str) -> bool:
        """Tell whether another run goes on from the mark that this block would: one at a time."""
        return (
            name in run.movers
            and run.blocks[name].record.since is None
            and any(
                name in other.movers and other.blocks[name].record.since is not None
                for other in self._runs.values()
            )
        )

    def _pin(self, run: Run, name: str) -> None:
        """Name the result of a block, and with that all that it is made of."""
        block, planned = run.blocks[name], run.definition.blocks[name]
        since = block.record.since or self._results.since(planned)
        if since is not None:
            block.record = msgspec.structs.replace(block.record, since=since)
        block.key = key_of(planned, run.inputs(name), run.parameters, run.moment, since)

    def _decide(self, run: Run, name: str, at: datetime) -> Decision:
        block = run.blocks[name]
        assert block.key is not None, "a block that could start has its key"
        decision = self._decision(run, name, block.key.text, at)
        if not block.is_poked:
            block.miss = decision.why
        return decision

    def _decision(self, run: Run, name: str, key: str, at: datetime) -> Decision:
        before = run.again.good.get(name) if run.again is not None and not run.force else None
        if run.again is not None and before is not None and before.key == key:
            return Decision(f"succeeded in run {run.again.run}", before)
        known = self._results.find(name, key)
        newest = self._results.newest(name)
        return decide(
            run.definition.blocks[name],
            known,
            is_newest=newest is not None and newest.key == key,
            interactive=run.interactive,
            must=name in run.must,
            force=run.force,
            at=at,
        )

    def _leave_to_reader(self, run: Run, name: str, at: datetime) -> Step:
        """Have a block computed within the query of one below it."""
        block, reader = run.blocks[name], run.computed_within(name)
        assert block.key is not None, "a block that could start has its key"
        step = self._begin(run, at)
        block.state = "succeeded"
        block.record = msgspec.structs.replace(
            block.record,
            state="succeeded",
            cache=f"miss: computed within {reader}",
            seconds=0.0,
            output=computed_within(reader, block.key),
            key=block.key.text,
            parts=block.key.parts,
            started_at=at,
            finished_at=at,
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        return step.add(self.good(run, name, 0.0, at))

    def _reuse(self, run: Run, name: str, decision: Decision, at: datetime) -> Step:
        block, result = run.blocks[name], decision.result
        assert result is not None, "only known results are reused"
        assert block.key is not None, "a block that could start has its key"
        step = self._begin(run, at)
        # Reused for its `cache:`, an older result of a loader counts as its newest again.
        self._results.remember(name, result, block.key.parts)
        attempts = block.record.attempts
        if block.is_poked:  # it became ready in another run
            ready = msgspec.structs.replace(attempts[-1], state="cached", finished_at=at)
            attempts = attempts_of(block.record, ready)
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
            attempts=attempts,
            poke_at=None,
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        for above in reversed(run.fused_above(name)):
            if not run.is_needless(above):
                continue
            middle = run.blocks[above]
            why = f"hit: within {name}, {decision.why}"
            middle.record = msgspec.structs.replace(middle.record, cache=why)
            step.records.append(SaveBlock(run_id=run.id, block=middle.record))
        return step.add(self.good(run, name, 0.0, at))

    def _dispatch(self, run: Run, name: str, at: datetime) -> Step:
        block, planned = run.blocks[name], run.definition.blocks[name]
        assert block.key is not None, "the key is known before a block starts"
        step = self._begin(run, at)
        began, pokes = at, 0
        if block.is_poked:  # the attempt under way goes on
            began, pokes = block.record.started_at or at, block.record.pokes
        else:
            block.attempt += 1
        block.state, block.begun = "running", False
        trying = Attempt(number=block.attempt, state="running", started_at=began)
        give_up_at = block.record.give_up_at
        if planned.poke_s is not None and give_up_at is None:
            give_up_at = at + timedelta(seconds=planned.wait_s)
            step.effects.append(Limit(run.id, name, planned.wait_s))
        block.record = msgspec.structs.replace(
            block.record,
            state="running",
            key=block.key.text,
            parts=block.key.parts,
            started_at=began,
            pokes=pokes,
            poke_at=None,
            give_up_at=give_up_at,
            finished_at=None,
            failure=None,
            displays=[],
            attempts=attempts_of(block.record, trying),
        )
        step.records.append(SaveBlock(run_id=run.id, block=block.record))
        step.effects.append(Execute(self._job(run, planned, block.attempt)))
        workers = 0 if run.interactive else min(run.slots, run.ready_soon(name))
        if workers > run.prepared:
            run.prepared = workers
            step.effects.append(Prepare(run.id, workers))
        return step

    def _fused(self, run: Run, name: str) -> Fused:
        block = run.definition.blocks[name]
        return Fused(
            block=name,
            path=block.path,
            source=block.source,
            bindings=list(block.bindings),
            inputs=run.inputs(name),
            values=bound_values(block, run.parameters),
            typed=block.typed,
        )

    def _job(self, run: Run, block: PlannedBlock, attempt: int) -> Job:
        since = run.blocks[block.name].record.since
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
            modules=block.modules,
            inputs=run.inputs(block.name),
            fused=[self._fused(run, name) for name in run.fused_above(block.name)],
            values=bound_values(block, run.parameters),
            parameters=run.parameters,
            typed=block.typed,
            typed_parameters=run.definition.typed,
            logical_time=run.logical_time,
            interval_start=run.interval_start,
            timeout_s=block.timeout_s,
            memory_bytes=block.memory_bytes,
            interactive=run.interactive,
            connection=block.connection,
            kernel=block.kernel,
            results=list(block.results),
            writes=block.writes,
            checks=list(block.checks),
            contract=block.contract,
            incremental=None if block.incremental is None else block.incremental.column,
            since=None if since is None else since.mark,
            log_path=f"{self._logs}/{run.id}/{block.name}.{attempt}.log",
            worker=_worker_of(run, block),
        )

    def _begin(self, run: Run, at: datetime) -> Step:
        """Mark the run as running, once."""
        if run.state != "queued":
            return Step()
        run.state = "running"
        run.started_at = at
        step = Step(records=[SaveRun(run_id=run.id, state="running", started_at=at)])
        if run.limits is not None and run.limits.timeout_s is not None:
            step.effects.append(Limit(run.id, "", run.limits.timeout_s))
        return step

    def finish_if_over(self, run: Run, at: datetime) -> Step:
        if not run.is_over or run.id not in self._runs:
            return Step()
        del self._runs[run.id]
        self._slots.end_run(run.id)
        run.state = run.final_state()
        seconds = max(0.0, (at - (run.started_at or run.queued_at)).total_seconds())
        moved = self._moved(run, at)  # before the draft is compared: they are parts of keys
        return (
            self._compared()
            .add(
                Step(
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
                        ),
                        *moved,
                    ],
                    [EndRun(run.id)],
                )
            )
            .add(self._try_again(run, at))
            .add(self._look_at_waiting(run, at))
        )

    def _moved(self, run: Run, at: datetime) -> list[MoveWatermark]:
        """Return the marks that the success of a run moves: written with it, or neither is."""
        found: list[MoveWatermark] = []
        for name in run.movers if run.state == "succeeded" else ():
            since, mark = run.blocks[name].record.since, run.reached(name)
            assert since is not None, "a good block has pinned what it goes on from"
            if mark is not None:
                found.append(
                    MoveWatermark(
                        pipeline=run.definition.pipeline,
                        block=name,
                        mark=mark,
                        since=since,
                        run_id=run.id,
                        at=at,
                    )
                )
                moved = Since(mark=mark, version=since.version + 1, run=run.id)
                self._results.move(name, moved)
        return found

    def _look_at_waiting(self, over: Run, at: datetime) -> Step:
        """Let other runs go on that waited for the marks of one that is over."""
        step = Step()
        for run in list(self._runs.values()) if over.movers else ():
            if not run.movers.isdisjoint(over.movers):
                step.add(self._look(run, at)).add(self.finish_if_over(run, at))
        return step

    def good(self, run: Run, name: str, seconds: float, at: datetime) -> Step:
        """Announce that a block has its output, computed or reused."""
        run.ended(name)
        block = run.blocks[name]
        record = block.record
        assert record.output is not None, "a good block has its output"
        assert block.key is not None, "a good block has its key"
        if run.interactive:
            self._results.show(name, block.key.text)
            self._results.change(
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
        self._good_ones += 1
        # A block with many inputs would else be compared each time that one of them is made.
        if not run.interactive and self._good_ones * COMPARISONS < len(run.blocks):
            return Step([finished])
        return Step([finished]).add(self._compared())

    def _compared(self) -> Step:
        self._good_ones = 0
        return self.refresh()


def _ticket(run: Run, block: PlannedBlock) -> Ticket:
    pipeline = run.definition.pipeline
    return Ticket(
        pipeline=pipeline,
        run=run.id,
        block=block.name,
        priority=block.priority,
        pool=block.pool,
        slots=run.slots,
        interactive=run.interactive,
        lane=pipeline if _worker_of(run, block) == "session" else "",
    )


def _worker_of(run: Run, block: PlannedBlock) -> str:
    if block.isolation == "block":
        return "block"
    return "session" if run.interactive else "run"
