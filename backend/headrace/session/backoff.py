"""How long to wait before the next attempt."""

from __future__ import annotations

from headrace.core.ids import digest

MAX_BACKOFF_S = 3600.0


def backoff(base_s: float, failed: int, run: str, block: str) -> float:
    """Double the wait with each failure, give or take a quarter that differs from run to run."""
    spread = int(digest(run, block, str(failed))[:4], 16) / 0xFFFF
    return min(base_s * 2**failed, MAX_BACKOFF_S) * (0.75 + 0.5 * spread)
