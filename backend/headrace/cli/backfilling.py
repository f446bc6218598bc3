"""Follows a backfill on a terminal, and carries it out where no server does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

import click

from headrace.cli.live import printable, span

if TYPE_CHECKING:
    from headrace.core.paths import ProjectPaths
    from headrace.protocol.backfills import Backfill, BackfillState
    from headrace.runs.thread import HistoryThread

_LOOK_S = 0.2
_REPORT_S = 10.0
"""Between two lines where nothing is drawn anew."""
_OVER = ("finished", "cancelled")


def follow(paths: ProjectPaths, backfill_id: str) -> tuple[Backfill, int]:
    """Wait for the end of a backfill; return it with the exit code that says how it went.

    Where no server has the project, this process carries it out: a signal then pauses it and waits
    for the runs that go on, a second one cancels these. With a server a signal only ends the wait.
    """
    return asyncio.run(_follow(paths, backfill_id))


def progress_of(backfill: Backfill) -> str:
    """Say `12 of 31, 1 failed, 3 running, about 8 m left`."""
    counts = backfill.counts
    ended = counts.succeeded + counts.failed + counts.cancelled + counts.passed
    words = [f"{ended:,} of {backfill.total:,}"]
    words += [
        f"{count:,} {name}"
        for name, count in (
            ("failed", counts.failed),
            ("cancelled", counts.cancelled),
            ("passed over", counts.passed),
            ("running", counts.running),
        )
        if count
    ]
    if backfill.state == "running" and backfill.seconds_left:
        words.append(f"about {span(backfill.seconds_left)} left")
    return ", ".join(words)


async def _follow(paths: ProjectPaths, backfill_id: str) -> tuple[Backfill, int]:
    from headrace.project.files import Project
    from headrace.runs.thread import HistoryThread
    from headrace.server.lock import ProjectLock

    lock = ProjectLock(paths)
    is_free = await asyncio.to_thread(lock.take)
    lock.release()
    if is_free:
        return await _carry_out(paths, backfill_id)
    history = HistoryThread(Project(paths).settings().history or paths.database)
    signals = _Signals()
    try:
        backfill = await _watch(history, backfill_id, signals)
    finally:
        await history.close()
    if signals.first is not None:
        click.echo("The server goes on with it.", err=True)
    return backfill, signals.code_of(backfill)


async def _carry_out(paths: ProjectPaths, backfill_id: str) -> tuple[Backfill, int]:
    from headrace.server.runtime import Runtime

    runtime = Runtime(paths)
    signals = _Signals()
    try:
        await runtime.open(serve=False)
        runtime.start_backfilling()
        history = runtime.history
        backfill = await _watch(history, backfill_id, signals)
        if signals.first is not None and backfill.state == "running":
            click.echo("Paused; waiting for the runs that go on (again to cancel them) …", err=True)
            await _set(runtime.history, backfill_id, "paused")
            signals.again()
            backfill = await _watch(history, backfill_id, signals, paused=True)
            if backfill.counts.running:
                for session in runtime.sessions.live():
                    await session.cancel_all("the backfill was interrupted")
            backfill = await _get(history, backfill_id)
            click.echo(f"It goes on with: headrace backfills resume {backfill_id}", err=True)
    finally:
        await runtime.close()
    return backfill, signals.code_of(backfill)


class _Signals:
    """The first signal to stop, and whether one came since `again`."""

    def __init__(self) -> None:
        self.first: signal.Signals | None = None
        self.came = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, self._take, number)

    def again(self) -> None:
        """Wait for the next one."""
        self.came.clear()

    def _take(self, number: signal.Signals) -> None:
        self.first = self.first or number
        self.came.set()

    def code_of(self, backfill: Backfill) -> int:
        """Return 0 when all ticks were made up for; what a shell expects of a signal; else 1."""
        if self.first is not None:
            return 128 + self.first
        counts = backfill.counts
        good = backfill.state == "finished" and not (counts.failed or counts.cancelled)
        return 0 if good else 1


async def _watch(
    history: HistoryThread, backfill_id: str, signals: _Signals, *, paused: bool = False
) -> Backfill:
    """Tell how far a backfill is until it is over, pauses by itself, or a signal comes.

    With `paused`, until none of its runs goes on.
    """
    told = _Telling()
    try:
        while True:
            backfill = await _get(history, backfill_id)
            told.tell(backfill)
            if backfill.state in _OVER or (
                backfill.state == "paused" and (not paused or not backfill.counts.running)
            ):
                return backfill
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await signals.came.wait()
                return backfill
    finally:
        told.close()


async def _get(history: HistoryThread, backfill_id: str) -> Backfill:
    return await history.call(lambda known: known.backfill(backfill_id))


async def _set(history: HistoryThread, backfill_id: str, state: BackfillState) -> None:
    from headrace.core.clock import SystemClock
    from headrace.core.errors import Conflict

    now = SystemClock().now()
    with contextlib.suppress(Conflict):  # it ended just now
        await history.call(lambda known: known.set_backfill(backfill_id, state, now))


class _Telling:
    """One line that is drawn anew on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._draws = sys.stderr.isatty()
        self._last = ""
        self._at = 0.0

    def tell(self, backfill: Backfill) -> None:
        """Say how far it is, and why it rests."""
        line = progress_of(backfill)
        if backfill.state != "running":
            line += f"; {backfill.state}"
            line += f": {printable(backfill.problem)}" if backfill.problem else ""
        now = time.monotonic()
        if line == self._last:
            return
        if self._draws:
            self._last = line
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()
        elif backfill.state != "running" or now - self._at >= _REPORT_S:
            self._last, self._at = line, now
            click.echo(line, err=True)

    def close(self) -> None:
        """Leave the line that was drawn."""
        if self._draws and self._last:
            sys.stderr.write("\n")
