"""Lists of runs: pages that follow one another, and what narrows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import Any

import pytest
from sqlalchemy import event

from headrace.core.errors import NotFound
from headrace.protocol.tables import Origin, RunState
from headrace.runs.changes import QueueRun, SaveRun
from headrace.runs.history import History
from headrace.runs.lists import median_seconds

Queue = Callable[..., QueueRun]
STATES: tuple[RunState, ...] = ("succeeded", "failed", "queued")
ORIGINS: tuple[Origin, ...] = ("trigger", "editor", "api")
PIPELINES = ("p", "q")
FILTERS = {"pipeline": "p", "state": "failed", "origin": "trigger"}


@pytest.fixture(
    params=[names for n in range(4) for names in combinations(FILTERS, n)], ids="-".join
)
def asked(request: pytest.FixtureRequest) -> dict[str, str]:
    """Some of the filters, or all, or none."""
    return {name: FILTERS[name] for name in request.param}


@pytest.fixture
def many(history: History, queue: Queue) -> list[QueueRun]:
    """Runs of all pipelines, states and origins, one a minute; newest first."""
    kinds = list(product(PIPELINES, STATES, ORIGINS))
    changes = [
        queue(id=f"{n:020d}", minutes=n, pipeline=pipeline, state=state, origin=origin)
        for n, (pipeline, state, origin) in enumerate(kinds * 3)
    ]
    history.write(changes)
    return changes[::-1]


def test_lists_go_on_where_the_last_page_ended(history: History, queue: Queue) -> None:
    # Three runs each share a moment, so that pages end in the middle of one.
    changes = [queue(id=f"{i:020d}", minutes=i // 3) for i in range(20)]
    history.write(changes)
    seen: list[str] = []
    before = None
    while page := history.runs(limit=4, before=before):
        seen += [run.id for run in page]
        before = page[-1].id
    assert seen == sorted((change.record.id for change in changes), reverse=True)
    with pytest.raises(NotFound):
        history.runs(before="nobody")


def test_lists_can_be_narrowed(history: History, queue: Queue, noon: datetime) -> None:
    history.write(
        [
            queue(id="1", pipeline="p", origin="editor", minutes=1),
            queue(id="2", pipeline="q", origin="trigger", minutes=2),
            queue(id="3", pipeline="p", origin="api", state="running", minutes=3),
        ]
    )
    assert [run.id for run in history.runs(pipeline="p")] == ["3", "1"]
    assert [run.id for run in history.runs(state="queued")] == ["2", "1"]
    assert [run.id for run in history.runs(origin="trigger")] == ["2"]
    latest = history.latest_runs(["p", "q", "r"])
    assert {name: [run.id for run in runs] for name, runs in latest.items()} == {
        "p": ["3"],
        "q": ["2"],
        "r": [],
    }
    assert history.count_since(noon) == {"queued": 1, "running": 1}


@pytest.mark.parametrize("span", [None, (10, 40)])
def test_any_filters_together_give_pages_of_what_they_all_let_through(
    history: History,
    many: list[QueueRun],
    noon: datetime,
    asked: dict[str, str],
    span: tuple[int, int] | None,
) -> None:
    since, until = (noon + timedelta(minutes=at) for at in span or (-1, 1000))
    wanted = [
        run.id
        for run in (change.record for change in many)
        if all(getattr(run, column) == value for column, value in asked.items())
        and since <= run.queued_at < until
    ]
    bounds = {} if span is None else {"since": since, "until": until}
    seen: list[str] = []
    before = None
    while page := history.runs(**asked, limit=2, before=before, **bounds):
        seen += [run.id for run in page]
        before = page[-1].id
    assert seen == wanted
    assert len(wanted) > 1


@pytest.fixture
def plans(history: History) -> Iterator[list[str]]:
    """How SQLite goes about each question that is asked of the history."""
    seen: list[str] = []

    def explain(_: Any, cursor: Any, statement: str, values: Any, *__: Any) -> None:
        if statement.startswith("SELECT"):
            connection: sqlite3.Connection = cursor.connection
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            seen.extend(row[3] for row in plan)

    event.listen(history.database.engine, "before_cursor_execute", explain)
    yield seen
    event.remove(history.database.engine, "before_cursor_execute", explain)


def test_no_filter_makes_the_history_be_read_through_or_put_in_order(
    history: History,
    many: list[QueueRun],
    plans: list[str],
    noon: datetime,
    asked: dict[str, str],
) -> None:
    for bounds in ({}, {"since": noon}, {"until": noon, "before": many[3].record.id}):
        plans.clear()
        history.runs(**asked, limit=3, **bounds)
        ranges = [step for step in plans if "INDEX runs_" in step]
        assert ranges, plans
        for step in ranges:
            assert all(f"{column}=?" in step for column in asked), plans
            assert step.startswith("SEARCH") or not (asked or bounds), plans
        if len(ranges) == 1:
            assert not any("TEMP B-TREE" in step for step in plans), plans


@pytest.mark.parametrize(
    ("outcomes", "since"),
    [
        ("", None),
        ("s", None),
        ("f", 0),
        ("sff", 1),
        ("ffs", None),
        ("sfcf", 1),
        ("sfc", 1),
        ("sf.", 1),
        ("c", None),
        ("ffsfff", 3),
        ("ffffff", 0),
    ],
)
def test_a_pipeline_fails_since_its_first_failure_after_a_success(
    history: History, queue: Queue, noon: datetime, outcomes: str, since: int | None
) -> None:
    states = {"s": "succeeded", "f": "failed", "c": "cancelled", ".": "running"}
    for minutes, outcome in enumerate(outcomes):
        origin = ORIGINS[2 * (minutes % 2)]
        history.write([queue(minutes=minutes, state=states[outcome], origin=origin)])
    # What is tried in the editor counts for nothing.
    history.write([queue(minutes=2.5, state="succeeded", origin="editor")])
    wanted = {} if since is None else {"p": noon + timedelta(minutes=since)}
    for each in (3, 30):
        assert history.failing_since(history.latest_runs(["p"], each)) == wanted


def test_the_median_is_of_runs_that_succeeded(history: History, queue: Queue) -> None:
    assert median_seconds([]) is None
    changes = [queue() for _ in range(4)]
    history.write(changes)
    for change, state, seconds in zip(
        changes,
        ["succeeded", "failed", "succeeded", "succeeded"],
        [1.0, 99.0, 2.0, 4.0],
        strict=True,
    ):
        history.write([SaveRun(run_id=change.record.id, state=state, seconds=seconds)])
    assert median_seconds(history.runs()) == 2.0
