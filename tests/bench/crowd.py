"""Many clients of the event stream in one process: plain sockets, so that the server is measured.

Usage: crowd.py PORT PATH TOKEN PIPELINE CLIENTS. Prints a line when all follow the pipeline, and at
the end of its input, as JSON, how late each event came in milliseconds.
"""

from __future__ import annotations

import base64
import json
import re
import selectors
import socket
import sys
import time

_SAID = re.compile(rb"T(\d+\.\d+)")


def connect(port: int, path: str, token: str, pipeline: str) -> socket.socket:
    """Shake hands and ask for a pipeline's events."""
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(
        f"GET {path}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: token {token}\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(b'0' * 16).decode()}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += line.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head
    said = json.dumps({"op": "open-session", "pipeline": pipeline, "req": "1"}).encode()
    line.sendall(bytes([0x81, 0x80 | len(said), 0, 0, 0, 0]) + said)  # masked with nothing
    return line


def main() -> None:
    port, path, token, pipeline, count = sys.argv[1:]
    lines = [connect(int(port), path, token, pipeline) for _ in range(int(count))]
    for line in lines:
        buffer = b""
        while b'"accepted"' not in buffer:
            buffer += line.recv(65536)
        line.setblocking(False)
    chooser = selectors.DefaultSelector()
    for line in lines:
        chooser.register(line, selectors.EVENT_READ)
    chooser.register(sys.stdin, selectors.EVENT_READ)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    late: list[float] = []
    while True:
        for key, _ in chooser.select():
            if key.fileobj is sys.stdin:
                sys.stdout.write(json.dumps(late) + "\n")
                return
            assert isinstance(key.fileobj, socket.socket)
            content = key.fileobj.recv(65536)
            assert content, "the server hung up"
            now = time.time()
            late.extend((now - float(said)) * 1000 for said in _SAID.findall(content))


if __name__ == "__main__":
    main()
