"""The server's side of the template process: starts it, asks for forks, hears of ends."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from headrace.workers.channel import Channel
from headrace.workers.processes import signal_group
from headrace.workers.wire import (
    Exited,
    Fork,
    Forked,
    Settings,
    Up,
    decode_template_message,
    encode,
)

_MAX_PACKET = 1 << 16
_CLOSE_S = 2.0


def _ignore_message(_message: bytes) -> None:
    """Nobody listens yet."""


def _ignore_up() -> None:
    """Nobody waits for it."""


def _ignore_exit(_status: int | None, _reason: str) -> None:
    """Nobody listens yet."""


@dataclass(eq=False)
class Child:
    """A forked process, or one that is about to be. Messages sent to it are never lost."""

    token: int
    role: str
    on_message: Callable[[bytes], None] = field(default=_ignore_message)
    on_exit: Callable[[int | None, str], None] = field(default=_ignore_exit)
    """Called once with the exit status (None: unknown) and a reason when there is no status."""
    on_up: Callable[[], None] = field(default=_ignore_up)
    """Called once the process exists."""
    channel: Channel | None = None
    pid: int | None = None
    ended: bool = False
    pending_signal: int | None = None

    def received(self, message: bytes) -> None:
        """Hand a message to whoever listens now."""
        self.on_message(message)

    @property
    def is_up(self) -> bool:
        """True when the process exists."""
        return self.pid is not None and not self.ended

    def send(self, message: bytes) -> None:
        """Send a frame; the socket keeps it until the process reads it."""
        if self.channel is not None:
            self.channel.send(message)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, now or as soon as the process exists."""
        if self.ended:
            return
        if self.pid is None:
            self.pending_signal = number
        else:
            signal_group(self.pid, number)

    def kill(self) -> None:
        """Kill the whole group."""
        self.signal(signal.SIGKILL)


class Launcher:
    """One template process and its children."""

    def __init__(self, settings: Settings, python: str, preload: Sequence[str] = ()) -> None:
        self._settings = settings
        self._python = python
        self._preload = list(preload)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tokens = itertools.count(1)
        self._asked: dict[int, Child] = {}
        """Token → child that has not been forked yet."""
        self._children: dict[int, Child] = {}
        """Process id → child."""
        self._unsent: list[tuple[bytes, socket.socket]] = []
        self._up = False
        self._closing = False
        self._failures = 0
        self.up: Up | None = None
        """What the template said of itself when it was ready."""

    @property
    def pid(self) -> int | None:
        """Process id of the template."""
        return None if self._process is None else self._process.pid

    def pids(self) -> list[int]:
        """Process ids of the children alive."""
        return list(self._children)

    def successor(self) -> Launcher:
        """Return a launcher like this one, not started, whose template loads everything anew."""
        return Launcher(self._settings, self._python, self._preload)

    def start(self) -> None:
        """Start the template; its imports take about a second, requests wait meanwhile."""
        self._loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    self._python,
                    "-m",
                    "headrace.workers.template",
                    str(theirs.fileno()),
                    str(os.getpid()),
                    *self._preload,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # no terminal to read from, no Ctrl-C from there
            )
        ours.setblocking(False)  # noqa: FBT003 - the standard library asks for it
        self._control = ours
        self._up = False
        self._loop.add_reader(ours.fileno(), self._readable)

    def fork(self, role: str) -> Child:
        """Ask for a new process; it can be written to at once."""
        if self._loop is None:
            raise RuntimeError("fork() before start()")
        token = next(self._tokens)
        child = Child(token, role)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        child.channel = Channel(self._loop, ours, child.received, child.kill)
        self._asked[token] = child
        if self._control is None:
            self._loop.call_soon(self._start_again)
        request = Fork(token=token, role=role, settings=self._settings)
        self._unsent.append((encode(request), theirs))
        self._send_requests()
        return child

    def _start_again(self) -> None:
        """Try once more after the template could not be started; fail what waits if it cannot."""
        if self._control is None and not self._closing:
            self.start()
            self._send_requests()

    async def close(self) -> None:
        """Kill the template and all children, and wait until they are gone, at most 2 s."""
        self._closing = True
        for pid in list(self._children):
            signal_group(pid, signal.SIGKILL)
        process = self._process
        if self._control is not None and self._loop is not None:
            self._loop.remove_reader(self._control.fileno())
            self._loop.remove_writer(self._control.fileno())
            self._control.close()
            self._control = None
        if process is not None:
            # The end of the control socket ends the template after it has reaped its children.
            try:
                await asyncio.to_thread(process.wait, _CLOSE_S / 2)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        for child in [*self._children.values(), *self._asked.values()]:
            self._end(child, None, "The workers were closed.")
        for _, channel in self._unsent:
            channel.close()
        self._unsent.clear()

    def _send_requests(self) -> None:
        control, loop = self._control, self._loop
        if control is None or loop is None:
            return
        while self._unsent:
            packet, channel = self._unsent[0]
            try:
                socket.send_fds(control, [packet], [channel.fileno()])
            except BlockingIOError:
                loop.add_writer(control.fileno(), self._send_requests)
                return
            except OSError:
                return  # the reader sees the end
            channel.close()
            self._unsent.pop(0)
        loop.remove_writer(control.fileno())

    def _readable(self) -> None:
        control = self._control
        while control is not None and control is self._control:
            try:
                packet = control.recv(_MAX_PACKET)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._lost()
                return
            self._handle(packet)

    def _handle(self, packet: bytes) -> None:
        message = decode_template_message(packet)
        if isinstance(message, Up):
            self._up, self.up, self._failures = True, message, 0
        elif isinstance(message, Forked):
            child = self._asked.pop(message.token, None)
            if child is None:
                return
            child.pid = message.pid
            self._children[message.pid] = child
            child.on_up()
            if child.pending_signal is not None:
                signal_group(message.pid, child.pending_signal)
        elif isinstance(message, Exited):
            child = self._children.pop(message.pid, None)
            if child is not None:
                self._end(child, message.status, "")
        else:
            child = self._asked.pop(message.token, None)
            if child is not None:
                self._end(child, None, f"No process could be started: {message.message}.")

    def _end(self, child: Child, status: int | None, reason: str) -> None:
        if child.ended:
            return
        child.ended = True
        if child.channel is not None:
            child.channel.drain()
            child.channel.close()
        child.on_exit(status, reason)

    def _lost(self) -> None:
        """The template ended by itself: its children die with it; start another."""
        control, loop = self._control, self._loop
        if control is None or loop is None:
            return
        loop.remove_reader(control.fileno())
        loop.remove_writer(control.fileno())
        control.close()
        self._control = None
        was_up = self._up
        process, status = self._process, None
        if process is not None:
            process.kill()  # it closed its socket; if that was not its end, this is
            status = process.poll()
            if status is None:
                loop.run_in_executor(None, process.wait)
        for pid in self._children:
            signal_group(pid, signal.SIGKILL)  # what blocks have started does not die with it
        lost = [*self._children.values(), *self._asked.values()]
        self._children.clear()
        self._asked.clear()
        for _, channel in self._unsent:
            channel.close()
        self._unsent.clear()
        if not self._closing:
            self._failures = 0 if was_up else self._failures + 1
            if self._failures < 3:
                self.start()
        for child in lost:
            self._end(child, None, f"The template process ended ({status}).")
