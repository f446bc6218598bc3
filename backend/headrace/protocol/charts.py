"""Charts of a view: what is asked for, and the numbers that are drawn."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from headrace.protocol.views import ColumnReference

ChartKind = Literal["histogram", "bar", "line", "scatter"]
Aggregate = Literal["count", "sum", "mean", "min", "max", "median"]
TimeUnit = Literal["year", "quarter", "month", "week", "day", "hour", "minute"]

MAX_BINS = 200
MAX_TOP = 100
MAX_COLORS = 8
"""Colours that eyes tell apart; more values than these are drawn together as others."""
MAX_POINTS = 2_000
"""Rows that a scatter draws one by one; more are counted in a grid."""


class Chart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chart of all rows of a view.

    A histogram counts `x` in bins, a scatter draws `y` over `x`, a bar or line draws what
    `aggregate` makes of `y` (of the rows, for `count`) for each value of `x`. Numbers are put into
    about `bins` bins and times into `unit`, both chosen by themselves for None. Of categories the
    `top` with the most rows are drawn; all others are one.
    """

    kind: ChartKind
    x: ColumnReference
    y: ColumnReference | None = None
    aggregate: Aggregate = "count"
    color: ColumnReference | None = None
    bins: Annotated[int, Meta(ge=1, le=MAX_BINS)] | None = None
    unit: TimeUnit | None = None
    top: Annotated[int, Meta(ge=1, le=MAX_TOP)] = 20


class ChartAxis(Struct, frozen=True, kw_only=True):
    """One axis. Times are milliseconds since 1970 of the clock of the column's own time zone."""

    title: str
    scale: Literal["number", "time", "category"]
    step: float | None = None
    """Width of a bin, in units of the axis; None where every value stands for itself."""
    unit: TimeUnit | None = None
    """What times are put into."""
    categories: list[str | None] = field(default_factory=list[str | None])
    """In the order they are drawn; None are all others together."""


class ChartSeries(Struct, frozen=True, kw_only=True):
    """What has one colour. The lists are of one length.

    `x` has numbers, or names where the axis is of categories (None for all others together); of
    bins their lower edges. `y` is None where an aggregate has no values. `count` is of rows.
    `name` is None without colours, and for the rows whose colour is null.
    """

    name: str | None = None
    is_others: bool = False
    x: list[float | str | None] = field(default_factory=list[float | str | None])
    y: list[float | None] = field(default_factory=list[float | None])
    count: list[int] = field(default_factory=list[int])


class ChartData(Struct, frozen=True, kw_only=True):
    """What is drawn. Of `rows` of the view, `left_out` have no value for an axis.

    `is_density` says that a scatter has cells with counts; `step` of both axes is then their size.
    """

    kind: ChartKind
    x: ChartAxis
    y: ChartAxis
    series: list[ChartSeries] = field(default_factory=list[ChartSeries])
    color: str | None = None
    rows: int = 0
    left_out: int = 0
    is_density: bool = False
    others: int = 0
    """Categories of `x` that are drawn as one."""
