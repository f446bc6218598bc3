"""Blocks that die, misbehave or return oddities: one clear state each, and the next one runs.

One server is reused; after each case it answers at once, and a plain pipeline still runs.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from .harness import Server
from .processes import with_words
from .test_crash import until

ANSWER_LIMIT_S = 0.1
"""How soon the server answers, whatever a block has done."""

PREVIEW_LIMIT_BYTES = 1 << 20

NAP = f"613.{os.getpid()}"
"""How long processes of blocks sleep, in seconds: what tells them from those of other tests."""

TELLING = '''
def _told(value):
    """Say what came, whatever it is."""
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        dtypes = value.dtypes
        kinds = [str(kind) for kind in (dtypes if isinstance(dtypes, list) else dtypes.tolist())]
        names = list(value.columns)[:20]
        head = value.head(4).to_dict("list" if value.columns.is_unique else "split") \\
            if type(value).__module__.startswith("pandas") else value.head(4).to_dict(as_series=False)
        return f"{type(value).__name__} {value.shape} {names} {kinds[:20]} {head}"
    try:
        text = repr(value)
    except RuntimeError:
        text = f"no text of its own: {type(value).__name__}"
    return f"{type(value).__name__} {text[:600]}"
'''


@dataclass
class Case:
    """A block `b`, and what is to become of it and of the block `after` it."""

    name: str
    source: str
    """The body of the block's function, or a whole file when it has a decorator."""
    failure: str = ""
    """Kind of failure, a regular expression; empty when the block succeeds."""
    says: str = ""
    """A regular expression for the failure's message, or for what `after` got."""
    options: str = ""
    """More keys of the block in pipeline.yaml."""
    log: str = ""
    """A regular expression for the block's log."""
    limit_s: float = 25.0
    """How long the run may take."""

    @property
    def pipeline(self) -> str:
        return f"case_{self.name}"


def file_of(case: Case) -> str:
    if "@loader" in case.source:
        return dedent(case.source)
    body = indent(dedent(case.source).strip("\n"), "    ")
    return f"from headrace import loader\n\n\n@loader\ndef b():\n{body}\n"


class Project:
    """A project with a plain pipeline `sentinel`, and one pipeline for each case."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.write("sentinel", "from headrace import loader\n\n\n@loader\ndef b():\n    return 1\n")

    def write(self, name: str, source: str | bytes, options: str = "") -> None:
        folder = self.root / "pipelines" / name
        folder.mkdir(parents=True, exist_ok=True)
        raw = source if isinstance(source, bytes) else source.encode()
        (folder / "b.py").write_bytes(raw)
        after = f"from headrace import transformer\n{TELLING}\n\n@transformer\ndef after(b):\n"
        (folder / "after.py").write_text(f"{after}    return _told(b)\n")
        more = f", {options}" if options else ""
        (folder / "pipeline.yaml").write_text(
            "blocks:\n"
            f"  - {{name: b, kind: loader, file: b.py{more}}}\n"
            "  - {name: after, kind: transformer, file: after.py, upstream: [b]}\n"
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("bad"))


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    with Server(project.root) as running:
        running.wait_ready()
        yield running


def blocks_of(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["name"]: block for block in record["blocks"]}


def the_server_is_well(server: Server) -> None:
    """It answers at once, its plain pipeline runs, and it has logged no fault of its own."""
    best = min(_answer_s(server) for _ in range(3))
    assert best < ANSWER_LIMIT_S, f"the server took {best:.3f} s to answer"
    record = server.run("sentinel")
    assert record["state"] == "succeeded", record
    assert "Traceback" not in server.log_file.read_text()


def _answer_s(server: Server) -> float:
    begun = time.monotonic()
    assert server.get("status").status_code == 200
    return time.monotonic() - begun


def log_of(server: Server, record: dict[str, Any], block: str = "b") -> str:
    answer = server.get(f"runs/{record['id']}/blocks/{block}/log")
    assert answer.status_code == 200, answer.text
    return answer.text


def run_case(project: Project, server: Server, case: Case) -> dict[str, Any]:
    """Run a case and hold it to what it says; return the run's record."""
    project.write(case.pipeline, file_of(case), case.options)
    record = server.run(case.pipeline, timeout_s=case.limit_s)
    blocks = blocks_of(record)
    block, after = blocks["b"], blocks["after"]
    if case.failure:
        assert block["state"] == "failed", block
        assert re.fullmatch(case.failure, block["failure"]["kind"]), block["failure"]
        assert re.search(case.says, block["failure"]["message"]), block["failure"]
        assert after["state"] == "skipped"
    else:
        assert block["state"] == "succeeded", block.get("failure")
        assert after["state"] == "succeeded", after.get("failure")
        assert re.search(case.says, after["output"]["text"]), after["output"]
    if case.log:
        assert re.search(case.log, log_of(server, record)), log_of(server, record)[-2000:]
    output = block.get("output")
    if output and output["kind"] == "table":
        the_preview_is_bounded(server, output["address"])
    return record


def the_preview_is_bounded(server: Server, address: str) -> None:
    for accept in ("application/json", "application/vnd.apache.arrow.stream"):
        answer = server.get(
            f"outputs/{address}/rows", params={"limit": 200}, headers={"Accept": accept}
        )
        assert answer.status_code == 200, answer.text
        assert len(answer.content) <= 2 * PREVIEW_LIMIT_BYTES
    answer = server.get(f"outputs/{address}/profile")
    assert answer.status_code == 200, answer.text


DEATHS = [
    Case("exit_code", "import os\nos._exit(7)", "died", "exit code 7"),
    Case("segfault", "import ctypes\nctypes.string_at(0)", "died", "SIGSEGV.*segmentation"),
    Case("aborted", "import os\nos.abort()", "died", "SIGABRT"),
    Case(
        "killed",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "died",
        "SIGKILL",
    ),
    Case(
        "killed_group",
        "import os, signal\nos.killpg(0, signal.SIGKILL)",
        "died",
        "SIGKILL",
    ),
    Case(
        "killed_with_much_memory_to_go",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "died",
        "SIGKILL",
        options="memory: 2GB",
    ),
    Case(
        "memory_limit",
        "return len(bytearray(8 << 30))",
        "memory",
        r"memory.*limit.*300 MB",
        options="memory: 300MB",
    ),
    Case(
        "memory_limit_in_numpy",
        "import numpy as np\nreturn float(np.ones(1 << 30).sum())",
        "memory",
        r"memory.*limit.*300 MB",
        options="memory: 300MB",
    ),
    Case(
        "memory_limit_in_small_steps",
        "held = []\nwhile True:\n    held.append('x' * 1000 + str(len(held)))",
        "memory",
        r"memory.*limit.*200 MB",
        options="memory: 200MB",
    ),
    Case(
        "memory_limit_in_a_child",
        """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "bytearray(4 << 30)"], check=True)
        """,
        "exception",
        "non-zero exit status",
        options="memory: 300MB",
        log="MemoryError",
    ),
    Case("sys_exit_0", "import sys\nsys.exit(0)", "ended-early", "ended itself"),
    Case("exit_call", "exit()", "ended-early", "ended itself"),
    Case("quit_call", "quit()", "ended-early", "ended itself"),
    Case("system_exit", "raise SystemExit", "ended-early", "ended itself"),
    Case("system_exit_text", "raise SystemExit('over')", "ended-early", "over"),
    Case(
        "exit_in_the_module",
        "import sys\nfrom headrace import loader\nsys.exit(0)\n\n@loader\ndef b(): return 1\n",
        "ended-early",
        "ended itself",
    ),
    Case("timeout", "while True: pass", "timeout", "timeout of 0.3 s", options="timeout: 0.3s"),
    Case(
        "timeout_ignored",
        """
        import signal, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            try: time.sleep(60)
            except BaseException: pass
        """,
        "timeout",
        "timeout of 0.3 s",
        options="timeout: 0.3s",
        limit_s=14,
    ),
    Case("closed_stdout", "import os\nos.close(1)\nreturn 5", says="int 5"),
    Case(
        "print_to_closed_stdout",
        "import os\nos.close(1)\nprint('lost')",
        "exception",
        "Bad file descriptor",
    ),
    Case(
        "closed_streams",
        "import sys\nsys.stdout.close()\nsys.stderr.close()\nreturn 5",
        says="int 5",
    ),
    Case(
        "closed_everything",
        "import os\nos.closerange(0, 1000)\nreturn 5",
        "died",
        "closed|connection|process",
    ),
    Case("recursion", "def f(): return f()\nreturn f()", "exception", "recursion"),
    Case(
        "endless_recursion",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()",
        "memory|exception",  # which of them differs between versions of Python
        "",
        options="memory: 200MB",
    ),
    Case(
        "fork_bomb",
        "import os\nwhile True: os.fork()",
        "died",
        r"had \d+ processes at once and was killed; 512 are allowed",
    ),
    Case(
        "fork_bomb_that_moves_away",
        """
        import os, time
        while True:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
        """,
        "died",
        r"had \d+ processes at once and was killed; 512 are allowed",
    ),
    Case(
        "process_left_over",
        f"import subprocess\nsubprocess.Popen(['sleep', '{NAP}'])\nreturn 1",
        says="int 1",
        log="ended a process that this block left over: sleep 613",
    ),
    Case(
        "daemon_left_over",
        f"""
        import subprocess
        subprocess.run("setsid sh -c 'sleep {NAP} & sleep {NAP}' & sleep 0.2", shell=True, check=True)
        return 1
        """,
        says="int 1",
        log="ended 3 processes that this block left over",
    ),
    Case(
        "daemon_left_over_by_a_death",
        f"""
        import os, subprocess
        subprocess.run("setsid sh -c 'sleep {NAP} & sleep {NAP}' & sleep 0.2", shell=True, check=True)
        os._exit(3)
        """,
        "died",
        "exit code 3",
    ),
]


@pytest.mark.parametrize("case", DEATHS, ids=lambda case: case.name)
def test_a_death_is_a_failed_block_with_its_reason(
    project: Project, server: Server, case: Case
) -> None:
    record = run_case(project, server, case)
    assert record["state"] == ("failed" if case.failure else "succeeded")
    the_server_is_well(server)
    until(lambda: not list(with_words("sleep", NAP)), "the end of what the block has started")


def test_a_block_that_always_runs_out_of_memory_has_its_attempts_and_no_more(
    project: Project, server: Server
) -> None:
    effects = project.root.with_name("effects.log")
    source = f"""
        with open({str(effects)!r}, "a") as log: log.write("x")
        return len(bytearray(8 << 30))
        """
    case = Case(
        "poison",
        source,
        "memory",
        "limit of 300 MB",
        options="memory: 300MB, retries: 3, backoff: 0.01s, isolation: block",
    )
    record = run_case(project, server, case)
    attempts = blocks_of(record)["b"]["attempts"]
    assert [(a["number"], a["state"], a["failure"]["kind"]) for a in attempts] == [
        (number, "failed", "memory") for number in (1, 2, 3)
    ]
    assert effects.read_text() == "xxx", "three attempts, the first among them"
    the_server_is_well(server)


def test_only_what_retry_on_names_is_tried_again(project: Project, server: Server) -> None:
    options = "retries: 3, backoff: 0.01s, retry_on: [OSError, timeout]"
    for name, source, count in [
        ("subclass", "raise ConnectionResetError('gone')", 3),
        ("another", "raise ValueError('wrong')", 1),
    ]:
        case = Case(f"retry_on_{name}", source, "exception", "", options=options)
        record = run_case(project, server, case)
        assert len(blocks_of(record)["b"]["attempts"]) == count


def test_a_block_that_ignores_all_signals_is_cancelled_within_12_seconds(
    project: Project, server: Server
) -> None:
    source = f"""
        import signal, subprocess, time
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        subprocess.Popen(["sleep", "{NAP}"])
        print("on", flush=True)
        while True:
            try: time.sleep(60)
            except BaseException: pass
        """
    case = Case("deaf", source)
    project.write(case.pipeline, file_of(case))
    run = server.post(f"pipelines/{case.pipeline}/runs", {}).json()["id"]
    until(lambda: "on" in server.get(f"runs/{run}/blocks/b/log").text, "the block's start")
    with server.ws() as line:
        line.send(json.dumps({"op": "open-session", "pipeline": case.pipeline, "req": "o"}))
        begun = time.monotonic()
        assert server.post(f"runs/{run}/cancel").status_code < 300
        stages = _stages_until_the_end(line, run)
    assert time.monotonic() - begun < 12
    assert stages == ["interrupt", "terminate", "kill"], "each is shown"
    assert server.get(f"runs/{run}").json()["state"] == "cancelled"
    until(lambda: not list(with_words("sleep", NAP)), "the end of its child")
    the_server_is_well(server)


def _stages_until_the_end(line: ClientConnection, run: str) -> list[str]:
    stages: list[str] = []
    while True:
        frame = json.loads(line.recv(timeout=30))
        for event in frame if isinstance(frame, list) else [frame]:
            if event["op"] == "stop-advanced" and event["run"] == run:
                stages.append(event["stage"])
            if event["op"] == "run-finished" and event["run"] == run:
                return stages


@pytest.mark.parametrize("death", ["os._exit(7)", "ctypes.string_at(0)", "os.kill(os.getpid(), 9)"])
def test_a_death_is_noticed_within_half_a_second(
    project: Project, server: Server, death: str
) -> None:
    note = project.root.with_name("death")
    source = f"import ctypes, os, time\nopen({str(note)!r}, 'w').write(str(time.time()))\n{death}"
    case = Case("death_noticed", source)
    project.write(case.pipeline, file_of(case))
    delays: list[float] = []
    for _ in range(3):
        block = blocks_of(server.run(case.pipeline))["b"]
        assert block["failure"]["kind"] == "died"
        noticed = datetime.fromisoformat(block["finished_at"]).timestamp()
        delays.append(noticed - float(note.read_text()))
    assert min(delays) < 0.5, delays


def test_the_server_answers_while_a_block_forks_without_end(
    project: Project, server: Server
) -> None:
    case = Case("bomb_watched", "import os\nwhile True: os.fork()")
    project.write(case.pipeline, file_of(case))
    run = server.post(f"pipelines/{case.pipeline}/runs", {}).json()["id"]
    waits: list[float] = []
    while server.get(f"runs/{run}").json()["state"] in ("queued", "running"):
        waits.append(_answer_s(server))
    waits.sort()
    assert waits[len(waits) // 2] < ANSWER_LIMIT_S, waits
