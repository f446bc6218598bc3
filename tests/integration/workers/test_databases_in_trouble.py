"""Stopped in the middle, cut off in the middle, refused at the door, and a million rows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from tests.mariadb import PASSWORD
from tests.unit.blocks.conftest import postgres  # noqa: F401 a fixture

from headrace.workers.jobs import Done, Progressed, Raised, Stopped
from headrace.workers.pool import Pool

from .conftest import Bench, until

Ask = Callable[[str], list[Any]]

SLEEPS = {"postgres": "select pg_sleep(600) as s", "mariadb": "select sleep(600) as s"}
SLEEPING = {
    "postgres": "select pid from pg_stat_activity where state = 'active' "
    " and application_name = 'headrace' and wait_event = 'PgSleep'",
    "mariadb": "select id from information_schema.processlist where info like '%sleep(6%'"
    " and id <> connection_id()",
}
END = {"postgres": "select pg_terminate_backend({})", "mariadb": "kill {}"}
MILLION = {
    "postgres": "select i as id, 'carrier ' || (i % 20) as carrier, i * 0.5::float8 as delay"
    " from generate_series(1, 1000000) i",
    "mariadb": "select seq as id, concat('carrier ', seq % 20) as carrier, seq * 0.5e0 as delay"
    " from seq_1_to_1000000",
}
NAMES = ["postgres", "mariadb"]


@pytest.fixture
def asks(postgres: str, mariadb: str) -> Iterator[dict[str, Ask]]:  # noqa: F811 the fixture
    """A way to ask each database something while blocks run."""
    port = int(mariadb.partition(":")[2].partition("/")[0])
    with (
        psycopg.connect(postgres, autocommit=True) as first,
        closing(
            pymysql.connect(
                host="127.0.0.1", port=port, user="tester", password=PASSWORD, autocommit=True
            )
        ) as second,
    ):

        def ask_second(query: str) -> list[Any]:
            with second.cursor() as cursor:
                cursor.execute(query)
                return list(cursor.fetchall())

        def ask_first(query: str) -> list[Any]:
            return first.execute(query).fetchall()

        yield {"postgres": ask_first, "mariadb": ask_second}


@pytest.fixture
async def servers(
    bench: Bench,
    postgres: str,  # noqa: F811 the fixture
    mariadb: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bench]:
    """A pool whose project declares both servers, and each with a wrong password."""
    monkeypatch.setenv("PASSWORD_OF_TEST", PASSWORD)
    monkeypatch.setenv("WRONG_OF_TEST", "wr0ng/p@ss:word")
    place = postgres.partition("@")[2]
    connections = {
        "postgres": {"url": f"postgresql://tester@{place}"},
        "mariadb": {"url": "mysql://tester:${PASSWORD_OF_TEST}@" + mariadb},
        "mariadb_wrong": {"url": "mysql://tester:${WRONG_OF_TEST}@" + mariadb},
        "postgres_wrong": {"url": "postgresql://nobody_here:${WRONG_OF_TEST}@" + place},
        "nowhere": {"url": "postgresql://tester:${WRONG_OF_TEST}@127.0.0.1:1/postgres"},
        "port": {"url": "postgresql://tester:${WRONG_OF_TEST}@127.0.0.1:${WRONG_OF_TEST}/x"},
    }
    pool = Pool(bench.root, bench.root / ".headrace" / "store", connections=connections)
    await pool.start()
    yield Bench(pool, bench.root)
    await pool.close()


def job(servers: Bench, name: str, query: str) -> Any:
    return servers.job(query, block="q", kind="loader", language="sql", connection=name)


@pytest.mark.parametrize("name", NAMES)
async def test_stopping_a_block_ends_its_statement_at_the_database(
    servers: Bench, asks: dict[str, Ask], name: str
) -> None:
    _, end = servers.begin(job(servers, name, SLEEPS[name]))
    await until(lambda: asks[name](SLEEPING[name]))
    workers = servers.pool.worker_pids()
    servers.pool.stop("r", "q")
    answer = await asyncio.wait_for(end, 30)
    assert isinstance(answer, Stopped), answer
    await until(lambda: not asks[name](SLEEPING[name]))
    assert set(servers.pool.worker_pids()) >= set(workers)  # by an interrupt, not by its death


@pytest.mark.parametrize("name", NAMES)
async def test_a_timeout_ends_the_statement_at_the_database(
    servers: Bench, asks: dict[str, Ask], name: str
) -> None:
    answer = await servers.run(
        SLEEPS[name], block="q", kind="loader", language="sql", connection=name, timeout_s=1.0
    )
    assert isinstance(answer, Raised)
    assert answer.failure.kind == "timeout"
    await until(lambda: not asks[name](SLEEPING[name]))


@pytest.mark.parametrize("name", NAMES)
async def test_a_connection_that_is_lost_in_the_middle_says_so(
    servers: Bench, asks: dict[str, Ask], name: str
) -> None:
    _, end = servers.begin(job(servers, name, SLEEPS[name]))
    await until(lambda: asks[name](SLEEPING[name]))
    asks[name](END[name].format(asks[name](SLEEPING[name])[0][0]))
    answer = await asyncio.wait_for(end, 30)
    assert isinstance(answer, Raised), answer
    assert answer.failure.type == "ConnectionLost"
    assert f"The connection '{name}' was lost in the middle" in answer.failure.message
    assert "ConnectionError" in answer.failure.bases  # `retry_on: [ConnectionError]`


ENDLESS = {
    # In the select list it is not made before its first row is sent.
    "postgres": "select generate_series(1, 100000000) as id, repeat('x', 200) as text",
    "mariadb": "select seq as id, repeat('x', 200) as text from seq_1_to_100000000",
}
READING = {
    "postgres": "select pid from pg_stat_activity where application_name = 'headrace'"
    " and query ilike '%FETCH FORWARD%'",
    "mariadb": "select id from information_schema.processlist where info like '%seq_1_to_1000000%'"
    " and id <> connection_id()",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_connection_that_is_lost_between_rows_says_after_how_many(
    servers: Bench, asks: dict[str, Ask], name: str
) -> None:
    answers, end = servers.begin(job(servers, name, ENDLESS[name]))
    await until(lambda: any(isinstance(one, Progressed) for one in answers), 60)
    await until(lambda: asks[name](READING[name]))
    asks[name](END[name].format(asks[name](READING[name])[0][0]))
    answer = await asyncio.wait_for(end, 60)
    assert isinstance(answer, Raised), answer
    assert answer.failure.type == "ConnectionLost"
    assert re.search(r"in the middle of the statement after [\d,]+ rows", answer.failure.message)
    kept = servers.root / ".headrace" / "store"
    assert [one for one in kept.rglob("*") if one.is_file() and one.stat().st_size > 100_000] == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_stop_between_rows_ends_the_statement_at_the_database(
    servers: Bench, asks: dict[str, Ask], name: str
) -> None:
    answers, end = servers.begin(job(servers, name, ENDLESS[name]))
    await until(lambda: any(isinstance(one, Progressed) for one in answers), 60)
    servers.pool.stop("r", "q")
    answer = await asyncio.wait_for(end, 60)
    assert isinstance(answer, Stopped), answer
    await until(lambda: not asks[name](READING[name]), 60)


@pytest.mark.parametrize("name", NAMES)
async def test_a_million_rows_come_in_chunks_with_progress_and_flat_memory(
    servers: Bench, name: str
) -> None:
    measured = "import resource\n@loader\ndef peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss"
    await servers.output(measured, block="warm", kind="loader")
    limit = 150 * 2**20  # the rows as objects of Python would take twice that
    answer = await servers.run(
        MILLION[name],
        block="q",
        kind="loader",
        language="sql",
        connection=name,
        memory_bytes=limit,
    )
    assert isinstance(answer, Done), answer
    assert answer.output.rows == 1_000_000
    assert len([one for one in servers.answers if isinstance(one, Progressed)]) > 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mariadb_wrong", "Access denied for user 'tester'"),
        ("postgres_wrong", 'role "nobody_here" does not exist'),
        ("nowhere", "refused"),
        ("port", "its URL cannot be read"),
    ],
)
async def test_a_refusal_is_clear_and_holds_no_secret(servers: Bench, name: str, said: str) -> None:
    answer = await servers.run(
        "select 1 as one", block="q", kind="loader", language="sql", connection=name
    )
    assert isinstance(answer, Raised), answer
    assert said in answer.failure.message
    seen = repr(answer) + "".join(map(repr, servers.answers))
    for log in Path(servers.root / "logs").iterdir():
        seen += log.read_text()
    for form in ("wr0ng", "p@ss:word", "p%40ss%3Aword"):
        assert form not in seen
