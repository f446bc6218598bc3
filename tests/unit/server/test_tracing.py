"""Runs as spans: one for the run, one for each block, one for each attempt, with the record's times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from headrace.protocol.tables import Attempt, BlockRun, Failure, RunRecord, Timings
from headrace.server.ends import SYSTEMS
from headrace.server.tracing import Tracing

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)
FAILURE = Failure(kind="exception", type="KeyError", message="'day'", text="Traceback: 'day'")


def at(seconds: float) -> datetime:
    return SIX + timedelta(seconds=seconds)


def attempt(number: int, state: Any, start: float, end: float) -> Attempt:
    failure = FAILURE if state == "failed" else None
    return Attempt(
        number=number, state=state, started_at=at(start), finished_at=at(end), failure=failure,
        timings=Timings(start=0.1, load=0.2, call=0.3, save=0.4),
    )  # fmt: skip


RECORD = RunRecord(
    id="r" * 20,
    pipeline="flights",
    state="failed",
    origin="trigger",
    trigger="nightly",
    logical_time=SIX,
    queued_at=SIX,
    started_at=at(2),
    finished_at=at(9),
    reason="late: KeyError 'day'",
    blocks=[
        BlockRun(name="load", kind="loader", state="succeeded", rows=7, started_at=at(2), finished_at=at(4)),
        BlockRun(
            name="late", kind="transformer", state="failed", started_at=at(4), finished_at=at(9), failure=FAILURE,
            attempts=[attempt(1, "failed", 4, 5), attempt(2, "failed", 7, 9)],
        ),
        BlockRun(name="report", kind="exporter", state="skipped", because="late"),
    ],
)  # fmt: skip


@pytest.fixture
def spans() -> Callable[..., dict[str, ReadableSpan]]:
    def export(record: RunRecord) -> dict[str, ReadableSpan]:
        memory = InMemorySpanExporter()
        tracing = Tracing("shop", SimpleSpanProcessor(memory))
        tracing.export(record)
        tracing.close()
        return {span.name: span for span in memory.get_finished_spans()}

    return export


def test_a_span_lies_in_that_of_what_it_is_part_of(spans: Any) -> None:
    found = spans(RECORD)
    assert set(found) == {"run flights", "block load", "block late", "attempt 1", "attempt 2"}
    parents = {
        name: None if span.parent is None else span.parent.span_id for name, span in found.items()
    }
    run, late = (found[name].context.span_id for name in ("run flights", "block late"))
    assert parents == {
        "run flights": None, "block load": run, "block late": run, "attempt 1": late, "attempt 2": late,
    }  # fmt: skip
    assert len({span.context.trace_id for span in found.values()}) == 1


def test_a_span_has_the_times_of_the_record(spans: Any) -> None:
    found = spans(RECORD)
    late = found["block late"]
    assert (late.start_time, late.end_time) == (
        int(at(4).timestamp() * 1e9),
        int(at(9).timestamp() * 1e9),
    )
    assert found["run flights"].attributes["headrace.wait_s"] == 2.0
    assert found["attempt 2"].attributes["headrace.call_s"] == 0.3


def test_what_failed_says_so_and_why(spans: Any) -> None:
    found = spans(RECORD)
    assert found["block load"].status.status_code is StatusCode.OK
    assert found["run flights"].status.status_code is StatusCode.ERROR
    assert found["run flights"].status.description == "late: KeyError 'day'"
    [event] = found["block late"].events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "KeyError"


def test_the_same_run_is_the_same_trace_whoever_tells_it(spans: Any) -> None:
    first, again = spans(RECORD), spans(RECORD)
    assert {n: s.context.span_id for n, s in first.items()} == {
        n: s.context.span_id for n, s in again.items()
    }
    assert first["run flights"].context.trace_id == again["run flights"].context.trace_id
    assert len({span.context.span_id for span in first.values()}) == len(first)


def test_the_service_is_named_as_the_environment_says(
    spans: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert spans(RECORD)["run flights"].resource.attributes["service.name"] == "headrace"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "etl")
    resource = spans(RECORD)["run flights"].resource
    assert (resource.attributes["service.name"], resource.attributes["headrace.project"]) == (
        "etl",
        "shop",
    )


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, ["OpenTelemetry"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, []),
        ({"OPENLINEAGE_URL": "http://m:5000"}, ["OpenLineage"]),
        ({"OPENLINEAGE_URL": "http://m:5000", "OPENLINEAGE_DISABLED": "True"}, []),
    ],
)
def test_only_what_the_environment_asks_for_is_loaded(
    environment: dict[str, str], wanted: list[str]
) -> None:
    assert [system.name for system in SYSTEMS if system.is_wanted(environment)] == wanted
