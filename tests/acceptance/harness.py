"""Starts the real `headrace start` and talks to it as any client would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0


def paces(limit_s: float) -> Iterator[None]:
    """Yield until `limit_s` is over, at moments to look at what is waited for.

    They come ever more slowly, a tenth of the wait apart: each look may cost what others compute with.
    """
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < limit_s:
        yield
        time.sleep(min(max(waited / 10, 0.005), 0.2))


def headrace_command() -> list[str]:
    """The installed command beside this interpreter."""
    found = shutil.which("headrace", path=str(Path(sys.executable).parent))
    return [found] if found else [sys.executable, "-m", "headrace.cli.main"]


class Server:
    """A server process of one project folder; a context manager that always ends it."""

    def __init__(
        self,
        project: Path,
        *,
        options: tuple[str, ...] = ("--no-scheduler",),
        env: dict[str, str] | None = None,
    ) -> None:
        self.project = project
        self.options = options
        self.env = env or {}
        self.process: subprocess.Popen[bytes] | None = None
        self.url = self.api = self.token = ""
        self.log_file = project.with_name(f"{project.name}.server.log")
        self.client = httpx.Client(timeout=30)
        self.start()

    @property
    def state_file(self) -> Path:
        return self.project / ".headrace" / "server.json"

    def start(self, *, port: int = 0) -> None:
        """Start, and wait until it answers."""
        self.state_file.unlink(missing_ok=True)
        command = [*headrace_command(), "start", str(self.project), "--port", str(port)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--no-browser", *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self.env},
            )
        self._wait_for(self.state_file.exists, "server.json")
        described = json.loads(self.state_file.read_text())
        self.url, self.api, self.token = described["url"], described["api"], described["token"]
        self.client.headers["Authorization"] = f"token {self.token}"
        self._wait_for(self._answers, "an answer")

    def _answers(self) -> bool:
        try:
            return self.get("status").status_code == 200
        except httpx.TransportError:
            return False

    def _wait_for(self, condition: Any, what: str) -> None:
        assert self.process is not None
        for _ in paces(START_LIMIT_S):
            if condition():
                return
            if self.process.poll() is not None:
                break
        raise AssertionError(f"no {what}:\n{self.log_file.read_text()}")

    def wait_ready(self) -> None:
        """Wait until the project is open, or say why it is not."""

        def ready() -> bool:
            status = self.get("status").json()
            if status["state"] == "failed":
                raise AssertionError(status["problem"])
            return status["state"] == "ready"

        self._wait_for(ready, "ready project")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(f"{self.api}/{path}", **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.client.post(f"{self.api}/{path}", json={} if body is None else body, **options)

    def put(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return self.client.put(f"{self.api}/{path}", json=body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return self.client.patch(f"{self.api}/{path}", json=body, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.client.delete(f"{self.api}/{path}", **options)

    def run(self, pipeline: str, *, timeout_s: float = 90, **body: Any) -> dict[str, Any]:
        """Start a run and wait for its record."""
        answer = self.post(f"pipelines/{pipeline}/runs", body)
        assert answer.status_code == 201, answer.text
        return self.finished(answer.json()["id"], timeout_s=timeout_s)

    def finished(self, run_id: str, *, timeout_s: float = 90) -> dict[str, Any]:
        """Wait for the record of a run that is over."""
        record: dict[str, Any] = {}
        for _ in paces(timeout_s):
            record = self.get(f"runs/{run_id}").json()
            if record["state"] in ("succeeded", "failed", "cancelled"):
                return record
        raise AssertionError(record)

    def ws(self, **headers: str) -> ClientConnection:
        """Open the event stream."""
        sent = {"Authorization": f"token {self.token}", **headers}
        url = self.api.replace("http", "ws", 1) + "/events"
        return connect(url, additional_headers=sent, max_size=None, proxy=None)

    def wait_dead(self) -> int:
        """Wait until it has died of itself; return its exit code."""
        assert self.process is not None
        return self.process.wait(START_LIMIT_S)

    def pause(self) -> None:
        """Let it stand still, as a machine that sleeps does."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it continue after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def kill9(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_LIMIT_S)

    def restart(self) -> None:
        """Start again on the same port, stopping it first when it still runs."""
        port = self.port
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self.start(port=port)

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT_S)

    def close(self) -> None:
        self.client.close()
        if self.process is not None and self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill9()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
