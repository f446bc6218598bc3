"""A block that never stops printing: what another client and the server feel of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.acceptance.clients import Listener, round_trips, rss_of, start_idler, tell
from tests.acceptance.harness import Server
from tests.acceptance.plant import until
from tests.bench.figures import Figure

FLOOD_S = float(os.environ.get("HEADRACE_FLOOD_S", "10"))
TARGET_MS = 50
TARGET_LAG_MS = 10
TARGET_MB = 50
_HEAD = "from headrace import loader\n\n\n@loader\ndef b():\n"
_FLOOD = "    while True:\n        print('a line of a block that never stops printing')\n"


def measure(_rounds: int) -> list[Figure]:
    """Ask over a websocket while the block prints; the floor is the same without it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        for name, body in (("flood", _FLOOD), ("quiet", "    return 1\n")):
            pipeline = project / "pipelines" / name
            pipeline.mkdir(parents=True)
            (pipeline / "pipeline.yaml").write_text(
                "blocks:\n  - {name: b, kind: loader, file: b.py}\n"
            )
            (pipeline / "b.py").write_text(_HEAD + body)
        with Server(project) as server:
            server.wait_ready()
            server.run("quiet")
            alone = [seconds * 1000 for seconds in round_trips(server, 2)]
            with server.ws() as line:
                listener = Listener(line)
                tell(line, "open-session", "flood")
                before = rss_of(server)
                run = server.post("pipelines/flood/runs").json()["id"]
                until(lambda: listener.texts, "the first lines")
                idler = start_idler(FLOOD_S)
                beside = [seconds * 1000 for seconds in round_trips(server, FLOOD_S)]
                lag = server.get(f"status?window={min(60, round(FLOOD_S))}").json()[
                    "loop_lag_p99_ms"
                ]
                grown = (rss_of(server) - before) / 1e6
                server.post(f"runs/{run}/cancel")
    idle_ms = float(idler.communicate(timeout=10)[0])
    floor = sorted(alone)[len(alone) // 2]
    worst = sorted(beside)[len(beside) * 99 // 100]
    return [
        Figure("round trip beside endless output", "ms", beside, None, floor, "without it"),
        Figure("round trip beside endless output, p99", "ms", [worst], TARGET_MS),
        Figure(
            "loop lag p99 beside endless output",
            "ms",
            [lag],
            TARGET_LAG_MS,
            idle_ms,
            "an idle process",
        ),
        Figure("memory that endless output takes", "MB", [grown], TARGET_MB),
    ]
