"""What is thrown away, what never is, and when: by a clock that the test turns."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from headrace.core.ids import new_run_id
from headrace.core.paths import ProjectPaths
from headrace.project.settings import Retention
from headrace.protocol.tables import BlockRun, Display, Output, RunRecord
from headrace.runs.changes import QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.server.upkeep import PERIOD, Upkeep

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class House:
    """A project with a history, a store and logs, seen at noon."""

    def __init__(self, folder, history):
        self.paths = ProjectPaths.of(folder)
        self.paths.make_state()
        self.history = history
        self.clock = Clock()
        self.retention = Retention()
        self.upkeep = Upkeep(
            paths=self.paths, history=history, retention=lambda: self.retention, clock=self.clock
        )

    def store(self, letter, *, age=10 * DAY, size=10):
        """Put an output of that age into the store; return its address."""
        address = letter * 32
        file = self.paths.store / address[:2] / f"{address}.arrow"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x" * size)
        then = (NOON - age).timestamp()
        os.utime(file, (then, then))
        return address

    def stored(self):
        return {file.stem[0] for file in self.paths.store.glob("*/*")}

    async def run(self, *addresses, age=DAY, displays=(), over=True, block="b", log=False):
        """Record a run of one block for each address."""
        at = NOON - age
        blocks = [
            BlockRun(
                name=f"{block}{index}",
                kind="loader",
                state="succeeded",
                finished_at=at,
                output=Output(address=address, digest="d", kind="table"),
                displays=[Display(mime="text/html", address=shown) for shown in displays],
            )
            for index, address in enumerate(addresses)
        ]
        queued = [msgspec.structs.replace(b, state="queued", finished_at=None) for b in blocks]
        record = RunRecord(
            id=new_run_id(), pipeline="p", state="queued", version="v", queued_at=at, blocks=queued
        )
        changes = [QueueRun(record=record, files=b"", owner="me", idempotency_key=None)]
        changes += [SaveBlock(run_id=record.id, block=b) for b in blocks]
        if over:
            ended = SaveRun(run_id=record.id, state="succeeded", started_at=at, finished_at=at)
            changes.append(ended)
        await self.history.call(History.write, changes)
        if log:
            folder = self.paths.logs / record.id
            folder.mkdir()
            (folder / "b0.1.log").write_text("said")
        return record.id


@pytest.fixture
async def house(tmp_path):
    history = HistoryThread("sqlite://")
    yield House(tmp_path, history)
    await history.close()


async def test_outputs_that_nothing_names_go_when_they_are_old(house):
    house.store("a", age=8 * DAY)
    house.store("b", age=6 * DAY)
    freed = await house.upkeep.look()
    assert freed is not None
    assert freed.bytes == 10
    assert house.stored() == {"b"}


async def test_results_displays_and_what_a_block_showed_last_stay_however_old(house):
    a, b, c, d = (house.store(letter) for letter in "abcd")
    house.store("e")
    result = SaveResult(
        pipeline="p", block="x", key="k", finished_at=NOON - 90 * DAY,
        output=Output(address=a, digest="d", kind="table"),
    )  # fmt: skip
    await house.history.call(History.write, [result])
    await house.run(b, displays=[c], age=90 * DAY)
    house.retention = Retention(runs=1)
    await house.run(d, block="other")
    await house.upkeep.look()
    assert house.stored() == {"a", "b", "c", "d"}


async def test_only_the_newest_runs_and_those_under_way_keep_their_outputs(house):
    house.retention = Retention(runs=2)
    for index, letter in enumerate("abcd"):
        await house.run(house.store(letter), age=(9 - index) * DAY)
    await house.run(house.store("u"), age=20 * DAY, over=False)
    await house.upkeep.look()
    assert house.stored() == {"c", "d", "u"}


async def test_a_full_store_lets_younger_outputs_go_but_never_those_of_the_last_hour(house):
    house.retention = Retention(size_bytes=15)
    house.store("a", age=2 * DAY)
    house.store("b", age=timedelta(minutes=59))
    await house.upkeep.look()
    assert house.stored() == {"b"}


async def test_an_age_of_nothing_still_leaves_the_last_hour(house):
    house.retention = Retention(age_s=0)
    house.store("a", age=timedelta(minutes=61))
    house.store("b", age=timedelta(minutes=59))
    await house.upkeep.look()
    assert house.stored() == {"b"}


async def test_runs_stay_for_ever_unless_a_time_is_set(house):
    old = await house.run(house.store("a"), age=400 * DAY, log=True)
    assert (await house.upkeep.look()).runs == 0
    assert (await house.history.call(History.run, old)).id == old
    assert (house.paths.logs / old).exists()


async def test_old_runs_go_with_their_logs_and_then_their_outputs(house):
    house.retention = Retention(history_s=30 * 86400.0)
    old = await house.run(house.store("a"), age=31 * DAY, log=True)
    young = await house.run(house.store("b"), age=29 * DAY, log=True)
    (house.paths.logs / "notes").mkdir()
    freed = await house.upkeep.look()
    assert freed is not None
    assert freed.runs == 1
    assert {folder.name for folder in house.paths.logs.iterdir()} == {young, "notes"}
    assert house.stored() == {"b"}
    assert [run.id for run in await house.history.call(History.runs)] == [young]
    assert old != young


async def test_it_goes_round_once_a_day_by_the_clock(house):
    assert await house.upkeep.look() is not None
    house.store("a")
    house.clock.at += PERIOD - timedelta(seconds=1)
    assert await house.upkeep.look() is None
    assert house.stored() == {"a"}
    house.clock.at += timedelta(seconds=1)
    assert await house.upkeep.look() is not None
    assert house.stored() == set()


async def test_what_killed_workers_left_half_written_goes_after_an_hour(house):
    folder = house.paths.store / "new"
    folder.mkdir(parents=True, exist_ok=True)
    for name, minutes in (("old", 61), ("young", 59)):
        (folder / f"{name}.tmp").write_bytes(b"half")
        then = (NOON - timedelta(minutes=minutes)).timestamp()
        os.utime(folder / f"{name}.tmp", (then, then))
    await house.upkeep.look()
    assert [file.name for file in folder.iterdir()] == ["young.tmp"]
