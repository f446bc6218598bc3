"""What is told of the columns of a view: profiles, and statistics of selected cells."""

from __future__ import annotations

from msgspec import Struct

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The shares of the values that lie below those of `ColumnProfile.quantiles`."""


class Histogram(Struct, frozen=True, kw_only=True):
    """How many finite values lie in each of equal bins from `low` to `high`.

    Of whole numbers, a bin holds `step` of them, from `low` on.
    """

    counts: list[int]
    low: float
    high: float
    step: int | None = None


class TopValue(Struct, frozen=True):
    """A value as text of at most 200 characters, and in how many rows it stands."""

    value: str
    count: int


class ColumnProfile(Struct, frozen=True, kw_only=True):
    """Statistics of one column; None where its type has no such thing.

    Numbers of rows, nulls, NaN and infinities, the least and the greatest value, the mean and the
    histogram are always exact. `distinct`, `quantiles` and `top` are estimates unless `exact`.
    """

    name: str
    at: int
    """Its place in the table, from 0."""
    type: str
    rows: int
    nulls: int
    nans: int | None = None
    infinities: int | None = None
    min: str | None = None
    max: str | None = None
    mean: float | None = None
    """Of the finite values."""
    quantiles: list[float] | None = None
    """Of the finite values at 5, 25, 50, 75 and 95 %."""
    distinct: int | None = None
    """Different values, null not counted."""
    exact: bool = True
    histogram: Histogram | None = None
    top: list[TopValue] | None = None
    """The most frequent values of text, categories and booleans, most first."""


class Profile(Struct, frozen=True, kw_only=True):
    """Statistics of the columns that were asked for."""

    rows: int
    """Rows of the view."""
    column_count: int
    """Columns of the table."""
    columns: list[ColumnProfile]


class ColumnStatistics(Struct, frozen=True, kw_only=True):
    """Statistics of selected cells of one column; None where its type has no such thing.

    `count` is of cells that are not null. `sum` is text, exact for integers and decimals. NaN is
    left out of `sum`, `mean`, `min` and `max`.
    """

    name: str
    at: int
    type: str
    count: int
    nulls: int
    sum: str | None = None
    mean: float | None = None
    min: str | None = None
    max: str | None = None


class Statistics(Struct, frozen=True, kw_only=True):
    """Statistics of some rows of a view."""

    rows: int
    columns: list[ColumnStatistics]
