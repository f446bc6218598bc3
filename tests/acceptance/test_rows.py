"""Rows of outputs over HTTP: sorted, filtered, searched, told of, and given up when nobody waits."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from .harness import Server
from .processes import below, cpu_s

BLOCKS = {
    "small": """
    import datetime as dt
    import decimal
    import pyarrow as pa
    return pa.table({
        "n": [3, None, 1, 2**60 + 1, 3],
        "word": ["Beta", "alpha", None, "<img src=x onerror=alert(1)>", ""],
        "money": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("2.00"), None, None]),
        "at": [dt.datetime(2024, 1, day, tzinfo=dt.UTC) for day in (1, 2, 3, 4, 5)],
    })
""",
    "double": """
    import pyarrow as pa
    return pa.Table.from_arrays([pa.array([1, 2]), pa.array([2, 1])], names=["a", "a"])
""",
    "slow": """
    import pyarrow as pa
    import numpy as np
    values = pa.array(np.arange(8_000_000) % 1000)
    return pa.table({"list": pa.FixedSizeListArray.from_arrays(values, 200), "n": range(40_000)})
""",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("rows") / "project"
    folder = root / "pipelines" / "odd"
    folder.mkdir(parents=True)
    lines = ["title: Odd", "blocks:"]
    for name, body in BLOCKS.items():
        lines.append(f"  - {{name: {name}, kind: loader, file: {name}.py}}")
        source = f"from headrace import loader\n\n\n@loader\ndef {name}():{body}"
        (folder / f"{name}.py").write_text(source)
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
    with Server(root) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def addresses(server: Server) -> dict[str, str]:
    record = server.run("odd")
    assert record["state"] == "succeeded", record
    return {block["name"]: block["address"] for block in record["blocks"]}


@pytest.fixture
def rows(server: Server, addresses: dict[str, str]) -> Callable[..., Any]:
    def ask(block: str = "small", **query: Any) -> Any:
        sent = {k: v if isinstance(v, str | int) else json.dumps(v) for k, v in query.items()}
        return server.get(
            f"outputs/{addresses[block]}/rows",
            params=sent,
            headers={"Accept": "application/json"},
        )

    return ask


def first_column(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [row[0] for row in answer.json()["rows"]]


BIG = str(2**60 + 1)


@pytest.mark.parametrize(
    ("query", "cells"),
    [
        ({"sort": "n"}, [1, 3, 3, BIG, None]),
        ({"sort": "-n,word"}, [BIG, 3, 3, 1, None]),
        (
            {"sort": [{"column": "word", "descending": True}], "columns": "word"},
            ["alpha", "Beta", "<img src=x onerror=alert(1)>", "", None],
        ),
        ({"filter": [{"column": "n", "op": ">", "value": 1}]}, [3, BIG, 3]),
        ({"filter": [{"column": "n", "op": "=", "value": BIG}]}, [BIG]),
        ({"filter": [{"column": "money", "op": "between", "value": ["1.1", "2"]}]}, [3, 1]),
        ({"filter": [{"column": "at", "op": "<", "value": "2024-01-03T00:00Z"}]}, [3, None]),
        ({"filter": [{"column": "word", "op": "matches", "value": "^[A-Z<]"}]}, [3, BIG]),
        ({"filter": [{"column": "word", "op": "is empty"}], "sort": "n"}, [3]),
        ({"search": "ONERROR=ALERT"}, [BIG]),
        (
            {
                "search": "beta",
                "sort": "-n",
                "filter": [{"column": "n", "op": "in", "value": [3, 1]}],
            },
            [3],
        ),
        ({"sort": "n", "offset": 3, "limit": 1}, [BIG]),
    ],
)
def test_a_view_in_an_address(
    rows: Callable[..., Any], query: dict[str, Any], cells: list[Any]
) -> None:
    answer = rows(**query)
    assert first_column(answer) == cells
    assert int(answer.headers["X-Total-Rows"]) == answer.json()["total"] >= len(cells)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ({"sort": "nope"}, "sort[0].column", "no column 'nope'"),
        ({"sort": "[1]"}, "sort[0]", "object"),
        ({"filter": "select 1; drop table x"}, "filter", "Not valid JSON"),
        ({"filter": [{"column": "n", "op": "~", "value": 1}]}, "filter[0].op", "allowed are =, !="),
        ({"filter": [{"column": "n", "op": "=", "value": "x"}]}, "filter[0].value", "a number"),
        ({"filter": [{"column": "word", "op": "matches", "value": "("}]}, "filter[0].value", "RE2"),
        ({"columns": '["n",{"at":9}]'}, "columns[1]", "no column at 9"),
        ({"search": "x" * 10_001}, "search", "10000"),
        ({"offset": -1}, "offset", "from 0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    rows: Callable[..., Any], query: dict[str, Any], field: str, words: str
) -> None:
    answer = rows(**query)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["code"], error["details"]["field"]) == ("invalid", field)
    assert words in error["message"]


def test_arrow_windows_have_the_total_and_may_be_kept_for_ever(
    server: Server, addresses: dict[str, str]
) -> None:
    answer = server.get(f"outputs/{addresses['small']}/rows", params={"sort": "-at", "limit": 2})
    assert answer.headers["X-Total-Rows"] == "5"
    assert "immutable" in answer.headers["Cache-Control"]
    table = ipc.open_stream(answer.content).read_all()
    assert table.column("n").to_pylist() == [3, 2**60 + 1]
    assert table.schema.field("money").type == pa.decimal128(3, 2)


def test_columns_of_one_name_are_told_apart_by_place(rows: Callable[..., Any]) -> None:
    by_place = [{"column": {"at": 1}}]
    assert rows("double", sort=by_place).json()["rows"] == [[2, 1], [1, 2]]
    assert rows("double", columns='[{"at":1}]').json()["rows"] == [[2], [1]]


# --- nobody waits -----------------------------------------------------------------------------


def begin(server: Server, address: str, query: str, *, what: str = "rows?") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    line.sendall(
        f"GET /api/outputs/{address}/{what}{query} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: token {server.token}\r\n\r\n".encode()
    )
    return line


def seconds_of_work(server: Server) -> float:
    """CPU time of all processes below the server."""
    return sum(cpu_s(process) for process in below(server.pid))


def work_goes_on(server: Server, seconds: float) -> bool:
    before = seconds_of_work(server)
    time.sleep(seconds)
    return seconds_of_work(server) - before > seconds / 10


def wait_for(condition: Callable[[], bool], limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_search_ends_when_its_client_goes_away(server: Server, addresses: dict[str, str]) -> None:
    server.get(f"outputs/{addresses['slow']}/rows")  # the process is there
    line = begin(server, addresses["slow"], "search=no+such+text")
    wait_for(lambda: work_goes_on(server, 0.2))
    line.close()
    wait_for(lambda: not work_goes_on(server, 0.2))
    # It had not come to its end by itself: who asks again works again.
    with begin(server, addresses["slow"], "search=no+such+text"):
        wait_for(lambda: work_goes_on(server, 0.2))


def test_a_look_at_rows_does_not_wait_behind_a_search(
    server: Server, addresses: dict[str, str]
) -> None:
    answered: list[float] = []

    def search() -> None:
        server.get(f"outputs/{addresses['slow']}/rows", params={"search": "another text"})
        answered.append(time.monotonic())

    thread = threading.Thread(target=search)
    thread.start()
    try:
        wait_for(lambda: work_goes_on(server, 0.2))
        answer = server.get(f"outputs/{addresses['small']}/rows", params={"sort": "n"})
        assert answer.status_code == 200
        assert not answered
    finally:
        thread.join(60)


# --- profiles, statistics, exports ------------------------------------------------------------


def test_a_profile_says_what_is_in_each_column(server: Server, addresses: dict[str, str]) -> None:
    path = f"outputs/{addresses['small']}/profile"
    found = server.get(path).json()
    assert (found["rows"], found["column_count"]) == (5, 4)
    number, word, money, moment = found["columns"]
    assert (number["nulls"], number["distinct"], number["max"]) == (1, 3, BIG)
    assert [top["value"] for top in word["top"]].count("<img src=x onerror=alert(1)>") == 1
    assert (money["min"], money["mean"], money["exact"]) == ("1.10", 1.55, True)
    assert moment["min"] == "2024-01-01T00:00:00Z"
    part = server.get(
        path, params={"columns": "word", "filter": '[{"column":"n","op":"=","value":3}]'}
    )
    (word,) = part.json()["columns"]
    assert (word["rows"], word["distinct"], word["at"]) == (2, 2, 1)
    assert "immutable" in part.headers["Cache-Control"]
    assert server.get(path, params={"columns": "nope"}).status_code == 400


def test_statistics_of_selected_cells(server: Server, addresses: dict[str, str]) -> None:
    path = f"outputs/{addresses['small']}/statistics"
    query = {"sort": "n", "offset": 1, "limit": 2, "columns": "n"}
    assert server.get(path, params=query).json() == {
        "rows": 2,
        "columns": [
            {
                "name": "n", "at": 0, "type": "int64", "count": 2, "nulls": 0,
                "sum": "6", "mean": 3.0, "min": "3", "max": "3",
            }
        ],
    }  # fmt: skip
    assert server.get(path).json()["rows"] == 5
    assert server.get(path, params={"limit": "x"}).status_code == 400


def test_exports_have_the_rows_of_the_view(server: Server, addresses: dict[str, str]) -> None:
    path = f"outputs/{addresses['small']}/export"
    view = {"sort": "-n", "filter": '[{"column":"n","op":"is not null"}]', "columns": "n,money"}
    answer = server.get(path, params={"format": "csv", **view})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text.splitlines() == ['"n","money"', f"{BIG},", "3,1.10", "3,", "1,2.00"]
    answer = server.get(path, params={"format": "parquet", **view})
    table = pq.read_table(io.BytesIO(answer.content))
    assert table.column("n").to_pylist() == [2**60 + 1, 3, 3, 1]
    for wrong in ({"format": "xlsx"}, {"format": "csv", "sort": "nope"}, {"filter": "["}):
        assert server.get(path, params=wrong).status_code == 400


def busy_process(server: Server) -> psutil.Process:
    """The process below the server that works most now."""
    found: list[psutil.Process] = []

    def look() -> bool:
        before = {each: cpu_s(each) for each in below(server.pid)}
        time.sleep(0.2)
        busiest = max(before, key=lambda each: cpu_s(each) - before[each])
        found[:] = [busiest]
        return cpu_s(busiest) - before[busiest] > 0.02

    wait_for(look)
    return found[0]


def test_an_export_cut_off_is_no_file_that_looks_whole(
    server: Server, addresses: dict[str, str]
) -> None:
    with begin(server, addresses["slow"], "", what="export?format=csv&") as line:
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        busy_process(server).kill()
        content = b""
        while part := line.recv(1 << 20):
            content += part
    assert not content.endswith(b"0\r\n\r\n")
    assert server.get("status").status_code == 200
    assert server.get(f"outputs/{addresses['small']}/rows").status_code == 200


def test_an_export_that_nobody_reads_ends_and_takes_no_memory(
    server: Server, addresses: dict[str, str]
) -> None:
    before = server.get("status").json()["peak_rss_bytes"]
    files = psutil.Process(server.pid).num_fds()
    line = begin(server, addresses["slow"], "", what="export?format=csv&")
    assert line.recv(4096).startswith(b"HTTP/1.1 200")
    wait_for(lambda: not work_goes_on(server, 0.2))  # it waits for the reader
    assert server.get("status").json()["peak_rss_bytes"] - before < 16 << 20
    line.close()
    wait_for(lambda: psutil.Process(server.pid).num_fds() <= files)
    assert server.get(f"outputs/{addresses['small']}/rows").status_code == 200
