"""How the server is: version, state, counts, and how late its event loop runs."""

from __future__ import annotations

import asyncio
import math
import os
import resource
from collections import deque
from functools import cache
from importlib import metadata

import msgspec
from msgspec import Struct

from headrace.server.base import ApiHandler, operation

_PROBE_S = 0.05
_KEPT_S = 60


class LoopLag:
    """Measures how late the event loop wakes: what blocks it, blocks everyone."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=round(_KEPT_S / _PROBE_S))
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        self._task = asyncio.create_task(self._measure(), name="loop lag")

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()

    @property
    def worst_ms(self) -> float:
        """The largest lag of the last minute, in milliseconds."""
        return round(max(self._lags, default=0.0) * 1000, 1)

    def p99_ms(self, window_s: int = _KEPT_S) -> float:
        """The lag that one wake-up in a hundred of the last seconds exceeded, in milliseconds."""
        ordered = sorted(list(self._lags)[-round(window_s / _PROBE_S) :])
        return round(ordered[math.ceil(len(ordered) * 0.99) - 1] * 1000, 1) if ordered else 0.0

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _PROBE_S
            await asyncio.sleep(_PROBE_S)
            self._lags.append(max(0.0, loop.time() - due))


@cache
def _version() -> str:
    return metadata.version("headrace")


class Status(Struct, frozen=True, kw_only=True):
    """How the server is."""

    version: str
    state: str
    """`starting`, `ready`, or `failed` with `problem`."""
    problem: str | None = None
    """Why it failed; when it is ready, what was lost before: a history that was damaged."""
    project: str
    pid: int
    pipelines: int = 0
    sessions: int = 0
    runs: int = 0
    scheduler: bool = False
    loop_lag_ms: float = 0.0
    """The worst of the last minute."""
    loop_lag_p99_ms: float = 0.0
    """What one in a hundred wake-ups was later than, in the last minute or `?window=` seconds."""
    peak_rss_bytes: int = 0
    store_bytes: int = 0
    """What all outputs take on disk, some seconds ago."""
    disk_free_bytes: int = 0
    """What can still be written to the project's disk."""
    disk_low: bool = False
    """So little that triggers and backfills start no runs."""


class StatusHandler(ApiHandler):
    """`GET status` answers also while the project is still being opened."""

    @operation("How the server is", returns=Status, query=("window",))
    async def get(self) -> Status:
        runtime = self.runtime
        window = self.integer("window", _KEPT_S, least=1, most=_KEPT_S)
        lag: LoopLag = self.settings["headrace_lag"]
        state = "ready" if runtime.is_open else "failed" if runtime.problem else "starting"
        status = Status(
            version=_version(),
            state=state,
            problem=runtime.problem or runtime.notice,
            project=runtime.paths.root.name,
            pid=os.getpid(),
            loop_lag_ms=lag.worst_ms,
            loop_lag_p99_ms=lag.p99_ms(window),
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )
        if not runtime.is_open:
            return status
        live = runtime.sessions.live()
        names = await asyncio.to_thread(runtime.project.list_pipelines)
        return msgspec.structs.replace(
            status,
            pipelines=len(names),
            sessions=len(live),
            runs=sum(len(session.machine.runs) for session in live),
            scheduler=runtime.daemon is not None,
            store_bytes=await runtime.store_size.bytes(),
            disk_free_bytes=runtime.space.free_bytes,
            disk_low=runtime.space.is_low,
        )
