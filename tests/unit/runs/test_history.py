"""What the history promises of runs, block runs, results and retention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.core.errors import NotFound
from headrace.protocol.tables import BlockRun, BlockState, CheckResult, Output, RunState
from headrace.runs.changes import QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.runs.history import KEPT_RESULTS, History

Queue = Callable[..., QueueRun]
DAY = timedelta(days=1)


def block(name: str, state: BlockState, at: datetime | None = None) -> BlockRun:
    return BlockRun(name=name, kind="loader", state=state, finished_at=at)


def result(key: str, at: datetime, name: str = "a") -> SaveResult:
    output = Output(address=key, digest=key, kind="json")
    return SaveResult(pipeline="p", block=name, key=key, output=output, finished_at=at)


def test_a_run_comes_back_as_it_was_queued(history: History, queue: Queue, noon: datetime) -> None:
    change = queue("b", "a", parameters={"n": [1, "ä"]}, trigger="t", logical_time=noon)
    history.write([change])
    assert history.run(change.record.id) == change.record
    with pytest.raises(NotFound):
        history.run("nobody")


def test_files_are_kept_once_per_version(history: History, queue: Queue) -> None:
    history.write([queue(files=b"one"), queue(files=b"another")])
    assert history.files("v1") == b"one"
    with pytest.raises(NotFound):
        history.files("v2")


def test_all_changes_of_a_write_or_none(history: History, queue: Queue) -> None:
    with pytest.raises(NotFound):
        history.write([queue("a"), SaveBlock(run_id="nobody", block=block("a", "running"))])
    assert history.runs() == []


def test_a_run_goes_its_way(history: History, queue: Queue, noon: datetime) -> None:
    run = queue("a")
    history.write([run])
    history.write([SaveRun(run_id=run.record.id, state="running", started_at=noon)])
    history.write(
        [
            SaveRun(
                run_id=run.record.id, state="failed", finished_at=noon, seconds=1.5, reason="a: x"
            )
        ]
    )
    saved = history.run(run.record.id)
    assert (saved.state, saved.started_at, saved.seconds) == ("failed", noon, 1.5)
    assert saved.reason == "a: x"


def test_done_blocks_are_counted_once_each(history: History, queue: Queue, noon: datetime) -> None:
    run = queue("a", "b").record
    history.write([queue("a", "b", id=run.id)])
    steps: list[tuple[str, BlockState, int]] = [
        ("a", "running", 0),
        ("a", "succeeded", 1),
        ("a", "succeeded", 1),
        ("b", "cached", 2),
        ("b", "queued", 1),
        ("b", "failed", 2),
    ]
    for name, state, done in steps:
        history.write([SaveBlock(run_id=run.id, block=block(name, state, noon))])
        assert [one.blocks_done for one in history.runs()] == [done]


def test_an_idempotency_key_finds_its_run(history: History, queue: Queue, noon: datetime) -> None:
    change = queue(key="k")
    history.write([change])
    assert history.find_by_key("p", "k", noon - DAY) == change.record.id
    assert history.find_by_key("p", "k", noon + DAY) is None
    assert history.find_by_key("q", "k", noon - DAY) is None


def test_a_run_is_taken_over_by_one(history: History, queue: Queue) -> None:
    change = queue("a", files=b"f")
    history.write([change, queue(state="succeeded")])
    assert history.unfinished() == [(change.record, b"f", "me")]
    assert history.take_over(change.record.id, "you", from_owner="me")
    assert not history.take_over(change.record.id, "they", from_owner="me")
    ((record, _, owner),) = history.unfinished()
    assert (record.attempt, owner) == (2, "you")


def test_the_newest_results_of_a_block_are_kept(history: History, noon: datetime) -> None:
    for i in range(KEPT_RESULTS + 10):
        history.write([result(f"k{i}", noon + timedelta(seconds=i))])
    history.write([result("other", noon, "b")])
    history.write([result("k20", noon + DAY)])
    kept = [saved.key for saved in history.results("p")]
    newest = [f"k{i}" for i in reversed(range(10, KEPT_RESULTS + 10)) if i != 20]
    assert kept == ["k20", *newest, "other"]
    assert [saved.key for saved in history.results("p", per_block=1)] == ["k20", "other"]


def test_the_last_run_of_each_block(history: History, queue: Queue, noon: datetime) -> None:
    first, second = queue("a", "b"), queue("a", "c")
    history.write([first, second])
    done = [
        (first, "a", "succeeded", 1),
        (second, "a", "failed", 2),
        (first, "b", "succeeded", 3),
    ]
    for change, name, state, minute in done:
        ended = block(name, state, noon + timedelta(minutes=minute))
        history.write([SaveBlock(run_id=change.record.id, block=ended)])
    found = history.last_block_runs("p")
    assert {name: (run, one.state) for name, (run, one) in found.items()} == {
        "a": (second.record.id, "failed"),
        "b": (first.record.id, "succeeded"),
    }


def test_purging_goes_in_slices_and_takes_only_what_is_old(
    history: History, queue: Queue, noon: datetime
) -> None:
    old = [queue("a", minutes=i, version="old", files=b"o") for i in range(5)]
    going = queue("a", version="going", files=b"g")
    new = queue("a", minutes=60, files=b"n")
    history.write([*old, going, new])
    for change in [*old, new]:
        at = change.record.queued_at
        history.write([SaveRun(run_id=change.record.id, state="succeeded", finished_at=at)])
    before = noon + timedelta(minutes=30)
    assert [history.purge(before, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert {run.id for run in history.runs()} == {going.record.id, new.record.id}
    assert (history.files("v1"), history.files("going")) == (b"n", b"g")
    with pytest.raises(NotFound):
        history.files("old")


def test_runs_of_others_are_those_that_go_on_new_ones_and_those_asked_for(
    history: History, queue: Queue, noon: datetime
) -> None:
    def put(name: str, *, owner: str, ago: timedelta, state: RunState, pipeline: str = "p") -> None:
        run = queue("a", id=name, minutes=-ago.total_seconds() / 60, pipeline=pipeline)
        history.write([msgspec.structs.replace(run, owner=owner)])
        history.write([SaveRun(run_id=name, state=state)])

    put("old-going", owner="them", ago=DAY, state="running")
    put("old-over", owner="them", ago=DAY, state="succeeded")
    put("old-asked", owner="them", ago=DAY, state="failed")
    put("new-over", owner="them", ago=timedelta(0), state="cancelled")
    put("mine", owner="me", ago=timedelta(0), state="running")
    put("elsewhere", owner="them", ago=timedelta(0), state="running", pipeline="q")
    since = noon - timedelta(minutes=1)
    assert history.runs_of_others("p", "me", since, ["old-asked", "mine"]) == {
        "old-going": ("running", 0),
        "new-over": ("cancelled", 0),
        "old-asked": ("failed", 0),
    }


def made(name: str, at: datetime, address: str, state: Any = "succeeded") -> BlockRun:
    output = Output(address=address, digest=address, kind="table", rows=1)
    return BlockRun(name=name, kind="loader", state=state, finished_at=at, output=output)


def test_past_results_are_the_newest_first_and_equal_ones_in_a_row_are_one(
    history: History, queue: Any, noon: datetime
) -> None:
    story = [
        ("editor", "a", "succeeded"),
        ("trigger", "b", "succeeded"),
        ("trigger", "b", "cached"),
        ("editor", "x", "failed"),
        ("editor", "a", "succeeded"),
    ]
    ids: list[str] = []
    for number, (origin, address, state) in enumerate(story):
        change = queue("load", origin=origin, trigger="nightly" if origin == "trigger" else None)
        at = noon + timedelta(minutes=number)
        ended = made("load", at, address, state)
        history.write([change, SaveBlock(run_id=change.record.id, block=ended)])
        ids.append(change.record.id)
    found = history.past_results("p", "load")
    assert [(r.output.address, r.run, r.times) for r in found.results] == [
        ("a", ids[4], 1),
        ("b", ids[2], 2),
        ("a", ids[0], 1),
    ]
    assert found.scheduled is not None
    assert (found.scheduled.run, found.scheduled.trigger) == (ids[2], "nightly")
    assert found.scheduled.finished_at == noon + timedelta(minutes=2)


def test_a_block_that_gave_nothing_has_no_past_results(
    history: History, queue: Any, noon: datetime
) -> None:
    change = queue("load")
    nothing = Output(address="n", digest="n", kind="nothing")
    ended = BlockRun(
        name="load", kind="loader", state="succeeded", finished_at=noon, output=nothing
    )
    history.write([change, SaveBlock(run_id=change.record.id, block=ended)])
    for block in ("load", "other"):
        found = history.past_results("p", block)
        assert (found.results, found.scheduled) == ([], None)


def test_the_rows_that_were_against_a_check_are_needed_and_found(
    history: History, queue: Any, noon: datetime
) -> None:
    change = queue("load")
    rows = Output(address="bad rows", digest="d", kind="table")
    check = CheckResult(name="c", state="failed", count=1, rows=rows)
    passed = CheckResult(name="d", state="passed")
    ended = BlockRun(
        name="load", kind="loader", state="failed", finished_at=noon, checks=[check, passed]
    )
    history.write([change, SaveBlock(run_id=change.record.id, block=ended)])
    assert "bad rows" in history.needed("p", 0)
    assert ("p", "load", "bad rows") in history.stored()


def test_a_history_tells_whether_another_process_has_written(tmp_path: Path, queue: Queue) -> None:
    history, other = (History.open(tmp_path / "headrace.db") for _ in range(2))
    before = history.version()
    assert before is not None
    history.write([queue("a")])
    assert history.version() == before, "what we write ourselves is no news"
    other.write([queue("a")])
    assert history.version() != before
    for opened in (history, other):
        opened.close()
