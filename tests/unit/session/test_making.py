"""Blocks made from what somebody looks at: code, place, name, and taking it back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headrace.core.errors import InvalidInput, InvalidName, NotFound
from headrace.protocol import commands as cmd
from headrace.protocol.charts import Chart, ChartAxis, ChartData
from headrace.protocol.replies import BlockDraft
from headrace.protocol.steps import RenameColumn
from headrace.protocol.tables import Output
from headrace.protocol.views import Condition, SortKey, View

from .conftest import Desk, until

FACTS = {
    "type_name": "pandas.DataFrame",
    "columns": [
        {"name": "day", "type": "date32[day]", "dtype": "object"},
        {"name": "delay", "type": "double", "dtype": "float64", "nulls": True},
    ],
}
LATE = View(filter=[Condition("delay", ">", 15)], sort=[SortKey("delay", descending=True)])
BY_DAY = Chart(kind="bar", x="day")


@pytest.fixture
async def looked_at(desk: Desk) -> Desk:
    """A project of which `load` has given a table."""
    drawn = ChartData(
        kind="bar",
        x=ChartAxis(title="day", scale="time", unit="month"),
        y=ChartAxis(title="rows", scale="number"),
    )
    desk.pool.service("data").methods |= {
        "facts": lambda **_: FACTS,
        "chart": lambda **_: msgspec.to_builtins(drawn),
    }
    desk.pool.output_of = lambda value: Output(  # type: ignore[method-assign]
        address="a" * 32, digest="a" * 32, kind="table" if value else "json", rows=3
    )
    return desk


async def give(desk: Desk, value: Any) -> None:
    """Let `load` give a table, or something else for a false value."""
    await desk.handle(cmd.RunBlocks, blocks=["load"], force=True)
    await desk.finish("load", value)
    session = await desk.open()
    await until(lambda: not session.is_busy)


async def make(desk: Desk, **said: Any) -> BlockDraft:
    return await desk.handle(cmd.MakeBlock, **{"upstream": "load", "view": LATE} | said)


async def names(desk: Desk) -> list[str]:
    return [block.name for block in (await desk.open()).snapshot().state.blocks]


async def test_a_view_becomes_a_block_below_the_one_looked_at(looked_at: Desk) -> None:
    await give(looked_at, "a table")
    made = await make(looked_at, name="late")
    assert (made.name, made.language) == ("late", "python")
    assert await names(looked_at) == ["load", "late", "clean", "counts", "words"]
    assert looked_at.file("late.py").read_text() == made.text
    late = next(b for b in (await looked_at.open()).draft.tables if b.name == "late")
    assert (late.kind, late.upstream) == ("transformer", ["load"])


@pytest.mark.parametrize(
    ("language", "file", "words"),
    [
        ("pandas", "late.py", 'df["delay"] > 15'),
        ("polars", "late.py", 'pl.col("delay") > 15'),
        ("sql", "late.sql", "delay > 15"),
    ],
)
async def test_it_is_written_in_the_language_that_is_asked_for(
    looked_at: Desk, language: str, file: str, words: str
) -> None:
    await give(looked_at, "a table")
    await make(looked_at, name="late", language=language)
    assert words in looked_at.file(file).read_text()


async def test_a_dry_run_gives_the_same_code_and_adds_nothing(looked_at: Desk) -> None:
    await give(looked_at, "a table")
    steps = [RenameColumn(column="delay", name="minutes")]
    before = await names(looked_at)
    preview = await make(looked_at, steps=steps, dry_run=True)
    assert (preview.name, "minutes" in preview.text) == ("load_view", True)
    assert await names(looked_at) == before
    assert await make(looked_at, steps=steps) == preview


async def test_it_is_taken_back_and_done_again_as_one_step(looked_at: Desk) -> None:
    await give(looked_at, "a table")
    before = await names(looked_at)
    made = await make(looked_at)
    assert (await looked_at.handle(cmd.Undo))["title"] == "add load_view"
    assert await names(looked_at) == before
    assert not looked_at.file("load_view.py").exists()
    await looked_at.handle(cmd.Redo)
    assert looked_at.file("load_view.py").read_text() == made.text


async def test_names_that_are_chosen_differ(looked_at: Desk) -> None:
    await give(looked_at, "a table")
    made = [(await make(looked_at)).name for _ in range(3)]
    assert made == ["load_view", "load_view_2", "load_view_3"]
    assert (await make(looked_at, chart=BY_DAY, dry_run=True)).name == "load_chart"


async def test_a_chart_becomes_a_block_with_the_bins_that_are_drawn(looked_at: Desk) -> None:
    await give(looked_at, "a table")
    made = await make(looked_at, chart=BY_DAY)
    assert '.dt.to_period("M")' in made.text
    asked = dict(looked_at.pool.service("data").calls)["chart"]
    assert asked["view"]["filter"][0]["column"] == "delay"


async def test_what_cannot_be_made_is_refused_and_changes_nothing(looked_at: Desk) -> None:
    before = await names(looked_at)
    with pytest.raises(InvalidInput, match="run it first"):
        await make(looked_at)
    await give(looked_at, None)
    with pytest.raises(InvalidInput, match="run it first"):
        await make(looked_at)
    with pytest.raises(NotFound):
        await make(looked_at, upstream="nothing")
    await give(looked_at, "a table")
    with pytest.raises(InvalidName):
        await make(looked_at, name="Late")
    with pytest.raises(InvalidInput, match="already"):
        await make(looked_at, name="clean")
    with pytest.raises(InvalidInput, match="no column 'gone'"):
        await make(looked_at, view=View(sort=[SortKey("gone")]))
    assert await names(looked_at) == before
