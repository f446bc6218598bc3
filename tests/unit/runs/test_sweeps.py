"""A sweep of the store never removes what something still needs, whatever else goes on."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headrace.cli.main import main
from headrace.cli.store_command import sweep_store
from headrace.core.ids import digest, new_run_id
from headrace.core.paths import ProjectPaths
from headrace.protocol.tables import BlockRun, Output, RunRecord
from headrace.runs.changes import QueueRun, SaveBlock, SaveResult, SaveRun
from headrace.runs.history import History
from headrace.store.files import SWEPT, StoreFiles
from headrace.store.use import StoreUse

AGE = timedelta(hours=1)
BLOCKS = ("load", "clean")


class Store:
    """A project whose workers and runs are the test itself."""

    def __init__(self, root: Path) -> None:
        self.paths = ProjectPaths.of(root)
        self.paths.make_state()
        self.paths.settings.write_text("retention: {runs: 1}\n")
        self.store = StoreFiles(self.paths.store)
        self.history = History.open(self.paths.database)
        self.numbers = itertools.count()
        self.now = datetime.now(UTC) - timedelta(days=30)

    def put(self, content: int, *, old: bool = True) -> Output:
        """Store an output; all but new ones are older than any sweep spares."""
        self.now += timedelta(seconds=1)
        shown = self.store.put_display("text/plain", str(content).encode())
        path = self.store.path(shown.address)
        if old:
            os.utime(path, (self.now.timestamp(), self.now.timestamp()))
        return Output(address=shown.address, digest=digest(str(content)), kind="json")

    def queue(self, pipeline: str = "p") -> RunRecord:
        self.now += timedelta(seconds=1)
        record = RunRecord(
            id=new_run_id(),
            pipeline=pipeline,
            state="queued",
            queued_at=self.now,
            version="v",
            blocks=[BlockRun(name=name, kind="loader") for name in BLOCKS],
        )
        self.history.write([QueueRun(record=record, files=b"", owner="me", idempotency_key=None)])
        return record

    def save(self, run: RunRecord, block: str, output: Output, *, reused: bool = False) -> None:
        self.now += timedelta(seconds=1)
        done = BlockRun(
            name=block, kind="loader", state="succeeded", finished_at=self.now, output=output
        )
        result = SaveResult(
            pipeline=run.pipeline,
            block=block,
            key=f"k{output.address}",
            output=output,
            finished_at=self.now,
        )
        saved = [SaveBlock(run_id=run.id, block=done)]
        self.history.write(saved if reused else [*saved, result])

    def end(self, run: RunRecord) -> None:
        over = SaveRun(run_id=run.id, state="succeeded", started_at=self.now, finished_at=self.now)
        self.history.write([over])


class Sweeps(RuleBasedStateMachine):
    """Runs, reuse and sweeps in any order; `StoreUse` is held as servers and runs hold it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = Store(Path(self.folder.name))
        self.going: list[RunRecord] = []
        self.made: dict[str, Output] = {}
        """What each unfinished run has made or reused, by run and block."""
        self.known: dict[tuple[str, str], list[Output]] = {}
        """What the process that is open has in mind: pipeline, block → results."""
        self.open: StoreUse | None = None
        self.newest: dict[tuple[str, str], Output] = {}

    @rule(pipeline=st.sampled_from(["p", "q"]))
    def begin(self, pipeline: str) -> None:
        self.use()
        self.going.append(self.world.queue(pipeline))

    @rule()
    def use(self) -> None:
        """Open a process: from now on it has results in mind."""
        if self.open is None:
            self.open = StoreUse.shared(self.world.paths.store)
            self.known = {}
            for pipeline in self.world.history.pipelines():
                for saved in self.world.history.results(pipeline):
                    self.known.setdefault((pipeline, saved.block), []).append(saved.output)

    @rule()
    def leave(self) -> None:
        """End the process, whatever it was doing: its unfinished runs wait to be taken up."""
        if self.open is not None:
            self.open.release()
            self.open = None
            self.known = {}

    @precondition(lambda self: self.going and self.open)
    @rule(data=st.data(), content=st.integers(0, 5), block=st.sampled_from(BLOCKS))
    def make(self, data: st.DataObject, content: int, block: str) -> None:
        run = data.draw(st.sampled_from(self.going))
        output = self.world.put(content)
        self.world.save(run, block, output)
        self.remember(run, block, output)

    @precondition(lambda self: self.going and self.open)
    @rule(data=st.data(), block=st.sampled_from(BLOCKS))
    def reuse(self, data: st.DataObject, block: str) -> None:
        run = data.draw(st.sampled_from(self.going))
        known = self.known.get((run.pipeline, block))
        if known:
            output = data.draw(st.sampled_from(known))
            assert self.world.store.exists(output.address), "a result in mind was swept"
            self.world.save(run, block, output, reused=True)
            self.made[f"{run.id} {block}"] = output
            self.newest[run.pipeline, block] = output

    def remember(self, run: RunRecord, block: str, output: Output) -> None:
        self.made[f"{run.id} {block}"] = output
        self.newest[run.pipeline, block] = output
        self.known.setdefault((run.pipeline, block), []).append(output)

    @precondition(lambda self: self.going)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.going))
        self.going.remove(run)
        self.world.end(run)
        self.made = {k: o for k, o in self.made.items() if not k.startswith(run.id)}

    @rule(keep=st.sampled_from([None, 1, 2]), applied=st.booleans())
    def sweep(self, keep: int | None, applied: bool) -> None:
        before = self.world.store.usage()
        swept = sweep_store(self.world.paths, AGE, keep, applied=applied)
        if not applied:
            assert self.world.store.usage() == before
        if keep and applied:
            assert bool(swept.note) == (self.open is not None)

    @rule(content=st.integers(6, 9))
    def leave_something_behind(self, content: int) -> None:
        self.world.put(content)

    @invariant()
    def what_is_needed_is_there(self) -> None:
        for output in (*self.made.values(), *self.newest.values()):
            assert self.world.store.exists(output.address)
        for known in self.known.values():
            assert all(self.world.store.exists(output.address) for output in known)

    def teardown(self) -> None:
        self.leave()
        self.world.history.close()
        self.folder.cleanup()


Sweeps.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestSweeps = Sweeps.TestCase


@pytest.fixture
def world(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_sweep_says_what_would_go_and_removes_it_when_told(world: Store, capsys) -> None:
    run = world.queue()
    for content in (1, 2, 3):
        world.save(run, "load", world.put(content))
    world.end(run)
    orphan, new = world.put(4), world.put(5, old=False)
    assert sweep_store(world.paths, AGE, 1, applied=False).outputs == 1
    assert world.store.exists(orphan.address)
    assert not (world.paths.store / SWEPT).exists()
    swept = sweep_store(world.paths, AGE, 1, applied=True)
    assert (swept.outputs, swept.results, swept.note) == (3, 2, "")
    assert (world.paths.store / SWEPT).exists(), "who knows of results has to look"
    assert [saved.key for saved in world.history.results("p")] == [f"k{world.put(3).address}"]
    assert world.store.exists(new.address), "a worker may just have put it there"


def test_results_of_a_pipeline_that_runs_are_all_kept(world: Store) -> None:
    run = world.queue()
    for content in (1, 2):
        world.save(run, "load", world.put(content))
    assert sweep_store(world.paths, AGE, 1, applied=True).results == 0


def test_a_sweep_waits_for_nobody_and_a_server_for_a_sweep(world: Store) -> None:
    server = StoreUse.shared(world.paths.store)
    another = StoreUse.shared(world.paths.store)
    assert StoreUse.alone(world.paths.store) is None
    server.release()
    another.release()
    alone = StoreUse.alone(world.paths.store)
    assert alone is not None
    alone.release()


def test_sizes_are_shown_by_block(world: Store, capfd) -> None:
    run = world.queue()
    world.save(run, "load", world.put(1))
    world.end(run)
    world.put(2)

    def said(*arguments: str) -> str:
        with pytest.raises(SystemExit):
            main(["store", "-C", str(world.paths.root), *arguments])
        return capfd.readouterr().out

    shown = json.loads(said("--json"))
    assert [(b["pipeline"], b["block"], b["outputs"]) for b in shown["blocks"]] == [
        ("", "(no longer named)", 1),
        ("p", "load", 1),
    ]
    assert shown["bytes"] == sum(block["bytes"] for block in shown["blocks"])
    assert "p/load" in said()
    assert "Would remove 1 outputs" in said("sweep", "--older-than", "1h")
    assert json.loads(said("sweep", "--apply", "--json"))["applied"]
    server = StoreUse.shared(world.paths.store)
    assert "a server or a run" in said("sweep", "--keep", "1", "--apply")
    server.release()
