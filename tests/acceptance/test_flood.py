"""A block that never stops printing: nobody else feels it, and its log is whole up to its cap."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.sync.client import ClientConnection

from headrace.workers.logs import CAP_BYTES

from .harness import Server
from .plant import until

FLOOD_S = float(os.environ.get("HEADRACE_FLOOD_S", "10"))
MIB = 1 << 20
HEAD = "from headrace import loader\n\n\n@loader\ndef b(){}:\n"
FLOOD = HEAD.format("") + "    n = 0\n    while True:\n        print('line', n)\n        n += 1\n"
PIPELINES = {
    "flood": FLOOD,
    "quiet": HEAD.format("") + "    return 1\n",
    "slow": HEAD.format("") + "    import time\n    time.sleep(5)\n",
    # 20,000 events of about 10 KB: what a client that never reads must not cost
    "shower": HEAD.format("")
    + "    import sys, time\n"
    + "    until = time.monotonic() + 8\n"
    + "    while time.monotonic() < until:\n"
    + "        sys.stdout.write('x' * 9_999 + '\\n')\n",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    for name, source in PIPELINES.items():
        folder = tmp_path / "project" / "pipelines" / name
        folder.mkdir(parents=True)
        (folder / "pipeline.yaml").write_text("blocks:\n  - {name: b, kind: loader, file: b.py}\n")
        (folder / "b.py").write_text(source)
    with Server(tmp_path / "project") as running:
        running.wait_ready()
        yield running


class Listener(threading.Thread):
    """A client that reads all it gets, and counts what the block's log sends it."""

    def __init__(self, line: ClientConnection) -> None:
        super().__init__(daemon=True)
        self.line = line
        self.texts: list[tuple[float, int]] = []
        self.stages: list[str] = []
        self.start()

    def run(self) -> None:
        for frame in self.line:
            decoded: Any = json.loads(frame)
            for event in decoded if isinstance(decoded, list) else [decoded]:
                if event["op"] == "log-appended":
                    self.texts.append((time.monotonic(), len(event["text"])))
                if event["op"] == "stop-advanced":
                    self.stages.append(event["stage"])


def tell(line: ClientConnection, op: str, pipeline: str, **more: Any) -> None:
    line.send(json.dumps({"op": op, "pipeline": pipeline, "req": "1", **more}))


def answer_of(line: ClientConnection) -> Any:
    while True:
        decoded: Any = json.loads(line.recv(timeout=10))
        for event in decoded if isinstance(decoded, list) else [decoded]:
            if event["op"] in ("accepted", "refused"):
                return event


def say(figures: str) -> None:
    """Show what was measured to whoever runs this with `-s`."""
    sys.stdout.write(f"\n{figures}\n")


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


def test_nobody_feels_a_block_that_never_stops_printing(server: Server) -> None:
    server.run("quiet")
    with server.ws() as watcher:
        listener = Listener(watcher)
        tell(watcher, "open-session", "flood")
        before = rss_of(server)
        run = server.post("pipelines/flood/runs").json()["id"]
        until(lambda: listener.texts, "the first lines")
        trips = round_trips(server, FLOOD_S)
        status = server.get("status").json()
        grown = rss_of(server) - before
        seconds = listener.texts[-1][0] - listener.texts[0][0]
        log = server.project / ".headrace" / "logs" / run / "b.1.log"
        written = log.stat().st_size
        began = time.monotonic()
        server.post(f"runs/{run}/cancel")
        until(
            lambda: server.get(f"runs/{run}").json()["state"] == "cancelled", "the end", limit_s=12
        )
        stopped_s = time.monotonic() - began
    sent = sum(size for _, size in listener.texts)
    figures = (
        f"flood {FLOOD_S:g} s: RSS +{grown / MIB:.1f} MiB, round trip p50"
        f" {statistics.median(trips) * 1000:.2f} p99 {p99(trips) * 1000:.2f} ms, loop lag p99"
        f" {status['loop_lag_p99_ms']} max {status['loop_lag_ms']} ms, log {written / MIB:.0f} MiB,"
        f" sent {sent / seconds / 1024:.0f} KiB/s in {len(listener.texts) / seconds:.1f}"
        f" updates/s, stopped after {stopped_s:.2f} s"
    )
    say(figures)
    assert grown < 50 * MIB, figures
    assert p99(trips) < 0.050, figures
    assert status["loop_lag_p99_ms"] <= 10, figures
    assert sent <= (seconds + 2) * 256 * 1024, figures
    assert len(listener.texts) <= seconds * 21 + 3, figures
    assert stopped_s <= 12, figures
    the_log_is_whole_up_to_its_cap(log)


def the_log_is_whole_up_to_its_cap(log: Path) -> None:
    """Every line is there, or the note of the cut says how many bytes are not."""
    assert log.stat().st_size <= CAP_BYTES + 256 * MIB
    expected, missing = 0, 0
    with log.open("rb") as lines:
        for line in lines:
            if line == b"line %d\n" % expected:
                expected += 1
                continue
            note = re.search(rb"([\d,]+) bytes of output left out", line)
            if note:
                missing += int(note[1].replace(b",", b""))
                lines.readline()  # the tail begins somewhere within a line
                known = re.fullmatch(rb"line (\d+)\n", lines.readline())
                assert known is not None
                expected = int(known[1]) + 1
            else:
                at_the_cut = lines.readline().startswith("…".encode()) or not lines.read(1)
                assert at_the_cut, (expected, line)
                return
    assert expected > 100_000 or missing


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


def test_a_client_that_never_reads_costs_little(server: Server) -> None:
    server.run("shower", timeout_s=40)  # what a log costs without anybody who looks
    before = rss_of(server)
    lines = [reads_nothing(server, "shower") for _ in range(5)]
    server.run("shower", force=True, timeout_s=40)
    each = (rss_of(server) - before) / len(lines)
    say(f"a client that never reads: RSS +{each / MIB:.2f} MiB")
    for line in lines:
        line.close()
    assert each <= MIB


def test_a_sleep_in_one_pipeline_does_not_delay_another(server: Server) -> None:
    def timed() -> float:
        began = time.perf_counter()
        record = server.run("quiet", force=True)
        assert record["state"] == "succeeded"
        started = record["started_at"], record["finished_at"]
        assert all(started)
        return record["seconds"] or time.perf_counter() - began

    for _ in range(5):
        timed()
    alone = [timed() for _ in range(20)]
    run = server.post("pipelines/slow/runs").json()["id"]
    until(lambda: server.get(f"runs/{run}").json()["state"] == "running", "the sleeper")
    beside = [timed() for _ in range(40)]
    assert server.get(f"runs/{run}").json()["state"] == "running"
    server.post(f"runs/{run}/cancel")
    alone += [timed() for _ in range(20)]
    # The faster half: what slows the rest is whatever else this machine does.
    usual, delayed = (statistics.quantiles(times, n=4)[0] * 1000 for times in (alone, beside))
    say(f"a no-op takes {usual:.1f} ms, beside a sleep {delayed:.1f} ms")
    assert delayed - usual < 5
