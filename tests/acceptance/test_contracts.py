"""Contracts of outputs on a real server: broken at run time, told of at edit time, frozen."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .harness import Server, headrace_command

ORDERS = """\
import pandas as pd
from headrace import loader


@loader
def orders(rename: bool = False, gaps: bool = False):
    frame = pd.DataFrame({"id": [1, 2, 3], "total": [1.5, 2.5, 3.5], "note": ["a", None, "b"]})
    if gaps:
        frame.loc[1, "total"] = None
    return frame.rename(columns={"total": "sum"}) if rename else frame
"""
PIECES = """\
import pyarrow as pa
from headrace import transformer


@transformer
def pieces(orders):
    yield pa.table({"id": [1]})
    yield pa.table({"id": [None, 3]})
"""
YAML = """\
parameters:
  rename: {type: boolean, default: false}
  gaps: {type: boolean, default: false}
blocks:
  - name: orders
    kind: loader
    file: orders.py
    contract:
      columns:
        id: integer not null
        total: number not null  # in euros
        note: string
  - {name: totals, kind: transformer, file: totals.sql, upstream: [orders]}
  - name: pieces
    kind: transformer
    file: pieces.py
    upstream: [orders]
    contract: {columns: {id: integer not null}}
"""
PIPELINE = "pipelines/shop"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("contracts")
    folder = root / "pipelines" / "shop"
    folder.mkdir(parents=True)
    (folder / "orders.py").write_text(ORDERS)
    (folder / "pieces.py").write_text(PIECES)
    (folder / "totals.sql").write_text("select id, total from orders\n")
    (folder / "pipeline.yaml").write_text(YAML)
    with Server(Path(root)) as running:
        running.wait_ready()
        yield running


def blocks_of(server: Server, only: list[str], **parameters: Any) -> dict[str, dict[str, Any]]:
    record = server.run("shop", blocks=only, parameters=parameters)
    return {block["name"]: block for block in record["blocks"]}


def rows_of(server: Server, address: str) -> list[Any]:
    answer = server.get(f"outputs/{address}/rows", headers={"Accept": "application/json"})
    return answer.json()["rows"]


def test_an_output_that_keeps_its_contract_passes_a_check_of_that_name(server: Server) -> None:
    orders = blocks_of(server, ["totals"])["orders"]
    assert orders["state"] == "succeeded"
    assert [(check["name"], check["state"]) for check in orders["checks"]] == [
        ("contract", "passed")
    ]


def test_other_columns_fail_the_block_and_the_output_is_kept_for_looking_at(
    server: Server,
) -> None:
    found = blocks_of(server, ["totals"], rename=True)
    orders, totals = found["orders"], found["totals"]
    assert (orders["state"], totals["state"]) == ("failed", "skipped")
    assert orders["output"] is None
    assert orders["failure"]["kind"] == "check"
    assert orders["failure"]["message"] == (
        "contract: 'total' (number) is missing; 'sum' (double) is not in the contract."
    )
    (check,) = orders["checks"]
    assert check["refused"]["columns"][1] == {"name": "sum", "type": "double"}
    assert len(rows_of(server, check["refused"]["address"])) == 3


def test_nulls_fail_the_block_with_their_rows(server: Server) -> None:
    orders = blocks_of(server, ["orders"], gaps=True)["orders"]
    (check,) = orders["checks"]
    assert check["name"] == "contract: total is not null"
    assert check["count"] == 1
    assert "null in 1 of 3 rows: row 2" in orders["failure"]["message"]
    assert rows_of(server, check["rows"]["address"]) == [[2, None, None]]
    assert len(rows_of(server, check["refused"]["address"])) == 3


def test_a_generator_is_held_to_its_contract_too(server: Server) -> None:
    pieces = blocks_of(server, ["pieces"])["pieces"]
    assert pieces["state"] == "failed"
    assert "null in 1 of 3 rows: row 2" in pieces["failure"]["message"]


def test_a_refused_output_outlives_a_restart(server: Server) -> None:
    (check,) = blocks_of(server, ["orders"], rename=True)["orders"]["checks"]
    server.restart()
    server.wait_ready()
    assert len(rows_of(server, check["refused"]["address"])) == 3


def test_a_reader_of_a_column_that_is_not_in_the_contract_is_told_before_it_runs(
    server: Server,
) -> None:
    source = f"{PIPELINE}/blocks/totals/source"
    before = server.get(source).json()
    text = "select id, totl from orders\n"
    saved = server.put(source, {"text": text}, headers={"If-Match": f'"{before["hash"]}"'})
    assert saved.status_code == 200, saved.text
    message = "There is no column 'totl' in the contract of orders: did you mean 'total'?"
    told = server.get(PIPELINE).json()["diagnostics"]
    (found,) = (one for one in told if one["block"] == "totals")
    assert (found["severity"], found["message"]) == ("error", message)
    fix = next(fix for fix in found["fixes"] if fix["title"] == "Change to total")
    command = [*headrace_command(), "check", "shop", "-C", str(server.project)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 1
    assert "totals.sql:1:12" in checked.stdout
    assert message in checked.stdout
    assert server.post(f"{PIPELINE}/commands", fix["command"]).status_code == 200
    assert server.get(source).json()["text"] == before["text"]
    assert not [
        one for one in server.get(PIPELINE).json()["diagnostics"] if one["block"] == "totals"
    ]


def test_a_contract_is_frozen_from_the_newest_output(server: Server) -> None:
    def send(command: dict[str, Any]) -> Any:
        answer = server.post(f"{PIPELINE}/commands", {"block": "totals"} | command)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    started = send({"op": "run-blocks", "blocks": ["totals"], "block": ""})
    server.finished(started["run"])
    proposed = send({"op": "propose-contract"})
    assert proposed == {"columns": {"id": "integer", "total": "number"}, "extra_columns": False}
    send({"op": "set-contract", "contract": proposed})
    written = (server.project / "pipelines" / "shop" / "pipeline.yaml").read_text()
    assert "upstream: [orders], contract: {columns: {id: integer, total: number}}}" in written
    assert "# in euros" in written
    table = next(b for b in server.get(PIPELINE).json()["blocks"] if b["name"] == "totals")
    assert table["contract"] == proposed
    send({"op": "undo"})
    assert (server.project / "pipelines" / "shop" / "pipeline.yaml").read_text() == YAML
