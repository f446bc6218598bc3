"""The mark that an output reaches, and the statement that loads what is beyond one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.project.watermarks import value_of
from headrace.protocol.bindings import Binding
from headrace.protocol.watermarks import Watermark
from headrace.store.outputs import Store
from headrace.workers.jobs import Job, values_of
from headrace.workers.since import beyond_mark
from headrace.workers.watermarks import NoMark, highest

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
COLUMNS = [
    (pa.array([1, 3, None, 2]), "integer", "3"),
    (pa.array([1.5, float("nan"), None]), "number", "1.5"),
    (pa.array([Decimal("1.50"), Decimal("0.10")]), "decimal", "1.50"),
    (pa.array(["b", "a", None]), "string", "b"),
    (pa.array(["b", "a"]).dictionary_encode(), "string", "b"),
    (pa.array([MOMENT.date()]), "date", "2026-01-02"),
    (pa.array([MOMENT], pa.timestamp("us", "UTC")), "datetime with zone", MOMENT.isoformat()),
    (
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ns")),
        "datetime",
        "2026-01-02T03:04:05.000678",
    ),
    (
        pa.array([MOMENT], pa.timestamp("s", "America/Denver")),
        "datetime with zone",
        "2026-01-02T03:04:05+00:00",
    ),
]


def reached(values: Any, folder: Path, since: Watermark | None = None) -> Watermark | None:
    store = Store(folder / "store")
    table = values if not isinstance(values, pa.Array) else pa.table({"c": values})
    return highest("c", store.put(table), store, since)


@pytest.mark.parametrize(("values", "kind", "text"), COLUMNS, ids=[str(c[0].type) for c in COLUMNS])
def test_the_highest_value_of_a_column_is_its_mark(
    values: Any, kind: str, text: str, tmp_path: Path
) -> None:
    mark = reached(values, tmp_path)
    assert mark is not None
    assert (mark.type, mark.value) == (kind, text)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([], pa.int64()),
        pa.array([None, None], pa.int64()),
        pa.array([None, None]),
        pa.array([float("nan")]),
        pd.DataFrame({"c": []}),
    ],
)
def test_nothing_reaches_no_mark(values: Any, tmp_path: Path) -> None:
    assert reached(values, tmp_path) is None


def test_a_mark_never_goes_back(tmp_path: Path) -> None:
    five = Watermark(column="c", type="integer", value="5")
    assert reached(pa.array([4, 5]), tmp_path, five) is None
    found = reached(pa.array([4, 6]), tmp_path, five)
    assert found is not None
    assert found.value == "6"


FINE = pa.array([1_000_000_000_000_000_001], pa.timestamp("ns"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pa.array([True]), "is bool: a mark is a number"),
        (pa.array([[1]]), "is list<"),
        (pa.array([b"x"]), "is binary"),
        (FINE, "finer than microseconds"),
        (pa.array(["x" * 5000]), "too long"),
        (pd.DataFrame({"cc": [1]}), "did you mean 'cc'"),
        (pd.DataFrame({"zzz": [1]}), "has no such column."),
        ({"c": 1}, "needs a table, and this is dict"),
        (None, "needs a table, and this is None"),
    ],
)
def test_what_cannot_be_remembered_is_refused(values: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(NoMark, match=words):
        reached(values, tmp_path)


def test_a_column_of_another_kind_than_the_mark_is_refused(tmp_path: Path) -> None:
    mark = Watermark(column="c", type="date", value="2026-01-01")
    with pytest.raises(NoMark, match="the mark is a date, 2026-01-01, and the column now gives a"):
        reached(pa.array([3]), tmp_path, mark)


def job(source: str, since: Watermark | None, **fields: Any) -> Job:
    return Job(
        run="r",
        pipeline="p",
        block="b",
        attempt=1,
        kind="loader",
        language="sql",
        path="/p/b.sql",
        source=source,
        incremental="c",
        since=since,
        **fields,
    )


TWO = Watermark(column="c", type="integer", value="2")
TEXTS = [
    "select c from range(5) as t(c)",
    "select c from range(5) as t(c);",
    "select c from range(5) as t(c) -- all; of them",
    "select c from range(5) as t(c); -- all of them\n/* and; more */",
    "with t as (select c from range(5) as t(c)) select c from t order by c desc",
    "select c from range(5) as t(c) where c > :since",
    "from range(5) as t(c) where coalesce(c > :since, true)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_statement_gives_only_what_is_beyond_the_mark(text: str) -> None:
    bindings = [Binding(argument="since", source="context", name="since")]
    given = job(text, TWO, bindings=bindings if ":since" in text else [])
    written = beyond_mark(given).replace(":since", "$since")
    rows = duckdb.execute(written, {"since": values_of(given)["since"]}).fetchall()
    assert sorted(rows) == [(3,), (4,)]
    assert written.count("\n") - text.count("\n") in {0, 1, -1}


def test_without_a_mark_or_without_incremental_the_statement_stays_as_it_is() -> None:
    assert beyond_mark(job(TEXTS[0], None)) == TEXTS[0]
    assert beyond_mark(job(TEXTS[5], TWO)) == TEXTS[5]


def test_the_column_is_quoted_as_the_database_does() -> None:
    odd = Watermark(column='a"`b', type="integer", value="2")
    given = job("select 1", odd)
    given = replace(given, incremental='a"`b')
    assert 'WHERE "a""`b" > :since' in beyond_mark(given)
    assert 'WHERE `a"``b` > :since' in beyond_mark(given, "mysql")


@given(st.integers(), st.booleans())
def test_a_parameter_called_since_never_takes_the_place_of_the_mark(n: int, named: bool) -> None:
    bindings = [Binding(argument="since", source="context", name="since")] if named else []
    given = job("select 1", TWO, parameters={"since": n}, bindings=bindings)
    assert values_of(given)["since"] == value_of(TWO) == 2


OF_TICK = [
    Binding(argument=name, source="context", name=name)
    for name in ("logical_time", "interval_start", "interval_end")
]


def test_placeholders_of_the_tick_are_moments_in_utc_without_a_zone() -> None:
    given = job("select 1", None, bindings=OF_TICK)
    assert values_of(given) == dict.fromkeys(("logical_time", "interval_start", "interval_end"))
    given = replace(given, logical_time=MOMENT, interval_start=datetime(2026, 1, 1, tzinfo=UTC))
    now = MOMENT.replace(tzinfo=None)
    assert values_of(given) == {
        "logical_time": now,
        "interval_end": now,
        "interval_start": datetime(2026, 1, 1),  # noqa: DTZ001 as databases have it
    }


def test_where_there_is_no_tick_a_parameter_stands_in() -> None:
    day = datetime(2025, 1, 1)  # noqa: DTZ001 as parameters are
    given = job("select 1", None, bindings=OF_TICK, parameters={"interval_start": day})
    assert values_of(given)["interval_start"] == day
