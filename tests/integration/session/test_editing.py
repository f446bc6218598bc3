"""Files, edits and events of a session, with others who write the same files."""

from __future__ import annotations

import asyncio

import pytest

from headrace.core.errors import Conflict
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.session.run import RunRequest

from .conftest import Ear, Site, until

ONE = """\
    # the comment stays
    blocks:
      - {name: load, kind: loader, file: load.py}
      - {name: clean, kind: transformer, file: clean.py, upstream: [load]}
    """
LOAD = "@loader\ndef load():\n    return 1\n"
CLEAN = "@transformer\ndef clean(load):\n    return load + 1\n"
SEEN_S = 1.0
"""How soon an edit from outside must show."""


async def test_a_returning_client_gets_every_event_once(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    ear = Ear(session)
    start = session.snapshot()
    await site.run(session)
    ear.leave()
    there = ear.heard[-1].seq
    await site.run_blocks(session, "clean")
    missed = session.log.after(there, start.epoch)
    assert missed
    numbers = [event.seq for event in (*ear.heard, *missed)]
    assert numbers == list(range(start.seq + 1, session.log.seq + 1))
    assert {event.pipeline for event in missed} == {"p"}
    assert session.log.after(session.log.seq, start.epoch) == []


async def test_after_a_restart_only_a_snapshot_helps(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    await site.run_blocks(session, "clean")
    seen = session.snapshot()
    await site.sessions.close()
    site.sessions = site.new_sessions()
    session = await site.open()
    assert session.log.after(seen.seq, seen.epoch) is None
    again = session.snapshot()
    assert again.epoch != seen.epoch
    assert again.seq == session.log.seq
    assert again.state is not None
    assert seen.state is not None
    assert {n: s.state for n, s in again.state.status.items()} == {
        "load": "succeeded",
        "clean": "succeeded",
    }
    outputs = [{n: s.output for n, s in t.status.items()} for t in (seen.state, again.state)]
    assert outputs[0] == outputs[1]
    assert {s.staleness.state for s in again.state.status.values()} == {"fresh"}


async def test_two_who_save_the_same_text_conflict_and_nothing_is_lost(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    base = session.draft.files.sources["load"]
    saves = [
        cmd.SaveSource(pipeline="p", block="load", text=f"{base.text}# {who}\n", base=base.hash)
        for who in ("Ann", "Ben")
    ]
    answers = await asyncio.gather(*map(session.handle, saves), return_exceptions=True)
    (conflict,) = [answer for answer in answers if isinstance(answer, Conflict)]
    (saved,) = [answer for answer in answers if isinstance(answer, dict)]
    assert conflict.details["text"].endswith("# Ann\n")
    assert conflict.details["yours"].endswith("# Ben\n")
    assert conflict.details["hash"] == saved["hash"]
    assert site.file("load.py").read_text().endswith("# Ann\n")
    merged = conflict.details["text"] + "# Ben\n"
    await session.handle(
        cmd.SaveSource(pipeline="p", block="load", text=merged, base=conflict.details["hash"])
    )
    assert site.file("load.py").read_text().endswith("# Ann\n# Ben\n")


async def test_a_save_on_top_of_an_unseen_edit_from_outside_conflicts(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    base = session.draft.files.sources["load"]
    site.file("load.py").write_text("# from outside\n")
    with pytest.raises(Conflict) as caught:
        await session.handle(
            cmd.SaveSource(pipeline="p", block="load", text="# mine\n", base=base.hash)
        )
    assert caught.value.details["text"] == "# from outside\n"
    assert site.file("load.py").read_text() == "# from outside\n"


async def test_an_edit_from_outside_shows_within_a_second(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    site.sessions.start_watching()
    session = await site.open()
    await site.run_blocks(session, "clean")
    ear = Ear(session)
    text = site.source(LOAD.replace("return 1", "return 2"))
    site.file("load.py").write_text(text)
    changed = await ear.wait_for(ev.SourceChanged, SEEN_S)
    assert (changed.block.name, changed.text, changed.cause) == ("load", text, "")
    stale = await ear.wait_for(ev.StalenessChanged, SEEN_S)
    assert stale.blocks["load"].reasons == ["code edited"]


async def test_a_block_from_outside_and_a_module_that_blocks_import_show_as_well(
    site: Site,
) -> None:
    module = site.paths.root / "rates.py"
    module.write_text("RATE = 2\n")
    text = "import rates\n@transformer\ndef clean(load):\n    return load * rates.RATE\n"
    site.write(ONE, load=LOAD, clean=text)
    site.sessions.start_watching()
    session = await site.open()
    first = await site.run_blocks(session, "clean")
    ear = Ear(session)
    module.write_text("RATE = 3\n")
    stale = await ear.wait_for(ev.StalenessChanged, SEEN_S)
    assert stale.blocks["clean"].reasons == ["helper rates.py edited"]
    assert not [event for event in ear.heard if isinstance(event, ev.PipelineChanged)]
    second = await site.run_blocks(session, "clean")
    assert first.blocks[1].output != second.blocks[0].output
    assert second.blocks[0].output is not None
    assert second.blocks[0].output.text == "3"

    more = "{name: more, kind: loader, file: load.py}"
    site.write(ONE.replace("blocks:\n", f"blocks:\n      - {more}\n"))
    changed = await ear.wait_for(ev.PipelineChanged, SEEN_S)
    assert [table.name for table in changed.blocks] == ["more", "load", "clean"]


async def test_undo_brings_deleted_blocks_back_byte_for_byte(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    names = ("pipeline.yaml", "load.py", "clean.py")
    before = {name: site.file(name).read_bytes() for name in names}
    await session.handle(cmd.DeleteBlocks(pipeline="p", blocks=["load"]))
    assert [table.name for table in session.draft.tables] == ["clean"]
    assert not site.file("load.py").exists()
    assert session.snapshot().state.undo == "delete load"  # type: ignore[union-attr]
    assert await session.handle(cmd.Undo(pipeline="p")) == {"title": "delete load"}
    assert {name: site.file(name).read_bytes() for name in names} == before
    assert [table.name for table in session.draft.tables] == ["load", "clean"]
    await session.handle(cmd.Redo(pipeline="p"))
    assert not site.file("load.py").exists()


async def test_undo_never_overwrites_what_others_wrote_since(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    session = await site.open()
    await session.handle(cmd.MoveBlock(pipeline="p", block="clean", index=0))
    edited = site.file("pipeline.yaml").read_text() + "# mine\n"
    site.file("pipeline.yaml").write_text(edited)
    with pytest.raises(Conflict):
        await session.handle(cmd.Undo(pipeline="p"))
    assert site.file("pipeline.yaml").read_text() == edited


async def test_a_pipeline_that_goes_away_ends_its_session(site: Site) -> None:
    site.write(ONE, load=LOAD, clean=CLEAN)
    site.sessions.start_watching()
    session = await site.open()
    ear = Ear(session)
    for name in ("pipeline.yaml", "load.py", "clean.py"):
        site.file(name).unlink()
    site.file("").rmdir()
    ended = await ear.wait_for(ev.SessionEnded)
    assert ended.reason == "the pipeline was removed from the disk"
    await until(lambda: site.sessions.live() == [])


async def test_a_pipeline_with_a_run_is_deleted_only_with_its_run(site: Site) -> None:
    text = "@loader\ndef load():\n    note('load')\n    gated()\n"
    site.write(ONE, load=text, clean=CLEAN)
    session = await site.open()
    run = await session.start_run(RunRequest(origin="api"))
    await site.noted("load")
    with pytest.raises(Conflict) as caught:
        await site.sessions.delete("p")
    assert caught.value.details["runs"] == [run]
    await site.sessions.delete("p", cancel=True)
    record = await site.record(run)
    assert (record.state, record.reason) == ("cancelled", "the pipeline is deleted")
    assert not site.file("pipeline.yaml").exists()
