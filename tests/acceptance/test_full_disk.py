"""The disk of a project is full: nothing is lost, it is said, and with room again all goes on.

On a real disk of 192 MB, filled to the last byte. R21 of the reliability suite.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection

from .disk import MB, mounting, small_disk
from .harness import Server
from .history import rows
from .invariants import check
from .plant import OVER, Plant, all_over, start_run, until

KEPT_BACK = 16 * MB


def kept_back(project: Path) -> bool:
    """Tell whether the server has put space by for its history."""
    file = project / ".headrace" / "ballast"
    return file.exists() and file.stat().st_blocks * 512 >= KEPT_BACK


def failures(record: dict[str, Any]) -> dict[str, str]:
    """Why blocks of a run failed, by name."""
    return {b["name"]: b["failure"]["kind"] for b in record["blocks"] if b["state"] == "failed"}


def state_of(server: Server, run: str, block: str) -> str:
    """What the history says of a block of a run."""
    blocks = server.get(f"runs/{run}").json()["blocks"]
    return next(b["state"] for b in blocks if b["name"] == block)


def over(server: Server, run: str) -> dict[str, Any]:
    """Wait for the end of a run."""

    def record() -> dict[str, Any] | None:
        found = server.get(f"runs/{run}").json()
        return found if found["state"] in OVER else None

    return until(record, f"the end of run {run}", 60)


def held_run(server: Server, plant: Plant) -> str:
    """Start a run, and wait until it stands at its gated block with space put by."""
    server.wait_ready()
    until(lambda: kept_back(plant.project), "what is kept back")
    run = start_run(server)
    until(lambda: plant.counts(run)["second"], "the gated block")
    return run


def is_refused(answer: httpx.Response) -> bool:
    """Tell whether an answer says that the disk is full."""
    return answer.status_code == 507 and answer.json()["error"]["code"] == "disk-full"


@mounting
def test_a_save_is_refused_with_the_old_file_whole_and_done_when_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "project") as disk:
        plant = Plant(tmp_path)
        with Server(plant.project) as server:
            server.wait_ready()
            until(lambda: kept_back(plant.project), "what is kept back")
            address = "pipelines/steps/blocks/lone/source"
            base = server.get(address).json()["hash"]
            before = plant.block_file("lone").read_bytes()
            files = sorted(path for path in plant.pipeline.rglob("*"))
            disk.fill()

            # More than the history may have been given meanwhile of what is kept back.
            new = before.decode() + "# long\n" * 120_000
            asked = {"text": new}
            condition = {"If-Match": f'"{base}"'}
            saved = server.put(address, asked, headers=condition)
            assert is_refused(saved), saved.text
            made = {"op": "add-block", "kind": "loader", "text": new}
            assert is_refused(server.post("pipelines/steps/commands", made))
            assert plant.block_file("lone").read_bytes() == before
            assert sorted(path for path in plant.pipeline.rglob("*")) == files, "nothing half"

            disk.empty()
            saved = server.put(address, asked, headers=condition)
            assert saved.is_success, saved.text
            assert plant.block_file("lone").read_text() == new
            assert server.post("pipelines/steps/commands", made).is_success
            check(plant, server)


BRANCHES = {
    "store": "return os.urandom(size())",
    "talk": "print('x' * size(), flush=True)",
    "write": "(Path('written')).write_bytes(b'x' * size())",
}
"""What takes 60 MB of the disk, and next to nothing once `gate` is there."""


@mounting
def test_a_run_fails_because_of_the_disk_and_a_retry_does_the_rest(tmp_path: Path) -> None:
    with small_disk(tmp_path / "project") as disk:
        folder = disk.folder / "pipelines" / "wide"
        folder.mkdir(parents=True)
        gate, effects = tmp_path / "gate", tmp_path / "effects.log"
        lines = ["blocks:", "  - {name: load, kind: loader, file: load.py}"]
        (folder / "load.py").write_text(
            "import pandas as pd\n\nfrom headrace import loader\n\n\n@loader\ndef load():\n"
            f"    with open({str(effects)!r}, 'a') as file:\n        file.write('load\\n')\n"
            "    return pd.DataFrame({'n': range(1000)})\n"
        )
        for name, action in BRANCHES.items():
            lines.append(
                f"  - {{name: {name}, kind: transformer, file: {name}.py, upstream: [load]}}"
            )
            (folder / f"{name}.py").write_text(
                "import os\nfrom pathlib import Path\n\nfrom headrace import transformer\n\n\n"
                f"def size():\n    return 10 if os.path.exists({str(gate)!r}) else {60 * MB}\n\n\n"
                f"@transformer\ndef {name}(load):\n    {action}\n"
            )
        (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")
        with Server(disk.folder) as server:
            server.wait_ready()
            until(lambda: kept_back(disk.folder), "what is kept back")
            disk.fill(leave=30 * MB)
            failed = server.run("wide", timeout_s=90)
            assert failed["state"] == "failed"
            assert failures(failed) == dict.fromkeys(BRANCHES, "disk-full")
            (load,) = [b for b in failed["blocks"] if b["name"] == "load"]
            assert load["state"] == "succeeded"
            stored = server.get(f"outputs/{load['output']['address']}/rows")
            assert stored.is_success, "what was stored before is whole"
            assert server.get(f"runs/{failed['id']}/blocks/talk/log").is_success
            for block in failed["blocks"]:
                if block["name"] in BRANCHES:
                    assert "No space left" in block["failure"]["message"], block["failure"]
                    assert "room" in block["failure"]["hint"]

            disk.empty()
            gate.touch()
            again = server.post(f"runs/{failed['id']}/retry")
            assert again.is_success, again.text
            record = over(server, again.json()["id"])
            assert record["state"] == "succeeded", failures(record)
            assert effects.read_text().splitlines() == ["load"], "what was done stays done"


@mounting
def test_a_run_ends_in_the_history_when_there_is_no_byte_left(tmp_path: Path) -> None:
    with small_disk(tmp_path / "project") as disk:
        plant = Plant(tmp_path, gated="second", retries=0)
        with Server(plant.project) as server:
            run = held_run(server, plant)
            disk.fill()
            plant.open_gate()
            record = over(server, run)
            assert (record["state"], failures(record)) == ("failed", {"second": "disk-full"})

            # Once more, when nearly all that was kept back is used up: what is accepted is not lost,
            # and the rest is refused in so many words.
            os.truncate(plant.project / ".headrace" / "ballast", MB)
            accepted: list[str] = []

            def refused() -> bool:
                disk.fill()
                answer = server.post("pipelines/steps/runs")
                if answer.status_code == 201:
                    accepted.append(answer.json()["id"])
                return is_refused(answer)

            until(refused, "a run that is refused", 90)
            assert not kept_back(plant.project)
            assert server.get("status").json()["state"] == "ready"
            assert server.get("runs").is_success
            assert server.get(f"runs/{run}").json() == record

            disk.empty()
            records = {run: over(server, run) for run in accepted}
            assert all(r["state"] == "succeeded" or failures(r) for r in records.values())
            assert server.run("steps")["state"] == "succeeded"
            listed = {found["id"] for found in all_over(server)}
            assert {run, *accepted} <= listed
            until(lambda: kept_back(plant.project), "what is kept back again")
            check(plant, server)


def begin_to_hear(line: ClientConnection) -> None:
    """Listen to the project."""
    line.send(json.dumps({"op": "open-session", "pipeline": "", "req": "o"}))


def word(line: ClientConnection) -> bool:
    """Wait for the next word about the disk: is it nearly full?"""
    while True:
        frame = json.loads(line.recv(timeout=60))
        for message in frame if isinstance(frame, list) else [frame]:
            if message["op"] == "snapshot-taken":
                return message["disk_low"]
            if message["op"] == "disk-space-changed":
                return message["low"]


@mounting
def test_triggers_wait_while_the_disk_is_nearly_full_and_no_tick_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "project") as disk:
        plant = Plant(tmp_path, trigger="every: 1s, overlap: allow, catchup: all")
        with (
            Server(plant.project, options=()) as server,
            server.ws() as line,
            server.ws() as later,
        ):
            server.wait_ready()
            begin_to_hear(line)
            assert word(line) is False
            until(lambda: len(ticks(plant)) >= 3, "ticks", 60)
            disk.fill(leave=90 * MB)
            assert word(line) is True
            status = server.get("status").json()
            assert (status["disk_low"], status["state"]) == (True, "ready")
            assert 0 < status["disk_free_bytes"] < 100 * MB
            begin_to_hear(later)
            assert word(later) is True, "who comes later knows as well"
            all_over(server)
            known = ticks(plant)
            until(lambda: is_past(known[-1], timedelta(seconds=4)), "ticks that are not fired")
            assert ticks(plant) == known
            assert server.run("steps")["state"] == "succeeded", "whom somebody asks for starts"

            disk.empty()
            assert word(line) is False
            until(lambda: len(ticks(plant)) >= len(known) + 5, "ticks that are caught up", 60)
            paused = server.patch("pipelines/steps/triggers/often", {"active": False})
            assert paused.is_success, paused.text
            runs = [run for run in all_over(server) if run["origin"] == "trigger"]
            assert {run["state"] for run in runs} == {"succeeded"}
            assert len(runs) == len({run["logical_time"] for run in runs})
            check(plant, server)


def ticks(plant: Plant) -> list[str]:
    """All ticks from outside, oldest first."""
    found = rows(plant.project, "SELECT logical_time FROM ticks ORDER BY logical_time")
    return [row.logical_time for row in found]


def is_past(tick: str, by: timedelta) -> bool:
    return datetime.now(UTC) > datetime.fromisoformat(tick) + by


@mounting
def test_a_server_that_died_starts_on_the_full_disk_and_takes_up_its_run(tmp_path: Path) -> None:
    with small_disk(tmp_path / "project") as disk:
        plant = Plant(tmp_path, gated="second", retries=0)
        with Server(plant.project) as server:
            run = held_run(server, plant)
            until(lambda: state_of(server, run, "lone") == "succeeded", "the block beside it")
            dead = server.pid
            server.kill9()
            disk.fill()
            server.start()
            server.wait_ready()
            until(lambda: plant.counts(run)["second"] == 2, "the second attempt", 60)
            disk.empty()
            plant.open_gate()
            record = over(server, run)
            assert (record["state"], record["attempt"]) == ("succeeded", 2)
            assert plant.counts(run) == Counter(first=1, second=2, third=1, lone=1)
            check(plant, server, dead=(dead,))
