"""Texts that nobody can read in a reasonable time, or at all, are errors like others."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.analysis import patience
from headrace.analysis.formatting import format_source
from headrace.analysis.patience import TooSlow, limited
from headrace.analysis.sql_columns import unknown_columns
from headrace.analysis.sql_lineage import output_columns
from headrace.analysis.sql_rename import rename_table
from headrace.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select " + "(" * 10_000 + "1" + ")" * 10_000, "This statement is nested too deeply"),
        ("select " + "not " * 10_000 + "true", "This statement is nested too deeply"),
        ("select " + "case when 1 then " * 10_000, "This statement is nested too deeply"),
        ("select " + "x(" * 10_000, "This statement is nested too deeply"),
    ],
    ids=["parentheses", "not", "case", "calls"],
)
def test_what_is_nested_ten_thousand_deep_is_an_error_and_no_crash(
    analysed: Any, text: str, message: str
) -> None:
    found, (told,) = analysed(text, language="sql")
    assert told.message.startswith(message)
    assert not found.blocks["own"].runnable


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What is raised while garbage is collected, others would overhear."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_what_takes_too_long_to_be_read_is_an_error(
    analysed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "READING_S", 0.01)
    text = f"select 1 in ({', '.join(map(str, range(10_000)))})"
    _, (told,) = analysed(text, language="sql")
    assert told.message.startswith("This statement takes longer than 2 s to read")
    with pytest.raises(InvalidInput, match="too long to be formatted"):
        format_source(text, "sql")
    assert output_columns(text, ()) is None
    assert unknown_columns(text, (("t", ("a",)),)) == ()
    assert rename_table(text, "t", "u") == text


def for_ever() -> None:
    while True:
        pass


@pytest.mark.usefixtures("uncollected")
def test_the_outermost_limit_holds() -> None:
    with pytest.raises(TooSlow), limited(0.01), limited(3600):
        for_ever()
    with limited(3600):  # none is left
        pass


def test_a_thread_has_no_limit_as_no_signal_reaches_it() -> None:
    said: list[str] = []

    def read() -> None:
        with limited(1e-6):
            sum(range(100_000))
        said.append("read")

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert said == ["read"]
