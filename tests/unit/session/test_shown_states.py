"""What a block says of itself: a failure until something changes, and then what changed."""

from __future__ import annotations

from datetime import UTC, datetime

from headrace.protocol import events as ev
from headrace.protocol.tables import Staleness
from headrace.session.definition import key_of
from headrace.session.effects import Execute, Step
from headrace.session.machine import Machine
from headrace.session.results import Result
from headrace.session.run import RunRequest
from headrace.testing.drafts import block, definition, done, output, raised

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILED = Staleness(state="stale", reasons=["the last run failed"])


def run_load(m: Machine, run_id: str) -> Execute:
    step = m.launch(m.prepare(run_id, RunRequest(origin="editor", blocks=("load",)), NOW), NOW)
    (execute,) = (effect for effect in step.effects if isinstance(effect, Execute))
    return execute


def failed_after_an_edit() -> tuple[Machine, Step]:
    m = Machine(definition(block("load")), logs="/logs", owner="me", slots=1)
    m.refresh()
    m.answer(done(run_load(m, "r1").job), NOW)
    m.define(definition(block("load", code="2")))
    return m, m.answer(raised(run_load(m, "r2").job), NOW)


def test_a_failure_of_the_code_as_it_is_does_not_count_as_an_edit() -> None:
    m, step = failed_after_an_edit()
    assert m.results.status["load"].state == "failed"
    assert m.staleness["load"] == FAILED
    assert any(isinstance(event, ev.BlockFailed) for event in step.events)


def test_the_next_edit_makes_the_block_stale() -> None:
    m, _ = failed_after_an_edit()
    m.define(definition(block("load", code="3")))
    assert m.staleness["load"].reasons == ["code edited"]
    m.define(definition(block("load", code="2")))
    assert m.staleness["load"] == FAILED


def test_of_a_result_of_long_ago_an_edit_is_all_that_changed() -> None:
    drafted = definition(block("clean", kind="transformer"))
    m = Machine(drafted, logs="/logs", owner="me", slots=1)
    key = key_of(drafted.blocks["clean"], {}, {})
    m.results.remember("clean", Result(key=key.text, output=output("x"), made_at=NOW))
    m.refresh()
    assert m.staleness["clean"].state == "fresh"
    m.define(definition(block("clean", kind="transformer", code="2")))
    assert m.staleness["clean"].reasons == ["code edited"]


def test_a_good_run_ends_it() -> None:
    m, _ = failed_after_an_edit()
    m.answer(done(run_load(m, "r3").job), NOW)
    assert m.staleness["load"].state == "fresh"
