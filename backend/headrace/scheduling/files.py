"""The triggers that the files of all pipelines say; only files that changed are read again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from headrace.core.errors import HeadraceError
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import TriggerTable
from headrace.runs.triggers import SAID
from headrace.scheduling.triggers import next_of_spec

logger = logging.getLogger(__name__)

Signature = tuple[int, int, int]


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
    for name, specs in of_files.items():
        found += [_listed(name, spec, stored.get((name, spec.name)), now) for spec in specs]
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
        self._seen: dict[str, Signature] = {}

    def forget(self, pipeline: str) -> None:
        """Read a pipeline again next time, whatever its file looks like."""
        self._seen.pop(pipeline, None)

    def read(self) -> tuple[list[str], dict[str, Sequence[TriggerSpec]]]:
        """Return the names of all pipelines, and the triggers of those whose file changed.

        A file that cannot be read as it is meant says nothing of its triggers: they stay.
        """
        names = self.project.list_pipelines()
        changed: dict[str, Sequence[TriggerSpec]] = {}
        for name in names:
            signature = self._signature(name)
            if signature is not None and signature == self._seen.get(name):
                continue
            try:
                pipeline = self.project.read_pipeline(name)
            except HeadraceError as error:
                logger.warning("Triggers of %s cannot be read: %s", name, error)
                continue
            if signature is not None:
                self._seen[name] = signature
            if any(p.severity == "error" and not p.block for p in pipeline.problems):
                logger.warning("Triggers of %s stay as they were: its file has errors", name)
                continue
            changed[name] = pipeline.triggers
        return names, changed

    def _signature(self, pipeline: str) -> Signature | None:
        try:
            state = (self.project.paths.pipeline(pipeline) / PIPELINE_FILE).stat()
        except (OSError, HeadraceError):
            return None
        return state.st_mtime_ns, state.st_size, state.st_ino
