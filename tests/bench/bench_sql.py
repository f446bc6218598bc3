"""Ten SQL models over a million rows of CSV, beside the DuckDB API, dbt and SQLMesh."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from pyarrow import ipc
from tests.acceptance.harness import Server
from tests.bench import bench_peers
from tests.bench.figures import Figure
from tests.bench.peers.sql_models import LAST, digest_of
from tests.bench.running import Runner

from headrace.protocol.tables import Output
from headrace.store.outputs import Store

ROWS = 1_000_000
TARGET = 1.05
"""Of the time of the DuckDB API, each model a table in memory."""
MOST_ROUNDS = 10
PEER_ROUNDS = 3
PEER_LIMIT_S = 900
OURS = "Headrace"

MODELS = {
    "stg_fact": (
        "select * from read_csv('data/fact.csv', columns={'id': 'BIGINT', 'customer': 'BIGINT',"
        " 'day': 'DATE', 'qty': 'BIGINT', 'amount': 'DOUBLE'}, header=true) where id >= :round"
    ),
    "stg_dim": (
        "select * from read_csv('data/dim.csv', columns={'customer': 'BIGINT',"
        " 'segment': 'VARCHAR'}, header=true)"
    ),
    "cleaned": "select * from stg_fact where amount is not null and qty > 0",
    "daily": (
        "select customer, day, sum(amount) as amount, sum(qty) as qty from cleaned group by all"
    ),
    "joined": "select d.*, c.segment from daily d left join stg_dim c using (customer)",
    "ranked": (
        "select *, row_number() over (partition by day order by amount desc, customer) as rank"
        " from joined"
    ),
    "top10": "select * from ranked where rank <= 10",
    "by_segment": "select segment, day, sum(amount) as amount from joined group by all",
    "rolling": (
        "select *, avg(amount) over (partition by segment order by day rows 6 preceding) as week"
        " from by_segment"
    ),
    "final": (
        "select r.segment, r.day, r.week, count(t.customer) as customers, sum(t.amount) as best"
        " from rolling r left join top10 t on t.segment = r.segment and t.day = r.day"
        " group by all order by segment, day"
    ),
}
READS = {
    "cleaned": ["stg_fact"],
    "daily": ["cleaned"],
    "joined": ["daily", "stg_dim"],
    "ranked": ["joined"],
    "top10": ["ranked"],
    "by_segment": ["joined"],
    "rolling": ["by_segment"],
    "final": ["rolling", "top10"],
}


def measure(rounds: int) -> list[Figure]:
    """Run all models anew each time, by a parameter that differs; every way by turns."""
    rounds = max(1, min(rounds, MOST_ROUNDS))
    found: dict[str, list[float]] = {}
    digests: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        _make(project)
        with Server(project) as server:
            server.wait_ready()
            store = Store(project / ".headrace" / "store")
            for number in range(2, rounds + 2):
                with Runner(server, "models") as runner:  # none is kept while others take minutes
                    runner.run(round=-1000 - number)
                    seconds, record = runner.run(round=-number)
                found.setdefault(OURS, []).append(seconds)
                digests[OURS] = _digest_of(_last(store, record))
                for name, way in WAYS.items():
                    began = time.perf_counter()
                    rows = way(project, -number, Path(folder) / f"{name}-{number}")
                    found.setdefault(name, []).append(time.perf_counter() - began)
                    digests[name] = _digest_of(rows)
                if number < 2 + PEER_ROUNDS:
                    _peers(project, Path(folder) / f"peers-{number}", found, digests)
    medians = {name: statistics.median(values) for name, values in found.items()}
    sys.stdout.write("\n".join(_table(medians, digests)) + "\n\n")
    plain = medians[TABLES]
    return [
        Figure(
            "ten SQL models over a million rows",
            "s",
            found[OURS],
            plain * TARGET,
            floor=plain,
            floor_name="DuckDB API",
        )
    ]


def _table(medians: dict[str, float], digests: dict[str, str]) -> list[str]:
    """Show every way, and say of those whose rows differ that they do."""
    lines = ["| ten SQL models | seconds | of the DuckDB API |", "| --- | --- | --- |"]
    for name, seconds in medians.items():
        wrong = "" if digests[name] == digests[TABLES] else " **wrong**"
        lines.append(f"| {name} | {seconds:.3f}{wrong} | {seconds / medians[TABLES]:.2f} × |")
    return lines


def _peers(
    project: Path,
    folder: Path,
    found: dict[str, list[float]],
    digests: dict[str, str],
) -> None:
    """Let dbt and SQLMesh do the same once, in an environment of their own."""
    folder.mkdir()
    listed = folder / "models.json"
    listed.write_text(json.dumps({name: _text(project, name, -1) for name in MODELS}))
    script = Path(__file__).parent / "peers" / "sql_models.py"
    try:
        python = bench_peers.environment(Path(__file__).with_name("sql_peers.txt"))
        command = [python, script, listed, folder, "1"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PEER_LIMIT_S
        )  # where it stands, each of them leaves logs
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("measured: ")]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        sys.stderr.write(f"  dbt and SQLMesh: {str(error).strip()[-300:]}\n")
        return
    for name, entry in json.loads(line.removeprefix("measured: ")).items():
        found.setdefault(name, []).extend(entry["seconds"])
        digests[name] = entry["digest"]


def _make(project: Path) -> None:
    folder = project / "pipelines" / "models"
    folder.mkdir(parents=True)
    (project / "data").mkdir()
    with duckdb.connect() as database:
        database.execute("select setseed(0.5)")
        database.execute(
            "copy (select i as id, (random() * 5000)::bigint as customer, date '2026-01-01'"
            " + (random() * 200)::int as day, (random() * 10)::bigint as qty, case when random()"
            f" < 0.05 then null else random() * 100 end as amount from range({ROWS}) t(i))"
            f" to '{project}/data/fact.csv'"
        )
        database.execute(
            "copy (select i as customer, 'segment ' || (i % 3) as segment from range(5001) t(i))"
            f" to '{project}/data/dim.csv'"
        )
    lines = ["parameters: {round: {type: integer, default: 0}}", "blocks:"]
    for name, text in MODELS.items():
        (folder / f"{name}.sql").write_text(text + "\n")
        upstream = ", ".join(READS.get(name, []))
        lines.append(
            f"  - {{name: {name}, kind: transformer, file: {name}.sql, upstream: [{upstream}]}}"
        )
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")


def _text(project: Path, name: str, number: int) -> str:
    return MODELS[name].replace(":round", str(number)).replace("'data/", f"'{project}/data/")


def _tables(project: Path, number: int, place: Path) -> pa.Table:
    """Make each model a table, and write the last as an Arrow file, as Headrace does."""
    with duckdb.connect() as database:
        for name in list(MODELS)[:-1]:
            database.execute(f"create table {name} as {_text(project, name, number)}")
        return _written(database.sql(_text(project, LAST, number)).to_arrow_table(), place)


def _views(project: Path, number: int, place: Path) -> pa.Table:
    """Make each model a view, and write the last as an Arrow file."""
    with duckdb.connect() as database:
        for name in list(MODELS)[:-1]:
            database.execute(f"create view {name} as {_text(project, name, number)}")
        return _written(database.sql(_text(project, LAST, number)).to_arrow_table(), place)


def _file(project: Path, number: int, place: Path) -> pa.Table:
    """Make each model a table of a database on the disk."""
    with duckdb.connect(str(place)) as database:
        for name in MODELS:
            database.execute(f"create table {name} as {_text(project, name, number)}")
        return database.sql(f"from {LAST}").to_arrow_table()


def _written(table: pa.Table, place: Path) -> pa.Table:
    with place.open("wb") as file:
        with ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())
    return table


def _last(store: Store, record: dict[str, Any]) -> pa.Table:
    made = {block["name"]: block for block in record["blocks"]}
    return pa.Table.from_pandas(store.get(msgspec.convert(made[LAST]["output"], Output)))


def _digest_of(rows: pa.Table) -> str:
    with duckdb.connect() as database:
        database.register("rows", rows)
        return digest_of(database, "rows")


TABLES = "DuckDB API, tables in memory"
WAYS: dict[str, Callable[[Path, int, Path], pa.Table]] = {
    TABLES: _tables,
    "DuckDB API, views": _views,
    "DuckDB API, tables in a file": _file,
}
