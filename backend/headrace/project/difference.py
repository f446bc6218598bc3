"""How one version of a pipeline differs from another, by block and parameter."""

from __future__ import annotations

from itertools import chain

from headrace.project.pipeline import Block, PipelineFiles
from headrace.protocol.tables import Parameter
from headrace.protocol.versions import BlockDifference, Difference, ParameterDifference

_KEYS = {
    "kind": "kind",
    "language": "language",
    "file": "file",
    "block": "block",
    "upstream": "upstream",
    "inputs": "inputs",
    "settings": "with",
    "retries": "retries",
    "backoff_s": "backoff",
    "retry_on": "retry_on",
    "timeout_s": "timeout",
    "memory_bytes": "memory",
    "cache": "cache",
    "connection": "connection",
    "kernel": "kernel",
    "results": "results",
    "writes": "writes",
    "isolation": "isolation",
    "pool": "pool",
    "priority": "priority",
}
"""Attributes of a block, and what they are called in pipeline.yaml."""


def difference(before: PipelineFiles | None, after: PipelineFiles) -> Difference:
    """Say what is different in `after`; without `before`, everything is added."""
    old = {} if before is None else {block.name: block for block in before.pipeline.blocks}
    new = {block.name: block for block in after.pipeline.blocks}
    texts = {} if before is None else _texts(before)
    blocks = [_of_block(n, old.get(n), new.get(n), texts, _texts(after)) for n in _names(old, new)]
    was = {} if before is None else {one.name: one for one in before.pipeline.parameters}
    now = {one.name: one for one in after.pipeline.parameters}
    parameters = [_of_parameter(name, was.get(name), now.get(name)) for name in _names(was, now)]
    kept = [name for name in old if name in new]
    return Difference(
        blocks=[one for one in blocks if one is not None],
        parameters=[one for one in parameters if one is not None],
        order=kept != [name for name in new if name in old],
    )


def _names(old: dict[str, Block] | dict[str, Parameter], new: object) -> list[str]:
    """Return all names, those of `new` first and in its order."""
    assert isinstance(new, dict)
    return list(dict.fromkeys(chain(new, old)))


def _texts(files: PipelineFiles) -> dict[str, str]:
    return {name: source.text for name, source in files.sources.items()}


def _of_block(
    name: str,
    old: Block | None,
    new: Block | None,
    before: dict[str, str],
    after: dict[str, str],
) -> BlockDifference | None:
    was, now = before.get(name), after.get(name)
    if old is None:
        return BlockDifference(name=name, change="added", after=now)
    if new is None:
        return BlockDifference(name=name, change="removed", before=was)
    what = [word for key, word in _KEYS.items() if getattr(old, key) != getattr(new, key)]
    if was == now:
        return BlockDifference(name=name, change="changed", what=what) if what else None
    return BlockDifference(name=name, change="changed", what=["code", *what], before=was, after=now)


def _of_parameter(
    name: str, old: Parameter | None, new: Parameter | None
) -> ParameterDifference | None:
    if old == new:
        return None
    change = "added" if old is None else "removed" if new is None else "changed"
    return ParameterDifference(name=name, change=change, before=_said(old), after=_said(new))


def _said(parameter: Parameter | None) -> str:
    if parameter is None:
        return ""
    limits = [
        f"{word} {value:.15g}"
        for word, value in (("from", parameter.minimum), ("to", parameter.maximum))
        if value is not None
    ]
    if parameter.choices is not None:
        limits.append(f"one of {', '.join(map(str, parameter.choices))}")
    kind = f"list of {parameter.type}" if parameter.multiple else parameter.type
    return ", ".join([kind, *limits, f"default {parameter.default!r}"])
