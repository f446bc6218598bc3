"""The scheduler's shell: files in, runs out; nothing lost by errors, crashes or slow neighbours."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from headrace.core.errors import InvalidInput, Unavailable
from headrace.protocol.events import PipelinesChanged, TriggersChanged
from headrace.runs.history import History
from headrace.scheduling import daemon as module
from headrace.scheduling.daemon import Daemon
from headrace.scheduling.files import TriggersAsRead, read_triggers, sync

if TYPE_CHECKING:
    from conftest import World

EVERY = 'cron: "*/5 * * * *"'


async def test_a_tick_starts_one_run_and_is_told(world: World) -> None:
    world.write("p", EVERY + ", parameters: {n: 1}")
    await world.daemon.start()
    assert await world.history.call(History.next_due), "known when the start is over"
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 1)
    await world.settled()
    (run,) = world.sessions.launched
    assert (run.request.origin, run.request.trigger) == ("trigger", "t0")
    assert (run.request.logical_time, run.request.parameters) == (world.clock.time, {"n": 1})
    assert run.request.interval_start == world.clock.time - timedelta(minutes=5)
    (recorded,) = await world.history.call(History.runs)
    assert recorded.id == run.id
    assert TriggersChanged(of="p", seq=world.events[-1].seq) in world.events


@pytest.mark.parametrize(
    ("overlap", "started", "cancelled"),
    [("skip", 2, 0), ("queue_one", 3, 0), ("queue_all", 5, 0), ("allow", 5, 0)],
)
async def test_overlap_when_runs_take_longer_than_the_time_between(
    world: World, overlap: str, started: int, cancelled: int
) -> None:
    world.write("p", f"{EVERY}, overlap: {overlap}")
    await world.daemon.start()
    for _ in range(4):
        await world.turn(minutes=5)
        await world.settled()
    assert len(world.sessions.launched) == (4 if overlap == "allow" else 1)
    # The first run ends; each that was waiting starts when the one before is over.
    ended = 0
    while ended < len(world.sessions.launched):
        await world.sessions.end(world.sessions.launched[ended])
        ended += 1
        await world.settled()
    await world.turn(minutes=5)
    await world.settled()
    assert len(world.sessions.launched) == started
    times = world.sessions.times()
    assert times == sorted(set(times))
    assert len(world.sessions.cancelled) == cancelled


@pytest.mark.parametrize(
    ("overlap", "started", "cancelled", "skipped"),
    [
        ("skip", 5, 0, 25),
        ("queue_one", 5, 0, 24),
        ("queue_all", 5, 0, 0),
        ("cancel_previous", 30, 29, 0),
        ("allow", 30, 0, 0),
    ],
)
async def test_a_run_of_a_minute_every_ten_seconds_for_five_minutes(
    world: World, overlap: str, started: int, cancelled: int, skipped: int
) -> None:
    world.write("p", f"every: 10s, overlap: {overlap}")
    await world.daemon.start()
    began: dict[str, datetime] = {}
    ended: set[str] = set()
    for _ in range(30):
        world.clock.time += timedelta(seconds=10)
        for run in world.sessions.launched:
            if run.id not in ended and world.clock.time - began[run.id] >= timedelta(minutes=1):
                ended.add(run.id)
                await world.sessions.end(run)
        await world.settled()
        for run in world.sessions.launched:
            began.setdefault(run.id, world.clock.time)
            if run.id in world.sessions.cancelled and run.id not in ended:
                ended.add(run.id)
                await world.sessions.end(run, "cancelled")
        await world.settled()
        for run in world.sessions.launched:
            began.setdefault(run.id, world.clock.time)
    assert len(world.sessions.launched) == started
    assert len(set(world.sessions.cancelled)) == cancelled
    assert len(await world.skipped()) == skipped
    times = world.sessions.times()
    assert times == sorted(set(times)), "in their order, none twice"


async def test_nothing_starts_while_it_may_not_and_then_all_is_caught_up(world: World) -> None:
    may: list[bool] = [False]
    world.daemon = Daemon(
        sessions=world.sessions,
        history=world.history,
        clock=world.clock,
        may_start=lambda: may[0],
    )
    world.write("p", f"{EVERY}, catchup: all, overlap: allow")
    await world.daemon.start()
    for _ in range(3):
        await world.turn(minutes=5)
        await world.settled()
    assert world.sessions.launched == []
    may[0] = True
    await world.settled()
    assert len(world.sessions.launched) == 3


async def test_a_newer_tick_takes_the_place_of_the_run_before(world: World) -> None:
    world.write("p", f"{EVERY}, overlap: cancel_previous")
    await world.daemon.start()
    for _ in range(3):
        await world.turn(minutes=5)
        await world.settled()
    (first,) = world.sessions.launched
    assert world.sessions.cancelled == [first.id], "once, though it takes a while to be over"
    await world.sessions.end(first, "cancelled")
    await world.until(lambda: len(world.sessions.launched) == 2)
    assert world.sessions.times()[1] == world.clock.time, "the newest, not the one between"
    assert len(await world.skipped()) == 1


async def test_a_run_gives_way_though_who_recorded_that_died_or_does_not_have_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("p", f"{EVERY}, overlap: cancel_previous")
    await world.daemon.start()
    await world.turn(minutes=5)
    await world.settled()
    (first,) = world.sessions.launched

    async def not_mine(*_: object) -> None:
        pass

    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(type(await world.sessions.open("p")), "cancel_run", not_mine)
        await world.turn(minutes=5)
        await world.settled()
        await world.daemon.close()
    assert world.sessions.cancelled == []
    world.daemon = Daemon(sessions=world.sessions, history=world.history, clock=world.clock)
    await world.daemon.start()
    await world.until(lambda: world.sessions.cancelled == [first.id])
    await world.sessions.end(first, "cancelled")
    await world.until(lambda: len(world.sessions.launched) == 2)


async def test_what_waited_before_a_crash_starts_after_it(world: World) -> None:
    world.write("p", f"{EVERY}, overlap: queue_all")
    await world.daemon.start()
    for _ in range(3):
        await world.turn(minutes=5)
        await world.settled()
    await world.daemon.close()
    (first,) = world.sessions.launched
    after = Daemon(sessions=world.sessions, history=world.history, clock=world.clock)
    world.daemon = after
    await after.start()
    await world.settled()
    assert len(world.sessions.launched) == 1, "the run from before the crash still goes on"
    await world.sessions.end(first)
    await world.until(lambda: len(world.sessions.launched) == 2)
    await world.sessions.end(world.sessions.launched[1])
    await world.until(lambda: len(world.sessions.launched) == 3)


async def test_two_schedulers_on_one_history_fire_a_tick_once(world: World) -> None:
    world.write("p", *[EVERY] * 5)
    other = Daemon(sessions=world.sessions, history=world.history, clock=world.clock)
    await asyncio.gather(world.daemon.start(), other.start())
    for _ in range(3):
        world.clock.time = world.clock.time.replace(minute=world.clock.time.minute + 5)
        world.daemon.wake()
        other.wake()
        await world.settled()
        for run in world.sessions.launched:
            await world.sessions.end(run)
    await other.close()
    ticks = [(run.request.trigger, run.request.logical_time) for run in world.sessions.launched]
    assert len(ticks) == len(set(ticks)) == 15


async def test_a_pipeline_that_cannot_run_skips_its_ticks_and_says_why(world: World) -> None:
    world.write("bad", EVERY)
    world.write("good", EVERY)
    world.sessions.refusals["bad"] = InvalidInput("month: is missing")
    await world.daemon.start()
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 1)
    await world.settled()
    bad, good = await world.history.call(History.triggers)
    assert (bad.problem, good.problem) == ("month: is missing", None)
    assert await world.skipped() == ["month: is missing"]
    assert bad.next_at == good.next_at, "and goes on"
    world.sessions.refusals.clear()
    await world.turn(minutes=5)
    await world.until(lambda: "bad" in [run.pipeline for run in world.sessions.launched])
    await world.settled()
    assert [table.problem for table in await world.history.call(History.triggers)] == [None, None]


@pytest.mark.parametrize("error", [Unavailable("busy"), RuntimeError("a defect")])
async def test_a_passing_problem_loses_no_tick(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    world.write("p", EVERY)
    world.sessions.refusals["p"] = error  # type: ignore[assignment]
    await world.daemon.start()
    await world.turn(minutes=5)
    await world.until(lambda: bool(world.daemon._timers))
    world.sessions.refusals.clear()
    await world.until(lambda: len(world.sessions.launched) == 1)
    assert await world.skipped() == []


async def test_a_history_that_fails_does_not_end_the_scheduler(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    world.write("p", EVERY)
    await world.daemon.start()
    failing = [Unavailable("locked"), RuntimeError("a defect"), Unavailable("locked")]
    fire, situation = History.fire, History.situation

    def broken_fire(self: History, *args: object, **named: object) -> object:
        if failing:
            raise failing.pop()
        return fire(self, *args, **named)  # type: ignore[arg-type]

    odd = [RuntimeError("a defect"), Unavailable("locked")]

    def broken_situation(self: History, *args: object, **named: object) -> object:
        if odd:
            raise odd.pop()
        return situation(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(History, "fire", broken_fire)
    monkeypatch.setattr(History, "situation", broken_situation)
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 1)
    assert not failing
    assert not odd
    assert len(await world.history.call(History.runs)) == 1


async def test_a_slow_pipeline_delays_no_other(world: World) -> None:
    world.write("slow", EVERY)
    world.write("fast", EVERY)
    world.sessions.opening["slow"] = asyncio.Event()
    await world.daemon.start()
    for runs in (1, 2):
        await world.turn(minutes=5)
        await world.until(lambda runs=runs: len(world.sessions.launched) == runs)
        await world.sessions.end(world.sessions.launched[-1])
    assert {run.pipeline for run in world.sessions.launched} == {"fast"}
    world.sessions.opening["slow"].set()
    await world.until(lambda: "slow" in {run.pipeline for run in world.sessions.launched})


async def test_files_are_followed(world: World) -> None:
    world.write("p", EVERY)
    world.write("q", EVERY)
    await world.daemon.start()

    async def known() -> list[tuple[str, str, str | None]]:
        await world.settled()
        tables = await world.history.call(History.triggers)
        return [(table.pipeline, table.name, table.cron) for table in tables]

    assert [name for name, _, _ in await known()] == ["p", "q"]
    world.write("p", 'cron: "0 6 * * *"', 'cron: "nonsense"')
    (world.root / "pipelines" / "q" / "pipeline.yaml").unlink()
    world.sessions.log.publish(PipelinesChanged())
    assert await known() == [("p", "t0", "0 6 * * *"), ("p", "t1", "nonsense")]
    assert (await world.history.call(History.triggers))[1].problem
    (world.root / "pipelines" / "p" / "pipeline.yaml").write_text("<<<<<<< HEAD\n")
    world.daemon.changed("p")
    assert len(await known()) == 2, "a file that cannot be read takes no trigger away"


async def test_a_burst_of_many_pipelines_is_one_transaction_or_few(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(50):
        world.write(f"p{i}", EVERY)
    await world.daemon.start()
    await world.until(lambda: world.daemon._read.is_set())
    calls: list[int] = []
    fire = History.fire

    def counted(self: History, firings: list[object]) -> object:
        calls.append(len(firings))
        return fire(self, firings)  # type: ignore[arg-type]

    monkeypatch.setattr(History, "fire", counted)
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 50)
    assert sum(calls) == 50
    assert len(calls) <= 10


async def test_a_jump_of_the_clock_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write("p", EVERY)
    await world.daemon.start()
    await world.turn(hours=3)
    await world.until(lambda: len(world.sessions.launched) == 1)
    assert "clock jumped" in caplog.text


@pytest.mark.parametrize(
    ("catchup", "of_24", "of_10_years"), [("none", 0, 0), ("latest", 1, 1), ("all", 24, 100)]
)
async def test_clocks_that_jump_while_the_scheduler_is_at_work(
    world: World, catchup: str, of_24: int, of_10_years: int
) -> None:
    world.write("p", f"{EVERY}, catchup: {catchup}")
    ended: list[str] = []

    async def started() -> int:
        """Let all runs end until no tick waits any more; return how many there were."""
        before = len(ended)
        await world.settled()
        while len(world.sessions.launched) > len(ended):
            run = world.sessions.launched[len(ended)]
            ended.append(run.id)
            await world.sessions.end(run)
            await world.settled()
        return len(ended) - before

    await world.daemon.start()
    await world.turn(minutes=5)
    assert await started() == 1
    await world.turn(hours=-2)
    for _ in range(24):  # these two hours were
        await world.turn(minutes=5)
    assert await started() == 0
    assert await world.skipped() == []
    await world.turn(hours=2, minutes=2)
    assert await started() == of_24
    assert len(await world.skipped()) == 24 - of_24
    await world.turn(days=3650)
    assert await started() == of_10_years
    first, *others = (await world.skipped())[24 - of_24 :]
    assert first == "missed, with all before the last 24 h or 100 ticks", "one record of years"
    assert others == [f"missed; catchup: {catchup}"] * (100 - of_10_years)
    assert world.sessions.times() == sorted(set(world.sessions.times()))


async def test_what_has_triggers_is_published_when_it_is_first_seen(world: World) -> None:
    world.write("p", EVERY)
    world.write("paused", f"{EVERY}, active: false")
    world.write("broken", EVERY)
    with (world.root / "pipelines" / "broken" / "pipeline.yaml").open("a") as file:
        file.write("parameters: 7\n")
    (world.root / "pipelines" / "gone").mkdir()
    await world.daemon.start()

    async def published() -> list[str]:
        await world.settled()
        names = ["p", "paused", "broken"]
        lacking = await world.history.call(History.unpublished, names)
        return [name for name in names if name not in lacking]

    async with asyncio.timeout(60):
        while await published() != ["p"]:
            pass
    first = await world.history.call(History.published, "p")
    world.write("p", EVERY, EVERY)
    world.daemon.changed("p")
    assert await published() == ["p"]
    assert await world.history.call(History.published, "p") == first


async def test_ticks_come_though_publishing_failed(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object) -> None:
        raise Unavailable("locked")

    monkeypatch.setattr(History, "publish_first", locked)
    world.write("p", EVERY)
    await world.daemon.start()
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 1)
    await world.until(lambda: "published at their first tick" in caplog.text)


async def test_a_pipeline_is_opened_shortly_before_it_is_due(world: World) -> None:
    world.write("p", EVERY)
    world.write("later", 'cron: "0 18 * * *"')
    await world.daemon.start()
    while await world.history.call(History.unpublished, ["p", "later"]):
        await world.settled()
    await world.settled()
    assert world.sessions.opened == []
    await world.turn(minutes=4, seconds=50)
    await world.until(lambda: world.sessions.opened == ["p"])
    await world.settled()
    assert world.sessions.launched == []
    await world.turn(seconds=10)
    await world.until(lambda: len(world.sessions.launched) == 1)


async def test_no_run_starts_before_all_ticks_of_the_moment_are_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    for i in range(9):
        world.write(f"p{i}", EVERY)
    await world.daemon.start()
    recorded: list[int] = []
    fire = History.fire

    def counted(self: History, firings: list[object]) -> object:
        recorded.append(len(firings))
        assert not world.sessions.launched
        return fire(self, firings)  # type: ignore[arg-type]

    monkeypatch.setattr(History, "fire", counted)
    await world.turn(minutes=5)
    await world.until(lambda: len(world.sessions.launched) == 9)
    assert sum(recorded) == 9


async def test_what_a_file_no_longer_says_is_not_brought_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler has read a file, and before it is its turn to write another has changed it."""
    world.write("p", EVERY)
    await world.daemon.start()
    world.write("p", f"{EVERY}, active: false")

    def sync_late(history: History, read: TriggersAsRead, now: datetime) -> bool:
        world.write("p", f"{EVERY}, active: true")
        sync(history, read_triggers(world.sessions.project, "p"), now)
        monkeypatch.undo()
        return sync(history, read, now)

    monkeypatch.setattr(module, "sync", sync_late)
    world.daemon.changed("p")
    await world.until(lambda: module.sync is sync)
    await world.settled()
    (trigger,) = await world.history.call(History.triggers)
    assert trigger.active
