"""The table of a chart in SQL for DuckDB: a tree of sqlglot, never pasted text."""

from __future__ import annotations

from typing import Any

from headrace.analysis.views.charted import Charted
from headrace.analysis.views.plan import Plan
from headrace.analysis.views.sql_code import SqlCode, written
from headrace.analysis.views.table import ColumnFacts
from headrace.protocol.charts import MAX_COLORS, Aggregate

_FUNCTIONS: dict[Aggregate, str] = {
    "sum": "SUM",
    "mean": "AVG",
    "median": "MEDIAN",
    "min": "MIN",
    "max": "MAX",
}


def text_of_chart(charted: Charted, plan: Plan, source: str) -> str:
    """Return the statement whose rows are those that a chart of a plan's rows draws."""
    return written(_SqlTable(charted, SqlCode(plan, source)).statement())


class _SqlTable:
    def __init__(self, charted: Charted, code: SqlCode) -> None:
        self.charted = charted
        self.code = code
        self.exp = code.exp
        self._tables: list[tuple[str, Any]] = []

    def statement(self) -> Any:
        """Return the statement as a tree."""
        exp, charted = self.exp, self.charted
        rows = self._with("chosen", self._known(self.code.filtered()))
        if charted.is_scatter and not charted.drawn.is_density:
            return self._told(exp.select(*map(self.code.name, charted.point_names)).from_(rows))
        keys = self._keys()
        columns = [exp.alias_(key, self.code.identifier(name)) for name, key in keys]
        value = exp.alias_(self._value(), self.code.identifier(charted.value_name))
        places = [exp.Literal.number(at + 1) for at in range(len(keys))]
        found = exp.select(*columns, value).from_(rows).group_by(*places)
        order = [exp.Ordered(this=place.copy(), nulls_first=False) for place in places]
        if charted.is_ranked:
            last = exp.Literal.number(len(keys) + 1)
            order.insert(0, exp.Ordered(this=last, desc=True, nulls_first=False))
        return self._told(found.order_by(*order))

    def _with(self, name: str, tree: Any) -> Any:
        """Name a table of the statement, other than the one that is read."""
        while name == self.code.source:
            name += "_"
        self._tables.append((name, tree))
        return self.code.table(name)

    def _told(self, tree: Any) -> Any:
        for name, each in self._tables:
            tree = tree.with_(name, as_=each)
        return tree

    def _known(self, tree: Any) -> Any:
        exp = self.exp
        for column in self.charted.needed:
            cells = self.code.name(column.name)
            if column.family == "float" and (column.nulls or column.nan or column.infinite):
                tree = tree.where(exp.func("ISFINITE", cells))
            elif column.nulls:
                tree = tree.where(exp.Not(this=exp.Is(this=cells, expression=exp.null())))
        return tree

    def _keys(self) -> list[tuple[str, Any]]:
        charted, drawn = self.charted, self.charted.drawn
        if drawn.is_density:
            sides = ((charted.x, drawn.x), (charted.y, drawn.y))
            return [(one.name, self._in_bins(one, a.step)) for one, a in sides if one and a.step]
        keys = [(charted.x.name, self._key_of_x())]
        if charted.color is not None:
            has_others = any(series.is_others for series in drawn.series)
            color = charted.color
            key = self._top(color, MAX_COLORS, "colors") if has_others else self._name(color)
            keys.append((color.name, key))
        return keys

    def _name(self, column: ColumnFacts) -> Any:
        return self.code.name(column.name)

    def _key_of_x(self) -> Any:
        x, axis = self.charted.x, self.charted.drawn.x
        if axis.unit is not None:
            unit = self.exp.Literal.string(axis.unit)
            return self.exp.Anonymous(this="DATE_TRUNC", expressions=[unit, self._clock(x)])
        if axis.step is not None:
            return self._in_bins(x, axis.step)
        if axis.scale == "category" and self.charted.drawn.others:
            return self._top(x, self.charted.chart.top, "most")
        return self._name(x)

    def _clock(self, column: ColumnFacts) -> Any:
        exp = self.exp
        if column.zone is None:
            return self._name(column)
        return exp.AtTimeZone(this=self._name(column), zone=exp.Literal.string(column.zone))

    def _in_bins(self, column: ColumnFacts, step: float) -> Any:
        exp = self.exp
        factor, divisor = self.charted.factors(step)
        if column.family in ("date", "timestamp"):
            moment = exp.cast(self._clock(column), "TIMESTAMP")
            cells: Any = exp.Anonymous(this="EPOCH_MS", expressions=[moment])
        else:
            cells = exp.cast(self._name(column), "DOUBLE")
        scaled = self._times(cells, divisor, factor)
        rounded = exp.func("ROUND", scaled, exp.Literal.number(9))
        return self._times(exp.Floor(this=rounded), factor, divisor)

    def _times(self, value: Any, factor: int, divisor: int) -> Any:
        exp = self.exp
        if factor != 1:
            value = exp.Mul(this=value, expression=exp.Literal.number(factor))
        if divisor != 1:
            value = exp.Div(this=value, expression=exp.Literal.number(divisor))
        return value

    def _top(self, column: ColumnFacts, top: int, name: str) -> Any:
        """Name the values with the most rows, and return the column with others as one."""
        exp, cells = self.exp, self._name(column)
        texts = exp.cast(cells.copy(), "TEXT")
        is_null = exp.Is(this=cells.copy(), expression=exp.null())
        ranked = (
            exp.select(exp.alias_(texts.copy(), "name"))
            .from_(self.code.table(self._tables[0][0]))
            .where(exp.Not(this=is_null.copy()))
            .group_by(exp.Literal.number(1))
            .order_by(
                exp.Ordered(this=exp.Count(this=exp.Star()), desc=True),
                exp.Ordered(this=exp.Literal.number(1)),
            )
            .limit(top)
        )
        table = self._with(name, ranked)
        among = exp.In(this=texts.copy(), query=exp.select("name").from_(table).subquery())
        cases = [exp.If(this=among, true=texts)]
        if column.nulls and column is not self.charted.x:
            cases.insert(0, exp.If(this=is_null, true=exp.null()))
        return exp.Case(ifs=cases, default=exp.Literal.string("others"))

    def _value(self) -> Any:
        exp, charted = self.exp, self.charted
        if charted.counts or charted.drawn.is_density or charted.y is None:
            return exp.Count(this=exp.Star())
        aggregate = charted.chart.aggregate
        cells: Any = self._name(charted.y)
        if charted.y.family in ("boolean", "decimal"):
            cells = exp.cast(
                exp.cast(cells, "INT") if charted.y.family == "boolean" else cells, "DOUBLE"
            )
        found = exp.Anonymous(this=_FUNCTIONS[aggregate], expressions=[cells])
        if aggregate == "sum" and charted.y.family == "integer":
            return exp.cast(found, "BIGINT")
        return found
