"""Runs through the API, timed from the request to the event that tells of the end."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, Self

from tests.acceptance.harness import Server

RUN_LIMIT_S = 60.0


class Runner:
    """One connection for requests and one for events, both kept open."""

    def __init__(self, server: Server, pipeline: str) -> None:
        self.server = server
        self.pipeline = pipeline
        self._http = http.client.HTTPConnection("127.0.0.1", server.port)
        self._line = server.ws()
        self.command({"op": "open-session", "pipeline": ""})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._http.close()

    def command(self, command: dict[str, Any]) -> None:
        """Give a command and wait until it is accepted."""
        self._line.send(json.dumps({**command, "req": "bench"}))
        self._wait(lambda m: m["op"] in ("accepted", "refused") and m.get("req") == "bench")

    def request(self, method: str, path: str, body: Any = None) -> bytes:
        """Ask over the kept connection; return the body of the answer."""
        headers = {
            "Authorization": f"token {self.server.token}",
            "Content-Type": "application/json",
            "Host": f"127.0.0.1:{self.server.port}",
        }
        sent = None if body is None else json.dumps(body)
        self._http.request(method, f"/api/{path}", sent, headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise AssertionError(f"{path}: {answer.status} {content[:500]!r}")
        return content

    def run(self, **parameters: Any) -> tuple[float, dict[str, Any]]:
        """Run the whole pipeline; return seconds and the record."""
        began = time.perf_counter()
        content = self.request(
            "POST", f"pipelines/{self.pipeline}/runs", {"parameters": parameters}
        )
        run = json.loads(content)["id"]
        self._wait(lambda m: _is_end_of(m, run))
        seconds = time.perf_counter() - began
        record = json.loads(self.request("GET", f"runs/{run}"))
        if record["state"] != "succeeded":
            raise AssertionError(json.dumps(record)[:2000])
        return seconds, record

    def _wait(self, wanted: Any) -> None:
        limit = time.monotonic() + RUN_LIMIT_S
        while time.monotonic() < limit:
            frame = json.loads(self._line.recv(timeout=RUN_LIMIT_S))
            if any(wanted(message) for message in (frame if isinstance(frame, list) else [frame])):
                return
        raise TimeoutError("The event did not come.")


def _is_end_of(message: dict[str, Any], run: str) -> bool:
    if message["op"] != "run-changed" or message["run"]["id"] != run:
        return False
    return message["run"]["state"] in ("succeeded", "failed", "cancelled")
