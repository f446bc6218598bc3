"""Incremental loaders: what a run goes on from, when a mark moves, and that it does so once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from headrace.protocol import events as ev
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import RunLimits
from headrace.protocol.watermarks import Incremental, Since, Watermark
from headrace.runs.changes import MoveWatermark, SaveBlock, SaveRun
from headrace.runs.history import History
from headrace.runs.watermarks import WatermarkMoved
from headrace.session.definition import Definition, key_of
from headrace.session.effects import Execute, Step, TakeUp
from headrace.session.machine import Machine
from headrace.session.run import Run, RunRequest
from headrace.session.watermarks import stored_marks, without_success
from headrace.testing.drafts import block, definition, done, output, raised, stopped
from headrace.workers.jobs import Job

from .conftest import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY_ID = Incremental(column="id")


def mark(value: int) -> Watermark:
    return Watermark(column="id", type="integer", value=str(value))


def chain(**fields: Any) -> Definition:
    """load → clean → send, and beside them load → look."""
    return definition(
        block("load", incremental=BY_ID, **fields),
        block("clean", "load"),
        block("send", "clean", kind="exporter"),
        block("look", "load"),
    )


def machine(draft: Definition | None = None, **marks: Since) -> Machine:
    m = Machine(draft or chain(), logs="/logs", owner="me", slots=4)
    m.mark(marks)
    m.refresh()
    return m


def launch(m: Machine, name: str = "r1", **request: Any) -> tuple[Run, Step]:
    run = m.prepare(name, RunRequest(**({"origin": "api"} | request)), NOW)
    return run, m.launch(run, NOW)


def jobs(step: Step) -> list[Job]:
    return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def answer(m: Machine, job: Job, reached: Watermark | None = None) -> Step:
    finished = done(job)
    made = msgspec.structs.replace(finished.output, reached=reached)
    step = m.answer(msgspec.structs.replace(finished, output=made), NOW)
    m.check()
    return step


def run_through(m: Machine, step: Step, reached: Watermark | None) -> tuple[list[Job], Step]:
    """Let every job succeed, the loader with a mark; return all jobs and all that came of them."""
    waiting, executed = jobs(step), list[Job]()
    while waiting:
        job = waiting.pop(0)
        executed.append(job)
        answered = answer(m, job, reached if job.block == "load" else None)
        waiting += jobs(answered)
        step.add(answered)
    return executed, step


def moves(step: Step) -> list[MoveWatermark]:
    return [change for change in step.records if isinstance(change, MoveWatermark)]


def test_the_mark_moves_in_the_records_of_the_success() -> None:
    m = machine()
    run, step = launch(m)
    executed, _ = run_through(m, step, mark(7))
    assert executed[0].incremental == "id"
    assert executed[0].since is None
    assert run.state == "succeeded"
    (moved,) = moves(step)
    assert (moved.block, moved.mark, moved.since.version, moved.run_id) == (
        "load",
        mark(7),
        0,
        "r1",
    )
    ends = [c for c in step.records if isinstance(c, SaveRun) and c.state == "succeeded"]
    assert step.records.index(moved) == step.records.index(ends[0]) + 1
    _, step = launch(m, "r2")
    assert jobs(step)[0].since == mark(7)


def test_what_a_run_goes_on_from_is_recorded_before_its_first_attempt() -> None:
    stored = Since(mark=mark(3), version=4)
    _, step = launch(machine(load=stored))
    began = [c.block for c in step.records if isinstance(c, SaveBlock) and c.block.name == "load"]
    assert began[0].since == stored


def test_a_run_without_new_rows_moves_nothing() -> None:
    m = machine(load=Since(mark=mark(3), version=4))
    run, step = launch(m)
    run_through(m, step, None)
    assert run.state == "succeeded"
    assert moves(step) == []


def test_a_run_that_fails_below_moves_nothing_and_its_retry_takes_the_same_rows() -> None:
    m = machine(load=Since(mark=mark(3), version=4))
    run, step = launch(m)
    (load,) = jobs(step)
    for job in jobs(answer(m, load, mark(9))):
        step.add(m.answer(raised(job), NOW) if job.block == "clean" else answer(m, job))
    assert run.state == "failed"
    assert moves(step) == []
    _, step = launch(m, "r2")
    assert jobs(step)[0].since == mark(3)


def test_an_attempt_that_is_repeated_goes_on_from_the_same_mark() -> None:
    m = machine(chain(retries=2), load=Since(mark=mark(3), version=4))
    run, step = launch(m)
    (first,) = jobs(step)
    m.answer(raised(first), NOW)
    m.mark({"load": Since(mark=mark(50), version=9)})
    (again,) = jobs(m.retry_due(run.id, "load", 1, NOW))
    assert again.since == mark(3)


def test_a_run_that_is_taken_up_goes_on_from_the_mark_that_it_pinned() -> None:
    m = machine(load=Since(mark=mark(3), version=4))
    run, _ = launch(m)
    other = machine(load=Since(mark=mark(50), version=9))
    revived = other.revive(run.to_record(), run.definition, NOW)
    (job,) = jobs(other.launch(revived, NOW))
    assert job.since == mark(3)


def test_a_second_run_waits_for_the_first_and_takes_what_comes_after() -> None:
    m = machine()
    first, step = launch(m)
    second, waiting = launch(m, "r2")
    assert jobs(waiting) == []
    assert second.blocks["load"].state == "queued"
    m.check()
    executed, step = run_through(m, step, mark(7))
    assert first.state == second.state == "succeeded"
    loads = [job for job in executed if job.block == "load"]
    assert [(job.run, job.since) for job in loads] == [("r1", None), ("r2", mark(7))]
    assert [(moved.run_id, moved.since.version) for moved in moves(step)] == [("r1", 0), ("r2", 1)]


def test_a_run_that_waits_goes_on_when_the_first_is_cancelled() -> None:
    m = machine()
    first, step = launch(m)
    _, waiting = launch(m, "r2")
    assert jobs(waiting) == []
    m.cancel(first.id, NOW)
    (load,) = jobs(step)
    (job,) = jobs(m.answer(stopped(load), NOW))
    assert (job.run, job.since) == ("r2", None)


def test_runs_of_other_pipelines_blocks_wait_for_nothing() -> None:
    m = machine(definition(block("load"), block("clean", "load")))
    launch(m)
    _, step = launch(m, "r2")
    assert [job.block for job in jobs(step)] == ["load"]


@pytest.mark.parametrize(
    "request_",
    [
        {"origin": "editor", "blocks": ["load", "clean", "send", "look"]},
        {"blocks": ["send"]},
        {"blocks": ["load"], "scope": "only"},
    ],
)
def test_runs_of_the_editor_and_of_a_part_look_at_the_mark_and_leave_it(
    request_: dict[str, Any],
) -> None:
    m = machine(load=Since(mark=mark(3), version=4))
    _, busy = launch(m)
    run, step = launch(m, "r2", **request_)
    assert jobs(step)[0].since == mark(3)
    _, whole = run_through(m, busy, mark(5))
    _, step = run_through(m, step, mark(7))
    assert run.state == "succeeded"
    assert [moved.run_id for moved in moves(whole) + moves(step)] == ["r1"]


def test_a_mark_does_not_move_past_a_sensor_that_was_not_ready() -> None:
    draft = definition(
        block("load", incremental=BY_ID),
        block("ready", "load", kind="sensor"),
        block("send", "ready", kind="exporter"),
    )
    m = machine(draft)
    run, step = launch(m)
    (load,) = jobs(step)
    (sensor,) = jobs(answer(m, load, mark(7)))
    said = done(sensor)
    held = msgspec.structs.replace(said.output, holds=True)
    end = m.answer(msgspec.structs.replace(said, output=held), NOW)
    assert run.state == "succeeded"
    assert moves(end) == []


def test_the_mark_is_part_of_the_key_and_stale_says_so() -> None:
    m = machine()
    _, step = launch(m, origin="editor", blocks=["load"])
    run_through(m, step, mark(7))
    assert m.staleness["load"].state == "fresh"
    m.mark({"load": Since(mark=mark(7), version=1)})
    assert m.staleness["load"].reasons == ["mark changed"]
    m.mark({"load": Since(mark=None, version=0)})
    assert m.staleness["load"].reasons == ["mark changed"], "what is older is no news"
    m.mark({"load": Since(mark=None, version=2)})
    assert m.staleness["load"].state == "fresh"


def test_a_parameter_that_stands_in_for_the_tick_is_part_of_the_key() -> None:
    bindings = (Binding(argument="interval_start", source="context", name="interval_start"),)
    planned = block("load", bindings=bindings, context=("interval_start",), language="sql")
    key = key_of(planned, {}, {"interval_start": "2026-01-01"})
    assert key.parts["parameter interval_start"] == '"2026-01-01"'
    assert "logical time" not in key.parts
    assert key_of(planned, {}, {}, "2026").parts["logical time"] == "2026"


def test_the_start_counts_while_no_mark_of_that_column_is_stored() -> None:
    started = Incremental(column="day", start="2024-01-01")
    draft = definition(block("load", incremental=started))
    m = machine(draft, load=Since(mark=mark(3), version=4))
    _, step = launch(m)
    (job,) = jobs(step)
    assert job.since == Watermark(column="day", type="date", value="2024-01-01")
    reached = Watermark(column="day", type="date", value="2024-02-01")
    end = answer(m, job, reached)
    (moved,) = moves(end)
    assert moved.since.version == 4


def test_the_next_try_of_a_tick_takes_over_what_was_loaded_with_its_mark() -> None:
    m = machine(load=Since(mark=mark(3), version=4))
    run, step = launch(m, origin="trigger", limits=RunLimits(retries=2, backoff_s=1))
    (load,) = jobs(step)
    for job in jobs(answer(m, load, mark(9))):
        step.add(m.answer(raised(job), NOW) if job.block == "clean" else answer(m, job))
    (taken,) = (effect.run for effect in step.effects if isinstance(effect, TakeUp))
    assert run.state == "failed"
    assert taken.blocks["load"].record.since == Since(mark=mark(3), version=4)
    _, waiting = launch(m, "r9")
    assert jobs(waiting) == [], "the try to come goes on from this mark"
    _, step = run_through(m, m.start_due(taken.id, NOW), None)
    assert [(moved.run_id, moved.mark, moved.since.version) for moved in moves(step)] == [
        (taken.id, mark(9), 4)
    ]


def test_who_loses_the_race_for_a_mark_has_failed() -> None:
    moved = MoveWatermark(
        pipeline="flights", block="load", mark=mark(7), since=Since(), run_id="r1", at=NOW
    )
    mine = SaveRun(run_id="r1", state="succeeded", finished_at=NOW)
    other = SaveRun(run_id="r2", state="succeeded", finished_at=NOW)
    begun = SaveRun(run_id="r1", state="running")
    finished = ev.RunFinished(cause="r1", run="r1", state="succeeded", finished_at=NOW, seconds=1)
    step = Step(
        [finished], [begun, mine, moved, other, msgspec.structs.replace(moved, run_id="r2")]
    )
    after = without_success(step, "r1", "too late")
    assert [type(change).__name__ for change in after.records] == [
        "SaveRun",
        "SaveRun",
        "SaveRun",
        "MoveWatermark",
    ]
    states = [change.state for change in after.records if isinstance(change, SaveRun)]
    assert states == ["running", "failed", "succeeded"]
    (told,) = after.events
    assert isinstance(told, ev.RunFinished)
    assert (told.state, told.reason) == ("failed", "too late")


YAML = """\
blocks:
  - {name: load, kind: loader, file: load.py, incremental: id}
"""
LOAD = "from headrace import loader\n\n\n@loader\ndef load(context):\n    return context.since\n"


async def finish(desk: Desk, value: int) -> None:
    await desk.waiting("load")
    (at,) = desk.pool.waiting
    job, on_answer = desk.pool.waiting.pop(at)
    made = msgspec.structs.replace(output(str(value)), reached=mark(value))
    on_answer(msgspec.structs.replace(done(job), output=made))


async def test_a_session_reads_marks_before_each_run_and_a_lost_race_fails_the_run(
    desk: Desk,
) -> None:
    desk.write("flights", YAML, **{"load.py": LOAD})
    session = await desk.open()
    first = await session.start_run(RunRequest(origin="api"))
    await finish(desk, 7)
    assert (await session.finished(first)).state == "succeeded"
    (table,) = await desk.history.call(History.watermarks, "flights")
    assert (table.mark, table.version, table.run) == (mark(7), 1, first)
    await desk.history.call(History.set_watermark, "flights", "load", mark(2), NOW)
    second = await session.start_run(RunRequest(origin="api"))
    await desk.waiting("load")
    assert desk.pool.executed[-1].since == mark(2)
    await desk.history.call(History.set_watermark, "flights", "load", None, NOW)
    await finish(desk, 9)
    record = await session.finished(second)
    assert record.state == "failed"
    assert "the mark of load was changed meanwhile" in (record.reason or "")
    (table,) = await desk.history.call(History.watermarks, "flights")
    assert (table.mark, table.version, table.run) == (None, 3, None)
    third = await session.start_run(RunRequest(origin="trigger", published=True))
    await desk.waiting("load")
    assert desk.pool.executed[-1].since is None
    await finish(desk, 11)
    assert (await session.finished(third)).state == "succeeded"


async def test_a_mark_of_the_same_count_that_another_run_moved_is_another_mark(desk: Desk) -> None:
    theirs = MoveWatermark(
        pipeline="flights", block="load", mark=mark(5), since=Since(), run_id="theirs", at=NOW
    )
    await desk.history.write([theirs])
    expected = Since(mark=mark(4), version=1, run="mine")
    mine = msgspec.structs.replace(theirs, mark=mark(9), since=expected, run_id="next")
    with pytest.raises(WatermarkMoved, match="the mark of load was changed meanwhile"):
        await desk.history.write([mine])
    stored = (await stored_marks(desk.history, "flights"))["load"]
    assert stored == Since(mark=mark(5), version=1, run="theirs")
    await desk.history.write([msgspec.structs.replace(mine, since=stored)])
    assert (await stored_marks(desk.history, "flights"))["load"].mark == mark(9)


def test_after_a_refused_move_the_stored_mark_counts_though_it_is_older() -> None:
    m = machine(load=Since(mark=mark(9), version=6, run="refused"))
    m.mark({"load": Since(mark=mark(5), version=5, run="theirs")})
    _, step = launch(m)
    assert jobs(step)[0].since == mark(9), "what is known is newer than what was read"
    m.results.doubt(["load"])
    m.mark({"load": Since(mark=mark(5), version=5, run="theirs")})
    block = m.definition.blocks["load"]
    assert m.results.since(block) == Since(mark=mark(5), version=5, run="theirs")
