"""What blocks write, however odd: whole on the disk, bounded and legible for everybody who looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .clients import Listener, rss_of, tell
from .harness import Server
from .plant import until

MIB = 1 << 20
LINE = 50 * MIB
BLOCKS = {
    "long_line": f"import sys\n    sys.stdout.write('x' * {LINE})\n    print('\\nend')",
    "bars": "import time\n    ending = time.monotonic() + 2\n    n = 0\n"
    "    while time.monotonic() < ending:\n"
    "        n += 1\n        print(f'\\r{n} of many', end='', flush=True)\n    print()",
    "endless": "import time\n    while True:\n        print('still here', flush=True)\n"
    "        time.sleep(0.001)",
    "raw": "import os\n    os.write(1, bytes(range(256)))\n    os.write(1, b'\\xe2\\x82\\n')\n"
    "    print('surrogate \\ud800, bomb ' + '\\x1b[' * 1000)",
    "tqdm": "import time\n    from tqdm import tqdm\n"
    "    for _ in tqdm(range(20), mininterval=0):\n        time.sleep(0.03)",
    "reported": "import sys, time\n    for n in range(4):\n"
    "        context.progress(n, 4)\n        print('50%|#####     | 1/2 [')\n        time.sleep(0.1)",
    "again": "print('attempt', context.attempt)\n    assert context.attempt == 2",
    "both": "import sys\n    for n in range(100):\n        print('out', n)\n"
    "        print('err', n, file=sys.stderr)",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("logs") / "project"
    for name, body in BLOCKS.items():
        folder = root / "pipelines" / name
        folder.mkdir(parents=True)
        head = "from headrace import loader\n\n\n@loader\ndef b(context):\n"
        (folder / "b.py").write_text(f"{head}    {body}\n")
        retry = ", retries: 2, backoff: 1ms" if name == "again" else ""
        (folder / "pipeline.yaml").write_text(
            f"blocks:\n  - {{name: b, kind: loader, file: b.py{retry}}}\n"
        )
    with Server(root) as running:
        running.wait_ready()
        yield running


def run_watched(server: Server, name: str) -> tuple[dict[str, Any], Listener]:
    with server.ws() as line:
        listener = Listener(line)
        tell(line, "open-session", name)
        record = server.run(name)
        until(lambda: "run-finished" in listener.kinds, "the end of the run")
    assert record["state"] == "succeeded", record
    return record, listener


def log_of(server: Server, record: dict[str, Any], query: str = "") -> bytes:
    answer = server.get(f"runs/{record['id']}/blocks/b/log{query}")
    assert answer.status_code == 200
    return answer.content


def test_a_line_of_50_mb_is_whole_on_the_disk_and_bounded_elsewhere(server: Server) -> None:
    server.run("both")
    before = rss_of(server)
    record, listener = run_watched(server, "long_line")
    assert sum(size for _, size in listener.texts) < 2 * MIB
    log = log_of(server, record)
    assert len(log) == LINE + len("\nend\n")
    assert rss_of(server) - before < 30 * MIB
    answer = server.get(f"runs/{record['id']}/blocks/b/log?attempt=1&tail=1000&download=1")
    assert answer.content == log[-1000:]
    assert answer.headers["X-Log-Start"] == str(len(log) - 1000)
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_bar_that_is_drawn_without_end_is_told_20_times_a_second(server: Server) -> None:
    record, listener = run_watched(server, "bars")
    assert len(listener.texts) <= 50
    assert sum(size for _, size in listener.texts) <= 4 * 256 * 1024
    assert log_of(server, record).count(b"\r") > len(listener.texts)


def test_bytes_that_are_no_text_are_kept_and_harm_nobody(server: Server) -> None:
    record, listener = run_watched(server, "raw")
    log = log_of(server, record)
    assert log.startswith(bytes(range(256)) + b"\xe2\x82\n")
    assert b"surrogate \\ud800" in log
    assert sum(len(text.encode()) for text in listener.written) == len(log)
    assert "Traceback" not in server.log_file.read_text()


def test_tqdm_tells_its_progress_and_costs_no_worker(server: Server) -> None:
    record, listener = run_watched(server, "tqdm")
    assert listener.progress
    assert listener.progress[-1] == (20, 20)
    assert b"worker is replaced" not in log_of(server, record)


def test_a_block_that_reports_is_believed_more_than_its_log(server: Server) -> None:
    _, listener = run_watched(server, "reported")
    assert set(listener.progress) <= {(n, 4) for n in range(4)}
    assert len(listener.progress) >= 3


def test_each_attempt_has_its_log(server: Server) -> None:
    record, _ = run_watched(server, "again")
    assert log_of(server, record, "?attempt=1") == b"attempt 1\n"
    assert log_of(server, record, "?attempt=2") == b"attempt 2\n"
    assert log_of(server, record) == b"attempt 1\nattempt 2\n"
    assert log_of(server, record, "?attempt=9") == b""


def test_both_streams_are_in_the_order_that_they_were_written(server: Server) -> None:
    record, _ = run_watched(server, "both")
    expected = "".join(f"out {n}\nerr {n}\n" for n in range(100))
    assert log_of(server, record).decode() == expected


def test_a_log_is_streamed_while_it_grows(server: Server, tmp_path: Path) -> None:
    run = server.post("pipelines/endless/runs").json()["id"]
    log = server.project / ".headrace" / "logs" / run / "b.1.log"
    until(lambda: log.exists() and log.stat().st_size > 1000, "the first lines")
    assert len(server.get(f"runs/{run}/blocks/b/log").content) >= 1000
    assert server.get(f"runs/{run}").json()["state"] == "running", "nobody waited for its end"
    server.post(f"runs/{run}/cancel")
    until(lambda: server.get(f"runs/{run}").json()["state"] == "cancelled", "the end")
