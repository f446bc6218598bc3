"""What the machine asks of its shell, and the step that bundles it with records and events."""

from __future__ import annotations

from dataclasses import dataclass, field

from headrace.protocol.events import Event
from headrace.runs.changes import Change
from headrace.session.run import Run
from headrace.workers.jobs import Job


@dataclass(frozen=True)
class Execute:
    """Run this job; its answers come back as stimuli."""

    job: Job


@dataclass(frozen=True)
class Stop:
    """Stop the block, stage by stage; exactly one final answer follows."""

    run: str
    block: str


@dataclass(frozen=True)
class Wait:
    """Call `retry_due` after this many seconds."""

    run: str
    block: str
    attempt: int
    seconds: float


@dataclass(frozen=True)
class Poke:
    """Call `poke_due` after this many seconds; `number` are the pokes until now."""

    run: str
    block: str
    number: int
    seconds: float


@dataclass(frozen=True)
class Limit:
    """Call `limit_due` after this many seconds, unless the run is over by then.

    Without a block the time of the run is meant.
    """

    run: str
    block: str
    seconds: float


@dataclass(frozen=True)
class Hold:
    """Call `start_due` after this many seconds."""

    run: str
    seconds: float


@dataclass(frozen=True)
class TakeUp:
    """The machine has made this run: it is in the hand of the session from now on."""

    run: Run


@dataclass(frozen=True)
class Rest:
    """Nothing of the run executes for now: its workers are free."""

    run: str


@dataclass(frozen=True)
class EndRun:
    """The run is over: its workers are free."""

    run: str


@dataclass(frozen=True)
class Prepare:
    """The run will need so many workers at a time soon: have them ready."""

    run: str
    workers: int


@dataclass(frozen=True)
class ShareOut:
    """There are free slots, and it is the turn of another pipeline."""


Effect = Execute | Stop | Wait | Poke | Limit | Hold | TakeUp | Rest | EndRun | Prepare | ShareOut


@dataclass
class Step:
    """What one stimulus brought about.

    The shell writes `records` first, in one transaction, then publishes `events`, then carries out
    `effects`: an event is a promise that the history can be read, an effect is never unrecorded.
    """

    events: list[Event] = field(default_factory=list[Event])
    records: list[Change] = field(default_factory=list[Change])
    effects: list[Effect] = field(default_factory=list[Effect])

    def add(self, other: Step) -> Step:
        """Append another step's parts, and return this one."""
        self.events += other.events
        self.records += other.records
        self.effects += other.effects
        return self
