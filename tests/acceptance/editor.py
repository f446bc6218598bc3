"""One user with one pipeline open: runs blocks by commands and hears of them by events."""

from __future__ import annotations

import json
import time
from typing import Any, Self

from .harness import Server

LIMIT_S = 60.0


class Editor:
    """A connection that has opened a pipeline."""

    def __init__(self, server: Server, pipeline: str) -> None:
        self.pipeline = pipeline
        self.is_running = False
        self._line = server.ws()
        self._number = 0

    def __enter__(self) -> Self:
        self._line.__enter__()
        self.command({"op": "open-session"})
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def command(self, command: dict[str, Any]) -> Any:
        """Give a command; return the result of its acceptance."""
        self._number += 1
        req = f"c{self._number}"
        self._line.send(json.dumps({**command, "pipeline": self.pipeline, "req": req}))
        while True:
            for message in self._receive():
                if message.get("req") == req and message["op"] in ("accepted", "refused"):
                    assert message["op"] == "accepted", message
                    return message.get("result")

    def run(self, block: str) -> float:
        """Run a block; return the seconds from the command to the event of the run's end."""
        began = time.perf_counter()
        self.start(block)
        self.finish()
        return time.perf_counter() - began

    def start(self, block: str) -> None:
        """Send the command that runs a block."""
        self._number += 1
        command = {"op": "run-blocks", "pipeline": self.pipeline, "blocks": [block]}
        self._line.send(json.dumps({**command, "req": f"c{self._number}"}))
        self.is_running = True

    def finish(self) -> None:
        """Wait for the end of the run."""
        while self.is_running:
            self._receive()

    def _receive(self) -> list[dict[str, Any]]:
        frame = json.loads(self._line.recv(timeout=LIMIT_S))
        messages = frame if isinstance(frame, list) else [frame]
        for message in messages:
            assert message["op"] != "refused", message
            if message["op"] == "run-finished":
                assert message["state"] == "succeeded", message
                self.is_running = False
        return messages
