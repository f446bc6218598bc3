"""SQL blocks that are part of the query of the one block that reads them. Pure.

Between such a *middle* and its reader, the reader's key is made of the middle's key and not of its
content, whether the middle was executed by itself or not: so the reader's result is found in runs
that fuse and in the editor, which does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headrace.core.ids import digest
from headrace.protocol.tables import Output
from headrace.session.definition import Definition, Key, PlannedBlock


def readers_of_middles(definition: Definition) -> dict[str, str]:
    """Return middle → the block that computes it within its own query; O(blocks + edges)."""
    below: dict[str, list[PlannedBlock]] = {}
    for block in definition.blocks.values():
        for upstream in block.upstream:
            below.setdefault(upstream, []).append(block)
    found: dict[str, str] = {}
    for name, readers in below.items():
        if len(readers) == 1 and _is_middle(definition.blocks.get(name), readers[0]):
            found[name] = readers[0].name
    return found


def _is_middle(block: PlannedBlock | None, reader: PlannedBlock) -> bool:
    """Tell whether nothing but its one reader looks at a block, and nothing is said of it alone."""
    if block is None or block.kind != "transformer" or block.isolation:
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
