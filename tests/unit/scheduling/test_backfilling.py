"""The shell of backfills: runs for every tick, once, whatever ends, stops or stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from headrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from headrace.protocol.backfills import Backfill, BackfillRequest
from headrace.protocol.events import BackfillChanged
from headrace.runs.history import History
from headrace.scheduling import backfilling as module
from headrace.scheduling.backfilling import (
    Backfilling,
    add_backfill,
    look_back,
    plan,
    trigger_of,
)

if TYPE_CHECKING:
    from conftest import FakeRun, World

DAILY = 'cron: "0 6 * * *", parameters: {n: 1}'
SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""The last tick before the world begins, at noon."""


@dataclass
class Fills:
    """A world with one daily trigger, and the shells that carry out its backfills."""

    world: World
    shells: list[Backfilling] = field(default_factory=list[Backfilling])

    def shell(self) -> Backfilling:
        world = self.world
        shell = Backfilling(sessions=world.sessions, history=world.history, clock=world.clock)
        self.shells.append(shell)
        shell.start()
        return shell

    async def add(self, days: int, **fields: Any) -> Backfill:
        """Ask for the last so many days."""
        world = self.world
        first = (world.clock.time - timedelta(days=days)).isoformat()
        asked = BackfillRequest(trigger="t0", first=first, **fields)
        table = await trigger_of(world.sessions.project, world.history, "p", "t0", world.clock.time)
        _, new = await plan(world.history, table, asked, world.clock.time)
        made = await add_backfill(world.history, new)
        for shell in self.shells:
            shell.wake()
        return made

    async def set(self, backfill: Backfill, state: Any) -> None:
        time = self.world.clock.time
        await self.world.history.call(History.set_backfill, backfill.id, state, time)
        for shell in self.shells:
            shell.wake()

    async def now(self, backfill: Backfill) -> Backfill:
        return await self.world.history.call(History.backfill, backfill.id)

    async def until(self, backfill: Backfill, holds: Callable[[Backfill], bool]) -> Backfill:
        async with asyncio.timeout(60):
            while not holds(found := await self.now(backfill)):
                await asyncio.sleep(0.001)
        return found

    async def launched(self, count: int) -> list[FakeRun]:
        await self.world.until(lambda: len(self.world.sessions.launched) >= count)
        return self.world.sessions.launched

    async def quiet(self) -> None:
        """Wait until every shell has looked at all as it is now, and found nothing to do."""
        for shell in self.shells:
            shell.wake()
            await self.world.until(lambda: not shell._awake.is_set())  # noqa: B023
            await self.world.until(lambda: not shell._busy and not shell._awake.is_set())  # noqa: B023
        await self.world.history.call(History.next_due)


@pytest.fixture
async def fills(world: World) -> AsyncIterator[Fills]:
    world.write("p", DAILY)
    fills = Fills(world)
    yield fills
    for shell in fills.shells:
        await shell.close()


async def test_every_tick_gets_a_run_as_the_scheduler_would_start_it(fills: Fills) -> None:
    fills.shell()
    made = await fills.add(3)
    for number in range(3):
        run = (await fills.launched(number + 1))[number]
        assert len(fills.world.sessions.launched) == number + 1, "one at once"
        at = SIX - timedelta(days=2 - number)
        assert (run.request.origin, run.request.trigger) == ("backfill", "t0")
        assert (run.request.logical_time, run.request.published) == (at, True)
        assert run.request.interval_start == at - timedelta(days=1)
        assert run.request.parameters == {"n": 1}
        await fills.world.sessions.end(run, "failed" if number == 1 else "succeeded")
    over = await fills.until(made, lambda b: b.state == "finished")
    assert (over.counts.succeeded, over.counts.failed, over.total) == (2, 1, 3)
    world = fills.world

    def told() -> list[Backfill]:
        return [event.backfill for event in world.events if isinstance(event, BackfillChanged)]

    await world.until(lambda: bool(told()) and told()[-1].state == "finished")
    assert told()[0].state == "running"
    assert len({one.counts for one in told()}) > 2, "how far it is is told on the way"


async def test_the_limit_and_the_order_hold(fills: Fills) -> None:
    fills.shell()
    await fills.add(5, parallel=2, order="newest")
    await fills.launched(2)
    await fills.quiet()
    times = fills.world.sessions.times()
    assert times == [SIX, SIX - timedelta(days=1)]
    await fills.world.sessions.end(fills.world.sessions.launched[1])
    await fills.launched(3)
    await fills.quiet()
    assert fills.world.sessions.times()[2:] == [SIX - timedelta(days=2)]


async def test_holes_are_filled_and_what_is_there_is_left(fills: Fills) -> None:
    fills.shell()
    await fills.add(4, parallel=4)
    states = ["succeeded", "failed", "cancelled", "succeeded"]
    for run, state in zip(list(await fills.launched(4)), states, strict=True):
        await fills.world.sessions.end(run, state)  # type: ignore[arg-type]
    await fills.quiet()
    holes = await fills.add(5, parallel=4)
    assert holes.total == 3, "two that were no success, and one before them"
    await fills.launched(7)
    assert set(fills.world.sessions.times()[4:]) == {
        SIX - timedelta(days=days) for days in (4, 2, 1)
    }


async def test_nothing_to_run_is_refused(fills: Fills) -> None:
    fills.shell()
    made = await fills.add(1)
    with pytest.raises(InvalidInput, match="nothing to run"):
        await fills.add(1)
    await fills.world.sessions.end((await fills.launched(1))[0])
    await fills.until(made, lambda b: b.state == "finished")
    with pytest.raises(InvalidInput, match="nothing to run"):
        await fills.add(1)
    assert (await fills.add(1, which="all")).total == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"parallel": 0}, "parallel"), ({"parallel": 33}, "parallel"), ({"last": "x"}, "to")],
)
async def test_what_means_nothing_is_refused(
    fills: Fills, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await fills.add(3, **fields)
    assert refused.value.details["field"] == field


async def test_a_backfill_of_too_many_ticks_is_refused(
    fills: Fills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TICKS", 2)
    with pytest.raises(InvalidInput, match="at most 2 ticks, and these are 3"):
        await fills.add(3)


async def test_a_trigger_that_there_is_not(fills: Fills) -> None:
    world = fills.world
    with pytest.raises(NotFound):
        await trigger_of(world.sessions.project, world.history, "p", "no", world.clock.time)


async def test_pausing_lets_runs_end_and_starts_none(fills: Fills) -> None:
    fills.shell()
    made = await fills.add(4, parallel=2)
    runs = await fills.launched(2)
    await fills.set(made, "paused")
    await fills.world.sessions.end(runs[0])
    await fills.world.sessions.end(runs[1])
    await fills.quiet()
    rested = await fills.now(made)
    assert (rested.state, rested.counts.succeeded, rested.counts.waiting) == ("paused", 2, 2)
    assert len(fills.world.sessions.launched) == 2
    await fills.set(made, "running")
    await fills.launched(4)


async def test_cancelling_stops_its_runs_once_and_gives_up_the_rest(fills: Fills) -> None:
    fills.shell()
    made = await fills.add(4, parallel=2)
    runs = list(await fills.launched(2))
    await fills.set(made, "cancelled")
    await fills.world.until(lambda: len(fills.world.sessions.cancelled) == 2)
    await fills.quiet()
    assert sorted(fills.world.sessions.cancelled) == sorted(run.id for run in runs)
    for run in runs:
        await fills.world.sessions.end(run, "cancelled")
    await fills.quiet()
    assert len(fills.world.sessions.launched) == 2
    with pytest.raises(Conflict):
        await fills.set(made, "running")


async def test_two_processes_on_one_history_keep_one_limit_and_double_nothing(
    fills: Fills,
) -> None:
    fills.shell()
    fills.shell()
    made = await fills.add(12, parallel=3)
    ended = 0
    while ended < 12:
        runs = await fills.launched(ended + 1)
        assert len(runs) - ended <= 3
        await fills.world.sessions.end(runs[ended])
        ended += 1
        for shell in fills.shells:
            shell.wake()
    await fills.until(made, lambda b: b.state == "finished")
    times = fills.world.sessions.times()
    assert len(times) == len(set(times)) == 12


async def test_the_next_process_goes_on_where_the_last_one_stopped(fills: Fills) -> None:
    first = fills.shell()
    made = await fills.add(3)
    runs = await fills.launched(1)
    await first.close()
    await fills.world.sessions.end(runs[0])
    assert (await fills.now(made)).counts.waiting == 2
    fills.shells.remove(first)
    fills.shell()
    runs = await fills.launched(2)
    await fills.world.sessions.end(runs[1])
    runs = await fills.launched(3)
    await fills.world.sessions.end(runs[2])
    await fills.until(made, lambda b: b.state == "finished")


async def test_a_pipeline_that_cannot_run_pauses_it_and_says_why(fills: Fills) -> None:
    fills.world.sessions.refusals["p"] = InvalidInput("month: is missing")
    fills.shell()
    made = await fills.add(3)
    rested = await fills.until(made, lambda b: b.state == "paused")
    assert (rested.problem, rested.counts.waiting) == ("month: is missing", 3)
    fills.world.sessions.refusals.clear()
    await fills.set(made, "running")
    await fills.launched(1)
    assert (await fills.now(made)).problem is None


@pytest.mark.parametrize("error", [Unavailable("busy"), RuntimeError("a defect")])
async def test_a_passing_problem_loses_nothing(
    fills: Fills, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    fills.world.sessions.refusals["p"] = error  # type: ignore[assignment]
    shell = fills.shell()
    await fills.add(1)
    await fills.world.until(lambda: bool(shell._timers))
    fills.world.sessions.refusals.clear()
    await fills.launched(1)


async def test_the_schedule_goes_on_beside_a_backfill(fills: Fills) -> None:
    world = fills.world
    await world.daemon.start()
    fills.shell()
    await fills.add(3)
    await fills.launched(1)
    await world.turn(hours=18)
    runs = await fills.launched(2)
    assert (runs[1].request.origin, runs[1].request.logical_time) == (
        "trigger",
        SIX + timedelta(days=1),
    )
    assert await world.skipped() == [], "overlap: skip is of the schedule's own runs"


async def test_what_is_due_just_now_is_left_to_the_scheduler(fills: Fills) -> None:
    world = fills.world
    world.clock.time = SIX + timedelta(seconds=5)
    table = await trigger_of(world.sessions.project, world.history, "p", "t0", world.clock.time)
    past = await look_back(world.history, table, "2026-03-01", None, world.clock.time)
    assert [tick.state for tick in past.ticks] == ["missing", "waiting"]
    world.clock.time = SIX + timedelta(minutes=5)
    past = await look_back(world.history, table, "2026-03-01", None, world.clock.time)
    assert past.counts == {"missing": 2}
    assert [(day.day, day.counts) for day in past.days] == [
        ("2026-03-01", {"missing": 1}),
        ("2026-03-02", {"missing": 1}),
    ]


async def test_what_the_server_missed_is_a_hole(fills: Fills) -> None:
    world = fills.world
    world.write("p", DAILY + ", catchup: none")
    await world.daemon.start()
    await world.turn(days=3)
    await world.settled()
    assert len(await world.skipped()) == 2, "one stands for all before the last day"
    fills.shell()
    await fills.add(3, parallel=3)
    await fills.launched(3)
    assert await world.skipped() == []
