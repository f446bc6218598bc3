"""Branches at once, limits, fair shares, cancels and retries on the real server.

What overlaps is told by recorded intervals and by what the blocks themselves wrote, never by how
long something took: blocks that must still be there wait for a file that the test makes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .harness import Server
from .test_crash import until

Interval = tuple[str, str, str]
"""Name, start and end; the server's times are texts that sort."""

BLOCK = """\
import time
from pathlib import Path

from headrace import {kind}

HERE = Path({folder!r})


@{kind}
def {name}({arguments}):
    with (HERE / "effects").open("a") as effects:
        effects.write("{name}\\n")
    {body}
    return "{name}"
"""


class Project:
    """A project of pipelines whose blocks note that they executed."""

    def __init__(self, root: Path, settings: str = "") -> None:
        self.root = root
        root.mkdir()
        (root / "headrace.yaml").write_text(settings)

    def write(
        self,
        pipeline: str,
        blocks: dict[str, str],
        *,
        body: str = "time.sleep(0.1)",
        bodies: dict[str, str] | None = None,
        options: str = "",
        head: str = "",
    ) -> None:
        """Write a pipeline: block → the names of its upstream blocks."""
        folder = self.root / "pipelines" / pipeline
        folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for name, upstream in blocks.items():
            ups = ", ".join(upstream.split())
            kind = "transformer" if ups else "loader"
            text = BLOCK.format(
                kind=kind,
                folder=str(folder),
                name=name,
                arguments=ups,
                body=(bodies or {}).get(name, body),
            )
            (folder / f"{name}.py").write_text(text)
            lines.append(
                f"  - {{name: {name}, kind: {kind}, file: {name}.py, upstream: [{ups}]{options}}}\n"
            )
        (folder / "pipeline.yaml").write_text(f"{head}blocks:\n{''.join(lines)}")

    def effects(self, pipeline: str) -> Counter[str]:
        """How often each block was executed."""
        file = self.root / "pipelines" / pipeline / "effects"
        return Counter(file.read_text().split() if file.exists() else ())

    def gate(self, pipeline: str) -> str:
        """The body of a block that waits until `open_gate`."""
        return f"while not Path({str(self._gate(pipeline))!r}).exists(): time.sleep(0.01)"

    def open_gate(self, pipeline: str) -> None:
        self._gate(pipeline).touch()

    def _gate(self, pipeline: str) -> Path:
        return self.root / f"{pipeline}.gate"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., tuple[Project, Server]]]:
    """Make a project with these settings; the server starts when it is asked for."""
    running: list[Server] = []

    def make(settings: str, fill: Callable[[Project], None]) -> tuple[Project, Server]:
        project = Project(tmp_path / "project", settings)
        fill(project)
        server = Server(project.root)
        running.append(server)
        server.wait_ready()
        return project, server

    yield make
    for server in running:
        server.close()


def start(server: Server, pipeline: str, **body: Any) -> str:
    answer = server.post(f"pipelines/{pipeline}/runs", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def ended(server: Server, run: str, limit_s: float = 60) -> dict[str, Any]:
    """Wait for the end of a run; return its record."""
    found: dict[str, Any] = {}

    def over() -> bool:
        found.update(server.get(f"runs/{run}").json())
        return found["state"] in ("succeeded", "failed", "cancelled")

    until(over, limit_s)
    return found


def succeeded(server: Server, run: str) -> dict[str, Any]:
    record = ended(server, run)
    assert record["state"] == "succeeded", record
    return record


def intervals(*records: dict[str, Any]) -> list[Interval]:
    return [
        (f"{record['pipeline']}.{block['name']}", block["started_at"], block["finished_at"])
        for record in records
        for block in record["blocks"]
    ]


def most_at_once(found: Iterable[Interval]) -> int:
    """Count how many intervals there are at most at one moment; touching is not overlapping."""
    moments = [(at, change) for _, a, b in found for at, change in ((a, 1), (b, -1))]
    now = most = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def states(server: Server, run: str) -> Counter[str]:
    return Counter(block["state"] for block in server.get(f"runs/{run}").json()["blocks"])


def wide(count: int, name: str = "b") -> dict[str, str]:
    return {f"{name}{number}": "" for number in range(count)}


def test_the_branches_of_a_diamond_overlap(begin: Any) -> None:
    def fill(project: Project) -> None:
        diamond = {"a": "", "b": "a", "c": "a", "d": "b c"}
        project.write("diamond", diamond, bodies={"b": "time.sleep(0.5)", "c": "time.sleep(0.5)"})

    _, server = begin("", fill)
    record = succeeded(server, start(server, "diamond"))
    found = {name.partition(".")[2]: (a, b) for name, a, b in intervals(record)}
    assert max(found["b"][0], found["c"][0]) < min(found["b"][1], found["c"][1])
    assert found["a"][1] <= min(found["b"][0], found["c"][0])
    assert max(found["b"][1], found["c"][1]) <= found["d"][0]


def test_limits_of_run_pipeline_and_project_hold_with_three_runs_at_once(begin: Any) -> None:
    def fill(project: Project) -> None:
        project.write("p", wide(8), head="max_parallel: 2\n")
        project.write("q", wide(8))

    _, server = begin("max_parallel: 5\ndefaults: {parallel: 3}\n", fill)
    runs = [start(server, pipeline) for pipeline in ("p", "p", "q")]
    p1, p2, q = (succeeded(server, run) for run in runs)
    assert most_at_once(intervals(p1, p2)) == 2, "of a pipeline, over all its runs"
    assert most_at_once(intervals(q)) == 3, "of a run"
    assert most_at_once(intervals(p1, p2, q)) == 5, "of the project: no slot is idle, none too many"


def test_slots_of_a_pool_hold_across_pipelines(begin: Any) -> None:
    def fill(project: Project) -> None:
        for pipeline in ("p", "q"):
            project.write(pipeline, wide(3, "w"), options=", pool: warehouse")
        project.write("free", wide(3))

    _, server = begin("pools: {warehouse: 1}\n", fill)
    runs = [start(server, pipeline) for pipeline in ("p", "q", "free")]
    p, q, free = (succeeded(server, run) for run in runs)
    assert most_at_once(intervals(p, q)) == 1
    assert most_at_once(intervals(free)) > 1


def test_two_long_runs_share_the_slots_by_halves(begin: Any) -> None:
    def fill(project: Project) -> None:
        for pipeline in ("first", "second"):
            project.write(pipeline, wide(40), body="time.sleep(0.02)")

    _, server = begin("max_parallel: 2\n", fill)
    one = start(server, "first")
    until(lambda: states(server, one)["succeeded"] >= 3, 30)
    two = start(server, "second")
    records = [succeeded(server, run) for run in (one, two)]
    second_began = min(a for _, a, _ in intervals(records[1]))
    first_ended = max(b for _, _, b in intervals(records[0]))
    both = [
        name.partition(".")[0]
        for name, a, _ in intervals(*records)
        if second_began <= a <= first_ended
    ]
    shares = Counter(both)
    assert shares["first"] >= 10, "the test saw too little of both at once"
    assert 0.6 <= shares["second"] / shares["first"] <= 1.6, shares


def test_an_urgent_block_goes_first(begin: Any) -> None:
    def fill(project: Project) -> None:
        project.write("gated", {"b": ""}, body=project.gate("gated"))
        project.write("calm", wide(3))
        project.write("urgent", wide(3), options=", priority: 10")

    project, server = begin("max_parallel: 1\n", fill)
    gated = start(server, "gated")
    until(lambda: project.effects("gated")["b"] == 1, 20)
    calm, urgent = start(server, "calm"), start(server, "urgent")
    places = [server.get(f"runs/{run}").json()["blocks"] for run in (urgent, calm)]
    assert [[block["place"] for block in blocks] for blocks in places] == [[1, 2, 3], [4, 5, 6]]
    project.open_gate("gated")
    records = [succeeded(server, run) for run in (gated, calm, urgent)]
    assert max(a for _, a, _ in intervals(records[2])) < min(a for _, a, _ in intervals(records[1]))


@contextmanager
def listening(server: Server, pipeline: str) -> Iterator[tuple[Any, Callable[[str], Any]]]:
    """Open a session over the websocket; gives `send` and a wait for an event."""
    with server.ws() as socket:

        def send(**command: Any) -> None:
            socket.send(json.dumps({"pipeline": pipeline, "req": "1", **command}))

        def wait_for(op: str) -> Any:
            while True:
                heard = json.loads(socket.recv(timeout=30))
                for event in heard if isinstance(heard, list) else [heard]:
                    assert event["op"] != "refused", event
                    if event["op"] == op:
                        return event

        send(op="open-session")
        wait_for("snapshot-taken")
        yield send, wait_for


def test_a_click_in_the_editor_waits_for_no_scheduled_run(begin: Any) -> None:
    def fill(project: Project) -> None:
        project.write("nightly", wide(12), body=project.gate("nightly"))
        project.write("mine", {"b0": ""})

    project, server = begin("defaults: {parallel: 8}\n", fill)
    nightly = start(server, "nightly")
    until(lambda: project.effects("nightly").total() == 8, 30)
    with listening(server, "mine") as (send, wait_for):
        send(op="run-blocks", blocks=["b0"], dry_run=True)
        assert wait_for("accepted")["result"] == {"run": None, "blocks": ["b0"]}
        send(op="run-blocks", blocks=["b0"])
        assert wait_for("run-finished")["state"] == "succeeded"
    assert states(server, nightly) == {"running": 8, "queued": 4}
    assert project.effects("nightly").total() == 8
    project.open_gate("nightly")
    succeeded(server, nightly)


def test_one_key_gives_one_run_however_often_it_is_sent(begin: Any) -> None:
    project, server = begin("", lambda project: project.write("p", wide(2)))

    def send(_: int) -> tuple[int, str]:
        answer = server.post("pipelines/p/runs", headers={"Idempotency-Key": "a click"})
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(50) as threads:
        answers = set(threads.map(send, range(50)))
    ((status, run),) = answers
    assert status == 201
    succeeded(server, run)
    assert len(server.get("runs").json()["runs"]) == 1
    assert set(project.effects("p").values()) == {1}


def test_a_cancelled_run_with_much_to_do_leaves_nothing_running(begin: Any) -> None:
    def fill(project: Project) -> None:
        project.write("long", wide(54), body=project.gate("long"))
        project.write("next", wide(6))

    project, server = begin("max_parallel: 4\ndefaults: {parallel: 4}\n", fill)
    run = start(server, "long")
    until(lambda: project.effects("long").total() == 4, 30)
    behind = start(server, "next")
    assert states(server, run) == {"running": 4, "queued": 50}
    assert server.post(f"runs/{run}/cancel").status_code in (200, 202)
    record = ended(server, run)
    assert record["state"] == "cancelled"
    assert {block["state"] for block in record["blocks"]} == {"cancelled"}
    succeeded(server, behind)
    assert project.effects("long").total() == 4
    assert set(project.effects("next").values()) == {1}


def test_a_block_that_always_runs_out_of_memory_is_tried_as_often_as_it_says(begin: Any) -> None:
    def fill(project: Project) -> None:
        poison = "return len(bytearray(8 << 30))"
        options = ", memory: 300MB, retries: 3, backoff: 0.05s"
        project.write("p", {"poison": ""}, body=poison, options=options)

    project, server = begin("", fill)
    record = ended(server, start(server, "p"))
    (block,) = record["blocks"]
    assert (block["state"], block["failure"]["kind"]) == ("failed", "memory")
    assert [attempt["number"] for attempt in block["attempts"]] == [1, 2, 3]
    assert project.effects("p") == {"poison": 3}


def test_a_retry_executes_what_failed_and_what_is_below(begin: Any) -> None:
    def fill(project: Project) -> None:
        broken = f"assert Path({str(project.root / 'mended')!r}).exists()"
        chain = {"load": "", "clean": "load", "side": "load", "last": "clean"}
        project.write("p", chain, body="pass", bodies={"clean": broken})

    project, server = begin("", fill)
    first = ended(server, start(server, "p", parameters={}))
    assert first["state"] == "failed"
    (project.root / "mended").touch()
    dry = server.post(f"runs/{first['id']}/retry", {"dry_run": True})
    assert (dry.status_code, dry.json()) == (200, {"id": None, "blocks": ["clean", "last"]})
    record = succeeded(server, server.post(f"runs/{first['id']}/retry").json()["id"])
    assert record["origin"] == "retry"
    assert project.effects("p") == {"load": 1, "clean": 2, "side": 1, "last": 1}
    from_side = server.post(f"runs/{record['id']}/retry", {"from": "side"}).json()
    assert from_side["blocks"] == ["side"]
    succeeded(server, from_side["id"])
    assert project.effects("p") == {"load": 1, "clean": 2, "side": 2, "last": 1}


def test_a_part_of_a_pipeline_runs_on_outputs_that_are_there(begin: Any) -> None:
    project, server = begin(
        "", lambda p: p.write("p", {"load": "", "clean": "load", "last": "clean"}, body="pass")
    )
    refused = server.post("pipelines/p/runs", {"blocks": ["clean"], "scope": "from"})
    assert (refused.status_code, "run it too" in refused.text) == (400, True)
    succeeded(server, start(server, "p"))
    plans = {
        "until": ["load", "clean"],
        "only": ["clean"],
        "from": ["clean", "last"],
        "stale": [],
    }
    for scope, blocks in plans.items():
        body = {"blocks": ["clean"], "scope": scope, "dry_run": True}
        answer = server.post("pipelines/p/runs", body)
        assert (answer.status_code, answer.json()) == (200, {"id": None, "blocks": blocks})
    succeeded(server, start(server, "p", blocks=["clean"], scope="from"))
    assert project.effects("p") == {"load": 1, "clean": 2, "last": 1}
