"""A failure names the user's line, and survives whatever the user's objects do."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.workers.failures import failure_of, short_form


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError

    def __getattr__(self, name: str) -> Any:
        raise ValueError(name)


def failure(source: str) -> Any:
    try:
        exec(compile(source, "/project/b.py", "exec"), {})
    except BaseException as error:
        return failure_of(error, path="/project/b.py", root="/project")
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("lenght = 1\nprint(lengt)", "'lenght'"),
        ("{'arr_delay': 1}['arr_dely']", ""),
        ("row = {'arr_delay': 1}\nrow['arr_dely']", "'arr_delay'"),
        ("'text'.uper()", "'upper'"),
        ("import no_such_package", "Install 'no_such_package'"),
        ("1 / 0", ""),
    ],
)
def test_a_hint_says_what_was_probably_meant(source: str, hint: str) -> None:
    assert hint in failure(source).hint


def test_a_recursion_does_not_flood() -> None:
    found = failure("def f(): f()\nf()")
    assert found.type == "RecursionError"
    assert len(found.frames) <= 100
    assert len(found.text) <= 64 * 1024 + 200


@pytest.mark.parametrize(
    "make",
    [Hostile, lambda: [Hostile()], lambda: {"a": Hostile()}, lambda: "x" * 10_000, lambda: object],
)
def test_a_short_form_is_short_and_never_raises(make: Any) -> None:
    assert 0 < len(short_form(make())) <= 200


def test_a_long_message_is_cut() -> None:
    assert len(failure("raise ValueError('x' * 1_000_000)").message) == 8192
