"""What every session of a project shares: files, workers, history, clock, and the project's log."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from headrace.analysis.result import Analysis
from headrace.core.clock import Clock
from headrace.core.errors import NotFound
from headrace.project.connections import url_in
from headrace.project.files import Project
from headrace.project.pipeline import PipelineFiles
from headrace.project.settings import Settings
from headrace.project.stamps import Stamps, stamps
from headrace.project.watch import Watched
from headrace.protocol import events as ev
from headrace.protocol.tables import BlockStatus
from headrace.runs.thread import HistoryThread
from headrace.session.definition import Definition
from headrace.session.draft import Draft, columns_of
from headrace.session.log import EventLog
from headrace.session.turns import Places, Turns
from headrace.session.warmth import Timer, after
from headrace.store.files import SWEPT
from headrace.workers.pool import Pool


@dataclass
class Surroundings:
    """Shared by all sessions. `log` is the project's own: runs, pipelines, triggers."""

    project: Project
    pool: Pool
    history: HistoryThread
    clock: Clock
    log: EventLog = field(default_factory=lambda: EventLog(""))
    watched: Watched = field(default_factory=Watched)
    """What beside the project's own files is watched for them."""
    later: Callable[[float, Callable[[], None]], Timer] = after
    """What calls in so many seconds."""
    slots_of_run: int = field(default_factory=lambda: max(2, min(8, os.cpu_count() or 2)))
    """Blocks that a run may execute at a time when headrace.yaml does not say."""
    versions: dict[str, str] = field(default_factory=dict[str, str])
    """Of the libraries in use, as of the last analysis."""

    def __post_init__(self) -> None:
        self.turns = Turns(self._tell_places)
        self._asked: set[str] = set()
        self._looking: asyncio.Task[Stamps] | None = None

    def _tell_places(self, places: Places) -> None:
        self.log.publish(ev.QueueMoved(places=places))

    async def draft(self, files: PipelineFiles, status: Mapping[str, BlockStatus]) -> Draft:
        """Analyse files, off the event loop, in the analysis service."""
        service = self.pool.service("analysis")
        settings = await asyncio.to_thread(self._settings)
        self.pool.connections = settings.connections
        answer = await service.call(
            "analyse",
            files=msgspec.to_builtins(files),
            root=str(self.project.paths.root),
            columns=msgspec.to_builtins(columns_of(status)),
            connections={n: url_in(c) or "" for n, c in settings.connections.items()},
        )
        analysis = msgspec.convert(answer, Analysis)
        used = await asyncio.to_thread(self._used_in, files)
        self.watched.add(analysis.looked, analysis.folders)
        self._note_versions(analysis)
        of_run = settings.defaults.parallel or self.slots_of_run
        self.pool.allow(self.turns.limit(settings.max_parallel, settings.pools, of_run))
        return Draft.of(
            files,
            analysis,
            root=self.project.paths.root,
            used_in=used,
            defaults=settings.defaults,
        )

    def _settings(self) -> Settings:
        """Read headrace.yaml, and let the logs hide the secrets that it names."""
        settings = self.project.settings()
        urls = [url_in(declared) or "" for declared in settings.connections.values()]
        self.pool.masks.know(settings.secrets, urls)
        return settings

    def _note_versions(self, analysis: Analysis) -> None:
        """Have workers replaced that hold a library as it was before it was upgraded."""
        found = {n: v for block in analysis.blocks.values() for n, v in block.versions.items()}
        upgraded = any(
            self.versions.get(name, version) != version for name, version in found.items()
        )
        self.versions |= found
        if upgraded:
            self.pool.renew()

    async def stamps(self, places: Iterable[str], *, since: datetime | None = None) -> Stamps:
        """Look when the files were changed of which a draft depends (see `stamps.stamps`)."""
        asked = {*places, str(self.project.paths.store / SWEPT)}
        root = self.project.paths.root
        if since is not None:
            return await asyncio.to_thread(stamps, root, asked, since)
        self._asked |= asked
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_at_files(), name="stamps")
        found = await asyncio.shield(self._looking)
        return {place: found[place] for place in asked}

    async def _look_at_files(self) -> Stamps:
        """Look once for all who ask at the same time: a hundred pipelines may be due together."""
        await asyncio.sleep(0)  # whoever else asks in this turn of the loop comes along
        asked, self._asked, self._looking = self._asked, set[str](), None
        return await asyncio.to_thread(stamps, self.project.paths.root, asked, None)

    async def lost(self, addresses: AbstractSet[str]) -> set[str]:
        """Return those of `addresses` that the store no longer has."""
        return await asyncio.to_thread(self.pool.lost, addresses)

    def _used_in(self, files: PipelineFiles) -> Mapping[str, int]:
        """Count the pipelines that use each shared block of this one."""
        counts: Counter[str] = Counter()
        shared = {block.block for block in files.pipeline.blocks if block.block is not None}
        for name in self.project.list_pipelines() if shared else ():
            with contextlib.suppress(NotFound):  # deleted meanwhile
                blocks = self.project.read_pipeline(name).blocks
                counts.update({block.block for block in blocks if block.block in shared})
        return counts

    async def decode(self, files: bytes) -> Definition:
        """Read the definition that a run pinned."""
        return await asyncio.to_thread(Definition.decode, files)

    def a_day_ago(self) -> datetime:
        """Return how far back an idempotency key counts."""
        return self.clock.now() - timedelta(days=1)

    def tell_pipelines_changed(self) -> None:
        """Tell those who watch the project that a pipeline is new, gone or different."""
        self.log.publish(ev.PipelinesChanged())

    def tell_settings_changed(self) -> None:
        """Tell those who watch the project that headrace.yaml or a secret is different."""
        self.log.publish(ev.SettingsChanged())
