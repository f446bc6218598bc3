"""From the start of the process to the first answer."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.acceptance.harness import headrace_command
from tests.bench import projects
from tests.bench.figures import Figure

TARGET_S = 0.6
_HELLO = """
import sys
from tornado import httpserver, ioloop, netutil, web
class Hello(web.RequestHandler):
    def get(self): self.finish("hello")
server = httpserver.HTTPServer(web.Application([("/", Hello)]))
server.add_sockets(netutil.bind_sockets(int(sys.argv[1]), "127.0.0.1"))
ioloop.IOLoop.current().start()
"""
_JUPYTER = "import jupyter_server.serverapp"


def measure(rounds: int) -> list[Figure]:
    """The real command, the floor and the plain import of its framework, turn by turn."""
    ours: list[float] = []
    hello: list[float] = []
    jupyter: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        project = projects.empty(Path(folder) / "p")
        _ = _until_answer(_start_of(project))  # writes byte code and the database
        for _ in range(rounds):
            ours.append(_until_answer(_start_of(project)))
            hello.append(_until_answer(lambda port: [sys.executable, "-c", _HELLO, str(port)]))
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", _JUPYTER], check=True)
            jupyter.append(time.perf_counter() - began)
    floor = sorted(hello)[len(hello) // 2]
    return [
        Figure("start to first 200", "s", ours, TARGET_S, floor, "bare Tornado"),
        Figure("only importing jupyter_server", "s", jupyter),
    ]


def _start_of(project: Path):
    return lambda port: [
        *headrace_command(), "start", str(project), "--port", str(port), "--no-browser",
    ]  # fmt: skip


def _until_answer(command_of) -> float:
    port = _free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        command_of(port),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    assert answer.status == 200
                    return time.perf_counter() - began
            except ConnectionError:
                pass
            except urllib.error.URLError as error:
                if not isinstance(error.reason, ConnectionError):
                    raise
            assert process.poll() is None, "the server ended"
            assert time.perf_counter() - began < 30, "no answer"
            time.sleep(0.002)
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
