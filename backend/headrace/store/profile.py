"""Statistics of one column, in one or two passes over its batches (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.protocol.profiles import QUANTILES, ColumnProfile, Histogram, TopValue
from headrace.store.cells import Cells, is_number, numbers_of
from headrace.store.sketches import Distinct, Sample, mixed
from headrace.store.sort_keys import text_hashes
from headrace.store.texts import is_bytes, is_text, plain
from headrace.store.values import text_of, value_of

EXACT_ROWS = 1_000_000
"""Values up to which all is counted exactly, whatever it costs."""
_SAMPLE = 200_000
_BINS = 20
_TOP = 10
_FEW = 100_000
"""Different values of text up to which all are counted."""
_TABLE = 1 << 21
"""Whole numbers in a range up to this one are counted one by one."""
_WHOLE = 2**52
"""From here on floats cannot tell neighbouring whole numbers apart."""
_TEXT = 200
_LEAST_SEEN = 10
_HARDLY_TWICE = 0.95
_FIRST_PART, _PART = 1 << 17, 1 << 20
"""Values whose different ones are counted at once."""


def profile(cells: Cells) -> ColumnProfile:
    """Return the statistics of a column; raise Stopped."""
    kind = cells.kind
    found: dict[str, Any] = {
        "name": cells.field.name,
        "at": cells.position,
        "type": str(cells.field.type),
        "rows": cells.count,
    }
    if is_number(kind):
        found |= _numbers(cells)
    elif pa.types.is_temporal(kind) and hasattr(kind, "bit_width") and kind.bit_width <= 64:
        found |= _moments(cells)
    elif _is_countable(kind):
        found |= _values(cells)
    else:
        found["nulls"] = sum(array.null_count for array in cells)
    return ColumnProfile(**found)


def _is_countable(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_countable(kind.value_type) or is_number(kind.value_type)
    return is_text(kind) or is_bytes(kind) or pa.types.is_boolean(kind)


class Extremes:
    """The least and the greatest value, and how many are null."""

    def __init__(self) -> None:
        self._limits: list[Any] = []
        self._kind: Any = None
        self.nulls = 0

    def add(self, array: Any) -> None:
        """Look at some cells."""
        self.nulls += array.null_count
        self._kind = array.type
        if pa.types.is_temporal(self._kind):  # Arrow compares no durations
            array = array.view(pa.int32() if self._kind.bit_width == 32 else pa.int64())
        if array.null_count < len(array):
            limits = pc.min_max(array)
            self._limits += [limits["min"], limits["max"]]

    @property
    def least(self) -> str | None:
        """The least value as text; None when there is none."""
        return self._text_of("min")

    @property
    def greatest(self) -> str | None:
        """The greatest value as text; None when there is none."""
        return self._text_of("max")

    def _text_of(self, which: str) -> str | None:
        limits = [limit for limit in self._limits if limit.is_valid]
        if not limits:
            return None
        limit = pc.min_max(pa.array(limits, limits[0].type))[which]
        if pa.types.is_temporal(self._kind):
            return _text(pa.array([limit], limit.type).view(self._kind)[0])
        return _text(limit)

    def found(self) -> dict[str, Any]:
        """Return what it knows as fields of a profile."""
        return {"nulls": self.nulls, "min": self.least, "max": self.greatest}


# --- numbers ----------------------------------------------------------------------------------


class _Sums:
    """What one pass over numbers tells: their range, their sum, and what is no finite number."""

    def __init__(self, cells: Cells) -> None:
        self.nulls = self.nans = self.count = 0
        self.infinities = {math.inf: 0, -math.inf: 0}
        self.total, self.whole = 0.0, True
        self.low: Any = math.inf
        self.high: Any = -math.inf
        for array in cells:
            self.nulls += array.null_count
            self._add(numbers_of(array))

    def _add(self, values: Any) -> None:
        if not len(values):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            low, high, total = values.min(), values.max(), float(values.sum(dtype=np.float64))
        if not (math.isfinite(low) and math.isfinite(high)):
            self.nans += int(np.isnan(values).sum())
            for infinity in self.infinities:
                self.infinities[infinity] += int((values == infinity).sum())
            values = values[np.isfinite(values)]
            if len(values):
                self._add(values)
            return
        self.count += len(values)
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.whole = self.whole and _are_whole(values)

    @property
    def odd_ones(self) -> int:
        """How many different values are not finite."""
        return bool(self.nans) + sum(count > 0 for count in self.infinities.values())

    def found(self, cells: Cells) -> dict[str, Any]:
        """Return nulls, least, greatest and odd ones as fields of a profile."""
        if not self.count or pa.types.is_decimal(cells.kind):  # a decimal is more than its float
            extremes = Extremes()
            for array in cells:
                extremes.add(array)
            return extremes.found() | {"distinct": self.odd_ones}
        low = -math.inf if self.infinities[-math.inf] else self.low.item()
        high = math.inf if self.infinities[math.inf] else self.high.item()
        return {
            "nulls": self.nulls,
            "min": _text(pa.scalar(low, cells.kind)),
            "max": _text(pa.scalar(high, cells.kind)),
            "distinct": self.odd_ones,
        }


def _numbers(cells: Cells) -> dict[str, Any]:
    sums = _Sums(cells)
    found = sums.found(cells)
    if pa.types.is_floating(cells.kind):
        found |= {"nans": sums.nans, "infinities": sum(sums.infinities.values())}
    if not sums.count:
        return found
    is_finite = math.isfinite(sums.total)
    found["mean"] = sums.total / sums.count if is_finite else _scaled_mean(cells, sums.count)
    if cells.count <= EXACT_ROWS:
        values = np.sort(np.concatenate(list(_finite(cells))))
        found["distinct"] += int((values[1:] != values[:-1]).sum()) + 1
        found["quantiles"] = [float(each) for each in np.quantile(values, QUANTILES)]
        found["histogram"] = _Bins(sums).count([values])
        return found
    if pa.types.is_integer(cells.kind) and int(sums.high) - int(sums.low) < _TABLE:
        return found | _counted(cells, int(sums.low), int(sums.high), sums.count)
    distinct, sample = Distinct(), Sample(cells.count, _SAMPLE)

    def looked_at() -> Iterator[Any]:
        for values in _finite(cells):
            distinct.add(_hashes(values))
            sample.add(values)
            yield values

    found["histogram"] = _Bins(sums).count(looked_at())
    found["quantiles"] = sample.quantiles(QUANTILES)
    found["distinct"] += distinct.count()
    return found | {"exact": False}


def _finite(cells: Cells) -> Iterator[Any]:
    for values in cells.numbers():
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            yield values if finite.all() else values[finite]
        else:
            yield values


def _scaled_mean(cells: Cells, count: int) -> float:
    """Return the mean of numbers whose sum is beyond all floats."""
    return sum(float((values / count).sum()) for values in _finite(cells))


def _hashes(values: Any) -> Any:
    if values.dtype.kind == "f":
        bits = np.add(values, 0.0, dtype=np.float64).view(np.uint64)  # -0.0 is 0.0
    else:
        wide = np.int64 if values.dtype.kind == "i" else np.uint64
        bits = values.astype(wide, copy=False).view(np.uint64)
    return mixed(bits)


def _counted(cells: Cells, low: int, high: int, count: int) -> dict[str, Any]:
    """Count each whole number of a small range: distinct, quantiles and bins follow exactly."""
    counts = np.zeros(high - low + 1, np.int64)
    part: list[Any] = []
    waiting = 0
    for values in cells.numbers():
        part.append(values.astype(np.int64) - low)
        waiting += len(values)
        if waiting >= len(counts):  # the counts of few values would cost more than the values
            counts += np.bincount(np.concatenate(part), minlength=len(counts))
            part, waiting = [], 0
    if part:
        counts += np.bincount(np.concatenate(part), minlength=len(counts))
    below = np.cumsum(counts)
    step = -(-len(counts) // _BINS)
    bins = [int(counts[at : at + step].sum()) for at in range(0, len(counts), step)]
    return {
        "distinct": int((counts > 0).sum()),
        "quantiles": [_of_rank(below, low, share * (count - 1)) for share in QUANTILES],
        "histogram": Histogram(counts=bins, low=low, high=high, step=step),
    }


def _of_rank(below: Any, low: int, rank: float) -> float:
    """Return the value at a rank, between two values in proportion, as numpy does."""
    first = int(np.searchsorted(below, math.floor(rank), side="right"))
    second = int(np.searchsorted(below, math.ceil(rank), side="right"))
    return low + first + (second - first) * (rank - math.floor(rank))


class _Bins:
    """Equal bins over the range of some numbers; of whole numbers, `step` to each: no gaps."""

    def __init__(self, sums: _Sums) -> None:
        self._low, self._high = float(sums.low), float(sums.high)
        self._first = int(sums.low)
        self._step: int | None = None
        self._bins = _BINS
        self._width = self._high / _BINS - self._low / _BINS
        if sums.whole and max(-self._low, self._high) < _WHOLE:
            size = int(sums.high) - self._first + 1
            self._step = -(-size // _BINS)
            self._bins = -(-size // self._step)
        elif not self._width or not math.isfinite(1 / self._width):
            self._bins = 1  # values so large and so close that no number lies between them

    def count(self, parts: Iterable[Any]) -> Histogram:
        """Count how many values of all parts are in each bin."""
        counts = np.zeros(self._bins, np.int64)
        for values in parts:
            counts += np.bincount(self._places(values), minlength=self._bins)
        return Histogram(counts=counts.tolist(), low=self._low, high=self._high, step=self._step)

    def _places(self, values: Any) -> Any:
        if self._bins == 1:
            return np.zeros(len(values), np.intp)
        if self._step is not None:
            return (values.astype(np.int64) - self._first) // self._step
        scaled = np.multiply(values, 1 / self._width, dtype=np.float64)
        scaled -= self._low / self._width
        places = scaled.astype(np.intp)
        return np.clip(places, 0, self._bins - 1, out=places)


def _are_whole(values: Any) -> bool:
    return values.dtype.kind != "f" or bool((values == np.floor(values)).all())


# --- moments ----------------------------------------------------------------------------------


def _moments(cells: Cells) -> dict[str, Any]:
    extremes, distinct = Extremes(), Distinct()
    exact = cells.count <= EXACT_ROWS
    held: list[Any] = []
    for array in cells:
        extremes.add(array)
        values = numbers_of(array)
        if exact:
            held.append(values)
        else:
            distinct.add(_hashes(values))
    if exact:
        differ = len(np.unique(np.concatenate(held))) if held else 0
        return extremes.found() | {"distinct": differ}
    return extremes.found() | {"distinct": distinct.count(), "exact": distinct.is_exact}


# --- text, categories, booleans ---------------------------------------------------------------


def _values(cells: Cells) -> dict[str, Any]:
    tally = _Tally()
    seen = nulls = 0
    for chunk in _together(cells):
        nulls += chunk.null_count
        seen += len(chunk)
        tally.add(chunk)
        many = len(tally.values) > _FEW and cells.count > EXACT_ROWS
        if many and (seen >= _PART or len(tally.values) > _HARDLY_TWICE * seen):
            break
    has_order = is_text(cells.kind)
    found: dict[str, Any] = {"nulls": nulls}
    if seen == cells.count:
        if has_order:
            found |= _limits(tally.values)
        return found | {"distinct": len(tally.values), "top": tally.top(1, least=1)}
    distinct, extremes = Distinct(), Extremes()
    for array in cells:
        distinct.add(text_hashes(array))
        extremes.add(array)
    # What is rare among the rows seen says nothing of the others.
    top = tally.top(cells.count / seen, least=_LEAST_SEEN)
    return found | extremes.found() | {"distinct": distinct.count(), "exact": False, "top": top}


def _together(cells: Cells) -> Iterator[Any]:
    """Give the cells in larger and larger parts, categories as their values.

    The first are small: of a column with hardly a value twice they tell so at little cost.
    """
    parts: list[Any] = []
    rows, enough = 0, min(_FIRST_PART, _PART)
    for array in cells:
        parts.append(plain(array.dictionary_decode()) if _is_dictionary(array) else array)
        rows += len(array)
        if rows >= enough:
            yield pa.chunked_array(parts)
            parts, rows, enough = [], 0, min(2 * enough, _PART)
    if parts:
        yield pa.chunked_array(parts)


def _is_dictionary(array: Any) -> bool:
    return pa.types.is_dictionary(array.type)


def _limits(values: Any) -> dict[str, Any]:
    both = pc.min_max(values)
    return {"min": _text(both["min"]), "max": _text(both["max"])}


class _Tally:
    """How often each value stands; without nulls."""

    def __init__(self) -> None:
        self.values: Any = pa.array([], pa.null())
        self._counts: Any = pa.array([], pa.int64())

    def add(self, chunk: Any) -> None:
        """Count the values of some cells."""
        counted = pc.value_counts(chunk.drop_null())
        values, counts = counted.field("values"), counted.field("counts")
        if len(self.values):
            both = pa.table(
                {
                    "value": pa.chunked_array([self.values, values]),
                    "count": pa.chunked_array([self._counts, counts]),
                }
            )
            both = both.group_by("value", use_threads=False).aggregate([("count", "sum")])
            both = both.combine_chunks()
            values, counts = both["value"].chunk(0), both["count_sum"].chunk(0)
        self.values, self._counts = values, counts

    def top(self, scale: float, *, least: int) -> list[TopValue]:
        """Return the most frequent values that were seen `least` times, counts scaled up."""
        if not len(self.values):
            return []
        best = pc.select_k_unstable(
            pa.table({"n": self._counts}),
            k=min(_TOP, len(self.values)),
            sort_keys=[("n", "descending")],
        )
        found = ((self.values[at.as_py()], self._counts[at.as_py()].as_py()) for at in best)
        return [TopValue(_text(v) or "", round(n * scale)) for v, n in found if n >= least]


def _text(scalar: Any) -> str | None:
    """Return a value as pages show it, cut."""
    text = text_of(value_of(scalar))
    return None if text is None else text[:_TEXT]
