"""A project whose blocks leave a line outside of it each time they execute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import httpx

from .harness import Server, paces
from .history import keep_history

OVER = ("succeeded", "failed", "cancelled")
WAIT_S = 30.0


def until(found: Callable[[], Any], what: str, limit_s: float = WAIT_S) -> Any:
    """Wait for a truth of the outside world and return it."""
    for _ in paces(limit_s):
        answer = found()
        if answer:
            return answer
    raise AssertionError(f"waited {limit_s:g} s in vain for {what}")


@dataclass(frozen=True)
class Effect:
    """One execution of a block that really began."""

    run: str
    block: str
    attempt: int
    pid: int
    said: str


class Plant:
    """`first ▸ second ▸ third` and `lone`; each takes `seconds`, or waits for the gate.

    A block that is killed is tried again: `retries` is more than any test kills. `history` is the
    URL of another database than the project's own.
    """

    CHAIN: ClassVar = {"first": "", "second": "first", "third": "second", "lone": ""}

    def __init__(
        self,
        folder: Path,
        *,
        trigger: str = "",
        seconds: float = 0.0,
        gated: str = "",
        retries: int = 50,
        history: str = "",
    ) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.effects_file = folder / "effects.log"
        self.effects_file.touch()
        self.gate = folder / "gate"
        self.pipeline = self.project / "pipelines" / "steps"
        self.pipeline.mkdir(parents=True)
        lines = ["blocks:"]
        for name, upstream in self.CHAIN.items():
            kind = "transformer" if upstream else "loader"
            self.block_file(name).write_text(
                self.source(name, seconds=seconds, gated=name == gated)
            )
            tail = f", upstream: [{upstream}]" if upstream else ""
            retry = f", retries: {retries}, backoff: 10ms" if retries else ""
            lines.append(f"  - {{name: {name}, kind: {kind}, file: {name}.py{tail}{retry}}}")
        if trigger:
            lines += ["triggers:", f"  - {{name: often, {trigger}}}"]
        (self.pipeline / "pipeline.yaml").write_text("\n".join(lines) + "\n")
        keep_history(self.project, history)

    def block_file(self, name: str) -> Path:
        return self.pipeline / f"{name}.py"

    def source(
        self, name: str, *, seconds: float = 0.0, gated: bool = False, said: str = "v1"
    ) -> str:
        """Write a block that notes its execution durably before it does anything else."""
        upstream = self.CHAIN[name]
        arguments = f"{upstream}, context" if upstream else "context"
        # No two runs share a result, so each of them executes all blocks.
        value = f"{upstream} + [{name!r}]" if upstream else "[context.run_id]"
        return dedent(
            f"""\
            import os
            import time

            from headrace import {"transformer" if upstream else "loader"}


            def note(context):
                line = f"{{context.run_id}}|{{context.block}}|{{context.attempt}}|{{os.getpid()}}|{said}\\n"
                log = os.open({str(self.effects_file)!r}, os.O_WRONLY | os.O_APPEND)
                os.write(log, line.encode())
                os.fsync(log)
                os.close(log)


            @{"transformer" if upstream else "loader"}
            def {name}({arguments}):
                note(context)
                time.sleep({seconds})
                while {gated} and not os.path.exists({str(self.gate)!r}):
                    time.sleep(0.005)
                return {value}
            """
        )

    def effects(self) -> list[Effect]:
        """Return all executions, oldest first."""
        found: list[Effect] = []
        for line in self.effects_file.read_text().splitlines():
            run, block, attempt, pid, said = line.split("|")
            found.append(Effect(run, block, int(attempt), int(pid), said))
        return found

    def counts(self, run: str) -> Counter[str]:
        """How often each block of a run executed."""
        return Counter(effect.block for effect in self.effects() if effect.run == run)

    def open_gate(self) -> None:
        self.gate.touch()


def start_run(server: Server, pipeline: str = "steps", **body: Any) -> str:
    answer = server.post(f"pipelines/{pipeline}/runs", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def try_to(act: Callable[[], httpx.Response]) -> dict[str, Any] | None:
    """Ask a server that may die of it; None when there was no answer."""
    try:
        answer = act()
    except httpx.TransportError:
        return None
    return answer.json() if answer.is_success and answer.content else {}


def all_over(server: Server, limit_s: float = 60) -> list[dict[str, Any]]:
    """Wait until no run goes on; return all of them, newest first."""

    def runs() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = server.get(
                "runs", params={"limit": 500, **({"before": cursor} if cursor else {})}
            )
            found += page.json()["runs"]
            cursor = page.json().get("next") or ""
            if not cursor:
                break
        return found if all(run["state"] in OVER for run in found) else None

    until(lambda: runs() is not None, "the end of all runs", limit_s)
    found = runs()
    assert found is not None
    return found
