"""The work that every engine does: three graphs of no-ops and an ETL of six tasks.

Imported by interpreters that have pandas and pyarrow, and nothing of this project.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

Task = tuple[int, list[int]]
"""Its number, and those of its upstream tasks."""

ROWS = 1_000_000


def graph(name: str) -> list[Task]:
    """Return the tasks of W1, W2 or W3, upstream tasks first."""
    if name == "W1":
        return [(n, [n - 1] if n else []) for n in range(100)]
    if name == "W2":
        return [*((n, []) for n in range(200)), (200, list(range(200)))]
    above = [(n, [n - 10, n - n % 10 - 10 + (n + 1) % 10]) for n in range(10, 100)]
    return [*((n, []) for n in range(10)), *above]


def sinks(tasks: list[Task]) -> list[int]:
    """Return the tasks that no other takes."""
    taken = {upstream for _, above in tasks for upstream in above}
    return [number for number, _ in tasks if number not in taken]


def no_op(first: int, *_inputs: object) -> pd.DataFrame:
    """Make a frame of 10 rows, a different one for each `first`: none can be stored just once."""
    return pd.DataFrame(
        {"a": range(first, first + 10), "b": [float(n) for n in range(10)], "c": list("abcdefghij")}
    )


def read_fact(folder: str) -> pd.DataFrame:
    return pd.read_csv(f"{folder}/fact.csv", parse_dates=["ts"])


def read_dim(folder: str) -> pd.DataFrame:
    return pd.read_csv(f"{folder}/dim.csv")


def clean(fact: pd.DataFrame) -> pd.DataFrame:
    kept = fact.dropna(subset=["amount"]).drop_duplicates("id")
    kept = kept[kept["qty"] > 0]
    return kept.assign(status=kept["status"].str.strip().str.lower(), day=kept["ts"].dt.floor("D"))


def group(cleaned: pd.DataFrame) -> pd.DataFrame:
    return cleaned.groupby(["customer_id", "day"], as_index=False).agg(
        count=("id", "count"), amount=("amount", "sum"), qty=("qty", "sum"), score=("score", "mean")
    )


def join(grouped: pd.DataFrame, dim: pd.DataFrame) -> pd.DataFrame:
    return grouped.merge(dim, on="customer_id", how="left")


def write(joined: pd.DataFrame, path: str) -> str:
    joined.to_parquet(path, compression="snappy")
    return path


def write_edited(joined: pd.DataFrame, path: str) -> str:
    """What `write` is after its code was edited."""
    joined.assign(edited=True).to_parquet(path, compression="snappy")
    return path


def make_data(folder: Path) -> None:
    """Write the fact and the dim table as CSV, once."""
    import numpy as np

    if (folder / "dim.csv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(7)
    fact = pd.DataFrame({"id": np.arange(ROWS), "customer_id": chance.integers(0, 5000, ROWS)})
    seconds = chance.integers(0, 60 * 86400, ROWS)
    fact["ts"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(seconds, unit="s")
    missing = chance.random(ROWS) < 0.02
    fact["amount"] = np.where(missing, np.nan, chance.gamma(2, 50, ROWS).round(2))
    fact["qty"] = chance.integers(0, 20, ROWS)
    fact["status"] = chance.choice([" Open", "closed ", "PENDING", "void"], ROWS)
    fact["country"] = chance.choice(["DE", "FR", "US", "JP", "BR"], ROWS)
    fact["score"] = chance.random(ROWS).round(4)
    fact["flag"] = chance.random(ROWS) < 0.3
    fact["note"] = chance.choice([f"note {n:04}" for n in range(2000)], ROWS)
    dim = pd.DataFrame({"customer_id": np.arange(5000)})
    dim["segment"] = chance.choice(list("ABCD"), 5000)
    dim["since"] = chance.integers(2010, 2025, 5000)
    fact.to_csv(folder / "fact.csv", index=False)
    dim.to_csv(folder / "dim.csv", index=False)


def digest_of(frames: list[pd.DataFrame]) -> str:
    """Tell frames apart by their columns and values."""
    found = hashlib.sha256()
    for frame in frames:
        found.update(repr([*frame.columns]).encode())
        found.update(frame.to_csv(index=False, float_format="%.6g").encode())
    return found.hexdigest()[:16]
