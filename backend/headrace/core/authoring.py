"""What a block file imports: decorators that leave the function as it is, and the context."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from logging import Logger, getLogger
from typing import Any, Literal, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["loader", "transformer", "exporter", "sensor"]
Severity = Literal["warn", "fail"]


@dataclass(frozen=True)
class Mark:
    """What a decorator says of a function."""

    role: Literal["loader", "transformer", "exporter", "sensor", "check"]
    severity: Severity = "fail"


_marks: ContextVar[list[tuple[Callable[..., Any], Mark]] | None] = ContextVar("marks", default=None)


@contextmanager
def collecting_marks() -> Generator[list[tuple[Callable[..., Any], Mark]], None, None]:
    """Yield the list in which decorators leave (function, mark), in file order."""
    found: list[tuple[Callable[..., Any], Mark]] = []
    token = _marks.set(found)
    try:
        yield found
    finally:
        _marks.reset(token)


def _mark(function: F, mark: Mark) -> F:
    found = _marks.get()
    if found is not None:
        found.append((function, mark))
    return function


def loader(function: F) -> F:
    """Mark the function of a loader block; it comes back unchanged."""
    return _mark(function, Mark("loader"))


def transformer(function: F) -> F:
    """Mark the function of a transformer block; it comes back unchanged."""
    return _mark(function, Mark("transformer"))


def exporter(function: F) -> F:
    """Mark the function of an exporter block; it comes back unchanged."""
    return _mark(function, Mark("exporter"))


def sensor(function: F) -> F:
    """Mark the function of a sensor block; it comes back unchanged."""
    return _mark(function, Mark("sensor"))


@overload
def check(function: F, /) -> F: ...
@overload
def check(*, severity: Severity = "fail") -> Callable[[F], F]: ...
def check(function: F | None = None, /, *, severity: Severity = "fail") -> F | Callable[[F], F]:
    """Mark a check of the block's output; it fails by raising, usually through `assert`.

    `severity="warn"` lets the run go on.
    """
    if function is not None:
        return _mark(function, Mark("check", severity))

    def decorate(inner: F) -> F:
        return _mark(inner, Mark("check", severity))

    return decorate


@dataclass(frozen=True)
class Context:
    """What a block may know of the run it is in; made by hand in tests: `Context()`."""

    pipeline: str = ""
    block: str = ""
    run_id: str = ""
    attempt: int = 1
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    since: Any = None
    """Of an incremental loader: the highest value of its column that was loaded before."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    report: Callable[[float, float | None], None] | None = None

    @property
    def idempotency_key(self) -> str:
        """Return `run/block/logical time`: the same for every attempt of this block run."""
        moment = self.logical_time.isoformat() if self.logical_time else ""
        return f"{self.run_id}/{self.block}/{moment}"

    @property
    def interval(self) -> tuple[datetime, datetime] | None:
        """Return start and end of the span that the run is for, the end not in it; else None."""
        if self.interval_start is None or self.logical_time is None:
            return None
        return self.interval_start, self.logical_time

    @property
    def logger(self) -> Logger:
        """Return the logger of this block; it writes to the block's log."""
        return getLogger(f"headrace.block.{self.block}")

    def progress(self, done: float, total: float | None = None) -> None:
        """Show how far the block is; `total=None` when it is not known."""
        if self.report is not None:
            self.report(done, total)
