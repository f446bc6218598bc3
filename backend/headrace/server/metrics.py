"""What Prometheus reads: runs and blocks as they end, and how the server is at the moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from headrace.protocol.events import BlockRunChanged, Event, RunChanged
from headrace.protocol.tables import RunSummary
from headrace.server.base import ApiHandler, operation

if TYPE_CHECKING:
    from headrace.server.runtime import Runtime
    from headrace.server.status import LoopLag
    from headrace.session.log import EventLog

_FINAL_BLOCK_STATES = frozenset({"succeeded", "cached", "failed"})
_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 300, 900, 3600, 14_400)
"""Upper bounds of what durations are counted into: from a cached run to one of four hours."""


class Metrics:
    """Counts what the project's log tells, from the start of the server on."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._runs = Counter(
            "headrace_runs",
            "Runs that ended here.",
            ("pipeline", "origin", "state"),
            registry=self.registry,
        )
        self._run_seconds = Histogram(
            "headrace_run_seconds",
            "From the start of a run to its end.",
            ("pipeline",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._wait_seconds = Histogram(
            "headrace_run_wait_seconds",
            "From the queueing of a run to its start.",
            ("pipeline",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._blocks = Counter(
            "headrace_blocks",
            "Blocks of runs that were executed, failed, or taken from the store.",
            ("state",),
            registry=self.registry,
        )
        self._live = Gauge(
            "headrace_live_runs", "Runs that are not over.", ("state",), registry=self.registry
        )
        self._sessions = Gauge(
            "headrace_sessions", "Pipelines that are open.", registry=self.registry
        )
        self._lag = Gauge(
            "headrace_event_loop_lag_seconds",
            "How late the event loop woke up at worst in the last minute.",
            registry=self.registry,
        )
        self._store = Gauge(
            "headrace_store_bytes", "What all outputs take on disk.", registry=self.registry
        )
        self._disk = Gauge(
            "headrace_disk_free_bytes",
            "What can still be written to the project's disk.",
            registry=self.registry,
        )
        self._workers = Gauge(
            "headrace_workers_bytes",
            "Resident memory of the template process and all that it has forked.",
            registry=self.registry,
        )

    def follow(self, log: EventLog) -> None:
        """Count from now on what the project's log tells."""
        log.subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, RunChanged) and event.run.finished_at is not None:
            self._count(event.run)
        elif isinstance(event, BlockRunChanged) and event.block.state in _FINAL_BLOCK_STATES:
            self._blocks.labels(event.block.state).inc()

    def _count(self, run: RunSummary) -> None:
        self._runs.labels(run.pipeline, run.origin, run.state).inc()
        if run.started_at is not None and run.finished_at is not None:
            seconds = (run.finished_at - run.started_at).total_seconds()
            self._run_seconds.labels(run.pipeline).observe(seconds)
            waited = (run.started_at - run.queued_at).total_seconds()
            self._wait_seconds.labels(run.pipeline).observe(waited)

    async def text(self, runtime: Runtime, lag: LoopLag) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        live = runtime.sessions.live()
        states = [run.state for session in live for run in session.machine.runs.values()]
        for state in ("queued", "running"):
            self._live.labels(state).set(states.count(state))
        self._sessions.set(len(live))
        self._lag.set(lag.worst_ms / 1000)
        self._store.set(await runtime.store_size.bytes())
        self._disk.set(runtime.space.free_bytes)
        memory = await asyncio.to_thread(runtime.pool.rss)
        self._workers.set(memory["rss"])
        return generate_latest(self.registry)


class MetricsHandler(ApiHandler):
    """`GET metrics`, with a token like everything else."""

    @operation("Metrics for Prometheus", media=("text/plain",))
    async def get(self) -> None:
        await self.runtime.ready()
        metrics: Metrics = self.settings["headrace_metrics"]
        text = await metrics.text(self.runtime, self.settings["headrace_lag"])
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(text)
