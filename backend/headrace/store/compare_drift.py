"""Statistics of a column on two sides, in the same bins, and how far the two lie apart.

Nulls, range and mean are of all rows. Above 1,000,000 rows the number of distinct values is an
estimate over all rows, and quartiles and shares are of every n-th row.
"""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from headrace.protocol.comparison import ColumnFacts
from headrace.store.compare_cells import as_type, common_type, whole
from headrace.store.compare_rows import database
from headrace.store.compare_tables import Frame, is_nested
from headrace.store.stopping import Stop, in_parallel

EXACT_ROWS = 1_000_000
_SAMPLE = 200_000
_BINS = 12
_TOPS = 8
_TEXT = 200
_OTHER = "other"


@dataclass
class Drift:
    """What is said of one column."""

    now: ColumnFacts | None
    before: ColumnFacts | None
    bins: list[str]
    distance: float | None


def distinct_counts(frame: Frame, stop: Stop) -> dict[str, int]:
    """Count the distinct values of each column that is not nested; above 1M rows an estimate."""
    plain = [name for name in frame.names if not is_nested(frame.kind(name))]
    if frame.rows > EXACT_ROWS:
        return _estimated(frame, plain, stop)

    def count(name: str) -> int | None:
        import pyarrow.compute as pc

        try:
            return pc.count_distinct(_decoded(frame.column(name))).as_py()
        except pa.ArrowException:
            return None

    counts = zip(plain, in_parallel(count, plain, stop), strict=True)
    return {name: found for name, found in counts if found is not None}


def _estimated(frame: Frame, names: Sequence[str], stop: Stop) -> dict[str, int]:
    import duckdb

    columns = {f"c{at}": _countable(frame.column(name)) for at, name in enumerate(names)}
    if not columns:
        return {}
    try:
        with database(stop) as connection:
            connection.register("rows_of_it", pa.table(columns))
            counts = ", ".join(f"approx_count_distinct({name})" for name in columns)
            row = connection.execute(f"select {counts} from rows_of_it").fetchone()  # noqa: S608
    except duckdb.Error:  # a type that DuckDB does not know
        return {}
    return dict(zip(names, (int(count) for count in row), strict=True))


def _countable(column: Any) -> Any:
    column = _decoded(column)
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        return column.cast(pa.int64())
    return column


def drift_of(now: Any, before: Any, counts: tuple[int | None, int | None]) -> Drift:
    """Describe a column of both sides, or of one (the other None); `counts` are of distinct."""
    sides = [None if column is None else _decoded(column) for column in (now, before)]
    kinds = [column.type for column in sides if column is not None]
    kind = kinds[0] if len(kinds) == 1 else common_type(*kinds)
    bins: list[str] = []
    shares: list[list[float]] = [[], []]
    distance: float | None = None
    if kind is not None and not is_nested(kind):
        samples = [None if c is None else _sample(c, kind) for c in sides]
        if _is_ordered(kind):
            bins, shares = _in_ranges(samples, kind)
        else:
            bins, shares = _in_tops(samples)
        if samples[0] is not None and samples[1] is not None:
            distance = _distance(samples[0], samples[1], kind)
    facts = [
        None if column is None else _facts(column, count, share)
        for column, count, share in zip(sides, counts, shares, strict=True)
    ]
    return Drift(facts[0], facts[1], bins, distance)


def _decoded(column: Any) -> Any:
    return as_type(column, common_type(column.type, column.type))


def _is_ordered(kind: Any) -> bool:
    """Tell whether values of a type lie on a line: numbers and moments."""
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return number or (pa.types.is_temporal(kind) and not pa.types.is_interval(kind))


def _sample(column: Any, kind: Any) -> Any:
    """Return all values of a column, or every n-th of a long one, as one array."""
    column = as_type(column, kind)
    if len(column) <= EXACT_ROWS:
        return whole(column)
    return column.take(pa.array(np.linspace(0, len(column) - 1, _SAMPLE).astype(np.int64)))


def _facts(column: Any, distinct: int | None, shares: list[float]) -> ColumnFacts:
    import pyarrow.compute as pc

    kind = column.type
    low = high = mean = quartiles = None
    if not is_nested(kind) and len(column) > column.null_count:
        try:
            limits = pc.min_max(column)
            low, high = (_told(limits[key].as_py()) for key in ("min", "max"))
        except (pa.ArrowException, ValueError, OverflowError):
            low = high = None
    if _is_number(kind):
        numbers = _numbers(_sample(column, kind), kind)
        if len(numbers):
            with np.errstate(over="ignore", invalid="ignore"):  # from end to end of all floats
                quartiles = [float(at) for at in np.quantile(numbers, (0.25, 0.5, 0.75))]
            mean = _mean(column, kind)
    return ColumnFacts(
        nulls=column.null_count,
        distinct=distinct,
        min=low,
        max=high,
        mean=mean,
        quartiles=quartiles,
        shares=shares,
    )


def _is_number(kind: Any) -> bool:
    return _is_ordered(kind) and not pa.types.is_temporal(kind)


def _mean(column: Any, kind: Any) -> float | None:
    import pyarrow.compute as pc

    numbers = column if kind.equals(pa.float64()) else column.cast(pa.float64(), safe=False)
    if pa.types.is_floating(kind) and not pc.all(pc.is_finite(numbers)).as_py():
        numbers = numbers.filter(pc.is_finite(numbers))
    found = pc.mean(numbers).as_py()
    return None if found is None else float(found)


def _told(value: Any) -> str | None:
    if value is None:
        return None
    iso: Any = getattr(value, "isoformat", None)
    if isinstance(value, bytes):
        return value[:_TEXT].hex()[:_TEXT]
    return str(iso() if callable(iso) else value)[:_TEXT]


def _numbers(values: Any, kind: Any) -> Any:
    """Return the finite values as 64-bit floats; moments as what they count."""
    values = _array(values).drop_null()
    if pa.types.is_temporal(kind):
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        values = values.view(width) if kind.bit_width != 16 else values
    numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers[np.isfinite(numbers)]


def _array(values: Any) -> Any:
    return whole(values) if isinstance(values, pa.ChunkedArray) else values


def _in_ranges(samples: Sequence[Any], kind: Any) -> tuple[list[str], list[list[float]]]:
    """Count values in equal ranges from the least to the greatest of both sides."""
    sides = [np.zeros(0) if sample is None else _numbers(sample, kind) for sample in samples]
    every = np.concatenate(sides)
    if not len(every):
        return [], [[] for _ in samples]
    low, high = float(every.min()), float(every.max())
    integral = not pa.types.is_floating(kind) and not pa.types.is_decimal(kind)
    steps = int(high - low) + 1 if integral and high - low < _BINS else _BINS
    try:
        # From end to end of all floats is more than a float can say: that is one range.
        wide = not math.isfinite(high - low)
        edges = np.array([low, high]) if wide else np.histogram_bin_edges(every, steps, (low, high))
    except ValueError:  # so large and so close that no number lies between them
        edges = np.array([low, high])
    shares: list[list[float]] = []
    for side, sample in zip(sides, samples, strict=True):
        if sample is None:
            shares.append([])
            continue
        counts, _ = np.histogram(side, bins=edges) if len(edges) > 2 else ([len(side)], edges)
        shares.append([float(count) / max(1, len(sample)) for count in counts])
    words = [_edge(edge, kind) for edge in edges]
    if integral and len(edges) - 1 == int(high - low) + 1:
        return [_edge(low + at, kind) for at in range(len(edges) - 1)], shares
    return [f"{a} to {b}" for a, b in pairwise(words)], shares


def _edge(edge: float, kind: Any) -> str:
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        try:
            width = pa.int32() if kind.bit_width == 32 else pa.int64()
            value = pa.array([int(edge)], width).view(kind)[0].as_py()
            return str(value)[:19]
        except (pa.ArrowException, ValueError, OverflowError):
            return f"{edge:.6g}"
    return f"{edge:.6g}"


def _in_tops(samples: Sequence[Any]) -> tuple[list[str], list[list[float]]]:
    """Count the most frequent values of both sides, and all others together."""
    counted = [_counted(sample) for sample in samples]
    both: dict[str, float] = defaultdict(float)
    for sample, counts in zip(samples, counted, strict=True):
        for value, count in counts.items():
            both[value] += count / max(1, len(sample))
    tops = sorted(both, key=lambda value: -both[value])[:_TOPS]
    rest = len(both) > len(tops)
    shares: list[list[float]] = []
    for sample, counts in zip(samples, counted, strict=True):
        if sample is None:
            shares.append([])
            continue
        size = max(1, len(sample))
        of_tops = [counts.get(value, 0) / size for value in tops]
        others = (len(sample) - sample.null_count) / size - sum(of_tops)
        shares.append([*of_tops, *([max(0.0, others)] if rest else ())])
    return [*tops, *([_OTHER] if rest else ())], shares


def _counted(sample: Any) -> Mapping[str, int]:
    import pyarrow.compute as pc

    if sample is None:
        return {}
    try:
        counted = pc.value_counts(sample.drop_null())
    except pa.ArrowException:
        return {}
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    best = np.argsort(-counts, kind="stable")[: _TOPS * 4]
    return {_told(values[int(at)].as_py()) or "": int(counts[at]) for at in best}


def _distance(now: Any, before: Any, kind: Any) -> float | None:
    """Return the greatest difference between the shares of rows that one could point at.

    For numbers and moments that is Kolmogorov's and Smirnov's statistic, for values without order
    the distance in total variation; nulls count as one more value. Exact up to 1,000,000 rows.
    """
    if not len(now) or not len(before):
        return None
    if _is_ordered(kind):
        a, b = np.sort(_numbers(now, kind)), np.sort(_numbers(before, kind))
        every = np.concatenate([a, b])
        below_a = np.searchsorted(a, every, side="right") / len(now)
        below_b = np.searchsorted(b, every, side="right") / len(before)
        furthest = float(np.abs(below_a - below_b).max()) if len(every) else 0.0
        return max(furthest, abs(now.null_count / len(now) - before.null_count / len(before)))
    try:
        shares = [_shares(side) for side in (now, before)]
    except pa.ArrowException:
        return None
    values = shares[0].keys() | shares[1].keys()
    return sum(abs(shares[0].get(v, 0.0) - shares[1].get(v, 0.0)) for v in values) / 2


def _shares(side: Any) -> dict[Any, float]:
    import pyarrow.compute as pc

    counted = pc.value_counts(side)
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    return {value: count / len(side) for value, count in pairs}
