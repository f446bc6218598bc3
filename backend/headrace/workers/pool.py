"""The pool: gives jobs to workers, watches time and life of each, and owns every process.

Everything here runs on the event loop and never blocks it. For each `execute` there is exactly one
final answer, whatever happens to the processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from headrace.core.errors import Unavailable
from headrace.protocol.tables import Failure, Timings
from headrace.store.files import StoreFiles
from headrace.workers.deaths import failure_of_crowd, failure_of_death
from headrace.workers.jobs import (
    AnyAnswer,
    Done,
    Job,
    Printed,
    Progressed,
    Raised,
    Started,
    Stopped,
    StopStage,
)
from headrace.workers.launcher import Child, Launcher
from headrace.workers.logs import CAP_BYTES, LogTail, cut_middle, progress_in
from headrace.workers.masks import Masks
from headrace.workers.processes import crowds, memory_of, oom_kills, process_ids
from headrace.workers.services import ServiceClient, ServiceHere
from headrace.workers.wire import Ask, Execute, Settings, Told, decode_worker_message, encode

OnAnswer = Callable[[AnyAnswer], None]
_LOG_PERIOD_S = 0.05
_CROWD_PERIOD_S = 0.2
_GROWTH = 64
"""So many processes more on the whole machine are always a reason to look whose they are."""
_ASK_TIMEOUT_S = 0.3
_WORKER_IDLE_S = 10.0
"""A worker of a run that has had nothing to do for so long is retired."""
_STAGES = (
    ("interrupt", signal.SIGINT),
    ("terminate", signal.SIGTERM),
    ("kill", signal.SIGKILL),
)


@dataclass(eq=False)
class _Task:
    """One attempt on its way through the pool."""

    job: Job
    on_answer: OnAnswer
    worker: _Worker | None = None
    log: LogTail | None = None
    begun: bool = False
    started: float = 0.0
    stopping: bool = False
    timed_out: bool = False
    crowd: int = 0
    """How many processes it had when it was killed for having too many."""
    done: bool = False
    reports: bool = False
    """It says itself how far it is; bars in its log do not count."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list[asyncio.TimerHandle])


@dataclass(eq=False)
class _Worker:
    """One worker process as the pool sees it."""

    child: Child
    pipeline: str = ""
    """Set for session workers."""
    run: str = ""
    """Set for workers of a run."""
    task: _Task | None = None
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
        self._waiting: deque[_Task] = deque()
        self._running: set[_Task] = set()
        self._workers: set[_Worker] = set()
        self._sessions: dict[str, _Worker] = {}
        self._spare: _Worker | None = None
        self._services: dict[str, ServiceClient | ServiceHere] = {
            name: ServiceHere(name) for name in services_here
        }
        self._numbers = itertools.count(1)
        self._log_timer: asyncio.TimerHandle | None = None
        self._cuts: set[asyncio.Future[None]] = set()
        self._closed = False
        self._crowd_at = 0.0
        self._population = 0
        """Processes of the machine when it was last known whose they are."""
        self._margin = min(_GROWTH, max_processes)
        """How many more of them are a reason to look again."""
        self._counting: asyncio.Future[dict[int, int]] | None = None
        self._oom_kills = oom_kills()

    async def start(self) -> None:
        """Start the template process; returns at once, jobs wait until it can fork."""
        self._launcher.start()
        self._population = len(process_ids())
        self._keep_spare()

    async def close(self) -> None:
        """End every process within 2 s; running jobs are answered with Stopped."""
        self._closed = True
        for task in [*self._waiting, *self._running]:
            task.stopping = True
            self._finish(task, Stopped(**_names(task.job)))
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
        task = _Task(job, on_answer)
        if self._closed:
            task.stopping = True
            self._later(task, Stopped(**_names(job)))
            return
        self._waiting.append(task)
        self._dispatch()

    def stop(self, run: str, block: str) -> None:
        """Stop a block: SIGINT, then SIGTERM, then SIGKILL to its group; ends in `Stopped`."""
        for task in [*self._waiting, *self._running]:
            if task.job.run != run or task.job.block != block or task.stopping:
                continue
            task.stopping = True
            if task.worker is None:
                self._waiting.remove(task)
                self._later(task, Stopped(**_names(task.job)))
            elif not task.timed_out:
                self._stage(task, 0)

    def kill(self, run: str) -> None:
        """Stop all blocks of a run by SIGKILL, whatever stage of stopping they have reached."""
        for task in [task for task in self._running if task.job.run == run]:
            task.stopping = True
            self._stage(task, len(_STAGES) - 1)

    def end_run(self, run: str) -> None:
        """Let go of the workers of a run; those still at work end with their job."""
        for worker in list(self._workers):
            if worker.run == run:
                worker.last_job = True
                if worker.task is None:
                    self._retire(worker)

    async def restart_session(self, pipeline: str) -> None:
        """Replace the warm worker of a pipeline; what it was doing is stopped."""
        worker = self._sessions.get(pipeline)
        if worker is not None:
            if worker.task is not None:
                worker.task.stopping = True
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
        if worker is not None and worker.task is None:
            self._retire(worker)

    async def ask_session(self, pipeline: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """Ask the warm worker about its live values; None when it is busy or does not know."""
        worker = self._sessions.get(pipeline)
        if worker is None or worker.task is not None or not worker.child.is_up or worker.asked:
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
            if worker.task is None:
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
        for task in list(self._waiting):
            worker = self._worker_for(task.job)
            if worker is not None:
                self._waiting.remove(task)
                self._give(worker, task)

    def _worker_for(self, job: Job) -> _Worker | None:
        if job.worker == "session":
            self.warm(job.pipeline)
            worker = self._sessions[job.pipeline]
            return worker if worker.task is None else None
        idle = [
            worker
            for worker in self._workers
            if worker.run == job.run and worker.task is None and not worker.last_job
        ]
        if idle and job.worker != "block":
            wanted = {output.address for output in job.inputs.values()}
            return max(idle, key=lambda worker: len(worker.made & wanted))
        of_runs = [worker for worker in self._workers if worker.run]
        if len(of_runs) >= self._max_workers:
            lent = next((worker for worker in of_runs if worker.task is None), None)
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
        idle = [worker for worker in self._workers if worker.run and worker.task is None]
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

    # --- the life of a task ---------------------------------------------------------------------

    def _give(self, worker: _Worker, task: _Task) -> None:
        loop = asyncio.get_running_loop()
        job = task.job
        worker.task, task.worker = task, worker
        now = loop.time()
        task.log = LogTail(job.log_path, now, self.masks)
        if self.masks.names:  # their values may be others since the last job
            loop.run_in_executor(None, self.masks.refresh)
        self._running.add(task)
        declared = self.connections.get(job.connection or "")
        worker.child.send(encode(Execute(job=job, sent=now, connection=declared)))
        if worker.child.is_up:
            loop.call_soon(self._begin, task)
        else:
            worker.child.on_up = lambda: self._begin(task)

    def _begin(self, task: _Task) -> None:
        """Start the clocks of a job whose worker exists."""
        if task.begun or task.done:
            return
        loop = asyncio.get_running_loop()
        task.begun, task.started = True, loop.time()
        if task.job.timeout_s is not None:
            task.timers.append(loop.call_later(task.job.timeout_s, self._time_out, task))
        if self._log_timer is None:
            self._log_timer = loop.call_later(_LOG_PERIOD_S, self._follow_logs)
        task.on_answer(Started(**_names(task.job), at=datetime.now(UTC)))

    def _later(self, task: _Task, answer: AnyAnswer) -> None:
        """Answer after the caller of `execute` has returned."""
        asyncio.get_running_loop().call_soon(self._answer, task, answer)

    def _answer(self, task: _Task, answer: AnyAnswer) -> None:
        if isinstance(answer, Done | Raised | Stopped):
            self._finish(task, answer)
        elif not task.done:
            task.on_answer(answer)

    def _received(self, worker: _Worker, message: bytes) -> None:
        answer = decode_worker_message(message)
        if isinstance(answer, Told):
            future = worker.asked.pop(answer.number, None)
            if future is not None and not future.done():
                future.set_result(answer.answer)
            return
        task = worker.task
        if task is None or task.done:
            return
        self._begin(task)
        task.reports = task.reports or isinstance(answer, Progressed)
        if isinstance(answer, Done):
            worker.made.add(answer.output.address)
        if isinstance(answer, Done | Raised | Stopped) and answer.spent:
            worker.last_job = True
        self._answer(task, answer)

    def _finish(self, task: _Task, answer: Done | Raised | Stopped) -> None:
        if task.done:
            return
        if task.log is not None:
            self._print_grown(task, final=True)
        task.done = True
        for timer in task.timers:
            timer.cancel()
        self._running.discard(task)
        if task.worker is not None:
            task.worker.task = None
        if task.timed_out and not task.stopping:
            answer = self._timeout_answer(task, answer)
        elif task.stopping:
            answer = Stopped(**_names(task.job))
        if task.log is not None:
            answer = self._with_log(task.log, answer)
        task.on_answer(answer)
        if task.worker is not None:
            self._let_go(task.worker, task.job)
        if not self._closed:
            self._dispatch()

    def _with_log(self, log: LogTail, answer: Done | Raised | Stopped) -> Done | Raised | Stopped:
        """Add the end of its log to an answer, and let go of the log."""
        size, tail = log.size(), log.tail()
        if log.skipped and self.masks.longest:
            self._aside(self.masks.blot_file, log.path, log.begin)
        log.close()
        return msgspec.structs.replace(answer, log_bytes=size, log_tail=tail)

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
        task = worker.task
        if task is not None:
            if task.crowd:
                failure = failure_of_crowd(task.crowd, self._max_processes)
            else:
                failure = failure_of_death(
                    status,
                    reason,
                    memory_bytes=task.job.memory_bytes,
                    oom_killed=self._was_oom_killed(),
                )
            seconds = asyncio.get_running_loop().time() - task.started if task.begun else 0.0
            self._finish(
                task,
                Raised(**_names(task.job), failure=failure, timings=Timings(call=seconds)),
            )
        if not self._closed:
            self._dispatch()

    def _was_oom_killed(self) -> bool:
        before, self._oom_kills = self._oom_kills, oom_kills()
        return self._oom_kills > before

    # --- time and stopping ----------------------------------------------------------------------

    def _time_out(self, task: _Task) -> None:
        if not task.done and not task.stopping:
            task.timed_out = True
            self._stage(task, 0)

    def _stage(self, task: _Task, index: int) -> None:
        worker = task.worker
        if task.done or worker is None or index >= len(_STAGES):
            return
        name, number = _STAGES[index]
        if not task.timed_out:
            task.on_answer(StopStage(**_names(task.job), stage=name))
        worker.child.signal(number)
        if index + 1 < len(_STAGES):
            loop = asyncio.get_running_loop()
            task.timers.append(loop.call_later(self._stop_stage_s, self._stage, task, index + 1))

    @staticmethod
    def _timeout_answer(task: _Task, answer: Done | Raised | Stopped) -> Raised:
        limit = task.job.timeout_s
        timings = getattr(answer, "timings", Timings(call=limit or 0.0))
        return Raised(
            **_names(task.job),
            failure=Failure(
                kind="timeout",
                type="Timeout",
                message=f"The block ran longer than its timeout of {limit:g} s and was stopped.",
                hint="Raise `timeout` of the block, or give it less to do.",
            ),
            timings=timings,
        )

    # --- logs -----------------------------------------------------------------------------------

    def _follow_logs(self) -> None:
        self._log_timer = None
        for task in list(self._running):
            self._print_grown(task)
        if self._running:
            loop = asyncio.get_running_loop()
            if loop.time() - self._crowd_at >= _CROWD_PERIOD_S:
                self._crowd_at = loop.time()
                self._watch_crowds()
            self._log_timer = loop.call_later(_LOG_PERIOD_S, self._follow_logs)

    def _watch_crowds(self) -> None:
        """Count whose processes they are when the machine has got many more of them.

        Limits of the system on the number of processes count all that a user has, and bind no
        administrator: they cannot tell one block from another.
        """
        population = len(process_ids())
        self._population = min(self._population, population)
        if population - self._population < self._margin or self._counting:
            return
        self._population = population
        leaders = [t.worker.child.pid for t in self._running if t.worker and t.worker.child.pid]
        loop = asyncio.get_running_loop()
        self._counting = loop.run_in_executor(None, crowds, leaders)
        self._counting.add_done_callback(self._counted)

    def _counted(self, counting: asyncio.Future[dict[int, int]]) -> None:
        self._counting = None
        counts = {} if counting.cancelled() or counting.exception() else counting.result()
        nearest = self._max_processes - max(counts.values(), default=0)
        self._margin = max(1, min(_GROWTH, nearest))
        for task in list(self._running):
            child = task.worker.child if task.worker is not None else None
            if child is not None and child.pid is not None:
                count = counts.get(child.pid, 0)
                if count > self._max_processes:
                    task.crowd = count
                    child.kill()

    def _print_grown(self, task: _Task, *, final: bool = False) -> None:
        log = task.log
        if log is None or not log.path:
            return
        now = asyncio.get_running_loop().time()
        grown = log.grown(now, final=final)
        if grown is not None:
            offset, text = grown
            task.on_answer(Printed(**_names(task.job), offset=offset, text=text))
            bar = None if task.reports else progress_in(text)
            if bar is not None:
                done, total = bar
                task.on_answer(Progressed(**_names(task.job), done=done, total=total))
        if log.size() > CAP_BYTES and not self._cuts:
            self._aside(cut_middle, log.path)

    def _aside(self, change: Callable[..., None], *arguments: Any) -> None:
        """Change a log in a thread."""
        cut = asyncio.get_running_loop().run_in_executor(None, change, *arguments)
        self._cuts.add(cut)
        cut.add_done_callback(self._cuts.discard)


def _names(job: Job) -> dict[str, Any]:
    return {"run": job.run, "block": job.block, "attempt": job.attempt}
