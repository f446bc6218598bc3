"""Sensors that wait: asked again and again without a worker between, until they are ready or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from headrace.project.durations import duration_text, parse_duration
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.tables import BlockRun, Output, RunRecord, Staleness
from headrace.runs.changes import SaveBlock, SaveResult, SaveRun, SaveUnsynced
from headrace.session.effects import EndRun, Execute, Limit, Poke, Rest, Step, Stop, Wait
from headrace.session.machine import Machine
from headrace.session.results import Result
from headrace.session.run import RunRequest
from headrace.store.files import Unsynced
from headrace.testing.drafts import block, definition, done, raised, started, stopped
from headrace.workers.jobs import Done, Job

from .conftest import Desk, Ear, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POKE_S, WAIT_S = 30.0, 3600.0


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def sensor(**fields: Any) -> Any:
    return block("ready", kind="sensor", poke_s=POKE_S, wait_s=WAIT_S, **fields)


def drafted(**fields: Any) -> Any:
    return definition(sensor(**fields), block("load", "ready"))


class Waiting:
    """A run of a sensor and one block below it, which has been asked once and was not ready."""

    def __init__(self, origin: Any = "api", **fields: Any) -> None:
        self.machine = Machine(drafted(**fields), logs="/logs", owner="me", slots=4)
        self.machine.refresh()
        run = self.machine.prepare("r1", RunRequest(origin=origin), NOW)
        self.queued = self.machine.queue_change(run)
        self.first = self.machine.launch(run, NOW)
        self.job = job_of(self.first)
        self.machine.answer(started(self.job, NOW), NOW)
        self.step = self.machine.answer(not_ready(self.job), later(1))
        self.machine.check()

    @property
    def record(self) -> BlockRun:
        return self.machine.runs["r1"].blocks["ready"].record

    def poke(self, at: datetime, number: int = 1) -> Job:
        """Let the pause be over; return the job of the next poke."""
        job = job_of(self.machine.poke_due("r1", "ready", number, at))
        self.machine.answer(started(job, at), at)
        self.machine.check()
        return job


def job_of(step: Step) -> Job:
    (job,) = [effect.job for effect in step.effects if isinstance(effect, Execute)]
    return job


def of(step: Step, kind: type) -> list[Any]:
    return [entry for entry in (*step.events, *step.effects, *step.records) if type(entry) is kind]


def end_of(step: Step) -> tuple[str, str | None]:
    (finished,) = of(step, ev.RunFinished)
    return finished.state, finished.reason


def not_ready(job: Job) -> Done:
    """Answer of a sensor that returned False."""
    made = done(job)
    held = Output(address="", digest="no", kind="json", text="False", holds=True)
    return msgspec.structs.replace(made, output=held)


def test_a_sensor_that_is_not_ready_waits_without_worker_and_slot() -> None:
    waiting = Waiting()
    (limit,) = of(waiting.first, Limit)
    assert limit == Limit("r1", "ready", WAIT_S), "its time begins with its first poke"
    (told,) = of(waiting.step, ev.BlockWaiting)
    assert (told.pokes, told.poke_at, told.give_up_at) == (1, later(31), later(WAIT_S))
    assert of(waiting.step, Poke) == [Poke("r1", "ready", 1, POKE_S)]
    assert of(waiting.step, Rest) == [Rest("r1")], "its worker is free"
    (saved,) = of(waiting.step, SaveBlock)
    assert saved.block.state == "waiting"
    assert [a.state for a in saved.block.attempts] == ["waiting"]
    assert not list(waiting.machine._line.held()), "its slot is free"
    assert waiting.machine.runs["r1"].live().blocks["ready"] == "waiting"


def test_its_workers_stay_while_another_block_of_the_run_executes() -> None:
    m = Machine(definition(sensor(), block("other")), logs="/logs", owner="me", slots=4)
    step = m.launch(m.prepare("r1", RunRequest(origin="api"), NOW), NOW)
    ready = next(job for job in (e.job for e in of(step, Execute)) if job.block == "ready")
    assert of(m.answer(not_ready(ready), later(1)), Rest) == []


def test_pokes_are_one_attempt_and_no_failures() -> None:
    waiting = Waiting(retries=2)
    for number in range(1, 9):
        job = waiting.poke(later(31 * number), number)
        assert job.attempt == 1
        step = waiting.machine.answer(not_ready(job), later(31 * number + 1))
        assert of(step, ev.BlockFailed) == []
    assert waiting.record.pokes == 9
    assert [(a.number, a.state) for a in waiting.record.attempts] == [(1, "waiting")]


def test_what_is_below_runs_once_it_is_ready() -> None:
    waiting = Waiting("editor")
    job = waiting.poke(later(31))
    step = waiting.machine.answer(done(job), later(32))
    (finished,) = of(step, ev.BlockFinished)
    assert finished.seconds == pytest.approx(32), "all of its wait counts"
    (saved,) = of(step, SaveBlock)[:1]
    (attempt,) = saved.block.attempts
    assert (attempt.started_at, attempt.finished_at) == (NOW, later(32))
    assert attempt.timings.wait == pytest.approx(31.75)
    assert job_of(step).block == "load"
    waiting.machine.check()


def test_a_poke_that_begins_keeps_what_the_attempt_has_shown() -> None:
    waiting = Waiting("editor")
    status = waiting.machine.results.status["ready"]
    assert (status.state, status.pokes, status.poke_at) == ("waiting", 1, later(31))
    job = job_of(waiting.machine.poke_due("r1", "ready", 1, later(31)))
    (told,) = of(waiting.machine.answer(started(job, later(31)), later(31)), ev.BlockStarted)
    assert (told.started_at, told.pokes) == (NOW, 1)
    status = waiting.machine.results.status["ready"]
    assert (status.state, status.started_at, status.poke_at) == ("running", NOW, None)


def test_while_it_waits_it_is_stale_because_it_is_not_ready() -> None:
    waiting = Waiting()
    not_yet = Staleness(state="stale", reasons=["the sensor was not ready"])
    assert waiting.machine.staleness["ready"] == not_yet
    assert [saved.output.holds for saved in of(waiting.step, SaveResult)] == [True]


def test_outputs_that_may_not_be_on_the_disk_are_recorded_with_a_poke() -> None:
    waiting = Waiting()
    job = waiting.poke(later(31))
    answer = msgspec.structs.replace(not_ready(job), unsynced=[Unsynced("x", b"1")])
    assert of(waiting.machine.answer(answer, later(32)), SaveUnsynced)


def test_a_pause_ends_once() -> None:
    waiting = Waiting()
    waiting.poke(later(31))
    assert waiting.machine.poke_due("r1", "ready", 1, later(31)) == Step()
    assert waiting.machine.poke_due("gone", "ready", 1, later(31)) == Step()


def test_a_poke_that_waits_for_a_slot_is_shown_as_waiting() -> None:
    waiting = Waiting()
    waiting.machine._line.limit(0, {})
    assert of(waiting.machine.poke_due("r1", "ready", 1, later(31)), Execute) == []
    assert waiting.machine.runs["r1"].live().blocks["ready"] == "waiting"
    step = waiting.machine.cancel("r1", later(32))
    assert end_of(step)[0] == "cancelled"


@pytest.mark.parametrize("origin", ["api", "editor"])
@pytest.mark.parametrize("soft_fail", [False, True])
def test_its_time_is_over_while_it_waits(origin: str, soft_fail: bool) -> None:
    waiting = Waiting(origin, soft_fail=soft_fail)
    step = waiting.machine.limit_due("r1", "ready", later(WAIT_S))
    saved = {s.block.name: s.block for s in of(step, SaveBlock)}
    assert (saved["load"].state, saved["ready"].poke_at) == ("skipped", None)
    assert saved["ready"].seconds == WAIT_S
    if soft_fail:
        assert (saved["ready"].state, saved["ready"].because) == ("skipped", "not ready within 1h")
        assert saved["load"].because == "sensor ready is not ready"
        assert end_of(step) == ("succeeded", None)
    else:
        assert saved["ready"].failure is not None
        assert saved["ready"].failure.kind == "timeout"
        message = "The sensor was not ready within its timeout of 1h."
        assert end_of(step) == ("failed", f"ready: NotReady: {message}")
    assert [a.finished_at for a in saved["ready"].attempts] == [later(WAIT_S)]


@pytest.mark.parametrize("last_word", ["ready", "not-ready", "stopped", "raised", "cancelled"])
def test_its_time_is_over_while_it_is_asked(last_word: str) -> None:
    waiting = Waiting(retries=5)
    m, job, at = waiting.machine, waiting.poke(later(31)), later(WAIT_S)
    assert m.limit_due("r1", "ready", at).effects == [Stop("r1", "ready")]
    assert m.limit_due("r1", "ready", at) == Step(), "it is stopped once"
    m.check()
    if last_word == "ready":
        assert job_of(m.answer(done(job), at)).block == "load"
        return
    if last_word == "cancelled":
        m.cancel("r1", at)
        assert m.limit_due("r1", "ready", at) == Step()
        assert end_of(m.answer(not_ready(job), at))[0] == "cancelled"
        return
    answer = {"not-ready": not_ready(job), "stopped": stopped(job), "raised": raised(job)}[
        last_word
    ]
    state, reason = end_of(m.answer(answer, at))
    assert state == "failed"
    assert reason is not None
    assert ("NotReady" in reason) == (last_word != "raised")


def test_a_limit_of_what_is_over_does_nothing() -> None:
    waiting = Waiting()
    waiting.machine.answer(done(waiting.poke(later(31))), later(32))
    assert waiting.machine.limit_due("r1", "ready", later(WAIT_S)) == Step()
    assert waiting.machine.limit_due("gone", "ready", later(WAIT_S)) == Step()


@pytest.mark.parametrize("soft_fail", [False, True])
def test_its_time_is_over_between_two_attempts(soft_fail: bool) -> None:
    waiting = Waiting(retries=3, soft_fail=soft_fail)
    job = waiting.poke(later(31))
    (wait,) = of(waiting.machine.answer(raised(job), later(32)), Wait)
    step = waiting.machine.limit_due("r1", "ready", later(WAIT_S))
    saved = next(s.block for s in of(step, SaveBlock) if s.block.name == "ready")
    assert [a.failure.type for a in saved.attempts if a.failure] == ["ValueError"]
    assert end_of(step)[0] == ("succeeded" if soft_fail else "failed")
    assert waiting.machine.retry_due("r1", "ready", wait.attempt, later(WAIT_S)) == Step()


def test_a_sensor_that_raises_has_as_many_attempts_as_retries_says() -> None:
    waiting = Waiting(retries=2)
    step = waiting.machine.answer(raised(waiting.poke(later(31))), later(32))
    (wait,) = of(step, Wait)
    second = job_of(waiting.machine.retry_due("r1", "ready", wait.attempt, later(33)))
    assert second.attempt == 2
    assert of(waiting.machine.answer(not_ready(second), later(34)), Poke) == [
        Poke("r1", "ready", 1, POKE_S)
    ], "the pokes of an attempt are counted anew"
    assert waiting.record.give_up_at == later(WAIT_S), "its time goes on"
    third = waiting.poke(later(65), 1)
    assert end_of(waiting.machine.answer(raised(third), later(66)))[0] == "failed"


@pytest.mark.parametrize("origin", ["api", "editor"])
def test_a_sensor_that_waits_is_cancelled_at_once(origin: str) -> None:
    waiting = Waiting(origin)
    step = waiting.machine.cancel("r1", later(2))
    assert end_of(step) == ("cancelled", "cancelled")
    saved = next(s.block for s in of(step, SaveBlock) if s.block.name == "ready")
    assert [(a.state, a.finished_at) for a in saved.attempts] == [("cancelled", later(2))]
    assert of(step, EndRun)


def test_a_block_that_is_stopped_by_hand_cancels_sensors_that_wait_beside_it() -> None:
    m = Machine(definition(sensor(), block("other")), logs="/logs", owner="me", slots=4)
    step = m.launch(m.prepare("r1", RunRequest(origin="api"), NOW), NOW)
    jobs = {effect.job.block: effect.job for effect in of(step, Execute)}
    m.answer(not_ready(jobs["ready"]), later(1))
    assert end_of(m.answer(stopped(jobs["other"]), later(2)))[0] == "cancelled"


def test_a_known_result_of_another_run_ends_the_wait() -> None:
    waiting = Waiting(cache="forever")
    m = waiting.machine
    m.launch(m.prepare("r2", RunRequest(origin="api"), later(2)), later(2))
    assert m.runs["r2"].running == ["ready"]
    key = m.runs["r2"].blocks["ready"].key
    assert key is not None
    m.results.remember("ready", Result(key=key.text, output=done(waiting.job).output, made_at=NOW))
    step = m.poke_due("r1", "ready", 1, later(31))
    (finished,) = of(step, ev.BlockFinished)
    assert finished.state == "cached"
    assert [a.state for a in waiting.record.attempts] == ["cached"]
    m.check()


# After a crash


def revived(waiting: Waiting, at: datetime) -> tuple[Machine, Step]:
    """Take the run up in another process, from what is recorded of it."""
    record = recorded(waiting)
    m = Machine(waiting.machine.definition, logs="/logs", owner="other", slots=4)
    m.refresh()
    step = m.launch(m.revive(record, waiting.machine.definition, at), at)
    m.check()
    return m, step


def recorded(waiting: Waiting) -> RunRecord:
    queued = waiting.queued.record
    blocks = [waiting.machine.runs["r1"].blocks[block.name].record for block in queued.blocks]
    return msgspec.structs.replace(queued, blocks=blocks, state="running", started_at=NOW)


@pytest.mark.parametrize("origin", ["api", "editor"])
def test_a_wait_goes_on_after_a_crash_until_its_original_end(origin: str) -> None:
    m, step = revived(Waiting(origin), later(11))
    assert of(step, Execute) == []
    assert of(step, Poke) == [Poke("r1", "ready", 1, 20.0)]
    assert of(step, Limit) == [Limit("r1", "ready", WAIT_S - 11)]
    assert [e.poke_at for e in of(step, ev.BlockWaiting)] == [later(31)]
    job = job_of(m.poke_due("r1", "ready", 1, later(31)))
    assert job.attempt == 1, "the attempt goes on"


def test_a_poke_that_came_due_meanwhile_is_made_at_once() -> None:
    _, step = revived(Waiting(), later(500))
    assert of(step, Poke) == [Poke("r1", "ready", 1, 0.0)]


def test_a_wait_that_ended_meanwhile_is_over() -> None:
    _, step = revived(Waiting(), later(WAIT_S + 5))
    assert end_of(step)[0] == "failed"
    assert of(step, Execute) == []


def test_a_poke_that_was_cut_off_is_a_lost_attempt_and_its_time_goes_on() -> None:
    waiting = Waiting()
    waiting.poke(later(31))
    _, step = revived(waiting, later(40))
    job = job_of(step)
    assert job.attempt == 2
    assert of(step, Limit) == [Limit("r1", "ready", WAIT_S - 40)]


def test_a_cancelled_wait_stays_cancelled_after_a_crash() -> None:
    waiting = Waiting()
    record = msgspec.structs.replace(recorded(waiting), reason="cancelled")
    m = Machine(waiting.machine.definition, logs="/logs", owner="other", slots=4)
    step = m.launch(m.revive(record, waiting.machine.definition, later(11)), later(11))
    assert end_of(step) == ("cancelled", "cancelled")
    assert [s.state for s in of(step, SaveRun)][-1] == "cancelled"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "0.5s"), (30, "30s"), (90, "1m30s"), (7200, "2h"), (5400, "1h30m"), (86_400, "1d")],
)
def test_spans_are_said_as_they_are_written(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
    assert parse_duration(text) == seconds


# The shell

YAML = """\
title: Flights
blocks:
  - {name: ready, kind: sensor, file: ready.py, poke: 100ms, timeout: %s}
"""
SOURCE = "from headrace import sensor\n\n\n@sensor\ndef ready():\n    return False\n"


async def test_a_session_asks_again_and_frees_the_workers_between(desk: Desk) -> None:
    desk.write("flights", YAML % "1h", **{"ready.py": SOURCE})
    desk.pool.output_of = _holding  # type: ignore[method-assign]
    session = await desk.open()
    ear = Ear(session)
    run = await session.start_run(RunRequest(origin="api"))
    for _ in range(3):
        await desk.finish("ready", False)
    await until(lambda: sum(isinstance(e, ev.BlockWaiting) for e in ear.heard) == 3)
    assert desk.pool.ended_runs.count(run) == 3
    await session.cancel_run(run, "cancelled")
    assert (await session.finished(run)).state == "cancelled"


async def test_a_worker_is_not_busy_while_a_sensor_only_waits(desk: Desk) -> None:
    desk.write("flights", YAML % "1h", **{"ready.py": SOURCE})
    desk.pool.output_of = _holding  # type: ignore[method-assign]
    session = await desk.open()
    ear = Ear(session)

    def told() -> list[str]:
        return [event.state for event in ear.heard if isinstance(event, ev.WorkerChanged)]

    run = (await desk.handle(cmd.RunBlocks, blocks=["ready"]))["run"]
    await desk.finish("ready", False)
    await until(lambda: told() == ["busy", "ready"])
    await desk.finish("ready", False)
    await until(lambda: sum(isinstance(e, ev.BlockWaiting) for e in ear.heard) == 2)
    assert told()[-1] == "ready", "asked once more"
    await session.cancel_run(run, "cancelled")
    assert (await session.finished(run)).state == "cancelled"
    assert told()[-1] == "ready"


async def test_a_session_ends_a_wait_in_time(desk: Desk) -> None:
    desk.write("flights", YAML % "300ms", **{"ready.py": SOURCE})
    desk.pool.output_of = _holding  # type: ignore[method-assign]
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api"))
    await desk.finish("ready", False)
    record = await session.finished(run)
    assert record.state == "failed"
    assert record.blocks[0].failure is not None
    assert record.blocks[0].failure.kind == "timeout"


def _holding(value: Any) -> Output:
    return Output(address="", digest=repr(value), kind="json", text=repr(value), holds=True)
