"""A process dies at every named place of the code; it starts again, and nothing is lost."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.runs.test_migrations import FIRST_SCHEMA

from headrace.core.crash import KILLED_EXIT_CODE
from headrace.core.paths import ProjectPaths
from headrace.runs import leases

from .harness import Server
from .history import rows
from .invariants import check
from .plant import Plant, all_over, start_run, try_to, until
from .test_notifications import POINTS
from .test_watermarks import POINTS as POINTS_OF_WATERMARKS

SOURCE = Path(leases.__file__).parents[1]
OFTEN = "every: 1s, overlap: skip"
DAILY = 'cron: "0 6 * * *", active: false'
"""A schedule that starts nothing by itself."""


@dataclass(frozen=True)
class Case:
    """Where a process dies, at which passage, and what makes it come along."""

    point: str
    act: Callable[[Stage], Any]
    passage: int = 1
    dies: str = "server"
    """`server`, `worker`, or `start`: the server, while it opens the project."""
    plant: dict[str, Any] = field(default_factory=dict)
    before: Callable[[Stage], Any] | None = None
    """What another life of the server leaves behind."""
    after: Callable[[Stage], Any] | None = None
    """What must hold beside the invariants."""


class Stage:
    """One test: its project, its server, and what the server acknowledged."""

    def __init__(self, folder: Path, case: Case, history: str) -> None:
        self.case = case
        self.plant = Plant(folder, history=history, **case.plant)
        self.scheduled = "trigger" in case.plant
        self.acknowledged: list[str] = []
        self.dead: list[int] = []
        self.server: Server | None = None

    @property
    def live(self) -> Server:
        assert self.server is not None
        return self.server

    def begin(self, crash: str = "") -> Server:
        """Start a server, which may be doomed."""
        env = {"HEADRACE_CRASH": crash}
        options = () if self.scheduled else ("--no-scheduler",)
        if self.server is None:
            self.server = Server(self.plant.project, options=options, env=env)
        else:
            self.server.env = env
            self.server.start()
        return self.server

    def run(self) -> None:
        """Ask for a run; what is answered with 201 must come to its end."""
        answer = try_to(lambda: self.live.post("pipelines/steps/runs", {}))
        if answer:
            self.acknowledged.append(answer["id"])

    def command(self, **fields: Any) -> dict[str, Any] | None:
        return try_to(lambda: self.live.post("pipelines/steps/commands", fields))


def save_one(stage: Stage) -> None:
    base = stage.live.get("pipelines/steps/blocks/lone/source").json()
    changed = stage.plant.source("lone", said="v2")
    stage.command(op="save-source", block="lone", text=changed, base=base["hash"])


def rename(stage: Stage) -> None:
    stage.command(op="rename-block", block="first", name="begin")


def renamed_whole_or_not(stage: Stage) -> None:
    text = (stage.plant.pipeline / "pipeline.yaml").read_text()
    new = "name: begin" in text
    source = stage.plant.block_file("second").read_text()
    assert ("begin, context" in source) == new
    assert stage.plant.block_file("begin").exists() == new
    assert stage.plant.block_file("first").exists() != new


def delete_block(stage: Stage) -> None:
    stage.command(op="delete-blocks", blocks=["third"])


def deleted_whole_or_not(stage: Stage) -> None:
    text = (stage.plant.pipeline / "pipeline.yaml").read_text()
    assert stage.plant.block_file("third").exists() == ("third" in text)


def create(stage: Stage) -> None:
    try_to(lambda: stage.live.post("pipelines", {"name": "other", "title": "Other"}))


def delete(stage: Stage) -> None:
    try_to(lambda: stage.live.delete("pipelines/steps"))


def deleted_but_kept(stage: Stage) -> None:
    trash = stage.plant.project / ".headrace" / "trash"
    kept = list(trash.glob("*-steps/pipeline.yaml")) if trash.is_dir() else []
    there = (stage.plant.pipeline / "pipeline.yaml").exists()
    assert there != bool(kept), "it is in one of two places"


def nothing(stage: Stage) -> None:
    """Ticks come by themselves."""


def bring_a_file(stage: Stage) -> None:
    """Put a file where the trigger waits for one, after its first look."""

    def has_looked() -> bool:
        return bool(rows(stage.plant.project, "SELECT memory FROM triggers")[0][0])

    until(has_looked, "the first look")
    (stage.plant.project / "in.csv").write_text("new")


def ran_for_the_file_once(stage: Stage) -> None:
    of_triggers = stage.live.get("runs", params={"origin": "trigger"}).json()["runs"]
    assert [run["state"] for run in of_triggers] == ["succeeded"]


def edit_the_trigger(stage: Stage) -> None:
    try_to(lambda: stage.live.patch("pipelines/steps/triggers/often", {"parameters": {}}))
    try_to(lambda: stage.live.patch("pipelines/steps/triggers/often", {"overlap": "allow"}))


def leave_a_run(stage: Stage) -> None:
    """Let a server die amid a run."""
    stage.begin().wait_ready()
    run = start_run(stage.live)
    stage.acknowledged.append(run)
    until(lambda: stage.plant.counts(run)["second"], "the gated block")
    stage.dead.append(stage.live.pid)
    stage.live.kill9()
    stage.plant.open_gate()


def leave_a_journal(stage: Stage) -> None:
    """Let a server die with a rename half done."""
    stage.begin("journal.after-intent").wait_ready()
    rename(stage)
    assert stage.live.wait_dead() == KILLED_EXIT_CODE
    stage.dead.append(stage.live.pid)


OLD_RUN = """
INSERT INTO versions VALUES ('v1', x'00');
INSERT INTO runs (id, pipeline, state, origin, parameters, version, queued_at, owner)
  VALUES ('old', 'p', 'succeeded', 'api', '{}', 'v1', '2026-01-01T00:00:00.000000+00:00', 'me');
"""


def leave_an_old_schema(stage: Stage) -> None:
    """Put a history of the first release there, with one run."""
    ProjectPaths.of(stage.plant.project).make_state()
    opened = sqlite3.connect(stage.plant.project / ".headrace" / "headrace.db")
    with opened:
        opened.executescript(FIRST_SCHEMA + OLD_RUN)
    opened.close()
    stage.acknowledged.append("old")


def leave_a_damaged_history(stage: Stage) -> None:
    stage.begin().wait_ready()
    stage.live.run("steps")
    stage.live.stop()  # which leaves no log from which SQLite could mend it
    file = stage.plant.project / ".headrace" / "headrace.db"
    file.write_bytes(b"\x00garbage" * 1000)
    stage.plant.effects_file.write_text("")  # its runs are gone with it


def fill(stage: Stage) -> None:
    """Ask for the runs of three days that no server saw."""
    trigger = stage.live.get("pipelines/steps/triggers").json()["triggers"][0]
    asked = {"trigger": trigger["name"], "from": "2026-03-01", "to": "2026-03-03"}
    try_to(lambda: stage.live.post("pipelines/steps/backfills", {**asked, "parallel": 2}))


def filled_once(stage: Stage) -> None:
    """Every tick of the backfill has one run, and that succeeded."""

    def over() -> dict[str, Any] | None:
        (backfill,) = stage.live.get("backfills").json()["backfills"]
        return backfill if backfill["state"] == "finished" else None

    backfill = until(over, "the end of the backfill")
    assert (backfill["total"], backfill["counts"]["succeeded"]) == (3, 3), backfill
    runs = stage.live.get(f"runs?backfill={backfill['id']}").json()["runs"]
    assert len({run["logical_time"] for run in runs}) == len(runs) == 3


def sweep(stage: Stage) -> None:
    """The first round comes some seconds after the start, by itself."""


GATED = {"gated": "second"}
CASES = [
    Case("queue.before-record", Stage.run),
    Case("queue.after-record", Stage.run),
    Case("queue.after-launch", Stage.run),
    *(
        Case(f"step.{place}", Stage.run, passage)
        for place in ("before-record", "after-record", "after-events", "after-effects")
        for passage in (1, 4)
    ),
    *(Case("history.before-commit", Stage.run, passage) for passage in (1, 4)),
    *(Case("history.after-commit", Stage.run, passage) for passage in (1, 4)),
    *(Case("block.answer-heard", Stage.run, passage) for passage in (1, 5)),
    Case("store.before-rename", Stage.run, dies="worker", plant={"retries": 3}),
    Case("store.after-rename", Stage.run, dies="worker", plant={"retries": 3}),
    Case("worker.before-answer", Stage.run, dies="worker", plant={"retries": 3}),
    Case("worker.after-answer", Stage.run, dies="worker", plant={"retries": 3}),
    *(
        Case(f"tick.{place}", nothing, passage, plant={"trigger": OFTEN})
        for place in (
            "before-fire",
            "before-commit",
            "after-commit",
            "after-fire",
            "after-launch",
        )
        for passage in (1, 2)
    ),
    *(
        Case(f"backfill.{place}", fill, passage, plant={"trigger": DAILY}, after=filled_once)
        for place in ("before-commit", "after-commit", "after-launch")
        for passage in (1, 2)
    ),
    *(
        Case(
            f"arrive.{place}",
            bring_a_file,
            plant={"trigger": "files: in.csv"},
            after=ran_for_the_file_once,
        )
        for place in ("before-commit", "after-commit")
    ),
    *(
        Case(f"sync.{place}", nothing, dies="start", plant={"trigger": OFTEN})
        for place in ("before-commit", "after-commit")
    ),
    Case("sync.before-commit", edit_the_trigger, 2, plant={"trigger": OFTEN}),
    Case("publish.before-commit", nothing, dies="start", plant={"trigger": OFTEN}),
    # The first file that a server writes is the one that says where it listens.
    Case("file.before-sync", save_one, 2),
    Case("file.before-rename", save_one, 2),
    Case("file.after-rename", save_one, 2),
    Case("file.before-rename", rename, 4, after=renamed_whole_or_not),
    Case("file.after-rename", rename, 3, after=renamed_whole_or_not),
    Case("file.after-unlink", delete_block, after=deleted_whole_or_not),
    Case("journal.after-intent", rename, after=renamed_whole_or_not),
    *(Case("journal.after-file", rename, n, after=renamed_whole_or_not) for n in (1, 2, 3)),
    Case("journal.before-forget", rename, after=renamed_whole_or_not),
    Case("journal.after-forget", rename, after=renamed_whole_or_not),
    *(
        Case(
            "journal.replayed-file",
            nothing,
            n,
            dies="start",
            before=leave_a_journal,
            after=renamed_whole_or_not,
        )
        for n in (1, 2)
    ),
    Case("create.before-save", create),
    Case("create.after-save", create),
    Case("file.before-rename", create, 2),
    Case("delete.before-move", delete, after=deleted_but_kept),
    Case("delete.after-move", delete, after=deleted_but_kept),
    Case("sweep.after-purge", sweep),
    Case("sweep.before-store", sweep),
    Case("sweep.after-store", sweep),
    *(
        Case(f"takeover.{place}", nothing, dies="start", plant=GATED, before=leave_a_run)
        for place in ("before-commit", "after-commit", "after-launch")
    ),
    Case("migration.before-commit", nothing, dies="start", before=leave_an_old_schema),
    Case("migration.after-commit", nothing, dies="start", before=leave_an_old_schema),
    Case("aside.after-rename", nothing, dies="start", before=leave_a_damaged_history),
]


def test_every_point_in_the_code_has_a_case_and_every_case_a_point() -> None:
    named = re.compile(r'crashpoint\("([a-z.-]+)"\)')
    found: list[str] = []
    for file in SOURCE.rglob("*.py"):
        found += named.findall(file.read_text())
    assert sorted(found) == sorted(set(found)), "a name stands for one place"
    assert sorted(found) == sorted({c.point for c in CASES} | POINTS.keys() | POINTS_OF_WATERMARKS)


def name_of(case: Case) -> str:
    return f"{case.point}-{case.passage}-{case.act.__name__}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_nothing_is_lost_when_it_dies_there(case: Case, tmp_path: Path) -> None:
    dies_and_recovers(Stage(tmp_path, case, ""))


COMMITS = [c for c in CASES if c.point.endswith("-commit") and c.before is not leave_an_old_schema]
"""Where it depends on the database what is there afterwards."""


@pytest.mark.parametrize("case", COMMITS, ids=name_of)
def test_nothing_is_lost_on_postgresql_either(case: Case, tmp_path: Path, postgresql: str) -> None:
    dies_and_recovers(Stage(tmp_path, case, postgresql))


def dies_and_recovers(stage: Stage) -> None:
    case = stage.case
    try:
        if case.before is not None:
            case.before(stage)
        _die(stage)
        _recover(stage)
    finally:
        if stage.server is not None:
            stage.server.close()


def _die(stage: Stage) -> None:
    case = stage.case
    crash = f"{case.point}:{case.passage}"
    if case.dies == "start":
        with contextlib.suppress(AssertionError, httpx.HTTPError):  # it cannot get ready
            stage.begin(crash).wait_ready()
        assert stage.live.wait_dead() == KILLED_EXIT_CODE
        stage.dead.append(stage.live.pid)
        return
    stage.begin(crash)
    if case.dies == "worker":
        stage.live.wait_ready()
        stage.run()
        (run,) = all_over(stage.live)
        record = stage.live.get(f"runs/{run['id']}").json()
        ran = [b for b in record["blocks"] if b.get("attempts")]
        tries = [[a["state"] for a in b["attempts"]] for b in ran]
        if record["state"] == "failed":
            # It dies there each time: as often as was asked for, and not once more.
            assert ["failed"] * 3 in tries
            kinds = {a["failure"]["kind"] for b in ran for a in b["attempts"] if a.get("failure")}
            assert kinds == {"died"}
        check_answers(stage)
        stage.live.stop()
        return
    with contextlib.suppress(httpx.TransportError):  # it died while it was asked
        stage.live.wait_ready()
        case.act(stage)
    assert stage.live.wait_dead() == KILLED_EXIT_CODE
    stage.dead.append(stage.live.pid)


def check_answers(stage: Stage) -> None:
    """The server of a worker that died answers."""
    assert stage.live.get("status").status_code == 200


def _recover(stage: Stage) -> None:
    case = stage.case
    server = stage.begin()
    server.wait_ready()
    if stage.scheduled:
        ended = lambda: any(  # noqa: E731
            run["state"] == "succeeded" for run in server.get("runs").json()["runs"]
        )
        until(ended, "a run of a tick")
        trigger = server.get("pipelines/steps/triggers").json()["triggers"][0]
        paused = server.patch(f"pipelines/steps/triggers/{trigger['name']}", {"active": False})
        assert paused.is_success, paused.text
    runs = all_over(server)
    ids = {run["id"] for run in runs}
    assert ids >= set(stage.acknowledged), "what was acknowledged is there"
    if case.dies != "worker":
        assert {run["state"] for run in runs} <= {"succeeded"}, runs
    if case.after is not None:
        case.after(stage)
    if (stage.plant.pipeline / "pipeline.yaml").exists():
        assert server.run("steps")["state"] == "succeeded", "the next run works"
    check(stage.plant, server, dead=tuple(stage.dead))
