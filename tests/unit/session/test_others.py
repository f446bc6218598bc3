"""What the command line or another server makes is known here as well, and shown where it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from headrace.core.errors import Unavailable
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.tables import BlockRun, RunRecord
from headrace.runs.changes import Change, QueueRun, SaveBlock, SaveRun
from headrace.runs.history import History
from headrace.session.definition import key_of
from headrace.session.machine import Machine
from headrace.session.results import Result
from headrace.session.session import Session
from headrace.testing.drafts import block, definition, output

from .conftest import Desk, Ear, until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
THEM = "7:1.00:boot:another-host"


def made(name: str, value: str, *, at: datetime, key: str, parts: dict[str, str]) -> BlockRun:
    return BlockRun(
        name=name,
        kind="loader",
        state="succeeded",
        key=key,
        parts=parts,
        output=output(value),
        finished_at=at,
    )


class Elsewhere:
    """Another process with the same history, which runs the draft of a session."""

    def __init__(self, desk: Desk, session: Session) -> None:
        self.desk = desk
        self.session = session
        self.count = 0

    async def write(self, *changes: Change) -> None:
        history = History.open(self.desk.paths.database)
        history.write(list(changes))
        history.close()

    async def begin(self, *names: str, owner: str = THEM) -> RunRecord:
        self.count += 1
        record = RunRecord(
            id=f"their-{self.count}",
            pipeline="flights",
            state="running",
            queued_at=self.desk.clock.now(),
            version="v",
            blocks=[BlockRun(name=name, kind="loader") for name in names],
        )
        await self.write(QueueRun(record=record, files=b"", owner=owner))
        return record

    async def make(self, run: RunRecord, name: str, value: str) -> None:
        """Finish a block whose inputs are as the session knows them."""
        planned = self.session.machine.definition.blocks[name]
        fresh = self.session.machine._fresh
        inputs = {up: fresh[up].output for up in planned.upstream}
        key = key_of(planned, inputs, self.session.machine.values)
        at = self.desk.clock.now()
        done = made(name, value, at=at, key=key.text, parts=key.parts)
        await self.write(SaveBlock(run_id=run.id, block=done))

    async def end(self, run: RunRecord) -> None:
        over = SaveRun(run_id=run.id, state="succeeded", finished_at=self.desk.clock.now())
        await self.write(over)


def states(session: Session) -> dict[str, str]:
    return {name: mark.state for name, mark in session.machine.staleness.items()}


async def test_what_others_make_is_fresh_here_while_they_go_on(desk: Desk) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    ear = Ear(session)
    run = await them.begin("load", "clean")
    await session.look_at_others()
    assert ear.heard == [], "nothing is made yet"
    await them.make(run, "load", "a")
    await session.look_at_others()
    assert states(session) == {"load": "fresh", "clean": "never", "counts": "never"}
    await them.make(run, "clean", "b")
    desk.clock.time += timedelta(hours=1)
    await them.end(run)
    await session.look_at_others()
    assert states(session) == {"load": "fresh", "clean": "fresh", "counts": "never"}
    replaced = [event for event in ear.heard if isinstance(event, ev.StatusReplaced)]
    assert [list(event.blocks) for event in replaced] == [["load"], ["clean"]]
    heard = len(ear.heard)
    await session.look_at_others()
    assert len(ear.heard) == heard, "the same is told once"


async def test_a_plan_counts_what_others_have_made(desk: Desk) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load")
    await them.make(run, "load", "a")
    await them.end(run)
    plan = await desk.handle(cmd.RunBlocks, blocks=["clean"], dry_run=True)
    assert plan["blocks"] == ["clean"]
    assert states(session)["load"] == "fresh"


async def test_what_went_on_before_the_session_opened_is_followed(desk: Desk) -> None:
    first = await desk.open()
    them = Elsewhere(desk, first)
    run = await them.begin("load")
    desk.clock.time += timedelta(hours=1)
    later = await desk.sessions._open("flights")
    await them.make(run, "load", "a")
    await later.look_at_others()
    assert states(later)["load"] == "fresh"
    await later.close("over")


async def test_runs_of_our_own_are_no_news(desk: Desk) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load", owner=desk.sessions.owner)
    await them.make(run, "load", "a")
    await session.look_at_others()
    assert states(session)["load"] == "never"


async def test_somebody_who_looks_is_shown_what_others_make(desk: Desk) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load", owner=desk.sessions.owner.replace(":", ":1", 1))
    await them.make(run, "load", "a")
    await them.end(run)
    await desk.sessions.sweep()
    assert states(session)["load"] == "never", "nobody looks"
    ear = Ear(session)
    await desk.sessions.sweep()
    await until(lambda: any(isinstance(event, ev.StatusReplaced) for event in ear.heard))
    assert states(session)["load"] == "fresh"


async def test_what_a_dead_process_has_made_of_a_run_is_known_when_it_is_taken_up(
    desk: Desk,
) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load", "clean")
    await them.make(run, "load", "a")
    record = await desk.history.call(History.run, run.id)
    await session.resume(record, session.machine.definition.encode())
    assert states(session)["load"] == "fresh"
    await desk.finish("clean", 1)
    await session.finished(run.id)


@pytest.mark.parametrize(("minutes", "newest"), [(-1, "mine"), (1, "theirs")])
def test_of_a_loader_the_data_that_was_made_last_counts(minutes: int, newest: str) -> None:
    drafted = definition(block("load"), block("clean", "load"))
    machine = Machine(drafted, logs="/logs", owner="me", slots=1)
    key = key_of(drafted.blocks["load"], {}, {})
    mine = Result(key=key.text, output=output("mine"), made_at=NOON)
    machine.results.remember("load", mine, key.parts)
    machine.refresh()
    theirs = made(
        "load",
        "theirs",
        at=NOON + timedelta(minutes=minutes),
        key=key.text,
        parts=key.parts,
    )
    machine.learn(_run_of(theirs))
    found = machine.results.newest("load")
    assert found is not None
    assert found.output == output(newest)
    assert machine.results.status["load"].output == output(newest)


def test_an_older_result_of_other_code_does_not_become_the_newest() -> None:
    drafted = definition(block("load"))
    machine = Machine(drafted, logs="/logs", owner="me", slots=1)
    key = key_of(drafted.blocks["load"], {}, {})
    machine.results.remember(
        "load", Result(key=key.text, output=output("mine"), made_at=NOON), key.parts
    )
    machine.refresh()
    older = made("load", "old", at=NOON - timedelta(hours=1), key="other", parts={"code": "1"})
    machine.learn(_run_of(older))
    assert machine.staleness["load"].state == "fresh"
    newer = msgspec.structs.replace(older, finished_at=NOON + timedelta(hours=1))
    machine.learn(_run_of(newer))
    assert machine.staleness["load"].reasons == ["its last result is of other code or inputs"]


def _run_of(*blocks: BlockRun, **fields: Any) -> RunRecord:
    return RunRecord(
        id="r",
        pipeline="p",
        state="succeeded",
        queued_at=NOON,
        version="v",
        blocks=list(blocks),
        **fields,
    )


async def test_while_the_history_is_locked_a_plan_is_made_of_what_is_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load")
    await them.make(run, "load", "a")

    def locked(*_: Any) -> RunRecord:
        raise Unavailable("The history is in use by another program.")

    with monkeypatch.context() as patched:
        patched.setattr(History, "run", locked)
        await desk.handle(cmd.RunBlocks, blocks=["clean"], dry_run=True)
        assert states(session)["load"] == "never"
    await desk.handle(cmd.RunBlocks, blocks=["clean"], dry_run=True)
    assert states(session)["load"] == "fresh", "nothing was missed"


async def test_where_nobody_can_tell_whether_others_wrote_their_runs_are_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "version", lambda _: None)
    session = await desk.open()
    them = Elsewhere(desk, session)
    run = await them.begin("load")
    await session.look_at_others()
    await them.make(run, "load", "a")
    await session.look_at_others()
    assert states(session)["load"] == "fresh"
