"""A thousand clients of the event stream, and one that never reads."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.acceptance.clients import Listener, reads_nothing, rss_of, tell
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.bench import projects
from tests.bench.figures import Figure

CLIENTS, PROCESSES = 1_000, 2
SECONDS = float(os.environ.get("HEADRACE_CROWD_S", "15"))
_HEAD = "from headrace import loader\n\n\n@loader\ndef b():\n"
TELLS = f"""{_HEAD}    import time
    until = time.time() + {SECONDS}
    while time.time() < until:
        print(f"T{{time.time():.4f}}", flush=True)
        time.sleep(0.05)
"""
"""Twenty lines a second, each with the moment when it was printed."""
SHOWER = f"""{_HEAD}    import sys, time
    until = time.monotonic() + 8
    while time.monotonic() < until:
        sys.stdout.write("x" * 9_999 + "\\n")
"""
_ENTRY = "blocks:\n  - {name: b, kind: loader, file: b.py}\n"


def measure(_rounds: int) -> list[Figure]:
    """Connect, measure the memory of clients at rest, then tell all of them 20 events a second."""
    with tempfile.TemporaryDirectory() as scratch:
        project = projects.empty(Path(scratch) / "p")
        projects.add(project, "tells", _ENTRY, {"b": TELLS})
        projects.add(project, "shower", _ENTRY, {"b": SHOWER})
        with Server(project) as server:
            server.wait_ready()
            server.get("pipelines/tells")
            server.get("pipelines/shower")
            stalled = _stalled(server)
            before = rss_of(server)
            crowds = [_crowd(server, CLIENTS // PROCESSES) for _ in range(PROCESSES)]
            time.sleep(2)  # at rest is what is measured
            each = (rss_of(server) - before) / CLIENTS / 1024
            late = _told(server, crowds)
    late.sort()
    expected = CLIENTS * SECONDS * 20
    return [
        Figure("memory of an idle client", "kB", [each], 40),
        Figure(f"delay of an event to {CLIENTS:,} clients", "ms", late),
        Figure("delay of an event, p99", "ms", [late[len(late) * 99 // 100]], 500),
        Figure("events that came, of 20 a second", "%", [len(late) / expected * 100]),
        Figure("memory that a stalled client takes", "MB", [stalled], 2),
    ]


def _crowd(server: Server, count: int) -> subprocess.Popen[str]:
    path = server.api.partition(str(server.port))[2]
    script = Path(__file__).with_name("crowd.py")
    arguments = [str(server.port), path, server.token, "tells", str(count)]
    crowd = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert crowd.stdout is not None
    assert crowd.stdout.readline() == "ready\n"
    return crowd


def _told(server: Server, crowds: list[subprocess.Popen[str]]) -> list[float]:
    record = server.run("tells", timeout_s=SECONDS + 60)
    assert record["state"] == "succeeded", record
    time.sleep(1)  # what is still on its way
    late: list[float] = []
    for crowd in crowds:
        said, _ = crowd.communicate("end\n", timeout=60)
        late += json.loads(said)
    return late


def _stalled(server: Server) -> float:
    """Megabytes by which the server grows for one client that never reads.

    Another one reads all: events that are kept for whoever comes back are there in any case.
    """
    with server.ws() as followed:
        tell(followed, "open-session", "shower")
        Listener(followed)
        server.run("shower")
    base = rss_of(server)
    line = reads_nothing(server, "shower")
    time.sleep(0.5)  # it has asked
    run = server.post("pipelines/shower/runs").json()["id"]
    most: list[int] = []

    def over() -> bool:
        most.append(rss_of(server))
        return server.get(f"runs/{run}").json()["state"] == "succeeded"

    until(over, "the end of the shower", 60)
    line.close()
    return statistics.median(most[-10:]) / 1e6 - base / 1e6
