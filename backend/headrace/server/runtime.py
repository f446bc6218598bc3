"""Puts a project's services together; used by the server and, without one, by the command line."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from headrace.core.clock import Clock, SystemClock
from headrace.core.errors import Fenced, Unavailable
from headrace.core.paths import ProjectPaths
from headrace.server.diskspace import DiskSpace
from headrace.server.environment import interpreter_of
from headrace.server.lock import ProjectLock
from headrace.server.storesize import StoreSize
from headrace.store.files import StoreFiles
from headrace.store.use import StoreUse

if TYPE_CHECKING:
    from headrace.notifications.notifier import Notifier
    from headrace.project.files import Project
    from headrace.project.settings import Settings
    from headrace.runs.thread import HistoryThread
    from headrace.scheduling.backfilling import Backfilling
    from headrace.scheduling.daemon import Daemon
    from headrace.server.ends import RunEnds
    from headrace.server.executed import ExecutedNotebooks
    from headrace.server.settling import Settling
    from headrace.server.upkeep import Upkeep
    from headrace.session.lease import Lease
    from headrace.session.sessions import Sessions
    from headrace.workers.pool import Pool

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Runtime:
    """Project, history, workers and sessions of one process; `open` once, `close` once.

    What is slow to import is imported by `open`, so that a server listens before.
    """

    def __init__(
        self,
        paths: ProjectPaths,
        clock: Clock | None = None,
        *,
        project: Callable[[ProjectPaths, Clock], Project] | None = None,
    ) -> None:
        self.paths = paths
        self._make_project = project
        self.clock: Clock = clock or SystemClock()
        self.problem: str | None = None
        """Why `open` failed, or why this process must not go on."""
        self.notice: str | None = None
        """What the user should know though all works: a history that was lost."""
        self._opened = asyncio.Event()
        self._project: Project | None = None
        self._history: HistoryThread | None = None
        self._pool: Pool | None = None
        self._sessions: Sessions | None = None
        self._daemon: Daemon | None = None
        self._notifier: Notifier | None = None
        self._ends: RunEnds | None = None
        self._backfilling: Backfilling | None = None
        self._use: StoreUse | None = None
        self._upkeep: Upkeep | None = None
        self._lease: Lease | None = None
        self._ending: asyncio.Task[None] | None = None
        self._settling: Settling | None = None
        self._notebooks: ExecutedNotebooks | None = None
        self.space = DiskSpace(paths, self._space_changed)
        self.store_size = StoreSize(StoreFiles(paths.store).usage, self.clock.monotonic)

    @property
    def is_open(self) -> bool:
        return self._opened.is_set() and self.problem is None

    async def open(self, *, serve: bool = True, schedule: bool = True) -> None:
        """Open everything. `serve`: follow the files and take up what a crash left behind."""
        try:
            # Its processes begin to load the libraries while this one loads what it needs itself.
            project, settings, pool = await asyncio.to_thread(self._read_project, serve=serve)
            self._pool = pool
            await pool.start()
            await asyncio.to_thread(_import_services)
            from headrace.runs.history import History
            from headrace.runs.thread import HistoryThread
            from headrace.server.executed import ExecutedNotebooks
            from headrace.session.lease import Lease
            from headrace.session.sessions import Sessions

            place = settings.history or str(self.paths.database)
            history = self._history = HistoryThread(place, self.space.make_way)
            had_runs = await asyncio.to_thread(self._has_logs)
            history.start()
            await self._settle(history)
            self.notice = await history.call(History.told_of_loss, had_runs)
            if self.notice is not None:
                logger.error("%s", self.notice)
            sessions = self._sessions = Sessions(
                project=project, pool=pool, history=history, clock=self.clock
            )
            sessions.disk_low = self.space.is_low
            sweep = sessions.sweep if serve else None
            lease = Lease(history, sessions.owner, lost=self._lost, sweep=sweep)
            await lease.start()
            self._lease = lease
            self._notebooks = ExecutedNotebooks(self, lambda: project.settings().notebooks)
            self._notebooks.start()
            if serve:
                self.space.start()
                await self._start_notifier(sessions, history)
                await self._start_ends(sessions, history)
                sessions.start_watching()
                await sessions.resume()
                self._start_upkeep(project, history)
            if serve and schedule:
                await self._start_daemon(sessions, history)
            if serve:
                self.start_backfilling()
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._opened.set()

    def _read_project(self, *, serve: bool) -> tuple[Project, Settings, Pool]:
        """Make the project ready; return it with its settings and the pool of its workers.

        Without `serve`, code is analysed in this process, if it is that of the blocks.
        What a crash cut off is finished by whoever has the lock: a server that lives is at work.
        """
        from headrace.project.files import Project
        from headrace.workers.pool import Pool

        self.paths.make_state()
        self.space.look()
        self._use = StoreUse.shared(self.paths.store)
        make = self._make_project or Project
        project = self._project = make(self.paths, self.clock)
        lock = ProjectLock(self.paths)
        if lock.is_held_here:
            project.recover()
        elif lock.take():
            try:
                project.recover()
            finally:
                lock.release()
        settings = project.settings()
        python = interpreter_of(self.paths.root, settings.environment)
        pool = Pool(
            self.paths.root,
            self.paths.store,
            python=python,
            preload=settings.preload,
            secrets=settings.secrets,
            connections=settings.connections,
            services_here=("analysis",) if not serve and python == sys.executable else (),
        )
        return project, settings, pool

    def _has_logs(self) -> bool:
        """Tell whether blocks ever ran here."""
        return any(self.paths.logs.iterdir())

    async def _settle(self, history: HistoryThread) -> None:
        """Have all outputs on the disk that the history knows, before anything reads them."""
        from headrace.server.settling import Settling

        self._settling = Settling(history, StoreFiles(self.paths.store))
        await self._settling.settle()
        self._settling.start()

    def _start_upkeep(self, project: Project, history: HistoryThread) -> None:
        from headrace.server.upkeep import Upkeep

        self._upkeep = Upkeep(
            paths=self.paths,
            history=history,
            retention=lambda: project.settings().retention,
            clock=self.clock,
        )
        self._upkeep.start()

    async def _start_notifier(self, sessions: Sessions, history: HistoryThread) -> None:
        """Know who is told of what before any run can end."""
        from headrace.notifications.notifier import Notifier

        self._notifier = Notifier(
            project=sessions.project, history=history, log=sessions.log, clock=self.clock
        )
        await self._notifier.start()

    async def _start_ends(self, sessions: Sessions, history: HistoryThread) -> None:
        from headrace.server.ends import RunEnds

        self._ends = RunEnds(history, sessions.log, self.paths.root.name)
        await self._ends.start()

    async def _start_daemon(self, sessions: Sessions, history: HistoryThread) -> None:
        try:
            from headrace.scheduling.daemon import Daemon
        except ImportError as error:  # the server is of use without it, and says so in its status
            logger.warning("There is no scheduler: %s", error)
            return
        daemon = self._daemon = Daemon(
            sessions=sessions, history=history, clock=self.clock, may_start=self._may_start
        )
        await daemon.start()

    def start_backfilling(self) -> None:
        """Carry out backfills: also without the scheduler, for somebody asked for each of them."""
        try:
            from headrace.scheduling.backfilling import Backfilling
        except ImportError as error:  # as for the scheduler
            logger.warning("There are no backfills: %s", error)
            return
        self._backfilling = Backfilling(
            sessions=self.sessions,
            history=self.history,
            clock=self.clock,
            may_start=self._may_start,
        )
        self._backfilling.start()

    def _may_start(self) -> bool:
        return not self.space.is_low

    def _space_changed(self) -> None:
        """Tell of it, and catch up with what has waited for space."""
        self.sessions.tell_disk(low=self.space.is_low)
        if self._daemon is not None:
            self._daemon.wake()
        if self._backfilling is not None:
            self._backfilling.wake()

    async def _lost(self, error: Fenced) -> None:
        """Stop all that writes: another process has our runs, and starts their blocks again."""
        logger.error("%s", error.message)
        self.problem = error.message
        self._ending = asyncio.create_task(self._close_services(), name="fenced")

    async def ready(self) -> None:
        """Wait until `open` is done; raise Unavailable when it failed or takes over 30 s."""
        try:
            async with asyncio.timeout(30):
                await self._opened.wait()
        except TimeoutError:
            raise Unavailable("The server is still starting.") from None
        if self.problem is not None:
            raise Unavailable(f"The project could not be opened: {self.problem}")

    @property
    def project(self) -> Project:
        return _opened(self._project)

    @property
    def history(self) -> HistoryThread:
        return _opened(self._history)

    @property
    def pool(self) -> Pool:
        return _opened(self._pool)

    @property
    def sessions(self) -> Sessions:
        return _opened(self._sessions)

    @property
    def notifier(self) -> Notifier:
        return _opened(self._notifier)

    @property
    def daemon(self) -> Daemon | None:
        """The scheduler, None when this process has none."""
        return self._daemon

    async def written(self) -> None:
        """Wait until runs that are over stand where `notebooks:` says, or could not be written."""
        if self._notebooks is not None:
            await self._notebooks.written()

    @property
    def backfilling(self) -> Backfilling | None:
        """What carries out backfills, None when this process does not."""
        return self._backfilling

    async def close(self) -> None:
        """Close in the order of dependence, within seconds; runs that go on are resumed later."""
        if self._ending is not None:
            await self._ending
        await self._close_services()

    async def _close_services(self) -> None:
        for closing in (
            self.space,
            self._daemon,
            self._notifier,
            self._backfilling,
            self._ends,
            self._upkeep,
            self._notebooks,
            self._sessions,
            self._pool,
            self._settling,
            self._lease,
            self._history,
        ):
            if closing is None:
                continue
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(5):
                        await closing.close()
            except Exception:
                logger.exception("%s did not close", type(closing).__name__)
        if self._use is not None:
            self._use.release()
            self._use = None


def _import_services() -> None:
    """Import what `open` needs, in a thread: the event loop answers meanwhile."""
    importlib.import_module("headrace.session.sessions")


def _opened(service: T | None) -> T:
    if service is None:
        raise Unavailable("The server is still starting.")
    return service
