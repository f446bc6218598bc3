"""One run while it lives: which of its blocks wait, run, and are over. Pure bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from headrace.protocol.events import LiveRun
from headrace.protocol.tables import (
    Attempt,
    BlockRun,
    BlockState,
    Failure,
    Origin,
    Output,
    Retry,
    RunLimits,
    RunRecord,
    RunState,
    Scope,
)
from headrace.protocol.watermarks import Watermark
from headrace.session.definition import Definition, Key
from headrace.session.fusion import named_by_key, readers_of_middles
from headrace.session.results import Result

OVER: frozenset[BlockState] = frozenset({"succeeded", "cached", "failed", "cancelled", "skipped"})
GOOD: frozenset[BlockState] = frozenset({"succeeded", "cached"})


@dataclass(frozen=True)
class RunRequest:
    """What is to be run; `plan` says which blocks that are. `force` reuses nothing."""

    origin: Origin
    blocks: Sequence[str] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scope: Scope = "until"
    force: bool = False
    trigger: str | None = None
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    again: Again | None = None
    """The run that it repeats."""
    published: bool = False
    """Run the published version, not the draft."""
    limits: RunLimits | None = None
    """What its trigger allows it."""
    offered: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Values for parameters, as far as these are declared; `parameters` go first."""


@dataclass(frozen=True)
class Again:
    """What a retry knows of the run that it repeats.

    `good` are results that need not be made again, `must` blocks that execute in any case.
    """

    run: str
    good: Mapping[str, Result]
    must: frozenset[str] = frozenset()


@dataclass
class BlockProgress:
    """A block of a run. `attempt` is that of the try under way, or of the last one."""

    state: BlockState = "queued"
    attempt: int = 0
    key: Key | None = None
    miss: str = ""
    waiting: bool = False
    """True between a failed attempt and the next one."""
    asked: bool = False
    """It waits for a slot, or has one."""
    begun: bool = False
    """A worker has said that it executes."""
    overdue: bool = False
    """A sensor whose time was over while it was asked: whatever it says is its last word."""
    record: BlockRun = field(default_factory=lambda: BlockRun(name="", kind="loader"))

    @property
    def shown(self) -> BlockState:
        """Return what people see: it runs when a worker executes it, and waits before."""
        if self.state == "queued" and self.is_poked:
            return "waiting"
        return "queued" if self.state == "running" and not self.begun else self.state

    @property
    def is_poked(self) -> bool:
        """Tell whether it is a sensor between two pokes of one attempt."""
        attempts = self.record.attempts
        return bool(attempts) and attempts[-1].state == "waiting"

    @classmethod
    def left(cls, record: BlockRun, at: datetime) -> BlockProgress:
        """Take up a block of a run whose process died: an attempt under way then is lost."""
        if record.state == "running":
            lost = Attempt(
                number=len(record.attempts) or 1,
                state="failed",
                started_at=record.started_at,
                finished_at=at,
                failure=Failure(
                    kind="lost", type="Interrupted", message="The server stopped meanwhile."
                ),
            )
            attempts = attempts_of(record, lost)
            record = msgspec.structs.replace(record, state="queued", attempts=attempts)
        return cls(state=record.state, attempt=len(record.attempts), record=record)


@dataclass
class Run:
    """A run with everything it pinned when it was queued.

    `outside` holds the outputs of upstream blocks that are not part of the run. `must` are blocks
    that execute though their key is known.
    """

    id: str
    origin: Origin
    definition: Definition
    parameters: dict[str, Any]
    queued_at: datetime
    blocks: dict[str, BlockProgress]
    outside: dict[str, Output]
    must: frozenset[str] = frozenset()
    force: bool = False
    again: Again | None = None
    slots: int = 1
    state: RunState = "queued"
    trigger: str | None = None
    logical_time: datetime | None = None
    interval_start: datetime | None = None
    started_at: datetime | None = None
    cancelled: bool = False
    reason: str | None = None
    attempt: int = 1
    published: int | None = None
    """Number of the published version that it is of."""
    limits: RunLimits | None = None
    retry: Retry | None = None
    held: bool = False
    """It is a retry whose time has not come."""
    timed_out: bool = False
    """It was cancelled for having taken too long."""
    prepared: int = 1
    """So many workers were asked to be ready for it."""

    def __post_init__(self) -> None:
        self._over = sum(block.state in OVER for block in self.blocks.values())
        self._places = {name: place for place, name in enumerate(self.blocks)}
        self._missing: dict[str, int] = {}
        """Upstream blocks of each block that are not good yet."""
        for name in self.blocks:
            ups = [up for up in self.definition.blocks[name].upstream if up in self.blocks]
            self._missing[name] = sum(self.blocks[up].state not in GOOD for up in ups)
        self._candidates = {name for name, missing in self._missing.items() if not missing}

    def ended(self, name: str) -> None:
        """Take note that a block is over, once; what waited for it may have its turn."""
        self._over += 1
        if self.blocks[name].state in GOOD:
            for below in self._below.get(name, ()):
                self._missing[below] -= 1
                if not self._missing[below]:
                    self._candidates.add(below)

    def consider(self, name: str) -> None:
        """Look at a block again that asked for a slot, and does so no longer."""
        self._candidates.add(name)

    @property
    def blocks_over(self) -> int:
        """Return how many blocks are over."""
        return self._over

    @property
    def interactive(self) -> bool:
        return self.origin == "editor"

    @property
    def moment(self) -> str:
        """Return the logical time and interval that blocks can ask for, as text."""
        times = (self.interval_start, self.logical_time)
        return " – ".join(time.isoformat() for time in times if time is not None)

    @property
    def running(self) -> list[str]:
        return [name for name, block in self.blocks.items() if block.state == "running"]

    @property
    def rests(self) -> bool:
        """Tell whether all that could go on waits for its time: to be asked or tried again."""
        waits = any(block.waiting or block.state == "waiting" for block in self.blocks.values())
        return waits and not self.running

    @property
    def pending(self) -> list[str]:
        """Return the blocks that wait: for a slot, for another try, or to be ready."""
        return [n for n, block in self.blocks.items() if block.state in {"queued", "waiting"}]

    @property
    def is_over(self) -> bool:
        return self._over == len(self.blocks)

    @cached_property
    def movers(self) -> frozenset[str]:
        """Return the incremental blocks whose marks the success of this run would move.

        That is so when the run is not of the editor and everything below the block is part of it:
        what was loaded has then gone all its way.
        """
        if self.interactive:
            return frozenset()
        return frozenset(
            name
            for name in self.blocks
            if self.definition.blocks[name].incremental is not None
            and self.definition.descendants([name]) <= self.blocks.keys()
        )

    def reached(self, name: str) -> Watermark | None:
        """Return the mark that a mover has reached; None when not all below it is good."""
        output = self.blocks[name].record.output
        way = (name, *self.definition.descendants([name]))
        if output is None or any(self.blocks[block].state not in GOOD for block in way):
            return None
        return output.reached

    @cached_property
    def middles(self) -> dict[str, list[str]]:
        """Return what may be part of another's query, as `readers_of_middles` has it."""
        return readers_of_middles(self.definition)

    @cached_property
    def hosts(self) -> dict[str, str]:
        """Return the blocks that are part of another's query in this run → that other one.

        Never so where somebody looks at them: in the editor, and when they were asked for.
        """
        found: dict[str, str] = {}
        for name in () if self.interactive else reversed(self.blocks):
            readers = [reader for reader in self.middles.get(name, ()) if reader in self.blocks]
            hosts = {found.get(reader, reader) for reader in readers}
            if len(hosts) == 1 and name not in self.must:
                found[name] = hosts.pop()
        return found

    def computed_within(self, name: str) -> str:
        """Name the block within which one of `hosts` is computed: its only reader, or the host."""
        readers = [reader for reader in self.middles[name] if reader in self.blocks]
        return readers[0] if len(readers) == 1 else self.hosts[name]

    def is_needless(self, name: str) -> bool:
        """Tell of one of `hosts` whether all its readers were known, so nothing computes it."""
        readers = (self.blocks[r] for r in self.middles[name] if r in self.blocks)
        return all((reader.record.cache or "").startswith("hit") for reader in readers)

    def fused_above(self, name: str) -> list[str]:
        """Return the middles that the query of a block computes, at any distance, in order."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for up in self._upstream(waiting.pop()):
                output = self.blocks[up].record.output
                if output is not None and output.within:
                    found.add(up)
                    waiting.append(up)
        return sorted(found, key=self._places.__getitem__)

    def inputs(self, name: str) -> dict[str, Output]:
        """Return the outputs that a block reads; all its upstream blocks must be good.

        Those of middles are named by their keys.
        """
        found: dict[str, Output] = {}
        for upstream in self.definition.blocks[name].upstream:
            output = self.output(upstream)
            if output is not None:
                found[upstream] = output
        keys = {
            up: key.text
            for up in found
            if up in self.middles and up in self.blocks and (key := self.blocks[up].key) is not None
        }
        return named_by_key(found, keys) if keys else found

    def output(self, name: str) -> Output | None:
        """Find the output of a block in this run, or the one that was pinned from outside."""
        block = self.blocks.get(name)
        return self.outside.get(name) if block is None else block.record.output

    def startable(self) -> list[str]:
        """Return the blocks of `ready` that have not asked for a slot; O(those), not O(blocks)."""
        blocks = self.blocks
        gone = {n for n in self._candidates if blocks[n].state != "queued" or blocks[n].asked}
        self._candidates -= gone
        found = [name for name in self._candidates if not blocks[name].waiting]
        return sorted(found, key=self._places.__getitem__)

    def ready(self) -> list[str]:
        """Return the queued blocks whose upstream blocks are all good, in order."""
        return [
            name
            for name, block in self.blocks.items()
            if block.state == "queued"
            and not block.waiting
            and all(
                up not in self.blocks or self.blocks[up].state in GOOD
                for up in self.definition.blocks[name].upstream
            )
        ]

    def ready_soon(self, name: str) -> int:
        """Count the blocks right below `name` that wait only for blocks that execute now."""
        soon = {"running", *GOOD}
        return sum(
            # No more than its slots are executing: a block with many inputs is not looked through.
            self._missing[below] <= self.slots
            and all(self.blocks[up].state in soon for up in self._upstream(below))
            for below in self._below.get(name, ())
        )

    def _upstream(self, name: str) -> list[str]:
        return [up for up in self.definition.blocks[name].upstream if up in self.blocks]

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.blocks:
            for up in self._upstream(name):
                found.setdefault(up, []).append(name)
        return found

    def queued_below(self, name: str) -> list[str]:
        """Return the queued blocks that need `name`, at any distance, in order."""
        below = self.definition.descendants([name])
        return [b for b, block in self.blocks.items() if b in below and block.state == "queued"]

    def final_state(self) -> RunState:
        """Decide how a run that is over ended."""
        states = {block.state for block in self.blocks.values()}
        if "failed" in states or self.timed_out:
            return "failed"
        return "cancelled" if self.cancelled or "cancelled" in states else "succeeded"

    def live(self) -> LiveRun:
        """Describe the run to those who join now."""
        return LiveRun(
            id=self.id,
            origin=self.origin,
            state=self.state,
            trigger=self.trigger,
            queued_at=self.queued_at,
            started_at=self.started_at,
            blocks={name: block.shown for name, block in self.blocks.items()},
        )

    def to_record(self) -> RunRecord:
        """Describe the run as it is recorded and answered."""
        return RunRecord(
            id=self.id,
            pipeline=self.definition.pipeline,
            state=self.state,
            blocks=[block.record for block in self.blocks.values()],
            origin=self.origin,
            trigger=self.trigger,
            logical_time=self.logical_time,
            interval_start=self.interval_start,
            parameters=self.parameters,
            version=self.definition.version,
            published=self.published,
            queued_at=self.queued_at,
            started_at=self.started_at,
            reason=self.reason,
            limits=self.limits,
            retry=self.retry,
            attempt=self.attempt,
        )

    def check(self) -> None:
        """Raise AssertionError when an invariant is broken; for tests and fuzzing.

        Nothing runs before its inputs; no more blocks run than there are slots; a block that waits
        for a failed one is skipped; attempts count from 1.
        """
        assert len(self.running) <= self.slots, "more blocks run than there are slots"
        assert self._over == sum(b.state in OVER for b in self.blocks.values()), "miscounted"
        free = [name for name in self.ready() if not self.blocks[name].asked]
        assert self.startable() == free, "a block that could start is forgotten"
        for name, block in self.blocks.items():
            ups = [u for u in self.definition.blocks[name].upstream if u in self.blocks]
            if block.state in {"running", "waiting", *GOOD}:
                assert all(self.blocks[u].state in GOOD for u in ups), f"{name} before its inputs"
            if block.state == "queued":
                dead = {"failed", "cancelled", "skipped"}
                assert not any(self.blocks[u].state in dead for u in ups), f"{name} waits for ever"
            numbers = [a.number for a in block.record.attempts]
            assert numbers == list(range(1, len(numbers) + 1)), f"attempts of {name}: {numbers}"


def attempts_of(record: BlockRun, last: Attempt) -> list[Attempt]:
    """Return a block's attempts with `last` added, or replaced when it is there already."""
    return [a for a in record.attempts if a.number != last.number] + [last]
