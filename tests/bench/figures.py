"""A figure: many measurements of one thing, its target, and the floor under it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """Measurements of one thing, in `unit`; less is better."""

    name: str
    unit: str
    values: Sequence[float]
    target: float | None = None
    floor: float | None = None
    """The median of the least that any program would take, measured in the same run."""
    floor_name: str = ""
    parts: dict[str, float] = field(default_factory=dict)
    """What the median consists of, in the same unit."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        ordered = sorted(self.values)
        return ordered[math.ceil(0.95 * len(ordered)) - 1]

    @property
    def is_beyond(self) -> bool:
        return self.target is not None and self.median > self.target

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "beyond" if self.is_beyond else "met"

    @property
    def ratio(self) -> float | None:
        return self.median / self.floor if self.floor else None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "n": len(self.values),
            "median": self.median,
            "p95": self.p95,
            "target": self.target,
            "verdict": self.verdict,
            "floor": self.floor,
            "floor_name": self.floor_name,
            "ratio": self.ratio,
            "parts": self.parts,
            "values": list(self.values),
        }
