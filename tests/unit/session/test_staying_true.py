"""Marks stay true while the world goes on: helpers, libraries, the store and the clock."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.analysis import environment
from headrace.project.stamps import UNSURE, Stamps, stamps
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import BlockStatus, Staleness
from headrace.session import autorun, surroundings
from headrace.session.autorun import cheap_blocks
from headrace.session.definition import key_of
from headrace.session.machine import Machine
from headrace.session.results import Result
from headrace.session.run import RunRequest
from headrace.session.session import Session
from headrace.store.files import SWEPT
from headrace.testing.drafts import block, definition, done, output

from .conftest import SOURCES, YAML, Desk, Ear, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def run_all(desk: Desk, session: Session) -> None:
    answer = await desk.handle(cmd.RunBlocks, blocks=["load", "clean", "counts"])
    for number, name in enumerate(("load", "clean", "counts")):
        await desk.finish(name, number)
    await session.finished(answer["run"])
    assert {s.state for s in session.machine.staleness.values()} == {"fresh"}


def reasons(session: Session) -> dict[str, list[str]]:
    return {n: s.reasons for n, s in session.machine.staleness.items() if s.state == "stale"}


# Files


async def test_the_edit_of_a_helper_is_named_at_every_block_that_reads_it(desk: Desk) -> None:
    (desk.paths.root / "rates.py").write_text("RATE = 1\n")
    (desk.paths.pipelines / "flights" / "near.py").write_text("from rates import RATE\n")
    desk.write("flights", YAML, **{"clean.py": "import near\n" + SOURCES["clean.py"]})
    desk.sessions.start_watching()
    session = await desk.open()
    await run_all(desk, session)
    for text, stale in (("# a note\nRATE = 1\n", False), ("RATE = 2\n", True)):
        (desk.paths.root / "rates.py").write_text(text)
        await session.look_again()
        assert (session.machine.staleness["clean"].state == "stale") is stale
    assert reasons(session) == {
        "clean": ["helper rates.py edited"],
        "counts": ["input clean is stale"],
    }
    (desk.paths.root / "rates.py").write_text("RATE = 1\n")
    await until(lambda: reasons(session) == {})  # by the watcher alone


async def test_a_file_that_a_block_names_is_watched(desk: Desk) -> None:
    data = desk.paths.root / "data" / "a.csv"
    data.parent.mkdir()
    data.write_text("1")
    source = SOURCES["load.py"].replace("return month", "return open('data/a.csv').read()")
    desk.write("flights", YAML, **{"load.py": source})
    desk.sessions.start_watching()
    session = await desk.open()
    await run_all(desk, session)
    data.write_text("2")
    await until(lambda: "load" in reasons(session))
    assert reasons(session)["load"] == ["file data/a.csv changed"]


async def test_a_run_looks_at_the_files_before_it_starts(desk: Desk) -> None:
    """Nothing has told of this edit: no watcher runs here."""
    (desk.paths.root / "rates.py").write_text("RATE = 1\n")
    desk.write("flights", YAML, **{"clean.py": "import rates\n" + SOURCES["clean.py"]})
    session = await desk.open()
    await run_all(desk, session)
    (desk.paths.root / "rates.py").write_text("RATE = 2\n")
    run = await session.start_run(RunRequest(origin="api"))
    await desk.finish("load", 0)
    await desk.waiting("clean")
    job = next(job for job in desk.pool.executed if job.run == run and job.block == "clean")
    assert job.modules == session.machine.definition.blocks["clean"].modules
    await desk.finish("clean", 1)
    record = await session.finished(run)
    assert {b.name: b.cache for b in record.blocks} == {
        "load": "miss: loaders always execute without `cache:`",
        "clean": "miss: no result for this code and these inputs yet",
        "counts": next(b.cache for b in record.blocks if b.name == "counts"),
    }
    assert record.blocks[2].state == "cached", "equal data leaves what is below as it is"


def test_what_was_changed_while_it_was_read_counts_as_changed_again(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "b.py").write_text("1")
    os.utime(tmp_path / "a.py", (1_700_000_000, 1_700_000_000))
    now = datetime.now(UTC)
    assert stamps(tmp_path, ["a.py", "no.py"])["no.py"] is None
    assert stamps(tmp_path, ["b.py"], since=now - timedelta(hours=1)) == {"b.py": UNSURE}
    assert stamps(tmp_path, ["b.py"], since=now + timedelta(hours=1))["b.py"] != UNSURE


# Libraries


async def test_an_upgraded_library_makes_its_blocks_stale_and_replaces_the_workers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = {"pandas": "3.1.1"}
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(environment, "_distributions", lambda _: {"pandas": ["pandas"]})
    monkeypatch.setattr(environment, "_version", lambda name, _: installed[name])
    desk.write("flights", YAML, **{"clean.py": "import pandas\n" + SOURCES["clean.py"]})
    desk.sessions.start_watching()
    session = await desk.open()
    await run_all(desk, session)
    installed["pandas"] = "3.1.2"
    (site / "pandas-3.1.2.dist-info").mkdir()
    await until(lambda: reasons(session))
    assert reasons(session)["clean"] == ["pandas 3.1.1 → 3.1.2"]
    assert desk.pool.renewed == 1


# The store


async def test_a_result_whose_output_was_swept_is_not_fresh(desk: Desk) -> None:
    session = await desk.open()
    await run_all(desk, session)
    desk.pool.swept = {session.machine.results.status["clean"].output.address}  # type: ignore[union-attr]
    await session.look_again()
    assert reasons(session) == {}, "nobody looks until something was swept"
    (desk.paths.store / SWEPT).touch()
    await session.look_again()
    assert reasons(session)["clean"] == ["its output was removed from the store"]
    answer = await desk.handle(cmd.RunBlocks, blocks=["counts"])
    assert answer["blocks"] == ["clean", "counts"]
    desk.pool.swept = set()
    await desk.finish("clean", 1)
    await desk.finish("counts", 2)
    await session.finished(answer["run"])
    assert reasons(session) == {}


# The clock


def aged(cache: str) -> Machine:
    drafted = definition(block("load", cache=cache), block("clean", "load"))
    machine = Machine(drafted, logs="/logs", owner="me", slots=1)
    loaded = key_of(drafted.blocks["load"], {}, {})
    cleaned = key_of(drafted.blocks["clean"], {"load": output("x")}, {})
    machine.results.remember(
        "load", Result(key=loaded.text, output=output("x"), made_at=NOW), loaded.parts
    )
    machine.results.remember(
        "clean", Result(key=cleaned.text, output=output("y"), made_at=NOW), cleaned.parts
    )
    machine.look(NOW)
    return machine


def all_fresh(machine: Machine) -> bool:
    return {state.state for state in machine.staleness.values()} == {"fresh"}


def test_a_result_grows_too_old_for_its_cache() -> None:
    machine = aged("1h")
    assert all_fresh(machine)
    assert machine.results.next_end() == NOW + timedelta(hours=1)
    assert not machine.look(NOW + timedelta(hours=1)).events
    machine.look(NOW + timedelta(hours=1, seconds=1))
    assert machine.staleness["load"].reasons == ["older than `cache: 1h`"]
    assert machine.staleness["clean"].reasons == ["input load is stale"]
    assert machine.results.next_end() is None


def test_what_is_valid_for_ever_never_grows_old() -> None:
    machine = aged("forever")
    machine.look(NOW + timedelta(days=3650))
    assert all_fresh(machine)
    assert machine.results.next_end() is None


async def test_a_session_notices_by_itself_that_a_result_is_too_old(desk: Desk) -> None:
    yaml = YAML.replace("file: load.py", "file: load.py, cache: 1s").replace(
        "- {name: clean", "- {cache: 1s, name: clean"
    )
    desk.write("flights", yaml)
    desk.clock.now = lambda: datetime.now(UTC)  # type: ignore[method-assign]
    session = await desk.open()
    await run_all(desk, session)
    await until(lambda: "load" in reasons(session))
    assert reasons(session)["load"] == ["older than `cache: 1s`"]


async def test_the_end_of_a_newer_result_is_waited_for(desk: Desk) -> None:
    desk.write("flights", YAML.replace("file: load.py", "file: load.py, cache: 1h"))
    session = await desk.open()
    ends = []
    for number in range(2):
        answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
        await desk.finish("load", number)
        await session.finished(answer["run"])
        ends.append(session.machine.results.next_end())
    assert ends[0] < ends[1]
    assert session._timers.moment == ends[1]


# Keys


def test_a_result_of_other_modules_than_its_key_says_is_never_found_again() -> None:
    drafted = definition(block("clean", kind="transformer", modules={"a.py": "1"}))
    machine = Machine(drafted, logs="/logs", owner="me", slots=1)
    machine.refresh()
    run = machine.prepare("r1", RunRequest(origin="editor"), NOW)
    (effect,) = [e for e in machine.launch(run, NOW).effects if hasattr(e, "job")]
    answer = msgspec.structs.replace(done(effect.job), moved=["a.py"], unforeseen=["b.py"])
    step = machine.answer(answer, NOW)
    assert machine.staleness["clean"].reasons == [
        "helper a.py edited",
        "imports b.py in a way that cannot be followed",
    ]
    assert key_of(drafted.blocks["clean"], {}, {}).text not in {
        r.key for r in step.records if hasattr(r, "key")
    }


def test_all_that_a_block_can_see_is_part_of_its_key() -> None:
    base = block("clean", kind="transformer")

    def key(moment: str = "", month: int = 1, **fields: Any) -> str:
        planned = msgspec.structs.replace(base, **fields)
        return key_of(planned, {}, {"month": month}, moment).text

    rest = Binding(argument="**", source="upstream", name="")
    keys = [
        key(),
        key(modules={"a.py": "1"}),
        key(files={"a.csv": "1"}),
        key(versions={"Python": "3.11"}),
        key(versions={"pandas": "3"}),
        key(kind="sensor"),
        key(connection="warehouse"),
        key(context=("parameters",)),
        key(context=("parameters",), month=2),
        key(context=("logical_time",), moment="noon"),
        key(bindings=(rest,), upstream=("a", "b")),
        key(bindings=(rest,), upstream=("b", "a")),
    ]
    assert len(set(keys)) == len(keys)
    assert key(month=2) == key(), "a parameter that it cannot see does not count"
    assert key(moment="noon") == key(), "a moment that it does not ask for does not count"


def test_a_result_of_unknown_making_says_so() -> None:
    drafted = definition(block("load"), block("clean", "load"))
    machine = Machine(drafted, logs="/logs", owner="me", slots=1)
    for name in ("load", "clean"):
        machine.results.remember(name, Result(key="old", output=output(name), made_at=NOW))
    machine.refresh()
    assert machine.staleness["load"].reasons == ["its last result is of other code or inputs"]
    assert machine.staleness["clean"].reasons == ["input load is stale"]


def test_a_block_whose_input_is_stale_says_too_what_else_changed() -> None:
    machine = aged("forever")
    machine.define(definition(block("load", code="2"), block("clean", "load", code="2")))
    assert machine.staleness["clean"].reasons == ["code edited", "input load is stale"]


# Blocks that run by themselves

STALE = Staleness(state="stale", reasons=["code edited"])
CHEAP = BlockStatus(state="succeeded", seconds=0.1)


@pytest.mark.parametrize(
    ("status", "kinds", "chosen"),
    [
        ({}, {}, ["load", "clean", "last"]),
        ({"clean": BlockStatus(state="succeeded", seconds=0.3)}, {}, ["load"]),
        ({"clean": BlockStatus(state="failed", seconds=0.1)}, {}, ["load"]),
        ({"clean": BlockStatus(state="succeeded")}, {}, ["load"]),
        ({"last": BlockStatus(state="running")}, {}, []),
        ({}, {"last": "exporter"}, ["load", "clean"]),
    ],
)
def test_only_cheap_blocks_run_by_themselves(
    status: dict[str, BlockStatus], kinds: dict[str, Any], chosen: list[str]
) -> None:
    names = {"load": (), "clean": ("load",), "last": ("clean",)}
    drafted = definition(
        *(block(n, *ups, **({"kind": kinds[n]} if n in kinds else {})) for n, ups in names.items())
    )
    stale = dict.fromkeys(names, STALE)
    assert cheap_blocks(drafted, stale, dict.fromkeys(names, CHEAP) | status) == chosen


async def test_cheap_blocks_run_by_themselves_when_they_are_allowed_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autorun, "QUIET_S", 0.01)
    session = await desk.open()
    await run_all(desk, session)
    assert not session.snapshot().state.auto_run  # type: ignore[union-attr]
    watcher = Ear(session)
    assert await desk.handle(cmd.SetAutoRun, on=True) == {"on": True}
    assert session.snapshot().state.auto_run  # type: ignore[union-attr]
    assert [e.on for e in watcher.heard if isinstance(e, ev.AutoRunSwitched)] == [True]
    await session._run_cheap_blocks()
    assert len(desk.pool.executed) == 3, "nothing is stale"
    ear = Ear(session)
    desk.file("clean.py").write_text(SOURCES["clean.py"].replace("return load", "return [load]"))
    await session.reread()
    await desk.finish("clean", 1)
    await ear.wait_for(ev.RunFinished)
    assert reasons(session) == {}
    await desk.handle(cmd.SetAutoRun, on=False)


async def test_those_who_ask_together_share_a_look_at_the_files(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = (await desk.open())._around
    looks: list[set[str]] = []

    def look(root: Path, places: set[str], since: datetime | None) -> Stamps:
        looks.append(places)
        return stamps(root, places, since)

    monkeypatch.setattr(surroundings, "stamps", look)
    pipeline, nothing = "pipelines/flights/pipeline.yaml", "pipelines/none"
    first, second = await asyncio.gather(around.stamps([pipeline]), around.stamps([nothing]))
    assert len(looks) == 1
    assert first[pipeline] is not None
    assert second[nothing] is None
    assert nothing not in first
    await around.stamps([pipeline])
    assert len(looks) == 2, "who asks later is not told what was before"
