"""Limits of whole runs: how long they may take, and how often their tick is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from headrace.protocol import events as ev
from headrace.protocol.tables import RunLimits, RunRecord
from headrace.runs.changes import QueueRetry, SaveRun
from headrace.runs.history import History
from headrace.session.effects import EndRun, Execute, Hold, Limit, Step, Stop, TakeUp
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, done, raised, started, stopped
from headrace.workers.jobs import Job

from .conftest import Desk, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
CHAIN = definition(block("load"), block("clean", "load"), block("export", "clean", kind="exporter"))
TOO_LONG = "the run took longer than its timeout of 1h"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Triggered:
    """A run of a trigger with limits, on a machine of its own; `job` is of its first block."""

    def __init__(self, *, draft: Any = CHAIN, **limits: Any) -> None:
        self.ids = iter(f"r{number}" for number in range(2, 20))
        self.machine = Machine(
            draft, logs="/logs", owner="me", slots=4, new_id=lambda: next(self.ids)
        )
        self.machine.refresh()
        request = RunRequest(
            origin="trigger", trigger="nightly", logical_time=TICK, limits=RunLimits(**limits)
        )
        run = self.machine.prepare("r1", request, NOW, published=4)
        self.queued = self.machine.queue_change(run).record
        self.first = self.machine.launch(run, NOW)
        (self.job,) = jobs(self.first)

    def fail_at_clean(self) -> Step:
        """Let the first block succeed and the second fail, which ends the run."""
        (clean,) = jobs(self.machine.answer(done(self.job), later(1)))
        return self.machine.answer(raised(clean), later(2))

    def record(self, run: str) -> RunRecord:
        return self.machine.runs[run].to_record()


def jobs(step: Step) -> list[Job]:
    return [effect.job for effect in step.effects if isinstance(effect, Execute)]


def of(step: Step, kind: type) -> list[Any]:
    return [entry for entry in (*step.events, *step.effects, *step.records) if type(entry) is kind]


# How long


def test_the_time_of_a_run_begins_with_its_first_block() -> None:
    assert of(Triggered(timeout_s=3600).first, Limit) == [Limit("r1", "", 3600)]
    assert of(Triggered(retries=2).first, Limit) == []


def test_a_run_that_takes_too_long_is_stopped_and_has_failed() -> None:
    run = Triggered(timeout_s=3600)
    run.machine.answer(started(run.job, NOW), NOW)
    step = run.machine.limit_due("r1", "", later(3600))
    assert of(step, Stop) == [Stop("r1", "load")]
    assert [saved.reason for saved in of(step, SaveRun)] == [TOO_LONG], "recorded at once"
    assert run.machine.limit_due("r1", "", later(3601)) == Step()
    step = run.machine.answer(stopped(run.job), later(3602))
    (finished,) = of(step, ev.RunFinished)
    assert (finished.state, finished.reason) == ("failed", TOO_LONG)


def test_the_time_goes_on_after_a_crash() -> None:
    run = Triggered(timeout_s=3600)
    left = msgspec.structs.replace(run.record("r1"), attempt=2)
    for at, state in ((later(600), "running"), (later(4000), "failed")):
        m = Machine(CHAIN, logs="/logs", owner="other", slots=4)
        m.refresh()
        step = m.launch(m.revive(left, CHAIN, at), at)
        if state == "running":
            assert of(step, Limit) == [Limit("r1", "", 3000)]
            assert [job.block for job in jobs(step)] == ["load"]
        else:
            assert jobs(step) == []
            assert [e.state for e in of(step, ev.RunFinished)] == ["failed"]


def test_a_run_that_took_too_long_before_a_crash_has_failed_after_it() -> None:
    run = Triggered(timeout_s=3600)
    left = msgspec.structs.replace(run.record("r1"), reason=TOO_LONG)
    for reason, state in ((TOO_LONG, "failed"), ("cancelled", "cancelled")):
        m = Machine(CHAIN, logs="/logs", owner="other", slots=4)
        m.refresh()
        again = msgspec.structs.replace(left, reason=reason)
        step = m.launch(m.revive(again, CHAIN, later(9)), later(9))
        assert [(e.state, e.reason) for e in of(step, ev.RunFinished)] == [(state, reason)]


# How often


def test_a_failed_run_is_queued_again_in_the_step_that_ends_it() -> None:
    run = Triggered(retries=3, backoff_s=60.0)
    step = run.fail_at_clean()
    kinds = [type(change) for change in step.records]
    assert kinds.index(QueueRetry) > kinds.index(SaveRun), "ended, then queued"
    (change,) = of(step, QueueRetry)
    again = change.queue.record
    assert (change.of, again.id, again.state, again.origin) == ("r1", "r2", "queued", "retry")
    assert (again.trigger, again.logical_time, again.published) == ("nightly", TICK, 4)
    assert again.version == run.queued.version, "the code is that of the first try"
    assert (again.retry.of, again.retry.number) == ("r1", 2)
    (hold,) = of(step, Hold)
    assert 45 <= hold.seconds <= 75
    assert again.retry.start_at == later(2) + timedelta(seconds=hold.seconds)
    assert [taken.run.id for taken in of(step, TakeUp)] == ["r2"]
    assert jobs(step) == [], "nothing of it starts before"
    run.machine.check()


def test_what_succeeded_is_kept_and_what_failed_is_tried_again() -> None:
    run = Triggered(retries=2)
    (change,) = of(run.fail_at_clean(), QueueRetry)
    states = {b.name: (b.state, b.cache) for b in change.queue.record.blocks}
    assert states == {
        "load": ("cached", "hit: succeeded in run r1"),
        "clean": ("queued", None),
        "export": ("queued", None),
    }
    step = run.machine.start_due("r2", later(90))
    (clean,) = jobs(step)
    assert (clean.block, clean.attempt) == ("clean", 1)
    assert clean.inputs["load"].address == change.queue.record.blocks[0].address
    assert run.machine.start_due("r2", later(90)) == Step(), "it begins once"
    (export,) = jobs(run.machine.answer(done(clean), later(91)))
    (finished,) = of(run.machine.answer(done(export), later(92)), ev.RunFinished)
    assert (finished.run, finished.state) == ("r2", "succeeded")
    assert run.machine.runs == {}


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 1), (2, 2), (4, 4)])
def test_a_tick_is_tried_as_often_as_retries_says(retries: int, tries: int) -> None:
    run = Triggered(retries=retries, backoff_s=60.0)
    step, pauses = run.fail_at_clean(), []
    for number in range(2, 10):
        holds = of(step, Hold)
        if not holds:
            break
        pauses.append(holds[0].seconds)
        (job,) = jobs(run.machine.start_due(f"r{number}", later(1000 * number)))
        step = run.machine.answer(raised(job), later(1000 * number + 1))
    assert len(pauses) + 1 == tries
    assert all(0.75 * 60 * 2**n <= pause <= 1.25 * 60 * 2**n for n, pause in enumerate(pauses))


def test_a_run_without_limits_is_not_tried_again() -> None:
    m = Machine(CHAIN, logs="/logs", owner="me", slots=4)
    m.refresh()
    (job,) = jobs(m.launch(m.prepare("r1", RunRequest(origin="api"), NOW), NOW))
    assert of(m.answer(raised(job), NOW), QueueRetry) == []


def test_what_somebody_cancels_is_not_tried_again() -> None:
    draft = definition(block("load"), block("other", "load"), block("below", "other"))
    run = Triggered(retries=3, draft=draft)
    run.machine.answer(started(run.job, NOW), NOW)
    run.machine.cancel("r1", later(1))
    step = run.machine.answer(raised(run.job), later(2))
    assert [e.state for e in of(step, ev.RunFinished)] == ["failed"]
    assert of(step, QueueRetry) == []


def test_a_run_that_took_too_long_is_tried_again() -> None:
    run = Triggered(retries=2, timeout_s=3600)
    run.machine.answer(started(run.job, NOW), NOW)
    run.machine.limit_due("r1", "", later(3600))
    step = run.machine.answer(stopped(run.job), later(3601))
    assert of(step, QueueRetry)
    step = run.machine.start_due("r2", later(4000))
    assert of(step, Limit) == [Limit("r2", "", 3600)], "each try has its own time"


def test_a_run_whose_last_block_was_done_too_late_has_nothing_to_try_again() -> None:
    run = Triggered(retries=2, timeout_s=3600, draft=definition(block("load")))
    run.machine.limit_due("r1", "", later(3600))
    step = run.machine.answer(done(run.job), later(3601))
    assert [(e.state, e.reason) for e in of(step, ev.RunFinished)] == [("failed", TOO_LONG)]
    assert of(step, QueueRetry) == []


def test_a_sensor_that_was_not_ready_is_asked_again() -> None:
    draft = definition(block("ready", kind="sensor"), block("load"), block("clean", "ready"))
    m = Machine(draft, logs="/logs", owner="me", slots=4, new_id=lambda: "r2")
    m.refresh()
    limits = RunLimits(retries=2)
    request = RunRequest(origin="trigger", trigger="nightly", limits=limits)
    of_blocks = {j.block: j for j in jobs(m.launch(m.prepare("r1", request, NOW), NOW))}
    made = done(of_blocks["ready"])
    held = msgspec.structs.replace(made.output, holds=True)
    m.answer(msgspec.structs.replace(made, output=held), later(1))
    (change,) = of(m.answer(raised(of_blocks["load"]), later(2)), QueueRetry)
    assert {b.name: b.state for b in change.queue.record.blocks} == {
        "ready": "queued",
        "load": "queued",
        "clean": "queued",
    }


def test_a_retry_that_waits_is_cancelled_at_once() -> None:
    run = Triggered(retries=2)
    run.fail_at_clean()
    step = run.machine.cancel("r2", later(3))
    assert [e.state for e in of(step, ev.RunFinished)] == ["cancelled"]
    assert of(step, EndRun)
    assert run.machine.start_due("r2", later(90)) == Step()


@pytest.mark.parametrize(("after_s", "held"), [(5.0, True), (500.0, False)])
def test_a_retry_that_waits_survives_a_crash(after_s: float, held: bool) -> None:
    run = Triggered(retries=2)
    (change,) = of(run.fail_at_clean(), QueueRetry)
    m = Machine(CHAIN, logs="/logs", owner="other", slots=4)
    m.refresh()
    at = later(after_s)
    step = m.launch(m.revive(change.queue.record, CHAIN, at), at)
    assert bool(of(step, Hold)) == held
    assert [job.block for job in jobs(step)] == ([] if held else ["clean"])
    m.check()


# The shell


async def test_a_session_tries_again_and_the_history_knows(desk: Desk) -> None:
    session = await desk.open()
    await session.look_for_trigger(None)
    limits = RunLimits(retries=2, backoff_s=0.05)
    request = RunRequest(
        origin="trigger", trigger="nightly", logical_time=TICK, limits=limits, published=True
    )
    run = session.prepare_run(request)
    await desk.history.call(History.write, [session.queue_change(run)])
    await session.launch(run)
    await desk.finish("load", 1)
    await desk.waiting("clean")
    desk.pool.fail("clean")
    assert (await session.finished(run.id)).state == "failed"
    await until(lambda: session.machine.runs)
    (again,) = session.machine.runs
    await desk.finish("clean", 2)
    await desk.finish("counts", 3)
    record = await session.finished(again)
    assert (record.state, record.origin) == ("succeeded", "retry")
    assert record.retry is not None
    assert (record.retry.of, record.retry.number, record.limits) == (run.id, 2, limits)
    (listed, first) = await desk.history.call(History.runs)
    assert (listed.retry, listed.limits, first.retry) == (record.retry, limits, None)
    assert (listed.blocks_done, listed.blocks_total) == (3, 3)
