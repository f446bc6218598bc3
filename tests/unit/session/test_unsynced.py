"""Small outputs are recorded in the same transaction as their block, and never without it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from headrace.runs.changes import SaveBlock, SaveResult, SaveUnsynced
from headrace.session.effects import Execute
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.store.files import Unsynced
from headrace.testing.drafts import block, definition, done

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMALL = Unsynced("ab.json", b"[1]")


def test_bytes_come_with_the_record_and_before_it() -> None:
    machine = Machine(definition(block("load")), logs="/logs", owner="me")
    machine.refresh()
    step = machine.launch(machine.prepare("r1", RunRequest(origin="api"), NOW), NOW)
    (job,) = [effect.job for effect in step.effects if isinstance(effect, Execute)]
    answer = msgspec.structs.replace(done(job), unsynced=[SMALL])
    stale = msgspec.structs.replace(answer, attempt=7)
    assert machine.answer(stale, NOW).records == [], "of an attempt that does not count"
    records = machine.answer(answer, NOW).records
    assert [type(r) for r in records[:3]] == [SaveUnsynced, SaveBlock, SaveResult]
    assert records[0] == SaveUnsynced(outputs=[SMALL])
