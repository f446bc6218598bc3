"""Sessions that share the slots of a project: turns, places in the line, warm workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace.core.errors import Conflict
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.session.slots import PROJECT_SLOTS
from headrace.session.turns import Places
from headrace.session.warmth import COOL_AFTER_S, after

from .conftest import Desk, Ear, until

ONE = "blocks:\n  - {name: load, kind: loader, file: load.py}\n"
LOAD = "from headrace import loader\n\n\n@loader\ndef load():\n    return 1\n"
WIDE = "".join(f"  - {{name: b{n}, kind: loader, file: load.py}}\n" for n in range(3))


class Later:
    """Timers that the test lets ring."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, act: Callable[[], None]) -> Later._Timer:
        entry = (seconds, act)
        self.set.append(entry)
        return Later._Timer(self, entry)

    def ring(self) -> None:
        for _, act in [self.set.pop() for _ in range(len(self.set))]:
            act()

    class _Timer:
        def __init__(self, later: Later, entry: tuple[float, Callable[[], None]]) -> None:
            self.later, self.entry = later, entry

        def cancel(self) -> None:
            if self.entry in self.later.set:
                self.later.set.remove(self.entry)


async def start(desk: Desk, pipeline: str, **fields: object) -> str:
    return (await desk.sessions.handle(cmd.StartRun(pipeline=pipeline, **fields)))["id"]  # type: ignore[arg-type]


def waiting(desk: Desk) -> list[str]:
    return [block for _, block in desk.pool.waiting]


async def test_the_slots_of_a_project_go_round_its_pipelines(desk: Desk) -> None:
    (desk.paths.root / "headrace.yaml").write_text("max_parallel: 1\n")
    desk.write("flights", f"blocks:\n{WIDE}", **{"load.py": LOAD})
    desk.write("other", ONE, **{"load.py": LOAD})
    project: list[ev.Event] = []
    desk.sessions.log.subscribe(project.append)
    session = await desk.open()
    first = await start(desk, "flights")
    second = await start(desk, "other")
    places = {first: {"b1": 2, "b2": 3}, second: {"load": 1}}
    moves = [ev.QueueMoved(places={})]

    def moved() -> bool:
        moves.extend(event for event in project if isinstance(event, ev.QueueMoved))
        return moves[-1].places == places

    await until(moved)
    assert waiting(desk) == ["b0"]
    assert desk.pool.allowed == 1
    assert desk.sessions.places("other", second) == {"load": 1}
    assert desk.sessions.places("other", "no run") == {}
    desk.pool.finish("b0", 0)
    await desk.waiting("load")
    assert waiting(desk) == ["load"]
    await desk.sessions.delete("other", cancel=True)
    await desk.finish("b1", 1)
    await desk.finish("b2", 2)
    assert (await session.finished(first)).state == "succeeded"
    await until(lambda: [e for e in project if isinstance(e, ev.QueueMoved)][-1].places == {})


async def test_a_limit_of_a_pipeline_holds_over_all_its_runs(desk: Desk) -> None:
    desk.write("flights", f"max_parallel: 2\nblocks:\n{WIDE}", **{"load.py": LOAD})
    session = await desk.open()
    await start(desk, "flights")
    await start(desk, "flights")
    assert len(desk.pool.waiting) == 2
    assert desk.pool.allowed == max(PROJECT_SLOTS, session.machine.slots)
    desk.write("flights", f"blocks:\n{WIDE}", **{"load.py": LOAD})
    await session.reread()
    await until(lambda: len(desk.pool.waiting) == 6)


async def test_the_places_of_an_editor_run_are_shown_at_its_blocks(desk: Desk) -> None:
    desk.write("flights", f"blocks:\n{WIDE}", **{"load.py": LOAD})
    desk.write("other", ONE, **{"load.py": LOAD})
    elsewhere = Ear(await desk.sessions.open("other"))
    session = await desk.open()
    ear = Ear(session)
    run = (await desk.handle(cmd.RunBlocks, blocks=["b0", "b1", "b2"]))["run"]
    moved = await ear.wait_for(ev.QueueMoved)
    assert elsewhere.heard == []
    assert moved.places == {run: {"b1": 1, "b2": 2}}
    state = session.snapshot().state
    assert state is not None
    assert {n: s.place for n, s in state.status.items()} == {"b0": None, "b1": 1, "b2": 2}
    await desk.finish("b0", 1)
    await until(lambda: session.machine.results.status["b2"].place == 1)
    assert session.machine.results.status["b1"].place is None


async def test_a_session_that_was_replaced_leaves_the_line_alone(desk: Desk) -> None:
    session = await desk.open()
    turns = session._around.turns

    class Other:
        def granted(self, run: str, block: str) -> None: ...

        def moved(self, places: Places) -> None: ...

    turns.join("flights", Other())
    turns.leave("flights", session)
    assert "flights" in turns._members


@pytest.fixture
def later(desk: Desk) -> Later:
    made = Later()
    desk.sessions._around.later = made
    return made


async def test_a_worker_that_nobody_looks_at_is_cooled_after_some_minutes(
    desk: Desk, later: Later
) -> None:
    session = await desk.open()
    session.attend()
    ear, other = Ear(session), Ear(session)
    other.leave()
    assert later.set == []
    ear.leave()
    assert [seconds for seconds, _ in later.set] == [COOL_AFTER_S]
    assert desk.pool.cooled == []
    later.ring()
    assert desk.pool.cooled == ["flights"]
    state = session.snapshot().state
    assert state is not None
    assert state.worker == "none"


async def test_who_comes_back_finds_the_worker_warm(desk: Desk, later: Later) -> None:
    session = await desk.open()
    Ear(session).leave()
    session.attend()
    assert later.set == []
    session._left_alone()
    Ear(session)  # without attending, as the command line does
    later.ring()
    assert desk.pool.cooled == []


async def test_an_editor_run_that_nobody_watches_keeps_its_worker_to_its_end(
    desk: Desk, later: Later
) -> None:
    session = await desk.open()
    run = (await desk.handle(cmd.RunBlocks, blocks=["load"]))["run"]
    session._left_alone()
    later.ring()
    assert desk.pool.cooled == []
    assert len(later.set) == 1
    await desk.finish("load", 1)
    await session.finished(run)
    later.ring()
    assert desk.pool.cooled == ["flights"]


async def test_time_passes_by_itself() -> None:
    rung: list[int] = []
    after(0.0, lambda: rung.append(1))
    await until(lambda: rung)


async def test_workers_are_made_ready_for_many_blocks_to_come(desk: Desk) -> None:
    yaml = "blocks:\n  - {name: load, kind: loader, file: load.py}\n" + "".join(
        f"  - {{name: t{n}, kind: transformer, file: t{n}.py, upstream: [load]}}\n"
        for n in range(9)
    )
    files = {
        f"t{n}.py": "from headrace import transformer\n\n\n@transformer\ndef t(load):\n    return 1\n"
        for n in range(9)
    }
    desk.write("flights", yaml, **{"load.py": LOAD}, **files)
    session = await desk.open()
    run = await start(desk, "flights")
    await desk.waiting("load")
    assert desk.pool.prepared == [(run, session.machine.slots)]


async def test_a_plan_is_named_before_it_runs(desk: Desk) -> None:
    await desk.open()
    dry = await desk.handle(cmd.RunBlocks, blocks=["clean"], dry_run=True)
    assert dry == {"run": None, "blocks": ["load", "clean"]}
    dry = await desk.handle(cmd.StartRun, blocks=["clean"], dry_run=True)
    assert dry == {"id": None, "blocks": ["load", "clean"]}
    assert not desk.pool.executed


async def test_a_retry_takes_what_is_still_stored(desk: Desk) -> None:
    session = await desk.open()
    run = await start(desk, "flights", blocks=["clean"])
    with pytest.raises(Conflict, match="not over"):
        await session.retry_request(run)
    await desk.finish("load", 1)
    await desk.waiting("clean")
    desk.pool.fail("clean")
    await session.finished(run)
    request = await session.retry_request(run)
    assert await session.plan_run(request) == ["clean"]
    assert await session.plan_run(await session.retry_request(run, "load")) == ["load", "clean"]
    desk.pool.lost = lambda addresses: set(addresses)  # type: ignore[method-assign]
    assert await session.plan_run(await session.retry_request(run)) == ["load", "clean"]
    again = await session.start_run(request)
    await desk.finish("clean", 2)
    record = await session.finished(again)
    assert (record.state, record.origin) == ("succeeded", "retry")
