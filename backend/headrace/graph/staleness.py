"""Why a recorded result is not what a run would give now: a comparison of named key parts."""

from __future__ import annotations

from collections.abc import Mapping


def reasons(recorded: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Name every part of the key that differs, in words; empty when the keys are equal.

    Parts are named `code`, `environment`, `engine`, `input NAME`, `parameter NAME`, `setting NAME`.
    """
    found: list[str] = []
    for part in dict.fromkeys((*wanted, *recorded)):
        before, now = recorded.get(part), wanted.get(part)
        if before == now:
            continue
        if part == "code":
            found.append("code edited")
        elif before is None:
            found.append(f"{part} added")
        elif now is None:
            found.append(f"{part} removed")
        else:
            found.append(f"{part} changed")
    return found
