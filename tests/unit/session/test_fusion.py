"""SQL blocks within the query of the block that reads them: which, when, and under which keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.protocol import events as ev
from headrace.protocol.bindings import Binding
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Expectation
from headrace.runs.changes import SaveBlock, SaveResult
from headrace.session.definition import Definition, PlannedBlock
from headrace.session.effects import Execute, Step
from headrace.session.fusion import readers_of_middles
from headrace.session.machine import Machine
from headrace.session.plan import retry_of
from headrace.session.run import Run, RunRequest
from headrace.testing.drafts import block, definition, done, raised, stopped
from headrace.workers.jobs import Job

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sql(name: str, *upstream: str, **fields: Any) -> PlannedBlock:
    return block(name, *upstream, language="sql", **fields)


def chain(**fields: Any) -> Definition:
    """load → a → b → c, of which the last three are SQL; `fields` are those of `a`."""
    return definition(block("load"), sql("a", "load", **fields), sql("b", "a"), sql("c", "b"))


def machine(draft: Definition) -> Machine:
    m = Machine(draft, logs="/logs", owner="me", slots=4)
    m.refresh()
    return m


def launch(m: Machine, name: str = "r1", **request: Any) -> tuple[Run, Step]:
    run = m.prepare(name, RunRequest(**({"origin": "api"} | request)), NOW)
    return run, m.launch(run, NOW)


def jobs(step: Step) -> list[Job]:
    return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def run_through(m: Machine, step: Step) -> tuple[list[Job], Step]:
    """Let every job succeed; return all jobs and all that came of them."""
    waiting, executed = jobs(step), list[Job]()
    while waiting:
        job = waiting.pop(0)
        executed.append(job)
        answered = m.answer(done(job), NOW)
        waiting += jobs(answered)
        step.add(answered)
        m.check()
    return executed, step


def states(run: Run) -> dict[str, str]:
    return {name: progress.state for name, progress in run.blocks.items()}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "loader"},
        {"language": "python"},
        {"connection": "warehouse"},
        {"checks": (Expectation(column="x", unique=True),)},
        {"contract": Contract(columns={"x": "integer"})},
        {"isolation": "block"},
        {"timeout_s": 1.0},
        {"memory_bytes": 1},
        {"pool": "one"},
        {"problem": "it is wrong"},
    ],
)
def test_of_what_something_is_said_alone_is_no_middle(fields: dict[str, Any]) -> None:
    assert readers_of_middles(chain()) == {"a": ["b"], "b": ["c"]}
    planned = chain().blocks["a"]
    values = {f: getattr(planned, f) for f in planned.__struct_fields__} | fields
    blocks = {**chain().blocks, "a": PlannedBlock(**values)}
    assert readers_of_middles(Definition.of("p", blocks.values(), {})) == {"b": ["c"]}


def test_a_middle_is_read_by_queries_alone_and_by_each_once() -> None:
    two = definition(*chain().blocks.values(), block("other", "a"))
    assert readers_of_middles(two) == {"b": ["c"]}
    twice = (Binding(argument="x", source="upstream", name="a"),) * 2
    draft = definition(block("load"), sql("a", "load"), sql("b", "a", bindings=twice))
    assert readers_of_middles(draft) == {}


def diamond() -> Definition:
    """load → a, which two blocks read that both lead to `c`, one over a block more."""
    return definition(
        block("load"),
        sql("a", "load"),
        sql("left", "a"),
        sql("right", "a"),
        sql("more", "right"),
        sql("c", "left", "more"),
    )


def test_what_several_read_is_a_middle_when_all_ways_lead_to_one_block() -> None:
    readers = {"a": ["left", "right"], "left": ["c"], "right": ["more"], "more": ["c"]}
    assert readers_of_middles(diamond()) == readers
    two_ends = definition(*diamond().blocks.values(), sql("d", "a"))
    assert readers_of_middles(two_ends).keys() == {"left", "right", "more"}
    one_in_python = definition(*diamond().blocks.values(), block("d", "a"))
    assert readers_of_middles(one_in_python).keys() == {"left", "right", "more"}


def test_a_run_computes_a_diamond_as_one_query() -> None:
    m = machine(diamond())
    run, step = launch(m)
    executed, step = run_through(m, step)
    assert [job.block for job in executed] == ["load", "c"]
    assert [one.block for one in executed[1].fused] == ["a", "left", "right", "more"]
    said = {name: run.blocks[name].record.cache for name in ("a", "left", "right")}
    assert said == {
        "a": "miss: computed within c",
        "left": "miss: computed within c",
        "right": "miss: computed within more",
    }


def test_what_two_blocks_of_a_run_need_that_are_both_looked_at_is_executed() -> None:
    m = machine(diamond())
    run, step = launch(m, blocks=["left", "right"], scope="until")
    executed, _ = run_through(m, step)
    assert [job.block for job in executed] == ["load", "a", "left", "right"]
    run, step = launch(machine(diamond()), "r2", blocks=["right"], scope="until")
    assert run.hosts == {"a": "right"}
    run, step = launch(m, "r3", blocks=["left", "a", "right", "more", "c"], scope="only")
    assert run.hosts == {}


def test_a_middle_that_one_known_block_reads_may_still_be_computed_for_another() -> None:
    m = machine(diamond())
    run_through(m, launch(m, origin="editor", blocks=["left"])[1])
    m.results.lose({m.results.newest("a").output.address})  # type: ignore[union-attr]
    m.refresh()
    run, step = launch(m)
    executed, _ = run_through(m, step)
    assert [job.block for job in executed] == ["load", "c"]
    assert [one.block for one in executed[1].fused] == ["a", "right", "more"]
    assert run.blocks["left"].state == "cached"
    assert run.blocks["a"].record.cache == "miss: computed within c"
    run, step = launch(m, "r2")
    run_through(m, step)
    hits = {name: str(run.blocks[name].record.cache)[:5] for name in run.blocks if name != "load"}
    assert set(hits.values()) == {"hit: "}


def test_a_run_without_the_editor_executes_the_last_block_with_all_within_it() -> None:
    m = machine(chain())
    run, step = launch(m)
    executed, step = run_through(m, step)
    assert [job.block for job in executed] == ["load", "c"]
    assert [(one.block, list(one.inputs)) for one in executed[1].fused] == [
        ("a", ["load"]),
        ("b", ["a"]),
    ]
    assert run.state == "succeeded"
    record = run.blocks["a"].record
    assert record.output is not None
    assert (record.cache, record.output.within, record.address) == (
        "miss: computed within b",
        "b",
        None,
    )
    kept = {change.block for change in step.records if isinstance(change, SaveResult)}
    assert kept == {"load", "c"}
    assert {n: s.state for n, s in m.staleness.items()} == {
        "load": "fresh",
        "a": "never",
        "b": "never",
        "c": "fresh",
    }


def test_what_is_known_of_the_last_block_is_taken_and_nothing_within_it_computed() -> None:
    m = machine(chain())
    run_through(m, launch(m)[1])
    run, step = launch(m, "r2")
    executed, _ = run_through(m, step)
    assert [job.block for job in executed] == ["load"]
    assert run.blocks["c"].state == "cached"
    assert str(run.blocks["a"].record.cache).startswith("hit: within c, same code and inputs")


def test_the_editor_executes_each_and_finds_what_runs_have_computed() -> None:
    m = machine(chain())
    run_through(m, launch(m)[1])
    executed, _ = run_through(m, launch(m, "r2", origin="editor", blocks=["b"])[1])
    assert [(job.block, job.fused) for job in executed] == [("a", []), ("b", [])]
    assert {s.state for s in m.staleness.values()} == {"fresh"}


def test_what_the_editor_has_computed_runs_take() -> None:
    m = machine(chain())
    run_through(m, launch(m, origin="editor")[1])
    run, step = launch(m, "r2")
    run_through(m, step)
    assert states(run) == {"load": "succeeded", "a": "cached", "b": "cached", "c": "cached"}


def test_one_block_alone_on_a_middle_that_is_there_is_fresh_after_it() -> None:
    m = machine(chain())
    run_through(m, launch(m, origin="editor")[1])
    executed, _ = run_through(m, launch(m, "r2", origin="editor", blocks=["c"], scope="only")[1])
    assert [job.block for job in executed] == ["c"]
    assert m.staleness["c"].state == "fresh"


def test_an_edit_of_a_middle_makes_what_reads_it_stale() -> None:
    m = machine(chain())
    run_through(m, launch(m)[1])
    m.define(chain(code="2"))
    assert m.staleness["c"].state == "stale"
    m.define(chain())
    assert m.staleness["c"].state == "fresh"


def test_what_only_a_fresh_block_needs_is_not_executed_for_those_below_it() -> None:
    m = machine(definition(*chain().blocks.values(), block("d", "c", kind="exporter")))
    run_through(m, launch(m, blocks=["c"])[1])
    executed, _ = run_through(m, launch(m, "r2", origin="editor", blocks=["d"])[1])
    assert [job.block for job in executed] == ["d"]


def test_a_run_that_is_taken_up_computes_the_middle_within_its_reader() -> None:
    m = machine(chain())
    run, step = launch(m)
    (load,) = jobs(step)
    m.answer(done(load), NOW)
    other = machine(chain())
    again = other.revive(run.to_record(), m.definition, NOW)
    (job,) = jobs(other.launch(again, NOW))
    assert [one.block for one in job.fused] == ["a", "b"]
    run_through(other, Step(effects=[Execute(job)]))
    assert again.state == "succeeded"


@pytest.mark.parametrize("end", ["fails", "stops"])
def test_what_comes_to_nothing_leaves_nothing_computed_within_it(end: str) -> None:
    m = machine(chain())
    run, step = launch(m)
    (load,) = jobs(step)
    (job,) = jobs(m.answer(done(load), NOW))
    step = m.answer(raised(job) if end == "fails" else stopped(job), NOW)
    assert states(run) | {"c": ""} == {"load": "succeeded", "a": "skipped", "b": "skipped", "c": ""}
    (skipped,) = [event for event in step.events if isinstance(event, ev.BlocksSkipped)]
    assert (skipped.blocks, skipped.because) == (["a", "b"], "c")
    saved = {c.block.name: c.block for c in step.records if isinstance(c, SaveBlock)}
    assert (saved["a"].state, saved["a"].output, saved["a"].cache) == ("skipped", None, None)


def test_a_retry_computes_again_what_was_within_another() -> None:
    m = machine(chain())
    run, step = launch(m)
    run_through(m, step)
    request = retry_of(run.to_record(), m.definition)
    assert request.again is not None
    assert set(request.again.good) == {"load", "c"}


def test_another_process_tells_nothing_of_middles() -> None:
    m = machine(chain())
    run, step = launch(m)
    run_through(m, step)
    other = machine(chain())
    other.learn(run.to_record())
    assert other.results.newest("a") is None
    assert other.staleness["c"].state == "fresh"
