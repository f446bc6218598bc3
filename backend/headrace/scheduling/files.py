"""The triggers that the files of all pipelines say; only files that changed are read again."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from headrace.core.errors import HeadraceError
from headrace.project.files import PIPELINE_FILE, Project
from headrace.project.pipeline import TriggerSpec

logger = logging.getLogger(__name__)

Signature = tuple[int, int, int]


class TriggerFiles:
    """Reads `triggers:` of every pipeline.yaml. Used in one thread at a time."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: dict[str, Signature] = {}

    def forget(self, pipeline: str) -> None:
        """Read a pipeline again next time, whatever its file looks like."""
        self._seen.pop(pipeline, None)

    def read(self) -> tuple[list[str], dict[str, Sequence[TriggerSpec]]]:
        """Return the names of all pipelines, and the triggers of those whose file changed.

        A file that cannot be read as it is meant says nothing of its triggers: they stay.
        """
        names = self._project.list_pipelines()
        changed: dict[str, Sequence[TriggerSpec]] = {}
        for name in names:
            signature = self._signature(name)
            if signature is not None and signature == self._seen.get(name):
                continue
            try:
                pipeline = self._project.read_pipeline(name)
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
            state = (self._project.paths.pipeline(pipeline) / PIPELINE_FILE).stat()
        except (OSError, HeadraceError):
            return None
        return state.st_mtime_ns, state.st_size, state.st_ino
