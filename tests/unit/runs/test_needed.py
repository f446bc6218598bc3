from __future__ import annotations

from datetime import timedelta

from headrace.protocol.tables import BlockRun, Output
from headrace.runs.changes import SaveBlock, SaveResult, SaveRun
from headrace.runs.history import History


def output(letter: str) -> Output:
    return Output(address=letter * 32, digest=letter, kind="table")


def finish(history: History, change, at, letter: str) -> None:
    """Record that the run's only block made an output, and that it is over."""
    (block,) = change.record.blocks
    done = BlockRun(
        name=block.name, kind="loader", state="succeeded", finished_at=at, output=output(letter)
    )
    run = change.record.id
    ended = SaveRun(run_id=run, state="succeeded", started_at=at, finished_at=at)
    history.write([change, SaveBlock(run_id=run, block=done), ended])


def letters(addresses: set[str]) -> str:
    return "".join(sorted(address[0] for address in addresses))


def test_each_pipeline_needs_its_own_newest_runs(history, queue, noon):
    for minutes, letter in enumerate("abc"):
        finish(history, queue("x", minutes=minutes), noon + timedelta(minutes=minutes), letter)
    finish(history, queue("x", minutes=9, pipeline="q"), noon, "d")
    assert history.pipelines() == ["p", "q"]
    assert letters(history.needed("p", 2)) == "bc"
    assert letters(history.needed("q", 2)) == "d"
    assert history.needed("unknown", 2) == set()


def test_results_and_what_was_shown_last_are_needed_without_any_run(history, queue, noon):
    finish(history, queue("old", minutes=0), noon, "a")
    finish(history, queue("new", minutes=1), noon, "b")
    result = SaveResult(pipeline="r", block="x", key="k", output=output("c"), finished_at=noon)
    history.write([result])
    assert letters(history.needed("p", 0)) == "ab"
    assert history.pipelines() == ["p", "r"]
    assert letters(history.needed("r", 0)) == "c"


def test_runs_that_are_not_known_are_named(history, queue):
    change = queue("x")
    history.write([change])
    strangers = [f"{n:020d}" for n in range(1200)]
    assert history.unknown([change.record.id, *strangers]) == set(strangers)
    assert history.unknown([]) == set()
