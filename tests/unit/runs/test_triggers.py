"""What the history promises of triggers and ticks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.unit.runs.revisions import revision_of

from headrace.core.errors import InvalidInput, NotFound
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import BlockRun, Retry, RunLimits, TriggerTable
from headrace.runs.changes import QueueRetry, QueueRun, SaveRun
from headrace.runs.firing import Arrival, Firing, TickChange, TriggerState
from headrace.runs.history import History
from headrace.runs.times import stamp

Queue = Callable[..., QueueRun]
HOUR = timedelta(hours=1)


def hourly(spec: TriggerSpec, after: datetime) -> datetime:
    """Stand in for the scheduler: every trigger is due at full hours."""
    if spec.cron == "bad":
        raise InvalidInput("bad is not a cron line.", field="cron")
    return after.replace(minute=0, second=0, microsecond=0) + HOUR


def spec(name: str = "t", **fields: object) -> TriggerSpec:
    return TriggerSpec(name=name, **({"cron": "0 * * * *"} | fields))  # type: ignore[arg-type]


def only(history: History) -> TriggerTable:
    (table,) = history.triggers()
    return table


def fired(history: History, change: QueueRun, due: datetime) -> list[str]:
    return firing(history, due, due + HOUR, TickChange(logical_time=due, queue=change))()


def firing(
    history: History, due: datetime | None, following: datetime | None, *ticks: TickChange
) -> Callable[[], list[str]]:
    """Decide on the one trigger now; what is returned carries it out then."""
    decided = Firing(
        trigger_id=only(history).id,
        revision=revision_of(history),
        due_at=due,
        next_at=following,
        ticks=ticks,
    )
    return lambda: history.fire([decided])


@pytest.fixture
def due(history: History, noon: datetime) -> datetime:
    """Make the one trigger that is due at noon."""
    history.sync_triggers("p", [spec()], noon - HOUR / 2, hourly)
    return noon


def test_a_trigger_is_first_due_after_it_was_seen(history: History, noon: datetime) -> None:
    assert history.sync_triggers("p", [spec(parameters={"n": 1})], noon, hourly)
    table = only(history)
    assert (table.next_at, table.last_at, table.active) == (noon + HOUR, None, True)
    assert table.parameters == {"n": 1}
    assert history.next_due() == noon + HOUR
    assert not history.sync_triggers("p", [spec(parameters={"n": 1}, line=9)], noon, hourly)


def test_an_edit_is_due_after_now_and_after_every_tick(
    history: History, queue: Queue, due: datetime
) -> None:
    fired(history, queue(), due)
    history.sync_triggers("p", [spec(catchup="all")], due + 5 * HOUR, hourly)
    assert only(history).next_at == due + 6 * HOUR
    # The clock went back: neither the tick of noon nor the one that was skipped must come again.
    history.sync_triggers("p", [spec(catchup="none")], due - HOUR / 2, hourly)
    assert only(history).next_at == due + 2 * HOUR


def test_what_was_due_at_an_edit_is_skipped_and_says_so(history: History, due: datetime) -> None:
    history.sync_triggers("p", [spec(catchup="all")], due + 2.5 * HOUR, hourly)
    table = only(history)
    assert (table.last_at, table.next_at) == (due, due + 3 * HOUR)
    assert (table.skipped_at, table.skipped) == (
        due,
        "missed; the trigger was edited before it could start",
    )
    # An edit while nothing is due says nothing.
    history.sync_triggers("p", [spec(catchup="none")], due + 2.6 * HOUR, hourly)
    assert only(history).last_at == due


def test_a_new_name_changes_nothing_else(history: History, queue: Queue, due: datetime) -> None:
    fired(history, queue(), due)
    history.set_active(only(history).id, active=False, next_at=due + HOUR)
    before = only(history)
    history.sync_triggers("p", [spec("renamed")], due + 9 * HOUR, hourly)
    after = only(history)
    assert (after.id, after.last_at, after.active) == (before.id, before.last_at, False)
    assert after.name == "renamed"
    assert not history.situation(due + 9 * HOUR), "and it is as paused as before"
    history.sync_triggers("p", [spec("again", overlap="allow")], due + 9 * HOUR, hourly)
    assert only(history).id == before.id, "by its times it is known even if all else is different"


def test_a_schedule_that_is_none_stops_no_other(history: History, noon: datetime) -> None:
    history.sync_triggers("p", [spec("a", cron="bad"), spec("b")], noon, hourly)
    bad, good = history.triggers()
    assert (bad.next_at, bad.problem) == (None, "bad is not a cron line.")
    assert (good.next_at, good.problem) == (noon + HOUR, None)
    history.sync_triggers("p", [spec("a"), spec("b")], noon, hourly)
    assert [table.problem for table in history.triggers()] == [None, None]


def test_the_file_pauses_when_it_comes_to_say_so(history: History, noon: datetime) -> None:
    history.sync_triggers("p", [spec(active=False)], noon, hourly)
    assert not only(history).active
    trigger = only(history).id
    history.set_active(trigger, active=True, next_at=noon + HOUR)
    history.sync_triggers("p", [spec(active=False, overlap="allow")], noon, hourly)
    assert only(history).active, "an edit beside it does not pause again"
    history.sync_triggers("p", [spec(overlap="allow")], noon, hourly)
    history.sync_triggers("p", [spec(active=False, overlap="allow")], noon, hourly)
    assert not only(history).active
    with pytest.raises(NotFound):
        history.set_active("nobody", active=True, next_at=None)


def test_triggers_of_pipelines_that_are_gone_are_forgotten(
    history: History, noon: datetime
) -> None:
    for pipeline in ("p", "q"):
        history.sync_triggers(pipeline, [spec()], noon, hourly)
    assert history.forget_pipelines(["q", "r"]) == ["p"]
    assert history.forget_pipelines(["q", "r"]) == []
    assert [table.pipeline for table in history.triggers()] == ["q"]


def test_a_tick_its_run_and_the_next_tick_are_one(
    history: History, queue: Queue, due: datetime
) -> None:
    change = queue("a", trigger="t", logical_time=due)
    assert fired(history, change, due) == [change.record.id]
    table = only(history)
    assert (table.last_at, table.next_at) == (due, due + HOUR)
    assert history.run(change.record.id).logical_time == due


def test_a_tick_that_is_tried_again_is_of_the_new_run(
    history: History, queue: Queue, due: datetime
) -> None:
    first, limits = queue("load"), RunLimits(timeout_s=60, retries=2)
    fired(history, first, due)
    retry = Retry(of=first.record.id, number=2, start_at=due + HOUR)
    done = BlockRun(name="load", kind="loader", state="cached", finished_at=due)
    open_one = BlockRun(name="clean", kind="transformer")
    second = queue(blocks=[done, open_one], retry=retry, limits=limits)
    ended = SaveRun(run_id=first.record.id, state="failed", finished_at=due)
    history.write([ended, QueueRetry(of=first.record.id, queue=second)])
    assert fired(history, queue(), due) == [], "the tick is not doubled"
    (state,) = history.situation(due + 2 * HOUR)
    assert [run.run_id for run in state.running] == [second.record.id], "it is still going on"
    record = history.run(second.record.id)
    assert (record.retry, record.limits) == (retry, limits)
    listed = next(run for run in history.runs() if run.id == record.id)
    assert (listed.blocks_done, listed.blocks_total, listed.retry) == (1, 2, retry)


def test_a_tick_fires_once(history: History, queue: Queue, due: datetime) -> None:
    fired(history, queue(), due)
    assert fired(history, queue(), due) == [], "the trigger has moved on"
    # Even a trigger that somehow stands before its tick again does not double it, and goes on.
    history.set_active(only(history).id, active=True, next_at=due)
    assert fired(history, queue(), due) == []
    assert only(history).next_at == due + HOUR
    assert len(history.runs()) == 1


def test_an_event_at_the_very_moment_of_a_tick_is_that_tick(
    history: History, queue: Queue, due: datetime
) -> None:
    trigger = history.waiting_trigger(only(history).id)
    assert history.arrive(trigger, [Arrival(key="k", at=due)], trigger.memory) == [due]
    (state,) = history.situation(due)
    assert (state.arrived, state.next_at) == ((due,), due)
    goes = TickChange(logical_time=due, queue=queue("a"))
    beside = TickChange(logical_time=due, skipped="a run is going on")
    (run,) = firing(history, due, due + HOUR, goes, beside)()
    (state,) = history.situation(due + HOUR)
    assert [going.run_id for going in state.running] == [run]
    assert only(history).skipped is None


def test_what_stands_for_others_is_recorded_at_a_tick_that_has_its_run(
    history: History, queue: Queue, due: datetime
) -> None:
    first, later = due + HOUR, due + 9 * HOUR
    trigger = history.waiting_trigger(only(history).id)
    fired(history, queue("a"), due)
    history.arrive(trigger, [Arrival(key="k", at=first)], trigger.memory)
    goes = TickChange(logical_time=first, queue=queue("b"))
    stands = TickChange(logical_time=first, skipped="missed, with all before", until=later)
    (run,) = firing(history, first, later, goes, stands)()
    with history.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT logical_time, run_id, skipped, until FROM ticks")
        found = {row[0]: tuple(row[1:]) for row in rows}
    assert found[stamp(first)] == (run, None, stamp(later)), "the span is not lost"
    again = TickChange(logical_time=first, skipped="missed", until=later + HOUR)
    firing(history, later, later + HOUR, again)()
    with history.database.reading() as connection:
        ends = connection.exec_driver_sql("SELECT until FROM ticks WHERE until IS NOT NULL")
        assert list(ends.scalars()) == [stamp(later + HOUR)], "a longer one counts"


@pytest.mark.parametrize("how", ["paused", "edited", "renamed", "deleted"])
def test_a_trigger_that_changed_meanwhile_does_not_fire(
    history: History, queue: Queue, due: datetime, how: str
) -> None:
    trigger = only(history).id
    fire = firing(history, due, due + HOUR, TickChange(logical_time=due, queue=queue()))
    if how == "paused":
        history.set_active(trigger, active=False, next_at=due)
    else:
        edited = {"edited": [spec(catchup="all")], "renamed": [spec("u")], "deleted": []}[how]
        # Its next tick is the same as before, by a clock that is behind the one that decided.
        history.sync_triggers("p", edited, due - HOUR / 2, hourly)
    assert fire() == []
    assert history.runs() == []


def test_a_tick_that_waits_gets_its_run_later(
    history: History, queue: Queue, due: datetime
) -> None:
    first, second = queue(origin="trigger"), queue(origin="trigger")
    fired(history, first, due)
    firing(history, due + HOUR, due + 2 * HOUR, TickChange(logical_time=due + HOUR))()
    (state,) = history.situation(due)
    assert [run.run_id for run in state.running] == [first.record.id]
    assert state.held == (due + HOUR,)
    history.write([SaveRun(run_id=first.record.id, state="succeeded")])
    (state,) = history.situation(due)
    assert state.running == ()
    goes = TickChange(logical_time=due + HOUR, queue=second)
    release = firing(history, state.next_at, state.next_at, goes)
    assert release() == [second.record.id]
    assert release() == [], "once"
    assert history.situation(due) == []
    assert only(history).last_at == due + HOUR


def test_of_two_that_saw_a_tick_wait_one_lets_it_go_and_the_other_looks_again(
    history: History, queue: Queue, due: datetime
) -> None:
    first, of_waiting, of_next = queue("a"), queue("b"), queue("c")
    waits = TickChange(logical_time=due, replaces=True)
    firing(history, due, due + HOUR, waits)()
    (state,) = history.situation(due)
    assert (state.held, state.replacing) == ((due,), True)
    goes = TickChange(logical_time=due, queue=of_waiting)
    lets_go = firing(history, due + HOUR, due + HOUR, goes)
    # The other one has a clock that is ahead: for it a newer tick takes the place of that one.
    gives_up = TickChange(logical_time=due, skipped="a newer tick came")
    newer = TickChange(logical_time=due + HOUR, queue=of_next)
    replaces = firing(history, due + HOUR, due + 2 * HOUR, gives_up, newer)
    assert lets_go() == [of_waiting.record.id]
    assert replaces() == [], "it has not seen the run that goes on"
    (state,) = history.situation(due + HOUR)
    assert [run.run_id for run in state.running] == [of_waiting.record.id]
    assert (state.held, state.replacing, state.next_at) == ((), False, due + HOUR)
    assert first.record.id not in {run.id for run in history.runs()}


def test_a_run_that_is_tried_again_is_one_that_a_decision_has_not_seen(
    history: History, queue: Queue, due: datetime
) -> None:
    first, second, third = queue("a"), queue("b"), queue("c")
    fired(history, first, due)
    history.write([SaveRun(run_id=first.record.id, state="failed", finished_at=due)])
    newer = TickChange(logical_time=due + HOUR, queue=third)
    fire = firing(history, due + HOUR, due + 2 * HOUR, newer)
    history.write([QueueRetry(of=first.record.id, queue=second)])
    assert fire() == []
    assert {run.id for run in history.runs()} == {first.record.id, second.record.id}


@pytest.mark.parametrize(
    ("fields", "minds"),
    [({}, True), ({"overlap": "allow"}, False), ({"overlap": "allow", "catchup": "all"}, True)],
)
def test_runs_that_go_on_are_read_where_they_matter(
    history: History, queue: Queue, noon: datetime, fields: dict[str, str], minds: bool
) -> None:
    history.sync_triggers("p", [spec(**fields)], noon - HOUR / 2, hourly)
    change = queue()
    fired(history, change, noon)
    (state,) = history.situation(noon + HOUR)
    assert [run.run_id for run in state.running] == [change.record.id] * minds


def test_a_paused_trigger_gives_up_what_waits(
    history: History, queue: Queue, due: datetime
) -> None:
    firing(history, due, due + HOUR, TickChange(logical_time=due))()
    history.set_active(only(history).id, active=False, next_at=due + HOUR)
    (state,) = history.situation(due)
    assert (state.active, state.held) == (False, (due,))
    given_up = TickChange(logical_time=due, skipped="paused")
    firing(history, state.next_at, state.next_at, given_up)()
    assert history.situation(due) == []


def test_due_triggers_come_oldest_first_and_bounded(history: History, noon: datetime) -> None:
    for i in range(5):
        history.sync_triggers(f"p{i}", [spec()], noon + i * HOUR, hourly)
    now = noon + 4 * HOUR

    def pipelines(states: list[TriggerState]) -> list[str]:
        return [state.pipeline for state in states]

    assert pipelines(history.situation(now)) == ["p0", "p1", "p2", "p3"]
    assert pipelines(history.situation(now, limit=2)) == ["p0", "p1"]
    first = history.situation(now, limit=1)[0].id
    assert "p0" not in pipelines(history.situation(now, without=[first]))
    assert history.next_due() == noon + HOUR
    assert history.next_due(after=now) == noon + 5 * HOUR


def test_purging_leaves_what_guards_against_a_second_run(
    history: History, queue: Queue, due: datetime
) -> None:
    changes = [queue(minutes=60 * i) for i in range(3)]
    for i, change in enumerate(changes):
        fired(history, change, due + i * HOUR)
        at = change.record.queued_at
        history.write([SaveRun(run_id=change.record.id, state="succeeded", finished_at=at)])
    while history.purge(due + 100 * HOUR, limit=1):
        pass
    assert history.runs() == []
    table = only(history)
    assert table.last_at == due + 2 * HOUR
    history.set_active(table.id, active=True, next_at=due + 2 * HOUR)
    assert fired(history, queue(), due + 2 * HOUR) == [], "the newest tick is still known"
