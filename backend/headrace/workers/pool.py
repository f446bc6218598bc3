"""The pool: gives jobs to workers, has as many of them as are needed, and owns every process.

Everything here runs on the event loop and never blocks it. For each `execute` there is exactly one
final answer, whatever happens to the processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from collections import deque
from collections.abc import Collection, Generator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.core.errors import Unavailable
from headrace.store.files import StoreFiles
from headrace.workers.attempt import Attempt, OnAnswer
from headrace.workers.crowds import CrowdWatch
from headrace.workers.jobs import Done, Job, Raised, Stopped
from headrace.workers.launcher import Child, Launcher
from headrace.workers.logs import LogChanges
from headrace.workers.masks import Masks
from headrace.workers.processes import memory_of, oom_kills
from headrace.workers.services import ServiceClient, ServiceHere
from headrace.workers.wire import Ask, Execute, Settings, Told, decode_worker_message, encode

_LOG_PERIOD_S = 0.05
_ASK_TIMEOUT_S = 0.3
_WORKER_IDLE_S = 10.0
"""A worker of a run that has had nothing to do for so long is retired."""


@dataclass(eq=False)
class _Worker:
    """One worker process as the pool sees it."""

    child: Child
    pipeline: str = ""
    """Set for session workers."""
    run: str = ""
    """Set for workers of a run."""
    attempt: Attempt | None = None
    made: set[str] = field(default_factory=set[str])
    """Addresses of the outputs that it can hand over by reference."""
    asked: dict[int, asyncio.Future[dict[str, Any] | None]] = field(
        default_factory=dict[int, "asyncio.Future[dict[str, Any] | None]"]
    )
    last_job: bool = False
    """It is retired when it has finished what it is doing."""
    idle_since: float = 0.0
    """Loop time of when it had last something to do, or was made ready ahead."""


class Pool:
    """Workers of one project; all methods are called on the event loop."""

    def __init__(  # noqa: PLR0913 - by keyword, and each alone has a default
        self,
        project_root: str | os.PathLike[str],
        store_folder: str | os.PathLike[str],
        *,
        python: str = sys.executable,
        preload: Sequence[str] = (),
        secrets: Sequence[str] = (),
        connections: Mapping[str, dict[str, Any]] | None = None,
        max_workers: int = 8,
        max_processes: int = 512,
        stop_stage_s: float = 5.0,
        service_idle_s: float = 60.0,
        services_here: Collection[str] = (),
    ) -> None:
        """`services_here` are answered in this process, and never in one of their own."""
        self._settings = Settings(
            project_root=str(Path(project_root).resolve()),
            store_folder=str(Path(store_folder).resolve()),
            secrets=list(secrets),
        )
        self.connections: Mapping[str, dict[str, Any]] = dict(connections or {})
        """The databases of SQL blocks with `connection:`, as headrace.yaml declares them now."""
        self.masks = Masks(Path(project_root) / ".headrace")
        """What no log may show; whoever reads headrace.yaml says of which secrets it is."""
        self._launcher = Launcher(self._settings, python, preload)
        self._old: list[Launcher] = []
        """Templates with libraries of before, whose last workers are still at work."""
        self._closing: set[asyncio.Task[None]] = set()
        self._max_workers = max_workers
        self._max_processes = max_processes
        self._stop_stage_s = stop_stage_s
        self._service_idle_s = service_idle_s
        self._idle_timer: asyncio.TimerHandle | None = None
        self._waiting: deque[Attempt] = deque()
        self._running: dict[Attempt, _Worker] = {}
        self._workers: set[_Worker] = set()
        self._sessions: dict[str, _Worker] = {}
        self._spare: _Worker | None = None
        self._services: dict[str, ServiceClient | ServiceHere] = {
            name: ServiceHere(name) for name in services_here
        }
        self._numbers = itertools.count(1)
        self._log_timer: asyncio.TimerHandle | None = None
        self._log_changes = LogChanges(self.masks)
        self._closed = False
        self._crowds = CrowdWatch(max_processes, self._too_many)
        self._oom_kills = oom_kills()

    async def start(self) -> None:
        """Start the template process; returns at once, jobs wait until it can fork."""
        self._launcher.start()
        self._crowds.start()
        self._keep_spare()

    async def close(self) -> None:
        """End every process within 2 s; running jobs are answered with Stopped."""
        self._closed = True
        for attempt in [*self._waiting, *self._running]:
            self._finish(attempt)
        self._waiting.clear()
        for timer in (self._log_timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        for client in self._services.values():
            client.close()
        for worker in list(self._workers):
            self._retire(worker)
        if self._spare is not None:
            self._retire(self._spare)
        await asyncio.gather(
            self._launcher.close(), *(old.close() for old in self._old), *self._closing
        )

    @property
    def template_pid(self) -> int | None:
        """Process id of the template, None before the start."""
        return self._launcher.pid

    def worker_pids(self) -> list[int]:
        """Process ids of all processes that the template has forked."""
        return sorted(self._launcher.pids())

    def rss(self) -> dict[str, int]:
        """Return `rss`, `pss` in bytes and `processes` over the template and all its children."""
        pids = [*self._launcher.pids()]
        if self._launcher.pid is not None:
            pids.append(self._launcher.pid)
        sizes = [memory_of(pid) for pid in pids]
        return {
            "rss": sum(rss for rss, _ in sizes),
            "pss": sum(pss for _, pss in sizes),
            "processes": len(pids),
        }

    # --- jobs -----------------------------------------------------------------------------------

    def execute(self, job: Job, on_answer: OnAnswer) -> None:
        """Take a job; its answers come on the event loop, later, exactly one of them final."""
        attempt = Attempt(job, on_answer, stop_stage_s=self._stop_stage_s)
        if self._closed:
            self._finish_later(attempt)
            return
        self._waiting.append(attempt)
        self._dispatch()

    def stop(self, run: str, block: str) -> None:
        """Stop a block: SIGINT, then SIGTERM, then SIGKILL to its group; ends in `Stopped`."""
        for attempt in [*self._waiting, *self._running]:
            job = attempt.job
            if job.run != run or job.block != block or attempt.is_stopping:
                continue
            attempt.stop()
            if attempt not in self._running:
                self._waiting.remove(attempt)
                self._finish_later(attempt)

    def kill(self, run: str) -> None:
        """Stop all blocks of a run by SIGKILL, whatever stage of stopping they have reached."""
        for attempt in [attempt for attempt in self._running if attempt.job.run == run]:
            attempt.kill()

    def end_run(self, run: str) -> None:
        """Let go of the workers of a run; those still at work end with their job."""
        for worker in list(self._workers):
            if worker.run == run:
                worker.last_job = True
                if worker.attempt is None:
                    self._retire(worker)

    async def restart_session(self, pipeline: str) -> None:
        """Replace the warm worker of a pipeline; what it was doing is stopped."""
        worker = self._sessions.get(pipeline)
        if worker is not None:
            if worker.attempt is not None:
                worker.attempt.is_stopping = True
            self._retire(worker)
        self.warm(pipeline)

    def warm(self, pipeline: str) -> None:
        """Have the session worker of a pipeline ready."""
        if not self._closed and pipeline not in self._sessions:
            worker = self._new_worker()
            worker.pipeline = pipeline
            self._sessions[pipeline] = worker

    def allow(self, workers: int) -> None:
        """Set how many workers runs may have together; who has one keeps it until its job ends."""
        self._max_workers = workers
        if not self._closed:
            self._dispatch()

    def prepare(self, run: str, workers: int) -> None:
        """Have so many workers of a run ready, as far as there is room: many blocks are to come."""
        if self._closed:
            return
        mine = [worker for worker in self._workers if worker.run == run and not worker.last_job]
        room = self._max_workers - sum(1 for worker in self._workers if worker.run)
        for _ in range(min(workers - len(mine), room)):
            self._new_worker_of(run)
        self._watch_idle()

    def cool(self, pipeline: str) -> None:
        """End the session worker of a pipeline that nobody looks at, unless it is at work."""
        worker = self._sessions.get(pipeline)
        if worker is not None and worker.attempt is None:
            self._retire(worker)

    async def ask_session(self, pipeline: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """Ask the warm worker about its live values; None when it is busy or does not know."""
        worker = self._sessions.get(pipeline)
        if worker is None or worker.attempt is not None or not worker.child.is_up or worker.asked:
            return None
        number = next(self._numbers)
        future: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        worker.asked[number] = future
        worker.child.send(encode(Ask(number=number, question=question)))
        try:
            return await asyncio.wait_for(asyncio.shield(future), _ASK_TIMEOUT_S)
        except TimeoutError:
            return None

    def lost(self, addresses: AbstractSet[str]) -> set[str]:
        """Return those of `addresses` that the store no longer has. Looks at files: in a thread."""
        store = StoreFiles(Path(self._settings.store_folder))
        return {address for address in addresses if not store.exists(address)}

    def renew(self) -> None:
        """Let whatever runs end, and give all later jobs to workers with newly loaded libraries."""
        if self._closed or self._launcher.up is None:
            return  # what is only starting loads them as they are now
        old, self._launcher = self._launcher, self._launcher.successor()
        self._launcher.start()
        if self._spare is not None:
            self._retire(self._spare)
        for client in self._services.values():
            client.move_to(self._launcher)
        for worker in list(self._workers):
            worker.last_job = True
            if worker.attempt is None:
                pipeline = worker.pipeline
                self._retire(worker)
                if pipeline:
                    self.warm(pipeline)
        self._old.append(old)
        self._keep_spare()
        self._close_old()

    def _close_old(self) -> None:
        """Close the templates whose workers have all ended."""
        for launcher in [old for old in self._old if not old.pids()]:
            self._old.remove(launcher)
            closing = asyncio.create_task(launcher.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def service(self, name: str) -> ServiceClient | ServiceHere:
        """Return the client of a service process: `data` or `analysis`; it starts on first use."""
        if self._closed:
            raise Unavailable("The workers of this project are closed.")
        client = self._services.get(name)
        if client is None:
            client = ServiceClient(name, self._launcher, idle_s=self._service_idle_s)
            self._services[name] = client
        return client

    @contextlib.contextmanager
    def aside(self, name: str) -> Generator[ServiceClient]:
        """Give a service process of one's own; the end of the `with` ends it, at work or not."""
        if self._closed:
            raise Unavailable("The workers of this project are closed.")
        client = ServiceClient(name, self._launcher, idle_s=self._service_idle_s)
        try:
            yield client
        finally:
            client.close()

    # --- choosing workers -----------------------------------------------------------------------

    def _dispatch(self) -> None:
        for attempt in list(self._waiting):
            worker = self._worker_for(attempt.job)
            if worker is not None:
                self._waiting.remove(attempt)
                self._give(worker, attempt)

    def _worker_for(self, job: Job) -> _Worker | None:
        if job.worker == "session":
            self.warm(job.pipeline)
            worker = self._sessions[job.pipeline]
            return worker if worker.attempt is None else None
        idle = [
            worker
            for worker in self._workers
            if worker.run == job.run and worker.attempt is None and not worker.last_job
        ]
        if idle and job.worker != "block":
            wanted = {output.address for output in job.inputs.values()}
            return max(idle, key=lambda worker: len(worker.made & wanted))
        of_runs = [worker for worker in self._workers if worker.run]
        if len(of_runs) >= self._max_workers:
            lent = next((worker for worker in of_runs if worker.attempt is None), None)
            if lent is not None:
                self._retire(lent)
            elif not job.interactive:
                return None
        return self._new_worker_of(job.run)

    def _new_worker_of(self, run: str) -> _Worker:
        worker = self._new_worker()
        worker.run = run
        worker.idle_since = asyncio.get_running_loop().time()
        return worker

    def _watch_idle(self) -> None:
        if self._idle_timer is None and not self._closed:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(_WORKER_IDLE_S, self._look_for_idle)

    def _look_for_idle(self) -> None:
        """Retire workers of runs that have had nothing to do for long; look again while there are.

        A long block at the end of a wide run must not keep the memory of all its workers.
        """
        self._idle_timer = None
        loop = asyncio.get_running_loop()
        idle = [worker for worker in self._workers if worker.run and worker.attempt is None]
        due = loop.time() - _WORKER_IDLE_S
        for worker in [worker for worker in idle if worker.idle_since <= due]:
            self._retire(worker)
            idle.remove(worker)
        if idle and not self._closed:
            first = min(worker.idle_since for worker in idle)
            self._idle_timer = loop.call_at(first + _WORKER_IDLE_S, self._look_for_idle)

    def _new_worker(self) -> _Worker:
        worker, self._spare = self._spare, None
        if worker is None:
            worker = self._fork_worker()
        self._workers.add(worker)
        # After the present batch of jobs has been sent: a fork is no part of their way.
        asyncio.get_running_loop().call_soon(self._keep_spare)
        return worker

    def _keep_spare(self) -> None:
        if self._spare is None and not self._closed:
            self._spare = self._fork_worker()

    def _fork_worker(self) -> _Worker:
        child = self._launcher.fork("worker")
        worker = _Worker(child)
        child.on_message = lambda message: self._received(worker, message)
        child.on_exit = lambda status, reason: self._died(worker, status, reason)
        return worker

    def _retire(self, worker: _Worker) -> None:
        self._forget(worker)
        worker.child.kill()

    def _forget(self, worker: _Worker) -> None:
        self._workers.discard(worker)
        if self._sessions.get(worker.pipeline) is worker:
            del self._sessions[worker.pipeline]
        if self._spare is worker:
            self._spare = None
        for future in worker.asked.values():
            if not future.done():
                future.set_result(None)
        worker.asked.clear()

    # --- the way of an attempt through its worker -------------------------------------------------

    def _give(self, worker: _Worker, attempt: Attempt) -> None:
        loop = asyncio.get_running_loop()
        job = attempt.job
        now = loop.time()
        worker.attempt = attempt
        attempt.give_to(worker.child, self._log_changes, now)
        if self.masks.names:  # their values may be others since the last job
            loop.run_in_executor(None, self.masks.refresh)
        self._running[attempt] = worker
        declared = self.connections.get(job.connection or "")
        worker.child.send(encode(Execute(job=job, sent=now, connection=declared)))
        if worker.child.is_up:
            loop.call_soon(self._begin, attempt)
        else:
            worker.child.on_up = lambda: self._begin(attempt)

    def _begin(self, attempt: Attempt) -> None:
        attempt.begin()
        if self._log_timer is None and self._running:
            loop = asyncio.get_running_loop()
            self._log_timer = loop.call_later(_LOG_PERIOD_S, self._follow_logs)

    def _follow_logs(self) -> None:
        self._log_timer = None
        for attempt in list(self._running):
            attempt.follow_log()
        if self._running:
            self._crowds.look(lambda: [a.leader for a in self._running if a.leader is not None])
            loop = asyncio.get_running_loop()
            self._log_timer = loop.call_later(_LOG_PERIOD_S, self._follow_logs)

    def _too_many(self, leader: int, count: int) -> None:
        for attempt in list(self._running):
            if attempt.leader == leader:
                attempt.kill_crowd(count)

    def _received(self, worker: _Worker, message: bytes) -> None:
        answer = decode_worker_message(message)
        if isinstance(answer, Told):
            future = worker.asked.pop(answer.number, None)
            if future is not None and not future.done():
                future.set_result(answer.answer)
            return
        attempt = worker.attempt
        if attempt is None or attempt.is_over:
            return
        self._begin(attempt)
        if isinstance(answer, Done):
            worker.made.add(answer.output.address)
        if isinstance(answer, Done | Raised | Stopped):
            worker.last_job = worker.last_job or answer.spent
            self._finish(attempt, answer)
        else:
            attempt.tell(answer)

    def _finish_later(self, attempt: Attempt) -> None:
        """Answer after the caller of `execute` has returned."""
        asyncio.get_running_loop().call_soon(self._finish, attempt)

    def _finish(self, attempt: Attempt, answer: Done | Raised | Stopped | None = None) -> None:
        if attempt.is_over:
            return
        attempt.follow_log(final=True)
        worker = self._running.pop(attempt, None)
        if worker is not None:
            worker.attempt = None
        attempt.end(answer)
        if worker is not None:
            self._let_go(worker, attempt.job)
        if not self._closed:
            self._dispatch()

    def _let_go(self, worker: _Worker, job: Job) -> None:
        """Keep a worker for its run, or retire it."""
        if worker.last_job or job.worker == "block":
            self._retire(worker)
        elif worker.run:
            worker.idle_since = asyncio.get_running_loop().time()
            self._watch_idle()

    def _died(self, worker: _Worker, status: int | None, reason: str) -> None:
        self._forget(worker)
        self._close_old()
        attempt = worker.attempt
        if attempt is not None:
            oom_killed, allowed = self._was_oom_killed(), self._max_processes
            death = attempt.death(status, reason, oom_killed=oom_killed, allowed=allowed)
            self._finish(attempt, death)
        if not self._closed:
            self._dispatch()

    def _was_oom_killed(self) -> bool:
        before, self._oom_kills = self._oom_kills, oom_kills()
        return self._oom_kills > before
