"""A socket with frames on the event loop: never blocks, never loses the order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import msgspec

from headrace.workers.wire import FrameBuffer, frame

_CHUNK = 1 << 18


class Channel:
    """Sends and receives frames; `on_message` gets each, `on_end` is called once at EOF."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        on_message: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        connection.setblocking(False)  # noqa: FBT003 - the standard library asks for it
        self._loop = loop
        self._connection = connection
        self._on_message = on_message
        self._on_end = on_end
        self._incoming = FrameBuffer()
        self._outgoing = bytearray()
        self._open = True
        loop.add_reader(connection.fileno(), self._readable)

    def send(self, message: bytes) -> None:
        """Send one message now, or as soon as the other side reads; nothing after the end."""
        if not self._open:
            return
        data = frame(message)
        if not self._outgoing:
            try:
                sent = self._connection.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # the reader sees the end and reports it
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.add_writer(self._connection.fileno(), self._writable)
        self._outgoing += data

    def drain(self) -> None:
        """Take in what has already arrived: the last words of a process that ended."""
        while self._open and self._receive():
            pass

    def close(self) -> None:
        """Close without calling `on_end`."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._connection.fileno())
            self._loop.remove_writer(self._connection.fileno())
            self._connection.close()

    def _readable(self) -> None:
        self._receive()

    def _receive(self) -> bool:
        try:
            part = self._connection.recv(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            part = b""
        if not part:
            self.close()
            self._on_end()
            return False
        try:
            for message in self._incoming.feed(part):
                self._on_message(message)
        except (ValueError, msgspec.MsgspecError):
            # Something else wrote into the socket: nothing that follows can be trusted.
            self.close()
            self._on_end()
            return False
        return True

    def _writable(self) -> None:
        try:
            sent = self._connection.send(self._outgoing)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._outgoing)
        del self._outgoing[:sent]
        if not self._outgoing:
            self._loop.remove_writer(self._connection.fileno())
