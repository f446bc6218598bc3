"""Edges that a SQL text asks for are drawn when it is saved, where the one who saves wants that."""

from __future__ import annotations

import pytest

from headrace.protocol import commands as cmd
from headrace.session.session import Session

from .conftest import Desk

BOTH = "select * from clean, load l, load\n"


async def save(desk: Desk, block: str, text: str, *, connect: bool = True) -> None:
    session = await desk.open()
    base = session.draft.files.sources[block].hash
    await desk.handle(cmd.SaveSource, block=block, text=text, base=base, connect=connect)


def upstream(session: Session, block: str) -> list[str]:
    table = session.draft.table(block)
    assert table is not None
    return table.upstream


async def test_a_block_that_is_read_becomes_upstream_once_and_can_be_taken_back(desk: Desk) -> None:
    session = await desk.open()
    await save(desk, "counts", BOTH)
    assert upstream(session, "counts") == ["clean", "load"]
    assert [d for d in session.draft.diagnostics if d.block == "counts"] == []
    assert (await desk.handle(cmd.Undo))["title"] == "connect load to counts"
    assert upstream(session, "counts") == ["clean"]
    assert session.draft.files.sources["counts"].text == BOTH


async def test_nobody_is_connected_who_did_not_ask_for_it(desk: Desk) -> None:
    await save(desk, "counts", BOTH, connect=False)
    assert upstream(await desk.open(), "counts") == ["clean"]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ("counts", "select * from clean, nowhere\n"),
        ("counts", "select * from clean, counts\n"),
        ("clean", "from headrace import transformer\n\n@transformer\ndef clean(counts): ...\n"),
    ],
)
async def test_what_is_no_free_block_of_sql_stays_a_diagnostic(
    desk: Desk, block: str, text: str
) -> None:
    session = await desk.open()
    before = upstream(session, block)
    await save(desk, block, text)
    assert upstream(session, block) == before


async def test_an_edge_that_cannot_be_drawn_any_more_does_not_undo_the_save(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await desk.open()
    gone = cmd.Connect(pipeline="flights", upstream="gone", downstream="counts")
    monkeypatch.setattr(type(session.draft), "edges_read", lambda *_: [gone])
    await save(desk, "counts", BOTH)
    assert session.draft.files.sources["counts"].text == BOTH
