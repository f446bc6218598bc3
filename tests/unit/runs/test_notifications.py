"""Notifications in the history: written with the end of a run, claimed by one, tried again, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.runs.revisions import revision_of

from headrace.core.ids import new_run_id
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.notifications import Notify
from headrace.protocol.tables import Retry, RunRecord
from headrace.runs import notifications
from headrace.runs.changes import QueueRetry, QueueRun, SaveRun
from headrace.runs.firing import Firing, TickChange
from headrace.runs.history import History
from headrace.runs.notifications import BACKOFF_S, GATHER_S, PAUSE_S

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALL = Notify(
    failure=["team"], recovery=["team"], first_success=["team"], late=["team"], late_after_s=600
)
LATER = NOON + timedelta(seconds=GATHER_S)


@pytest.fixture
def told(history: History) -> History:
    history.sync_notify({"p": ALL}, ["p"])
    return history


def end(history: History, state: str = "failed", minutes: float = 0, **fields: Any) -> str:
    """Have a run of pipeline p end so, that was queued some minutes after noon."""
    moment = NOON + timedelta(minutes=minutes)
    record = RunRecord(
        **({"id": new_run_id(), "pipeline": "p", "state": "queued", "version": "v", "queued_at": moment} | fields)
    )  # fmt: skip
    history.write([QueueRun(record=record, files=b"", owner="me")])
    reason = "it is bad" if state == "failed" else None
    history.write([SaveRun(run_id=record.id, state=state, finished_at=moment, reason=reason)])  # type: ignore[arg-type]
    return record.id


def events(history: History) -> list[str]:
    return [one.event for one in reversed(history.notifications())]


def claim(history: History, now: datetime = LATER) -> list[int]:
    return [one.id for one in history.claim_notifications("team", now, 60)]


def test_it_is_written_with_the_end_of_the_run(told: History) -> None:
    run = end(told)
    [one] = told.notifications()
    assert (one.event, one.pipeline, one.channel, one.run, one.reason, one.state) == (
        "failure", "p", "team", run, "it is bad", "waiting",
    )  # fmt: skip


def test_a_transaction_that_fails_tells_nothing(
    told: History, monkeypatch: pytest.MonkeyPatch, queue: Callable[..., QueueRun]
) -> None:
    queued = queue(id="r" * 20)
    told.write([queued])
    done = SaveRun(run_id="r" * 20, state="failed", finished_at=NOON, reason="bad")
    with pytest.raises(Exception, match=r"(?i)unique"):
        told.write([done, queued])
    assert told.notifications() == []
    assert told.run("r" * 20).state == "queued"


def test_an_end_that_is_recorded_again_is_told_once(told: History) -> None:
    run = end(told)
    told.write([SaveRun(run_id=run, state="failed", finished_at=NOON, reason="bad")])
    [one] = told.claim_notifications("team", LATER, 60)
    assert (one.telling.event, one.failures) == ("failure", 1)


@pytest.mark.parametrize("origin", ["editor", "cli", "backfill"])
def test_who_watches_a_run_is_not_told_of_it(told: History, origin: str) -> None:
    end(told, origin=origin)
    assert events(told) == []


def test_a_cancelled_run_is_neither_good_nor_bad(told: History) -> None:
    end(told, "cancelled")
    assert events(told) == []
    end(told, minutes=1)
    end(told, "cancelled", 2)
    assert events(told) == ["failure"], "nor does it end an incident"


def test_what_succeeded_before_anybody_was_told_is_no_first_success(history: History) -> None:
    end(history, "succeeded")
    history.sync_notify({"p": ALL}, ["p"])
    end(history, "succeeded", 1)
    assert events(history) == []


def test_an_edit_of_who_is_told_keeps_the_incident(told: History) -> None:
    end(told)
    told.sync_notify({"p": Notify(recovery=["other"])}, ["p"])
    end(told, "succeeded", 1)
    assert [(one.event, one.channel) for one in told.notifications()] == [
        ("recovery", "other"),
        ("failure", "team"),
    ]


def test_a_pipeline_that_is_gone_or_tells_nobody_is_forgotten(told: History) -> None:
    told.sync_notify({}, ["p"])
    assert set(told.told_pipelines()) == {"p"}, "a file that cannot be read changes nothing"
    told.sync_notify({}, [])
    assert told.told_pipelines() == {}
    told.sync_notify({"p": ALL}, ["p"])
    told.sync_notify({"p": Notify()}, ["p"])
    assert told.told_pipelines() == {}


def test_it_waits_for_what_goes_with_it(told: History) -> None:
    end(told)
    assert told.due_channels(NOON) == []
    assert told.next_notification() == LATER
    assert told.due_channels(LATER) == ["team"]


def test_only_one_gets_it_until_its_time_is_up(told: History) -> None:
    end(told)
    assert len(claim(told)) == 1
    assert claim(told) == [], "somebody else asks"
    assert told.next_notification() == LATER + timedelta(seconds=60)
    [again] = told.claim_notifications("team", LATER + timedelta(seconds=61), 60)
    assert again.attempts == 2, "who had it died, it is sent again"


def test_all_that_waits_goes_together_in_order(told: History) -> None:
    end(told)
    first = claim(told)
    told.note_sending("team", first, LATER, "nobody answers")
    end(told, "succeeded", 1)
    found = told.claim_notifications("team", NOON + timedelta(minutes=2), 60)
    assert [one.telling.event for one in found] == ["failure", "first_success", "recovery"]


def test_what_was_sent_is_not_sent_again_and_the_next_waits_a_little(told: History) -> None:
    end(told)
    told.note_sending("team", claim(told), LATER, None)
    [one] = told.notifications()
    assert (one.state, one.sent_at, one.error) == ("sent", LATER, None)
    assert told.channel_states()["team"].sent_at == LATER
    end(told, "succeeded", 0.05)
    assert told.due_channels(LATER + timedelta(seconds=PAUSE_S - 1)) == []
    assert told.due_channels(LATER + timedelta(seconds=PAUSE_S)) == ["team"]


def test_it_is_tried_again_ever_later_and_then_given_up(told: History) -> None:
    end(told)
    now, tries = LATER, 0
    while told.notifications()[0].state == "waiting":
        mine = claim(told, now)
        told.note_sending("team", mine, now, "nobody answers " * 100)
        tries += 1
        if tries <= len(BACKOFF_S):
            assert told.due_channels(now + timedelta(seconds=BACKOFF_S[tries - 1] - 1)) == []
            now += timedelta(seconds=BACKOFF_S[tries - 1])
            assert told.due_channels(now) == ["team"]
    assert tries == len(BACKOFF_S) + 1
    [one] = told.notifications()
    assert one.state == "failed"
    assert one.error is not None
    assert len(one.error) <= 500
    state = told.channel_states()["team"]
    assert (state.error, state.error_at, state.waiting) == (one.error, now, 0)


def test_how_often_it_failed_is_said_as_it_is_when_it_is_sent(told: History) -> None:
    for minute in range(50):
        end(told, minutes=minute / 100)
    [one] = told.claim_notifications("team", NOON + timedelta(minutes=5), 60)
    assert (one.telling.event, one.failures) == ("failure", 50)


def test_old_ones_are_forgotten_but_those_that_wait(told: History) -> None:
    end(told)
    told.forget_notifications(NOON + timedelta(days=1))
    assert len(told.notifications()) == 1
    told.note_sending("team", claim(told), LATER, None)
    told.forget_notifications(NOON)
    assert len(told.notifications()) == 1
    told.forget_notifications(NOON + timedelta(days=1))
    assert told.notifications() == []


def _fire(history: History, trigger: str, tick: TickChange) -> None:
    firing = Firing(
        trigger_id=trigger,
        revision=revision_of(history),
        due_at=NOON,
        next_at=NOON + timedelta(hours=1),
        ticks=(tick,),
    )
    history.fire([firing])


def _trigger(history: History) -> str:
    spec = TriggerSpec(name="t", every="1h")
    history.sync_triggers("p", [spec], NOON - timedelta(hours=1), lambda _, after: NOON)
    return history.triggers("p")[0].id


def test_a_tick_whose_run_goes_on_is_late_once(
    told: History, queue: Callable[..., QueueRun]
) -> None:
    trigger = _trigger(told)
    run = queue(origin="trigger", trigger="t", logical_time=NOON)
    tick = TickChange(logical_time=NOON, queue=run)
    _fire(told, trigger, tick)
    assert told.look_for_late(NOON + timedelta(seconds=600)) == []
    assert told.look_for_late(NOON + timedelta(seconds=601)) == ["p"]
    assert told.look_for_late(NOON + timedelta(seconds=700)) == []
    [one] = told.notifications()
    assert (one.event, one.run) == ("late", run.record.id)


def test_a_tick_that_waits_for_another_run_is_late_too(told: History) -> None:
    trigger = _trigger(told)
    tick = TickChange(logical_time=NOON)
    _fire(told, trigger, tick)
    assert told.look_for_late(NOON + timedelta(seconds=601)) == ["p"]
    [one] = told.notifications()
    assert (one.event, one.run) == ("late", None)


def test_a_retry_of_an_old_tick_is_not_late(told: History) -> None:
    end(told, "succeeded", 60, origin="retry", logical_time=NOON)
    assert events(told) == ["first_success"]


def test_many_histories_on_one_file_have_one_message(tmp_path: Path) -> None:
    one, other = History.open(tmp_path / "h.db"), History.open(tmp_path / "h.db")
    one.sync_notify({"p": ALL}, ["p"])
    other.sync_notify({"p": ALL}, ["p"])
    for number in range(10):
        end(one if number % 2 else other, minutes=number / 100)
    assert events(one) == ["failure"]
    assert len(claim(one, NOON + timedelta(minutes=1))) == 1
    assert claim(other, NOON + timedelta(minutes=1)) == []
    one.close()
    other.close()


def test_the_gathering_is_short_and_the_pause_longer() -> None:
    assert notifications.GATHER_S < notifications.PAUSE_S


@pytest.mark.parametrize(("origin", "last"), [("trigger", ["failure"]), ("backfill", [])])
def test_a_tick_that_is_tried_again_is_told_after_its_last_try(
    told: History, queue: Callable[..., QueueRun], origin: str, last: list[str]
) -> None:
    first = queue(origin=origin, logical_time=NOON)
    told.write([first])
    retry = Retry(of=first.record.id, number=2, start_at=NOON)
    second = queue(origin="retry", logical_time=NOON, retry=retry, minutes=1)
    failed = SaveRun(run_id=first.record.id, state="failed", finished_at=NOON, reason="bad")
    told.write([failed, QueueRetry(of=first.record.id, queue=second)])
    assert events(told) == []
    end_at = NOON + timedelta(minutes=2)
    told.write([SaveRun(run_id=second.record.id, state="failed", finished_at=end_at, reason="bad")])
    assert events(told) == last
