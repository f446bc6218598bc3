"""What is known of each block: results by key, the one that is shown, and how fresh that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from sys import intern
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from headrace.graph.staleness import reasons
from headrace.project.watermarks import since
from headrace.protocol.tables import BlockRun, BlockStatus, Output, Staleness
from headrace.protocol.watermarks import Since
from headrace.session.definition import Definition, Key, PlannedBlock, key_of
from headrace.session.fusion import computed_within, readers_of_middles

KEPT_PER_BLOCK = 50
"""Results by key that are remembered of one block; the oldest goes first."""

NEVER = Staleness(state="never")
FRESH = Staleness(state="fresh")


class Result(Struct, frozen=True, kw_only=True):
    """An output with its key and when it was made."""

    key: str
    output: Output
    made_at: datetime


@dataclass
class _Comparison:
    """The last comparison of all blocks with a draft, and what has become known since."""

    definition: Definition
    parameters: bytes
    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    staleness: dict[str, Staleness] = field(default_factory=dict[str, Staleness])
    fresh: dict[str, Result] = field(default_factory=dict[str, Result])
    touched: set[str] = field(default_factory=set[str])
    """Blocks of which something else is known now."""
    places: dict[str, int] = field(default_factory=dict[str, int])
    below: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """The blocks right below each block."""
    middles: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @classmethod
    def begin(cls, definition: Definition, parameters: bytes) -> _Comparison:
        """Begin with a draft of which nothing is compared yet."""
        new = cls(definition, parameters, touched=set(definition.blocks))
        new.middles = readers_of_middles(definition)
        for place, block in enumerate(definition.blocks.values()):
            new.places[block.name] = place
            for upstream in block.upstream:
                new.below.setdefault(upstream, []).append(block.name)
        return new

    ends: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """When results grow older than their `cache:` allows, by block."""


class Wanted(NamedTuple):
    """What the draft wants of each block; the mappings go on to change with each comparison."""

    compared: AbstractSet[str]
    """The blocks that were compared this time, in order; of the others nothing has changed."""
    keys: Mapping[str, Key]
    """Of each block whose inputs are all fresh."""
    staleness: Mapping[str, Staleness]
    fresh: Mapping[str, Result]
    """The result that each fresh block has."""


class Results:
    """Results of all blocks of one pipeline, and their status in the editor.

    A transformer shows any known result whose key is wanted, so that taking an edit back makes it
    fresh at once. Loaders, sensors and exporters act on the world outside: for them only the newest
    result counts.
    """

    def __init__(self) -> None:
        self.status: dict[str, BlockStatus] = {}
        self._known: dict[str, dict[str, Result]] = {}
        self._parts: dict[str, dict[str, str]] = {}
        """What keys were made of, of results that are known or shown."""
        self._shown_key: dict[str, str] = {}
        self._failed_key: dict[str, str] = {}
        self._compared: _Comparison | None = None
        self._lost: set[str] = set()
        """Keys that somebody may look at and whose outputs are no longer stored."""
        self._at: datetime | None = None
        self._marks: dict[str, Since] = {}
        """The stored marks of incremental blocks, by name."""
        self._doubted: set[str] = set()
        """Blocks whose marks were moved here and then not in the history."""

    def since(self, block: PlannedBlock) -> Since | None:
        """Return what a block would go on from now; None for one that is not incremental."""
        if block.incremental is None:
            return None
        return since(block.incremental, self._marks.get(block.name))

    def mark(self, marks: Mapping[str, Since]) -> None:
        """Take stored marks; one that is older than what is known by now is passed over."""
        for name, mark in marks.items():
            if name in self._doubted:
                self._doubted.remove(name)
                self._marks.pop(name, None)
            self.move(name, mark)

    def move(self, block: str, reached: Since) -> None:
        """Take a mark that a run has moved, unless what is known is newer."""
        known = self._marks.get(block)
        if known != reached and (known is None or known.version <= reached.version):
            self._touch(block)
            self._marks[block] = reached

    def doubt(self, blocks: Iterable[str]) -> None:
        """Take the next stored marks of blocks whatever they are: a move of theirs was refused."""
        self._doubted.update(blocks)

    def remember(self, block: str, result: Result, parts: Mapping[str, str] | None = None) -> None:
        """Add a result; the newest of a block is the one added last."""
        self._touch(block)
        known = self._known.setdefault(block, {})
        known.pop(result.key, None)
        self._lost.discard(result.key)
        newest = self.newest(block)
        known[result.key] = result if newest is None else _sharing(result, newest)
        if len(known) > KEPT_PER_BLOCK:
            self._drop(block, next(iter(known)))
        if parts is not None:
            self._keep_parts(result.key, parts)

    def learn(self, block: str, result: Result, parts: Mapping[str, str]) -> bool:
        """Add a result that another process made, at its place by time; False when it is known."""
        known = self._known.get(block, {})
        mine = known.get(result.key)
        if mine is not None and mine.made_at >= result.made_at:
            return False
        later = [r for r in known.values() if r.made_at > result.made_at and r.key != result.key]
        self.remember(block, result, parts)
        for newer in later:
            self.remember(block, newer)
        return True

    def known(self) -> set[str]:
        """Return the addresses of all results that lie in the store."""
        return {
            result.output.address
            for known in self._known.values()
            for result in known.values()
            if result.output.kind != "nothing"
        }

    def lose(self, addresses: AbstractSet[str]) -> None:
        """Forget the results whose outputs are no longer stored."""
        if not addresses:
            return
        wanted = {key.text for key in self._compared.keys.values()} if self._compared else set()
        asked_for = wanted.union(self._shown_key.values())
        self._lost &= asked_for
        for block, known in self._known.items():
            for key in [k for k, result in known.items() if result.output.address in addresses]:
                self._touch(block)
                self._drop(block, key)
                if key in asked_for:
                    self._lost.add(key)

    def find(self, block: str, key: str) -> Result | None:
        """Find a known result by its key."""
        return self._known.get(block, {}).get(key)

    def newest(self, block: str) -> Result | None:
        """Find the result of a block that was made last, whatever its key."""
        known = self._known.get(block)
        return next(reversed(known.values())) if known else None

    def restore(self, block: str, run: str, last: BlockRun) -> None:
        """Take up a block's last run from the history, when a session opens."""
        self.status[block] = BlockStatus(
            state=last.state,
            run=run,
            attempt=len(last.attempts) or 1,
            started_at=last.started_at,
            finished_at=last.finished_at,
            seconds=last.seconds,
            cache=last.cache,
            output=last.output,
            failure=last.failure,
            because=last.because,
            checks=last.checks,
            displays=last.displays,
        )
        self._touch(block)
        if last.key:
            self._keep_parts(last.key, last.parts)
            self._shown_key[block] = last.key
            if last.state == "failed":
                self._failed_key[block] = last.key

    def change(self, block: str, **fields: Any) -> BlockStatus:
        """Change fields of a block's status."""
        before = self.status.get(block)
        if before is not None and _has(before, fields):
            return before
        status = msgspec.structs.replace(before or BlockStatus(), **fields)
        self.status[block] = status
        return status

    def show(self, block: str, key: str) -> None:
        """Record the key of the result that the status of a block now holds."""
        if self._shown_key.get(block) != key or block in self._failed_key:
            self._touch(block)
            before, self._shown_key[block] = self._shown_key.get(block, ""), key
            self._failed_key.pop(block, None)
            if before not in self._known.get(block, {}):
                self._drop_parts(before)

    def fail(self, block: str, key: str) -> None:
        """Record what the last run of a block failed with: until that changes, it is no news."""
        self._touch(block)
        self._failed_key[block] = key

    def _drop(self, block: str, key: str) -> None:
        del self._known[block][key]
        self._drop_parts(key)

    def _keep_parts(self, key: str, parts: Mapping[str, str]) -> None:
        """Keep what a key was made of; thousands of keys are made of much the same."""
        self._parts[key] = {intern(name): intern(part) for name, part in parts.items()}

    def _drop_parts(self, key: str) -> None:
        known = any(key in known for known in self._known.values())
        if not known and key not in self._shown_key.values():
            self._parts.pop(key, None)

    def _touch(self, block: str) -> None:
        if self._compared is not None:
            self._compared.touched.add(block)

    def rename(self, old: str, new: str) -> None:
        """Move what a block shows to its new name; its results stay with the old one."""
        if old in self.status:
            self.status[new] = self.status.pop(old)
        if old in self._shown_key:
            self._shown_key[new] = self._shown_key.pop(old)
        self._failed_key.pop(old, None)
        self._touch(new)

    def forget(self, names: set[str]) -> None:
        """Drop the status of blocks that no longer exist; their results stay known."""
        for name in names:
            self.status.pop(name, None)
            self._shown_key.pop(name, None)
            self._failed_key.pop(name, None)
            self._touch(name)

    def wanted(
        self, definition: Definition, parameters: Mapping[str, Any], at: datetime | None = None
    ) -> Wanted:
        """Compare every block with the draft.

        O(blocks + edges) for a new draft or other parameters; after a result, only its block and
        those right below are compared. `at` is the time by which `cache:` counts, None for that of
        the last comparison.
        """
        self._at = at or self._at
        said = msgspec.json.encode(parameters, order="sorted")
        last = self._compared
        if last is None or last.definition is not definition or last.parameters != said:
            last = self._compared = _Comparison.begin(definition, said)
        last.touched.update(n for n, end in last.ends.items() if self._at and self._at > end)
        touched = {name for name in last.touched if name in last.places}
        waiting = [(last.places[name], name) for name in touched]
        heapify(waiting)
        compared: dict[str, None] = {}
        while waiting:  # in the order of the blocks: every upstream block comes first
            _, name = heappop(waiting)
            if name in compared:
                continue
            compared[name] = None
            before = last.fresh.get(name)
            self._compare(definition.blocks[name], parameters, last)
            if name in touched or name in last.middles or last.fresh.get(name) is not before:
                for below in last.below.get(name, ()):
                    heappush(waiting, (last.places[below], below))
        last.touched = set()
        return Wanted(compared.keys(), last.keys, last.staleness, last.fresh)

    def _compare(
        self, block: PlannedBlock, parameters: Mapping[str, Any], last: _Comparison
    ) -> None:
        """Compare one block whose upstream blocks have been compared."""
        name, fresh = block.name, last.fresh
        fresh.pop(name, None)
        last.ends.pop(name, None)
        missing = [upstream for upstream in block.upstream if upstream not in fresh]
        # A middle need not be there for what it would be to be known: its reader has computed it.
        if not all(upstream in last.middles and upstream in last.keys for upstream in missing):
            last.keys.pop(name, None)
            last.staleness[name] = self._waiting(block, missing, parameters)
            return
        inputs = {
            upstream: computed_within(name, last.keys[upstream])
            if upstream in last.middles
            else fresh[upstream].output
            for upstream in block.upstream
        }
        key = last.keys[name] = key_of(block, inputs, parameters, since=self.since(block))
        result = self._current(block, key.text)
        if result is None and missing:
            last.staleness[name] = self._waiting(block, missing, parameters)
        elif result is not None and block.problem is None:
            fresh[name] = result
            last.staleness[name] = FRESH
            if key.text not in self._parts:
                self._keep_parts(key.text, key.parts)  # to say later what changed since
            end = _end(block, result)
            if end is not None:
                last.ends[name] = end
        else:
            last.staleness[name] = self._stale(block, key)

    def _current(self, block: PlannedBlock, key: str) -> Result | None:
        if block.kind == "transformer":
            return self.find(block.name, key)
        newest = self.newest(block.name)
        if newest is None or newest.key != key or newest.output.holds:
            return None
        return None if self._is_old(block, newest) else newest

    def _is_old(self, block: PlannedBlock, result: Result) -> bool:
        end = _end(block, result)
        return end is not None and self._at is not None and self._at > end

    def next_end(self) -> datetime | None:
        """Return when the next fresh result grows older than its `cache:` allows."""
        ends = self._compared.ends if self._compared is not None else {}
        return min(ends.values(), default=None)

    def _was_run(self, block: str) -> bool:
        return block in self._shown_key or self.newest(block) is not None

    def _waiting(
        self, block: PlannedBlock, missing: list[str], parameters: Mapping[str, Any]
    ) -> Staleness:
        """Say which inputs are stale, and what beside them changed."""
        if not self._was_run(block.name):
            return NEVER
        inputs = {f"input {name}": "" for name in block.upstream}
        recorded = self._recorded(block.name) | inputs
        now = key_of(block, {}, parameters, since=self.since(block))
        own = reasons(recorded, now.parts | inputs)
        own = [] if len(recorded) == len(inputs) else own
        stale = [f"input {name} is stale" for name in missing]
        return Staleness(state="stale", reasons=own + stale)

    def _recorded(self, block: str) -> dict[str, str]:
        """Return what the key of the result that a block shows, or its newest, was made of."""
        newest = self.newest(block)
        shown = self._shown_key.get(block) or (newest.key if newest else "")
        return self._parts.get(shown, {})

    def _stale(self, block: PlannedBlock, key: Key) -> Staleness:
        if not self._was_run(block.name):
            return NEVER
        if self._failed_key.get(block.name) == key.text:
            return Staleness(state="stale", reasons=["the last run failed"])
        if key.text in self._lost:
            return Staleness(state="stale", reasons=["its output was removed from the store"])
        newest = self.newest(block.name)
        if newest is not None and newest.key == key.text and newest.output.holds:
            return Staleness(state="stale", reasons=["the sensor was not ready"])
        if newest is not None and newest.key == key.text and self._is_old(block, newest):
            return Staleness(state="stale", reasons=[f"older than `cache: {block.cache}`"])
        recorded = self._recorded(block.name)
        if not recorded:
            return Staleness(state="stale", reasons=["its last result is of other code or inputs"])
        # Of the same key as what is shown: then it was run since by somebody with another draft.
        changed = reasons(recorded, key.parts) or ["its last result is of other code or inputs"]
        return Staleness(state="stale", reasons=changed)


def _sharing(result: Result, other: Result) -> Result:
    """Let a result have what is the same in another one in common with it.

    Mostly the columns are: a thousand of them are a quarter of a megabyte, fifty times per block.
    """
    output, known = result.output, other.output
    same = {
        name: getattr(known, name)
        for name in ("columns", "notes", "inputs", "checks", "type_name", "text")
        if getattr(output, name) == getattr(known, name)
    }
    return msgspec.structs.replace(result, output=msgspec.structs.replace(output, **same))


def _end(block: PlannedBlock, result: Result) -> datetime | None:
    """Return until when a result counts, None when for ever; only of what acts on the world."""
    age = block.valid_for if block.kind in {"loader", "sensor"} else None
    return None if age is None or age == timedelta.max else result.made_at + age


def _has(status: BlockStatus, fields: Mapping[str, Any]) -> bool:
    for name, value in fields.items():  # noqa: SIM110 - all() would take longer than the change
        if getattr(status, name) is not value:
            return False
    return True
