"""Hands the record of each run that ended to other systems, when the environment asks for it.

Those are OpenTelemetry and OpenLineage, each an extra of the package. Nothing waits for them: what
cannot be handed over is logged and given up, and the history stays what is true.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from headrace.core.errors import HeadraceError
from headrace.core.slim import allow
from headrace.protocol.events import Event, RunChanged
from headrace.protocol.tables import RunRecord
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.session.log import EventLog

logger = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Runs that are handed over later; while a system hangs, those beyond are left out."""
_CLOSE_S = 3.0


class Exporter(Protocol):
    """Takes records, in one thread; both may block."""

    def export(self, record: RunRecord) -> None:
        """Hand a run over."""
        ...

    def close(self) -> None:
        """Hand over what waits."""
        ...


class System(Struct, frozen=True):
    """A system that runs can be handed to, and what of the environment asks for it."""

    name: str
    extra: str
    module: str
    """With a function `open_exporter(project)`."""
    variables: tuple[str, ...]
    off: str
    """The variable that turns it off again."""

    def is_wanted(self, environment: Mapping[str, str]) -> bool:
        """Tell whether the environment asks for it."""
        if environment.get(self.off, "").lower() == "true":
            return False
        return any(environment.get(name) for name in self.variables)


SYSTEMS = (
    System(
        "OpenTelemetry",
        "otel",
        "headrace.server.tracing",
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        "OTEL_SDK_DISABLED",
    ),
    System(
        "OpenLineage",
        "openlineage",
        "headrace.server.openlineage",
        ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE"),
        "OPENLINEAGE_DISABLED",
    ),
)


def open_exporters(project: str, environment: Mapping[str, str] = os.environ) -> list[Exporter]:
    """Return an exporter for each system that is wanted and installed."""
    found: list[Exporter] = []
    for system in SYSTEMS:
        if not system.is_wanted(environment):
            continue
        allow("idna")  # their HTTP clients need it
        try:
            opened: Callable[[str], Exporter] = importlib.import_module(system.module).open_exporter
            found.append(opened(project))
        except ImportError as error:
            logger.warning(
                "%s is configured and not installed (%s): pip install headrace[%s]",
                *(system.name, error, system.extra),
            )
        except Exception:
            # Whatever is wrong with a setting of another system: this server works without it.
            logger.exception("%s could not be set up; runs are not handed to it", system.name)
    return found


class RunEnds:
    """Follows the project's log, and gives each run that ended to the exporters.

    They work in a thread that dies with the process: a system that hangs keeps no server from
    ending.
    """

    def __init__(self, history: HistoryThread, log: EventLog, project: str) -> None:
        self._history = history
        self._log = log
        self._project = project
        self._records: queue.Queue[RunRecord | None] = queue.Queue(MOST_WAITING)
        self._reading: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._leave: Callable[[], None] | None = None

    async def start(self) -> None:
        """Begin, if any system is wanted."""
        if not any(system.is_wanted(os.environ) for system in SYSTEMS):
            return
        exporters = await asyncio.to_thread(open_exporters, self._project)
        if not exporters:
            return
        self._thread = threading.Thread(
            target=_export_all, args=(self._records, exporters), name="run ends", daemon=True
        )
        self._thread.start()
        self._leave = self._log.subscribe(self._hear)

    async def close(self) -> None:
        """Hand over what ended, within seconds."""
        if self._thread is None:
            return
        if self._leave is not None:
            self._leave()
        await asyncio.gather(*self._reading)
        with contextlib.suppress(queue.Full):
            self._records.put_nowait(None)
            await asyncio.to_thread(self._thread.join, _CLOSE_S)

    def _hear(self, event: Event) -> None:
        if isinstance(event, RunChanged) and event.run.finished_at is not None:
            task = asyncio.create_task(self._read(event.run.id), name="run ends")
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, run: str) -> None:
        try:
            self._records.put_nowait(await self._history.call(History.run, run))
        except HeadraceError as error:
            logger.warning("Run %s is not handed over: %s", run, error)
        except queue.Full:
            logger.warning("Run %s is not handed over: %d wait before it", run, MOST_WAITING)


def _export_all(records: queue.Queue[RunRecord | None], exporters: Sequence[Exporter]) -> None:
    while (record := records.get()) is not None:
        for exporter in exporters:
            _attempt(exporter.export, record)
    for exporter in exporters:
        _attempt(exporter.close)


def _attempt(work: Callable[..., None], *arguments: RunRecord) -> None:
    try:
        work(*arguments)
    except Exception:  # whatever another system's library raises is no fault of the run
        logger.warning("A run could not be handed over", exc_info=True)
