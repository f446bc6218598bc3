"""Lists of runs say the same on SQLite and PostgreSQL, whatever narrows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, product

from headrace.protocol.tables import Origin, RunRecord, RunState
from headrace.runs.changes import QueueRun
from headrace.runs.history import History

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STATES: tuple[RunState, ...] = ("succeeded", "failed")
ORIGINS: tuple[Origin, ...] = ("trigger", "editor", "api")
FILTERS = {"pipeline": "listed", "state": "failed", "origin": "trigger"}


def test_pages_by_any_filters_follow_one_another(place: str) -> None:
    history = History.open(place)
    records = [
        RunRecord(
            id=f"{n:020d}",
            pipeline=pipeline,
            state=state,
            origin=origin,
            version="v",
            # Some share a moment, so that pages end in the middle of one.
            queued_at=NOON + timedelta(minutes=n // 2 if n < 30 else n),
        )
        for n, (pipeline, state, origin) in enumerate(
            [*product(("listed", "unlisted"), STATES, ORIGINS)] * 4
        )
    ]
    history.write([QueueRun(record=record, files=b"", owner="me") for record in records])
    until = NOON + timedelta(minutes=20)
    for names in (names for n in range(4) for names in combinations(FILTERS, n)):
        asked = {name: FILTERS[name] for name in names}
        seen: list[str] = []
        before = None
        while page := history.runs(**asked, limit=2, before=before, since=NOON, until=until):
            seen += [run.id for run in page]
            before = page[-1].id
        wanted = [
            record.id
            for record in reversed(records)
            if record.queued_at < until
            and all(getattr(record, name) == value for name, value in asked.items())
        ]
        assert seen == wanted, asked
    assert history.failing_since(history.latest_runs(["listed"], 2)) == {
        "listed": NOON + timedelta(minutes=39)
    }
    history.close()
