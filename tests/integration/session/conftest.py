"""A project in a temporary folder with real workers, store and history, and no server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from headrace.core.clock import SystemClock
from headrace.core.paths import ProjectPaths
from headrace.project.files import Project
from headrace.protocol import commands as cmd
from headrace.protocol import events as ev
from headrace.protocol.tables import RunRecord
from headrace.runs.history import History
from headrace.runs.thread import HistoryThread
from headrace.session.run import RunRequest
from headrace.session.session import Session
from headrace.session.sessions import Sessions
from headrace.workers.pool import Pool

WAIT_S = 60.0


async def until(condition: Callable[[], Any], limit_s: float = WAIT_S) -> None:
    """Wait until a condition of the outside world holds; fail when it does not in time."""
    deadline = asyncio.get_running_loop().time() + limit_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.005)


class Site:
    """A project with its services, as a server has them."""

    def __init__(self, root: Path) -> None:
        self.paths = ProjectPaths.of(root)
        self.paths.make_state()
        self.gate = root.parent / "gate"
        self.effects = root.parent / "effects.log"
        self.pool = Pool(self.paths.root, self.paths.store, stop_stage_s=0.3)
        self.history = HistoryThread(str(self.paths.database))
        self.sessions = self.new_sessions()

    def new_sessions(self) -> Sessions:
        """Make sessions as the next process of this project would."""
        project = Project(self.paths, SystemClock())
        return Sessions(project=project, pool=self.pool, history=self.history, clock=SystemClock())

    async def start(self) -> None:
        await self.pool.start()
        self.history.start()

    async def close(self) -> None:
        await self.sessions.close()
        await self.pool.close()
        await self.history.close()

    def write(self, yaml: str, **sources: str) -> None:
        """Write pipeline `p`: its YAML, and the text of each Python block."""
        folder = self.paths.pipelines / "p"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in sources.items():
            (folder / f"{name}.py").write_text(self.source(text))
        (folder / "pipeline.yaml").write_text(dedent(yaml))

    def source(self, text: str) -> str:
        """Complete a block's text: `note(x)` leaves a line outside, `gated()` waits for a file."""
        head = f"""\
            import os, time
            from headrace import *

            def note(what):
                with open({str(self.effects)!r}, "a") as log:
                    log.write(f"{{what}}\\n")

            def gated():
                while not os.path.exists({str(self.gate)!r}):
                    time.sleep(0.005)

            """
        return dedent(head) + dedent(text)

    def file(self, name: str) -> Path:
        return self.paths.pipelines / "p" / name

    def notes(self) -> list[str]:
        return self.effects.read_text().split() if self.effects.exists() else []

    async def noted(self, what: str) -> None:
        await until(lambda: what in self.notes())

    async def open(self) -> Session:
        return await self.sessions.open("p")

    async def run(self, session: Session, **request: Any) -> RunRecord:
        """Run as the API does and wait for the end."""
        run = await session.start_run(RunRequest(origin="api", **request))
        return await self.ended(session, run)

    async def ended(self, session: Session, run: str) -> RunRecord:
        return await asyncio.wait_for(session.finished(run), WAIT_S)

    async def run_blocks(self, session: Session, *blocks: str) -> RunRecord:
        """Run in the editor and wait for the end."""
        answer = await session.handle(cmd.RunBlocks(pipeline="p", blocks=list(blocks)))
        return await self.ended(session, answer["run"])

    async def record(self, run: str) -> RunRecord:
        return await self.history.call(History.run, run)


def states(record: RunRecord) -> dict[str, str]:
    return {block.name: block.state for block in record.blocks}


class Ear:
    """Hears the events of a session, and can wait for one."""

    def __init__(self, session: Session) -> None:
        self.heard: list[ev.Event] = []
        self.leave = session.log.subscribe(self.heard.append)

    async def wait_for(self, kind: type[ev.Event], limit_s: float = WAIT_S) -> Any:
        await until(lambda: any(isinstance(event, kind) for event in self.heard), limit_s)
        return next(event for event in self.heard if isinstance(event, kind))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    root = tmp_path / "project"
    root.mkdir()
    made = Site(root)
    await made.start()
    yield made
    await made.close()
