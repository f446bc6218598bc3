"""Several SQL blocks as one query: each but the last is a common table expression of it.

DuckDB computes one that is read more than once a single time, so that all who read it see the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from headrace.analysis.placeholders import placeholders
from headrace.protocol.bindings import Binding
from headrace.workers.jobs import Fused, Job, values_of

_HEAD = re.compile(
    r"(?P<before>(?:\s|--[^\n]*\n|/\*.*?\*/)*)with\b(?P<recursive>\s+recursive\b)?",
    re.IGNORECASE | re.DOTALL,
)
_END = re.compile(r";(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL)


def fused_text(job: Job) -> tuple[str, dict[str, Any]] | None:
    """Return the one query of a job and its parameters; None when names are in each other's way.

    The parameters of each block are its own: `:n` of block `b` is `$b__n`.
    """
    blocks: list[Job | Fused] = [*job.fused, job]
    if not _names_are_clear(blocks):
        return None
    values: dict[str, Any] = {}
    texts: list[str] = []
    for block in blocks:
        known = values_of(job, block)
        texts.append(_bound(block.source, block.block, known, values))
    tables = [
        table
        for fused, text in zip(job.fused, texts, strict=False)
        for table in _tables(text, arguments_of(blocks, fused.block))
    ]
    head = _HEAD.match(texts[-1])
    if head is None:
        return f"WITH {', '.join(tables)}\n{texts[-1]}", values
    recursive = head["recursive"] or ""
    return f"WITH{recursive} {', '.join(tables)},{texts[-1][head.end() :]}", values


def arguments_of(blocks: list[Job | Fused], name: str) -> list[str]:
    """Return what each block that reads a fused block calls it."""
    return [b.argument for block in blocks for b in _upstream(block) if b.name == name]


def _tables(text: str, arguments: list[str]) -> list[str]:
    """Make a table of a text, by each of the names that it is read by."""
    first, *others = {argument.lower(): argument for argument in arguments}.values()
    once = "MATERIALIZED " if len(arguments) > 1 else ""
    return [
        f'"{first}" AS {once}(\n{whole(text)}\n)',
        *(f'"{other}" AS (FROM "{first}")' for other in others),
    ]


def _upstream(block: Job | Fused) -> list[Binding]:
    return [binding for binding in block.bindings if binding.source == "upstream"]


def _names_are_clear(blocks: list[Job | Fused]) -> bool:
    """Tell whether each name means the same in all of the blocks."""
    meant: dict[str, str] = {}
    return all(
        meant.setdefault(binding.argument.lower(), binding.name) == binding.name
        for block in blocks
        for binding in _upstream(block)
    )


def _bound(text: str, block: str, known: Mapping[str, Any], values: dict[str, Any]) -> str:
    parts: list[str] = []
    done = 0
    for found in placeholders(text):
        if found.name in known:
            parts += (text[done : found.start], f"${block}__{found.name}")
            values[f"{block}__{found.name}"] = known[found.name]
            done = found.end
    return "".join((*parts, text[done:]))


def whole(text: str) -> str:
    """Leave out a semicolon at the end, with the comments behind it.

    What follows belongs on a line of its own, which no comment reaches.
    """
    return _END.sub("", text.rstrip())
