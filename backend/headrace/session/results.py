"""What is known of each block: results by key, the one that is shown, and how fresh that is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from headrace.graph.staleness import reasons
from headrace.protocol.tables import BlockRun, BlockStatus, Output, Staleness
from headrace.session.definition import Definition, Key, PlannedBlock, key_of

KEPT_PER_BLOCK = 50
"""Results by key that are remembered of one block; the oldest goes first."""

NEVER = Staleness(state="never")
FRESH = Staleness(state="fresh")


class Result(Struct, frozen=True, kw_only=True):
    """An output with its key and when it was made."""

    key: str
    output: Output
    made_at: datetime


class _KnownKey(NamedTuple):
    """The key that a block had last, and what it was made of."""

    block: PlannedBlock
    inputs: list[str]
    parameters: bytes
    key: Key


class _KnownStaleness(NamedTuple):
    """What was said last of a stale block, and of which comparison."""

    recorded: Mapping[str, str]
    wanted: str
    staleness: Staleness


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
        self._shown_key: dict[str, str] = {}
        self._keys: dict[str, _KnownKey] = {}
        self._stale_then: dict[str, _KnownStaleness] = {}

    def remember(self, block: str, result: Result, parts: Mapping[str, str] | None = None) -> None:
        """Add a result; the newest of a block is the one added last."""
        known = self._known.setdefault(block, {})
        known.pop(result.key, None)
        known[result.key] = result
        if len(known) > KEPT_PER_BLOCK:
            del known[next(iter(known))]
        if parts is not None:
            self._parts[result.key] = dict(parts)

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
        if last.key:
            self._parts[last.key] = last.parts
            self._shown_key[block] = last.key

    def change(self, block: str, **fields: Any) -> BlockStatus:
        """Change fields of a block's status."""
        before = self.status.get(block)
        if before is not None and all(getattr(before, n) is v for n, v in fields.items()):
            return before
        status = msgspec.structs.replace(before or BlockStatus(), **fields)
        self.status[block] = status
        return status

    def show(self, block: str, key: str) -> None:
        """Record the key of the result that the status of a block now holds."""
        self._shown_key[block] = key

    def forget(self, names: set[str]) -> None:
        """Drop the status of blocks that no longer exist; their results stay known."""
        for name in names:
            self.status.pop(name, None)
            self._shown_key.pop(name, None)
            self._keys.pop(name, None)
            self._stale_then.pop(name, None)

    def wanted(
        self, definition: Definition, parameters: Mapping[str, Any]
    ) -> tuple[dict[str, Key], dict[str, Staleness], dict[str, Result]]:
        """Compare every block with the draft.

        Returns the wanted key of each block whose inputs are all fresh, the staleness of each
        block, and the result that each fresh block has. O(blocks + edges).
        """
        keys: dict[str, Key] = {}
        staleness: dict[str, Staleness] = {}
        fresh: dict[str, Result] = {}
        said = msgspec.json.encode(parameters, order="sorted")
        for block in definition.blocks.values():
            missing = [name for name in block.upstream if name not in fresh]
            if missing:
                staleness[block.name] = self._waiting(block, missing)
                continue
            inputs = {name: fresh[name].output for name in block.upstream}
            key = keys[block.name] = self._key_of(block, inputs, parameters, said)
            result = self._current(block, key.text)
            if result is not None and block.problem is None:
                fresh[block.name] = result
                staleness[block.name] = FRESH
            else:
                staleness[block.name] = self._stale(block, key)
        return keys, staleness, fresh

    def _key_of(
        self,
        block: PlannedBlock,
        inputs: Mapping[str, Output],
        parameters: Mapping[str, Any],
        said: bytes,
    ) -> Key:
        """Return the key of a block; `said` is `parameters` as text.

        Every block is compared after every result, and hardly any of them is different then.
        """
        digests = [output.digest for output in inputs.values()]
        known = self._keys.get(block.name)
        if (
            known is not None
            and known.block is block
            and known.parameters == said
            and known.inputs == digests
        ):
            return known.key
        key = key_of(block, inputs, parameters)
        self._keys[block.name] = _KnownKey(block, digests, said, key)
        return key

    def _current(self, block: PlannedBlock, key: str) -> Result | None:
        if block.kind == "transformer":
            return self.find(block.name, key)
        newest = self.newest(block.name)
        return newest if newest is not None and newest.key == key else None

    def _was_run(self, block: str) -> bool:
        return block in self._shown_key or self.newest(block) is not None

    def _waiting(self, block: PlannedBlock, missing: list[str]) -> Staleness:
        if not self._was_run(block.name):
            return NEVER
        return Staleness(state="stale", reasons=[f"input {name} is stale" for name in missing])

    def _stale(self, block: PlannedBlock, key: Key) -> Staleness:
        if not self._was_run(block.name):
            return NEVER
        shown = self._shown_key.get(block.name)
        newest = self.newest(block.name)
        recorded = self._parts.get(shown or (newest.key if newest else ""), {})
        known = self._stale_then.get(block.name)
        if known is not None and known.recorded is recorded and known.wanted == key.text:
            return known.staleness
        why = reasons(recorded, key.parts) or ["not yet run"]
        staleness = Staleness(state="stale", reasons=why)
        self._stale_then[block.name] = _KnownStaleness(recorded, key.text, staleness)
        return staleness
