"""A browser that was offline comes back: what it then knows is what the server says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .plant import Plant

LIMIT_S = 60.0


class Browser:
    """Keeps what it is told of `steps`, over all of its connections, as the page does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.told: list[dict[str, Any]] = []

    def connect(self, *then: dict[str, Any], until: Any) -> None:
        """Open the session, after what is known; send commands; listen until something is told."""
        known = [message for message in self.told if "seq" in message]
        asked: dict[str, Any] = {"op": "open-session", "pipeline": "steps", "req": "open"}
        if known:
            epochs = [m["epoch"] for m in known if m["op"] == "snapshot-taken"]
            asked |= {"after": known[-1]["seq"], "epoch": epochs[-1]}
        heard: list[dict[str, Any]] = []
        with self.server.ws() as line:
            for message in (asked, *then):
                line.send(json.dumps(message))
            while not any(until(message) for message in heard):
                frame = json.loads(line.recv(timeout=LIMIT_S))
                heard += frame if isinstance(frame, list) else [frame]
        self.told += [m for m in heard if m.get("pipeline") == "steps" and "seq" in m]

    def run(self, *blocks: str) -> str:
        """Run blocks as the editor does; return the run when it is over."""
        command = {"op": "run-blocks", "pipeline": "steps", "req": "run", "blocks": list(blocks)}
        self.connect({**command, "force": True}, until=lambda m: m["op"] == "run-finished")
        return self.told[-1]["run"]

    @property
    def snapshots(self) -> int:
        return sum(message["op"] == "snapshot-taken" for message in self.told)

    def status(self) -> dict[str, str]:
        """Block → state, by the newest snapshot and the events after it, none left out."""
        at = max(i for i, message in enumerate(self.told) if message["op"] == "snapshot-taken")
        status = {n: s.get("state", "idle") for n, s in self.told[at]["state"]["status"].items()}
        events = self.told[at:]
        numbers = [event["seq"] for event in events]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "no gap, none twice"
        for event in events:
            match event["op"]:
                case "run-queued" if event["origin"] == "editor":
                    status |= dict.fromkeys(event["blocks"], "queued")
                case "block-started":
                    status[event["block"]] = "running"
                case "block-finished":
                    status[event["block"]] = event["state"]
                case _:
                    pass
        return status


def shown(server: Server) -> dict[str, str]:
    status = server.get("pipelines/steps").json()["status"]
    return {name: block.get("state", "idle") for name, block in status.items()}


def has_snapshot(message: dict[str, Any]) -> bool:
    return message["op"] == "snapshot-taken"


@pytest.mark.parametrize("restarted", [False, True])
def test_who_was_away_gets_what_it_missed_in_its_order(tmp_path: Path, *, restarted: bool) -> None:
    plant = Plant(tmp_path)
    with Server(plant.project) as server:
        server.wait_ready()
        away, other = Browser(server), Browser(server)
        away.connect(until=has_snapshot)
        runs = [other.run("first", "second"), other.run("third"), other.run("lone")]
        if restarted:
            server.restart()
            server.wait_ready()
            away.connect(until=has_snapshot)
        else:
            away.connect(until=lambda m: m["op"] == "run-finished" and m["run"] == runs[-1])
        assert away.snapshots == 1 + restarted, "events, if they are still there, not the whole"
        assert away.status() == shown(server)
        assert set(away.status().values()) <= {"succeeded", "cached"}
        states = {run["id"]: run["state"] for run in server.get("runs").json()["runs"]}
        assert [states.get(run, "succeeded") for run in runs] == ["succeeded"] * 3
