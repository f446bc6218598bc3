"""The shell of a session: commands, the order of record, event and effect, and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from headrace.core.errors import (
    Conflict,
    HeadraceError,
    InvalidInput,
    NotFound,
    StorageFull,
    Unavailable,
)
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import CheckResult, Column, Expectation, Output
from headrace.runs.changes import Change, QueueRun
from headrace.session import session as shell
from headrace.session.effects import Step
from headrace.session.run import RunRequest
from headrace.testing.drafts import done

from .conftest import SOURCES, YAML, Desk, Ear, until


def broken(desk: Desk, *errors: HeadraceError) -> list[HeadraceError]:
    """Let the next writes to the history fail with these errors; return those still to come."""
    left = list(errors)
    write = desk.history.write

    async def fails(changes: Sequence[Change]) -> None:
        if left:
            raise left.pop(0)
        await write(changes)

    desk.history.write = fails  # type: ignore[method-assign]
    return left


async def test_an_editor_run_is_recorded_before_it_is_told_and_told_before_it_acts(
    desk: Desk,
) -> None:
    session = await desk.open()
    ear = Ear(session)
    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    assert answer["blocks"] == ["load", "clean"]
    await desk.finish("load", 1)
    await desk.finish("clean", 2)
    record = await session.finished(answer["run"])
    assert record.state == "succeeded"
    assert [e for e in ear.names() if e.startswith(("Run", "Block"))] == [
        "RunQueued",
        "BlockStarted",
        "BlockFinished",
        "BlockStarted",
        "BlockFinished",
        "RunFinished",
    ]
    workers = [event.state for event in ear.heard if isinstance(event, ev.WorkerChanged)]
    assert workers == ["busy", "ready"]
    assert await session.finished(record.id) == record, "asked after the end"


async def test_nothing_stale_is_nothing_to_run(desk: Desk) -> None:
    desk.write("empty", "blocks: []\n")
    answer = await desk.sessions.handle(cmd.RunBlocks(pipeline="empty"))
    assert answer == {"run": None, "blocks": []}


@pytest.mark.parametrize("error", [Unavailable("locked"), StorageFull("full")])
async def test_a_history_that_is_locked_or_full_delays_a_run_and_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: HeadraceError
) -> None:
    monkeypatch.setattr(shell, "_WRITE_AGAIN_S", 0.0)
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
    left = broken(desk, error, error)
    await desk.finish("load", 1)
    assert (await session.finished(answer["run"])).state == "succeeded"
    assert not left


async def test_the_project_hears_once_how_a_block_and_a_run_ended_though_it_was_all_one_step(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await desk.open()
    heard: list[ev.Event] = []
    desk.sessions.log.subscribe(heard.append)
    write, may_go_on = desk.history.write, asyncio.Event()

    async def slow(changes: Sequence[Change]) -> None:
        await may_go_on.wait()
        await write(changes)

    answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
    monkeypatch.setattr(desk.history, "write", slow)
    early = asyncio.create_task(session.look_again())
    await desk.waiting("load")
    desk.pool.finish("load", 1)
    may_go_on.set()
    await early
    await session.finished(answer["run"])
    blocks = [event.block.state for event in heard if isinstance(event, ev.BlockRunChanged)]
    runs = [event.run.state for event in heard if isinstance(event, ev.RunChanged)]
    assert blocks.count("succeeded") == runs.count("succeeded") == 1
    assert (blocks[-1], runs[-1]) == ("succeeded", "succeeded")


async def test_a_run_that_cannot_be_recorded_is_refused(desk: Desk) -> None:
    session = await desk.open()
    broken(desk, Unavailable("locked"))
    with pytest.raises(Unavailable, match="locked"):
        await session.start_run(RunRequest(origin="api"))
    assert not session.is_busy
    assert not desk.pool.executed


async def test_a_run_is_refused_while_what_goes_on_cannot_be_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "_WRITE_AGAIN_S", 0.01)
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
    await desk.waiting("load")
    left = broken(desk, *[Unavailable("locked")] * 1000)
    write, is_locked = desk.history.write, asyncio.Event()

    async def locked(changes: Sequence[Change]) -> None:
        await is_locked.wait()
        await write(changes)

    monkeypatch.setattr(desk.history, "write", locked)
    desk.pool.finish("load", 1)
    await until(lambda: not len(session._stimuli))
    early = asyncio.create_task(session.look_again())
    await until(lambda: len(session._stimuli))
    is_locked.set()
    for asked in (early, session.start_run(RunRequest(origin="api"))):
        with pytest.raises(Unavailable, match="locked"):
            await asked
    left.clear()
    assert (await session.finished(answer["run"])).state == "succeeded"
    await session.look_again()
    await session.close("enough")
    with pytest.raises(Unavailable, match="has ended"):
        await session.look_again()


async def test_who_starts_or_cancels_a_run_is_answered_while_its_steps_cannot_be_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "_WRITE_AGAIN_S", 0.01)
    session = await desk.open()
    write, has_room = desk.history.write, asyncio.Event()

    async def nearly_full(changes: Sequence[Change]) -> None:
        if not has_room.is_set() and not all(isinstance(change, QueueRun) for change in changes):
            raise StorageFull("full")
        await write(changes)

    monkeypatch.setattr(desk.history, "write", nearly_full)
    run = await session.start_run(RunRequest(origin="api", blocks=["load"]))
    await session.cancel_run(run, "enough")
    assert not desk.pool.executed
    has_room.set()
    assert (await session.finished(run)).state == "cancelled"


async def test_a_command_that_waits_is_refused_when_the_session_ends(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.RunBlocks, blocks=["load"])
    await desk.waiting("load")
    broken(desk, *[Unavailable("locked")] * 1000)
    await desk.handle(cmd.CancelRun)
    behind = asyncio.create_task(desk.handle(cmd.SetParameters, values={"month": 2}))
    await until(lambda: len(session._stimuli))
    await session.close("enough")
    with pytest.raises(Unavailable, match="has ended"):
        await behind
    with pytest.raises(Unavailable, match="has ended"):
        await session.handle(cmd.SetParameters(pipeline="flights", values={"month": 2}))


async def test_a_caller_that_gave_up_does_no_harm(desk: Desk) -> None:
    session = await desk.open()
    asked = asyncio.create_task(desk.handle(cmd.SetParameters, values={"month": 2}))
    wrong = asyncio.create_task(desk.handle(cmd.CancelRun, run="none"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    wrong.cancel()
    await desk.handle(cmd.SetParameters, values={"month": 3})
    assert session.machine.values == {"month": 3}


async def test_a_session_that_breaks_refuses_and_says_so(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    session = await desk.open()

    def breaks() -> Step:
        raise AssertionError("an invariant")

    with pytest.raises(Unavailable, match="has ended"):
        await session._stimuli.do(breaks)
    with caplog.at_level(logging.ERROR):
        await session.close("the server stops")
    assert "the session broke" in caplog.text


async def test_an_idempotency_key_gives_one_run_however_often_it_comes(desk: Desk) -> None:
    session = await desk.open()
    start = cmd.StartRun(pipeline="flights", idempotency_key="click")
    answers = await asyncio.gather(*(session.handle(start) for _ in range(20)))
    assert len({answer["id"] for answer in answers}) == 1
    other = await desk.handle(cmd.StartRun, idempotency_key="another")
    assert other != answers[0]


async def test_parameters_are_chosen_and_checked(desk: Desk) -> None:
    session = await desk.open()
    assert await desk.handle(cmd.SetParameters, values={"month": 3}) == {"values": {"month": 3}}
    with pytest.raises(InvalidInput, match="no parameter 'year'"):
        await desk.handle(cmd.SetParameters, values={"year": 3})
    with pytest.raises(InvalidInput, match="month"):
        await desk.handle(cmd.SetParameters, values={"month": 13})
    assert session.machine.values == {"month": 3}


async def test_attending_warms_a_worker_once(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    session.attend()
    session.attend()
    assert ear.names() == ["WorkerChanged"]
    assert await desk.handle(cmd.RestartWorker) is None
    assert desk.pool.restarted == ["flights"]


@pytest.mark.parametrize("command", [cmd.OpenSession, cmd.CloseSession])
async def test_commands_of_the_stream_are_not_for_a_session(
    desk: Desk, command: type[cmd.Command]
) -> None:
    with pytest.raises(InvalidInput, match="cannot carry out"):
        await desk.handle(command)


async def test_a_pipeline_with_an_error_of_its_own_cannot_run(desk: Desk) -> None:
    desk.file("pipeline.yaml").write_text("blocks: [\n")
    session = await desk.open()
    assert session.snapshot().state.problem  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match="cannot run yet"):
        await session.start_run(RunRequest(origin="api"))


async def test_a_failed_attempt_is_tried_again_when_its_wait_is_over(desk: Desk) -> None:
    yaml = "blocks:\n  - {name: load, kind: loader, file: load.py, retries: 2}\n"
    source = SOURCES["load.py"].replace("month: int", "").replace("return month", "return 1")
    desk.write("flights", yaml, **{"load.py": source})
    session = await desk.open()
    blocks = session.machine.definition.blocks
    blocks["load"] = msgspec.structs.replace(blocks["load"], backoff_s=0.0)
    run = await session.start_run(RunRequest(origin="api"))
    await desk.waiting("load")
    desk.pool.fail("load", "once")
    await until(lambda: len(desk.pool.executed) == 2)
    await desk.finish("load", 1)
    record = await session.finished(run)
    assert [attempt.state for attempt in record.blocks[0].attempts] == ["failed", "succeeded"]


async def test_a_wait_ends_with_its_session(desk: Desk) -> None:
    yaml = "blocks:\n  - {name: load, kind: loader, file: load.py, retries: 2}\n"
    desk.write("flights", yaml, **{"load.py": SOURCES["load.py"].replace("month: int", "")})
    session = await desk.open()
    await session.start_run(RunRequest(origin="api"))
    await desk.waiting("load")
    desk.pool.fail("load")
    await until(lambda: session._timers.waits)
    await session.close("enough")
    assert not session._timers.waits


async def test_cancel_without_a_run_stops_all_of_the_editor_and_only_that(desk: Desk) -> None:
    session = await desk.open()
    editor = (await desk.handle(cmd.RunBlocks, blocks=["load"]))["run"]
    other = (await desk.handle(cmd.StartRun, blocks=["load"]))["id"]
    await until(lambda: len(desk.pool.waiting) == 2)
    assert await desk.handle(cmd.CancelRun) == {"runs": [editor]}
    assert (await session.finished(editor)).state == "cancelled"
    desk.pool.finish("load", 1, run=other)
    assert (await session.finished(other)).state == "succeeded"
    await session.cancel_run(other, "too late to matter")
    third = (await desk.handle(cmd.StartRun, blocks=["load"]))["id"]
    assert await desk.handle(cmd.CancelRun, run=third) == {"runs": [third]}
    assert (await session.finished(third)).state == "cancelled"


async def test_a_worker_is_busy_until_the_last_run_of_the_editor_is_over(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    first = (await desk.handle(cmd.RunBlocks, blocks=["load"]))["run"]
    second = (await desk.handle(cmd.RunBlocks, blocks=["load"]))["run"]
    for run in (first, second):
        await desk.waiting("load")
        desk.pool.finish("load", 1, run=run)
        await session.finished(run)
    workers = [event.state for event in ear.heard if isinstance(event, ev.WorkerChanged)]
    assert workers == ["busy", "ready"]


async def test_a_save_says_which_source_changed_and_saving_it_again_nothing(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    base = session.draft.files.sources["clean"]
    text = base.text + "# more\n"
    saved = await desk.handle(cmd.SaveSource, block="clean", text=text, base=base.hash, req="7")
    changed = await ear.wait_for(ev.SourceChanged)
    assert (changed.block.hash, changed.cause) == (saved["hash"], "7")
    again = await desk.handle(cmd.SaveSource, block="clean", text=text, base=saved["hash"])
    assert again == saved
    assert ear.names().count("SourceChanged") == 1
    with pytest.raises(Conflict):
        await desk.handle(cmd.SaveSource, block="clean", text="x", base=base.hash)
    with pytest.raises(NotFound):
        await desk.handle(cmd.SaveSource, block="nothing", text="x", base="")


async def test_every_structural_edit_is_undone_and_done_again(desk: Desk) -> None:
    session = await desk.open()
    for command, title in (
        (cmd.AddBlock(pipeline="flights", name="extra"), "add extra"),
        (cmd.AddBlock(pipeline="flights", kind="loader"), "add loader"),
        (cmd.MoveBlock(pipeline="flights", block="extra", index=0), "move extra"),
        (cmd.RenameBlock(pipeline="flights", block="extra", name="more"), "rename extra to more"),
        (
            cmd.Connect(pipeline="flights", upstream="load", downstream="more"),
            "connect load to more",
        ),
        (
            cmd.Disconnect(pipeline="flights", upstream="load", downstream="more"),
            "disconnect load from more",
        ),
        (
            cmd.ConfigureBlock(pipeline="flights", block="more", retries=2),
            "change settings of more",
        ),
        (
            cmd.AddCheck(
                pipeline="flights",
                block="counts",
                expectation=Expectation(column="n", unique=True),
            ),
            "add a check to counts",
        ),
        (
            cmd.SetContract(
                pipeline="flights", block="counts", contract=Contract(columns={"c": "integer"})
            ),
            "set the contract of counts",
        ),
        (cmd.ConfigurePipeline(pipeline="flights", title="New"), "change the pipeline"),
        (cmd.DuplicateBlock(pipeline="flights", block="more"), "duplicate more"),
        (cmd.DeleteBlocks(pipeline="flights", blocks=["more"]), "delete more"),
    ):
        before = desk.file("pipeline.yaml").read_text()
        await session.handle(command)
        after = desk.file("pipeline.yaml").read_text()
        assert after != before, title
        assert await desk.handle(cmd.Undo) == {"title": title}
        assert desk.file("pipeline.yaml").read_text() == before
        assert session.snapshot().state.redo == title  # type: ignore[union-attr]
        assert await desk.handle(cmd.Redo) == {"title": title}
        assert desk.file("pipeline.yaml").read_text() == after
    with pytest.raises(InvalidInput, match="nothing to redo"):
        await desk.handle(cmd.Redo)


async def test_a_check_of_python_code_is_one_edit_of_its_file_and_makes_it_stale(
    desk: Desk,
) -> None:
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["counts"])
    for block in ("load", "clean", "counts"):
        await desk.finish(block, 1)
    await session.finished(answer["run"])
    expectation = Expectation(column="n", not_null=True)
    code, yaml = (desk.file(name).read_text() for name in ("clean.py", "pipeline.yaml"))
    await desk.handle(cmd.AddCheck, block="clean", expectation=expectation)
    assert 'return clean["n"].notna()' in desk.file("clean.py").read_text()
    assert desk.file("pipeline.yaml").read_text() == yaml
    assert session.machine.results.status["clean"].staleness.reasons == ["code edited"]
    await desk.handle(cmd.Undo)
    assert desk.file("clean.py").read_text() == code
    await desk.handle(cmd.AddCheck, block="counts", expectation=expectation)
    assert session.machine.results.status["counts"].staleness.reasons == ["checks added"]
    with pytest.raises(InvalidInput, match="has this check already"):
        await desk.handle(cmd.AddCheck, block="counts", expectation=expectation)


async def test_a_contract_is_proposed_of_the_newest_output_and_makes_the_block_stale(
    desk: Desk,
) -> None:
    session = await desk.open()
    with pytest.raises(InvalidInput, match="no table to freeze"):
        await desk.handle(cmd.ProposeContract, block="counts")
    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    await desk.finish("load", 1)
    await desk.finish("clean", 1)
    await session.finished(answer["run"])
    with pytest.raises(InvalidInput, match="no table to freeze"):
        await desk.handle(cmd.ProposeContract, block="clean")
    results = session.machine.results
    table = Output(
        address="a", digest="a", kind="table", column_count=1, columns=[Column("c", "int64")]
    )
    results.change("clean", output=table)
    proposed = await desk.handle(cmd.ProposeContract, block="clean")
    assert proposed == Contract(columns={"c": "integer"})
    refused = msgspec.structs.replace(table, columns=[Column("c", "double")])
    check = CheckResult(name="contract", state="failed", refused=refused)
    results.change("clean", checks=[CheckResult(name="x", state="passed"), check])
    newer = await desk.handle(cmd.ProposeContract, block="clean")
    assert newer == Contract(columns={"c": "number"})
    results.change("clean", checks=[], output=msgspec.structs.replace(table, column_count=2))
    with pytest.raises(InvalidInput, match="too many columns"):
        await desk.handle(cmd.ProposeContract, block="clean")
    await desk.handle(cmd.SetContract, block="clean", contract=proposed)
    assert session.machine.results.status["clean"].staleness.reasons == ["contract added"]
    wrong = Contract(columns={"c": "dat"})
    with pytest.raises(InvalidInput, match="did you mean 'date'"):
        await desk.handle(cmd.SetContract, block="clean", contract=wrong)
    await desk.handle(cmd.SetContract, block="clean", contract=None)
    assert session.machine.results.status["clean"].staleness.state == "fresh"
    await desk.handle(cmd.Undo)
    assert session.snapshot().state.redo == "remove the contract of clean"  # type: ignore[union-attr]


async def test_there_is_nothing_to_undo_at_first_nor_after_an_edit_that_changed_nothing(
    desk: Desk,
) -> None:
    await desk.open()
    assert await desk.handle(cmd.MoveBlock, block="load", index=0) == {"blocks": []}
    with pytest.raises(InvalidInput, match="nothing to undo"):
        await desk.handle(cmd.Undo)


async def test_an_edit_of_nothing_that_cannot_be_analysed_takes_nothing_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open()
    desk.file("load.py").write_text("# from outside\n")

    def dead(**_: Any) -> Any:
        raise Unavailable("The analysis service ended.")

    with monkeypatch.context() as patch:
        patch.setitem(desk.pool.service("analysis").methods, "analyse", dead)
        with pytest.raises(Unavailable):
            await desk.handle(cmd.MoveBlock, block="load", index=0)
    assert desk.file("load.py").read_text() == "# from outside\n"


async def test_adding_a_block_names_it(desk: Desk) -> None:
    assert await desk.handle(cmd.AddBlock, name="extra") == {"blocks": ["extra"]}


async def test_renaming_keeps_what_a_block_shows(desk: Desk) -> None:
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
    await desk.finish("load", 1)
    await session.finished(answer["run"])
    await desk.handle(cmd.RenameBlock, block="load", name="fetch")
    assert session.machine.results.status["fetch"].output is not None


async def test_reading_again_tells_nothing_when_nothing_changed(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    await session.reread()
    await session.reread({"headrace.yaml"})
    assert ear.names() == []


async def test_a_module_beside_the_blocks_makes_them_stale(desk: Desk) -> None:
    (desk.paths.pipelines / "flights" / "rates.py").write_text("RATE = 1\n")
    source = "from pipelines.flights.rates import RATE\n" + SOURCES["load.py"]
    desk.write("flights", YAML, **{"load.py": source})
    session = await desk.open()
    answer = await desk.handle(cmd.RunBlocks, blocks=["load"])
    await desk.finish("load", 1)
    await session.finished(answer["run"])
    ear = Ear(session)
    (desk.paths.pipelines / "flights" / "rates.py").write_text("RATE = 2\n")
    await session.reread({"pipelines/flights/rates.py"})
    assert ear.names() == ["StalenessChanged"]


def table(desk: Desk, *names: str) -> Output:
    columns = [Column(name=name, type="int64") for name in names]
    made = desk.pool.output_of(names)
    return msgspec.structs.replace(made, kind="table", columns=columns)


async def finish_with(desk: Desk, block: str, output: Output) -> None:
    await desk.waiting(block)
    job, on_answer = desk.pool._take(block, None)
    on_answer(msgspec.structs.replace(done(job), output=output))


async def test_sql_is_checked_again_when_the_columns_that_it_reads_are_known(desk: Desk) -> None:
    desk.write("flights", YAML, **SOURCES | {"counts.sql": "SELECT nothing FROM clean\n"})
    session = await desk.open()
    ear = Ear(session)
    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    await desk.finish("load", 1)
    await finish_with(desk, "clean", table(desk, "carrier"))
    await session.finished(answer["run"])
    changed = await ear.wait_for(ev.PipelineChanged)
    assert [d.block for d in changed.diagnostics] == ["counts"]

    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    await finish_with(desk, "clean", table(desk, "carrier"))
    await session.finished(answer["run"])
    await until(lambda: not session._chores)
    assert ear.names().count("PipelineChanged") == 1, "the same columns say nothing new"


async def test_a_shared_block_is_added_with_its_edges(desk: Desk) -> None:
    shared = desk.paths.blocks / "transformers" / "double.py"
    shared.parent.mkdir(parents=True)
    shared.write_text(SOURCES["clean.py"].replace("clean(load)", "double(data)"))
    session = await desk.open()
    await desk.handle(cmd.AddBlock, name="double", library="transformers/double", upstream=["load"])
    table = session.draft.table("double")
    assert table is not None
    assert table.upstream == ["load"]


async def test_an_analysis_that_waits_for_an_edit_ends_with_its_session(desk: Desk) -> None:
    session = await desk.open()
    Ear(session)
    answer = await desk.handle(cmd.RunBlocks, blocks=["clean"])
    await desk.finish("load", 1)
    async with session._edits:
        await desk.finish("clean", 2)
        await session.finished(answer["run"])
        (chore,) = session._chores
        await session.close("enough")
    assert chore.cancelled()


async def test_cancelling_all_waits_for_the_end(desk: Desk) -> None:
    session = await desk.open()
    run = await session.start_run(RunRequest(origin="api"))
    await session.cancel_all("the pipeline is deleted")
    assert not session.is_busy
    assert (await session.finished(run)).reason == "the pipeline is deleted"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (cmd.AddBlock, {"name": "more"}),
        (cmd.RenameBlock, {"block": "load", "name": "read"}),
        (cmd.SaveSource, {"block": "load", "text": "# mine\n"}),
        (cmd.Undo, {}),
    ],
)
async def test_an_edit_that_cannot_be_analysed_has_not_been_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: type[cmd.Command], fields: dict[str, Any]
) -> None:
    session = await desk.open()
    await desk.handle(cmd.AddBlock, name="first")
    folder = desk.paths.pipelines / "flights"
    before = {file.name: file.read_text() for file in folder.iterdir()}
    if kind is cmd.SaveSource:
        fields = fields | {"base": session.draft.files.sources["load"].hash}

    def dead(**_: Any) -> Any:
        raise Unavailable("The analysis service ended.")

    with monkeypatch.context() as patch:
        patch.setitem(desk.pool.service("analysis").methods, "analyse", dead)
        with pytest.raises(Unavailable):
            await desk.handle(kind, **fields)
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    assert session.snapshot().state.undo == "add first"
    assert session.snapshot().state.redo is None
    await desk.handle(kind, **fields)
    assert {file.name: file.read_text() for file in folder.iterdir()} != before
