"""Frames and messages between the pool, the template and the processes that it forks.

A frame is its length in 4 big-endian bytes, then one msgpack message. Control messages between the
pool and the template are single packets of a SEQPACKET socket and carry file descriptors.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import msgspec
from msgspec import Struct, field

from headrace.protocol.tables import Display
from headrace.workers.jobs import AnyAnswer, Job

MAX_FRAME = 1 << 30
_LENGTH = struct.Struct(">I")
_CHUNK = 1 << 18


class Settings(Struct, frozen=True, kw_only=True):
    """What a forked process must know of its project; absolute paths."""

    project_root: str
    store_folder: str
    secrets: list[str] = field(default_factory=list[str])
    """Names of the secrets that `context.secrets` gives."""


class Fork(Struct, frozen=True, kw_only=True, tag_field="op", tag="fork"):
    """Fork a process; the packet carries its end of a socket pair."""

    token: int
    role: str
    """`worker`, or `service:NAME`."""
    settings: Settings


class Up(Struct, frozen=True, kw_only=True, tag_field="op", tag="up"):
    """The template has imported everything. `threads` are the names of its threads."""

    seconds: float
    threads: list[str]
    modules: list[str] = field(default_factory=list[str])


class Forked(Struct, frozen=True, kw_only=True, tag_field="op", tag="forked"):
    """The process for `token` is there."""

    token: int
    pid: int


class Refused(Struct, frozen=True, kw_only=True, tag_field="op", tag="refused"):
    """The operating system would not fork."""

    token: int
    message: str


class Exited(Struct, frozen=True, kw_only=True, tag_field="op", tag="exited"):
    """A forked process ended, and the rest of its group was killed.

    `status` is its exit code, or minus the number of the signal that killed it.
    """

    pid: int
    status: int


TemplateMessage = Up | Forked | Refused | Exited


class Execute(Struct, frozen=True, kw_only=True, tag_field="op", tag="execute"):
    """Execute a job; `sent` is CLOCK_MONOTONIC in seconds, which all processes share."""

    job: Job
    sent: float
    connection: dict[str, Any] | None = None
    """What headrace.yaml declares of the job's connection; None when it declares none."""


class Ask(Struct, frozen=True, kw_only=True, tag_field="op", tag="ask"):
    """A question about the values of blocks executed before."""

    number: int
    question: dict[str, Any]


class Told(Struct, frozen=True, kw_only=True, tag_field="op", tag="told"):
    """The answer to a question; None when there is nothing to say."""

    number: int
    answer: dict[str, Any] | None = None


class Request(Struct, frozen=True, kw_only=True, tag_field="op", tag="request"):
    """A call of a method of a service."""

    number: int
    method: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


class Abandon(Struct, frozen=True, kw_only=True, tag_field="op", tag="abandon"):
    """Nobody waits for the answer to a call any more; it may still come."""

    number: int


class Response(Struct, frozen=True, kw_only=True, tag_field="op", tag="response"):
    """What a method returned, or why it did not: `code` and `message` as in HeadraceError."""

    number: int
    result: Any = None
    code: str = ""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict[str, Any])


WorkerRequest = Execute | Ask
WorkerMessage = AnyAnswer | Told
ServiceRequest = Request | Abandon

encode = msgspec.msgpack.encode
decode_fork = msgspec.msgpack.Decoder(Fork).decode
decode_template_message = msgspec.msgpack.Decoder(TemplateMessage).decode
decode_worker_request = msgspec.msgpack.Decoder(WorkerRequest).decode
decode_worker_message = msgspec.msgpack.Decoder(WorkerMessage).decode
decode_service_request = msgspec.msgpack.Decoder(ServiceRequest).decode
decode_response = msgspec.msgpack.Decoder(Response).decode


def frame(message: bytes) -> bytes:
    """Put the length before a message; raise ValueError beyond 1 GiB."""
    if len(message) > MAX_FRAME:
        raise ValueError(f"A message of {len(message)} bytes is too long for one frame.")
    return _LENGTH.pack(len(message)) + message


def read_frame(channel: socket.socket) -> bytes | None:
    """Wait for one message on a blocking socket; None at its end."""
    head = _read_exactly(channel, _LENGTH.size)
    if head is None:
        return None
    return _read_exactly(channel, _LENGTH.unpack(head)[0])


def _read_exactly(channel: socket.socket, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = channel.recv(min(size, _CHUNK))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class FrameBuffer:
    """Collects bytes as they come and gives back whole messages."""

    __slots__ = ("_bytes",)

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, part: bytes) -> list[bytes]:
        """Return the messages that `part` completes; raise ValueError on an absurd length."""
        buffer = self._bytes
        buffer += part
        messages: list[bytes] = []
        start = 0
        while len(buffer) - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(buffer, start)
            if size > MAX_FRAME:
                raise ValueError(f"A frame says that it has {size} bytes.")
            end = start + _LENGTH.size + size
            if len(buffer) < end:
                break
            messages.append(bytes(buffer[start + _LENGTH.size : end]))
            start = end
        del buffer[:start]
        return messages


def display_of_text(text: str) -> Display:
    """Make a display of plain text, cut at 4 KiB."""
    raw = text.encode("utf-8", "backslashreplace")
    return Display(
        mime="text/plain", text=raw[:4096].decode("utf-8", "ignore"), size_bytes=len(raw)
    )
