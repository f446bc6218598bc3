"""Incremental loads on a real server: every row is in exactly one run that succeeded.

The source is a SQLite database that the test fills; the exporter writes what it got to a file of
its own for each run, so that the files of runs that succeeded are what was delivered.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.postgres import postgres

from headrace.core.crash import KILLED_EXIT_CODE

from .harness import Server, headrace_command
from .plant import try_to, until

POINTS = {"watermark.before-move", "watermark.after-move"}
"""Crash points that are passed here."""
YAML = """\
parameters:
  broken: {type: boolean, default: false}
blocks:
  - {name: orders, kind: loader, file: orders.sql, connection: shop, incremental: changed}
  - {name: totals, kind: transformer, file: totals.py, upstream: [orders]}
  - {name: send, kind: exporter, file: send.py, upstream: [totals]}
  - {name: events, kind: loader, file: events.py, incremental: {column: id, start: 0}}
  - {name: keep, kind: exporter, file: keep.py, upstream: [events]}
"""
SOURCES = {
    "orders.sql": "select id, changed from orders order by id;  -- all of them\n",
    "totals.py": """\
from headrace import transformer


@transformer
def totals(orders, broken: bool):
    if broken:
        raise ValueError("broken")
    return orders
""",
    "send.py": """\
from pathlib import Path
from headrace import exporter


@exporter
def send(totals, context):
    Path(f"sent-{context.run_id}.txt").write_text("\\n".join(map(str, totals["id"])))
""",
    "events.py": """\
import sqlite3
import pyarrow as pa
from headrace import loader


@loader
def events(context):
    with sqlite3.connect("shop.db") as database:
        rows = database.execute("select id from orders where id > ?", [context.since]).fetchall()
    return pa.table({"id": pa.array([row[0] for row in rows], pa.int64())})
""",
    "keep.py": """\
from pathlib import Path
from headrace import exporter


@exporter
def keep(events, context):
    Path(f"kept-{context.run_id}.txt").write_text("\\n".join(map(str, events["id"].to_pylist())))
""",
}


@dataclass
class Shop:
    """The project and its source."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "shop.db"

    def set_up(self, history: str = "") -> None:
        folder = self.root / "pipelines" / "shop"
        folder.mkdir(parents=True)
        (folder / "pipeline.yaml").write_text(YAML)
        for name, text in SOURCES.items():
            (folder / name).write_text(text)
        settings = "connections:\n  shop: sqlite:///shop.db\n"
        (self.root / "headrace.yaml").write_text(f"{settings}{history}")
        with closing(sqlite3.connect(self.database)) as database:
            database.execute("create table orders (id integer primary key, changed text)")
            database.commit()

    def sell(self, *numbers: int) -> None:
        rows = [(number, f"2026-01-{number:02} 10:00:00") for number in numbers]
        with closing(sqlite3.connect(self.database)) as database:
            database.executemany("insert into orders values (?, ?)", rows)
            database.commit()

    def delivered(self, server: Server, what: str = "sent") -> list[int]:
        """Return the numbers in the files of all runs that succeeded, oldest run first."""
        runs = server.get("runs?limit=100").json()["runs"]
        good = [run["id"] for run in reversed(runs) if run["state"] == "succeeded"]
        files = (self.root / f"{what}-{run}.txt" for run in good)
        return [int(line) for file in files if file.exists() for line in file.read_text().split()]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with postgres() as place:
        yield f"history: postgresql+psycopg://{place}\n"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    history = request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
    shop = Shop(tmp_path_factory.mktemp(request.param))
    shop.set_up(history)
    with Server(shop.root) as server:
        server.wait_ready()
        yield shop, server


def marks(server: Server) -> dict[str, Any]:
    found = server.get("pipelines/shop/watermarks").json()["watermarks"]
    return {table["block"]: table["mark"] and table["mark"]["value"] for table in found}


def test_each_run_takes_what_is_new_and_a_failed_one_leaves_it_for_the_next(
    place: tuple[Shop, Server],
) -> None:
    shop, server = place
    assert marks(server) == {"orders": None, "events": None}
    shop.sell(1, 2, 3)
    first = server.run("shop")
    assert first["state"] == "succeeded"
    assert marks(server) == {"orders": "2026-01-03 10:00:00", "events": "3"}
    shop.sell(4)
    second = server.run("shop")
    loaded = {block["name"]: block for block in second["blocks"]}
    assert loaded["orders"]["rows"] == loaded["events"]["rows"] == 1
    assert loaded["orders"]["since"]["mark"]["value"] == "2026-01-03 10:00:00"
    assert loaded["orders"]["output"]["reached"]["value"] == "2026-01-04 10:00:00"
    shop.sell(5)
    assert server.run("shop", parameters={"broken": True})["state"] == "failed"
    assert marks(server)["orders"] == "2026-01-04 10:00:00"
    shop.sell(6)
    third = server.run("shop")
    assert next(b for b in third["blocks"] if b["name"] == "orders")["rows"] == 2
    nothing = server.run("shop")
    assert nothing["state"] == "succeeded"
    assert nothing["blocks"][0]["rows"] == 0
    assert shop.delivered(server) == [1, 2, 3, 4, 5, 6]
    assert shop.delivered(server, "kept") == [1, 2, 3, 4, 5, 6]


def test_a_retry_by_hand_takes_the_rows_of_the_run_that_failed(
    place: tuple[Shop, Server],
) -> None:
    shop, server = place
    server.run("shop")
    shop.sell(10)
    failed = server.run("shop", parameters={"broken": True})
    shop.sell(11)
    text = (shop.root / "pipelines" / "shop" / "totals.py").read_text()
    base = server.get("pipelines/shop/blocks/totals/source").json()["hash"]
    mended = text.replace("if broken:", "if False:")
    saved = server.put(
        "pipelines/shop/blocks/totals/source",
        {"text": mended},
        headers={"If-Match": f'"{base}"'},
    )
    assert saved.status_code == 200
    answer = server.post(f"runs/{failed['id']}/retry")
    again = server.finished(answer.json()["id"])
    assert again["state"] == "succeeded"
    orders = again["blocks"][0]
    assert (orders["state"], orders["rows"]) == ("cached", 1)
    server.run("shop")
    assert shop.delivered(server)[-2:] == [10, 11]
    assert sorted(set(shop.delivered(server))) == sorted(shop.delivered(server))


def test_many_runs_at_once_deliver_each_row_once(place: tuple[Shop, Server]) -> None:
    shop, server = place
    shop.sell(12)
    ids = [server.post("pipelines/shop/runs", {}).json()["id"] for _ in range(4)]
    shop.sell(13)
    records = [server.finished(run) for run in ids]
    assert {record["state"] for record in records} == {"succeeded"}
    server.run("shop")
    for what in ("sent", "kept"):
        found = shop.delivered(server, what)
        assert sorted(set(found)) == sorted(found)
        assert {12, 13} <= set(found)


def test_the_editor_and_runs_of_a_part_leave_the_mark_where_it_is(
    place: tuple[Shop, Server],
) -> None:
    shop, server = place
    server.run("shop")
    before = marks(server)
    shop.sell(14)
    assert server.run("shop", blocks=["orders"])["blocks"][0]["rows"] == 1
    command = {"op": "run-blocks", "blocks": ["send"]}
    started = server.post("pipelines/shop/commands", command).json()["result"]
    assert server.finished(started["run"])["state"] == "succeeded"
    assert marks(server) == before
    (shop.root / f"sent-{started['run']}.txt").unlink()  # the editor exports too
    server.run("shop")
    assert marks(server)["events"] == "14"


def test_a_mark_is_set_and_reset_by_hand(place: tuple[Shop, Server]) -> None:
    shop, server = place
    shop.sell(*range(21, 29))
    server.run("shop")
    address = "pipelines/shop/watermarks"
    told = server.put(f"{address}/events", {"value": "22"}).json()
    assert (told["mark"]["type"], told["mark"]["value"], told["run"]) == ("integer", "22", None)
    record = server.run("shop")
    rows = {block["name"]: block["rows"] for block in record["blocks"]}
    assert (rows["orders"], rows["events"]) == (0, 6)
    assert server.put(f"{address}/events", {"value": "many"}).status_code == 400
    assert server.put(f"{address}/totals", {"value": "2"}).status_code == 404
    assert server.put(f"{address}/events", {"value": None}).json()["mark"] is None
    command = [*headrace_command(), "watermarks", "-C", str(shop.root), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    tables = json.loads(done.stdout)["watermarks"]
    assert [table["block"] for table in tables] == ["orders", "events"]
    assert tables[1]["mark"] is None
    setting = [
        *headrace_command(),
        "watermarks",
        "set",
        "shop",
        "events",
        "26",
        "-C",
        str(shop.root),
    ]
    done = subprocess.run(setting, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("shop/events  id > 26 (integer)  20")
    rows = {block["name"]: block["rows"] for block in server.run("shop")["blocks"]}
    assert rows["events"] == 2, "the server sees what another process has set"


CRASHES = [
    ("block.answer-heard", 3),
    ("step.before-record", 5),
    ("watermark.before-move", 1),
    ("watermark.before-move", 2),
    ("watermark.after-move", 1),
    ("watermark.after-move", 2),
    ("history.before-commit", 4),
    ("step.after-record", 6),
]


@pytest.mark.parametrize(("point", "passage"), CRASHES)
def test_a_crash_at_any_place_loses_and_doubles_no_row(
    point: str, passage: int, tmp_path: Path
) -> None:
    shop = Shop(tmp_path / "shop")
    shop.root.mkdir()
    shop.set_up()
    shop.sell(1, 2)
    with Server(shop.root, env={"HEADRACE_CRASH": f"{point}:{passage}"}) as server:
        server.wait_ready()
        try_to(lambda: server.post("pipelines/shop/runs", {}))
        assert server.wait_dead() == KILLED_EXIT_CODE
        shop.sell(3)
        server.env = {}
        server.start()
        server.wait_ready()

        def over() -> bool:
            runs = server.get("runs").json()["runs"]
            return all(run["state"] in ("succeeded", "failed") for run in runs)

        until(over, "the run that was left behind")
        assert server.run("shop")["state"] == "succeeded"
        for what in ("sent", "kept"):
            assert shop.delivered(server, what) == [1, 2, 3]
        assert marks(server)["events"] == "3"


def test_of_two_processes_that_load_the_same_rows_one_has_failed(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.root.mkdir()
    shop.set_up()
    slow = SOURCES["totals.py"].replace(
        "    if broken",
        "    import time\n    while not Path('go').exists():\n        time.sleep(0.02)\n    if broken",
    )
    (shop.root / "pipelines" / "shop" / "totals.py").write_text(f"from pathlib import Path\n{slow}")
    shop.sell(1)
    with Server(shop.root) as server:
        server.wait_ready()
        started = server.post("pipelines/shop/runs", {}).json()["id"]

        def loaded() -> bool:
            blocks = server.get(f"runs/{started}").json()["blocks"]
            return blocks[0]["state"] == "succeeded"

        until(loaded, "the rows of the server")
        command = [*headrace_command(), "run", "shop", "-C", str(shop.root), "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:

            def both() -> bool:
                runs = server.get("runs").json()["runs"]
                return len(runs) == 2 and all(run["blocks_done"] >= 3 for run in runs)

            until(both, "the rows of the other process")
            (shop.root / "go").touch()
            record = json.loads((other.communicate(timeout=60)[0]).splitlines()[-1])
        states = {record["state"], server.finished(started)["state"]}
        assert states == {"succeeded", "failed"}
        assert shop.delivered(server) == [1]
