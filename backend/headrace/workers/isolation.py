"""What one block may change of its process, put back before the next one."""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import getpass
import io
import locale
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TextIO

from IPython.core.display_functions import display

from headrace.workers.imports import ProjectModules
from headrace.workers.jobs import Job
from headrace.workers.process_wide import ProcessWide
from headrace.workers.processes import command_of, end_below, has_children

_LEFT_OVER_S = 1.0
_SPARED = "multiprocessing.resource_tracker"
"""Python's own housekeeper of shared memory, which ends with its worker."""
_LIBRARY_THREADS = (
    "fsspecIO",
    "asyncio_",
    "tqdm_monitor",
    "IPython",
    "pydevd",
    "QueueFeederThread",
)
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_KEEP = frozenset({signal.SIGKILL, signal.SIGSTOP, signal.SIGINT})


_log_handler: logging.StreamHandler[TextIO] = logging.StreamHandler()


class NoInput(RuntimeError):
    """A block asked a person for something, and nobody is there."""


def _refuse(*_arguments: Any, **_named: Any) -> NoReturn:
    raise NoInput(
        "A block cannot ask for input while it runs: make the value a parameter of the pipeline or"
        " a `with:` setting of the block."
    )


class _NoStdin(io.TextIOBase):
    """Standard input that explains why there is none."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> str:
        _refuse(size)

    def readline(self, size: int = -1, /) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        _refuse(size)

    def __next__(self) -> str:
        _refuse()


@dataclass
class Surroundings:
    """The state of a clean worker: folder, environment, path, locale, mask, signals."""

    root: Path
    environment: dict[str, str]
    path: list[str]
    mask: int
    locale: str
    signals: dict[int, Any]
    builtin: dict[str, Any]
    modules: ProjectModules
    process_wide: ProcessWide
    spent: bool = False
    """The last job left something running here that cannot be ended."""

    @classmethod
    def of_now(cls, root: Path) -> Surroundings:
        """Note the state of this process and close its doors to a terminal."""
        mask = os.umask(0o077)
        os.umask(mask)
        sys.dont_write_bytecode = True  # no __pycache__ in the user's repository
        builtins.input = _refuse
        builtins.__dict__["display"] = (
            display  # as in a notebook; blocks may import it all the same
        )
        modules = ProjectModules(root)
        modules.install()
        block_logger = logging.getLogger("headrace.block")
        block_logger.addHandler(_log_handler)
        block_logger.setLevel(logging.INFO)
        block_logger.propagate = False
        return cls(
            root=root,
            environment=dict(os.environ),
            path=[entry for entry in sys.path if entry],
            mask=mask,
            modules=modules,
            process_wide=ProcessWide.of_now(),
            builtin=dict(vars(builtins)),
            locale=locale.setlocale(locale.LC_ALL),
            signals={
                number: signal.getsignal(number)
                for number in signal.valid_signals()
                if number not in _KEEP and signal.getsignal(number) is not None
            },
        )

    @contextlib.contextmanager
    def of_job(self, job: Job) -> Generator[None]:
        """Make everything as new, send what is printed to the job's log, and limit memory."""
        folder = self.root / "pipelines" / job.pipeline
        self._restore([str(folder), str(self.root)])
        self.modules.begin(job.modules)
        before = _limit_memory(job.memory_bytes)
        leader, threads = os.getpid(), set(threading.enumerate())
        try:
            with _log_to(job.log_path):
                try:
                    yield
                finally:
                    for timer in _TIMERS:  # none may go off while nothing runs
                        signal.setitimer(timer, 0)
                    lift_memory_limit()
                    self.spent = not _left_clean(leader, threads)
        finally:
            if before is not None:
                resource.setrlimit(resource.RLIMIT_DATA, before)

    def _restore(self, first: list[str]) -> None:
        if self.root.is_dir():
            os.chdir(self.root)
        os.umask(self.mask)
        if dict(os.environ) != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
            time.tzset()  # C's notion of the time zone follows the environment only when told
        self.process_wide.restore()
        names = builtins.__dict__
        if names != self.builtin:
            names.update(self.builtin)
            for name in names.keys() - self.builtin.keys():
                del names[name]
        getpass.getpass = _refuse
        sys.breakpointhook = _refuse
        sys.path[:] = first + self.path
        if locale.setlocale(locale.LC_ALL) != self.locale:
            locale.setlocale(locale.LC_ALL, self.locale)
        for number, handler in self.signals.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


def _left_clean(leader: int, threads: set[threading.Thread]) -> bool:
    """End the processes that a block has left over, and say so in its log.

    Returns False when something of the block still runs: a process, or a thread, which nobody
    outside of it can end.
    """
    clean = True
    if os.getpid() != leader:
        return clean  # a copy that the block has forked, about to end
    if has_children():
        ended, clean = end_below(os.getpid(), lambda pid: _SPARED in command_of(pid), _LEFT_OVER_S)
        if ended:
            count = "a process" if len(ended) == 1 else f"{len(ended)} processes"
            _say(f"Headrace ended {count} that this block left over: {', '.join(ended[:5])}")
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in threads and not thread.name.startswith(_LIBRARY_THREADS)
    ]
    if left:
        names = ", ".join(thread.name for thread in left[:5])
        _say(f"This block left {len(left)} running thread(s) ({names}): its worker is replaced.")
    return clean and not left


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode("utf-8", "replace"))


def lift_memory_limit() -> None:
    """Let this process take what the machine has: there is a failure to be described."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def release_blas() -> None:
    """Let numpy's OpenBLAS use all processors; the template keeps it to one thread."""
    import numpy as np

    folder = Path(np.__file__).parent.parent / "numpy.libs"
    for library in folder.glob("libscipy_openblas64_*"):
        set_threads = getattr(ctypes.CDLL(str(library)), "scipy_openblas_set_num_threads64_", None)
        if set_threads is not None:
            set_threads(len(os.sched_getaffinity(0)))


def _limit_memory(allowance: int | None) -> tuple[int, int] | None:
    """Let this job have `allowance` bytes beyond what the worker has now."""
    if not allowance:
        return None
    before = resource.getrlimit(resource.RLIMIT_DATA)
    used = 0
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            used = int(line.split()[1]) * 1024
    limit = used + allowance
    if before[1] != resource.RLIM_INFINITY:
        limit = min(limit, before[1])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, before[1]))
    return before


@contextlib.contextmanager
def _log_to(path: str) -> Generator[None]:
    """Send fds 1 and 2, from Python and from C alike, to the end of a file."""
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    else:
        descriptor = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    out, error = _text_stream(1), _text_stream(2)
    _log_handler.stream = error  # setStream() would flush the old one, which may be closed
    sys.stdin = sys.__stdin__ = _NoStdin()  # pyright: ignore[reportAttributeAccessIssue]
    sys.stdout = sys.__stdout__ = out  # pyright: ignore[reportAttributeAccessIssue]
    sys.stderr = sys.__stderr__ = error  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr, out, error):
            with contextlib.suppress(Exception):
                stream.flush()
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.close(nothing)


def _text_stream(descriptor: int) -> TextIO:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw, 1 << 16),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
