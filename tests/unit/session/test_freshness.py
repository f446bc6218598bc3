"""A fresh mark is never wrong: the real analysis and machine beside a run from nothing.

Edits of blocks, helpers, files and parameters come in any order with runs and with answers that are
late. The oracle knows nothing of keys: it says what the sources, as they are, would give now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace.analysis.analyse import analyse
from headrace.analysis.meaning import meaning_of
from headrace.project.pipeline import Block, Pipeline, PipelineFiles, Source
from headrace.protocol.tables import Output, Parameter
from headrace.session.draft import Draft
from headrace.session.effects import Execute, Step
from headrace.session.machine import Machine
from headrace.session.run import RunRequest
from headrace.testing.drafts import done, output
from headrace.workers.jobs import Job

START = datetime(2026, 1, 1, tzinfo=UTC)
UPSTREAM = {
    "load": (),
    "clean": ("load",),
    "count": ("clean",),
    "late": ("load", "clean"),
    "report": ("count", "late"),
}
KINDS = {"load": "loader", "report": "exporter"}
IMPORTS = {
    "load": "import rates",
    "clean": "import lib",
    "count": "from rates import *",
    "late": "import importlib; importlib.import_module('lib.deep')",
    "report": "",
}
BELOW = {
    "rates.py": (),
    "lib/__init__.py": ("lib/inner.py",),
    "lib/inner.py": ("rates.py",),
    "lib/deep.py": ("lib/__init__.py", "lib/inner.py"),
}
LOADED = {
    "load": ("rates.py",),
    "clean": ("lib/__init__.py",),
    "count": ("rates.py",),
    "late": ("lib/deep.py",),
    "report": (),
}
TEXT = {
    "rates.py": "VALUE = {value}",
    "lib/__init__.py": "from . import inner\nVALUE = {value}",
    "lib/inner.py": "import rates\nVALUE = {value}",
    "lib/deep.py": "from .inner import VALUE as other\nVALUE = {value}",
}


def loaded_by(block: str) -> set[str]:
    """Return all modules that a block loads, by the table and not by its code."""
    found: set[str] = set()
    pending = list(LOADED[block])
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            pending += BELOW[path]
    return found


class World(RuleBasedStateMachine):
    """Sources that change, a machine that is told, and workers that take their time."""

    @initialize()
    def begin(self) -> None:
        self.values = dict.fromkeys(UPSTREAM, 0)
        self.modules = dict.fromkeys(TEXT, 0)
        self.notes = dict.fromkeys((*UPSTREAM, *TEXT), 0)
        self.flat = {"count"}
        self.jobs: list[tuple[Job, dict[str, int]]] = []
        self.broken: set[str] = set()
        self.runs = 0
        self.now = START
        self.machine = Machine(self.drafted().definition, logs="/logs", owner="me", slots=3)
        self.machine.refresh()

    # The sources, and what they mean

    def text_of_module(self, path: str) -> str:
        text = TEXT[path].format(value=self.modules[path])
        broken = "\nVALUE = = 1" if path in self.broken else ""
        return f"# note {self.notes[path]}\n{text}{broken}\n"

    def text_of_block(self, name: str) -> str:
        given = [*UPSTREAM[name], *(["month"] if name in {"clean", "report"} else [])]
        kind = KINDS.get(name, "transformer")
        return (
            f"# note {self.notes[name]}\n{IMPORTS[name]}\nfrom headrace import {kind}\n\n"
            f"@{kind}\ndef {name}({', '.join(given)}):\n    return {self.values[name]}\n"
        )

    def drafted(self) -> Draft:
        blocks = tuple(
            Block(
                name=name,
                kind=KINDS.get(name, "transformer"),  # type: ignore[arg-type]
                file=f"{name}.py",
                upstream=ups,
            )
            for name, ups in UPSTREAM.items()
        )
        sources = {
            name: Source(path=f"pipelines/p/{name}.py", text=self.text_of_block(name), hash="")
            for name in UPSTREAM
        }
        month = Parameter(name="month", type="integer", default=1)
        files = PipelineFiles(
            pipeline=Pipeline(name="p", title="P", blocks=blocks, parameters=(month,)),
            text="",
            sources=sources,
            version="",
        )

        def read(dotted: str) -> tuple[str, str] | None:
            for path in (
                f"{dotted.replace('.', '/')}/__init__.py",
                f"{dotted.replace('.', '/')}.py",
            ):
                if path in TEXT:
                    return path, self.text_of_module(path)
            return None

        return Draft.of(files, analyse(files, read, {}), root=Path("/project"), used_in={})

    def result(self, name: str, inputs: Mapping[str, str], month: Any) -> Output:
        """Say what a block gives: a function of everything that it can see."""
        if name in self.flat:
            return output(name)
        seen = {path: self.modules[path] for path in loaded_by(name)}
        asked = month if name in {"clean", "report"} else None
        return output(
            repr((name, self.values[name], sorted(seen.items()), sorted(inputs.items()), asked))
        )

    def truth(self) -> dict[str, Output]:
        found: dict[str, Output] = {}
        for name, ups in UPSTREAM.items():
            inputs = {up: found[up].digest for up in ups}
            found[name] = self.result(name, inputs, self.machine.values["month"])
        return found

    # What happens

    def told(self) -> None:
        self.take(self.machine.define(self.drafted().definition))

    def take(self, step: Step) -> None:
        self.now += timedelta(seconds=1)
        for effect in step.effects:
            if isinstance(effect, Execute):
                self.jobs.append((effect.job, dict(self.modules)))

    @rule(name=st.sampled_from(sorted(UPSTREAM)), value=st.integers(0, 2))
    def edit_a_block(self, name: str, value: int) -> None:
        self.values[name] = value
        self.told()

    @rule(path=st.sampled_from(sorted(TEXT)), value=st.integers(0, 2))
    def edit_a_helper(self, path: str, value: int) -> None:
        self.modules[path] = value
        self.told()

    @rule(path=st.sampled_from(sorted(TEXT)))
    def break_or_mend_a_helper(self, path: str) -> None:
        self.broken ^= {path}
        self.told()

    @rule(name=st.sampled_from(sorted((*UPSTREAM, *TEXT))))
    def write_a_comment(self, name: str) -> None:
        before = {n for n, s in self.machine.staleness.items() if s.state == "fresh"}
        self.notes[name] += 1
        self.told()
        if name not in self.broken:
            after = {n for n, s in self.machine.staleness.items() if s.state == "fresh"}
            assert after == before, "a comment makes nothing stale"

    @rule(month=st.integers(1, 3))
    def choose_a_parameter(self, month: int) -> None:
        self.take(self.machine.set_values({"month": month}))

    @rule(names=st.sets(st.sampled_from(sorted(UPSTREAM)), max_size=2), whole=st.booleans())
    def run(self, names: set[str], whole: bool) -> None:
        self.runs += 1
        origin = "api" if whole else "editor"
        request = RunRequest(origin=origin, blocks=sorted(names) or None)
        if (
            origin == "editor"
            and not self.machine.plan(RunRequest(origin="editor", blocks=names)).blocks
        ):
            return
        run = self.machine.prepare(f"r{self.runs}", request, self.now)
        self.take(self.machine.launch(run, self.now))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), count=st.integers(1, 4))
    def answer(self, data: st.DataObject, count: int) -> None:
        """Let workers end in any order, however much was edited since they began."""
        for _ in range(count):
            if not self.jobs:
                return
            place = data.draw(st.integers(0, len(self.jobs) - 1))
            job, began_with = self.jobs.pop(place)
            self.take(self.machine.answer(self.worked(job, began_with), self.now))

    def worked(self, job: Job, began_with: dict[str, int]) -> Any:
        """Do what a worker does: run the pinned source with the modules that are there now.

        It loads them at once or only now, and says which of them are not those of the job.
        """
        lazily = self.runs % 2
        loaded = dict(self.modules) if lazily else began_with
        now, self.modules = self.modules, loaded
        texts = {path: self.text_of_module(path) for path in loaded_by(job.block)}
        value = int(job.source.rpartition("return ")[2])
        mine, self.values[job.block] = self.values[job.block], value
        inputs = {up: made.digest for up, made in job.inputs.items()}
        made = self.result(job.block, inputs, job.values.get("month"))
        self.values[job.block], self.modules = mine, now
        moved = [
            path
            for path, text in texts.items()
            if path in job.modules and job.modules[path] != meaning_of(text).digest
        ]
        unforeseen = [path for path in texts if path not in job.modules]
        answer = msgspec.structs.replace(done(job), output=made)
        return msgspec.structs.replace(answer, moved=moved, unforeseen=unforeseen)

    # What must be true

    @invariant()
    def what_is_fresh_is_what_a_run_would_give_now(self) -> None:
        if not hasattr(self, "machine"):
            return
        self.machine.check()
        truth = self.truth()
        for name, mark in self.machine.staleness.items():
            if mark.state == "fresh":
                shown = self.machine.results.status[name].output
                assert shown == truth[name], f"{name} is marked fresh and is not"
            elif mark.state == "stale":
                assert mark.reasons, f"{name} is stale without a reason"


World.TestCase.settings = settings(
    max_examples=1000,
    stateful_step_count=25,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
TestWorld = pytest.mark.timeout(900)(World.TestCase)  # 1,000 examples, also on a slow machine
