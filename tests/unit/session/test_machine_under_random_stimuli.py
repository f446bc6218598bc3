"""Random pipelines, edits, answers, stops and crashes: what the machine promises holds after each.

The test is the world around the machine: workers that answer in any order, late or twice, a
history that remembers what was recorded, and a power cut between any two of its writes.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace.core.errors import HeadraceError
from headrace.protocol import events as ev
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import (
    FINAL_RUN_STATES,
    BlockRun,
    Display,
    Failure,
    Output,
    RunLimits,
    RunRecord,
    Scope,
)
from headrace.runs.changes import Change, QueueRetry, QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.session.definition import Definition, PlannedBlock
from headrace.session.effects import EndRun, Execute, Hold, Limit, Poke, Rest, Step, Stop, Wait
from headrace.session.machine import Machine
from headrace.session.results import Result
from headrace.session.run import OVER, RunRequest
from headrace.testing.drafts import block, definition, done, output, raised, started, stopped
from headrace.workers.jobs import AnyAnswer, Job, Printed, Progressed, Raised, Shown, StopStage

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("transformer", "loader", "exporter", "sensor")
SCOPES: tuple[Scope, ...] = ("until", "only", "from", "stale")
NAMES = tuple(f"b{number}" for number in range(7))
GOOD = {"succeeded", "cached"}


class Book:
    """The history: what was recorded, and nothing else, survives a crash."""

    def __init__(self) -> None:
        self.runs: dict[str, RunRecord] = {}
        self.files: dict[str, bytes] = {}
        self.results: dict[tuple[str, str], SaveResult] = {}
        self.retried: set[str] = set()

    def write(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case QueueRun():
                    self.runs[change.record.id] = change.record
                    self.files[change.record.id] = change.files
                case QueueRetry():
                    assert self.runs[change.of].state == "failed", "what failed is tried again"
                    assert change.of not in self.retried, "and that once"
                    self.retried.add(change.of)
                    self.write([change.queue])
                case SaveRun():
                    self._save_run(change)
                case SaveBlock():
                    record = self.runs[change.run_id]
                    now = change.block
                    blocks = [now if old.name == now.name else old for old in record.blocks]
                    self.runs[change.run_id] = msgspec.structs.replace(record, blocks=blocks)
                case SaveResult():
                    self.results.pop((change.block, change.key), None)
                    self.results[change.block, change.key] = change

    def _save_run(self, change: SaveRun) -> None:
        record = self.runs[change.run_id]
        assert record.state not in FINAL_RUN_STATES, "a run that is over is not touched"
        said = {n: v for n in ("started_at", "reason") if (v := getattr(change, n)) is not None}
        self.runs[change.run_id] = msgspec.structs.replace(record, state=change.state, **said)

    def block(self, run: str, name: str) -> BlockRun:
        return next(block for block in self.runs[run].blocks if block.name == name)

    def unfinished(self) -> list[RunRecord]:
        return [run for run in self.runs.values() if run.state not in FINAL_RUN_STATES]

    def last_block_runs(self) -> dict[str, tuple[str, BlockRun]]:
        found: dict[str, tuple[str, BlockRun]] = {}
        for run in self.runs.values():
            for block_run in run.blocks:
                end, known = block_run.finished_at, found.get(block_run.name)
                if end and (known is None or end >= (known[1].finished_at or START)):
                    found[block_run.name] = (run.id, block_run)
        return found


class RandomStimuli(RuleBasedStateMachine):
    """Plays the world around a machine, and keeps its own book of what must be true."""

    @initialize(
        edges=st.lists(st.sets(st.integers(1, 6), max_size=3), min_size=1, max_size=7),
        kinds=st.lists(st.sampled_from(KINDS), min_size=7, max_size=7),
        flat=st.sets(st.sampled_from(NAMES)),
        retries=st.integers(0, 3),
        cache=st.sampled_from([None, "forever", "30s"]),
        poke_s=st.sampled_from([None, 10.0]),
        soft_fail=st.booleans(),
    )
    def begin(  # noqa: PLR0917 drawn by name
        self,
        edges: list[set[int]],
        kinds: list[str],
        flat: set[str],
        retries: int,
        cache: str,
        poke_s: float | None,
        soft_fail: bool,
    ) -> None:
        self.poke_s, self.soft_fail = poke_s, soft_fail
        self.upstream = {
            name: {NAMES[number - back] for back in ups if back <= number}
            for number, (name, ups) in enumerate(zip(NAMES, edges, strict=False))
        }
        self.kinds = dict(zip(NAMES, kinds, strict=True))
        self.flat = flat
        """Blocks that give the same output whatever their code: what is below stays fresh."""
        self.code = dict.fromkeys(NAMES, 0)
        self.retries, self.cache = retries, cache
        self.default = 0
        self.book = Book()
        self.jobs: list[Job] = []
        self.waits: list[Wait | Poke] = []
        self.limits: list[Limit] = []
        self.holds: list[Hold] = []
        self.numbers = itertools.count()
        self.late: list[AnyAnswer] = []
        self.stopping: set[tuple[str, str]] = set()
        self.executed: Counter[tuple[str, str]] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.cancelled: set[str] = set()
        self.ended: set[str] = set()
        self.crash: str | None = None
        self.now = START
        self.open()

    # The draft

    def drafted(self) -> Definition:
        planned = []
        for number, name in enumerate(NAMES):
            if name not in self.upstream:
                continue
            ups = [u for u in NAMES[:number] if u in self.upstream[name] and u in self.upstream]
            bound = [Binding(argument=u, source="upstream", name=u) for u in ups]
            if number % 2:
                bound.append(Binding(argument="p", source="parameter", name="p"))
            code = f"{name}:{self.code[name]}"
            planned.append(
                block(
                    name,
                    *ups,
                    code=code,
                    kind=self.kinds[name],
                    bindings=tuple(bound),
                    retries=self.retries,
                    cache=self.cache,
                    poke_s=self.poke_s if self.kinds[name] == "sensor" else None,
                    wait_s=100.0,
                    soft_fail=self.soft_fail,
                    problem="it is broken" if self.code[name] == 3 else None,
                )
            )
        return definition(*planned, p=self.default)

    def made(self, of: PlannedBlock | Job, inputs: dict[str, str], p: int | None) -> Output:
        """Say what a block returns: a function of its code, its inputs and its parameter."""
        name = of.block if isinstance(of, Job) else of.name
        holds = of.kind == "sensor" and of.source.endswith(":2")
        content = (name,) if name in self.flat else (name, of.source, sorted(inputs.items()), p)
        return msgspec.structs.replace(output(repr((content, holds))), holds=holds)

    # The shell

    def open(self) -> None:
        """Open the session as a new process does, and take up what the last one left."""
        self.machine = Machine(
            self.drafted(), logs="/logs", owner="me", slots=2, new_id=self.new_id
        )
        for saved in self.book.results.values():
            known = Result(key=saved.key, output=saved.output, made_at=saved.finished_at)
            self.machine.results.remember(saved.block, known)
        for name, (run, last) in self.book.last_block_runs().items():
            if name in self.machine.definition.blocks:
                self.machine.results.restore(name, run, last)
        self.machine.refresh()
        for record in self.book.unfinished():
            again = msgspec.structs.replace(record, attempt=record.attempt + 1)
            self.book.runs[record.id] = again
            for left in record.blocks:
                self.lost[record.id, left.name] += left.state == "running"
            pinned = Definition.decode(self.book.files[record.id])
            run = self.machine.revive(again, pinned, self.now)
            self.take(self.machine.launch(run, self.now))

    def new_id(self) -> str:
        return f"r{next(self.numbers)}"

    def die(self) -> None:
        """End the process: what was not recorded is gone, answers of its workers too."""
        self.crash = None
        self.jobs, self.waits, self.late, self.stopping = [], [], [], set()
        self.limits, self.holds = [], []
        self.open()

    def take(self, step: Step) -> None:
        """Carry out a step as the shell does, unless the power is cut before or within it."""
        self.now += timedelta(seconds=1)
        if self.crash == "before":
            self.die()
            return
        self.book.write(step.records)
        for change in step.records:
            if isinstance(change, SaveRun):
                if change.reason and change.state not in FINAL_RUN_STATES:
                    self.cancelled.add(change.run_id)
                if change.state in FINAL_RUN_STATES:
                    self.ended.add(change.run_id)
        if self.crash == "within":
            self.die()
            return
        for event in step.events:
            self.hear(event)
        for effect in step.effects:
            self.carry(effect)

    def hear(self, event: ev.Event) -> None:
        """An event tells nothing that the history does not know yet."""
        if isinstance(event, ev.BlockFinished):
            recorded = self.book.block(event.run, event.block)
            assert (recorded.state, recorded.output) == (event.state, event.output)
        elif isinstance(event, ev.BlockWaiting):
            recorded = self.book.block(event.run, event.block)
            assert (recorded.state, recorded.pokes) == ("waiting", event.pokes)
        elif isinstance(event, ev.BlockFailed):
            again = event.retry_at is not None
            recorded = self.book.block(event.run, event.block)
            assert recorded.state == ("queued" if again else "failed")
        elif isinstance(event, ev.RunFinished):
            assert self.book.runs[event.run].state == event.state

    def carry(self, effect: object) -> None:
        match effect:
            case Execute(job):
                self.execute(job)
            case Stop(run, name):
                self.stopping.add((run, name))
            case Wait() | Poke():
                self.waits.append(effect)
            case Hold():
                self.holds.append(effect)
            case Limit():
                self.limits.append(effect)
            case Rest(run):
                assert not any(job.run == run for job in self.jobs), "only idle workers are freed"
            case EndRun(run):
                assert run in self.ended

    def execute(self, job: Job) -> None:
        place = (job.run, job.block)
        pinned = Definition.decode(self.book.files[job.run]).blocks[job.block]
        recorded = self.book.block(*place)
        assert job.source == pinned.source, "a run executes what it pinned"
        assert recorded.state == "running", "a job is recorded before it leaves"
        assert job.attempt == len(recorded.attempts)
        assert job.run not in self.cancelled, "what is cancelled starts nothing more"
        assert all(place != (other.run, other.block) for other in self.jobs), "one try at a time"
        if not recorded.pokes:  # all pokes of an attempt are one execution
            self.executed[place] += 1
        assert self.executed[place] <= max(1, self.retries) + self.lost[place], "too many attempts"
        inside = {b.name: b for b in self.book.runs[job.run].blocks}
        for name in pinned.upstream:
            if name in inside:
                assert inside[name].state in GOOD
                assert job.inputs[name] == inside[name].output
                assert not job.inputs[name].holds, "nothing runs below a sensor that is not ready"
        self.jobs.append(job)

    # Stimuli

    def begin_run(self, request: RunRequest) -> None:
        name = self.new_id()
        try:
            run = self.machine.prepare(name, request, self.now)
        except HeadraceError:
            return  # a broken block, or no output to read: refused, nothing happened
        self.book.write([self.machine.queue_change(run)])
        if self.crash is not None:
            self.die()
            return
        self.take(self.machine.launch(run, self.now))

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), force=st.booleans())
    def run_in_the_editor(self, data: st.DataObject, scope: Scope, force: bool) -> None:
        targets = data.draw(st.lists(st.sampled_from(sorted(self.upstream)), max_size=2))
        request = RunRequest(origin="editor", blocks=targets, scope=scope, force=force)
        if self.machine.plan(request).blocks:
            self.begin_run(request)

    @rule(p=st.integers(0, 1), retries=st.integers(0, 3))
    def run_by_a_trigger(self, p: int, retries: int) -> None:
        limits = RunLimits(timeout_s=100.0, retries=retries, backoff_s=10.0)
        request = RunRequest(origin="trigger", trigger="t", parameters={"p": p}, limits=limits)
        self.begin_run(request)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def backoff_is_over(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(self.holds))
        self.holds.remove(hold)
        self.take(self.machine.start_due(hold.run, self.now))
        assert self.machine.start_due(hold.run, self.now) == Step(), "a retry begins once"

    @rule(data=st.data(), scope=st.sampled_from(SCOPES), force=st.booleans(), p=st.integers(0, 1))
    def run_by_the_api(self, data: st.DataObject, scope: Scope, force: bool, p: int) -> None:
        names = st.lists(st.sampled_from(sorted(self.upstream)), min_size=1, max_size=2)
        blocks = data.draw(st.none() | names)
        request = RunRequest(
            origin="api", blocks=blocks, scope=scope, force=force, parameters={"p": p}
        )
        if not self.machine.plan(request).blocks:
            return
        self.begin_run(request)

    def final(self, job: Job, outcome: str) -> AnyAnswer:
        if outcome == "stopped":
            return stopped(job)
        if outcome == "raised":
            return raised(job)
        if outcome == "died":
            death = Failure(kind="died", type="SIGKILL", message="killed")
            return Raised(
                run=job.run, block=job.block, attempt=job.attempt, failure=death, timings=TIMINGS
            )
        inputs = {name: made.digest for name, made in job.inputs.items()}
        result = self.made(job, inputs, job.values.get("p"))
        return msgspec.structs.replace(done(job), output=result)

    @precondition(lambda self: self.jobs)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["done", "done", "done", "raised", "died", "stopped"]),
    )
    def answer(self, data: st.DataObject, outcome: str) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self.jobs.remove(job)
        was_asked = (job.run, job.block) in self.stopping
        self.stopping.discard((job.run, job.block))
        if outcome == "stopped" and not was_asked and not self.machine.runs[job.run].interactive:
            outcome = "died"  # only the worker of the editor is ever restarted by a person
        answer = self.final(job, outcome)
        self.late.append(answer)
        self.take(self.machine.answer(answer, self.now))

    @precondition(lambda self: self.jobs)
    @rule(count=st.integers(1, 9))
    def work(self, count: int) -> None:
        """Let workers finish some blocks, oldest first: most of the time all goes well."""
        for _ in range(count):
            if not self.jobs:
                break
            job = self.jobs.pop(0)
            self.stopping.discard((job.run, job.block))
            self.take(self.machine.answer(self.final(job, "done"), self.now))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), what=st.sampled_from(["started", "print", "show", "progress", "stage"]))
    def speak(self, data: st.DataObject, what: str) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        place = {"run": job.run, "block": job.block, "attempt": job.attempt}
        said: AnyAnswer = {
            "started": started(job, self.now),
            "print": Printed(**place, offset=0, text="…"),
            "show": Shown(**place, display=Display(mime="text/plain", text="x")),
            "progress": Progressed(**place, done=1, total=2),
            "stage": StopStage(**place, stage="interrupt"),
        }[what]
        self.late.append(said)
        step = self.machine.answer(said, self.now)
        assert step.events
        assert not step.records
        assert not step.effects
        self.take(step)

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def answer_late(self, data: st.DataObject) -> None:
        answer = data.draw(st.sampled_from(self.late))
        current = [(job.run, job.block, job.attempt) for job in self.jobs]
        if (answer.run, answer.block, answer.attempt) not in current:
            assert self.machine.answer(answer, self.now) == Step(), "an answer counts once"

    @precondition(lambda self: self.waits)
    @rule(data=st.data(), twice=st.booleans())
    def wait_is_over(self, data: st.DataObject, twice: bool) -> None:
        wait = data.draw(st.sampled_from(self.waits))
        self.waits.remove(wait)
        self.take(self.due(wait))
        if twice:
            assert self.due(wait) == Step(), "a wait ends once"

    def due(self, wait: Wait | Poke) -> Step:
        if isinstance(wait, Poke):
            return self.machine.poke_due(wait.run, wait.block, wait.number, self.now)
        return self.machine.retry_due(wait.run, wait.block, wait.attempt, self.now)

    @precondition(lambda self: self.limits)
    @rule(data=st.data())
    def time_is_over(self, data: st.DataObject) -> None:
        limit = data.draw(st.sampled_from(self.limits))
        self.limits.remove(limit)
        self.take(self.machine.limit_due(limit.run, limit.block, self.now))

    @rule(data=st.data(), code=st.integers(0, 3))
    def edit(self, data: st.DataObject, code: int) -> None:
        self.code[data.draw(st.sampled_from(sorted(self.upstream)))] = code
        self.take(self.machine.define(self.drafted()))

    @rule(data=st.data(), ups=st.sets(st.sampled_from(NAMES), max_size=3))
    def connect(self, data: st.DataObject, ups: set[str]) -> None:
        self.upstream[data.draw(st.sampled_from(sorted(self.upstream)))] = ups
        self.take(self.machine.define(self.drafted()))

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS))
    def add_or_delete(self, name: str, kind: str) -> None:
        if self.upstream.keys() == {name}:
            return
        if self.upstream.pop(name, None) is None:
            self.upstream[name] = set()
            self.kinds[name] = kind
        self.take(self.machine.define(self.drafted()))

    @rule(p=st.integers(0, 2))
    def choose(self, p: int) -> None:
        self.take(self.machine.set_values({"p": p}))

    @rule(p=st.integers(0, 2))
    def change_default(self, p: int) -> None:
        self.default = p
        self.take(self.machine.define(self.drafted()))

    @precondition(lambda self: self.machine.runs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(sorted(self.machine.runs)))
        self.take(self.machine.cancel(run, self.now))

    @rule(moment=st.sampled_from(["now", "before", "within"]))
    def cut_the_power(self, moment: str) -> None:
        """Crash now, or at the next step: before its records are written, or right after."""
        if moment == "now":
            self.die()
        else:
            self.crash = moment

    # What must be true

    @invariant()
    def every_run_is_going_on_or_over(self) -> None:
        if not hasattr(self, "machine"):
            return
        self.machine.check()
        live = {run.id for run in self.book.unfinished()}
        assert live == set(self.machine.runs)
        assert not live & self.ended
        for run in self.book.runs.values():
            if run.retry is not None:
                assert run.limits is not None
                assert run.retry.number <= run.limits.retries, "too many tries of a tick"
        for run in self.ended:
            assert all(b.state in OVER for b in self.book.runs[run].blocks), (
                "over, but not all of it"
            )
        for run in self.book.runs.values():
            for recorded in run.blocks:
                trying = [attempt.state == "running" for attempt in recorded.attempts]
                assert not any(trying[:-1]), "only the last attempt can be under way"
                assert any(trying) == (recorded.state == "running")
                waits = [attempt.state == "waiting" for attempt in recorded.attempts]
                assert waits.count(True) == (recorded.state == "waiting")
        waiting = {(job.run, job.block) for job in self.jobs}
        going = {(r.id, n) for r in self.machine.runs.values() for n in r.running}
        assert waiting == going, "what runs is what workers have in hand"

    @invariant()
    def what_is_shown_as_going_on_goes_on(self) -> None:
        if not hasattr(self, "machine"):
            return
        for name, status in self.machine.results.status.items():
            if status.state in {"queued", "running", "waiting"}:
                assert status.run in self.machine.runs, (
                    f"{name} is shown as {status.state} for ever"
                )

    @invariant()
    def fresh_is_never_wrong(self) -> None:
        """A fresh block has the output that its present code makes of the present inputs."""
        if not hasattr(self, "machine"):
            return
        truth: dict[str, Output] = {}
        for name, planned in self.machine.definition.blocks.items():
            inputs = {up: truth[up].digest for up in planned.upstream}
            bound = any(b.source == "parameter" for b in planned.bindings)
            p = self.machine.values["p"] if bound else None
            truth[name] = self.made(planned, inputs, p)
            if self.machine.staleness[name].state == "fresh":
                assert not truth[name].holds, "a sensor that is not ready is to be asked again"
                assert self.machine._fresh[name].output == truth[name], f"{name} wrongly fresh"
                shown = self.machine.results.status[name].output
                assert shown == truth[name], f"{name} shows something else"

    @invariant()
    def what_was_compared_before_is_still_so(self) -> None:
        if not hasattr(self, "machine"):
            return
        results = copy.copy(self.machine.results)
        results._compared = None
        staleness = results.wanted(self.machine.definition, self.machine.values).staleness
        assert staleness == self.machine.staleness

    def teardown(self) -> None:
        """Let everything end well: then nothing hangs, and a run makes all fresh."""
        if not hasattr(self, "machine"):
            return
        self.crash = None
        self.finish()
        self.cache = None  # nothing grows old while it runs
        self.code = {name: code % 2 for name, code in self.code.items()}
        self.take(self.machine.define(self.drafted()))
        if self.machine.plan(RunRequest(origin="editor")).blocks:
            self.begin_run(RunRequest(origin="editor"))
        self.finish()
        assert self.machine.plan(RunRequest(origin="editor")).blocks == []

    def finish(self) -> None:
        while self.machine.runs:
            if self.jobs:
                self.take(self.machine.answer(self.final(self.jobs.pop(), "done"), self.now))
            elif self.limits:  # a sensor that is never ready waits no longer than that
                limit = self.limits.pop()
                self.take(self.machine.limit_due(limit.run, limit.block, self.now))
            elif self.waits:
                self.take(self.due(self.waits.pop()))
            else:
                self.take(self.machine.start_due(self.holds.pop().run, self.now))


TIMINGS = raised(
    Job(
        run="",
        pipeline="",
        block="",
        attempt=1,
        kind="loader",
        language="python",
        path="",
        source="",
    )
).timings
# Without the phase that shrinks: it takes minutes, longer than a test may. Add it to look closer.
RandomStimuli.TestCase.settings = settings(
    max_examples=250,
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestRandomStimuli = pytest.mark.timeout(900)(RandomStimuli.TestCase)
