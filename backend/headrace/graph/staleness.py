"""Why a recorded result is not what a run would give now: a comparison of named key parts."""

from __future__ import annotations

from collections.abc import Mapping

UNFORESEEN = "unforeseen"
"""Recorded of a module that a block loaded though its code does not name it."""
MOVED = "edited while it ran"
"""Recorded of a module that was not the one of the key when the block loaded it."""
_EARLIER = "made by an earlier version of Headrace"
_OLD = "environment"
"""A part of the keys of Headrace 0.1, whose `code` held the modules too."""


def reasons(recorded: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Name every part of the key that differs, in words; empty when the keys are equal.

    Parts are named `code`, `engine`, `kind`, `wiring`, `checks`, `contract`, `connection`,
    `Python`, `mark`, and `module PATH`, `file PATH`, `library NAME`, `input NAME`,
    `parameter NAME`, `setting NAME`, `logical time`.
    """
    old = _OLD in recorded
    found: list[str] = []
    for part in dict.fromkeys((*wanted, *recorded)):
        before, now = recorded.get(part), wanted.get(part)
        if before != now and not (old and _is_new(part, wanted)):
            found.append(_words(part, before, now))
    if old and not found:
        return [_EARLIER]
    if found[1:] and "wiring changed" in found:
        found.remove("wiring changed")  # the rest says how
    return found


def _is_new(part: str, wanted: Mapping[str, str]) -> bool:
    """Tell whether a part cannot be compared with a key that Headrace 0.1 recorded."""
    if part in {"Python", "wiring", "logical time", _OLD} or part.startswith(("file ", "library ")):
        return True
    modules = any(other.startswith("module ") for other in wanted)
    return part.startswith("module ") or (part == "code" and modules)


def _words(part: str, before: str | None, now: str | None) -> str:
    kind, _, name = part.partition(" ")
    if part == "code":
        return "code edited"
    if part == "engine":
        return _EARLIER
    if kind == "module":
        name = _short(name)
        if before == UNFORESEEN:
            return f"imports {name} in a way that cannot be followed"
        done = "added" if before is None else "removed" if now is None else "edited"
        return f"helper {name} {done}"
    if kind in {"library", "Python"}:
        name = name or kind
        if before is not None and now is not None:
            return f"{name} {before} → {now}"
        return f"{name} {now} added" if now is not None else f"{name} no longer imported"
    if before is None:
        return f"{part} added"
    return f"{part} removed" if now is None else f"{part} changed"


def _short(path: str) -> str:
    """Leave out the folder of the pipeline, where its helpers are."""
    parts = path.split("/")
    return "/".join(parts[2:]) if parts[0] == "pipelines" and len(parts) > 2 else path
