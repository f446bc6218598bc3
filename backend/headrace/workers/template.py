"""The template process: imports the libraries once, then forks workers in milliseconds.

Nothing that it imports may be used here, and nothing that starts threads on import may be imported
here, because a lock held by a thread at the fork stays locked in the child for ever.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import random
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import NoReturn

from headrace.workers.processes import (
    adopt_orphans,
    die_with_parent,
    end_below,
    families,
    has_children,
    outlive_parent,
    signal_group,
    thread_names,
)
from headrace.workers.wire import (
    Exited,
    Fork,
    Forked,
    Refused,
    Settings,
    Up,
    decode_fork,
    encode,
)

# Read by the libraries when they are loaded; taken back below, so that blocks never see them.
_QUIET = {
    "OPENBLAS_NUM_THREADS": "1",
    # Threads of OpenBLAS wait in a loop before they sleep: not for 2^26 cycles, about 20 ms of each
    # processor at the start of each worker, but for 2^20.
    "OPENBLAS_THREAD_TIMEOUT": "20",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MPLBACKEND": "agg",
}

PRELOADED = (
    "numpy",
    "pyarrow",
    "pyarrow.ipc",
    "pandas",
    "pyarrow.pandas_compat",
    "pyarrow.vendored.version",  # with the one above, what the first frame of a worker would import
    "duckdb",
    "asyncio",
    "headrace.workers.worker",
    "headrace.store.outputs",
)
_MAX_PACKET = 1 << 16
_ORPHANS_MS = 50
"""How long after the end of a worker its orphans are looked for, when nothing else is to do."""
_END_S = 1.0


def preload(modules: Sequence[str] = ()) -> None:
    """Import what workers need, and what the project names, without letting it start threads."""
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        for name in PRELOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception:  # noqa: BLE001 - a block that imports it meets the same, and says so
                traceback.print_exc()
        worker = sys.modules.get("headrace.workers.worker")
        if worker is not None:
            worker.prepare()
    finally:
        for name, value in before.items():
            if name == "MPLBACKEND":
                continue  # figures must never look for a screen, in no block
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Template:
    """The loop between the pool's requests and the ends of the forked processes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._children: dict[int, int] = {}
        """pidfd → pid"""
        self._look_for_orphans = False

    def serve(self) -> tuple[Fork, socket.socket] | None:
        """Run until the pool is gone (None), or return in a child with what it is to do."""
        while True:
            ready = self._poll.poll(_ORPHANS_MS if self._look_for_orphans else None)
            if not ready:
                self._look_for_orphans = self._end_orphans()
            for descriptor, _ in ready:
                if descriptor in self._children:
                    self._reap(descriptor)
                    continue
                try:
                    packet, descriptors, _, _ = socket.recv_fds(self._control, _MAX_PACKET, 1)
                except ConnectionResetError:  # the pool ended with messages unread
                    return None
                if not packet:
                    return None
                with socket.socket(fileno=descriptors[0]) as channel:
                    request = decode_fork(packet)
                    if self._fork(request):
                        return request, channel.dup()

    def _fork(self, request: Fork) -> bool:
        """Fork; True in the child."""
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(Refused(token=request.token, message=str(error)))
            return False
        if pid == 0:
            die_with_parent(parent)
            os.setpgid(0, 0)
            self._control.close()
            for descriptor in self._children:
                os.close(descriptor)
            return True
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # both do it, so that from now on the group can be signalled
        descriptor = os.pidfd_open(pid)
        self._children[descriptor] = pid
        self._poll.register(descriptor, select.POLLIN)
        self._tell(Forked(token=request.token, pid=pid))
        return False

    def _reap(self, descriptor: int) -> None:
        pid = self._children.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        # The group goes first, while the unreaped leader still holds its number.
        signal_group(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self._look_for_orphans = True
        self._tell(Exited(pid=pid, status=os.waitstatus_to_exitcode(status)))

    def _end_orphans(self) -> bool:
        """Kill what dead workers have left behind outside of their groups; True if there was any.

        They have this process for a parent, because it adopts orphans.
        """
        if not has_children():
            return False
        mine, workers = os.getpid(), set(self._children.values())
        orphans = [
            pid
            for pid, (parent, _, lives) in families().items()
            if lives and parent == mine and pid not in workers
        ]
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._bury(workers)
        return bool(orphans)

    def _bury(self, workers: set[int]) -> None:
        """Reap the dead among the adopted; workers are reaped by their own descriptors."""
        with contextlib.suppress(ChildProcessError):
            looking = os.WEXITED | os.WNOHANG | os.WNOWAIT
            while (dead := os.waitid(os.P_ALL, 0, looking)) is not None:
                if dead.si_pid in workers:
                    return  # `_reap` comes first; the rest has its turn after the next one
                os.waitpid(dead.si_pid, 0)

    def end_family(self) -> None:
        """Kill all workers and everything that they have started."""
        for pid in self._children.values():
            signal_group(pid, signal.SIGKILL)
        end_below(os.getpid(), lambda _pid: False, _END_S)

    def _tell(self, message: Up | Forked | Refused | Exited) -> None:
        with contextlib.suppress(OSError):  # the pool is gone: the next poll says so
            self._control.send(encode(message))

    def announce(self, seconds: float) -> None:
        """Tell the pool that forking can begin."""
        self._tell(Up(seconds=seconds, threads=thread_names()))


def become(role: str, settings: Settings, channel: socket.socket) -> NoReturn:
    """Be a worker or a service until the channel ends; never returns."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    code = 1
    try:
        kind, _, name = role.partition(":")
        if kind == "worker":
            importlib.import_module("headrace.workers.worker").main(channel, settings)
        else:
            importlib.import_module("headrace.workers.service").main(name, channel, settings)
        code = 0
    except BaseException as error:  # noqa: BLE001 - the last frame of the process: say why it ends
        traceback.print_exception(error)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Be the template: `python -m headrace.workers.template CONTROL_FD SERVER_PID [MODULE…]`."""
    started = time.monotonic()
    die_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    preload(sys.argv[3:])
    gc.collect()
    gc.freeze()
    adopt_orphans()
    template = Template(control)
    # From here on the end of the control channel tells of the server's end, and leaves the time to
    # end what blocks have started, which no signal of the kernel would reach.
    outlive_parent()
    template.announce(time.monotonic() - started)
    job = template.serve()
    if job is not None:
        request, channel = job
        become(request.role, request.settings, channel)
    template.end_family()
    os._exit(0)  # the pool is gone; nothing here is worth an orderly end


if __name__ == "__main__":
    main()
