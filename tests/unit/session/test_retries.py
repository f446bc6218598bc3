"""Which failures are tried again, how often, and how soon; where an isolated block runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from headrace.protocol.tables import Failure
from headrace.runs.changes import SaveBlock
from headrace.session.effects import Execute, Step, Wait
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, raised
from headrace.workers.jobs import Job

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESET = ["ConnectionError", "OSError", "Exception"]


def started(origin: str = "api", **fields: Any) -> tuple[Machine, Job]:
    m = Machine(definition(block("load", **fields)), logs="/logs", owner="me", slots=4)
    m.refresh()
    step = m.launch(m.prepare("r1", RunRequest(origin=origin), NOW), NOW)  # type: ignore[arg-type]
    return m, one_job(step)


def one_job(step: Step) -> Job:
    (job,) = [effect.job for effect in step.effects if isinstance(effect, Execute)]
    return job


def waits_of(step: Step) -> list[float]:
    return [effect.seconds for effect in step.effects if isinstance(effect, Wait)]


def test_a_block_that_always_fails_has_as_many_attempts_as_retries_says() -> None:
    m, job = started(retries=3)
    waits: list[float] = []
    while found := waits_of(step := m.answer(raised(job), NOW)):
        waits += found
        job = one_job(m.retry_due("r1", "load", job.attempt, NOW))
    record = next(r.block for r in step.records if isinstance(r, SaveBlock))
    assert [(a.number, a.state) for a in record.attempts] == [(n, "failed") for n in (1, 2, 3)]
    assert all(a.failure is not None for a in record.attempts)
    assert all(0.75 * 2**n <= wait <= 1.25 * 2**n for n, wait in enumerate(waits)), waits
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("retry_on", "kind", "name", "bases", "again"),
    [
        ((), "exception", "KeyError", [], True),
        (("KeyError",), "exception", "KeyError", [], True),
        (("KeyError",), "exception", "ValueError", [], False),
        (("OSError",), "exception", "ConnectionResetError", RESET, True),
        (("requests.ConnectionError",), "exception", "ConnectionError", [], True),
        (("timeout",), "timeout", "Timeout", [], True),
        (("timeout", "died"), "died", "SIGKILL", [], True),
        (("timeout",), "memory", "MemoryError", [], False),
        (("timeout",), "lost", "WorkerLost", [], True),
    ],
)
def test_only_failures_that_retry_on_names_are_tried_again(
    retry_on: tuple[str, ...], kind: str, name: str, bases: list[str], again: bool
) -> None:
    m, job = started(retries=2, retry_on=retry_on)
    failure = Failure(kind=kind, type=name, message="", bases=bases)  # type: ignore[arg-type]
    step = m.answer(msgspec.structs.replace(raised(job), failure=failure), NOW)
    assert bool(waits_of(step)) == again


@pytest.mark.parametrize("origin", ["api", "editor"])
def test_a_block_that_is_isolated_gets_a_worker_of_its_own(origin: str) -> None:
    _, job = started(origin, isolation="block")
    assert job.worker == "block"
