"""All sessions of a project: opened on demand, kept while it is served, resumed after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec

from headrace.core.clock import Clock
from headrace.core.crash import crashpoint
from headrace.core.errors import (
    Conflict,
    Fenced,
    HeadraceError,
    InvalidInput,
    NotFound,
    StorageFull,
    Unavailable,
)
from headrace.project.files import Project
from headrace.project.watch import watch
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.tables import BlockStatus, RunRecord
from headrace.runs.changes import SaveRun
from headrace.runs.history import History
from headrace.runs.leases import Vigil
from headrace.runs.owner import current_owner
from headrace.runs.thread import HistoryThread
from headrace.session.editing import Editing
from headrace.session.log import EventLog
from headrace.session.machine import Machine
from headrace.session.others import OtherRuns
from headrace.session.publishing import Publishing
from headrace.session.results import Result
from headrace.session.session import Session
from headrace.session.surroundings import Surroundings
from headrace.session.watermarks import stored_marks
from headrace.workers.pool import Pool

logger = logging.getLogger(__name__)

_REMOVED = "the pipeline was removed from the disk"


class Sessions:
    """Opens each pipeline's session once, and routes commands to it."""

    def __init__(
        self, *, project: Project, pool: Pool, history: HistoryThread, clock: Clock
    ) -> None:
        self.project = project
        self._around = Surroundings(project, pool, history, clock)
        self._opening: dict[str, asyncio.Task[Session]] = {}
        self._watching: asyncio.Task[None] | None = None
        self.owner = current_owner()
        self.disk_low = False
        """Triggers start no runs because the disk is nearly full."""
        self._vigil = Vigil(self.owner)
        self._resuming = asyncio.Lock()
        self._ours: set[str] = set()
        """Unfinished runs of ours that no session had in hand when we looked last."""
        self._leaving: dict[str, asyncio.Task[None]] = {}
        """Pipelines that are gone, and whose runs go on."""

    @property
    def log(self) -> EventLog:
        return self._around.log

    def project_snapshot(self) -> ev.SnapshotTaken:
        """Return the opening event of the project's own log."""
        return ev.SnapshotTaken(seq=self.log.seq, epoch=self.log.epoch, disk_low=self.disk_low)

    def tell_disk(self, *, low: bool) -> None:
        """Tell everybody that the disk is nearly full, or that it is not any more."""
        self.disk_low = low
        self.log.publish(ev.DiskSpaceChanged(low=low))

    async def open(self, pipeline: str) -> Session:
        """Return the session of a pipeline; NotFound when there is no such pipeline."""
        opening = self._opening.get(pipeline)
        if _is_open(opening) and (broken := opening.result()).has_ended:
            del self._opening[pipeline]
            await broken.abandon()
            opening = self._opening.get(pipeline)
        if opening is None or (opening.done() and opening.exception() is not None):
            opening = asyncio.create_task(self._open(pipeline))
            self._opening[pipeline] = opening
        try:
            session = await asyncio.shield(opening)
        except asyncio.CancelledError:
            if opening.cancelled():
                raise Unavailable("The server stops.") from None
            raise
        except HeadraceError:
            self._opening.pop(pipeline, None)
            raise
        if pipeline in self._leaving:
            await session.reread()  # it may be back
        return session

    async def _open(self, pipeline: str) -> Session:
        around = self._around
        editing = Editing(self.project, pipeline)
        began = datetime.now(UTC)
        files = await editing.read()
        others = OtherRuns(
            around.history, pipeline=pipeline, owner=self.owner, since=around.clock.now()
        )
        await others.begin()  # before the results are read: nothing falls between the two
        results = await around.history.call(History.results, pipeline)
        last = await around.history.call(History.last_block_runs, pipeline)
        shown = {name: BlockStatus(output=block.output) for name, (_, block) in last.items()}
        draft = await around.draft(files, shown)
        machine = Machine(
            draft.definition,
            logs=str(self.project.paths.logs),
            owner=self.owner,
            slots=draft.parallel or around.slots_of_run,
            line=around.turns.slots,
        )
        for saved in reversed(results):
            machine.results.remember(
                saved.block,
                Result(key=saved.key, output=saved.output, made_at=saved.finished_at),
            )
        for name, (run, block) in last.items():
            if name in draft.definition.blocks:
                machine.results.restore(name, run, block)
        machine.results.mark(await stored_marks(around.history, pipeline))
        current = await around.history.call(History.published, pipeline)
        stamps = await around.stamps(draft.places, since=began)
        lost = await around.lost(machine.results.known())
        machine.look(around.clock.now(), lost)
        publishing = Publishing(around, pipeline, current)
        return Session(
            around, editing, draft, machine, stamps, others=others, publishing=publishing
        )

    def places(self, pipeline: str, run: str) -> dict[str, int]:
        """Return the places of a run's blocks in the line for slots, as far as they have one."""
        return self._around.turns.places().get(pipeline, {}).get(run, {})

    def live(self) -> list[Session]:
        """Return the sessions that are open."""
        return [task.result() for task in self._opening.values() if _is_open(task)]

    async def handle(self, command: cmd.Command) -> Any:
        """Open the command's session and hand the command over."""
        if not command.pipeline:
            raise InvalidInput("The command names no pipeline.", field="pipeline")
        session = await self.open(command.pipeline)
        return await session.handle(command)

    # Pipelines

    async def create(self, name: str, title: str = "") -> None:
        """Create an empty pipeline."""
        await asyncio.to_thread(self.project.create_pipeline, name, title or name)
        await self._around.history.call(History.withdraw, name)
        self._around.tell_pipelines_changed()

    async def add(self, name: str, files: Mapping[str, str], shared: Mapping[str, str]) -> None:
        """Create a pipeline of files by name; `shared` are blocks that are made when missing."""
        await asyncio.to_thread(self.project.add_pipeline, name, files, shared)
        await self._around.history.call(History.withdraw, name)
        self._around.tell_pipelines_changed()

    async def delete(self, name: str, *, cancel: bool = False) -> None:
        """Move a pipeline to the trash; Conflict while runs go on, unless they may be cancelled."""
        session = next((s for s in self.live() if s.pipeline == name), None)
        if session is not None and session.is_busy:
            if not cancel:
                runs = list(session.machine.runs)
                raise Conflict(f"Runs of {name!r} are going on.", runs=runs)
            await session.cancel_all("the pipeline is deleted")
        await asyncio.to_thread(self.project.delete_pipeline, name)
        await self._around.history.call(History.withdraw, name)
        if session is not None:
            self._opening.pop(name, None)
            await session.close("the pipeline was deleted")
        self._around.tell_pipelines_changed()

    # The outside world

    def start_watching(self) -> None:
        """Follow edits that others make to the project's files."""
        self._watching = asyncio.create_task(self._watch(), name="project watcher")

    async def _watch(self) -> None:
        # The first look at all files is taken at once: in a thread, there may be many.
        around = self._around
        async for batch in await asyncio.to_thread(watch, self.project.paths, around.watched):
            changed: Sequence[Session] = [
                session
                for session in self.live()
                if session.pipeline in batch.pipelines
                or batch.shared
                or not session.draft.places.isdisjoint(batch.paths)
            ]
            for session in changed:
                try:
                    await session.reread(batch.paths)
                except NotFound:
                    if session.pipeline not in self._leaving:
                        self._leaving[session.pipeline] = asyncio.create_task(self._part(session))
                except HeadraceError as error:
                    logger.warning("%s cannot be read again: %s", session.pipeline, error)
            if batch.pipelines:
                self._around.tell_pipelines_changed()
            if batch.settings:
                self.tell_settings_changed()

    async def _part(self, session: Session) -> None:
        """Say that a pipeline is gone, and end its session when its runs, which need no file, have.

        When another branch was checked out for a while, the pipeline may be back by then.
        """
        try:
            if session.is_busy:
                session.log.publish(ev.SessionEnded(reason=_REMOVED))
                await session.at_rest()
            await session.reread()
        except NotFound:
            self._opening.pop(session.pipeline, None)
            await session.close(_REMOVED)
        except HeadraceError as error:
            logger.warning("%s cannot be read again: %s", session.pipeline, error)
        finally:
            del self._leaving[session.pipeline]

    def tell_settings_changed(self) -> None:
        """Tell those who watch the project that headrace.yaml or a secret is different."""
        self._around.tell_settings_changed()

    async def sweep(self) -> None:
        """Take up what nobody has in hand, and show what others have made; every few seconds."""
        await self.resume()
        for session in self.live():
            if session.log.listeners and not session.has_ended:
                await session.look_at_others()
                await session.look_for_versions()

    async def resume(self) -> list[str]:
        """Take up the runs that nobody has in hand any more; return their ids.

        Called at the start, and then every few seconds. What cannot go on fails; what cannot be
        taken up at this moment is the next time.
        """
        async with self._resuming:
            return await self._resume()

    async def _resume(self) -> list[str]:
        history = self._around.history
        taken: list[str] = []
        void = await self._void_owners()
        if not void:
            return taken
        for record, files, owner in await history.call(History.unfinished):
            if owner not in void or (owner == self.owner and record.id not in self._ours):
                continue
            if not await history.call(History.take_over, record.id, self.owner, owner):
                continue
            again = msgspec.structs.replace(record, attempt=record.attempt + 1)
            try:
                session = await self.open(record.pipeline)
                await session.resume(again, files)
            except Fenced:
                raise
            except (Unavailable, StorageFull) as error:
                logger.warning("Run %s is taken up later: %s", record.id, error)
            except (HeadraceError, msgspec.DecodeError) as error:
                await self._give_up(again, error)
            else:
                taken.append(record.id)
                crashpoint("takeover.after-launch")
        return taken

    async def _void_owners(self) -> set[str]:
        """Return whose runs may be taken up. Those of our own that were forgotten are among them.

        Ours are only when they were in nobody's hand the last time as well: a run is recorded
        shortly before a session knows of it.
        """
        history = self._around.history
        owners = await history.call(History.owners)
        if not owners:
            return set()
        beats = await history.call(History.beats)
        at = self._around.clock.monotonic()
        void = {o for o in owners if self._vigil.is_void(o, beats.get(o), at)}
        held = {run for session in self.live() for run in session.runs_in_hand}
        if owners.get(self.owner, 0) <= len(held):
            self._ours = set()
            return void
        mine = await history.call(History.ids_of, self.owner)
        astray, before = mine - held, self._ours
        self._ours = astray & before
        if self._ours:
            logger.warning("Runs that no session has in hand are taken up: %s", self._ours)
            return void | {self.owner}
        self._ours = astray
        return void

    async def _give_up(self, run: RunRecord, error: Exception) -> None:
        """Record that a run cannot be taken up, and why."""
        gone = isinstance(error, NotFound)
        failed = SaveRun(
            run_id=run.id,
            state="failed",
            started_at=run.started_at,
            finished_at=self._around.clock.now(),
            reason="the pipeline is gone" if gone else f"it could not be taken up: {error}",
        )
        await self._around.history.write([failed])

    async def close(self) -> None:
        """End every session. Runs that go on are left to `resume`."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        opening = [task for task in self._opening.values() if not task.done()]
        not_for_long: list[asyncio.Task[Any]] = [*opening, *self._leaving.values()]
        for task in not_for_long:
            task.cancel()
        await asyncio.gather(*not_for_long, return_exceptions=True)
        for session in self.live():
            await session.close("the server stops")
        self._around.turns.close()
        self.log.publish(ev.SessionEnded(reason="the server stops"))


def _is_open(opening: asyncio.Task[Session] | None) -> TypeGuard[asyncio.Task[Session]]:
    return (
        opening is not None
        and opening.done()
        and not opening.cancelled()
        and opening.exception() is None
    )
