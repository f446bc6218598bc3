"""Outputs against one another and the rows against a check, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from .harness import Server

PEOPLE = """\
import pandas as pd
from headrace import check, loader


@loader
def people(day: int = 1):
    ids = list(range(day, day + 5))
    return pd.DataFrame({"id": ids, "name": [f"p{n}" if n != 3 else f"day {day}" for n in ids]})


@check(severity="warn")
def nobody_is_named_after_a_day(people):
    return ~people["name"].str.startswith("day")
"""
YAML = """\
parameters:
  day: {type: integer, default: 1}
blocks:
  - {name: people, kind: loader, file: people.py}
  - name: few
    kind: transformer
    file: few.sql
    upstream: [people]
    checks:
      - {column: id, minimum: 3}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("compare")
    folder = root / "pipelines" / "people"
    folder.mkdir(parents=True)
    (folder / "people.py").write_text(PEOPLE)
    (folder / "few.sql").write_text("select id from people where id > 1\n")
    (folder / "pipeline.yaml").write_text(YAML)
    with Server(Path(root)) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="module")
def addresses(server: Server) -> tuple[str, str]:
    """What `people` gives on day 1 and on day 2."""
    found = [
        server.run("people", parameters={"day": day}, blocks=["people"])["blocks"][0]["address"]
        for day in (1, 2)
    ]
    return found[0], found[1]


def test_a_result_is_compared_with_the_one_before_it(
    server: Server, addresses: tuple[str, str]
) -> None:
    before, now = addresses
    past = server.get("pipelines/people/blocks/people/results").json()
    assert [result["output"]["address"] for result in past["results"][:2]] == [now, before]
    assert all(result["stored"] for result in past["results"])
    assert past["scheduled"] is None
    plain = server.get(f"outputs/{now}/compare", params={"with": before}).json()
    assert plain["suggested"] == ["id"]
    assert plain["changes"] is None
    answer = server.get(f"outputs/{now}/compare", params={"with": before, "key": "id"})
    assert "immutable" in answer.headers["Cache-Control"]
    changes = answer.json()["changes"]
    counts = {name: changes[name] for name in ("added", "removed", "changed", "same")}
    assert counts == {"added": 1, "removed": 1, "changed": 1, "same": 3}
    rows = server.get(
        f"outputs/{now}/compare/rows",
        params={"with": before, "key": "id"},
        headers={"Accept": "application/json"},
    ).json()
    assert rows["rows"] == [[3, "day 2", 3, "day 1", [1]]]
    arrow = server.get(
        f"outputs/{now}/compare/rows", params={"with": before, "key": "id", "kind": "removed"}
    )
    assert arrow.headers["X-Total-Rows"] == "1"
    assert pa.ipc.open_stream(arrow.content).read_all().to_pylist() == [{"id": 1, "name": "p1"}]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({}, 400, "Say by `with`"),
        ({"with": "nonsense"}, 400, "address"),
        ({"with": "0" * 32}, 404, "no longer stored"),
        ({"with": "other", "key": "nope"}, 400, "There is no column 'nope'"),
        ({"with": "other", "key": "name"}, 200, ""),
    ],
)
def test_what_cannot_be_compared_is_told_in_words(
    server: Server, addresses: tuple[str, str], query: dict[str, Any], status: int, words: str
) -> None:
    before, now = addresses
    query = {k: before if v == "other" else v for k, v in query.items()}
    answer = server.get(f"outputs/{now}/compare", params=query)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_rows_of_no_known_kind_are_refused(server: Server, addresses: tuple[str, str]) -> None:
    query = {"with": addresses[0], "key": "id", "kind": "odd"}
    answer = server.get(f"outputs/{addresses[1]}/compare/rows", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == "kind"


def test_the_rows_against_a_check_are_an_output_like_others(server: Server) -> None:
    record = server.run("people", blocks=["people"])
    (check,) = record["blocks"][0]["checks"]
    assert (check["state"], check["count"]) == ("warned", 1)
    assert check["message"] == "1 of 5 rows does not pass."
    rows = server.get(
        f"outputs/{check['rows']['address']}/rows", headers={"Accept": "application/json"}
    ).json()
    assert rows["rows"] == [[3, "day 1"]]


def test_entries_of_checks_fail_a_sql_block_and_their_rows_outlive_a_restart(
    server: Server,
) -> None:
    record = server.run("people")
    few = record["blocks"][1]
    assert few["state"] == "failed"
    assert few["failure"]["message"] == "id is in range: 1 of 4 rows does not pass."
    server.restart()
    server.wait_ready()
    again = server.get(f"runs/{record['id']}").json()["blocks"][1]
    address = again["checks"][0]["rows"]["address"]
    rows = server.get(f"outputs/{address}/rows", headers={"Accept": "application/json"}).json()
    assert rows["rows"] == [[2]]


def test_a_check_is_added_by_a_command_and_taken_back(server: Server) -> None:
    def send(command: dict[str, Any]) -> Any:
        answer = server.post("pipelines/people/commands", command)
        assert answer.status_code == 200, answer.text
        return answer.json()

    source = "pipelines/people/blocks/people/source"
    before = server.get(source).json()["text"]
    expectation = {"column": "id", "unique": True}
    send({"op": "add-check", "block": "people", "expectation": expectation})
    text = server.get(source).json()["text"]
    assert 'def id_is_unique(people):\n    return ~people["id"].duplicated(keep=False)\n' in text
    send({"op": "undo"})
    assert server.get(source).json()["text"] == before
    wrong = {"op": "add-check", "block": "people", "expectation": {"column": "id"}}
    refused = server.post("pipelines/people/commands", wrong)
    assert refused.status_code == 400
    assert "says one of" in json.dumps(refused.json())


def test_an_output_knows_what_it_was_made_of(server: Server) -> None:
    record = server.run("people", parameters={"day": 3})
    people, few = record["blocks"]
    assert people["output"]["inputs"] == {}
    assert few["output"]["inputs"] == {
        "people": {
            "address": people["address"],
            "rows": 5,
            "column_count": 2,
            "type_name": "pandas.DataFrame",
        }
    }
