"""What a request would run: a table for editor, API and retries."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from headrace.core.errors import NotFound
from headrace.protocol.tables import Origin, RunRecord, Scope, Staleness
from headrace.session.effects import Execute, Step
from headrace.session.machine import Machine
from headrace.session.plan import plan, retry_of, will_execute
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, done, raised
from headrace.workers.jobs import Job

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STALE, FRESH = Staleness(state="stale"), Staleness(state="fresh")

#   load ─ clean ─ join ─ report
#   other ───────┘    └── chart
GRAPH = definition(
    block("load"),
    block("other"),
    block("clean", "load"),
    block("join", "clean", "other"),
    block("report", "join", kind="exporter"),
    block("chart", "join"),
)
ALL = "load other clean join report chart"

CASES: list[tuple[Origin, Scope, str | None, str, str, str]] = [
    # origin, scope, blocks, what is stale, what runs, what of it executes in any case
    ("editor", "until", "join", "", "join", "join"),
    ("editor", "until", "join", "load clean chart", "load clean join", "join"),
    ("editor", "until", "clean other", "load", "load other clean", "other clean"),
    ("editor", "until", "", "clean join report", "clean join report", ""),
    ("editor", "until", None, "chart", "chart", ""),
    ("editor", "until", None, "", "", ""),
    ("editor", "only", "join", ALL, "join", "join"),
    ("editor", "from", "join", "load", "join report chart", "join"),
    ("editor", "from", "other", "", "other join report chart", "other"),
    ("editor", "stale", "report", "load clean join report chart", "load clean join report", ""),
    ("editor", "stale", "report", "chart", "", ""),
    ("api", "until", None, "chart", ALL, ""),
    ("api", "until", "clean", "", "load clean", ""),
    ("api", "only", "clean", ALL, "clean", "clean"),
    ("api", "from", "clean", ALL, "clean join report chart", "clean"),
    ("api", "stale", None, "join report", "join report", ""),
    ("api", "stale", "join", "load join report", "load join", ""),
    ("cli", "from", "chart", "", "chart", "chart"),
]


@pytest.mark.parametrize(("origin", "scope", "blocks", "stale", "runs", "must"), CASES)
def test_what_runs(  # noqa: PLR0917 a row of the table
    origin: Origin, scope: Scope, blocks: str | None, stale: str, runs: str, must: str
) -> None:
    staleness = {n: STALE if n in stale.split() else FRESH for n in GRAPH.blocks}
    named = None if blocks is None else blocks.split()
    request = RunRequest(origin=origin, scope=scope, blocks=named)
    planned = plan(GRAPH, staleness, request)
    assert " ".join(planned.blocks) == runs
    assert planned.must == set(must.split())
    assert will_execute(planned, request) == planned.blocks


def test_a_block_that_is_not_there_is_refused() -> None:
    with pytest.raises(NotFound, match="'nothing'"):
        plan(GRAPH, {}, RunRequest(origin="api", blocks=["nothing"]))


# Retries


class Run:
    """A run of a machine to its end; blocks in `fails` fail."""

    def __init__(self, m: Machine, request: RunRequest, fails: str = "", name: str = "r1") -> None:
        self.executed: list[str] = []
        run = m.prepare(name, request, NOW)
        waiting = self.jobs(m.launch(run, NOW))
        while waiting:
            job = waiting.pop(0)
            self.executed.append(job.block)
            answer = raised(job) if job.block in fails.split() else done(job)
            waiting += self.jobs(m.answer(answer, NOW))
        self.record: RunRecord = msgspec.structs.replace(run.to_record(), state=run.state)

    @staticmethod
    def jobs(step: Step) -> list[Job]:
        return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def machine() -> Machine:
    m = Machine(GRAPH, logs="/logs", owner="me")
    m.refresh()
    return m


RETRIES = [
    # what failed, retried from, what executes
    ("join", None, "join report chart"),
    ("chart", None, "chart"),
    ("load other", None, "load other clean join report chart"),
    ("chart", "join", "join report chart"),
    ("", "clean", "clean join report chart"),
    ("", None, ""),
]


@pytest.mark.parametrize(("fails", "start", "executes"), RETRIES)
def test_a_retry_executes_what_did_not_succeed(
    fails: str, start: str | None, executes: str
) -> None:
    m = machine()
    first = Run(m, RunRequest(origin="trigger", trigger="nightly", logical_time=NOW), fails)
    request = retry_of(first.record, GRAPH, start)
    assert (request.origin, request.trigger, request.logical_time) == ("retry", "nightly", NOW)
    planned = m.plan(request)
    assert set(planned.blocks) == set(ALL.split())
    assert " ".join(will_execute(planned, request)) == executes
    again = Run(m, request, name="r2")
    assert sorted(again.executed) == sorted(executes.split())
    assert again.record.state == "succeeded"
    kept = {b.name: b.cache for b in again.record.blocks if b.name not in executes.split()}
    assert set(kept.values()) <= {"hit: succeeded in run r1"}


def test_a_retry_is_of_the_same_blocks_with_the_same_values() -> None:
    m = machine()
    part = RunRequest(origin="api", scope="until", blocks=["clean"], parameters={"month": 3})
    first = Run(m, part, "clean")
    request = retry_of(first.record, GRAPH)
    assert (list(request.blocks or ()), request.parameters) == (["load", "clean"], {"month": 3})
    assert Run(m, request, name="r2").executed == ["clean"]


def test_what_was_edited_since_executes_again_and_what_reads_its_new_output() -> None:
    m = machine()
    first = Run(m, RunRequest(origin="api"), "chart")
    edited = [block(b.name, *b.upstream, kind=b.kind) for b in GRAPH.blocks.values()]
    edited[2] = block("clean", "load", code="2")
    m.define(definition(*edited))
    again = Run(m, retry_of(first.record, GRAPH), name="r2")
    assert again.executed == ["clean", "join", "report", "chart"]


def test_a_forced_retry_takes_nothing() -> None:
    m = machine()
    first = Run(m, RunRequest(origin="api"))
    request = retry_of(first.record, GRAPH)
    forced = RunRequest(origin="retry", scope="only", force=True, again=request.again)
    assert sorted(Run(m, forced, name="r2").executed) == sorted(ALL.split())


def test_a_retry_from_a_block_that_the_run_did_not_have_is_refused() -> None:
    m = machine()
    first = Run(m, RunRequest(origin="api", blocks=["load"]))
    with pytest.raises(NotFound, match="no block 'chart'"):
        retry_of(first.record, GRAPH, "chart")


def test_a_sensor_that_was_not_ready_is_asked_again() -> None:
    record = Run(machine(), RunRequest(origin="api")).record
    load = record.blocks[0]
    assert load.output is not None
    holds = msgspec.structs.replace(load.output, holds=True)
    blocks = [msgspec.structs.replace(load, output=holds), *record.blocks[1:]]
    request = retry_of(msgspec.structs.replace(record, blocks=blocks), GRAPH)
    assert request.again is not None
    assert "load" not in request.again.good
    assert "clean" in request.again.good
