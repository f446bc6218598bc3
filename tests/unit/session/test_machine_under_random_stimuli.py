"""Random DAGs, edits, failures and stops: the machine's invariants hold after every stimulus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace.protocol import events as ev
from headrace.protocol.tables import Output
from headrace.session.definition import Definition, key_of
from headrace.session.effects import EndRun, Execute, Step, Stop, Wait
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, done, raised, stopped
from headrace.workers.jobs import Job

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("transformer", "loader", "exporter")


class RandomStimuli(RuleBasedStateMachine):
    """Plays the world around a machine, and keeps its own book of what must be true."""

    @initialize(
        edges=st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=7),
        kinds=st.lists(st.sampled_from(KINDS), min_size=7, max_size=7),
        retries=st.integers(0, 2),
    )
    def begin(self, edges: list[list[int]], kinds: list[str], retries: int) -> None:
        self.edges = {
            f"b{i}": [f"b{u}" for u in sorted(set(ups)) if u < i] for i, ups in enumerate(edges)
        }
        self.kinds = dict(zip(self.edges, kinds, strict=False))
        self.code = dict.fromkeys(self.edges, 0)
        self.retries = retries
        self.machine = Machine(self.drafted(), logs="/logs", owner="me", slots=2)
        self.machine.refresh()
        self.jobs: list[Job] = []
        self.waits: list[Wait] = []
        self.stopping: set[tuple[str, str]] = set()
        self.started: set[str] = set()
        self.ended: set[str] = set()
        self.pinned: dict[str, Definition] = {}
        self.truth: dict[str, str] = {}
        self.now = START

    def drafted(self) -> Definition:
        return definition(
            *(
                block(
                    name,
                    *ups,
                    code=f"{name}:{self.code[name]}",
                    kind=self.kinds[name],
                    retries=self.retries,
                )
                for name, ups in self.edges.items()
            )
        )

    def take(self, step: Step) -> None:
        self.now += timedelta(seconds=1)
        for effect in step.effects:
            match effect:
                case Execute(job):
                    assert job.source == self.pinned[job.run].blocks[job.block].source
                    self.jobs.append(job)
                case Stop(run, name):
                    self.stopping.add((run, name))
                case Wait():
                    self.waits.append(effect)
                case EndRun(run):
                    assert run not in self.ended
                    self.ended.add(run)
        for event in step.events:
            if isinstance(event, ev.BlockFinished):
                self.book(event)

    def book(self, event: ev.BlockFinished) -> None:
        """A key names one output for ever: a reused result is the one that would be computed."""
        planned = self.pinned[event.run].blocks[event.block]
        run = self.machine.runs.get(event.run)
        if run is None:
            return
        inputs: dict[str, Output] = run.inputs(event.block)
        key = key_of(planned, inputs, {}).text
        assert self.truth.setdefault(key, event.output.address) == event.output.address

    def begin_run(self, request: RunRequest) -> None:
        name = f"r{len(self.started)}"
        run = self.machine.prepare(name, request, self.now)
        self.started.add(name)
        self.pinned[name] = run.definition
        self.take(self.machine.launch(run, self.now))

    @rule(data=st.data())
    def run_in_the_editor(self, data: st.DataObject) -> None:
        targets = data.draw(st.lists(st.sampled_from(sorted(self.edges)), max_size=2))
        if self.machine.plan(targets):
            self.begin_run(RunRequest(origin="editor", blocks=targets))

    @rule(force=st.booleans())
    def run_by_the_api(self, force: bool) -> None:
        self.begin_run(RunRequest(origin="api", force=force))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), outcome=st.sampled_from(["done", "same", "raised", "late"]))
    def answer(self, data: st.DataObject, outcome: str) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self.jobs.remove(job)
        if (job.run, job.block) in self.stopping:
            answer = stopped(job) if outcome != "done" else done(job)
            self.stopping.discard((job.run, job.block))
        elif outcome == "raised":
            answer = raised(job)
        else:
            answer = done(job)
        self.take(self.machine.answer(answer, self.now))
        if outcome == "late":
            assert self.machine.answer(answer, self.now) == Step(), "an answer counts once"

    @precondition(lambda self: self.waits)
    @rule()
    def time_passes(self) -> None:
        wait = self.waits.pop(0)
        self.take(self.machine.retry_due(wait.run, wait.block, wait.attempt, self.now))

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.edges)))
        self.code[name] = data.draw(st.integers(0, 2))
        self.take(self.machine.define(self.drafted()))

    @precondition(lambda self: self.machine.runs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(sorted(self.machine.runs)))
        self.take(self.machine.cancel(run, self.now))

    @invariant()
    def invariants_hold(self) -> None:
        if not hasattr(self, "machine"):
            return
        self.machine.check()
        assert self.started - self.ended == set(self.machine.runs), "a run ends exactly once"

    @invariant()
    def fresh_is_never_wrong(self) -> None:
        """A fresh block shows what a run would give now: its output follows from the present code."""
        if not hasattr(self, "machine"):
            return
        shown = self.machine.results.status
        for name, state in self.machine.staleness.items():
            planned = self.machine.definition.blocks[name]
            seen = {shown[n].state for n in (name, *planned.upstream)}
            if state.state != "fresh" or seen & {"queued", "running"}:
                continue
            inputs = {u: shown[u].output for u in planned.upstream}
            if any(made is None for made in inputs.values()):
                continue
            key = key_of(planned, inputs, {}).text  # type: ignore[arg-type]
            known = self.machine.results.find(name, key)
            assert known is not None


RandomStimuli.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestRandomStimuli = RandomStimuli.TestCase
