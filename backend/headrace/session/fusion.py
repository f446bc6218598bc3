"""SQL blocks that are part of the query of one block below them. Pure.

Between such a *middle* and its readers, a reader's key is made of the middle's key and not of its
content, whether the middle was executed by itself or not: so the reader's result is found in runs
that fuse and in the editor, which does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headrace.core.ids import digest
from headrace.protocol.tables import Output
from headrace.session.definition import Definition, Key, PlannedBlock


def readers_of_middles(definition: Definition) -> dict[str, list[str]]:
    """Return middle → the blocks that read it; O(blocks + edges).

    All ways that lead down from a middle lead through middles to one block, whose query computes
    them all.
    """
    below: dict[str, list[PlannedBlock]] = {}
    for block in definition.blocks.values():
        for upstream in block.upstream:
            below.setdefault(upstream, []).append(block)
    found: dict[str, list[str]] = {}
    ends: dict[str, str] = {}
    for name, block in reversed(definition.blocks.items()):
        readers = below.get(name, [])
        leads_to = {ends[reader.name] for reader in readers}
        if len(leads_to) == 1 and all(_is_middle(block, reader) for reader in readers):
            found[name] = [reader.name for reader in readers]
            ends[name] = leads_to.pop()
        else:
            ends[name] = name
    return found


def _is_middle(block: PlannedBlock, reader: PlannedBlock) -> bool:
    """Tell whether a reader can compute a block, and nothing is said of that block alone."""
    if block.kind != "transformer" or block.isolation:
        return False
    if block.checks or block.contract is not None:
        return False
    limits = (block.timeout_s, block.memory_bytes, block.pool)
    if limits != (reader.timeout_s, reader.memory_bytes, reader.pool):
        return False
    reads = [b for b in reader.bindings if b.source == "upstream" and b.name == block.name]
    return _is_query(block) and _is_query(reader) and len(reads) == 1


def _is_query(block: PlannedBlock) -> bool:
    """Tell whether a block is one that DuckDB runs in the worker."""
    return block.language == "sql" and block.connection is None and block.problem is None


def computed_within(reader: str, key: Key) -> Output:
    """Stand for the output of a middle that its reader computes; nothing of it is stored."""
    name = name_of(key.text)
    return Output(address=name, digest=name, kind="nothing", within=reader)


def named_by_key(outputs: Mapping[str, Output], keys: Mapping[str, str]) -> dict[str, Output]:
    """Let the digests of outputs stand for their keys, where these are given."""
    return {
        name: msgspec.structs.replace(output, digest=name_of(keys[name]))
        if name in keys
        else output
        for name, output in outputs.items()
    }


def name_of(key: str) -> str:
    """Name what a middle gives by the key that it has."""
    return digest("middle", key)
