"""A project with one pipeline of one block, on SQLite or PostgreSQL, whose times can be moved."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from headrace.runs.times import stamp

from .harness import Server
from .history import keep_history, rows
from .plant import until

BLOCK = """\
import os
import time

from headrace import loader


def note(word, context):
    log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"{{word}} {{context.run_id}} {{time.monotonic()}}\\n".encode())
    os.fsync(log)
    os.close(log)


@loader
def say(context):
    note("begin", context)
    time.sleep({seconds})
    note("end", context)
    return context.run_id
"""


@dataclass
class Ticking:
    """Pipeline `p` with the trigger `t`; each of its runs leaves two lines outside."""

    folder: Path
    trigger: str
    history: str = ""
    """URL of another database than the project's own."""
    seconds: float = 0.0
    project: Path = field(init=False)

    def __post_init__(self) -> None:
        self.project = self.folder / "project"
        place = self.project / "pipelines" / "p"
        place.mkdir(parents=True)
        (place / "pipeline.yaml").write_text(
            "blocks:\n  - {name: say, kind: loader, file: say.py}\n"
            f"triggers:\n  - {{name: t, {self.trigger}}}\n"
        )
        log = str(self.folder / "effects.log")
        (place / "say.py").write_text(BLOCK.format(log=log, seconds=self.seconds))
        keep_history(self.project, self.history)

    def effects(self) -> list[tuple[str, str, float]]:
        """What blocks noted: `begin` or `end`, the run, and monotonic seconds; oldest first."""
        log = self.folder / "effects.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(word, run, float(at)) for word, run, at in (line.split() for line in lines)]

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Read or change the history from outside."""
        return self.rows_of(self.project, statement, **values)

    @staticmethod
    def rows_of(project: Path, statement: str, **values: Any) -> list[Any]:
        """Read or change the history of any project."""
        return rows(project, statement, **values)

    def ticks(self) -> list[Any]:
        """All ticks, oldest first."""
        return self.rows(
            "SELECT logical_time, run_id, skipped, until FROM ticks ORDER BY logical_time"
        )

    def move(self, by: timedelta) -> None:
        """Move what the trigger remembers: back is what a server finds that was off meanwhile,
        or whose clock went forward; forward is what it finds when its clock went back."""
        ((known, next_at, last_at),) = self.rows("SELECT id, next_at, last_at FROM triggers")
        self.rows(
            "UPDATE triggers SET next_at = :next, last_at = :last WHERE id = :id",
            id=known,
            next=stamp(datetime.fromisoformat(next_at) + by),
            last=last_at and stamp(datetime.fromisoformat(last_at) + by),
        )


def over(server: Server, count: int, limit_s: float = 60) -> list[dict[str, Any]]:
    """Wait until so many runs of triggers succeeded, oldest first; there are no others."""

    def runs() -> list[dict[str, Any]]:
        page = server.get("runs", params={"limit": 500, "origin": "trigger"})
        return [run for run in page.json()["runs"][::-1] if run["state"] == "succeeded"]

    until(lambda: len(runs()) >= count, f"{count} runs", limit_s)
    time.sleep(0.5)  # one too many would come by now
    found = runs()
    assert len(found) == count
    return found
