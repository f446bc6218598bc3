"""The same measurements for every engine: `measure(engine)` prints them as one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from work import Task, digest_of, graph

MARK = "measured: "


class Engine(Protocol):
    def run(self, tasks: list[Task], first: int, place: Path) -> list[pd.DataFrame]:
        """Run no-ops; return the frames of the sinks."""
        ...

    def etl(self, data: Path, place: Path, *, edited: bool) -> None:
        """Run the ETL; its result is `place / "out.parquet"`. What it keeps is below `place`."""
        ...


def measure(engine: Engine) -> None:
    """Measure W1 to W5b by the arguments of the command line: data, folder, rounds."""
    data, folder, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    found: dict[str, dict[str, Any]] = {}

    def note(name: str, seconds: float, frames: list[pd.DataFrame]) -> None:
        entry = found.setdefault(name, {"seconds": [], "digest": digest_of(frames)})
        entry["seconds"].append(seconds)

    for name in ("W1", "W2", "W3"):
        tasks = graph(name)
        engine.run(tasks, 0, _fresh(folder, f"{name}-0"))  # nothing is done for the first time
        for number in range(1, rounds + 1):
            place = _fresh(folder, f"{name}-{number}")
            began = time.perf_counter()
            frames = engine.run(tasks, number * 1000, place)
            note(name, time.perf_counter() - began, frames)
    for number in range(rounds):
        place = _fresh(folder, f"etl-{number}")
        for name in ("W4", "W5", "W5b"):
            prepare = getattr(engine, "before", None)
            if prepare is not None:
                prepare(name, data, place)
            began = time.perf_counter()
            engine.etl(data, place, edited=name == "W5b")
            seconds = time.perf_counter() - began
            note(name, seconds, [pd.read_parquet(place / "out.parquet")])
    sys.stdout.write(f"\n{MARK}{json.dumps(found)}\n")


def _fresh(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    return place
