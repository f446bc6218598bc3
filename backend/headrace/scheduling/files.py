"""The triggers that the files of all pipelines say; only files that changed are read again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from headrace.core.errors import HeadraceError
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.pipeline import TriggerSpec
from headrace.project.stamps import Stamp, stamp_of
from headrace.protocol.tables import TriggerTable
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.runs.triggers import SAID
from headrace.scheduling.triggers import next_of_spec

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TriggersAsRead:
    """What the file of a pipeline said of its triggers when it was read."""

    pipeline: str
    specs: Sequence[TriggerSpec]
    is_whole: bool
    """False when the file has errors: then it says nothing of its triggers, and they stay."""
    file: Path
    stamp: Stamp | None

    def is_current(self) -> bool:
        """Say whether the file is still the one that was read."""
        return stamp_of(self.file) == self.stamp


def read_triggers(project: Project, pipeline: str) -> TriggersAsRead:
    """Read the triggers of a pipeline from its file; raises what reading a pipeline raises."""
    file = project.paths.pipeline(pipeline) / PIPELINE_FILE
    stamp = stamp_of(file)
    read = project.read_pipeline(pipeline)
    return TriggersAsRead(pipeline, read.triggers, read.is_whole, file, stamp)


def sync(history: History, read: TriggersAsRead, now: datetime) -> bool:
    """Make the triggers in the history those of a file; return whether they differed.

    Nothing is done when the file has changed since it was read: whoever changed it, or sees the
    change, does it then. Otherwise one who read first and wrote last would bring back what is gone.
    """
    return history.sync_triggers(
        read.pipeline, read.specs, now, next_of_spec, is_current=read.is_current
    )


async def sync_file(
    project: Project,
    history: HistoryThread,
    pipeline: str,
    now: datetime,
    *,
    has_errors: bool = False,
) -> TriggersAsRead:
    """Make the triggers in the history those of the file as it is when this returns them.

    With `has_errors` also when the file has errors elsewhere: for whoever has edited a trigger.
    Raises what reading a pipeline raises.
    """
    while True:
        read = await asyncio.to_thread(read_triggers, project, pipeline)
        if read.is_whole or has_errors:
            await history.call(sync, read, now)
        if await asyncio.to_thread(read.is_current):
            return read


def with_triggers_of_files(
    project: Project, known: Sequence[TriggerTable], now: datetime
) -> list[TriggerTable]:
    """Return the triggers of the files, with the state that the history knows of them.

    What no scheduler has seen yet has no `id`, and its next tick is that after `now`. Nothing is
    written: a trigger begins to count when a scheduler reads it.
    """
    names, of_files = TriggerFiles(project).read()
    stored = {(table.pipeline, table.name): table for table in known}
    found = [t for t in known if t.pipeline in names and t.pipeline not in of_files]
    for name, read in of_files.items():
        found += [_listed(name, spec, stored.get((name, spec.name)), now) for spec in read.specs]
    return sorted(found, key=lambda table: (table.pipeline, table.name))


def _listed(
    pipeline: str, spec: TriggerSpec, stored: TriggerTable | None, now: datetime
) -> TriggerTable:
    said = {name: getattr(spec, name) for name in SAID}
    if stored is not None and all(getattr(stored, name) == said[name] for name in SAID):
        return stored
    next_at, problem = None, None
    try:
        next_at = next_of_spec(spec, now) if spec.active else None
    except HeadraceError as error:
        problem = error.message
    return TriggerTable(
        id=stored.id if stored else "",
        pipeline=pipeline,
        name=spec.name,
        active=spec.active,
        next_at=next_at,
        last_at=stored.last_at if stored else None,
        problem=problem,
        **said,
    )


class TriggerFiles:
    """Reads `triggers:` of every pipeline.yaml. Used in one thread at a time."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._seen: dict[str, Stamp] = {}

    def forget(self, pipeline: str) -> None:
        """Read a pipeline again next time, whatever its file looks like."""
        self._seen.pop(pipeline, None)

    def read(self) -> tuple[list[str], dict[str, TriggersAsRead]]:
        """Return the names of all pipelines, and the triggers of those whose file changed."""
        names = self.project.list_pipelines()
        changed: dict[str, TriggersAsRead] = {}
        for name in names:
            try:
                stamp = stamp_of(self.project.paths.pipeline(name) / PIPELINE_FILE)
                if stamp is not None and stamp == self._seen.get(name):
                    continue
                read = read_triggers(self.project, name)
            except HeadraceError as error:
                logger.warning("Triggers of %s cannot be read: %s", name, error)
                continue
            if read.stamp is not None:
                self._seen[name] = read.stamp
            if not read.is_whole:
                logger.warning("Triggers of %s stay as they were: its file has errors", name)
                continue
            changed[name] = read
        return names, changed
