"""A pipeline as it is to be run: each block with its code, bindings and settings, all pinned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct, field

from headrace.core.ids import digest
from headrace.project.durations import parse_duration
from headrace.protocol.bindings import Binding
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Expectation, Kind, Language, Output, Parameter
from headrace.protocol.watermarks import Incremental, Since

ENGINE = "1"
"""Goes up when Headrace comes to store other results for the same code: old ones are then stale."""


OF_INTERVAL = frozenset({"logical_time", "interval_start", "interval_end", "interval"})
"""What of the context follows from the tick that a run is for."""
LONGEST_WAIT_S = 7 * 86_400.0
"""How long a sensor waits whose `timeout:` says nothing."""


class PlannedBlock(Struct, frozen=True, kw_only=True):
    """A block ready to run, or with the `problem` that keeps it from running.

    `fingerprint` is of its own code; `modules` are the project's that it imports and `files` those
    it names, each path → digest; `versions` are of Python and the libraries it uses. `context` is
    what it uses of its context. `path` is absolute.
    """

    name: str
    kind: Kind
    language: Language = "python"
    path: str = ""
    source: str = ""
    fingerprint: str = ""
    modules: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, str] = field(default_factory=dict[str, str])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    context: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    typed: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    """The arguments that take dates or moments, by name."""
    retries: int = 0
    backoff_s: float = 1.0
    retry_on: tuple[str, ...] = ()
    timeout_s: float | None = None
    memory_bytes: int | None = None
    cache: str | None = None
    connection: str | None = None
    kernel: str | None = None
    results: tuple[str, ...] = ()
    writes: bool = False
    isolation: str | None = None
    pool: str | None = None
    priority: int = 0
    poke_s: float | None = None
    """Seconds between two pokes of a sensor that waits; None: it does not."""
    wait_s: float = LONGEST_WAIT_S
    """Seconds that such a sensor waits in all; `timeout_s` is of one poke."""
    soft_fail: bool = False
    checks: tuple[Expectation, ...] = ()
    contract: Contract | None = None
    incremental: Incremental | None = None
    problem: str | None = None

    @property
    def valid_for(self) -> timedelta | None:
        """Return how old its result may be: None for `cache:` absent, the maximum for `forever`."""
        if self.cache is None:
            return None
        if self.cache == "forever":
            return timedelta.max
        return timedelta(seconds=parse_duration(self.cache, "cache"))


class Definition(Struct, frozen=True, kw_only=True):
    """All runnable blocks in an order in which every upstream comes first.

    `parameters` are the declared defaults. `version` names the content: equal versions run alike.
    """

    pipeline: str
    blocks: dict[str, PlannedBlock] = field(default_factory=dict[str, PlannedBlock])
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""
    typed: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    """The parameters that are dates or moments, by name."""

    @classmethod
    def of(
        cls,
        pipeline: str,
        blocks: Iterable[PlannedBlock],
        parameters: Mapping[str, Any],
        typed: Mapping[str, Parameter] | None = None,
    ) -> Definition:
        """Make a definition and name its version."""
        by_name = {block.name: block for block in blocks}
        of_time = dict(typed or {})
        content = msgspec.msgpack.encode((list(by_name.values()), dict(parameters), of_time))
        return cls(
            pipeline=pipeline,
            blocks=by_name,
            parameters=dict(parameters),
            version=digest(content),
            typed=of_time,
        )

    def encode(self) -> bytes:
        """Give the bytes that history keeps once per version."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, content: bytes) -> Definition:
        """Read what `encode` gave."""
        return msgspec.msgpack.decode(content, type=cls)

    def ancestors(self, names: Iterable[str], there: AbstractSet[str] = frozenset()) -> set[str]:
        """Return the blocks that `names` need, without `names` themselves.

        Those of `there`, and what only they need, are left out.
        """
        wanted = set(names)
        found: set[str] = set()
        for block in reversed(self.blocks.values()):
            if block.name in wanted or block.name in found:
                found.update(up for up in block.upstream if up in self.blocks and up not in there)
        return found - wanted

    def descendants(self, names: Iterable[str]) -> set[str]:
        """Return the blocks that need `names`, without `names` themselves."""
        roots = set(names)
        found: set[str] = set()
        for block in self.blocks.values():
            if any(up in roots or up in found for up in block.upstream):
                found.add(block.name)
        return found - roots


class Key(Struct, frozen=True, kw_only=True):
    """The name of a result before it exists, and what it was made of."""

    text: str
    parts: dict[str, str]


def bound_values(block: PlannedBlock, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return argument → value for the arguments that settings and parameters give."""
    values: dict[str, Any] = {}
    for binding in block.bindings:
        if binding.source == "setting":
            values[binding.argument] = block.settings.get(binding.name or binding.argument)
        elif binding.source == "parameter":
            values[binding.argument] = parameters.get(binding.name or binding.argument)
    return values


def key_of(
    block: PlannedBlock,
    inputs: Mapping[str, Output],
    parameters: Mapping[str, Any],
    moment: str = "",
    since: Since | None = None,
) -> Key:
    """Name the result of a block for these inputs and parameter values (DESIGN: keys).

    `moment` is the logical time of the run; it counts for blocks that ask their context for it.
    `since` is what an incremental loader goes on from.
    """
    parts = {"code": block.fingerprint, "engine": ENGINE}
    parts.update((f"module {path}", code) for path, code in block.modules.items())
    parts.update((f"file {path}", content) for path, content in block.files.items())
    for name in block.upstream:
        if name in inputs:
            parts[f"input {name}"] = inputs[name].digest
    parts.update(_given(block, parameters))
    if moment and not OF_INTERVAL.isdisjoint(block.context):
        parts["logical time"] = moment
    if block.incremental is not None:
        parts["mark"] = _mark(block.incremental, since)
    if block.kind == "sensor":
        parts["kind"] = block.kind  # only a sensor's result says whether the blocks below may run
    if block.connection:
        parts["connection"] = block.connection
    if block.checks:
        parts["checks"] = digest(msgspec.json.encode(block.checks))
    if block.contract is not None:
        parts["contract"] = digest(msgspec.json.encode(block.contract, order="sorted"))
    parts["wiring"] = _wiring(block)
    for name, version in block.versions.items():
        parts[name if name == "Python" else f"library {name}"] = version
    flat = [piece for part in sorted(parts.items()) for piece in part]
    return Key(text=digest(*flat), parts=parts)


def _given(block: PlannedBlock, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts that settings and parameters make."""
    parts: dict[str, str] = {}
    for binding in block.bindings:
        name = binding.name or binding.argument
        if binding.source == "parameter":
            parts[f"parameter {name}"] = _value(block, binding, parameters.get(name))
        elif binding.source == "setting":
            parts[f"setting {name}"] = _value(block, binding, block.settings.get(name))
        elif binding.source == "context" and name in parameters:  # given where no tick gives it
            parts[f"parameter {name}"] = _value(block, binding, parameters[name])
    if "parameters" in block.context:
        for name, value in parameters.items():
            parts.setdefault(f"parameter {name}", _plain(value))
    return parts


def _mark(incremental: Incremental, since: Since | None) -> str:
    mark = None if since is None else since.mark
    said = "the beginning" if mark is None else f"{mark.type} {mark.value}"
    return _plain([incremental.column, said])


def _wiring(block: PlannedBlock) -> str:
    """Say which argument gets what; what `**` takes comes in the order of the upstream blocks."""
    pairs = [f"{b.argument}={b.source}:{b.name}" for b in block.bindings]
    if any(binding.argument == "**" for binding in block.bindings):
        pairs += block.upstream
    return digest("|".join(pairs))


def _value(block: PlannedBlock, binding: Binding, value: Any) -> str:
    """Say a value, and the type too where it makes another value of the same text."""
    typed = block.typed.get(binding.argument)
    return _plain(value) if typed is None else f"{typed.type} {_plain(value)}"


def _plain(value: Any) -> str:
    text = msgspec.json.encode(value, order="sorted").decode()
    return text if len(text) <= 200 else digest(text)
