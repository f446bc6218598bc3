"""The event log has no gap, and says so when it can no longer help."""

from __future__ import annotations

from headrace.protocol.events import Event, LogAppended, ParametersSet
from headrace.session.log import KEPT_EVENTS, KEPT_TEXT, EventLog


def heard_log(kept: int = KEPT_EVENTS) -> EventLog:
    """A log to which somebody listened once."""
    log = EventLog("flights", kept=kept)
    log.subscribe(lambda _: None)()
    return log


def fill(log: EventLog, count: int) -> None:
    for number in range(count):
        log.publish(ParametersSet(values={"n": number}))


def test_events_are_numbered_from_one_without_a_gap() -> None:
    log, heard = EventLog("flights"), list[Event]()
    leave = log.subscribe(heard.append)
    fill(log, 3)
    assert [(e.seq, e.pipeline) for e in heard] == [(1, "flights"), (2, "flights"), (3, "flights")]
    assert log.listeners == 1
    leave()
    leave()
    fill(log, 1)
    assert len(heard) == 3
    assert log.listeners == 0


def test_a_returning_client_gets_what_it_missed() -> None:
    log = heard_log()
    assert log.after(0, log.epoch) == []
    fill(log, 5)
    missed = log.after(2, log.epoch)
    assert missed is not None
    assert [event.seq for event in missed] == [3, 4, 5]
    assert log.after(5, log.epoch) == []


def test_only_a_snapshot_helps_after_a_restart_or_too_long_a_time() -> None:
    log = heard_log(kept=3)
    fill(log, 5)
    assert log.after(2, "other epoch") is None
    assert log.after(9, log.epoch) is None
    assert log.after(1, log.epoch) is None
    assert log.after(2, log.epoch) is not None


def test_what_blocks_print_is_kept_for_returning_clients_up_to_a_bound() -> None:
    log = heard_log()
    piece = "x" * (KEPT_TEXT // 4)
    for number in range(6):
        log.publish(LogAppended(run="r", block="b", offset=number * len(piece), text=piece))
        fill(log, 1)
    missed = log.after(4, log.epoch)
    assert missed is not None
    assert sum(len(event.text) for event in missed if isinstance(event, LogAppended)) <= KEPT_TEXT
    assert log.after(2, log.epoch) is None


def test_what_nobody_has_ever_followed_is_not_kept() -> None:
    log = EventLog("flights")
    fill(log, 3)
    assert log.seq == 3
    assert log.after(2, log.epoch) is None, "a snapshot helps"
    log.subscribe(lambda _: None)
    fill(log, 2)
    assert [event.seq for event in log.after(3, log.epoch) or ()] == [4, 5]
