"""A chart of a view as a block: the table that the chart draws, and the chart."""

from __future__ import annotations

from headrace.analysis.views.block_code import BlockCode, argument_of
from headrace.analysis.views.charted import Charted
from headrace.analysis.views.layout import Part, Row, call, flat, listed, text
from headrace.analysis.views.pandas_code import PandasCode, assigned, clock
from headrace.analysis.views.plan import plan_of
from headrace.analysis.views.polars_chart import write_table
from headrace.analysis.views.polars_code import PolarsCode
from headrace.analysis.views.script import Script
from headrace.analysis.views.sql_chart import text_of_chart
from headrace.analysis.views.table import ColumnFacts, TableFacts
from headrace.protocol.charts import MAX_COLORS, Chart, ChartData, TimeUnit
from headrace.protocol.steps import CodeLanguage
from headrace.protocol.views import View

_FLOORS: dict[TimeUnit, str] = {"day": "D", "hour": "h", "minute": "min"}
_PERIODS: dict[TimeUnit, str] = {"year": "Y", "quarter": "Q", "month": "M", "week": "W"}
_ACCENT = '"#0b66c3"'
_ROWS = "rows"


def block_of_chart(
    chart: Chart,
    drawn: ChartData,
    view: View,
    table: TableFacts,
    *,
    name: str,
    upstream: str,
    language: CodeLanguage,
) -> BlockCode:
    """Return the source of a block that makes the table of a chart and shows the chart.

    `drawn` is the chart as it is now: its bins and units become those of the code. In SQL the
    block only makes the table. Raises InvalidInput when the chart does not fit the table.
    """
    plan = plan_of(View(filter=view.filter, search=view.search), [], table)
    charted = Charted(chart, drawn, table, upstream)
    if language == "sql":
        note = "SQL draws nothing: the block gives the numbers of the chart as a table."
        return BlockCode(text_of_chart(charted, plan, upstream), [note])
    script = Script(name, argument_of(upstream), charted.description)
    if language == "polars":
        writer = PolarsCode(plan, script)
        writer.read()
        writer.choose_rows()
        write_table(charted, script)
        script.using("plt")
        script.assign("table.to_pandas()", to="drawn")
        _Drawing(charted, script, "drawn").write()
    else:
        frame = PandasCode(plan, script)
        frame.read()
        frame.choose_rows()
        _ChartCode(charted, script).write()
        script.say()
        _Drawing(charted, script, "table").write()
    return BlockCode(script.source("table"), [])


class _ChartCode:
    """Writes the grouping of one chart in pandas; the table is in `table`."""

    def __init__(self, charted: Charted, script: Script) -> None:
        self.charted = charted
        self.script = script
        self.chart = charted.chart
        self.drawn = charted.drawn
        self.x, self.y, self.color = charted.x, charted.y, charted.color
        self.value = charted.value

    def write(self) -> None:
        """Write all of it."""
        self._leave_out()
        if self.charted.is_scatter:
            self._points()
        else:
            self._group()

    # --- the table ------------------------------------------------------------------------------

    def _leave_out(self) -> None:
        script = self.script
        for column in self.charted.needed:
            if column.infinite:
                np = script.using("np")
                cells = self._cells(column)
                finite = f"{cells}.replace([{np}.inf, -{np}.inf], {np}.nan)"
                script.assign(call(f"{script.frame}.assign", assigned(column.name, finite)))
        missing = [one for one in self.charted.needed if one.nulls or one.nan or one.infinite]
        if missing:
            names = listed([text(one.name) for one in missing])
            script.assign(call(f"{script.frame}.dropna", subset=names))

    def _cells(self, column: ColumnFacts) -> str:
        return f"{self.script.frame}[{text(column.name)}]"

    def _group(self) -> None:
        script = self.script
        key = self._key(self.x, self.drawn.x.step, self.drawn.x.unit, self.chart.top)
        if key is not None and key != "names":
            script.assign(key, to="key")
            key = "key"
        keys: list[Part] = [key or text(self.x.name)]
        if self.color is not None:
            others = any(series.is_others for series in self.drawn.series)
            keys.append(self._color_key(self.color, others=others))
        arguments: dict[str, Part] = {}
        if any(column.is_category for column in (self.x, *([self.color] if self.color else []))):
            arguments["observed"] = "True"
        if self.color is not None and self.color.nulls:
            arguments["dropna"] = "False"
        by = keys[0] if len(keys) == 1 else listed(keys)
        groups = flat(call(f"{script.frame}.groupby", by, **arguments))
        if self.charted.counts:
            groups += f".size().rename({text(self.value)})"
        else:
            groups += (
                f"[{text(self.charted.y_name)}].{self.chart.aggregate}().rename({text(self.value)})"
            )
        script.assign(call(f"{groups}.reset_index"), to="table")
        if self.drawn.x.scale == "category" and self.color is None:
            names = listed([text(self.value), text(self.x.name)])
            order = call("table.sort_values", names, ascending="[False, True]", ignore_index="True")
            script.assign(order, to="table")

    def _key(
        self, column: ColumnFacts, step: float | None, unit: TimeUnit | None, top: int
    ) -> Part | None:
        """Return what the rows are grouped by; None for the values of the column itself."""
        if unit is not None:
            return self._in_unit(column, unit)
        if step is not None:
            return self._in_bins(column, step)
        if self.drawn.x.scale == "category" and self.drawn.others:
            return self._top(column, top)
        return None

    def _color_key(self, column: ColumnFacts, *, others: bool) -> Part:
        return self._top(column, MAX_COLORS) if others else text(column.name)

    def _in_bins(self, column: ColumnFacts, step: float) -> Part:
        factor, divisor = self.charted.factors(step)
        cells = self._cells(column)
        if column.family in ("date", "timestamp"):
            self.script.assign(clock(column, cells), to="moments")
            kinds = [f".astype({text(kind)})" for kind in ("datetime64[ms]", "int64")]
            self.script.assign("moments" + "".join(kinds), to="moments")
            return f"moments // {factor} * {factor}"
        if column.family == "integer" and divisor == 1:
            return f"{cells} // {factor} * {factor}"
        np = self.script.using("np")
        times = f" * {divisor}" if divisor != 1 else ""
        over = f" / {factor}" if factor != 1 else ""
        scaled = f"({cells}{times}{over}).round(9)" if times or over else f"{cells}.round(9)"
        back = (f" * {factor}" if factor != 1 else "") + (f" / {divisor}" if divisor != 1 else "")
        return f"{np}.floor({scaled}){back}"

    def _in_unit(self, column: ColumnFacts, unit: TimeUnit) -> Part:
        cells = clock(column, self._cells(column))
        if unit in _FLOORS:
            return f"{cells}.dt.floor({text(_FLOORS[unit])})"
        return f"{cells}.dt.to_period({text(_PERIODS[unit])}).dt.start_time"

    def _top(self, column: ColumnFacts, top: int) -> Part:
        """Write which values have the most rows, and return the column with others as one."""
        script, cells = self.script, self._cells(column)
        name = "most" if column is self.x else "colors"
        counts = f"{cells}.value_counts().sort_index()"
        ranked = call(f"{counts}.sort_values", ascending="False", kind='"stable"')
        script.assign(ranked, to=name)
        kept = f"{cells}.isin({name}.index[:{top}])"
        if column.nulls and column is not self.x:
            kept += f" | {cells}.isna()"
        grouped = "names" if column is self.x else "shades"
        script.assign(call(f'{cells}.astype("str").where', kept, '"others"'), to=grouped)
        return grouped

    def _points(self) -> None:
        script, drawn = self.script, self.drawn
        if not drawn.is_density:
            chosen = listed([text(name) for name in self.charted.point_names])
            script.assign(f"{script.frame}[{flat(chosen)}]", to="table")
            return
        keys: list[Part] = []
        sides = (("across", self.x, drawn.x), ("up", self.y, drawn.y))
        for name, column, axis in sides:
            if column is not None and axis.step is not None:
                script.assign(self._in_bins(column, axis.step), to=f"{name}_key")
                keys.append(f"{name}_key")
        groups = flat(call(f"{script.frame}.groupby", listed(keys)))
        script.assign(call(f"{groups}.size().rename({text(_ROWS)}).reset_index"), to="table")


class _Drawing:
    """Writes how matplotlib draws the table of a chart, a frame of pandas called `frame`."""

    def __init__(self, charted: Charted, script: Script, frame: str) -> None:
        self.charted = charted
        self.script = script
        self.frame = frame
        self.chart, self.drawn = charted.chart, charted.drawn
        self.x, self.color, self.value = charted.x, charted.color, charted.value

    def write(self) -> None:
        """Write all of it."""
        script = self.script
        script.using("plt")
        x, value = f"{self.frame}[{text(self.x.name)}]", f"{self.frame}[{text(self.value)}]"
        plots = call("plt.subplots", figsize="(7, 3.2)", layout='"constrained"')
        script.assign(plots, to="figure, axes")
        if self.charted.is_scatter:
            self._draw_points(x, value)
        elif self.color is not None:
            self._draw_colors(self.color)
        elif self.chart.kind == "line":
            script.say(call("axes.plot", x, value, color=_ACCENT))
        else:
            script.say(self._bars(x, value))
        if self.drawn.x.scale == "category" and len(self.drawn.x.categories) > 8:
            script.say('axes.tick_params(axis="x", rotation=45)')
        script.say(f"axes.set_xlabel({text(self.x.name)})")
        script.say(f"axes.set_ylabel({text(self.value)})")
        script.say('axes.spines[["top", "right"]].set_visible(False)')

    def _bars(self, x: str, value: str) -> Part:
        axis = self.drawn.x
        if axis.step is not None:
            width = self.charted.factors(axis.step)
            written = str(width[0]) if width[1] == 1 else f"{width[0]} / {width[1]}"
            return call("axes.bar", x, value, width=written, align='"edge"', color=_ACCENT)
        if axis.unit is not None:
            return call("axes.bar", x, value, width=_days(axis.unit), align='"edge"', color=_ACCENT)
        bars = f'{x}.astype("str")' if axis.scale == "category" else x
        return call("axes.bar", bars, value, color=_ACCENT)

    def _draw_colors(self, color: ColumnFacts) -> None:
        script = self.script
        wide = call(
            f"{self.frame}.pivot",
            index=text(self.x.name),
            columns=text(color.name),
            values=text(self.value),
        )
        script.assign(wide, to="wide")
        if self.chart.kind == "line":
            script.say("wide.plot(ax=axes)")
            return
        if self.drawn.x.scale == "category":
            totals = "wide.sum(axis=1).sort_values(ascending=False)"
            script.assign(f"wide.loc[{totals}.index]", to="wide")
        stacked: dict[str, Part] = {}
        if self.charted.counts or self.chart.aggregate == "sum":
            stacked = {"stacked": "True"}
        script.say(call("wide.plot.bar", ax="axes", width="0.8", **stacked))

    def _draw_points(self, x: str, value: str) -> None:
        script = self.script
        if self.drawn.is_density:
            counts = f"{self.frame}[{text(_ROWS)}]"
            points = call("axes.scatter", x, value, c=counts, s="12", marker='"s"', cmap='"Blues"')
            script.assign(points, to="points")
            script.say(f"figure.colorbar(points, label={text(_ROWS)})")
        elif self.color is not None:
            script.say(
                Row(
                    [
                        "for name, part in ",
                        call(f"{self.frame}.groupby", text(self.color.name)),
                        ":",
                    ]
                )
            )
            names = [f"part[{text(name)}]" for name in (self.x.name, self.value)]
            script.say(Row(["    ", call("axes.scatter", *names, s="12", label="name")]))
            script.say(f"axes.legend(title={text(self.color.name)})")
        else:
            script.say(call("axes.scatter", x, value, s="12", color=_ACCENT))


def _days(unit: TimeUnit) -> str:
    """Return the width of a bar in days, the unit of matplotlib."""
    days = {"year": 365, "quarter": 91, "month": 28, "week": 7, "day": 1}
    return {"hour": "1 / 24", "minute": "1 / 1440"}.get(unit) or str(days[unit])
