"""All sessions of a project: opened once, ended with their pipeline, told of edits from outside."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket

import msgspec
import pytest

from headrace.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.runs.history import History
from headrace.runs.owner import current_owner
from headrace.session.run import RunRequest
from headrace.session.session import Session

from .conftest import SOURCES, YAML, Desk, Ear, until


async def test_a_pipeline_is_opened_once(desk: Desk) -> None:
    first, second = await asyncio.gather(desk.open(), desk.open())
    assert first is second
    assert desk.sessions.live() == [first]


async def test_a_pipeline_that_was_not_there_can_be_opened_when_it_is(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.sessions.open("later")
    assert desk.sessions.live() == []
    await desk.sessions.create("later", "Later")
    assert (await desk.sessions.open("later")).draft.files.pipeline.title == "Later"


async def test_a_failure_to_open_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call = desk.pool.service("analysis").methods["analyse"]

    def dies(**_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setitem(desk.pool.service("analysis").methods, "analyse", dies)
    with pytest.raises(RuntimeError):
        await desk.open()
    monkeypatch.setitem(desk.pool.service("analysis").methods, "analyse", call)
    assert (await desk.open()).pipeline == "flights"


async def test_a_command_names_its_pipeline(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="names no pipeline"):
        await desk.sessions.handle(cmd.Undo(pipeline=""))


async def test_the_project_has_a_log_of_its_own(desk: Desk) -> None:
    heard: list[ev.Event] = []
    desk.sessions.log.subscribe(heard.append)
    await desk.sessions.create("new")
    await desk.sessions.delete("new")
    assert [type(event).__name__ for event in heard] == ["PipelinesChanged", "PipelinesChanged"]
    shown = desk.sessions.project_snapshot()
    assert (shown.seq, shown.epoch, shown.state) == (2, desk.sessions.log.epoch, None)


async def test_a_pipeline_of_finished_files_is_added_whole(desk: Desk) -> None:
    heard: list[ev.Event] = []
    desk.sessions.log.subscribe(heard.append)
    yaml = "title: Added\nblocks:\n  - {name: load, kind: loader, file: load.py}\n"
    files = {"pipeline.yaml": yaml, "load.py": SOURCES["load.py"]}
    await desk.sessions.add("added", files, {})
    assert [type(event).__name__ for event in heard] == ["PipelinesChanged"]
    assert (await desk.sessions.open("added")).draft.sources == {"load": SOURCES["load.py"]}
    with pytest.raises(Conflict):
        await desk.sessions.add("added", files, {})


async def test_deleting_an_open_pipeline_ends_its_session(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    await desk.sessions.delete("flights")
    assert ear.names() == ["SessionEnded"]
    with pytest.raises(NotFound):
        await desk.open()


async def test_what_is_known_of_blocks_that_are_gone_is_not_shown(desk: Desk) -> None:
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    await desk.finish("load", 1)
    await desk.finish("clean", 2)
    await session.finished(answer["run"])
    await desk.sessions.close()
    desk.write("flights", YAML.replace("name: clean", "name: cleaned"))
    again = Desk(desk.paths.root)
    again.write("flights", YAML.replace("name: clean", "name: cleaned"))
    again.history = desk.history
    again.sessions._around.history = desk.history
    session = await again.open()
    assert "clean" not in session.machine.results.status
    assert session.machine.results.status["load"].output is not None
    await again.sessions.close()


async def test_only_sessions_that_an_edit_concerns_look_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other_yaml = "blocks:\n  - {name: load, kind: loader, file: load.py}\n"
    desk.write("other", other_yaml, **{"load.py": "import helper\n" + SOURCES["load.py"]})
    desk.sessions.start_watching()
    mine, other = await desk.open(), await desk.sessions.open("other")
    looked: list[str] = []
    reread = Session.reread

    async def noticed(session: Session, changed: set[str]) -> None:
        looked.append(session.pipeline)
        if session is other:
            raise Unavailable("the analysis is away")
        await reread(session, changed)

    monkeypatch.setattr(Session, "reread", noticed)
    ear = Ear(mine)
    desk.file("clean.py").write_text("# edited\n")
    await ear.wait_for(ev.SourceChanged)
    assert set(looked) == {"flights"}
    (desk.paths.root / "helper.py").write_text("X = 1\n")
    await until(lambda: "other" in looked)
    await until(lambda: "the analysis is away" in caplog.text)
    assert caplog.records[-1].levelno == logging.WARNING
    looked.clear()
    told: list[ev.Event] = []
    desk.sessions.log.subscribe(told.append)
    desk.paths.settings.write_text("defaults: {retries: 2}\n")
    await until(lambda: set(looked) == {"flights", "other"})
    await until(lambda: any(isinstance(event, ev.SettingsChanged) for event in told))


async def test_that_the_disk_is_nearly_full_is_told_and_part_of_the_opening(desk: Desk) -> None:
    told: list[ev.Event] = []
    desk.sessions.log.subscribe(told.append)
    for low in (True, False):
        desk.sessions.tell_disk(low=low)
        assert isinstance(told[-1], ev.DiskSpaceChanged)
        assert told[-1].low is low
        assert desk.sessions.project_snapshot().disk_low is low


async def leave(desk: Desk, owner: str = "0:0:no-boot:" + socket.gethostname()) -> str:
    """Record a run as a process does that dies before it starts it; its owner is dead."""
    session = await desk.open()
    run = session.prepare_run(RunRequest(origin="api", blocks=["load"]))
    change = msgspec.structs.replace(session.queue_change(run), owner=owner)
    await desk.history.call(History.write, [change])
    return run.id


async def test_a_run_that_a_dead_process_left_is_taken_up(desk: Desk) -> None:
    run = await leave(desk)
    assert await desk.sessions.resume() == [run]
    await desk.finish("load", 1)
    record = await (await desk.open()).finished(run)
    assert (record.state, record.attempt) == ("succeeded", 2)


async def test_a_run_of_a_living_process_is_left_to_it(desk: Desk) -> None:
    await leave(desk, current_owner())
    assert await desk.sessions.resume() == []


async def test_a_run_that_somebody_else_takes_up_first_is_left_to_him(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await leave(desk)
    unfinished = History.unfinished

    def too_late(history: History) -> object:
        found = unfinished(history)
        history.take_over(run, current_owner())
        return found

    monkeypatch.setattr(History, "unfinished", too_late)
    assert await desk.sessions.resume() == []


async def test_a_run_of_a_pipeline_that_is_gone_fails(desk: Desk) -> None:
    run = await leave(desk)
    await desk.sessions.delete("flights")
    assert await desk.sessions.resume() == []
    record = await desk.history.call(History.run, run)
    assert (record.state, record.reason) == ("failed", "the pipeline is gone")


async def test_a_run_whose_code_cannot_be_read_any_more_fails_and_the_others_are_taken_up(
    desk: Desk,
) -> None:
    session = await desk.open()
    broken = session.prepare_run(RunRequest(origin="api", blocks=["load"]))
    change = msgspec.structs.replace(session.queue_change(broken), owner="nobody", files=b"\xc1")
    record = msgspec.structs.replace(change.record, version="of an older release")
    await desk.history.call(History.write, [msgspec.structs.replace(change, record=record)])
    other = await leave(desk)
    assert await desk.sessions.resume() == [other]
    found = await desk.history.call(History.run, broken.id)
    assert found.state == "failed"
    assert (found.reason or "").startswith("it could not be taken up: ")


async def test_a_pipeline_with_runs_is_deleted_only_with_them(desk: Desk) -> None:
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api"))
    with pytest.raises(Conflict) as caught:
        await desk.sessions.delete("flights")
    assert caught.value.details["runs"] == [run]
    await desk.sessions.delete("flights", cancel=True)
    assert (await desk.history.call(History.run, run)).state == "cancelled"


async def test_a_pipeline_that_is_removed_from_the_disk_ends_its_session(desk: Desk) -> None:
    desk.sessions.start_watching()
    ear = Ear(await desk.open())
    shutil.rmtree(desk.file(""))
    assert (await ear.wait_for(ev.SessionEnded)).reason == "the pipeline was removed from the disk"
    assert desk.sessions.live() == []


class TestAPipelineThatIsRemovedWhileItRuns:
    """As when another branch is checked out: a run has pinned all that it needs."""

    async def begin(self, desk: Desk) -> tuple[Session, str]:
        desk.sessions.start_watching()
        session = await desk.open()
        ear = Ear(session)
        run = await session.start_run(RunRequest(origin="api"))
        await desk.waiting("load")
        desk.file("").rename(desk.paths.root / "away")
        ended = await ear.wait_for(ev.SessionEnded)
        assert ended.reason == "the pipeline was removed from the disk"
        ear.leave()
        return session, run

    async def end(self, desk: Desk, session: Session, run: str) -> None:
        for block in ("load", "clean", "counts"):
            await desk.finish(block, 1)
        assert (await session.finished(run)).state == "succeeded"

    async def test_its_session_ends_with_its_runs(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session, run = await self.begin(desk)
        with pytest.raises(NotFound):
            await desk.open()
        looked, reread = list[str](), Session.reread

        async def noticed(one: Session, changed: set[str] = frozenset()) -> None:
            looked.append(one.pipeline)
            await reread(one, changed)

        monkeypatch.setattr(Session, "reread", noticed)
        desk.file("").mkdir()
        desk.file("left.py").write_text("# of nobody\n")
        await until(lambda: looked)
        assert desk.sessions.live() == [session]
        await self.end(desk, session, run)
        await until(lambda: not desk.sessions.live())

    async def test_its_session_goes_on_when_it_is_back(self, desk: Desk) -> None:
        session, run = await self.begin(desk)
        (desk.paths.root / "away").rename(desk.file(""))
        assert await desk.open() is session
        await self.end(desk, session, run)
        await until(lambda: not desk.sessions._leaving)
        assert desk.sessions.live() == [session]

    async def test_its_session_stays_when_nobody_knows_whether_it_is_gone(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        session, run = await self.begin(desk)

        async def away(_session: Session) -> None:
            raise Unavailable("the analysis is away")

        monkeypatch.setattr(Session, "reread", away)
        await self.end(desk, session, run)
        await until(lambda: not desk.sessions._leaving)
        assert desk.sessions.live() == [session]
        assert "flights cannot be read again: the analysis is away" in caplog.text

    async def test_the_end_of_the_server_waits_for_no_run(self, desk: Desk) -> None:
        session, _ = await self.begin(desk)
        await desk.sessions.close()
        assert session.has_ended


async def test_a_block_that_is_shared_says_how_often_it_is_used(desk: Desk) -> None:
    shared = desk.paths.blocks / "loaders" / "month.py"
    shared.parent.mkdir(parents=True)
    shared.write_text("from headrace import loader\n\n\n@loader\ndef month():\n    return 1\n")
    for name in ("one", "two"):
        desk.write(name, "blocks:\n  - {name: month, kind: loader, block: loaders/month}\n")
    (table,) = (await desk.sessions.open("one")).draft.tables
    assert (table.shared, table.used_in) == (True, 2)


async def test_a_block_whose_file_or_upstream_is_missing_says_so_when_it_is_to_run(
    desk: Desk,
) -> None:
    desk.file("load.py").unlink()
    desk.file("pipeline.yaml").write_text(
        YAML.replace("upstream: [load]", "upstream: [load, nothing]")
    )
    blocks = (await desk.open()).draft.definition.blocks
    assert blocks["load"].problem == "its file 'load.py' is missing"
    assert blocks["clean"].problem == "There is no block 'nothing': remove it, or add the block."


async def test_blocks_that_wait_for_one_another_do_not_run(desk: Desk) -> None:
    yaml = YAML.replace("file: load.py}", "file: load.py, upstream: [clean]}")
    desk.file("pipeline.yaml").write_text(yaml)
    blocks = (await desk.open()).draft.definition.blocks
    assert blocks["load"].problem == "its upstream clean is missing or waits for it"
    with pytest.raises(InvalidInput, match="waits for it"):
        await desk.handle(cmd.RunBlocks, blocks=["clean"])


async def test_sessions_close_while_one_is_being_opened(desk: Desk) -> None:
    opening = asyncio.create_task(desk.open())
    await asyncio.sleep(0)
    await desk.sessions.close()
    with pytest.raises(Unavailable, match="The server stops"):
        await opening


async def test_who_gives_up_waiting_for_a_session_leaves_it_to_others(desk: Desk) -> None:
    impatient = asyncio.create_task(desk.open())
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert (await desk.open()).pipeline == "flights"


async def test_blocks_get_the_projects_defaults_unless_they_say_otherwise(desk: Desk) -> None:
    yaml = YAML.replace("file: clean.py,", "file: clean.py, retries: 0, timeout: 5s,")
    desk.write("flights", yaml, **SOURCES)
    desk.paths.settings.write_text(
        "defaults: {retries: 2, timeout: 1m, memory: 1GB, parallel: 3}\n"
    )
    session = await desk.open()
    blocks = session.machine.definition.blocks
    assert [(b.retries, b.timeout_s) for b in (blocks["load"], blocks["clean"])] == [
        (2, 60),
        (0, 5),
    ]
    assert blocks["clean"].memory_bytes == 1_000_000_000
    assert session.prepare_run(RunRequest(origin="api")).slots == 3
    desk.paths.settings.write_text("defaults: {retries: 1}\n")
    await session.reread({"headrace.yaml"})
    assert session.machine.definition.blocks["load"].retries == 1


async def test_arguments_know_that_they_take_dates(desk: Desk) -> None:
    yaml = """\
parameters:
  day: {type: date, default: 2026-01-31}
  month: 1
blocks:
  - {name: load, kind: loader, file: load.py, with: {until: "2026-01-31T06:00:00Z"}}
  - {name: counts, kind: loader, file: counts.sql}
"""
    load = (
        "from datetime import datetime\n\nfrom headrace import loader\n\n\n@loader\n"
        "def load(day, until: datetime | None, month: int):\n    return day\n"
    )
    desk.write("days", yaml, **{"load.py": load, "counts.sql": "SELECT :day AS day\n"})
    session = await desk.sessions.open("days")
    definition = session.machine.definition
    assert list(definition.typed) == ["day"]
    typed = {n: p.type for n, p in definition.blocks["load"].typed.items()}
    assert typed == {"day": "date", "until": "datetime"}
    assert list(definition.blocks["counts"].typed) == ["day"]
