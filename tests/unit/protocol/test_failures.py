"""What a failure says of itself in a line."""

from __future__ import annotations

import pytest

from headrace.protocol.tables import Failure


@pytest.mark.parametrize(
    ("kind", "type_", "message", "words"),
    [
        ("exception", "KeyError", "'day'", "KeyError: 'day'"),
        ("exception", "AssertionError", "no rows", "AssertionError: no rows"),
        ("exception", "KeyboardInterrupt", "", "KeyboardInterrupt"),
        ("check", "AssertionError", "few: 3 rows do not pass.", "few: 3 rows do not pass."),
        ("check", "KeyError", "few: 'day'", "KeyError: few: 'day'"),
        ("check", "AssertionError", "", "AssertionError"),
    ],
)
def test_of_a_check_the_message_is_told_and_not_the_type(
    kind: str, type_: str, message: str, words: str
) -> None:
    failure = Failure(kind=kind, type=type_, message=message)  # type: ignore[arg-type]
    assert failure.words == words
