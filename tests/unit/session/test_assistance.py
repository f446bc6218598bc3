"""Help while typing: live values first, the text second."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headrace.core.errors import InvalidInput, NotFound
from headrace.protocol import commands as cmd
from headrace.protocol.replies import Completion, Completions, Inspection
from headrace.session.assistance import KEPT_PROPOSALS

from .conftest import Desk

PLACE: dict[str, Any] = {"block": "clean", "text": "load.", "line": 1, "column": 5}


def proposals(*labels: str, start: int = 5) -> Completions:
    return Completions(
        start=start, items=[Completion(label=label, kind="text") for label in labels]
    )


@pytest.fixture
def static(desk: Desk) -> dict[str, Any]:
    """What the analysis service answers."""
    answers: dict[str, Any] = {
        "complete": proposals("static", "both"),
        "inspect": Inspection(signature="static()"),
    }
    methods = desk.pool.service("analysis").methods
    methods["complete"] = lambda **_: msgspec.to_builtins(answers["complete"])
    methods["inspect"] = lambda **_: msgspec.to_builtins(answers["inspect"])
    return answers


@pytest.mark.parametrize(
    ("live", "labels"),
    [
        (None, ["static", "both"]),
        (proposals(), ["static", "both"]),
        (proposals("live", "both"), ["live", "both", "static"]),
        (proposals("elsewhere", start=2), ["elsewhere"]),
    ],
)
async def test_live_proposals_stand_before_static_ones(
    desk: Desk, static: dict[str, Any], live: Completions | None, labels: list[str]
) -> None:
    desk.pool.told = None if live is None else msgspec.to_builtins(live)
    found = await desk.handle(cmd.Complete, **PLACE)
    assert [item.label for item in found.items] == labels
    ((_, question),) = desk.pool.questions
    assert (question["op"], question["upstream"]) == ("complete", ["load"])


async def test_no_more_proposals_are_sent_than_anybody_reads(
    desk: Desk, static: dict[str, Any]
) -> None:
    static["complete"] = proposals(*(f"s{n}" for n in range(KEPT_PROPOSALS)))
    desk.pool.told = msgspec.to_builtins(proposals("live"))
    found = await desk.handle(cmd.Complete, **PLACE)
    assert (len(found.items), found.items[0].label) == (KEPT_PROPOSALS, "live")


@pytest.mark.parametrize(
    ("live", "signature"),
    [(None, "static()"), ("", "static()"), ("live()", "live()")],
)
async def test_a_live_signature_wins(
    desk: Desk, static: dict[str, Any], live: str | None, signature: str
) -> None:
    desk.pool.told = None if live is None else msgspec.to_builtins(Inspection(signature=live))
    assert (await desk.handle(cmd.Inspect, **PLACE)).signature == signature


async def test_sql_asks_no_worker(desk: Desk, static: dict[str, Any]) -> None:
    await desk.handle(cmd.Complete, **PLACE | {"block": "counts"})
    assert desk.pool.questions == []


async def test_formatting_saves_nothing(desk: Desk) -> None:
    answer = await desk.handle(cmd.FormatSource, block="counts", text="select 1")
    assert answer["text"].upper().startswith("SELECT")
    assert desk.file("counts.sql").read_text().startswith("SELECT count")


async def test_columns_are_told_with_where_they_come_from(desk: Desk) -> None:
    found = await desk.handle(cmd.ShowLineage)
    assert [block.block for block in found.blocks][:3] == ["load", "clean", "counts"]
    assert {block.block: block.known_by for block in found.blocks}["counts"] == "query"


async def test_help_for_a_block_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.handle(cmd.Inspect, **PLACE | {"block": "nothing"})


async def test_what_a_rename_would_break_is_tried_out(desk: Desk) -> None:
    await desk.open()
    found = await desk.handle(cmd.ShowImpact, block="counts", column="n")
    assert (found.breaks, found.passes) == ([], [])
    with pytest.raises(NotFound):
        await desk.handle(cmd.ShowImpact, block="nothing", column="n")


async def test_sql_is_translated_into_the_dialect_of_its_block(desk: Desk) -> None:
    text = "select top 3 a from clean"
    found = await desk.handle(cmd.TranslateSource, block="counts", text=text)
    assert (found.source, found.text.split()[-2:]) == ("tsql", ["LIMIT", "3"])
    with pytest.raises(InvalidInput, match="'clean' is no SQL"):
        await desk.handle(cmd.TranslateSource, block="clean", text=text)
    declared = "connections: {old: {url: 'mssql://there/db'}}\n"
    (desk.paths.root / "headrace.yaml").write_text(declared)
    desk.file("pipeline.yaml").write_text(
        desk.file("pipeline.yaml")
        .read_text()
        .replace("counts.sql,", "counts.sql, connection: old,")
    )
    await (await desk.open()).reread()
    found = await desk.handle(cmd.TranslateSource, block="counts", text="select a from t limit 3")
    assert "TOP 3" in found.text
