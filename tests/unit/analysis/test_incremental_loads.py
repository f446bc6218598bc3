"""Placeholders that a run gives by itself: the mark of an incremental loader, and the tick."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.protocol.tables import Parameter
from headrace.protocol.watermarks import Incremental

from .conftest import Analysed

BY_ID = Incremental(column="id")
MONTH = Parameter(name="since", type="integer")


def bindings(found: Any) -> list[tuple[str, str]]:
    return [(b.argument, b.source) for b in found.blocks["own"].bindings]


def test_since_is_the_mark_of_an_incremental_loader(analysed: Analysed) -> None:
    text = "select 1 as id where 1 > :since"
    found, told = analysed(text, language="sql", kind="loader", incremental=BY_ID)
    assert told == []
    assert bindings(found) == [("since", "context")]
    assert found.blocks["own"].form == []
    assert found.blocks["own"].context == []


def test_since_elsewhere_is_a_parameter_or_nothing(analysed: Analysed) -> None:
    text = "select 1 as id where 1 > :since"
    found, told = analysed(text, language="sql", kind="loader", parameters=(MONTH,))
    assert (bindings(found), told) == ([("since", "parameter")], [])
    _, told = analysed(text, language="sql", kind="loader")
    assert [one.message for one in told] == [
        "Nothing gives :since: say `incremental:` with the column of its mark."
    ]


@pytest.mark.parametrize("name", ["logical_time", "interval_start", "interval_end"])
def test_the_tick_gives_its_times_and_they_are_part_of_the_key(
    analysed: Analysed, name: str
) -> None:
    found, told = analysed(f"select :{name} as t", language="sql", kind="loader")
    assert (bindings(found), told) == ([(name, "context")], [])
    assert found.blocks["own"].context == [name]
    assert found.blocks["own"].form == []


def test_a_setting_goes_before_what_the_run_gives(analysed: Analysed) -> None:
    settings = {"interval_start": "2026-01-01"}
    found, _ = analysed("select :interval_start as t", language="sql", settings=settings)
    assert bindings(found) == [("interval_start", "setting")]


def test_a_name_near_one_of_the_tick_is_told_of(analysed: Analysed) -> None:
    _, told = analysed("select :intervall_start as t", language="sql")
    assert "did you mean :interval_start?" in told[0].message


def test_python_that_asks_for_the_interval_depends_on_it(analysed: Analysed) -> None:
    code = (
        "from headrace import loader\n\n@loader\ndef own(context):\n    return context.interval\n"
    )
    found, _ = analysed(code, kind="loader")
    assert found.blocks["own"].context == ["interval"]
