"""What the history promises of past ticks and backfills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.unit.runs.revisions import revision_of

from headrace.core.errors import Conflict, NotFound
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.backfills import Backfill
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.firing import Firing, TickChange
from headrace.runs.history import History
from headrace.runs.past import NewBackfill, PlannedTick, TickStart
from headrace.scheduling.triggers import next_of

Queue = Callable[..., QueueRun]
HOUR = timedelta(hours=1)


@dataclass
class Fill:
    """An hourly trigger that was never due, and backfills of it."""

    history: History
    queue: Queue
    noon: datetime
    trigger: str

    def add(self, *hours: int, **fields: Any) -> Backfill:
        """Record a backfill of hours before noon: `add(3, 2, 1)`."""
        times = [self.noon - hour * HOUR for hour in hours]
        usual = {"which": "missing", "skipped": False, "parallel": 2, "order": "oldest"}
        new = NewBackfill(
            trigger_id=self.trigger,
            first=min(times),
            last=max(times),
            created_at=self.noon,
            ticks=[PlannedTick(at, at - HOUR) for at in times],
            **(usual | fields),  # type: ignore[arg-type]
        )
        return self.history.add_backfill(new)

    def start(self) -> list[str]:
        """Start as much of what waits as may go on at once; return the runs."""
        created: list[str] = []
        for situation in self.history.backfill_situations():
            starts = [
                TickStart(
                    tick.logical_time,
                    self.queue(
                        "a",
                        origin="backfill",
                        trigger="t",
                        logical_time=tick.logical_time,
                        interval_start=tick.interval_start,
                    ),
                )
                for tick in situation.waiting
            ]
            created += self.history.start_backfill_runs(situation, starts)
        return created


@pytest.fixture
def fill(history: History, queue: Queue, noon: datetime) -> Fill:
    history.sync_triggers("p", [TriggerSpec(name="t", cron="0 * * * *")], noon, next_of)
    return Fill(history, queue, noon, history.triggers()[0].id)


def end(history: History, run: str, state: str = "succeeded", seconds: float = 4.0) -> None:
    history.write([SaveRun(run_id=run, state=state, seconds=seconds)])  # type: ignore[arg-type]


def counts(backfill: Backfill) -> dict[str, int]:
    return {name: many for name, many in msgspec.structs.asdict(backfill.counts).items() if many}


def states(fill: Fill) -> dict[int, str | None]:
    """Return hours before noon → the state of the run that the tick has."""
    found = fill.history.recorded_ticks(fill.trigger, fill.noon - 24 * HOUR, fill.noon).ticks
    return {round((fill.noon - tick.at) / HOUR): tick.run_state for tick in found}


def fire(fill: Fill, at: datetime, **fields: Any) -> list[str]:
    """Let the scheduler record a tick."""
    due = fill.history.triggers()[0].next_at
    tick = TickChange(logical_time=at, **fields)
    seen = revision_of(fill.history)
    return fill.history.fire(
        [Firing(trigger_id=fill.trigger, revision=seen, due_at=due, next_at=due, ticks=(tick,))]
    )


def test_a_backfill_gives_its_ticks_runs_a_few_at_once(
    history: History, noon: datetime, fill: Fill
) -> None:
    made = fill.add(3, 2, 1)
    assert (made.state, made.total, counts(made)) == ("running", 3, {"waiting": 3})
    first, second = fill.start()
    assert fill.start() == [], "the limit holds whoever asks"
    assert history.run(first).logical_time == noon - 3 * HOUR
    assert history.run(first).interval_start == noon - 4 * HOUR
    end(history, first)
    (third,) = fill.start()
    end(history, second, "failed")
    assert states(fill) == {3: "succeeded", 2: "failed", 1: "queued"}
    assert counts(history.backfill(made.id)) == {"succeeded": 1, "failed": 1, "running": 1}
    assert not history.set_backfill(made.id, "finished", noon), "a run of it goes on"
    end(history, third)
    assert history.set_backfill(made.id, "finished", noon)
    over = history.backfill(made.id)
    assert (over.state, over.finished_at, over.seconds_left) == ("finished", noon, None)
    assert history.backfill_situations() == []


def test_the_newest_tick_can_come_first(history: History, fill: Fill) -> None:
    fill.add(3, 2, 1, order="newest", parallel=1)
    (run,) = fill.start()
    assert history.run(run).logical_time == history.backfills()[0].last


def test_more_than_the_limit_never_go_on_whatever_is_asked(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    fill.add(4, 3, 2, 1)
    (situation,) = history.backfill_situations()
    starts = [TickStart(noon - n * HOUR, queue(origin="backfill")) for n in (4, 3, 2, 1)]
    assert len(history.start_backfill_runs(situation, starts)) == 2
    assert len(history.start_backfill_runs(situation, starts)) == 0


def test_a_plan_that_has_become_old_starts_nothing_twice(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    made = fill.add(1, which="all")
    (situation,) = history.backfill_situations()
    (run,) = fill.start()
    end(history, run)
    late = [TickStart(noon - HOUR, queue(origin="backfill"))]
    assert history.start_backfill_runs(situation, late) == []
    assert counts(history.backfill(made.id)) == {"succeeded": 1}


def test_a_paused_backfill_starts_nothing_and_goes_on_where_it_was(
    history: History, noon: datetime, fill: Fill
) -> None:
    made = fill.add(3, 2, 1, parallel=1)
    (situation,) = history.backfill_situations()
    assert history.set_backfill(made.id, "paused", noon, "why")
    assert history.backfill_situations() == []
    assert history.start_backfill_runs(situation, []) == []
    assert fill.start() == []
    paused = history.backfill(made.id)
    assert (paused.state, paused.problem, paused.finished_at) == ("paused", "why", None)
    assert not history.set_backfill(made.id, "paused", noon), "it is already"
    assert not history.set_backfill(made.id, "finished", noon)
    assert history.set_backfill(made.id, "running", noon)
    assert history.backfill(made.id).problem is None
    assert len(fill.start()) == 1


def test_a_cancelled_backfill_gives_up_what_waits_and_names_what_goes_on(
    history: History, noon: datetime, fill: Fill
) -> None:
    made = fill.add(3, 2, 1)
    going = fill.start()
    assert history.set_backfill(made.id, "cancelled", noon)
    (situation,) = history.backfill_situations()
    assert (set(situation.going), situation.waiting) == (set(going), ())
    for run in going:
        end(history, run, "cancelled")
    assert history.backfill_situations() == []
    assert counts(history.backfill(made.id)) == {"cancelled": 2, "waiting": 1}
    for state in ("running", "paused"):
        with pytest.raises(Conflict):
            history.set_backfill(made.id, state, noon)
    assert fill.add(1).total == 1, "others may have its ticks now"


def test_two_backfills_never_have_the_same_tick(history: History, fill: Fill) -> None:
    first = fill.add(3, 2)
    second = fill.add(3, 2, 1)
    assert (first.total, second.total) == (2, 1)
    with pytest.raises(Conflict):
        fill.add(3, 1)
    assert len(fill.start()) == 3
    assert len({run.logical_time for run in history.runs()}) == 3


def test_what_the_scheduler_did_meanwhile_is_passed_over(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    made = fill.add(5, 4, 3, 2, 1, parallel=8)
    (ran,) = fire(fill, noon - 5 * HOUR, queue=queue(state="queued"))
    end(history, ran)
    fire(fill, noon - 4 * HOUR, queue=queue())
    fire(fill, noon - 3 * HOUR)
    fire(fill, noon - 2 * HOUR, skipped="missed; catchup: none")
    assert len(fill.start()) == 2
    assert counts(history.backfill(made.id)) == {"passed": 3, "running": 2}
    assert states(fill) == {
        5: "succeeded", 4: "queued", 3: None, 2: "queued", 1: "queued"
    }  # fmt: skip
    assert len(history.runs()) == 4


def test_what_the_backfill_did_is_settled_for_the_scheduler(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    fill.add(1)
    (run,) = fill.start()
    assert fire(fill, noon - HOUR, queue=queue()) == []
    fire(fill, noon - HOUR, skipped="missed; catchup: none")
    (tick,) = history.recorded_ticks(fill.trigger, noon - HOUR, noon).ticks
    assert (tick.run, tick.skipped) == (run, None)


def test_runs_of_a_backfill_stand_in_no_tick_of_the_schedule_its_way(
    history: History, noon: datetime, fill: Fill
) -> None:
    fill.add(1)
    fill.start()
    (state,) = history.situation(noon + 2 * HOUR)
    assert state.running == ()


@pytest.mark.parametrize(("which", "again"), [("missing", False), ("all", True)])
def test_a_tick_that_succeeded_meanwhile_runs_again_only_if_all_are_meant(
    history: History, queue: Queue, which: str, again: bool, fill: Fill
) -> None:
    fill.add(1, which=which)
    (before,) = fire(fill, fill.noon - HOUR, queue=queue())
    end(history, before)
    assert bool(fill.start()) == again
    (tick,) = history.recorded_ticks(fill.trigger, fill.noon - HOUR, fill.noon).ticks
    assert (tick.run == before) != again


def test_a_retry_that_succeeded_makes_its_tick_good(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    (run,) = fire(fill, noon - HOUR, queue=queue(trigger="t"))
    end(history, run, "failed")
    retry = queue(origin="retry", trigger="t", logical_time=noon - HOUR, minutes=1)
    failed = queue(origin="retry", trigger="t", logical_time=noon - HOUR, minutes=2)
    history.write([retry])
    assert states(fill) == {1: "queued"}
    end(history, retry.record.id)
    history.write([failed])
    end(history, failed.record.id, "failed")
    (tick,) = history.recorded_ticks(fill.trigger, noon - HOUR, noon).ticks
    assert (tick.run, tick.run_state) == (retry.record.id, "succeeded")
    made = fill.add(1)
    assert fill.start() == []
    assert counts(history.backfill(made.id)) == {"passed": 1}


def test_the_ticks_of_a_backfill_wait_for_it(history: History, noon: datetime, fill: Fill) -> None:
    made = fill.add(2)
    (tick,) = history.recorded_ticks(fill.trigger, noon - 2 * HOUR, noon).ticks
    assert (tick.planned, tick.run) == (True, None)
    history.set_backfill(made.id, "cancelled", noon)
    assert history.recorded_ticks(fill.trigger, noon - 2 * HOUR, noon).ticks == []


def test_a_trigger_that_is_deleted_ends_its_backfills(
    history: History, noon: datetime, fill: Fill
) -> None:
    made = fill.add(1)
    history.sync_triggers("p", [], noon, next_of)
    over = history.backfill(made.id)
    assert (over.state, over.problem, over.trigger) == ("cancelled", "the trigger was deleted", "t")
    assert over.finished_at is not None
    assert history.backfill_situations() == []


def test_a_trigger_with_a_new_name_keeps_its_backfills(
    history: History, noon: datetime, fill: Fill
) -> None:
    fill.add(1)
    renamed = [TriggerSpec(name="u", cron="0 * * * *")]
    history.sync_triggers("p", renamed, noon, next_of)
    assert history.backfills("p")[0].trigger == "u"
    assert history.backfills("q") == []


def test_an_estimate_is_of_the_trigger_then_of_the_backfill_itself(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    assert history.past_seconds("p", "t") == []
    other = queue(trigger=None)
    editor, retry = queue(origin="editor"), queue(origin="retry", trigger="t")
    history.write([other, editor, retry])
    for change, seconds in ((other, 30.0), (editor, 1.0), (retry, 2.0)):
        end(history, change.record.id, seconds=seconds)
    assert history.past_seconds("p", "t") == [30.0], "any run of the whole is better than nothing"
    (run,) = fire(fill, noon - 9 * HOUR, queue=queue(trigger="t"))
    end(history, run, seconds=10.0)
    assert history.past_seconds("p", "t") == [10.0]
    made = fill.add(4, 3, 2, 1)
    assert (made.run_seconds, made.seconds_left) == (10.0, 20.0)
    end(history, fill.start()[0], seconds=6.0)
    now = history.backfill(made.id)
    assert (now.run_seconds, now.seconds_left) == (6.0, 9.0)


def test_nothing_that_protects_a_tick_is_ever_removed(
    history: History, queue: Queue, noon: datetime, fill: Fill
) -> None:
    made = fill.add(5)
    (run,) = fill.start()
    history.write([SaveRun(run_id=run, state="succeeded", finished_at=noon)])
    later = noon + 99 * HOUR
    assert history.purge(later) == 0, "the runs of a backfill stay as long as it does"
    history.set_backfill(made.id, "finished", noon)
    # The trigger fired since, and no longer needs that tick against itself.
    tick = TickChange(logical_time=noon + HOUR, queue=queue())
    due, following = noon + HOUR, noon + 2 * HOUR
    firing = Firing(
        trigger_id=fill.trigger,
        revision=revision_of(history),
        due_at=due,
        next_at=following,
        ticks=(tick,),
    )
    assert history.fire([firing])
    while history.purge(later):
        pass
    assert history.backfills() == []
    found = history.recorded_ticks(fill.trigger, noon - 9 * HOUR, noon - HOUR)
    assert (found.ticks, found.forgotten_to) == ([], noon - 5 * HOUR)


def test_what_there_is_not_is_not_found(history: History, noon: datetime) -> None:
    for act in (
        lambda: history.backfill("0" * 20),
        lambda: history.set_backfill("0" * 20, "paused", noon),
        lambda: history.recorded_ticks("0" * 20, noon, noon),
    ):
        with pytest.raises(NotFound):
            act()


def test_runs_can_be_listed_by_their_backfill(history: History, queue: Queue, fill: Fill) -> None:
    history.write([queue()])
    made = fill.add(2, 1)
    started = fill.start()
    assert {run.id for run in history.runs(backfill=made.id)} == set(started)
