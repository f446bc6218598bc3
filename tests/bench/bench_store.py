"""A small value into the store, durable when the call returns."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure

from headrace.store.outputs import Store

TARGET_MS = 1


def measure(rounds: int) -> list[Figure]:
    """Store a text and a small frame; the floor is a new file with its contents synced."""
    import pandas as pd

    texts: list[float] = []
    tables: list[float] = []
    floors: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        bare = Path(folder) / "bare"
        bare.mkdir()
        for number in range(rounds * 10):
            texts.append(_timed(lambda n=number: store.put(f"T{n}")))
            frame = pd.DataFrame({"a": range(number, number + 10)})
            tables.append(_timed(lambda frame=frame: store.put(frame)))
            floors.append(_timed(lambda n=number: _write(bare / str(n))))
    floor = sorted(floors)[len(floors) // 2]
    return [
        Figure("put of a text", "ms", texts, TARGET_MS, floor, "write + fsync"),
        Figure("put of a 10-row frame", "ms", tables, None, floor, "write + fsync"),
    ]


def _write(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"0123456789" * 10)
        file.flush()
        os.fsync(file.fileno())


def _timed(act) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
