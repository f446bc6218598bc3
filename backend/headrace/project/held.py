"""A project of which one pipeline is given, as by a notebook, instead of read from its folder."""

from __future__ import annotations

from headrace.core.clock import Clock
from headrace.core.paths import ProjectPaths
from headrace.project.files import Project
from headrace.project.pipeline import PipelineFiles
from headrace.project.settings import Settings


class HeldProject(Project):
    """Reads `held` whatever is on the disk; all else, such as modules and data, is the folder's."""

    def __init__(
        self,
        paths: ProjectPaths,
        clock: Clock | None = None,
        *,
        held: PipelineFiles,
        settings: Settings,
    ) -> None:
        super().__init__(paths, clock)
        self._held = held
        self._settings = settings

    def read(self, name: str) -> PipelineFiles:
        """Return the held pipeline; others are read."""
        return self._held if name == self._held.pipeline.name else super().read(name)

    def settings(self) -> Settings:
        """Return the settings that were given."""
        return self._settings
