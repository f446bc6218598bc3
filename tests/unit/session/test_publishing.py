"""Published versions: what triggers run stays what was published, whatever the draft becomes."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.core.errors import Conflict, InvalidInput, NotFound
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.versions import PublishedVersion
from headrace.runs.history import History
from headrace.session.publishing import FIRST
from headrace.session.run import Run, RunRequest
from headrace.session.session import Session

from .conftest import SOURCES, YAML, Desk, Ear

TICK = RunRequest(origin="trigger", trigger="nightly", published=True)


def edited(text: str, said: str) -> str:
    return text.replace("return month", f"return {said}")


async def tick(session: Session, newest: int | None) -> Run:
    await session.look_for_trigger(newest)
    return session.prepare_run(TICK)


def code(run: Run) -> str:
    return run.definition.blocks["load"].source


async def test_a_version_is_what_triggers_run_and_the_draft_what_the_editor_runs(
    desk: Desk,
) -> None:
    session = await desk.open()
    first = await desk.handle(cmd.Publish, message="as it was")
    assert (first.number, first.message, first.pipeline) == (1, "as it was", "flights")
    assert first.hash == session.snapshot().state.version  # type: ignore[union-attr]
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))

    run = await tick(session, 1)
    assert (code(run), run.published) == (SOURCES["load.py"], 1)
    assert run.to_record().published == 1
    await session.look_again()
    draft = session.prepare_run(RunRequest(origin="api"))
    assert ("return 7" in code(draft), draft.published) == (True, None)

    second = await desk.handle(cmd.Publish)
    assert second.number == 2
    run = await tick(session, 2)
    assert ("return 7" in code(run), run.published) == (True, 2)


async def test_publishing_what_is_published_makes_no_version(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    first = await desk.handle(cmd.Publish)
    assert await desk.handle(cmd.Publish, message="again") == first
    told = [event for event in ear.heard if isinstance(event, ev.VersionPublished)]
    assert [event.version for event in told] == [first]
    assert await desk.history.call(History.published_versions, "flights") == [first]


async def test_only_the_draft_that_was_looked_at_is_published(desk: Desk) -> None:
    session = await desk.open()
    seen = session.draft.files.version
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))
    with pytest.raises(Conflict, match="changed meanwhile"):
        await desk.handle(cmd.Publish, version=seen)
    await desk.handle(cmd.Publish, version=session.draft.files.version)


async def test_what_could_not_run_is_not_published(desk: Desk) -> None:
    desk.file("load.py").write_text("def load(:\n")
    with pytest.raises(InvalidInput, match="could not run: load"):
        await desk.handle(cmd.Publish)
    assert await desk.history.call(History.published, "flights") is None


async def test_the_first_tick_publishes_what_nobody_published(desk: Desk) -> None:
    session = await desk.open()
    ear = Ear(session)
    run = await tick(session, None)
    assert run.published == 1
    told = await ear.wait_for(ev.VersionPublished)
    assert (told.version.number, told.version.message) == (1, FIRST)
    assert await desk.history.call(History.unpublished, ["flights", "other"]) == ["other"]


async def test_a_draft_that_cannot_be_read_is_not_the_first_version(desk: Desk) -> None:
    desk.file("load.py").unlink()
    session = await desk.open()
    with pytest.raises(InvalidInput, match="Nothing is published yet"):
        await session.look_for_trigger(None)


async def test_what_is_published_runs_while_the_draft_is_broken(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    desk.file("pipeline.yaml").write_text("blocks: [\n")
    run = await tick(session, 1)
    assert set(run.blocks) == {"load", "clean", "counts"}
    with pytest.raises(InvalidInput):
        session.prepare_run(RunRequest(origin="api"))


async def test_parameters_are_those_that_were_declared_when_it_was_published(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    desk.file("pipeline.yaml").write_text(YAML.replace("maximum: 12", "maximum: 3"))
    await session.look_for_trigger(1)
    request = RunRequest(origin="trigger", published=True, parameters={"month": 12})
    assert session.prepare_run(request).parameters == {"month": 12}


async def test_a_version_is_analysed_again_only_when_what_it_depends_on_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))
    await tick(session, 1)
    analysed: list[Any] = []
    methods = desk.pool.service("analysis").methods
    before = methods["analyse"]

    def counted(**given: Any) -> Any:
        analysed.append(given)
        return before(**given)

    monkeypatch.setitem(methods, "analyse", counted)
    await tick(session, 1)
    assert analysed == []
    (desk.paths.root / "headrace.yaml").write_text("{}\n")
    run = await tick(session, 1)
    assert code(run) == SOURCES["load.py"]
    assert len(analysed) == 2, "the draft, and what is published"


async def test_what_another_process_published_counts_from_its_next_tick(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))
    await session.look_again()
    from headrace.session.publishing import snapshot_of

    theirs = snapshot_of(session.draft.files)
    now = desk.clock.now()
    await desk.history.call(lambda known: known.publish(theirs, now))
    ear = Ear(session)
    run = await tick(session, 2)
    assert ("return 7" in code(run), run.published) == (True, 2)
    assert ear.names().count("VersionPublished") == 1
    await session.look_for_versions()
    assert ear.names().count("VersionPublished") == 1


async def test_a_retry_of_a_published_run_is_of_what_is_published_now(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))
    run = await tick(session, 1)
    change = session.queue_change(run)
    await desk.history.call(History.write, [change])
    await session.launch(run)
    await desk.waiting("load")
    await session.cancel_run(run.id, "enough")
    await session.finished(run.id)
    request = await session.retry_request(run.id)
    assert request.published
    assert await session.plan_run(request) == ["load", "clean", "counts"]
    again = await session.start_run(request)
    record = await desk.history.call(History.run, again)
    assert (record.published, record.origin) == (1, "retry")


async def test_a_version_is_restored_as_one_edit_that_can_be_undone(desk: Desk) -> None:
    await desk.open()
    await desk.handle(cmd.Publish)
    newer = YAML.replace("title: Flights", "title: Newer") + "triggers:\n  - {name: t, every: 1h}\n"
    desk.file("pipeline.yaml").write_text(newer)
    desk.file("load.py").write_text(edited(SOURCES["load.py"], "7"))
    session = await desk.open()
    await session.reread()
    assert await desk.handle(cmd.RestoreVersion, number=1) == {"left": []}
    assert desk.file("load.py").read_text() == SOURCES["load.py"]
    text = desk.file("pipeline.yaml").read_text()
    assert text.startswith("title: Flights\n"), text
    assert text.endswith("triggers:\n  - {name: t, every: 1h}\n"), "triggers stay as they are"
    state = session.snapshot().state
    assert state is not None
    assert state.published is not None
    assert (state.version, state.undo) == (state.published.hash, "restore version 1")
    await desk.handle(cmd.Undo)
    assert desk.file("pipeline.yaml").read_text() == newer
    assert "return 7" in desk.file("load.py").read_text()


async def test_restoring_what_is_there_changes_nothing(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    await desk.handle(cmd.RestoreVersion, number=1)
    assert session.snapshot().state.undo is None  # type: ignore[union-attr]
    with pytest.raises(NotFound, match="no version 9"):
        await desk.handle(cmd.RestoreVersion, number=9)


async def test_a_file_that_is_gone_comes_back(desk: Desk) -> None:
    session = await desk.open()
    await desk.handle(cmd.Publish)
    await desk.handle(cmd.DeleteBlocks, blocks=["words"])
    assert [block.name for block in session.draft.tables] == ["load", "clean", "counts"]
    difference = await session.difference_to_draft(1)
    assert [(one.name, one.change) for one in difference.blocks] == [("words", "removed")]
    desk.file("words.md").unlink(missing_ok=True)
    await desk.handle(cmd.RestoreVersion, number=1)
    assert desk.file("words.md").read_text() == SOURCES["words.md"]
    assert (await session.difference_to_draft(1)).blocks == []


async def test_from_nothing_everything_is_new(desk: Desk) -> None:
    session = await desk.open()
    difference = await session.difference_to_draft(None)
    assert {one.change for one in difference.blocks} == {"added"}
    assert [one.name for one in difference.parameters] == ["month"]


async def test_another_pipeline_of_the_same_name_begins_anew(desk: Desk) -> None:
    await desk.open()
    await desk.handle(cmd.Publish)
    await desk.sessions.delete("flights")
    assert await desk.history.call(History.published, "flights") is None
    await desk.sessions.create("flights")
    assert isinstance(await desk.handle(cmd.Publish), PublishedVersion)


async def test_values_of_an_event_are_checked_and_those_that_are_only_offered_may_be_left(
    desk: Desk,
) -> None:
    session = await desk.open()
    await session.check_published({"month": 3})
    assert session.snapshot().state.published is not None  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match="month"):
        await session.check_published({"month": 13})
    await session.look_for_trigger(1)
    offered = RunRequest(origin="trigger", published=True, offered={"file": "x", "month": 4})
    assert session.prepare_run(offered).parameters == {"month": 4}
    both = RunRequest(
        origin="trigger", published=True, offered={"month": 4}, parameters={"month": 5}
    )
    assert session.prepare_run(both).parameters == {"month": 5}
