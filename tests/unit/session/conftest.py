"""A project with a pool without processes: the shell of a session, driven stimulus by stimulus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.analysis.service import METHODS
from headrace.core.paths import ProjectPaths
from headrace.project.files import Project
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.runs.thread import HistoryThread
from headrace.session.session import Session
from headrace.session.sessions import Sessions
from headrace.testing.pool import FakePool

YAML = """\
title: Flights
parameters:
  month: {type: integer, default: 1, minimum: 1, maximum: 12}
blocks:
  - {name: load, kind: loader, file: load.py}
  - {name: clean, kind: transformer, file: clean.py, upstream: [load]}
  - {name: counts, kind: transformer, file: counts.sql, upstream: [clean]}
  - {name: words, kind: markdown, file: words.md}
"""
SOURCES = {
    "load.py": "from headrace import loader\n\n\n@loader\ndef load(month: int):\n    return month\n",
    "clean.py": "from headrace import transformer\n\n\n@transformer\ndef clean(load):\n    return load\n",
    "counts.sql": "SELECT count(*) AS n FROM clean\n",
    "words.md": "# Words\n",
}


class HandClock:
    """A second later at each look."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return 0.0


async def until(condition: Callable[[], Any], limit_s: float = 60.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.001)


class Desk:
    """Sessions of one project, whose workers are the test itself."""

    def __init__(self, root: Path) -> None:
        self.paths = ProjectPaths.of(root)
        self.paths.make_state()
        self.pool = FakePool(services={"analysis": METHODS})
        self.history = HistoryThread(str(self.paths.database))
        self.clock = HandClock()
        self.sessions = Sessions(
            project=Project(self.paths, self.clock),
            pool=self.pool,  # type: ignore[arg-type]
            history=self.history,
            clock=self.clock,
        )
        self.write("flights", YAML, **SOURCES)

    def write(self, pipeline: str, yaml: str, **files: str) -> None:
        folder = self.paths.pipelines / pipeline
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "pipeline.yaml").write_text(yaml)

    def file(self, name: str) -> Path:
        return self.paths.pipelines / "flights" / name

    async def open(self) -> Session:
        return await self.sessions.open("flights")

    async def handle(self, kind: type[cmd.Command], **fields: Any) -> Any:
        return await self.sessions.handle(kind(pipeline="flights", **fields))

    async def waiting(self, block: str) -> None:
        """Wait until a worker has been given a block."""
        await until(lambda: any(name == block for _, name in self.pool.waiting))
        await asyncio.sleep(0)  # the pool says `Started` on the next turn of the loop

    async def finish(self, block: str, value: Any = None) -> None:
        await self.waiting(block)
        self.pool.finish(block, value)


class Ear:
    """Hears the events of a session."""

    def __init__(self, session: Session) -> None:
        self.heard: list[ev.Event] = []
        self.leave = session.log.subscribe(self.heard.append)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.heard]

    async def wait_for(self, kind: type[ev.Event]) -> Any:
        await until(lambda: any(isinstance(event, kind) for event in self.heard))
        return next(event for event in self.heard if isinstance(event, kind))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    made.history.start()
    yield made
    await made.sessions.close()
    await made.history.close()
