"""A worker: takes one job after another from its channel and answers each."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from headrace.core.crash import crashpoint
from headrace.core.secret_sources import SecretSources
from headrace.core.secret_values import Secrets
from headrace.store.outputs import Store
from headrace.workers import displays, questions
from headrace.workers.execute import Execution
from headrace.workers.failures import failure_of
from headrace.workers.handover import Handover
from headrace.workers.isolation import Surroundings, release_blas
from headrace.workers.jobs import AnyAnswer, Done, Raised, Stopped, Timings
from headrace.workers.processes import adopt_orphans
from headrace.workers.wire import (
    Ask,
    Execute,
    Settings,
    Told,
    decode_worker_request,
    encode,
    frame,
    read_frame,
)


def prepare() -> None:
    """Build, before the fork, what every worker needs and what starts no thread."""
    displays.build_shell()


class Interrupts:
    """Turns SIGINT into KeyboardInterrupt while user code runs, and into a note else."""

    def __init__(self) -> None:
        self.requested = False
        self._allowed = False

    def install(self) -> None:
        """Take SIGINT, whatever a block made of it."""
        signal.signal(signal.SIGINT, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        if self._allowed:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def allowed(self) -> Generator[None]:
        """Let SIGINT break in; it does at once when it came before."""
        self._allowed = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._allowed = False

    @contextlib.contextmanager
    def held_back(self) -> Generator[None]:
        """Finish this first, e.g. a frame that must not be torn; then break in if asked to."""
        before, self._allowed = self._allowed, False
        try:
            yield
        finally:
            self._allowed = before
        if before and self.requested and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt


class Worker:
    """The loop of one worker process."""

    def __init__(self, channel: socket.socket, settings: Settings) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._root = settings.project_root
        state = Path(settings.project_root) / ".headrace"
        self._sources = SecretSources(state)
        self._secrets = Secrets(settings.secrets, self._sources)
        self._store = Store(Path(settings.store_folder))
        self._store.unsynced = []  # the server records them with the answer
        self._handover = Handover(self._store)
        self._interrupts = Interrupts()
        self._namespaces = questions.Namespaces()
        self._surroundings = Surroundings.of_now(Path(self._root))

    def run(self) -> None:
        """Work until the pool closes the channel."""
        release_blas()
        adopt_orphans()
        self._interrupts.install()
        while (message := read_frame(self._channel)) is not None:
            request = decode_worker_request(message)
            if isinstance(request, Ask):
                self._answer_question(request)
            elif self._is_forsaken():
                return
            else:
                self._work(request)

    def _is_forsaken(self) -> bool:
        """Tell whether whoever gave a job is gone.

        The job outlives a server in the channel, and on a machine that is short of processors long
        enough for the next server to have tried it again.
        """
        try:
            return not self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send(self, answer: AnyAnswer | Told) -> None:
        """Send an answer; callable from any thread of a block."""
        if os.getpid() != self._pid:
            os._exit(0)  # a block forked, and this is its child: it has no say here
        data = frame(encode(answer))
        with self._lock, self._interrupts.held_back():
            self._channel.sendall(data)

    def _work(self, request: Execute) -> None:
        job = request.job
        waited = time.monotonic() - request.sent
        self._interrupts.requested = False
        self._interrupts.install()
        names: dict[str, Any] = {"run": job.run, "block": job.block, "attempt": job.attempt}
        answer: Done | Raised | Stopped
        try:
            with self._surroundings.of_job(job):
                execution = Execution(
                    job,
                    store=self._store,
                    handover=self._handover,
                    send=self.send,
                    interruptible=self._interrupts.allowed,
                    root=self._root,
                    secrets=self._secrets,
                    sources=self._sources,
                    connection=request.connection,
                )
                answer = execution.run(waited)
                if job.worker == "session":
                    self._namespaces.remember(job.block, execution.namespace, execution.inputs)
        except BaseException as error:  # noqa: BLE001 - whatever it was, there must be an answer
            answer = Raised(
                **names,
                failure=failure_of(error, path=job.path, root=self._root),
                timings=Timings(start=waited),
            )
        if isinstance(answer, Done):
            moved, unforeseen = self._surroundings.modules.surprises(job.modules)
            answer = msgspec.structs.replace(answer, moved=moved, unforeseen=unforeseen)
        if self._interrupts.requested:
            answer = Stopped(**names)
        if self._surroundings.spent:
            answer = msgspec.structs.replace(answer, spent=True)
        crashpoint("worker.before-answer")
        self.send(answer)
        crashpoint("worker.after-answer")

    def _answer_question(self, request: Ask) -> None:
        answer = None
        with contextlib.suppress(Exception, KeyboardInterrupt):
            answer = self._namespaces.answer(request.question)
        self.send(Told(number=request.number, answer=answer))


def main(channel: socket.socket, settings: Settings) -> None:
    """Be a worker until the channel ends."""
    Worker(channel, settings).run()
