"""Traces and lineage of real runs arrive at collectors, and a collector that is away harms nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .harness import Server
from .plant import until
from .receivers import Hook, web_hook

YAML = """\
blocks:
  - {name: load, kind: loader, file: load.py}
  - {name: late, kind: transformer, file: late.py, upstream: [load]}
"""
LOAD = "import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef load():\n    return pd.DataFrame({'n': [1, 2]})\n"
LATE = (
    "from headrace import transformer\n\n\n@transformer\ndef late(load):\n    return load['day']\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "pipelines" / "flights"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(YAML)
    (folder / "load.py").write_text(LOAD)
    (folder / "late.py").write_text(LATE)
    return tmp_path / "project"


@pytest.fixture
def collector() -> Iterator[Hook]:
    with web_hook() as opened:
        yield opened


def spans(collector: Hook) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, body in list(collector.requests):
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                found |= {span.name: span for span in scope.spans}
    return found


def test_a_run_is_a_trace(project: Path, collector: Hook) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with Server(project, env=env) as server:
        server.wait_ready()
        record = server.run("flights")
        until(lambda: "run flights" in spans(collector), "the trace", 60)
    assert set(collector.paths) == {"/v1/traces"}
    found = spans(collector)
    assert {"block load", "block late"} <= set(found)
    run = {one.key: one.value.string_value for one in found["run flights"].attributes}
    assert run["headrace.run"] == record["id"]
    assert found["block late"].parent_span_id == found["run flights"].span_id
    assert found["block late"].status.code == 2, "an error"
    assert "KeyError" in found["block late"].status.message


def test_a_run_is_told_to_a_lineage_server(project: Path, collector: Hook) -> None:
    env = {"OPENLINEAGE_URL": f"http://127.0.0.1:{collector.port}"}
    with Server(project, env=env) as server:
        server.wait_ready()
        server.run("flights")
        until(lambda: len(collector.requests) >= 6, "six events", 60)
    events = [(one["job"]["name"], one["eventType"]) for one in collector.messages]
    assert events == [
        ("flights", "START"),
        ("flights.load", "START"),
        ("flights.load", "COMPLETE"),
        ("flights.late", "START"),
        ("flights.late", "FAIL"),
        ("flights", "FAIL"),
    ]
    assert {one["job"]["namespace"] for one in collector.messages} == {"headrace/project"}


def test_a_collector_that_is_away_harms_no_run(project: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": nowhere, "OPENLINEAGE_URL": nowhere}
    with Server(project, env=env) as server:
        server.wait_ready()
        for _ in range(3):
            assert server.run("flights")["state"] == "failed"
        assert server.stop() == 0, "it ends in time"
