"""The numbers of a chart, of all rows of a view (data process only)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from headrace.core.errors import InvalidInput
from headrace.protocol.charts import (
    MAX_COLORS,
    MAX_POINTS,
    Aggregate,
    Chart,
    ChartAxis,
    ChartData,
    ChartSeries,
)
from headrace.store.bins import (
    Placed,
    in_bins,
    in_categories,
    in_units,
    is_number,
    is_time,
    nice_bins,
    numbers_of,
    unit_for,
)

_BARS = 60
"""Numbers or moments that are bars of their own, at most."""
_LINE = 400
_MOMENTS = 120
"""Moments of a line, at most: more of them hide one another."""
_BINS = 30
_CELLS = (100, 60)
"""Cells of a density across and down."""


class Columns(NamedTuple):
    """The columns of a chart, all of the same rows, and what they are called."""

    x: Any
    y: Any
    color: Any
    x_name: str
    y_name: str = ""
    color_name: str = ""


def chart_data(chart: Chart, columns: Columns) -> ChartData:
    """Return what is drawn; raise InvalidInput when a column cannot be drawn so."""
    if chart.kind == "scatter":
        return _scatter(chart, columns)
    x = _placed(chart, columns.x)
    color = _colored(columns.color)
    aggregate: Aggregate = "count" if chart.kind == "histogram" else chart.aggregate
    y = _values(columns) if aggregate != "count" else None
    known = x.codes >= 0
    if y is not None:
        known &= ~np.isnan(y)
    x_codes = x.codes[known]
    colors = np.zeros(len(x_codes), dtype=np.int64) if color is None else color.codes[known]
    y = None if y is None else y[known]
    places, shades = len(x.keys) + (x.others > 0), 1
    if color is not None:
        shades = len(color.keys) + (color.others > 0)
    group = x_codes * shades + colors
    counts = np.bincount(group, minlength=places * shades)
    values = _aggregated(aggregate, group, y, counts).reshape(places, shades)
    counts = counts.reshape(places, shades)
    order = _order(x, _aggregated(aggregate, x_codes, y, counts.sum(axis=1)))
    keys: list[Any] = [*x.keys, *([None] if x.others else [])]
    return ChartData(
        kind=chart.kind,
        x=ChartAxis(
            title=columns.x_name,
            scale=x.scale,  # pyright: ignore[reportArgumentType]
            step=x.step,
            unit=x.unit,
            categories=[keys[at] for at in order] if x.scale == "category" else [],
        ),
        y=ChartAxis(title=title_of(aggregate, columns.y_name), scale="number"),
        series=[
            _series(color, shade, keys, order, values[:, shade], counts[:, shade])
            for shade in range(shades)
        ],
        color=columns.color_name or None,
        rows=len(x.codes),
        left_out=int(len(x.codes) - known.sum()),
        others=x.others,
    )


def title_of(aggregate: Aggregate, name: str) -> str:
    """Name what is drawn upwards."""
    return "rows" if aggregate == "count" else f"{aggregate} of {name}"


def _placed(chart: Chart, values: Any) -> Placed:
    kind = values.type
    if chart.kind == "histogram":
        if is_time(kind):
            return in_units(values, chart.unit or unit_for(values, _BARS))
        return in_bins(values, chart.bins, most_exact=0, ordinary=_BINS)
    if is_time(kind):
        limit = _BARS if chart.kind == "bar" else _MOMENTS
        return in_units(values, chart.unit or unit_for(values, limit))
    if is_number(kind):
        most = _BARS if chart.kind == "bar" else _LINE
        return in_bins(values, chart.bins, most_exact=most, ordinary=_BINS)
    return in_categories(values, chart.top)


def _colored(values: Any) -> Placed | None:
    return None if values is None else in_categories(values, MAX_COLORS, keep_null=True)


def _values(columns: Columns) -> Any:
    if columns.y is None:
        raise InvalidInput("Choose a column of numbers for y, or count the rows.", field="chart.y")
    kind = columns.y.type
    if not (is_number(kind) or pa.types.is_boolean(kind)):
        raise InvalidInput(
            f"{columns.y_name[:80]!r} is of type {kind!s:.80}: only numbers can be summed up.",
            field="chart.y",
        )
    return numbers_of(columns.y)


def _aggregated(aggregate: Aggregate, group: Any, y: Any, counts: Any) -> Any:
    """Return one value for each group, NaN for a group without rows."""
    size = counts.size
    counts = counts.reshape(-1)
    empty = counts == 0
    if y is None or aggregate == "count":
        return np.where(empty, np.nan, counts)
    if aggregate in ("sum", "mean"):
        sums = np.bincount(group, weights=y, minlength=size)
        divisor = np.maximum(counts, 1) if aggregate == "mean" else 1
        return np.where(empty, np.nan, sums / divisor)
    if aggregate == "median":
        return _medians(group, y, counts)
    found = np.full(size, np.inf if aggregate == "min" else -np.inf)
    (np.minimum if aggregate == "min" else np.maximum).at(found, group, y)
    return np.where(empty, np.nan, found)


def _medians(group: Any, y: Any, counts: Any) -> Any:
    ordered = y[np.lexsort((y, group))]
    ends = np.cumsum(counts)
    starts = ends - counts
    if not len(ordered):
        return np.full(len(counts), np.nan)
    last = len(ordered) - 1
    low = ordered[np.minimum(starts + np.maximum(counts - 1, 0) // 2, last)]
    high = ordered[np.minimum(starts + counts // 2, last)]
    return np.where(counts == 0, np.nan, (low + high) / 2)


def _order(x: Placed, totals: Any) -> list[int]:
    """Return the places as they are drawn: categories by size, others last, all else ascending."""
    places = [at for at in range(len(x.keys)) if not math.isnan(totals[at])]
    if x.scale == "category":
        places.sort(key=lambda at: (-totals[at], str(x.keys[at])))
    if x.others and not math.isnan(totals[len(x.keys)]):
        places.append(len(x.keys))
    return places


def _series(  # noqa: PLR0917 - columns of one table
    color: Placed | None,
    shade: int,
    keys: Sequence[Any],
    order: Sequence[int],
    values: Any,
    counts: Any,
) -> ChartSeries:
    is_others = color is not None and shade == len(color.keys)
    there = [at for at in order if counts[at]]
    return ChartSeries(
        name=None if color is None or is_others else color.keys[shade],
        is_others=is_others,
        x=[keys[at] for at in there],
        y=[_finite(values[at]) for at in there],
        count=[int(counts[at]) for at in there],
    )


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


# --- scatter ---------------------------------------------------------------------------------


def _scatter(chart: Chart, columns: Columns) -> ChartData:
    if columns.y is None:
        raise InvalidInput("Choose a column for y.", field="chart.y")
    x, y = numbers_of(columns.x), numbers_of(columns.y)
    known = ~(np.isnan(x) | np.isnan(y))
    left_out = int(len(x) - known.sum())
    is_density = len(x) - left_out > MAX_POINTS
    steps: tuple[float | None, float | None] = (None, None)
    if is_density:
        series, steps = _density(x[known], y[known], columns)
    else:
        series = _points(x, y, known, columns.color)
    return ChartData(
        kind=chart.kind,
        x=ChartAxis(title=columns.x_name, scale=_scale(columns.x), step=steps[0]),
        y=ChartAxis(title=columns.y_name, scale=_scale(columns.y), step=steps[1]),
        series=series,
        color=None if is_density else columns.color_name or None,
        rows=len(x),
        left_out=left_out,
        is_density=is_density,
    )


def _scale(values: Any) -> Any:
    return "time" if is_time(values.type) else "number"


def _points(x: Any, y: Any, known: Any, colors: Any) -> list[ChartSeries]:
    color = _colored(colors)
    shades = [0] if color is None else range(len(color.keys) + (color.others > 0))
    found: list[ChartSeries] = []
    for shade in shades:
        mine = known if color is None else known & (color.codes == shade)
        is_others = color is not None and shade == len(color.keys)
        found.append(
            ChartSeries(
                name=None if color is None or is_others else color.keys[shade],
                is_others=is_others,
                x=x[mine].tolist(),
                y=y[mine].tolist(),
                count=[1] * int(mine.sum()),
            )
        )
    return found


def _density(x: Any, y: Any, columns: Columns) -> tuple[list[ChartSeries], tuple[float, float]]:
    across = nice_bins(float(x.min()), float(x.max()), _CELLS[0], whole=_is_whole(columns.x))
    down = nice_bins(float(y.min()), float(y.max()), _CELLS[1], whole=_is_whole(columns.y))
    lefts, lows = across.lows, down.lows
    codes = across.codes(x) * down.bins + down.codes(y)
    counts = np.bincount(codes, minlength=across.bins * down.bins)
    cells = np.flatnonzero(counts)
    series = ChartSeries(
        x=lefts[cells // down.bins].tolist(),
        y=lows[cells % down.bins].tolist(),
        count=counts[cells].tolist(),
    )
    return [series], (across.step, down.step)


def _is_whole(values: Any) -> bool:
    return pa.types.is_integer(values.type) or is_time(values.type)
