"""Runs as events of OpenLineage, by the rules of its specification."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from openlineage.client.serde import Serde

from headrace.protocol.tables import BlockRun, Column, Failure, Output, RunRecord
from headrace.server.openlineage import events_of

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
TABLE = Output(
    address="a" * 32, digest="d", kind="table", rows=7, size_bytes=900, columns=[Column("day", "date32"), Column("n", "int64")],
)  # fmt: skip


def at(seconds: float) -> datetime:
    return SIX + timedelta(seconds=seconds)


def record(state: Any = "succeeded") -> RunRecord:
    failed = state == "failed"
    failure = Failure(kind="exception", type="KeyError", message="'day'", text="Traceback")
    return RunRecord(
        id="r" * 20, pipeline="flights", state=state, origin="trigger", trigger="nightly",
        logical_time=SIX, interval_start=SIX - timedelta(days=1), queued_at=SIX, started_at=at(1), finished_at=at(9),
        reason="late: KeyError 'day'" if failed else None,
        blocks=[
            BlockRun(name="load", kind="loader", state="cached", started_at=at(1), finished_at=at(2), output=TABLE),
            BlockRun(
                name="late", kind="transformer", state=state, upstream=["load"], started_at=at(2), finished_at=at(9),
                output=None if failed else TABLE, failure=failure if failed else None,
            ),
            BlockRun(name="report", kind="exporter", state="skipped"),
        ],
    )  # fmt: skip


def sent(state: Any = "succeeded") -> list[dict[str, Any]]:
    """What goes over the wire."""
    return [json.loads(Serde.to_json(event)) for event in events_of(record(state), "headrace/shop")]


def facets_in(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("facets", "inputFacets", "outputFacets"):
                found += list(inner.values())
            found += facets_in(inner)
    elif isinstance(value, list):
        for inner in value:
            found += facets_in(inner)
    return found


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_events_are_as_the_specification_has_them(state: str) -> None:
    for event in sent(state):
        assert event["eventType"] in ("START", "COMPLETE", "ABORT", "FAIL")
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert re.match(r"[a-z]+:", event["producer"])
        UUID(event["run"]["runId"])
        assert event["job"]["namespace"] == "headrace/shop"
        for data in (*event["inputs"], *event["outputs"]):
            assert data["namespace"]
            assert data["name"]
        for facet in facets_in(event):
            assert facet["_producer"] == event["producer"]
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/")


@pytest.mark.parametrize(
    ("state", "end"), [("succeeded", "COMPLETE"), ("failed", "FAIL"), ("cancelled", "ABORT")]
)
def test_each_run_has_one_start_and_one_end(state: str, end: str) -> None:
    by_run: dict[tuple[str, str], list[str]] = {}
    for event in sent(state):
        by_run.setdefault((event["job"]["name"], event["run"]["runId"]), []).append(
            event["eventType"]
        )
    assert {name: types for (name, _), types in by_run.items()} == {
        "flights": ["START", end],
        "flights.load": ["START", "COMPLETE"],
        "flights.late": ["START", end],
    }


def test_a_block_names_its_run_its_inputs_and_what_it_gave() -> None:
    events = {(one["job"]["name"], one["eventType"]): one for one in sent()}
    late = events["flights.late", "COMPLETE"]
    parent = late["run"]["facets"]["parent"]
    assert parent["run"]["runId"] == events["flights", "START"]["run"]["runId"]
    assert [one["name"] for one in late["inputs"]] == ["flights.load"]
    [output] = late["outputs"]
    assert output["name"] == "flights.late"
    assert [(one["name"], one["type"]) for one in output["facets"]["schema"]["fields"]] == [
        ("day", "date32"),
        ("n", "int64"),
    ]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (7, 900)


def test_a_failure_says_why_and_a_tick_for_what_interval() -> None:
    events = {(one["job"]["name"], one["eventType"]): one for one in sent("failed")}
    assert (
        events["flights.late", "FAIL"]["run"]["facets"]["errorMessage"]["message"]
        == "KeyError: 'day'"
    )
    facets = events["flights", "FAIL"]["run"]["facets"]
    assert facets["errorMessage"]["message"] == "late: KeyError 'day'"
    assert facets["nominalTime"]["nominalEndTime"] == SIX.isoformat()


def test_the_same_run_has_the_same_ids_whoever_tells_it() -> None:
    assert [one["run"]["runId"] for one in sent()] == [one["run"]["runId"] for one in sent()]
