"""Values for parameters are checked, converted, and refused with the name of the field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from headrace.core.errors import InvalidInput
from headrace.project.durations import parse_duration, parse_memory
from headrace.project.parameters import parse_text, to_python, validate_parameters
from headrace.protocol.tables import Parameter

MONTH = Parameter(name="month", type="integer", default=1, minimum=1, maximum=12)


def one(kind: Any, **fields: Any) -> Parameter:
    return Parameter(name="p", type=kind, required=True, **fields)


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (one("integer"), 3, 3),
        (one("integer"), 3.0, 3),
        (one("number"), 3, 3),
        (one("number"), 2.5, 2.5),
        (one("string"), "no", "no"),
        (one("boolean"), True, True),
        (one("date"), "2026-01-31", "2026-01-31"),
        (one("date"), date(2026, 1, 31), "2026-01-31"),
        (one("datetime"), "2026-01-31T06:00:00Z", "2026-01-31T06:00:00+00:00"),
        (one("datetime"), datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31T00:00:00+00:00"),
        (one("json"), {"a": [1, None]}, {"a": [1, None]}),
        (one("integer", multiple=True), [1, 2], [1, 2]),
        (one("string", choices=["a", "b"]), "b", "b"),
        (Parameter(name="p"), None, None),
    ],
)
def test_good_values_pass(parameter: Parameter, given: Any, value: Any) -> None:
    found = validate_parameters([parameter], {"p": given})["p"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        (one("integer"), "3"),
        (one("integer"), True),
        (one("integer"), 1.5),
        (one("integer"), 2**64),
        (one("integer"), None),
        (one("integer", minimum=2), 1),
        (one("integer", maximum=2), 3),
        (one("number"), "x"),
        (one("number"), float("nan")),
        (one("number"), 2**64),
        (one("string"), 3),
        (one("string"), "x" * 100_001),
        (one("boolean"), 1),
        (one("date"), "2026-02-30"),
        (one("date"), 3),
        (one("date"), datetime(2026, 1, 1, tzinfo=UTC)),
        (one("datetime"), "soon"),
        (one("datetime"), 5),
        (one("json"), object()),
        (one("json"), float("inf")),
        (one("json"), {"a": [2**64]}),
        (one("integer", multiple=True), 1),
        (one("integer", multiple=True), ["x"]),
        (one("string", choices=["a"]), "b"),
    ],
)
def test_bad_values_name_the_field(parameter: Parameter, given: Any) -> None:
    with pytest.raises(InvalidInput, match="'p'") as caught:
        validate_parameters([parameter], {"p": given})
    assert caught.value.details["field"] == "p"


def test_defaults_fill_in_and_names_must_be_known() -> None:
    assert validate_parameters([MONTH], {}) == {"month": 1}
    with pytest.raises(InvalidInput) as missing:
        validate_parameters([one("string")], {})
    assert missing.value.details["field"] == "p"
    with pytest.raises(InvalidInput, match="declared are month") as extra:
        validate_parameters([MONTH], {"mnoth": 2})
    assert extra.value.details["field"] == "mnoth"


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (one("integer"), " 3 ", 3),
        (one("number"), "2.5", 2.5),
        (one("string"), " x ", " x "),
        (one("boolean"), "Yes", True),
        (one("boolean"), "0", False),
        (one("date"), "2026-01-31", "2026-01-31"),
        (one("json"), '{"a": 1}', {"a": 1}),
        (one("integer", multiple=True), "1, 2", [1, 2]),
        (one("integer", multiple=True), "", []),
    ],
)
def test_text_of_a_command_line_becomes_a_value(
    parameter: Parameter, text: str, value: Any
) -> None:
    assert parse_text(parameter, text) == value


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (one("integer"), "x"),
        (one("number"), ""),
        (one("boolean"), "maybe"),
        (one("json"), "{"),
        (one("date"), "x"),
        (one("integer", maximum=2), "3"),
    ],
)
def test_bad_text_names_the_field(parameter: Parameter, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_text(parameter, text)
    assert caught.value.details["field"] == "p"


def test_a_block_gets_dates_and_moments_of_python() -> None:
    assert to_python(one("date"), "2026-01-31") == date(2026, 1, 31)
    assert to_python(one("datetime"), "2026-01-31T00:00:00+00:00") == datetime(
        2026, 1, 31, tzinfo=UTC
    )
    assert to_python(one("date", multiple=True), ["2026-01-31"]) == [date(2026, 1, 31)]
    assert to_python(one("date"), None) is None
    assert to_python(one("integer"), 3) == 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("45s", 45),
        ("10m", 600),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1w", 604800),
        ("500ms", 0.5),
        ("1h 5m", 3900),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "soon", "-1s", "1x", "400d", "10 m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500_000_000), ("2GiB", 2 * 2**30), ("1024", 1024), ("1.5 kB", 1500)],
)
def test_memory(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "0", "much", "-1GB", "9999999TB"])
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_memory(text)
