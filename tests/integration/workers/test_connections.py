"""SQL blocks on databases of the project: real SQLite, DuckDB and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from tests.unit.blocks.conftest import postgres  # noqa: F401 a fixture

from headrace.protocol.bindings import Binding
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
    bench: Bench,
    postgres: str,  # noqa: F811 the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bench]:
    """A pool whose project declares three databases with the same rows."""
    with closing(sqlite3.connect(bench.root / "a.db")) as file:
        file.execute(CREATE)
        file.executemany("insert into flights values (?, ?, ?)", ROWS)
        file.commit()
    with duckdb.connect(str(bench.root / "a.duckdb")) as file:
        file.execute(CREATE)
        file.executemany("insert into flights values (?, ?, ?)", ROWS)
    with psycopg.connect(postgres) as server:
        server.execute("drop table if exists flights")
        server.execute(CREATE)
        server.cursor().executemany("insert into flights values (%s, %s, %s)", ROWS)
    user, place = "tester", postgres.partition("tester")[2]
    monkeypatch.setenv("USER_OF_TEST", user)
    connections = {
        "sqlite": {"url": "sqlite:///a.db"},
        "duckdb": {"url": "duckdb:///a.duckdb"},
        "postgres": {"url": "postgresql://${USER_OF_TEST}" + place},
        "unset": {"url": "postgresql://${NOT_SET_HERE}@/x"},
        "strange": {"url": "nosuch://secret@host/x"},
        "empty": {},
    }
    pool = Pool(bench.root, bench.root / ".headrace" / "store", connections=connections)
    await pool.start()
    yield Bench(pool, bench.root)
    await pool.close()


async def on(databases: Bench, connection: str, query: str, **more: Any) -> Any:
    return await databases.run(
        query, block="q", kind="loader", language="sql", connection=connection, **more
    )


def rows_of(bench: Bench, answer: Any) -> list[dict[str, Any]]:
    assert isinstance(answer, Done), answer
    frame = Store(bench.root / ".headrace" / "store").get(answer.output)
    return frame.convert_dtypes().astype(object).where(frame.notna(), None).to_dict("records")


DATABASES = ["sqlite", "duckdb", "postgres"]


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
        ("other", "declares no connection 'other'; declared are: duckdb, empty, postgres"),
        ("unset", "needs the environment variable NOT_SET_HERE"),
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
    assert "secret" not in answer.failure.text


async def test_blocks_are_tables_beside_those_of_a_duckdb_file_only(databases: Bench) -> None:
    known = await databases.output(
        "import pandas as pd\n@loader\ndef known(): return pd.DataFrame({'carrier': ['UA']})",
        block="known",
        kind="loader",
    )
    more: dict[str, Any] = {"inputs": {"known": known}, "bindings": upstream("known")}
    query = "select id from flights join known using (carrier)"
    assert rows_of(databases, await on(databases, "duckdb", query, **more)) == [{"id": 1}]
    answer = await on(databases, "sqlite", query, **more)
    assert isinstance(answer, Raised)
    assert "'known' is a block" in answer.failure.message


async def test_types_of_their_own_and_empty_results(databases: Bench) -> None:
    query = "select gen_random_uuid() as u, 1.50::numeric(6,2) as n, date '2026-01-31' as d, 1 as d"
    (row,) = rows_of(databases, await on(databases, "postgres", query))
    assert list(row) == ["u", "n", "d", "d_1"]
    assert (len(str(row["u"])), str(row["n"]), str(row["d"])[:10]) == (36, "1.50", "2026-01-31")
    none = await on(databases, "sqlite", "select id, carrier from flights where id < 0")
    assert isinstance(none, Done)
    assert (none.output.rows, [c.name for c in none.output.columns]) == (0, ["id", "carrier"])


def test_a_project_file_is_found_from_the_project(tmp_path: Path) -> None:
    from headrace.workers.databases import duckdb_file

    assert duckdb_file("duckdb:///data/x.duckdb") == Path("data/x.duckdb")
    assert duckdb_file("duckdb:////srv/x.duckdb") == Path("/srv/x.duckdb")
    assert duckdb_file(f"sqlite:///{tmp_path}") is None
