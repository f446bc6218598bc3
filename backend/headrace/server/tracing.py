"""Runs as traces of OpenTelemetry: a span for the run, one for each block, one for each attempt.

They are made when the run is over, out of its record, with the times of the record. Ids are digests
of the run's id and of the names in it: a run that two servers worked on is one trace, and whoever
knows the id of a run knows its trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from headrace.protocol.tables import Attempt, BlockRun, Failure, RunRecord

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

_FLUSH_MS = 3000


def open_exporter(project: str) -> Tracing:
    """Return what sends spans by OTLP over HTTP, as the variables of OpenTelemetry say."""
    return Tracing(project, BatchSpanProcessor(OTLPSpanExporter()))


class _Ids(IdGenerator):
    """Ids that are set before each span. Used in one thread at a time."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        """Return the id of the trace that is being made."""
        return self.trace

    def generate_span_id(self) -> int:
        """Return the id of the span that is being made."""
        return self.span


class Tracing:
    """Makes spans of records; a processor sends them in its own thread."""

    def __init__(self, project: str, processor: SpanProcessor) -> None:
        self._ids = _Ids()
        named = Resource.create()
        if str(named.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
            named = named.merge(Resource({SERVICE_NAME: "headrace"}))
        self._provider = TracerProvider(
            resource=named.merge(Resource({"headrace.project": project})),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("headrace")

    def export(self, record: RunRecord) -> None:
        """Make the spans of a run that is over."""
        start = record.started_at or record.queued_at
        if record.finished_at is None:
            return
        self._ids.trace = _number(16, record.id)
        about = {
            "headrace.pipeline": record.pipeline,
            "headrace.run": record.id,
            "headrace.state": record.state,
            "headrace.origin": record.origin,
            "headrace.trigger": record.trigger,
            "headrace.logical_time": _text(record.logical_time),
            "headrace.version": record.version,
            "headrace.published": record.published,
            "headrace.attempt": record.attempt,
            "headrace.wait_s": (start - record.queued_at).total_seconds(),
        }
        span = self._begin(f"run {record.pipeline}", (record.id,), start, about)
        if record.state == "failed":
            span.set_status(Status(StatusCode.ERROR, record.reason))
        elif record.state == "succeeded":
            span.set_status(Status(StatusCode.OK))
        for block in record.blocks:
            self._block(record, block, span)
        span.end(_nanoseconds(record.finished_at))

    def _block(self, record: RunRecord, block: BlockRun, parent: Span) -> None:
        if block.started_at is None or block.finished_at is None:
            return
        about = {
            "headrace.block": block.name,
            "headrace.kind": block.kind,
            "headrace.language": block.language,
            "headrace.state": block.state,
            "headrace.cache": block.cache,
            "headrace.rows": block.rows,
            "headrace.attempts": len(block.attempts),
            "headrace.address": block.address,
        }
        ids = (record.id, block.name)
        span = self._begin(f"block {block.name}", ids, block.started_at, about, parent)
        for attempt in block.attempts:
            self._attempt(ids, attempt, span)
        _conclude(span, block.state, block.failure, block.finished_at)

    def _attempt(self, ids: tuple[str, ...], attempt: Attempt, parent: Span) -> None:
        if attempt.started_at is None or attempt.finished_at is None:
            return
        about: dict[str, Any] = {"headrace.attempt": attempt.number}
        if attempt.timings is not None:
            for name in ("start", "load", "call", "save"):
                about[f"headrace.{name}_s"] = getattr(attempt.timings, name)
        own = (*ids, str(attempt.number))
        span = self._begin(f"attempt {attempt.number}", own, attempt.started_at, about, parent)
        _conclude(span, attempt.state, attempt.failure, attempt.finished_at)

    def _begin(
        self,
        name: str,
        ids: tuple[str, ...],
        start: datetime,
        about: Mapping[str, Any],
        parent: Span | None = None,
    ) -> Span:
        self._ids.span = _number(8, *ids)
        return self._tracer.start_span(
            name,
            context=None if parent is None else set_span_in_context(parent),
            attributes={key: value for key, value in about.items() if value is not None},
            start_time=_nanoseconds(start),
        )

    def close(self) -> None:
        """Send what waits."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


def _conclude(span: Span, state: str, failure: Failure | None, end: datetime) -> None:
    if state == "failed" and failure is not None:
        span.add_event(
            "exception",
            {
                "exception.type": failure.type,
                "exception.message": failure.message,
                "exception.stacktrace": failure.text,
            },
            _nanoseconds(end),
        )
        span.set_status(Status(StatusCode.ERROR, f"{failure.type}: {failure.message}"))
    elif state in ("succeeded", "cached"):
        span.set_status(Status(StatusCode.OK))
    span.end(_nanoseconds(end))


def _number(size: int, *parts: str) -> int:
    """Return a number of so many bytes that names something, and is not 0."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()[:size]
    return int.from_bytes(digest, "big") or 1


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
