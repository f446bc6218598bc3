"""Two servers on one history, SQLite or PostgreSQL: one message for an incident, claimed by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from headrace.core.ids import new_run_id
from headrace.protocol.notifications import Notify
from headrace.protocol.tables import RunRecord
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.history import History

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EACH = 20


def test_two_servers_tell_an_incident_once(place: str) -> None:
    pipeline = f"p{new_run_id()}"
    together = Barrier(2)

    def fail_often(history: History) -> None:
        together.wait()
        for number in range(EACH):
            at = NOON + timedelta(milliseconds=number)
            record = RunRecord(
                id=new_run_id(), pipeline=pipeline, state="queued", version="v", queued_at=at
            )
            history.write([QueueRun(record=record, files=b"", owner="me")])
            history.write([SaveRun(run_id=record.id, state="failed", finished_at=at, reason="bad")])

    def claim(history: History) -> list[int]:
        together.wait()
        later = NOON + timedelta(minutes=1)
        taken = history.claim_notifications(f"to-{pipeline}", later, 60)
        return [one.failures for one in taken]

    told = Notify(failure=[f"to-{pipeline}"], late=[f"to-{pipeline}"], late_after_s=1)
    with ThreadPoolExecutor(2) as threads:
        opened = list(threads.map(lambda _: History.open(place), range(2)))
        for history in opened:
            history.sync_notify({pipeline: told}, [pipeline])
        list(threads.map(fail_often, opened))
        listed = [one for one in opened[0].notifications(500) if one.pipeline == pipeline]
        assert [one.event for one in listed] == ["failure"]
        claims = list(threads.map(claim, opened))
        assert sorted(claims) == [[], [2 * EACH]]
        assert opened[1].look_for_late(NOON) == []
        opened[1].note_sending(f"to-{pipeline}", [listed[0].id], NOON, None)
        state = opened[0].channel_states()[f"to-{pipeline}"]
        assert (state.sent_at, state.waiting) == (NOON, 0)
        for history in opened:
            history.close()
