"""Each operator on each type of column: which rows hold, and what is refused with which words."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnAt, Condition, View

NAN, INF = float("nan"), float("inf")
ZONE = "Europe/Berlin"

COLUMNS: dict[str, pa.Array] = {
    "int": pa.array([-5, 0, 7, None, 2**60 + 1], pa.int64()),
    "tiny": pa.array([0, 255, None], pa.uint8()),
    "huge": pa.array([0, 2**64 - 1, None], pa.uint64()),
    "float": pa.array([-0.0, 1.5, NAN, None, INF, -INF]),
    "single": pa.array([0.1, 0.5, None], pa.float32()),
    "half": pa.array([0.5, 2.0, None], pa.float16()),
    "flag": pa.array([True, False, None]),
    "text": pa.array(["", "Alpha", "beta", None, "alphabet", "z\0"]),
    "large": pa.array(["a", None, "B"], pa.large_string()),
    "seen": pa.array(["a", None, "B"], pa.string_view()),
    "category": pa.array(["lo", "hi", None, "lo"]).dictionary_encode(),
    "money": pa.array([Decimal("1.10"), Decimal("-2.00"), None], pa.decimal128(10, 2)),
    "wide": pa.array([Decimal(10**40), Decimal(1), None], pa.decimal256(60, 0)),
    "day": pa.array([date(2024, 1, 31), date(1, 1, 1), None, date(9999, 12, 31)]),
    "moment": pa.array(
        [datetime(2024, 1, 31, 6, 30, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC), None],
        pa.timestamp("us"),
    ),
    "nano": pa.array([1, 1_000_000_000, None], pa.timestamp("ns")),
    "zoned": pa.array([datetime(2024, 1, 31, 5, 30, tzinfo=UTC), None], pa.timestamp("s", ZONE)),
    "clock": pa.array([time(6, 30), time(0, 0, 1), None], pa.time64("us")),
    "span": pa.array([timedelta(days=2), timedelta(seconds=-1), None], pa.duration("ms")),
    "bytes": pa.array([b"\0\xff", b"", None]),
    "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
    "list": pa.array([[1, 2], [], None, [None]]),
    "struct": pa.array([{"a": 1}, None, {"a": None}]),
    "nothing": pa.nulls(2),
}

B64 = base64.b64encode(b"\0\xff").decode()

HOLDS: list[tuple[str, str, Any, list[int]]] = [
    ("int", "=", 7, [2]),
    ("int", "=", 7.0, [2]),
    ("int", "=", "7", [2]),
    ("int", "=", 7.5, []),
    ("int", "!=", 7, [0, 1, 4]),
    ("int", "!=", 7.5, [0, 1, 2, 4]),
    ("int", "=", str(2**60 + 1), [4]),
    ("int", "=", str(2**60), []),
    ("int", "<", 0.5, [0, 1]),
    ("int", "<=", -0.5, [0]),
    ("int", ">", -0.5, [1, 2, 4]),
    ("int", ">=", 6.5, [2, 4]),
    ("int", "<", "1e30", [0, 1, 2, 4]),
    ("int", ">", "1e30", []),
    ("int", ">=", "-1e30", [0, 1, 2, 4]),
    ("int", "<=", "-1e30", []),
    ("int", "<", "inf", [0, 1, 2, 4]),
    ("int", ">", INF, []),
    ("int", "between", [0, 7], [1, 2]),
    ("int", "between", [7, 0], []),
    ("int", "in", [0, "7", 7.5, "1e30"], [1, 2]),
    ("int", "not in", [0, 7], [0, 4]),
    ("int", "is null", None, [3]),
    ("int", "is not null", None, [0, 1, 2, 4]),
    ("int", "contains", "5", [0, 4]),
    ("int", "matches", "^-", [0]),
    ("tiny", ">=", -1, [0, 1]),
    ("tiny", "=", -1, []),
    ("tiny", "<=", 256, [0, 1]),
    ("huge", "=", str(2**64 - 1), [1]),
    ("huge", "<", 2**63, [0]),
    ("float", "=", 0, [0]),
    ("float", "in", [0], [0]),
    ("float", "not in", [0, 1.5], [2, 4, 5]),
    ("float", "!=", 1.5, [0, 2, 4, 5]),
    ("float", "<", 2, [0, 1, 5]),
    ("float", ">", "1e300", [4]),
    ("float", "=", "inf", [4]),
    ("float", "=", "-inf", [5]),
    ("float", "between", [0, 2], [0, 1]),
    ("float", "is nan", None, [2]),
    ("float", "is not nan", None, [0, 1, 4, 5]),
    ("float", "is null", None, [3]),
    ("single", "=", 0.1, [0]),
    ("single", "in", [0.1, 0.5], [0, 1]),
    ("half", ">", 1, [1]),
    ("flag", "=", True, [0]),
    ("flag", "=", "false", [1]),
    ("flag", "!=", True, [1]),
    ("flag", "in", [True, False], [0, 1]),
    ("text", "=", "Alpha", [1]),
    ("text", "=", "alpha", []),
    ("text", "!=", "Alpha", [0, 2, 4, 5]),
    ("text", "<", "b", [0, 1, 4]),
    ("text", "between", ["a", "b"], [4]),
    ("text", "in", ["", "beta", "z\0"], [0, 2, 5]),
    ("text", "not in", ["", "beta"], [1, 4, 5]),
    ("text", "contains", "ALPHA", [1, 4]),
    ("text", "contains", "\0", [5]),
    ("text", "not contains", "alpha", [0, 2, 5]),
    ("text", "starts with", "alp", [1, 4]),
    ("text", "matches", "^[A-Z]", [1]),
    ("text", "matches", "(?i)^alpha$", [1]),
    ("text", "not matches", "^[A-Z]", [0, 2, 4, 5]),
    ("category", "not matches", "^l", [1]),
    ("struct", "not matches", "1", [2]),
    ("text", "is empty", None, [0]),
    ("text", "is null", None, [3]),
    ("large", "contains", "b", [2]),
    ("seen", "contains", "b", [2]),
    ("seen", "=", "a", [0]),
    ("category", "=", "lo", [0, 3]),
    ("category", "contains", "H", [1]),
    ("category", "is null", None, [2]),
    ("category", "not in", ["hi"], [0, 3]),
    ("money", "=", "1.1", [0]),
    ("money", "=", 1.1, []),
    ("money", ">", 1.099, [0]),
    ("money", "<", "1.105", [0, 1]),
    ("money", "<", "1e20", [0, 1]),
    ("money", "in", ["1.10", "-2"], [0, 1]),
    ("wide", "=", str(10**40), [0]),
    ("wide", "<", "1e70", [0, 1]),
    ("day", "=", "2024-01-31", [0]),
    ("day", "<", "2024-01-31T12:00", [0, 1]),
    ("day", ">", "2024-01-31 12:00", [3]),
    ("day", "between", ["0001-01-01", "2024-12-31"], [0, 1]),
    ("day", "contains", "2024-01", [0]),
    ("moment", "=", "2024-01-31T06:30:00", [0]),
    ("moment", "<", "1970-01-01", [1]),
    ("moment", "<=", "2024-01-31 06:29:59.9999999", [1]),
    ("moment", "contains", "06:30", [0]),
    ("nano", "=", "1970-01-01T00:00:00.000000001", [0]),
    ("nano", "<", "0001-01-01", []),
    ("nano", ">", "0001-01-01", [0, 1]),
    ("zoned", "=", "2024-01-31T06:30", [0]),
    ("zoned", "=", "2024-01-31T05:30Z", [0]),
    ("zoned", "=", "2024-01-31T00:30:00-05:00", [0]),
    ("zoned", "<", "2024-01-31T06:30", []),
    ("clock", ">=", "06:30", [0]),
    ("clock", "=", "00:00:01.000", [1]),
    ("span", ">", 3600, [0]),
    ("span", "=", "2 days", [0]),
    ("span", "=", "-00:00:01", [1]),
    ("span", "<=", "1 day 23:59:59", [1]),
    ("bytes", "=", B64, [0]),
    ("bytes", "is empty", None, [1]),
    ("bytes", ">", "AA==", [0]),
    ("fixed", "=", base64.b64encode(b"cd").decode(), [1]),
    ("list", "is empty", None, [1]),
    ("list", "is null", None, [2]),
    ("list", "contains", "1,2", [0]),
    ("struct", "contains", '"a":1', [0]),
    ("struct", "is not null", None, [0, 2]),
    ("nothing", "is null", None, [0, 1]),
    ("nothing", "contains", "x", []),
]

REFUSED: list[tuple[str, str, Any, str, str]] = [
    ("int", "=", "seven", "filter[0].value", "its value is a number"),
    ("int", "=", True, "filter[0].value", "its value is a number"),
    ("int", "<", "nan", "filter[0].value", "a number"),
    ("int", "<", "1e99999999", "filter[0].value", "a number"),
    ("int", "is nan", None, "filter[0].op", "allowed are ="),
    ("int", "is empty", None, "filter[0].op", "allowed are ="),
    ("float", "=", "nan", "filter[0].value", "is nan"),
    ("float", "=", "x", "filter[0].value", "a number, `inf`"),
    ("float", "=", False, "filter[0].value", "a number"),
    ("flag", "=", 1, "filter[0].value", "true or false"),
    ("flag", "<", True, "filter[0].op", "allowed are ="),
    ("text", "=", 5, "filter[0].value", "a text"),
    ("text", "in", ["a", 5], "filter[0].value", "a text"),
    ("text", "matches", "(", "filter[0].value", "no regular expression"),
    ("text", "not matches", "(", "filter[0].value", "no regular expression"),
    ("int", "is not nan", None, "filter[0].op", "allowed are ="),
    ("text", "matches", r"\1", "filter[0].value", "no regular expression"),
    ("text", "matches", "(?<=a)b", "filter[0].value", "no regular expression"),
    ("text", "matches", "(((a{1000}){1000}){1000})", "filter[0].value", "no regular expression"),
    ("category", "=", 5, "filter[0].value", "a text"),
    ("money", "=", "1,1", "filter[0].value", "a number"),
    ("day", "=", 5, "filter[0].value", "`2024-01-31`"),
    ("day", "=", "2024-02-30", "filter[0].value", "day"),
    ("day", "=", "31.01.2024", "filter[0].value", "`2024-01-31`"),
    ("moment", "=", "2024-01-31T06:30Z", "filter[0].value", "without an offset"),
    ("moment", "=", "2024-01-31T25:00", "filter[0].value", "up to 23"),
    ("clock", "=", "6", "filter[0].value", "`06:30:00`"),
    ("span", "=", "soon", "filter[0].value", "seconds"),
    ("bytes", "=", "***", "filter[0].value", "base64"),
    ("bytes", "contains", "a", "filter[0].op", "allowed are"),
    ("list", "=", "[1]", "filter[0].op", "allowed are"),
    ("struct", "is empty", None, "filter[0].op", "allowed are"),
    ("nothing", "=", 1, "filter[0].op", "allowed are"),
]


@pytest.mark.parametrize(("column", "op", "value", "rows"), HOLDS)
def test_an_operator_on_a_column(
    stored: Any, column: str, op: Any, value: Any, rows: list[int]
) -> None:
    table = stored(**{column: COLUMNS[column]})
    assert table.rows(View(filter=[Condition(column, op, value)])) == rows


@pytest.mark.parametrize(("column", "op", "value", "field", "words"), REFUSED)
def test_what_does_not_fit_is_refused_with_what_does(  # noqa: PLR0917
    stored: Any, column: str, op: Any, value: Any, field: str, words: str
) -> None:
    table = stored(**{column: COLUMNS[column]})
    with pytest.raises(InvalidInput) as refused:
        table.rows(View(filter=[Condition(column, op, value)]))
    assert refused.value.details["field"] == field
    assert words in refused.value.message


HOSTILE = [
    "'; drop table x; --",
    '"',
    "\\",
    "%_",
    ".*",
    "a" * 9_000,
    "\u202e\u0000\uffff",
    "</script>",
    "{{ 7*7 }}",
    "$(id)",
    "Straße",
    "İ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(stored: Any, text: str) -> None:
    table = stored(pa.table({text: ["x", text, f"<{text}>", None]}))
    for op, rows in (("=", [1]), ("contains", [1, 2]), ("starts with", [1]), ("in", [1])):
        value: Any = [text] if op == "in" else text
        assert table.rows(View(filter=[Condition(text, op, value)])) == rows  # type: ignore[arg-type]
    assert table.rows(View(search=text)) == [1, 2]


def test_columns_of_one_name_are_told_apart_by_place(stored: Any) -> None:
    table = stored(pa.Table.from_arrays([pa.array([1, 2]), pa.array([2, 1])], names=["a", "a"]))
    assert table.rows(View(filter=[Condition("a", "=", 1)])) == [0]
    assert table.rows(View(filter=[Condition(ColumnAt(1), "=", 1)])) == [1]


@pytest.mark.parametrize(
    ("column", "words"),
    [("b", "no column 'b'"), (ColumnAt(1), "no column at 1"), ("x" * 9999, "xxx")],
)
def test_an_unknown_column_is_named(stored: Any, column: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        stored(a=[1]).rows(View(filter=[Condition("a", "=", 1), Condition(column, "is null")]))
    assert refused.value.details["field"] == "filter[1].column"
    assert len(refused.value.message) < 200


def test_all_conditions_hold(stored: Any) -> None:
    table = stored(a=[1, 2, 3, 4], b=["x", "y", "x", None])
    view = View(filter=[Condition("a", ">", 1), Condition("b", "=", "x")], search="3")
    assert table.rows(view) == [2]


def test_search_looks_into_every_column_that_people_see(stored: Any) -> None:
    table = stored(
        pa.table(
            {
                "n": [12, 3, None, 5],
                "f": [0.5, 12.25, NAN, INF],
                "t": ["x", "y", "NaN12", None],
                "d": [date(2012, 1, 1), None, None, None],
                "c": pa.array(["q", "q", "r", "q"]).dictionary_encode(),
                "l": [[1], [2], [3], [12]],
                "__index_level_0__": [0, 12, 12, 99],
            }
        )
    )
    assert table.rows(View(search="12")) == [0, 1, 2, 3]
    assert table.rows(View(search="99")) == []
    assert table.rows(View(search="NAN")) == [2]
    assert table.rows(View(search="R")) == [2]
    assert table.rows(View(search="2012-01")) == [0]
    assert table.rows(View(search="inf")) == [3]
