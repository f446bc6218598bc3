"""Clients of the event stream: one that reads all, one that asks, one that never reads."""

from __future__ import annotations

import base64
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
from websockets.sync.client import ClientConnection

from .harness import Server


class Listener(threading.Thread):
    """A client that reads all it gets, and counts what the block's log sends it."""

    def __init__(self, line: ClientConnection) -> None:
        super().__init__(daemon=True)
        self.line = line
        self.texts: list[tuple[float, int]] = []
        self.written: list[str] = []
        self.progress: list[tuple[float, float | None]] = []
        self.kinds: set[str] = set()
        self.start()

    def run(self) -> None:
        for frame in self.line:
            decoded: Any = json.loads(frame)
            for event in decoded if isinstance(decoded, list) else [decoded]:
                self._hear(event)

    def _hear(self, event: dict[str, Any]) -> None:
        self.kinds.add(event["op"])
        if event["op"] == "log-appended":
            self.texts.append((time.monotonic(), len(event["text"])))
            self.written.append(event["text"])
        if event["op"] == "progress-made":
            self.progress.append((event["done"], event["total"]))


def tell(line: ClientConnection, op: str, pipeline: str, **more: Any) -> None:
    line.send(json.dumps({"op": op, "pipeline": pipeline, "req": "1", **more}))


def answer_of(line: ClientConnection) -> Any:
    while True:
        decoded: Any = json.loads(line.recv(timeout=30))
        for event in decoded if isinstance(decoded, list) else [decoded]:
            if event["op"] in ("accepted", "refused"):
                return event


def rss_of(server: Server) -> int:
    return psutil.Process(server.pid).memory_info().rss


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def round_trips(server: Server, seconds: float) -> list[float]:
    """Ask as another client does, over one websocket, and return how long each answer took."""
    taken: list[float] = []
    with server.ws() as line:
        ending = time.monotonic() + seconds
        while time.monotonic() < ending:
            began = time.perf_counter()
            tell(line, "close-session", "quiet")
            answer_of(line)
            taken.append(time.perf_counter() - began)
            time.sleep(0.01)  # the pace of somebody who types
    return taken


def reads_nothing(server: Server, pipeline: str) -> socket.socket:
    """Open the event stream of a pipeline by hand, and never read from it."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", server.port))
    path = server.api.partition(str(server.port))[2]
    line.sendall(
        f"GET {path}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: token {server.token}\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(b'0' * 16).decode()}\r\n\r\n".encode()
    )
    assert line.recv(12) == b"HTTP/1.1 101"
    said = json.dumps({"op": "open-session", "pipeline": pipeline, "req": "1"}).encode()
    line.sendall(bytes([0x81, 0x80 | len(said), 0, 0, 0, 0]) + said)  # masked with nothing
    return line


_IDLER = """
import sys, time
late, ending = [], time.monotonic() + float(sys.argv[1])
while (due := time.monotonic() + 0.05) < ending:
    time.sleep(0.05)
    late.append(time.monotonic() - due)
print(sorted(late)[len(late) * 99 // 100] * 1000)
"""


def start_idler(seconds: float) -> subprocess.Popen[str]:
    """Start a process that does nothing but wake up, and see how late this machine lets it.

    It prints the 99th percentile in milliseconds: nothing can be less late beside it.
    """
    command = [sys.executable, "-c", _IDLER, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
