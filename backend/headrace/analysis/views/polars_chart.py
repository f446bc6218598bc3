"""The table of a chart in polars."""

from __future__ import annotations

from headrace.analysis.views.charted import Charted
from headrace.analysis.views.layout import Part, call, flat, listed, text
from headrace.analysis.views.script import Script
from headrace.analysis.views.table import ColumnFacts
from headrace.protocol.charts import MAX_COLORS, TimeUnit

_EVERY: dict[TimeUnit, str] = {
    "year": "1y",
    "quarter": "1q",
    "month": "1mo",
    "week": "1w",
    "day": "1d",
    "hour": "1h",
    "minute": "1m",
}


def write_table(charted: Charted, script: Script) -> None:
    """Write how the rows of the view become the table of the chart, in `table`."""
    _PolarsTable(charted, script).write()


class _PolarsTable:
    def __init__(self, charted: Charted, script: Script) -> None:
        self.charted = charted
        self.script = script
        self.pl = script.using("pl")

    def write(self) -> None:
        """Write all of it."""
        charted, script = self.charted, self.script
        known = [part for one in charted.needed for part in self._known(one)]
        if known:
            script.assign(call(f"{script.frame}.filter", *known))
        if charted.is_scatter and not charted.drawn.is_density:
            points = [text(name) for name in charted.point_names]
            script.assign(call(f"{script.frame}.select", *points), to="table")
            return
        keys, names = self._keys()
        value = charted.value_name
        script.assign(call(f"{script.frame}.group_by", *keys), to="groups")
        script.assign(call("groups.agg", f"{self._value()}.alias({text(value)})"), to="table")
        order = [text(name) for name in names]
        if charted.is_ranked:
            downs = listed(["True", "False"])
            script.assign(call("table.sort", text(value), *order, descending=downs), to="table")
        else:
            script.assign(call("table.sort", *order), to="table")

    def _cells(self, column: ColumnFacts) -> str:
        return f"{self.pl}.col({text(column.name)})"

    def _known(self, column: ColumnFacts) -> list[Part]:
        if column.family == "float" and (column.nulls or column.nan or column.infinite):
            return [f"{self._cells(column)}.is_finite()"]
        return [f"{self._cells(column)}.is_not_null()"] if column.nulls else []

    def _keys(self) -> tuple[list[Part], list[str]]:
        """Return what rows are grouped by, and the names of that."""
        charted, drawn = self.charted, self.charted.drawn
        if drawn.is_density:
            sides = ((charted.x, drawn.x), (charted.y, drawn.y))
            parts = [
                (one, self._in_bins(one, axis.step)) for one, axis in sides if one and axis.step
            ]
        else:
            parts = [(charted.x, self._key_of_x())]
            if charted.color is not None:
                parts.append((charted.color, self._key_of_color(charted.color)))
        keys: list[Part] = [
            text(one.name) if key is None else call(f"{flat(key)}.alias", text(one.name))
            for one, key in parts
        ]
        return keys, [one.name for one, _ in parts]

    def _key_of_x(self) -> Part | None:
        x, axis = self.charted.x, self.charted.drawn.x
        if axis.unit is not None:
            return f"{self._clock(x)}.dt.truncate({text(_EVERY[axis.unit])})"
        if axis.step is not None:
            return self._in_bins(x, axis.step)
        if axis.scale == "category" and self.charted.drawn.others:
            return self._top(x, self.charted.chart.top, to="most")
        return f"{self._cells(x)}.cast({self.pl}.String)" if x.is_category else None

    def _key_of_color(self, column: ColumnFacts) -> Part | None:
        if any(series.is_others for series in self.charted.drawn.series):
            return self._top(column, MAX_COLORS, to="colors")
        return f"{self._cells(column)}.cast({self.pl}.String)" if column.is_category else None

    def _clock(self, column: ColumnFacts) -> str:
        cells = self._cells(column)
        return cells if column.zone is None else f"{cells}.dt.replace_time_zone(None)"

    def _in_bins(self, column: ColumnFacts, step: float) -> Part:
        factor, divisor = self.charted.factors(step)
        cells = self._cells(column)
        if column.family in ("date", "timestamp"):
            moments = "moments" if column is self.charted.x else "moments_up"
            milliseconds = f".cast({self.pl}.Datetime({text('ms')})).cast({self.pl}.Int64)"
            self.script.assign(self._clock(column), to=moments)
            self.script.assign(moments + milliseconds, to=moments)
            return f"({moments} // {factor} * {factor})"
        if column.family == "integer" and divisor == 1:
            return f"({cells}.cast({self.pl}.Int64) // {factor} * {factor})"
        if column.family != "float":
            cells = f"{cells}.cast({self.pl}.Float64)"
        times = f" * {divisor}" if divisor != 1 else ""
        over = f" / {factor}" if factor != 1 else ""
        scaled = f"({cells}{times}{over})" if times or over else cells
        back = (f" * {factor}" if factor != 1 else "") + (f" / {divisor}" if divisor != 1 else "")
        return f"({scaled}.round(9).floor(){back})"

    def _top(self, column: ColumnFacts, top: int, *, to: str) -> Part:
        """Write which values have the most rows, and return the column with others as one."""
        script, pl, cells = self.script, self.pl, self._cells(column)
        name = text(column.name)
        texts = f"{cells}.cast({pl}.String)"
        ranked = flat(call(".sort", text("len"), name, descending=listed(["True", "False"])))
        chosen = flat(call(f"{script.frame}.group_by", f"{texts}.alias({name})"))
        chosen += f".len(){ranked}[{name}].drop_nulls().head({top}).to_list()"
        script.assign(chosen, to=to)
        kept = f"{texts}.is_in({to})"
        if column.nulls and column is not self.charted.x:
            kept += f" | {cells}.is_null()"
        grouped = "names" if column is self.charted.x else "shades"
        script.assign(f'{pl}.when({kept}).then({texts}).otherwise({pl}.lit("others"))', to=grouped)
        return grouped

    def _value(self) -> str:
        charted, pl = self.charted, self.pl
        if charted.counts or charted.y is None:
            return f"{pl}.len()"
        cells = self._cells(charted.y)
        if charted.y.family in ("boolean", "decimal"):
            cells += f".cast({pl}.Float64)"
        return f"{cells}.{charted.chart.aggregate}()"
