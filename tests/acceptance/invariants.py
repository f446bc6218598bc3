"""What must hold after every crash, whatever was killed: I1 to I10.

`check` looks from outside: at the files, at the database, at the processes, at what the API says,
and at the effects that blocks left outside of the project.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from headrace.core.paths import ProjectPaths
from headrace.project.files import Project
from headrace.project.pipeline import TriggerSpec
from headrace.protocol.tables import BlockRun, Output, Retry
from headrace.scheduling.triggers import next_of
from headrace.store.outputs import Store

from .harness import Server
from .history import opened as opened_history
from .plant import OVER, Plant, until
from .processes import TEMPLATE, with_words

GOOD = ("succeeded", "cached")


def check(plant: Plant, server: Server, *, dead: tuple[int, ...] = ()) -> None:
    """Assert every invariant on a server that is at rest; `dead` are pids of servers before it."""
    with opened_history(plant.project) as opened:
        ticks_are_unique_and_complete(opened)
        unfinished_runs_have_a_living_owner(opened)
        blocks_follow_their_inputs(opened)
        outputs_are_what_their_digests_say(opened, plant.project / ".headrace" / "store")
        effects_match_attempts(opened, plant)
        if opened.dialect.name == "sqlite":
            assert [row[0] for row in _all(opened, "PRAGMA integrity_check")] == ["ok"], "I9"
            assert not _all(opened, "PRAGMA foreign_key_check"), "I9"
    no_process_is_left(dead)
    project_files_are_whole(plant.project)
    events_replay_to_what_the_api_says(server)


def ticks_are_unique_and_complete(opened: Connection) -> None:
    """I1: one run for a tick, and tries of it again one after the other, the tick being of the last.

    I2: between two ticks is none that is not a recorded skip. What people ask to be run once more,
    by hand or by a backfill, is theirs: for a tick it counts only as who may have it now.
    """
    tries: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(dict)
    asked: set[tuple[str, str, str]] = set()
    for run in _all(opened, "SELECT * FROM runs WHERE trigger_name IS NOT NULL"):
        tick = (run.pipeline, run.trigger_name, run.logical_time)
        if run.origin == "backfill":
            asked.add(tick)
        elif run.origin == "trigger" or run.retry is not None:
            tries[tick][run.id] = run
    have_ticks = {tick.run_id for tick in _all(opened, "SELECT run_id FROM ticks")}
    for tick, runs in tries.items():
        retries = [msgspec.json.decode(run.retry, type=Retry) for run in runs.values() if run.retry]
        followed = [retry.of for retry in retries]
        going = [run for run in followed if runs[run].state != "failed"]
        assert not going, f"I1: {tick} was tried again while {going} went on"
        assert len(followed) == len(set(followed)), f"I1: two tries of {tick} after one"
        assert len(runs) == len(followed) + 1, f"I1: two runs for a tick: {tick}"
        (last,) = set(runs) - set(followed)
        assert tick in asked or last in have_ticks, f"I1: {last} is without its tick"
    lost = _all(
        opened,
        "SELECT run_id FROM ticks WHERE run_id IS NOT NULL AND run_id NOT IN (SELECT id FROM runs)",
    )
    assert not lost, f"I1: ticks without their run: {[tuple(row) for row in lost]}"
    for trigger in _all(opened, "SELECT id, spec FROM triggers"):
        spec = msgspec.json.decode(trigger.spec, type=TriggerSpec)
        ticks = _all(
            opened,
            "SELECT logical_time, until FROM ticks WHERE trigger_id = :id ORDER BY logical_time",
            id=trigger.id,
        )
        for tick, following in pairwise(ticks):
            at = datetime.fromisoformat(tick.logical_time)
            # `until` is the end, not included, of the ticks that a skipped one stands for.
            due = datetime.fromisoformat(tick.until) if tick.until else next_of(spec, at)
            got = datetime.fromisoformat(following.logical_time)
            assert got == due, f"I2: after the tick {at} came {got}, not {due}"


def unfinished_runs_have_a_living_owner(opened: Connection) -> None:
    """I3."""
    left = _all(
        opened,
        "SELECT id, owner FROM runs WHERE state IN ('queued', 'running')"
        " AND owner NOT IN (SELECT owner FROM leases)",
    )
    assert not left, f"I3: nobody has these runs: {[tuple(row) for row in left]}"


def blocks_follow_their_inputs(opened: Connection) -> None:
    """I4: started means inputs finished. I5: attempts are 1..n, only the last one succeeded."""
    by_run: dict[str, dict[str, BlockRun]] = defaultdict(dict)
    for row in _all(opened, "SELECT run_id, name, record FROM block_runs"):
        by_run[row.run_id][row.name] = msgspec.json.decode(row.record, type=BlockRun)
    for run, blocks in by_run.items():
        for name, block in blocks.items():
            numbers = [attempt.number for attempt in block.attempts]
            assert numbers == list(range(1, len(numbers) + 1)), f"I5: {run}/{name}: {numbers}"
            states = [attempt.state for attempt in block.attempts]
            assert "succeeded" not in states[:-1], f"I5: {run}/{name} ran after it was done"
            began = block.attempts[0].started_at if block.attempts else None
            if began is None:
                continue
            for upstream in block.upstream:
                above = blocks.get(upstream)
                if above is None:
                    continue
                assert above.state in GOOD, f"I4: {run}/{name} began, {upstream} is {above.state}"
                assert above.finished_at is not None, f"I4: {run}/{upstream}"
                assert above.finished_at <= began, f"I4: {run}/{name} began before {upstream} ended"


def outputs_are_what_their_digests_say(opened: Connection, folder: Path) -> None:
    """I6: every output that a record names is stored, and stored again it has the same address."""
    outputs: dict[str, Output] = {}
    for row in _all(opened, "SELECT record FROM block_runs"):
        output = msgspec.json.decode(row.record, type=BlockRun).output
        if output is not None:
            outputs[output.address] = output
    for row in _all(opened, "SELECT output FROM results"):
        output = msgspec.json.decode(row.output, type=Output)
        outputs[output.address] = output
    store = Store(folder)
    with tempfile.TemporaryDirectory() as scratch:
        again = Store(Path(scratch) / "store")
        for address, output in outputs.items():
            value = store.get(output)
            if output.kind in ("json", "table", "nothing"):
                assert again.put(value).address == address, f"I6: {address}"


def effects_match_attempts(opened: Connection, plant: Plant) -> None:
    """Executions are at most one for an attempt, and none comes after the one that succeeded."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for effect in plant.effects():
        seen[effect.run, effect.block].append(effect.attempt)
    known = {row.id: row.state for row in _all(opened, "SELECT id, state FROM runs")}
    for (run, name), attempts in seen.items():
        doubled = [number for number, many in Counter(attempts).items() if many > 1]
        assert not doubled, f"attempts {doubled} of {run}/{name} ran twice"
        assert run in known, f"run {run} executed {name} and is not recorded"
    for row in _all(opened, "SELECT run_id, name, record FROM block_runs"):
        block = msgspec.json.decode(row.record, type=BlockRun)
        attempts = seen.get((row.run_id, row.name), [])
        where = f"{row.run_id}/{row.name}"
        assert attempts == sorted(attempts), f"{where}: {attempts}"
        assert set(attempts) <= {a.number for a in block.attempts}, f"{where} ran unrecorded"
        if block.state == "succeeded":
            assert attempts[-1:] == [block.attempts[-1].number], f"{where}: {attempts}"


def _all(opened: Connection, statement: str, **values: Any) -> list[Any]:
    return list(opened.execute(text(statement), values).all())


def no_process_is_left(dead: tuple[int, ...]) -> None:
    """I7: of a dead server neither template nor worker runs."""
    until(
        lambda: not [left for pid in dead for left in with_words(TEMPLATE, str(pid))],
        "I7: the end of the processes of a dead server",
    )


def project_files_are_whole(root: Path) -> None:
    """I8: every file parses; no temporary file and no unfinished journal is left."""
    paths = ProjectPaths.of(root)
    project = Project(paths)
    for name in project.list_pipelines():
        problems = project.read(name).pipeline.problems
        assert not problems, f"I8: {name}: {[problem.message for problem in problems]}"
    places = [*root.glob(".*.tmp"), *paths.state.glob(".*.tmp")]
    for folder in (paths.pipelines, paths.blocks, paths.state / "journal"):
        places += folder.rglob("*.tmp") if folder.is_dir() else ()
    journal = paths.state / "journal"
    places += journal.iterdir() if journal.is_dir() else ()
    assert not places, f"I8: left behind: {places}"


def events_replay_to_what_the_api_says(server: Server) -> None:
    """I10: the events of a run, applied to a snapshot, give the state that the API shows."""
    pipelines = [row["name"] for row in server.get("pipelines").json()["pipelines"]]
    if "steps" not in pipelines:
        return
    with server.ws() as line:
        heard: list[dict[str, Any]] = []

        def listen(wanted: Any) -> None:
            while not any(wanted(message) for message in heard):
                frame = json.loads(line.recv(timeout=30))
                heard.extend(frame if isinstance(frame, list) else [frame])

        line.send(json.dumps({"op": "open-session", "pipeline": "steps", "req": "o"}))
        listen(lambda m: m["op"] == "snapshot-taken" and m.get("pipeline") == "steps")
        asked = {"op": "run-blocks", "pipeline": "steps", "req": "r", "blocks": ["lone"]}
        line.send(json.dumps({**asked, "only": True, "force": True}))
        listen(lambda m: m.get("req") == "r")
        answer = next(m for m in heard if m.get("req") == "r")
        assert answer["op"] == "accepted", f"I10: {answer}"
        run = answer["result"]["run"]
        listen(lambda m: m["op"] == "run-finished" and m.get("run") == run)
    own = [m for m in heard if m.get("pipeline") == "steps" and "seq" in m]
    numbers = [m["seq"] for m in own]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"I10: gap in {numbers}"
    snapshot = next(m for m in own if m["op"] == "snapshot-taken")
    status = {n: s.get("state", "idle") for n, s in snapshot["state"]["status"].items()}
    for event in own:
        match event["op"]:
            case "run-queued" if event["origin"] == "editor":
                status |= dict.fromkeys(event["blocks"], "queued")
            case "block-started" if event["run"] == run:
                status[event["block"]] = "running"
            case "block-finished" if event["run"] == run:
                status[event["block"]] = event["state"]
            case "block-failed" if event["run"] == run:
                status[event["block"]] = "queued" if event.get("retry_at") else "failed"
            case _:
                pass
    shown = server.get("pipelines/steps").json()["status"]
    assert status["lone"] == shown["lone"]["state"], "I10"
    record = server.get(f"runs/{run}").json()
    finished = next(m for m in own if m["op"] == "run-finished" and m["run"] == run)
    assert record["state"] == finished["state"], "I10"
    assert record["state"] in OVER, "I10"
    assert [b["state"] for b in record["blocks"]] == [status["lone"]], "I10"
