"""SQL blocks on databases of the project: real SQLite, DuckDB, PostgreSQL and MariaDB."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
import pytest
from tests.mariadb import PASSWORD
from tests.unit.blocks.conftest import postgres  # noqa: F401 a fixture

from headrace.protocol.bindings import Binding
from headrace.protocol.watermarks import Watermark
from headrace.store.outputs import Store
from headrace.workers.jobs import Done, Raised
from headrace.workers.pool import Pool

from .conftest import Bench, upstream

ROWS = [(1, "UA", 12.5), (2, "B6", None), (9_007_199_254_740_993, "x:name", -3.0)]
CREATE = "create table flights (id bigint, carrier varchar(10), delay double precision)"
QUERY = "select id, carrier, delay, 'a :least b' as text from flights where id > :least order by id"
VALUES: dict[str, Any] = {
    "values": {"least": 1},
    "bindings": [Binding(argument="least", source="setting", name="least")],
}


@pytest.fixture
async def databases(
    root: Path,
    postgres: str,  # noqa: F811 the fixture
    mariadb: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bench]:
    """A pool whose project declares four databases with the same rows."""
    with closing(sqlite3.connect(root / "a.db")) as file:
        file.execute(CREATE)
        file.executemany("insert into flights values (?, ?, ?)", ROWS)
        file.commit()
    with duckdb.connect(str(root / "a.duckdb")) as file:
        file.execute(CREATE)
        file.executemany("insert into flights values (?, ?, ?)", ROWS)
    with psycopg.connect(postgres) as server:
        server.execute("drop table if exists flights")
        server.execute(CREATE)
        server.cursor().executemany("insert into flights values (%s, %s, %s)", ROWS)
    with pymysql.connect(
        host="127.0.0.1",
        port=int(mariadb.partition(":")[2].partition("/")[0]),
        user="tester",
        password=PASSWORD,
        database="test",
    ) as server:
        server.cursor().execute("drop table if exists flights")
        server.cursor().execute(CREATE)
        server.cursor().executemany("insert into flights values (%s, %s, %s)", ROWS)
        server.commit()
    user, place = "tester", postgres.partition("tester")[2]
    monkeypatch.setenv("USER_OF_TEST", user)
    monkeypatch.setenv("PASSWORD_OF_TEST", PASSWORD)
    connections = {
        "sqlite": {"url": "sqlite:///a.db"},
        "duckdb": {"url": "duckdb:///a.duckdb"},
        "postgres": {"url": "postgresql://${USER_OF_TEST}" + place},
        "mariadb": {"url": "mariadb://tester:${PASSWORD_OF_TEST}@" + mariadb},
        "unset": {"url": "postgresql://${NOT_SET_HERE}@/x"},
        "strange": {"url": "nosuch://hunter22@host/x"},
        "empty": {},
    }
    pool = Pool(root, root / ".headrace" / "store", connections=connections)
    await pool.start()
    yield Bench(pool, root)
    await pool.close()


async def on(databases: Bench, connection: str, query: str, **more: Any) -> Any:
    return await databases.run(
        query, block="q", kind="loader", language="sql", connection=connection, **more
    )


def rows_of(bench: Bench, answer: Any) -> list[dict[str, Any]]:
    assert isinstance(answer, Done), answer
    frame = Store(bench.root / ".headrace" / "store").get(answer.output)
    return frame.convert_dtypes().astype(object).where(frame.notna(), None).to_dict("records")


DATABASES = ["sqlite", "duckdb", "postgres", "mariadb"]


@pytest.mark.parametrize("name", DATABASES)
async def test_a_block_reads_a_database_with_bound_values(databases: Bench, name: str) -> None:
    found = rows_of(databases, await on(databases, name, QUERY, **VALUES))
    text = "a :least b"
    assert found == [
        {"id": 2, "carrier": "B6", "delay": None, "text": text},
        {"id": ROWS[2][0], "carrier": "x:name", "delay": -3.0, "text": text},
    ]


@pytest.mark.parametrize("name", DATABASES)
async def test_a_value_is_never_part_of_the_statement(databases: Bench, name: str) -> None:
    query = "select count(*) as n from flights where carrier = :least"
    more = VALUES | {"values": {"least": "' or '1'='1"}}
    assert rows_of(databases, await on(databases, name, query, **more)) == [{"n": 0}]


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize(
    "statement",
    ["delete from flights", "delete from flights returning id", "create table t (n int)"],
)
async def test_nothing_can_be_written(databases: Bench, name: str, statement: str) -> None:
    assert isinstance(await on(databases, name, statement), Raised)
    assert rows_of(databases, await on(databases, name, "select count(*) as n from flights")) == [
        {"n": 3}
    ]


@pytest.mark.parametrize("name", DATABASES)
async def test_the_databases_message_arrives(databases: Bench, name: str) -> None:
    answer = await on(databases, name, "select nothing_such from flights")
    assert isinstance(answer, Raised)
    assert "nothing_such" in answer.failure.message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other", "declares no connection 'other'"),
        ("unset", "needs the secret NOT_SET_HERE"),
        ("strange", "No driver can open this connection"),
        ("empty", "has no `url:`"),
    ],
)
async def test_a_connection_that_cannot_be_used_says_why(
    databases: Bench, name: str, message: str
) -> None:
    answer = await on(databases, name, "select 1 as one")
    assert isinstance(answer, Raised)
    assert message in answer.failure.message
    assert "hunter22" not in answer.failure.text


@pytest.mark.parametrize("name", DATABASES)
async def test_blocks_are_tables_beside_those_of_the_database(databases: Bench, name: str) -> None:
    known = await databases.output(
        "import pandas as pd\n@loader\ndef known(): return pd.DataFrame({'carrier': ['UA']})",
        block="known",
        kind="loader",
    )
    more: dict[str, Any] = {"inputs": {"known": known}, "bindings": upstream("known")}
    query = "select id from flights join known using (carrier)"
    assert rows_of(databases, await on(databases, name, query, **more)) == [{"id": 1}]
    gone = await on(databases, name, "select * from known")
    assert isinstance(gone, Raised)


VALUES_OF_A_BLOCK = """
import datetime as dt, decimal, pandas as pd, pyarrow as pa
@loader
def known():
    return pa.table({
        "number": pa.array([1, None], pa.int64()),
        "real": [1.5, None],
        "word": ["a,\\"b\\"\\n", ""],
        "flag": [True, None],
        "day": [dt.date(2026, 1, 31), None],
        "moment": [dt.datetime(2026, 1, 31, 12, 30, 0, 250000), None],
        "exact": [decimal.Decimal("12.50"), None],
        "raw": [b"\\x00\\xff", None],
        "many": [[1, 2], None],
    })
"""


@pytest.mark.parametrize("name", ["sqlite", "postgres", "mariadb"])
async def test_values_of_blocks_arrive_in_temporary_tables_and_come_back(
    databases: Bench, name: str
) -> None:
    known = await databases.output(VALUES_OF_A_BLOCK, block="known", kind="loader")
    more: dict[str, Any] = {"inputs": {"known": known}, "bindings": upstream("known")}
    answer = await on(databases, name, "select * from known order by number is null", **more)
    first, second = rows_of(databases, answer)
    assert (first["number"], first["real"], first["word"]) == (1, 1.5, 'a,"b"\n')
    assert bool(first["flag"]) is True
    assert str(first["day"])[:10] == "2026-01-31"
    assert str(first["moment"]).startswith("2026-01-31 12:30:00.25")
    assert float(first["exact"]) == 12.5
    assert first["raw"] == b"\x00\xff"
    assert first["many"] == "[1,2]"
    assert second["word"] == ""
    assert [second[column] for column in second if column != "word"] == [None] * 8


WRITE = "insert into flights (id, carrier, delay) select 7, carrier, 0 from known"


@pytest.mark.parametrize("name", DATABASES)
async def test_a_block_that_says_so_writes_once_and_says_how_much(
    databases: Bench, name: str
) -> None:
    known = await databases.output(
        "import pandas as pd\n@loader\ndef known(): return pd.DataFrame({'carrier': ['UA', 'B6']})",
        block="known",
        kind="loader",
    )
    more: dict[str, Any] = {"inputs": {"known": known}, "bindings": upstream("known")}
    assert isinstance(await on(databases, name, WRITE, **more), Raised)
    (told,) = rows_of(databases, await on(databases, name, WRITE, writes=True, **more))
    assert list(told.values()) == [2]
    query = "select count(*) as n from flights where id = 7"
    assert rows_of(databases, await on(databases, name, query)) == [{"n": 2}]


@pytest.mark.parametrize("name", ["sqlite", "postgres", "mariadb"])
async def test_a_write_that_fails_changes_nothing(databases: Bench, name: str) -> None:
    at_fault = "insert into flights select id + 100, carrier, delay from flights union all "
    wrong = {"sqlite": "select 1, 2, abs(-9223372036854775808)"}
    statement = at_fault + wrong.get(name, "select 1, repeat('x', 100), 1")
    assert isinstance(await on(databases, name, statement, writes=True), Raised)
    assert rows_of(databases, await on(databases, name, "select count(*) as n from flights")) == [
        {"n": 3}
    ]


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("postgres", "with gone as (delete from flights returning id) select * from gone"),
        ("postgres", "select 1; drop table flights"),
        ("postgres", "select id into copied from flights"),
        ("mariadb", "select * from flights into outfile '/tmp/headrace-outfile'"),
        ("mariadb", "set global max_connections = 1"),
        ("duckdb", "copy flights to 'out.csv'"),
        ("sqlite", "attach 'other.db' as other"),
    ],
)
async def test_what_a_statement_does_is_judged_by_its_parse(
    databases: Bench, name: str, statement: str
) -> None:
    answer = await on(databases, name, statement)
    assert isinstance(answer, Raised)
    assert answer.failure.type == "NotARead", answer.failure.message
    assert rows_of(databases, await on(databases, name, "select count(*) as n from flights")) == [
        {"n": 3}
    ]


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("postgres", "select nextval('numbers')"),
        ("postgres", "select set_config('transaction_read_only', 'off', false), lo_create(0)"),
        ("mariadb", "select next value for numbers"),
    ],
)
async def test_a_session_that_only_reads_refuses_what_hides_in_functions(
    databases: Bench, name: str, statement: str
) -> None:
    create = "create sequence if not exists numbers"
    await on(databases, name, create, writes=True)
    answer = await on(databases, name, statement)
    assert isinstance(answer, Raised)
    assert "read" in answer.failure.message.lower()


async def test_types_of_their_own_and_empty_results(databases: Bench) -> None:
    query = "select gen_random_uuid() as u, 1.50::numeric(6,2) as n, date '2026-01-31' as d, 1 as d"
    (row,) = rows_of(databases, await on(databases, "postgres", query))
    assert list(row) == ["u", "n", "d", "d_1"]
    assert (len(str(row["u"])), str(row["n"]), str(row["d"])[:10]) == (36, "1.50", "2026-01-31")
    none = await on(databases, "sqlite", "select id, carrier from flights where id < 0")
    assert isinstance(none, Done)
    assert (none.output.rows, [c.name for c in none.output.columns]) == (0, ["id", "carrier"])


async def test_columns_keep_the_types_of_the_database(databases: Bench) -> None:
    query = (
        "select 1::smallint a, 2::int b, 3::bigint c, 1.5::real d, null::date e, now() f,"
        " '{}'::jsonb g, null::numeric(9,2) h, array[1, 2] i, interval '1 day' j"
    )
    answer = await on(databases, "postgres", query)
    assert isinstance(answer, Done), answer
    assert [column.type for column in answer.output.columns] == [
        "int16", "int32", "int64", "float", "date32[day]", "timestamp[us, tz=UTC]",
        "string", "decimal128(9, 2)", "list<item: int64>", "duration[us]",
    ]  # fmt: skip


async def test_values_that_turn_out_to_have_no_common_type_become_text(databases: Bench) -> None:
    query = """
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
        select case when i = 39999 then 'x' else i end as mixed, null as empty from n"""
    answer = await on(databases, "sqlite", query)
    assert isinstance(answer, Done), answer
    assert (answer.output.rows, [c.type for c in answer.output.columns]) == (40_000, ["string"] * 2)


MOMENT = {
    "sqlite": "'{0}'",
    "duckdb": "timestamp '{0}'",
    "postgres": "timestamptz '{0}+00'",
    "mariadb": "cast('{0}' as datetime(6))",
}
MOMENTS = ["2026-01-01 10:00:00.000001", "2026-01-01 10:00:00.000002", "2026-01-01 11:00:00"]


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("column", ["id", "moved"])
async def test_an_incremental_loader_takes_what_is_beyond_its_mark(
    databases: Bench, name: str, column: str
) -> None:
    moments = [MOMENT[name].format(moment) for moment in MOMENTS]
    rows = [f"select {at} as id, {moment} as moved" for at, moment in enumerate(moments)]

    async def load(count: int, since: Watermark | None) -> Any:
        query = f"{' union all '.join(rows[:count])} order by 1; -- those until now"
        return await on(databases, name, query, incremental=column, since=since)

    first = await load(2, None)
    assert [row["id"] for row in rows_of(databases, first)] == [0, 1]
    mark = first.output.reached
    assert mark.column == column
    again = await load(2, mark)
    assert rows_of(databases, again) == []
    assert again.output.reached is None
    later = await load(3, mark)
    assert [row["id"] for row in rows_of(databases, later)] == [2]
    assert later.output.reached.type == mark.type
    inside = await on(
        databases,
        name,
        f"select * from ({' union all '.join(rows)}) as t where {column} > :since",
        incremental=column,
        since=mark,
        bindings=[Binding(argument="since", source="context", name="since")],
    )
    assert [row["id"] for row in rows_of(databases, inside)] == [2]


@pytest.mark.parametrize("name", DATABASES)
async def test_the_span_of_a_tick_is_bound(databases: Bench, name: str) -> None:
    rows = (f"select {at} as id, {MOMENT[name].format(m)} as moved" for at, m in enumerate(MOMENTS))
    text = name == "sqlite"  # where a moment is text, it is compared as one
    start, end = (
        (f"datetime({word})" if text else word) for word in (":interval_start", ":interval_end")
    )
    query = (
        f"select id from ({' union all '.join(rows)}) as t where moved >= {start} and moved < {end}"
    )
    words = ("interval_start", "interval_end")
    answer = await on(
        databases,
        name,
        query,
        bindings=[Binding(argument=word, source="context", name=word) for word in words],
        interval_start=datetime(2026, 1, 1, 10, tzinfo=UTC),
        logical_time=datetime(2026, 1, 1, 11, tzinfo=UTC),
    )
    assert [row["id"] for row in rows_of(databases, answer)] == [0, 1]
