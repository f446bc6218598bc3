"""Ten SQL models over a million rows of CSV, beside the same SQL through the DuckDB API."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import duckdb
from tests.acceptance.harness import Server
from tests.bench.figures import Figure
from tests.bench.running import Runner

ROWS = 1_000_000
TARGET = 1.05
"""Of the time of the DuckDB API."""

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
    """Run all models anew each time, by a parameter that differs."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        _make(project)
        with Server(project) as server:
            server.wait_ready()
            with Runner(server, "models") as runner:
                runner.run(round=-1)
                for number in range(rounds):
                    seconds, record = runner.run(round=-2 - number)
                    made = {block["name"]: block for block in record["blocks"]}
                    assert record["state"] == "succeeded", record
                    ours.append(seconds)
                    began = time.perf_counter()
                    rows = _through_the_api(project, -2 - number)
                    theirs.append(time.perf_counter() - began)
                    assert made["final"]["rows"] == rows
    plain = statistics.median(theirs)
    return [
        Figure(
            "ten SQL models over a million rows",
            "s",
            ours,
            plain * TARGET,
            floor=plain,
            floor_name="DuckDB API",
        )
    ]


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


def _through_the_api(project: Path, number: int) -> int:
    """Make each model a table, and give the rows of the last as Arrow."""
    with duckdb.connect() as database:
        for name, text in MODELS.items():
            made = text.replace(":round", str(number)).replace("'data/", f"'{project}/data/")
            if name == "final":
                return database.sql(made).to_arrow_table().num_rows
            database.execute(f"create table {name} as {made}")
    raise AssertionError("the last model is the last")
