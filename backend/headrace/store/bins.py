"""Where the values of a column lie on an axis of a chart: bins, units of time, categories."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.core.errors import InvalidInput
from headrace.protocol.charts import TimeUnit

UNITS: dict[TimeUnit, float] = {
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30.44 * 86_400,
    "year": 365.25 * 86_400,
}
"""Seconds of each unit, finest first."""
_NOTHING = -1


class Placed(NamedTuple):
    """For each row the number of its place, -1 without one, and what the places are.

    `keys` are ascending numbers, or names. `step` is the width of a place that is a bin.
    """

    codes: Any
    keys: list[Any]
    scale: str
    step: float | None = None
    unit: TimeUnit | None = None
    others: int = 0


class NiceBins(NamedTuple):
    """Bins of the width `factor / divisor`, of which the first begins at `first` times that."""

    first: int
    bins: int
    factor: int
    divisor: int

    def codes(self, numbers: Any) -> Any:
        """Return the bin of each number, from 0; code made of a chart uses the same arithmetic."""
        # Rounded: 0.29 * 100 is a little less than 29.
        places = np.floor(np.round(numbers * self.divisor / self.factor, 9)) - self.first
        return np.where(np.isnan(places), _NOTHING, places).astype(np.int64)

    @property
    def lows(self) -> Any:
        """The lower edges, ascending."""
        return np.arange(self.first, self.first + self.bins) * self.factor / self.divisor

    @property
    def step(self) -> float:
        """The width of one bin."""
        return self.factor / self.divisor


def nice_bins(low: float, high: float, wanted: int, *, whole: bool) -> NiceBins:
    """Return at most `wanted` + 1 bins of a round width over a span; of whole numbers, whole."""
    raw = (high - low) / wanted
    power = math.floor(math.log10(raw)) if raw > 0 else 0
    lead = next((lead for lead in (1, 2, 5) if lead * 10.0**power >= raw * (1 - 1e-9)), 1)
    if lead * 10.0**power < raw * (1 - 1e-9):
        power += 1
    if whole and power < 0:
        lead, power = 1, 0
    factor, divisor = (lead * 10**power, 1) if power >= 0 else (lead, 10**-power)
    first, last = (math.floor(round(end * divisor / factor, 9)) for end in (low, high))
    return NiceBins(first, last - first + 1, factor, divisor)


def is_number(kind: Any) -> bool:
    """Tell whether values of a type are numbers."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def is_time(kind: Any) -> bool:
    """Tell whether values of a type are moments."""
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def numbers_of(values: Any) -> Any:
    """Return numbers, booleans or moments (milliseconds) as floats; NaN for what has no place."""
    kind = values.type
    if is_time(kind):
        values = clock_of(values).cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
    elif not (is_number(kind) or pa.types.is_boolean(kind)):
        raise InvalidInput(f"A chart needs numbers or times here, not {kind!s:.80}.", field="chart")
    elif pa.types.is_boolean(kind):
        values = values.cast(pa.int8())
    found = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.where(np.isfinite(found), found, np.nan)


def clock_of(values: Any) -> Any:
    """Return moments as those of the clock of their own time zone."""
    kind = values.type
    if pa.types.is_date(kind):
        return values.cast(pa.timestamp("ms"))
    return pc.local_timestamp(values) if kind.tz is not None else values


def in_bins(values: Any, wanted: int | None, *, most_exact: int, ordinary: int) -> Placed:
    """Place numbers: each by itself when there are few and no bins are wanted, else in bins."""
    numbers = numbers_of(values)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return Placed(np.full(len(numbers), _NOTHING), [], "number")
    low, high = float(known.min()), float(known.max())
    whole = bool((known == np.floor(known)).all())
    if wanted is None and most_exact and (found := _exact(numbers, low, high, most_exact)):
        return found
    bins = nice_bins(low, high, wanted or ordinary, whole=whole)
    return Placed(bins.codes(numbers), bins.lows.tolist(), "number", step=bins.step)


def _exact(numbers: Any, low: float, high: float, most: int) -> Placed | None:
    """Give each number its own place; None when there are more than `most`."""
    distinct = pc.unique(pa.array(numbers[:100_000]))
    if len(distinct) > most + 1:
        return None
    keys = np.unique(numbers[~np.isnan(numbers)])
    if len(keys) > most:
        return None
    codes = np.searchsorted(keys, numbers)
    codes[np.isnan(numbers)] = _NOTHING
    return Placed(codes, keys.tolist(), "number")


def unit_for(values: Any, most: int) -> TimeUnit:
    """Return the finest unit of which there are at most so many between first and last moment."""
    limits = pc.min_max(clock_of(values).cast(pa.timestamp("ms"), safe=False).cast(pa.int64()))
    low, high = limits["min"].as_py(), limits["max"].as_py()
    span = 0 if low is None else (high - low) / 1000
    for unit, seconds in UNITS.items():
        if span / seconds <= most:
            return unit
    return "year"


def in_units(values: Any, unit: TimeUnit) -> Placed:
    """Place moments by the unit of time that they fall into."""
    floored = pc.floor_temporal(clock_of(values), unit=unit, week_starts_monday=True)
    floored = floored.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
    codes, keys = _encoded(floored)
    order = np.argsort(keys, kind="stable")
    place = np.empty(len(keys) + 1, dtype=np.int64)
    place[order] = np.arange(len(keys))
    place[-1] = _NOTHING
    return Placed(place[codes], [float(keys[at]) for at in order], "time", unit=unit)


def in_categories(values: Any, top: int, *, keep_null: bool = False) -> Placed:
    """Place values by their text: those with the most rows each, and all others as one."""
    texts = texts_of(values)
    codes, keys = _encoded(texts)
    names: list[Any] = list(keys)
    if keep_null and bool((codes < 0).any()):
        codes = np.where(codes < 0, len(names), codes)
        names.append(None)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    ranked = sorted(range(len(names)), key=lambda at: (-counts[at], str(names[at])))
    place = np.full(len(names) + 1, top, dtype=np.int64)
    place[ranked[:top]] = np.arange(min(top, len(names)))
    place[-1] = _NOTHING
    return Placed(
        place[codes],
        [names[at] for at in ranked[:top]],
        "category",
        others=max(0, len(names) - top),
    )


def texts_of(values: Any) -> Any:
    """Return values as the text that names them."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return texts_of(values.cast(kind.value_type))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values
    try:
        return values.cast(pa.string())
    except pa.ArrowException as error:
        raise InvalidInput(f"A chart cannot use {kind!s:.80} for names.", field="chart") from error


def _encoded(values: Any) -> tuple[Any, Sequence[Any]]:
    """Return for each row the number of its value, -1 for null, and the values."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = whole.dictionary_encode() if not pa.types.is_dictionary(whole.type) else whole
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(_NOTHING).to_numpy(zero_copy_only=False).astype(np.int64)
    keys = encoded.dictionary
    if pa.types.is_integer(keys.type):
        return codes, keys.to_numpy(zero_copy_only=False)
    return codes, keys.to_pylist()
