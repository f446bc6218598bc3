"""Whether a block run takes a known result or executes, and the words for why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from headrace.session.definition import PlannedBlock
from headrace.session.results import Result


@dataclass(frozen=True)
class Decision:
    """`result` is what is reused, None to execute; `why` completes "hit: …" or "miss: …"."""

    why: str
    result: Result | None = None


def decide(
    block: PlannedBlock,
    known: Result | None,
    *,
    is_newest: bool,
    interactive: bool,
    must: bool,
    force: bool,
    at: datetime,
) -> Decision:
    """Apply the freshness rules by kind (DESIGN.md 7).

    `known` has the wanted key; `is_newest` says that no later result of this block exists. In the
    editor a block that was asked for by name (`must`) executes, its ancestors only when stale.
    Elsewhere transformers are reused, exporters execute, loaders and sensors follow `cache:`.
    """
    if known is None or known.output.holds:
        why = "no result for this code and these inputs yet"
        return Decision(why if known is None else "the sensor was not ready")
    if force:
        return Decision("forced")
    if must:
        return Decision("asked for by name")
    age = block.valid_for
    if block.kind == "transformer":
        return Decision(f"same code and inputs, from {known.made_at:%Y-%m-%d %H:%M:%S} UTC", known)
    if block.kind == "exporter":
        if interactive and is_newest:
            return Decision("exported this already", known)
        return Decision("exporters always execute")
    if interactive and is_newest and age is None:
        return Decision("same code, nothing newer", known)
    if age is None:
        return Decision(f"{block.kind}s always execute without `cache:`")
    if at - known.made_at <= age:
        return Decision(
            f"`cache: {block.cache}`, from {known.made_at:%Y-%m-%d %H:%M:%S} UTC", known
        )
    return Decision(f"older than `cache: {block.cache}`")
