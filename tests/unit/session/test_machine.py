"""The machine as a specification: stimuli in; records, events and effects out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from headrace.core.errors import InvalidInput, NotFound
from headrace.protocol import events as ev
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import (
    BlockRun,
    Display,
    Failure,
    Parameter,
    RunRecord,
    Staleness,
)
from headrace.runs.changes import QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.session.definition import Definition, key_of
from headrace.session.effects import EndRun, Execute, Step, Stop, Wait
from headrace.session.machine import Machine
from headrace.session.results import KEPT_PER_BLOCK, Result, Results
from headrace.session.run import Run, RunRequest
from headrace.testing.drafts import block, definition, done, output, raised, started, stopped
from headrace.workers.jobs import Done, Job, Printed, Progressed, Shown, StopStage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def machine(drafted: Definition, slots: int = 4) -> Machine:
    made = Machine(drafted, logs="/logs", owner="me", slots=slots)
    made.refresh()
    return made


def jobs(step: Step) -> list[Job]:
    return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def told(step: Step) -> list[str]:
    """Events in short: name of the class and the block or blocks."""
    lines: list[str] = []
    for event in step.events:
        block = getattr(event, "block", None) or getattr(event, "blocks", None)
        names = ",".join(block) if isinstance(block, list | dict) else (block or "")
        lines.append(f"{type(event).__name__} {names}".strip())
    return lines


def editor(m: Machine, *blocks: str, **fields: object) -> Step:
    run = m.prepare("r1", RunRequest(origin="editor", blocks=blocks, **fields), NOW)  # type: ignore[arg-type]
    return m.launch(run, NOW)


def planned(m: Machine, *blocks: str, **fields: object) -> list[str]:
    return m.plan(RunRequest(origin="editor", blocks=blocks, **fields)).blocks  # type: ignore[arg-type]


def api(m: Machine, run_id: str = "r1", **fields: object) -> Step:
    return m.launch(m.prepare(run_id, RunRequest(origin="api", **fields), NOW), NOW)  # type: ignore[arg-type]


def taken_up(m: Machine, left: RunRecord, drafted: Definition) -> Step:
    """Take up a run that another process left behind."""
    return m.launch(m.revive(left, drafted, NOW), NOW)


def finish_all(m: Machine, step: Step) -> list[str]:
    """Answer every job with success until nothing is left; return the blocks in that order."""
    order: list[str] = []
    waiting = jobs(step)
    while waiting:
        job = waiting.pop(0)
        order.append(job.block)
        m.check()
        waiting += jobs(m.answer(done(job), NOW))
    return order


CHAIN = definition(block("load"), block("clean", "load"), block("export", "clean", kind="exporter"))


def test_running_a_block_runs_what_it_reads_first() -> None:
    m = machine(CHAIN)
    step = editor(m, "clean")
    assert told(step) == ["RunQueued load,clean"]
    (job,) = jobs(step)
    assert (job.block, job.attempt, job.worker) == ("load", 1, "session")
    step = m.answer(done(job), NOW)
    assert [j.block for j in jobs(step)] == ["clean"]
    assert told(step)[0] == "BlockFinished load"


def test_records_say_running_before_the_job_leaves() -> None:
    step = editor(machine(CHAIN), "load")
    assert [type(r) for r in step.records] == [SaveRun, SaveBlock]
    saved = step.records[1]
    assert isinstance(saved, SaveBlock)
    assert (saved.block.state, [a.number for a in saved.block.attempts]) == ("running", [1])


def test_a_finished_block_is_recorded_with_its_result_and_the_run_ends() -> None:
    m = machine(definition(block("load")))
    (job,) = jobs(api(m))
    step = m.answer(done(job), NOW)
    assert [type(r) for r in step.records] == [SaveBlock, SaveResult, SaveRun]
    assert step.effects == [EndRun("r1")]
    finished = step.events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert finished.state == "succeeded"
    assert not m.runs


def test_the_queue_record_pins_the_definition() -> None:
    m = machine(CHAIN)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    change = m.queue_change(run, "key")
    assert isinstance(change, QueueRun)
    assert Definition.decode(change.files) == CHAIN
    assert change.record.version == CHAIN.version


def test_an_edit_while_a_run_goes_on_does_not_reach_it() -> None:
    m = machine(CHAIN)
    (job,) = jobs(api(m))
    m.define(definition(block("load", code="2"), block("clean", "load", code="2")))
    (second,) = jobs(m.answer(done(job), NOW))
    assert second.source == "# 1"
    m.check()


def test_an_old_run_that_finishes_late_does_not_hide_an_edit() -> None:
    m = machine(definition(block("load")))
    (job,) = jobs(editor(m, "load"))
    m.define(definition(block("load", code="2")))
    m.answer(done(job), NOW)
    assert m.staleness["load"] == Staleness(state="stale", reasons=["code edited"])


def test_taking_an_edit_back_makes_a_transformer_fresh_at_once() -> None:
    m = machine(CHAIN)
    finish_all(m, editor(m, "clean"))
    edited = definition(block("load"), block("clean", "load", code="2"))
    m.define(edited)
    (job,) = jobs(editor(m, "clean"))
    m.answer(done(job), NOW)
    step = m.define(CHAIN)
    assert m.staleness["clean"].state == "fresh"
    assert "StatusReplaced clean" in told(step)


def test_a_loader_shows_only_its_newest_result() -> None:
    m = machine(definition(block("load")))
    finish_all(m, editor(m, "load"))
    m.define(definition(block("load", code="2")))
    finish_all(m, editor(m, "load"))
    m.define(definition(block("load")))
    assert m.staleness["load"] == Staleness(state="stale", reasons=["code edited"])


def test_equal_data_leaves_everything_below_fresh() -> None:
    m = machine(definition(block("load"), block("clean", "load")))
    (job,) = jobs(editor(m, "clean"))
    (below,) = jobs(m.answer(done(job, "same"), NOW))
    m.answer(done(below), NOW)
    m.define(definition(block("load", code="2"), block("clean", "load")))
    assert m.staleness["clean"].reasons == ["input load is stale"]
    (job,) = jobs(editor(m, "load"))
    m.answer(done(job, "same"), NOW)
    assert m.staleness["clean"].state == "fresh"


def test_stale_says_why() -> None:
    bound = (Binding(argument="month", source="parameter", name="month"),)
    m = machine(definition(block("load", bindings=bound), month=1))
    finish_all(m, editor(m, "load"))
    m.set_values({"month": 2})
    assert m.staleness["load"].reasons == ["parameter month changed"]
    finish_all(m, editor(m, "load"))
    assert m.staleness["load"].state == "fresh"


def test_chosen_parameter_values_survive_an_edit() -> None:
    m = machine(definition(block("load"), month=1, year=2013))
    m.set_values({"month": 5})
    m.define(definition(block("load", code="2"), month=1, year=2014))
    assert m.values == {"month": 5, "year": 2014}


def test_the_plan_is_the_block_and_its_stale_ancestors() -> None:
    m = machine(CHAIN)
    finish_all(m, editor(m, "load"))
    assert planned(m, "export") == ["clean", "export"]
    assert planned(m) == ["clean", "export"]
    assert planned(m, "export", scope="only") == ["export"]
    assert planned(m, "load") == ["load"]


@pytest.mark.parametrize("origin", ["editor", "api"])
def test_an_unknown_block_is_refused(origin: str) -> None:
    with pytest.raises(NotFound, match="nothere"):
        machine(CHAIN).prepare("r1", RunRequest(origin=origin, blocks=["nothere"]), NOW)  # type: ignore[arg-type]


def test_a_block_with_a_problem_is_not_queued() -> None:
    m = machine(definition(block("load", problem="its argument `x` is bound to nothing")))
    with pytest.raises(InvalidInput, match="argument `x`"):
        m.prepare("r1", RunRequest(origin="api"), NOW)


def test_running_only_a_block_whose_input_never_ran_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'load' has no output"):
        editor(machine(CHAIN), "clean", scope="only")


def test_running_only_a_block_reads_the_pinned_stale_input() -> None:
    m = machine(CHAIN)
    finish_all(m, editor(m, "load"))
    m.define(definition(block("load", code="2"), block("clean", "load")))
    (job,) = jobs(editor(m, "clean", scope="only"))
    assert list(job.inputs) == ["load"]


def test_children_of_a_failed_block_are_skipped_and_other_branches_go_on() -> None:
    m = machine(
        definition(block("a"), block("b"), block("c", "a"), block("d", "c"), block("e", "b"))
    )
    a, b = jobs(api(m))
    step = m.answer(raised(a), NOW)
    assert told(step) == ["BlockFailed a", "BlocksSkipped c,d"]
    (e,) = jobs(m.answer(done(b), NOW))
    step = m.answer(done(e), NOW)
    assert isinstance(step.events[-1], ev.RunFinished)
    assert (step.events[-1].state, step.events[-1].reason) == ("failed", "a: ValueError: boom")


def test_a_failure_in_the_editor_is_shown_on_its_block_and_below() -> None:
    m = machine(CHAIN)
    (job,) = jobs(editor(m, "clean"))
    m.answer(started(job, NOW), NOW)
    m.answer(raised(job), NOW)
    status = m.results.status
    assert (status["load"].state, status["clean"].state) == ("failed", "skipped")
    assert status["clean"].because == "load"
    assert status["load"].failure is not None


def test_a_failed_attempt_is_tried_again_after_its_backoff() -> None:
    m = machine(definition(block("load", retries=2, backoff_s=2.0)))
    (job,) = jobs(api(m))
    step = m.answer(raised(job), NOW)
    (wait,) = step.effects
    assert isinstance(wait, Wait)
    assert 1.5 <= wait.seconds <= 2.5
    assert not jobs(m.retry_due("r1", "load", 7, NOW)), "the wait of another attempt"
    (again,) = jobs(m.retry_due("r1", "load", 1, NOW))
    assert again.attempt == 2
    step = m.answer(raised(again), NOW)
    assert [a.number for a in step.records[0].block.attempts] == [1, 2]  # type: ignore[union-attr]
    assert isinstance(step.events[-1], ev.RunFinished)
    assert not m.retry_due("r1", "load", 2, NOW).effects, "the run is over"


def test_an_answer_of_an_older_attempt_is_ignored() -> None:
    m = machine(definition(block("load", retries=2)))
    (job,) = jobs(api(m))
    m.answer(raised(job), NOW)
    m.retry_due("r1", "load", 1, NOW)
    assert m.answer(done(job), NOW) == Step()
    assert m.answer(done(Job(**_named(job, run="other"))), NOW) == Step()
    assert m.answer(done(Job(**_named(job, block="other"))), NOW) == Step()


def _named(job: Job, **fields: object) -> dict[str, object]:
    return {f: getattr(job, f) for f in job.__struct_fields__} | fields


def test_cancel_takes_the_queue_and_stops_what_runs() -> None:
    m = machine(CHAIN)
    (job,) = jobs(editor(m, "clean"))
    step = m.cancel("r1", NOW)
    assert told(step) == ["BlocksCancelled clean"]
    assert step.effects == [Stop("r1", "load")]
    step = m.answer(stopped(job), NOW)
    finished = step.events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert (finished.state, finished.reason) == ("cancelled", "cancelled")


def test_cancel_before_anything_runs_ends_the_run() -> None:
    m = machine(definition(block("a", retries=2)))
    (job,) = jobs(api(m))
    m.answer(raised(job), NOW)
    step = m.cancel("r1", NOW, "by Ann")
    assert [type(e).__name__ for e in step.events] == ["BlocksCancelled", "RunFinished"]
    with pytest.raises(NotFound, match="not going on"):
        m.cancel("r1", NOW)


def test_a_block_that_is_stopped_by_itself_cancels_the_rest() -> None:
    m = machine(definition(block("a"), block("b"), block("c", "b")), slots=2)
    a, b = jobs(api(m))
    step = m.answer(stopped(a), NOW)
    assert Stop("r1", "b") in step.effects
    step = m.answer(done(b), NOW)
    assert isinstance(step.events[-1], ev.RunFinished)
    assert step.events[-1].state == "cancelled"


def test_a_failure_after_cancel_is_not_tried_again() -> None:
    m = machine(definition(block("a", retries=5)))
    (job,) = jobs(api(m))
    m.cancel("r1", NOW)
    step = m.answer(raised(job), NOW)
    assert isinstance(step.events[-1], ev.RunFinished)


def test_no_more_blocks_run_than_there_are_slots() -> None:
    m = machine(definition(*(block(f"b{i}") for i in range(5))), slots=2)
    step = api(m)
    assert [j.block for j in jobs(step)] == ["b0", "b1"]
    assert [j.block for j in jobs(m.answer(done(jobs(step)[0]), NOW))] == ["b2"]


def test_known_transformers_are_reused_loaders_and_exporters_execute() -> None:
    m = machine(CHAIN)
    assert finish_all(m, api(m)) == ["load", "clean", "export"]
    step = api(m, "r2")
    (job,) = jobs(step)
    step = m.answer(done(job), NOW)
    assert [j.block for j in jobs(step)] == ["export"]
    (hit,) = [e for e in step.events if isinstance(e, ev.BlockFinished) and e.block == "clean"]
    assert hit.state == "cached"
    assert hit.cache.startswith("hit: same code and inputs")


def test_force_reuses_nothing() -> None:
    m = machine(CHAIN)
    finish_all(m, api(m))
    assert finish_all(m, api(m, "r2", force=True)) == ["load", "clean", "export"]


@pytest.mark.parametrize(
    ("cache", "hours", "runs"),
    [("forever", 10_000, False), ("1h", 0, False), ("1h", 2, True), (None, 0, True)],
)
def test_a_loader_is_reused_as_its_cache_says(cache: str | None, hours: int, runs: bool) -> None:
    m = machine(definition(block("load", cache=cache)))
    (job,) = jobs(api(m))
    m.answer(done(job), NOW)
    later = NOW + timedelta(hours=hours)
    run = m.prepare("r2", RunRequest(origin="api"), later)
    assert bool(jobs(m.launch(run, later))) is runs


def test_a_loader_that_is_reused_for_its_cache_is_fresh_again() -> None:
    m = machine(definition(block("load", cache="forever")))
    finish_all(m, editor(m, "load"))
    m.define(definition(block("load", cache="forever", code="2")))
    finish_all(m, editor(m, "load"))
    m.define(definition(block("load", cache="forever")))
    assert m.staleness["load"].reasons == ["code edited"]
    run = m.prepare("r1", RunRequest(origin="editor"), NOW)
    assert not jobs(m.launch(run, NOW))
    assert m.staleness["load"].state == "fresh"


def test_a_result_of_another_run_is_shown_though_a_run_of_the_editor_then_fails() -> None:
    m = machine(definition(block("load")))
    (mine,) = jobs(editor(m, "load"))
    (other,) = jobs(api(m, "r2"))
    m.answer(done(other), NOW)
    assert m.results.status["load"].state == "queued"
    m.answer(raised(mine), NOW)
    status = m.results.status["load"]
    assert (status.state, status.staleness.state) == ("failed", "fresh")
    assert status.output == done(other).output


def test_blocks_of_a_left_editor_run_that_are_over_are_not_shown_as_queued() -> None:
    m = machine(CHAIN)
    run = m.prepare("r1", RunRequest(origin="editor", blocks=["export"]), NOW)
    (job,) = jobs(m.launch(run, NOW))
    m.answer(done(job), NOW)
    left = run.to_record()
    other = machine(CHAIN)
    other.results.restore("load", "r1", left.blocks[0])
    taken_up(other, left, CHAIN)
    states = {name: status.state for name, status in other.results.status.items()}
    assert states == {"load": "succeeded", "clean": "queued", "export": "queued"}


def test_a_block_that_is_deleted_and_made_again_during_a_run_is_shown_as_part_of_it() -> None:
    m = machine(definition(block("load", retries=2), block("other")))
    (job,) = jobs(editor(m, "load"))
    m.define(definition(block("other")))
    m.answer(raised(job), NOW)
    m.define(definition(block("load"), block("other")))
    status = m.results.status["load"]
    assert (status.state, status.run, status.attempt) == ("queued", "r1", 1)


def test_only_named_blocks_and_their_ancestors_run_by_the_api() -> None:
    m = machine(CHAIN)
    assert finish_all(m, api(m, blocks=["clean"])) == ["load", "clean"]


def test_what_a_block_says_is_told_and_kept_for_those_who_join() -> None:
    m = machine(definition(block("load")))
    (job,) = jobs(editor(m, "load"))
    place = {"run": "r1", "block": "load", "attempt": 1}
    m.answer(started(job, NOW), NOW)
    shown = Display(mime="image/png", address="a" * 32)
    steps = [
        m.answer(Printed(**place, offset=0, text="hé\n"), NOW),
        m.answer(Shown(**place, display=shown), NOW),
        m.answer(Progressed(**place, done=1, total=2), NOW),
        m.answer(StopStage(**place, stage="interrupt"), NOW),
    ]
    names = [type(step.events[0]).__name__ for step in steps]
    assert names == ["LogAppended", "Displayed", "ProgressMade", "StopAdvanced"]
    status = m.results.status["load"]
    assert (status.log_tail, status.log_bytes) == ("hé\n", 4)
    assert (status.progress, status.displays) == ((1, 2), [shown])


def test_runs_of_others_do_not_touch_the_status_of_blocks_but_their_results_count() -> None:
    m = machine(definition(block("load")))
    (job,) = jobs(api(m))
    for answer in (
        started(job, NOW),
        Printed(run="r1", block="load", attempt=1, offset=0, text="x"),
        Shown(run="r1", block="load", attempt=1, display=Display(mime="text/plain", text="x")),
        Progressed(run="r1", block="load", attempt=1, done=1),
    ):
        m.answer(answer, NOW)
    assert m.results.status["load"].state == "never"
    step = m.answer(done(job), NOW)
    assert "StatusReplaced load" in told(step)
    assert m.staleness["load"].state == "fresh"


def test_failures_skips_and_stops_of_others_leave_the_status_alone() -> None:
    m = machine(CHAIN)
    (job,) = jobs(api(m))
    m.answer(raised(job), NOW)
    (job,) = jobs(api(m, "r2"))
    m.cancel("r2", NOW)
    m.answer(stopped(job), NOW)
    assert {s.state for s in m.results.status.values()} == {"never"}


def test_a_left_run_goes_on_where_it_was() -> None:
    m = machine(CHAIN)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    (job,) = jobs(m.launch(run, NOW))
    m.answer(done(job), NOW)
    left = run.to_record()
    assert [b.state for b in left.blocks] == ["succeeded", "running", "queued"]

    other = machine(CHAIN)
    (again,) = jobs(taken_up(other, left, CHAIN))
    assert (again.block, again.attempt) == ("clean", 2)
    lost = run_of(other).blocks["clean"].record.attempts[0].failure
    assert isinstance(lost, Failure)
    assert lost.kind == "lost"
    assert finish_all(other, Step(effects=[Execute(again)])) == ["clean", "export"]


def test_a_left_editor_run_reads_what_was_known_outside_of_it() -> None:
    m = machine(CHAIN)
    finish_all(m, editor(m, "load"))
    run = m.prepare("r2", RunRequest(origin="editor", blocks=["clean"]), NOW)
    m.launch(run, NOW)
    (again,) = jobs(taken_up(m, run.to_record(), CHAIN))
    assert list(again.inputs) == ["load"]


def run_of(m: Machine) -> Run:
    return next(iter(m.runs.values()))


def test_an_interrupted_attempt_does_not_use_up_a_retry() -> None:
    drafted = definition(block("load", retries=2))
    m = machine(drafted)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    m.launch(run, NOW)
    other = machine(drafted)
    (job,) = jobs(taken_up(other, run.to_record(), drafted))
    step = other.answer(raised(job), NOW)
    assert [type(e).__name__ for e in step.effects] == ["Wait"]


def test_renaming_keeps_the_status_and_deleting_drops_it() -> None:
    m = machine(definition(block("load")))
    finish_all(m, editor(m, "load"))
    m.rename("load", "fetch")
    m.rename("nothing", "something")
    m.define(definition(block("fetch", code="def fetch")))
    assert m.results.status["fetch"].output is not None
    assert m.staleness["fetch"] == Staleness(state="stale", reasons=["code edited"])
    m.define(definition())
    assert not m.results.status


def test_a_run_that_was_being_cancelled_is_not_begun_again() -> None:
    m = machine(CHAIN)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    m.launch(run, NOW)
    step = m.cancel("r1", NOW, "by Ann")
    assert SaveRun(run_id="r1", state="running", reason="by Ann") in step.records
    left = run.to_record()
    assert [b.state for b in left.blocks] == ["running", "cancelled", "cancelled"]

    step = taken_up(machine(CHAIN), left, CHAIN)
    assert not jobs(step)
    finished = step.events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert (finished.state, finished.reason) == ("cancelled", "by Ann")


def test_a_run_that_a_stopped_block_cancelled_is_not_begun_again() -> None:
    m = machine(definition(block("a"), block("b")), slots=2)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    a, _ = jobs(m.launch(run, NOW))
    m.answer(stopped(a), NOW)
    left = msgspec.structs.replace(run.to_record(), reason=None)
    step = taken_up(machine(m.definition), left, m.definition)
    assert isinstance(step.events[-1], ev.RunFinished)
    assert step.events[-1].state == "cancelled"


def test_a_left_run_keeps_the_reason_of_its_failure() -> None:
    m = machine(definition(block("a"), block("b")), slots=1)
    run = m.prepare("r1", RunRequest(origin="api"), NOW)
    (a,) = jobs(m.launch(run, NOW))
    m.answer(raised(a), NOW)
    left = msgspec.structs.replace(run.to_record(), reason=None)
    other = machine(m.definition)
    (again,) = jobs(taken_up(other, left, m.definition))
    step = other.answer(done(again), NOW)
    assert isinstance(step.events[-1], ev.RunFinished)
    assert (step.events[-1].state, step.events[-1].reason) == ("failed", "a: ValueError: boom")


def test_a_left_run_goes_without_an_output_that_nobody_knows_any_more() -> None:
    m = machine(CHAIN)
    finish_all(m, editor(m, "load"))
    run = m.prepare("r2", RunRequest(origin="editor", blocks=["clean"], scope="only"), NOW)
    (job,) = jobs(taken_up(machine(CHAIN), run.to_record(), CHAIN))
    assert job.inputs == {}


@pytest.mark.parametrize(
    ("message", "reason"),
    [("", "load: ValueError"), ("one\ntwo", "load: ValueError: one"), ("x" * 999, None)],
)
def test_the_reason_of_a_failed_run_is_one_line(message: str, reason: str | None) -> None:
    m = machine(definition(block("load")))
    (job,) = jobs(api(m))
    finished = m.answer(raised(job, message), NOW).events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert finished.reason is not None
    assert len(finished.reason) <= 300
    assert reason is None or finished.reason == reason


@pytest.mark.parametrize("cache", ["90", "0.5h", "1h30m", "2w"])
def test_every_duration_that_a_pipeline_may_state_is_understood(cache: str) -> None:
    m = machine(definition(block("load", cache=cache)))
    finish_all(m, api(m))
    assert finish_all(m, api(m, "r2")) == []


def test_an_exporter_is_not_run_again_in_the_editor_for_what_it_exported_last() -> None:
    m = machine(definition(block("export", kind="exporter"), block("below", "export")))
    finish_all(m, editor(m, "export"))
    assert finish_all(m, editor(m, "below")) == ["below"]
    m.results.remember("export", Result(key="other", output=output("x"), made_at=NOW))
    m.refresh()
    assert m.staleness["export"].state == "stale"
    assert finish_all(m, editor(m, "below")) == ["export", "below"]


@pytest.mark.parametrize("kind", ["exporter", "sensor", "transformer"])
def test_a_block_above_is_not_run_when_its_stale_input_turns_out_the_same(kind: str) -> None:
    blocks = block("above", "load", kind=kind), block("below", "above")
    m = machine(definition(block("load"), *blocks))
    (job,) = jobs(editor(m, "below"))
    finish_all(m, m.answer(done(job, "same"), NOW))
    m.define(definition(block("load", code="2"), *blocks))
    (job,) = jobs(editor(m, "below"))
    assert m.runs["r1"].blocks.keys() == {"load", "above", "below"}
    step = m.answer(done(job, "same"), NOW)
    assert [job.block for job in jobs(step)] == ["below"]
    (hit,) = [e for e in step.events if isinstance(e, ev.BlockFinished) and e.block == "above"]
    assert hit.cache.startswith("hit: ")


def test_settings_and_the_connection_are_part_of_the_key() -> None:
    bound = (
        Binding(argument="path", source="setting", name="path"),
        Binding(argument="c", source="context"),
    )
    drafts = [
        block("load", bindings=bound, settings={"path": "a"}),
        block("load", bindings=bound, settings={"path": "x" * 500}),
        block("load", bindings=bound, settings={"path": "a"}, connection="warehouse"),
    ]
    keys = [key_of(draft, {}, {}) for draft in drafts]
    assert len({key.text for key in keys}) == 3
    assert keys[0].parts["setting path"] == '"a"'
    assert len(keys[1].parts["setting path"]) < 100
    m = machine(definition(drafts[0]))
    (job,) = jobs(api(m))
    assert job.values == {"path": "a"}


def test_of_each_block_only_the_newest_results_are_remembered() -> None:
    results = Results()
    for number in range(KEPT_PER_BLOCK + 1):
        results.remember("load", Result(key=str(number), output=output("x"), made_at=NOW))
    assert results.find("load", "0") is None
    assert results.find("load", "1") is not None


def test_a_block_run_without_a_key_is_shown_as_well() -> None:
    results = Results()
    results.restore("load", "r1", BlockRun(name="load", kind="loader", state="skipped"))
    assert results.status["load"].state == "skipped"


def test_a_pipeline_without_blocks_succeeds_at_once() -> None:
    step = api(machine(definition()))
    assert [type(e).__name__ for e in step.events] == ["RunQueued", "RunFinished"]


def test_live_runs_describe_themselves() -> None:
    m = machine(CHAIN)
    (job,) = jobs(api(m))
    assert set(run_of(m).live().blocks.values()) == {"queued"}
    m.answer(started(job, NOW), NOW)
    live = run_of(m).live()
    assert live.blocks == {"load": "running", "clean": "queued", "export": "queued"}
    assert output("x").address == output("x").digest


GUARDED = definition(
    block("wait", kind="sensor"),
    block("load", "wait"),
    block("clean", "load"),
    block("other", kind="loader"),
)


def not_ready(job: Job) -> Done:
    """Answer of a sensor that returned False."""
    made = done(job)
    held = msgspec.structs.replace(made.output, kind="json", text="False", holds=True)
    return msgspec.structs.replace(made, output=held)


def test_a_sensor_that_is_not_ready_holds_back_what_is_below() -> None:
    m = machine(GUARDED)
    wait, other = jobs(api(m))
    step = m.answer(not_ready(wait), NOW)
    skipped = next(e for e in step.events if isinstance(e, ev.BlocksSkipped))
    assert (skipped.blocks, skipped.because) == (["load", "clean"], "sensor wait is not ready")
    m.check()
    step = m.answer(done(other), NOW)
    end = next(e for e in step.events if isinstance(e, ev.RunFinished))
    assert (end.state, end.reason) == ("succeeded", None)


def test_a_sensor_asks_again_as_often_as_it_may() -> None:
    m = machine(definition(block("wait", kind="sensor", retries=2), block("load", "wait")))
    (first,) = jobs(api(m))
    step = m.answer(not_ready(first), NOW)
    (wait,) = [e for e in step.effects if isinstance(e, Wait)]
    failed = next(e for e in step.events if isinstance(e, ev.BlockFailed))
    assert (failed.failure.kind, failed.failure.message) == (
        "not-ready",
        "The sensor returned False.",
    )
    assert failed.retry_at is not None
    (second,) = jobs(m.retry_due("r1", "wait", wait.attempt, NOW))
    assert [j.block for j in jobs(m.answer(done(second), NOW))] == ["load"]
    m.check()


def test_a_sensor_that_was_not_ready_is_never_reused() -> None:
    m = machine(definition(block("wait", kind="sensor", cache="forever"), block("load", "wait")))
    (job,) = jobs(editor(m, "wait"))
    m.answer(not_ready(job), NOW)
    assert m.staleness["wait"] == Staleness(state="stale", reasons=["the sensor was not ready"])
    with pytest.raises(InvalidInput, match="Sensor 'wait' is not ready"):
        m.prepare("r2", RunRequest(origin="editor", blocks=["load"], scope="only"), NOW)
    assert planned(m, "load") == ["wait", "load"]
    (again,) = jobs(api(m, "r3"))
    assert again.block == "wait"


def test_a_day_is_another_value_than_its_text() -> None:
    given = Binding(argument="day", source="parameter", name="day")
    as_text = block("load", bindings=(given,))
    day = Parameter(name="day", type="date")
    as_day = block("load", bindings=(given,), typed={"day": day})
    values = {"day": "2026-01-31"}
    assert key_of(as_day, {}, values).text != key_of(as_text, {}, values).text
    m = machine(Definition.of("flights", [as_day], values, {"day": day}))
    (job,) = jobs(api(m, interval_start=NOW, logical_time=NOW))
    assert (job.values, job.typed, job.typed_parameters) == (values, {"day": day}, {"day": day})
    assert job.interval_start == NOW
