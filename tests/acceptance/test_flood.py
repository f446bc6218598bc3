"""A block that never stops printing: nobody else feels it, and its log is whole up to its cap."""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.workers.logs import CAP_BYTES

from .clients import Listener, p99, reads_nothing, round_trips, rss_of, start_idler, tell
from .harness import Server
from .plant import until

FLOOD_S = float(os.environ.get("HEADRACE_FLOOD_S", "10"))
ROUNDS = 3
"""What is felt only now and then is other work of this machine, which makes everyone wait."""
MIB = 1 << 20
HEAD = "from headrace import loader\n\n\n@loader\ndef b(){}:\n"
FLOOD = HEAD.format("") + "    n = 0\n    while True:\n        print('line', n)\n        n += 1\n"
PIPELINES = {
    "flood": FLOOD,
    "quiet": HEAD.format("") + "    return 1\n",
    "slow": HEAD.format("") + "    import time\n    time.sleep(60)\n",
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


def say(figures: str) -> None:
    """Show what was measured to whoever runs this with `-s`."""
    sys.stdout.write(f"\n{figures}\n")


def test_nobody_feels_a_block_that_never_stops_printing(server: Server) -> None:
    server.run("quiet")
    felt = [flood(server)]
    while felt[-1] and len(felt) < ROUNDS:
        felt.append(flood(server))
    assert not felt[-1], felt


def flood(server: Server) -> str:
    """Let the block print; return the figures if others felt it."""
    with server.ws() as watcher:
        listener = Listener(watcher)
        tell(watcher, "open-session", "flood")
        before = rss_of(server)
        run = server.post("pipelines/flood/runs").json()["id"]
        until(lambda: listener.texts, "the first lines")
        idler = start_idler(FLOOD_S)
        trips = round_trips(server, FLOOD_S)
        status = server.get(f"status?window={min(60, round(FLOOD_S))}").json()
        grown = rss_of(server) - before
        seconds = listener.texts[-1][0] - listener.texts[0][0]
        log = server.project / ".headrace" / "logs" / run / "b.1.log"
        written = log.stat().st_size
        began = time.monotonic()
        server.post(f"runs/{run}/cancel")
        until(lambda: server.get(f"runs/{run}").json()["state"] == "cancelled", "the end")
        stopped_s = time.monotonic() - began
    idle_ms = float(idler.communicate(timeout=60)[0])
    sent = sum(size for _, size in listener.texts)
    figures = (
        f"flood {FLOOD_S:g} s: RSS +{grown / MIB:.1f} MiB, round trip p50"
        f" {statistics.median(trips) * 1000:.2f} p99 {p99(trips) * 1000:.2f} ms, loop lag p99"
        f" {status['loop_lag_p99_ms']} of an idle process {idle_ms:.1f} ms, log {written / MIB:.0f} MiB,"
        f" sent {sent / seconds / 1024:.0f} KiB/s in {len(listener.texts) / seconds:.1f}"
        f" updates/s, stopped after {stopped_s:.2f} s"
    )
    say(figures)
    assert grown < 50 * MIB, figures
    assert sent <= (seconds + 2) * 256 * 1024, figures
    assert len(listener.texts) <= seconds * 21 + 3, figures
    assert stopped_s <= 12, figures
    the_log_is_whole_up_to_its_cap(log)
    late = status["loop_lag_p99_ms"] > 10 + idle_ms
    return figures if late or p99(trips) > 0.050 + idle_ms / 1000 else ""


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
    assert delayed - usual < max(5, usual)
