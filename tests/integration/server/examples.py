"""Something for every part of an address, that is well formed and does not exist."""

from __future__ import annotations

import re

EXAMPLES = {
    "pipeline": "etl",
    "block": "load",
    "trigger": "nightly",
    "name": "x.js",
    "run": "0" * 20,
    "address": "0" * 32,
    "version": "1",
    "webhook": "0" * 20,
    "channel": "team",
    "connection": "warehouse",
    "backfill": "0" * 20,
}


def example(path: str) -> str:
    """Fill in a path: `api/runs/{run}` → `api/runs/00000000000000000000`."""
    return re.sub(r"\{(\w+)\}", lambda found: EXAMPLES[found.group(1)], path)
