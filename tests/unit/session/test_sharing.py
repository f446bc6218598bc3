"""Machines of several pipelines that share the slots of a project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from headrace.session.definition import Definition, PlannedBlock
from headrace.session.effects import Execute, ShareOut, Step, Stop
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.session.slots import Slots
from headrace.testing.drafts import block, done, raised, started, stopped
from headrace.workers.jobs import Job

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def machine(pipeline: str, line: Slots, *blocks: PlannedBlock, slots: int = 4) -> Machine:
    drafted = Definition.of(pipeline, blocks, {})
    made = Machine(drafted, logs="/logs", owner="me", slots=slots, line=line)
    made.refresh()
    return made


def begin(m: Machine, run: str, origin: str = "api", **fields: object) -> Step:
    request = RunRequest(origin=origin, **fields)  # type: ignore[arg-type]
    return m.launch(m.prepare(run, request, NOW), NOW)


def jobs(step: Step) -> list[Job]:
    return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def names(step: Step) -> list[str]:
    return [f"{job.run}/{job.block}" for job in jobs(step)]


def test_the_line_of_a_project_is_shared_by_its_pipelines() -> None:
    line = Slots(2)
    p = machine("p", line, block("a"), block("b"), block("c"))
    q = machine("q", line, block("x"))
    first = begin(p, "r")
    assert names(first) == ["r/a", "r/b"]
    assert begin(q, "s").effects == []
    step = p.answer(done(jobs(first)[0]), NOW)
    assert names(step) == []  # q holds less: it is its turn, and its session starts it
    assert step.effects == [ShareOut()]
    (turn,) = line.take()
    assert (turn.run, turn.block) == ("s", "x")
    assert names(q.granted(turn.run, turn.block, NOW)) == ["s/x"]
    assert names(q.granted(turn.run, turn.block, NOW)) == []  # once
    p.check()
    q.check()


def test_a_slot_that_comes_too_late_goes_to_the_next() -> None:
    line = Slots(1)
    p = machine("p", line, block("a"))
    q = machine("q", line, block("x"), block("y"))
    (job,) = jobs(begin(p, "r"))
    begin(q, "s")
    p.answer(done(job), NOW)
    (turn,) = line.take()
    q.cancel("s", NOW)
    assert q.granted(turn.run, turn.block, NOW).effects == []
    assert list(line.held()) == []
    assert line.places(9) == {}


def test_what_became_known_while_it_waited_is_reused_when_it_gets_its_slot() -> None:
    line = Slots(1)
    chain = (block("load", cache="forever"), block("clean", "load"), block("last", "clean"))
    p = machine("p", line, *chain)
    (job,) = jobs(begin(p, "r"))
    begin(p, "s", parameters={})
    order = []
    waiting = [job]
    while waiting:
        job = waiting.pop(0)
        order.append(f"{job.run}/{job.block}")
        waiting += jobs(p.answer(done(job), NOW))
    assert order == ["r/load", "r/clean", "r/last"]
    assert not p.runs
    assert line.places(9) == {}


def test_a_failed_block_holds_no_slot_between_its_attempts() -> None:
    line = Slots(1)
    p = machine("p", line, block("a", retries=2), block("b"))
    (job,) = jobs(begin(p, "r"))
    step = p.answer(raised(job), NOW)
    assert names(step) == ["r/b"]
    assert names(p.retry_due("r", "a", 1, LATER)) == []
    assert line.places(9) == {("r", "a"): 1}
    assert names(p.answer(done(jobs(step)[0]), LATER)) == ["r/a"]


def test_a_block_runs_when_its_worker_says_so_and_then_it_began() -> None:
    p = machine("p", Slots(1), block("a"))
    (job,) = jobs(begin(p, "r"))
    run = p.runs["r"]
    assert run.live().blocks == {"a": "queued"}
    p.answer(started(job, LATER), LATER)
    assert run.live().blocks == {"a": "running"}
    assert run.blocks["a"].record.started_at == LATER
    assert run.blocks["a"].record.attempts[0].started_at == LATER


def test_who_sits_at_the_screen_waits_for_no_run() -> None:
    line = Slots(1)
    p = machine("p", line, block("a"), block("b"))
    begin(p, "r")
    assert names(begin(p, "e", "editor", blocks=["b"])) == ["e/b"]


def test_one_worker_of_a_session_executes_one_block_at_a_time() -> None:
    line = Slots(9)
    p = machine("p", line, block("a"), block("b"), block("c", isolation="block"))
    (job,) = jobs(begin(p, "e", "editor", blocks=["a"]))
    assert names(begin(p, "f", "editor", blocks=["b"])) == []
    assert names(begin(p, "g", "editor", blocks=["c"])) == ["g/c"]
    assert names(p.answer(done(job), NOW)) == ["f/b"]


def test_a_stopped_run_leaves_its_slots_to_others() -> None:
    line = Slots(2)
    p = machine("p", line, *(block(f"b{number}") for number in range(50)))
    running = jobs(begin(p, "r"))
    begin(p, "s")
    step = p.cancel("r", NOW)
    assert [effect for effect in step.effects if isinstance(effect, Stop)] == [
        Stop("r", "b0"),
        Stop("r", "b1"),
    ]
    for job in running:
        step.add(p.answer(stopped(job), NOW))
    assert sorted(line.held()) == [("s", "b0"), ("s", "b1")]
    assert {job.run for job in jobs(step)} == {"s"}


def test_a_machine_forgets_what_a_broken_one_has_left_in_the_line() -> None:
    line = Slots(1)
    p = machine("p", line, block("a"))
    begin(p, "r")
    again = machine("p", line, block("a"))
    assert list(line.held()) == []
    left = p.runs["r"].to_record()
    assert names(again.launch(again.revive(left, again.definition, NOW), NOW)) == ["r/a"]
    assert names(again.launch(again.revive(left, again.definition, NOW), NOW)) == ["r/a"]
