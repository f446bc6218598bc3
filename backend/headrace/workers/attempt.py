"""One attempt at a block in a worker: its clocks, how it is stopped, its log, its one end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from headrace.protocol.tables import Failure, Timings
from headrace.workers.deaths import failure_of_crowd, failure_of_death
from headrace.workers.jobs import (
    AnyAnswer,
    Done,
    Job,
    Printed,
    Progressed,
    Raised,
    Started,
    Stopped,
    StopStage,
)
from headrace.workers.launcher import Child
from headrace.workers.logs import LogChanges, LogTail, progress_in

OnAnswer = Callable[[AnyAnswer], None]
_STAGES = (
    ("interrupt", signal.SIGINT),
    ("terminate", signal.SIGTERM),
    ("kill", signal.SIGKILL),
)


class Attempt:
    """Answers `on_answer` about one job: many times while it goes on, once with its end.

    Times are those of the running event loop, in seconds.
    """

    def __init__(self, job: Job, on_answer: OnAnswer, *, stop_stage_s: float) -> None:
        self.job = job
        self.is_over = False
        self.is_stopping = False
        self._on_answer = on_answer
        self._stop_stage_s = stop_stage_s
        self._child: Child | None = None
        self._log: LogTail | None = None
        self._log_changes: LogChanges | None = None
        self._started: float | None = None
        self._timed_out = False
        self._crowd = 0
        """How many processes it had when it was killed for having too many."""
        self._reports = False
        """It says itself how far it is; bars in its log do not count."""
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def _names(self) -> dict[str, Any]:
        return {"run": self.job.run, "block": self.job.block, "attempt": self.job.attempt}

    @property
    def leader(self) -> int | None:
        """Process id of its worker, once that exists."""
        return None if self._child is None else self._child.pid

    # --- what happens to it, in order -----------------------------------------------------------

    def give_to(self, child: Child, log_changes: LogChanges, now: float) -> None:
        """Take note of the process that is to execute it."""
        self._child = child
        self._log = LogTail(self.job.log_path, now, log_changes.masks)
        self._log_changes = log_changes

    def begin(self) -> None:
        """Start its clocks, now that its worker exists; done once."""
        if self._started is not None or self.is_over:
            return
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        if self.job.timeout_s is not None:
            self._timers.append(loop.call_later(self.job.timeout_s, self._time_out))
        self._on_answer(Started(**self._names, at=datetime.now(UTC)))

    def tell(self, answer: AnyAnswer) -> None:
        """Pass on what its worker says on the way."""
        self._reports = self._reports or isinstance(answer, Progressed)
        if not self.is_over:
            self._on_answer(answer)

    def follow_log(self, *, final: bool = False) -> None:
        """Tell what is new in its log, a progress bar of its last lines too."""
        log = self._log
        if log is None or not log.path:
            return
        grown = log.grown(asyncio.get_running_loop().time(), final=final)
        if grown is not None:
            offset, text = grown
            self._on_answer(Printed(**self._names, offset=offset, text=text))
            bar = None if self._reports else progress_in(text)
            if bar is not None:
                done, total = bar
                self._on_answer(Progressed(**self._names, done=done, total=total))
        if self._log_changes is not None:
            self._log_changes.cut_if_long(log)

    def end(self, answer: Done | Raised | Stopped | None = None) -> None:
        """Tell its end: `answer` as far as it counts; none when it was stopped before it began."""
        self.is_over = True
        for timer in self._timers:
            timer.cancel()
        if answer is None or self.is_stopping:
            answer = Stopped(**self._names)
        elif self._timed_out:
            answer = self._timeout(answer)
        self._on_answer(self._with_log(answer))

    def death(self, status: int | None, reason: str, *, oom_killed: bool, allowed: int) -> Raised:
        """Say why its worker died; `allowed` is how many processes it might have had."""
        if self._crowd:
            failure = failure_of_crowd(self._crowd, allowed)
        else:
            failure = failure_of_death(
                status, reason, memory_bytes=self.job.memory_bytes, oom_killed=oom_killed
            )
        now = asyncio.get_running_loop().time()
        seconds = 0.0 if self._started is None else now - self._started
        return Raised(**self._names, failure=failure, timings=Timings(call=seconds))

    # --- stopping -------------------------------------------------------------------------------

    def stop(self) -> None:
        """SIGINT, then SIGTERM, then SIGKILL to its group, a stage apart."""
        self.is_stopping = True
        if not self._timed_out:  # else it is being stopped already
            self._stage(0)

    def kill(self) -> None:
        """SIGKILL at once, whatever stage of stopping it has reached."""
        self.is_stopping = True
        self._stage(len(_STAGES) - 1)

    def kill_crowd(self, count: int) -> None:
        """End an attempt that has `count` processes, which are too many."""
        self._crowd = count
        if self._child is not None:
            self._child.kill()

    def _time_out(self) -> None:
        if not self.is_over and not self.is_stopping:
            self._timed_out = True
            self._stage(0)

    def _stage(self, index: int) -> None:
        if self.is_over or self._child is None or index >= len(_STAGES):
            return
        name, number = _STAGES[index]
        if not self._timed_out:
            self._on_answer(StopStage(**self._names, stage=name))
        self._child.signal(number)
        if index + 1 < len(_STAGES):
            loop = asyncio.get_running_loop()
            self._timers.append(loop.call_later(self._stop_stage_s, self._stage, index + 1))

    def _timeout(self, answer: Done | Raised | Stopped) -> Raised:
        limit = self.job.timeout_s
        return Raised(
            **self._names,
            failure=Failure(
                kind="timeout",
                type="Timeout",
                message=f"The block ran longer than its timeout of {limit:g} s and was stopped.",
                hint="Raise `timeout` of the block, or give it less to do.",
            ),
            timings=getattr(answer, "timings", Timings(call=limit or 0.0)),
        )

    def _with_log(self, answer: Done | Raised | Stopped) -> Done | Raised | Stopped:
        """Add the end of its log to an answer, and let go of the log."""
        log = self._log
        if log is None:
            return answer
        size, tail = log.size(), log.tail()
        if self._log_changes is not None:
            self._log_changes.blot_skipped(log)
        log.close()
        return msgspec.structs.replace(answer, log_bytes=size, log_tail=tail)
