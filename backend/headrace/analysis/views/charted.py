"""What a chart of a table is made of, whatever its block is written in."""

from __future__ import annotations

from fractions import Fraction

from headrace.analysis.views.table import ColumnFacts, TableFacts
from headrace.protocol.charts import Chart, ChartData

_ROWS = "rows"


class Charted:
    """A chart as it is now, with the columns of the table that it draws."""

    def __init__(self, chart: Chart, drawn: ChartData, table: TableFacts, upstream: str) -> None:
        self.chart = chart
        self.drawn = drawn
        self.upstream = upstream
        self.x = table.column(chart.x)
        self.y = None if chart.y is None else table.column(chart.y)
        color = None if chart.color is None or drawn.is_density else table.column(chart.color)
        self.color = None if color is None or color.name == self.x.name else color
        self.is_scatter = chart.kind == "scatter"
        self.counts = chart.kind == "histogram" or chart.aggregate == "count"
        if self.is_scatter:
            self.value = self.y_name
        else:
            self.value = _ROWS if self.counts else f"{chart.aggregate}_{self.y_name}"
        if self.value in (self.x.name, self.color.name if self.color else None):
            self.value += "_"

    @property
    def y_name(self) -> str:
        """The name of the column that is summed up or drawn upwards."""
        return "" if self.y is None else self.y.name

    @property
    def value_name(self) -> str:
        """What the values of the groups are called."""
        return _ROWS if self.drawn.is_density else self.value

    @property
    def point_names(self) -> list[str]:
        """The columns of single points, each once."""
        names = [self.x.name, self.value, *([self.color.name] if self.color else [])]
        return list(dict.fromkeys(names))

    @property
    def needed(self) -> list[ColumnFacts]:
        """The columns in which a row must have a value, each once."""
        wants_y = self.y is not None and (self.is_scatter or not self.counts)
        found = [self.x, *([self.y] if wants_y and self.y is not None else [])]
        return list(dict.fromkeys(found))

    @property
    def is_ranked(self) -> bool:
        """True when names are drawn by how much they have."""
        return self.drawn.x.scale == "category" and self.color is None and not self.drawn.is_density

    @property
    def description(self) -> str:
        """What the block gives, in one line."""
        colors = f" and {self.color.name}" if self.color else ""
        if self.is_scatter:
            what = f"{self.value} over {self.x.name} of {self.upstream}"
        elif self.counts:
            what = f"Rows of {self.upstream} by {self.x.name}{colors}"
        else:
            what = f"The {self.chart.aggregate} of {self.y_name} of {self.upstream}"
            what += f" by {self.x.name}{colors}"
        return f"{what}, as a table and as a chart."[:90]

    @staticmethod
    def factors(step: float) -> tuple[int, int]:
        """Return a step as `factor / divisor` with a divisor that is a power of ten."""
        exact = Fraction(step).limit_denominator(10**15)
        factor, divisor = exact.numerator, 1
        while exact.denominator != 1 and (divisor % exact.denominator or divisor == 1):
            divisor *= 10
            if divisor > 10**15:
                break
        return (factor * divisor // exact.denominator, divisor) if divisor != 1 else (factor, 1)
