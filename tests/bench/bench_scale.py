"""What the session itself takes for a block of a large run, without workers and disk."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime

from tests.bench.figures import Figure

from headrace.session.definition import Definition
from headrace.session.effects import Execute, Step
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, done, started
from headrace.workers.jobs import Job

LARGE, SMALL = 10_000, 1_000
AT = datetime(2026, 3, 1, tzinfo=UTC)


def chain(length: int) -> Definition:
    """Blocks one after the other."""
    first = block("b0", kind="loader")
    return definition(first, *(block(f"b{n}", f"b{n - 1}") for n in range(1, length)))


def fan(width: int) -> Definition:
    """Blocks beside each other, and one that takes them all."""
    names = [f"b{n}" for n in range(width)]
    return definition(*(block(name, kind="loader") for name in names), block("join", *names))


def seconds_of_run(drafted: Definition) -> float:
    """Let a run go through a machine whose workers answer at once; seconds of the processor."""
    machine = Machine(drafted, logs="/logs", owner="bench")
    machine.refresh()
    began = time.process_time()
    jobs: deque[Job] = deque()

    def carry_out(step: Step) -> None:
        jobs.extend(effect.job for effect in step.effects if isinstance(effect, Execute))

    carry_out(machine.launch(machine.prepare("r1", RunRequest(origin="api"), AT), AT))
    while jobs:
        job = jobs.popleft()
        carry_out(machine.answer(started(job, AT), AT))
        carry_out(machine.answer(done(job), AT))
    assert not machine.runs, "the run is not over"
    return time.process_time() - began


def measure(rounds: int) -> list[Figure]:
    """Microseconds a block in runs of 10,000 blocks; the floor is a run of 1,000."""
    rounds = max(1, min(rounds, 3))
    figures: list[Figure] = []
    for name, shape in (("chain", chain), ("fan-out", fan)):
        per_block = [seconds_of_run(shape(LARGE)) / LARGE * 1e6 for _ in range(rounds)]
        floor = min(seconds_of_run(shape(SMALL)) for _ in range(rounds)) / SMALL * 1e6
        title = f"session, a block of a {name} of {LARGE:,}"
        figures.append(Figure(title, "µs", per_block, floor=floor, floor_name=f"of {SMALL:,}"))
    return figures
