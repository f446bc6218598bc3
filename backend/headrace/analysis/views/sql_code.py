"""A plan as a block in SQL for DuckDB: a tree of sqlglot, never pasted text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from headrace.analysis.views.plan import Plan, Wanted
from headrace.analysis.views.table import ColumnFacts, Family
from headrace.analysis.views.values import Typed, typed
from headrace.core.errors import InvalidInput
from headrace.protocol.steps import ColumnType
from headrace.protocol.views import Condition

if TYPE_CHECKING:
    from sqlglot import exp

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WILD = re.compile(r"[%_\\]")
_TYPES: dict[ColumnType, str] = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "text": "TEXT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


class SqlCode:
    """Writes the statement of one plan over the table `source`."""

    def __init__(self, plan: Plan, source: str) -> None:
        from sqlglot import exp

        self.exp = exp
        self.plan = plan
        self.source = source
        _insist_on_names(plan)

    def text(self) -> str:
        """Return the statement in standard form."""
        return written(self.statement())

    def statement(self) -> Any:
        """Return the statement as a tree."""
        exp, plan = self.exp, self.plan
        if not plan.keys:
            return self._filtered(exp.select(*self._columns(None)), self.source)
        number = self._number()
        counted = exp.select(exp.Star(), self._row_number(number)).from_(self.table(self.source))
        chosen = self._filtered(exp.select(*self._columns(number)), "numbered")
        keys = [key for column, descending in plan.keys for key in self._key(column, descending)]
        last = exp.Ordered(this=self.name(number))
        return chosen.order_by(*keys, last).with_("numbered", as_=counted)

    def filtered(self) -> Any:
        """Return the rows of the view, in any order, with all columns: for what is made of them."""
        return self._filtered(self.exp.select(self.exp.Star()), self.source)

    def _filtered(self, select: Any, source: str) -> Any:
        select = select.from_(self.table(source))
        for column, condition in self.plan.conditions:
            for each in self._condition(column, condition):
                select = select.where(each)
        if self.plan.search:
            select = select.where(self._search(self.plan.search))
        return select

    # --- names ----------------------------------------------------------------------------------

    def name(self, name: str) -> exp.Column:
        """Return a column by its name, quoted where that is needed."""
        return self.exp.column(self.identifier(name))

    def table(self, name: str) -> Any:
        """Return a table by its name."""
        return self.exp.Table(this=self.identifier(name))

    def identifier(self, name: str) -> Any:
        """Return a name, quoted where that is needed."""
        quoted = not _SAFE.fullmatch(name) or name.upper() in _words()
        return self.exp.to_identifier(name, quoted=quoted)

    def _number(self) -> str:
        name = "row_number"
        taken = {column.name.lower() for column in self.plan.table.columns}
        while name in taken:
            name += "_"
        return name

    def _row_number(self, name: str) -> Any:
        exp = self.exp
        return exp.alias_(exp.Window(this=exp.RowNumber()), self.identifier(name))

    def _columns(self, number: str | None) -> list[Any]:
        exp, plan = self.exp, self.plan
        if not plan.is_selection and not plan.cast and not plan.renames:
            if number is None:
                return [exp.Star()]
            return [exp.Star(except_=[self.identifier(number)])]
        return [self._column(one) for one in plan.wanted]

    def _column(self, one: Wanted) -> Any:
        value: Any = self.name(one.column.name)
        for at, kind in enumerate(one.casts):
            value = self._cast(kind, self.plan.before(one, at), value, one.column)
        plain = not one.casts and one.name == one.column.name
        return value if plain else self.exp.alias_(value, self.identifier(one.name))

    # --- rows -----------------------------------------------------------------------------------

    def _condition(self, column: ColumnFacts, condition: Condition) -> list[Any]:
        """Return conditions that must all be true."""
        exp, op = self.exp, condition.op
        cells = self.name(column.name)
        match op:
            case "is null":
                return [exp.Is(this=cells, expression=exp.null())]
            case "is not null":
                return [exp.Not(this=exp.Is(this=cells, expression=exp.null()))]
            case "is nan":
                return [self._is_nan(column)]
            case "is not nan" if column.family == "float":
                return [exp.Not(this=self._is_nan(column))]
            case "is not nan":
                return [exp.Not(this=exp.Is(this=cells, expression=exp.null()))]
            case "is empty" if column.family == "nested":
                return [exp.EQ(this=exp.func("LEN", cells), expression=exp.Literal.number(0))]
            case "is empty" if column.family == "binary":
                length = exp.func("OCTET_LENGTH", cells)
                return [exp.EQ(this=length, expression=exp.Literal.number(0))]
            case "is empty":
                return [exp.EQ(this=cells, expression=exp.Literal.string(""))]
            case "contains" | "not contains" | "starts with" | "matches" | "not matches":
                return [self._text_condition(column, op, str(condition.value))]
            case _:
                values = [self.literal(typed(column, value), column) for value in condition.values]
                return self._comparison(column, op, values)

    def _comparison(self, column: ColumnFacts, op: str, values: list[Any]) -> list[Any]:
        exp = self.exp
        cells = self.name(column.name)
        ordinary = [exp.Not(this=self._is_nan(column))] if column.nan else []
        if op == "between":
            return [exp.Between(this=cells, low=values[0], high=values[1]), *ordinary]
        if op in ("in", "not in"):
            among = exp.In(this=cells, expressions=values)
            return [among] if op == "in" else [exp.Not(this=among)]
        kinds = {"=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
        more = ordinary if op in (">", ">=") else []
        return [kinds[op](this=cells, expression=values[0]), *more]

    def _is_nan(self, column: ColumnFacts) -> Any:
        if column.family != "float":
            return self.exp.false()
        return self.exp.func("ISNAN", self.name(column.name))

    def _texts(self, column: ColumnFacts) -> Any:
        """Return a column as its text."""
        exp = self.exp
        cells: Any = self.name(column.name)
        if column.family == "text":
            return cells
        if column.family == "timestamp":
            fraction = {"s": "", "ms": ".%g", "us": ".%f", "ns": ".%n"}[column.unit]
            if column.zone is not None:
                cells = exp.AtTimeZone(this=cells, zone=exp.Literal.string(column.zone))
            return exp.func("STRFTIME", cells, exp.Literal.string(f"%Y-%m-%d %H:%M:%S{fraction}"))
        texts = exp.cast(cells, "TEXT")
        if column.family == "float":
            ending = exp.Literal.string(r"\.0$")
            return exp.func("REGEXP_REPLACE", texts, ending, exp.Literal.string(""))
        return texts

    def _text_condition(self, column: ColumnFacts, op: str, value: str) -> Any:
        exp = self.exp
        texts = self._texts(column)
        if op in ("matches", "not matches"):
            matching = exp.func("REGEXP_MATCHES", texts, exp.Literal.string(value))
            return exp.Not(this=matching) if op == "not matches" else matching
        if _WILD.search(value):
            lower, low = exp.Lower(this=texts), exp.Literal.string(value.lower())
            found: Any = exp.func("STARTS_WITH" if op == "starts with" else "CONTAINS", lower, low)
        else:
            like = f"{value}%" if op == "starts with" else f"%{value}%"
            found = exp.ILike(this=texts, expression=exp.Literal.string(like))
        return exp.Not(this=found) if op == "not contains" else found

    def _search(self, words: str) -> Any:
        found = [self._text_condition(one, "contains", words) for one in self.plan.searched]
        return self.exp.or_(*found)

    # --- order ----------------------------------------------------------------------------------

    def _key(self, column: ColumnFacts, descending: bool) -> list[Any]:  # noqa: FBT001 - of a pair
        exp = self.exp
        key = exp.Ordered(this=self.name(column.name), desc=descending or None, nulls_first=False)
        if not (column.nan and descending):
            return [key]
        return [exp.Ordered(this=self._is_nan(column), nulls_first=False), key]

    # --- values ---------------------------------------------------------------------------------

    def literal(self, value: Typed, column: ColumnFacts) -> Any:
        """Return a value as a literal of the type of a column."""
        exp = self.exp
        match value:
            case bool():
                return exp.convert(value)
            case int() | float() | Decimal():
                return self._number_literal(value)
            case str():
                return exp.Literal.string(value)
            case bytes():
                return exp.func("FROM_HEX", exp.Literal.string(value.hex()))
            case datetime():
                return self._moment(value, column)
            case date():
                return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
            case time():
                kind = _type("TIME_NS" if column.unit == "ns" else "TIME")
                return exp.cast(exp.Literal.string(value.isoformat()), kind)
            case timedelta():
                words = f"{value / timedelta(microseconds=1):.0f} microseconds"
                return exp.cast(exp.Literal.string(words), "INTERVAL")

    def _number_literal(self, value: float | Decimal) -> Any:
        exp = self.exp
        if str(value).lstrip("-") in ("inf", "nan"):
            return exp.cast(exp.Literal.string(str(value)), "DOUBLE")
        found = exp.Literal.number(str(abs(value)))
        return exp.Neg(this=found) if value < 0 else found

    def _moment(self, value: datetime, column: ColumnFacts) -> Any:
        exp = self.exp
        if column.zone is None:
            return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")
        words = value.astimezone(UTC).isoformat(sep=" ")
        return exp.cast(exp.Literal.string(words), "TIMESTAMPTZ")

    def _cast(self, kind: ColumnType, family: Family, value: Any, column: ColumnFacts) -> Any:
        exp = self.exp
        if kind == "integer" and family in ("float", "decimal", "text"):
            number = value if family != "text" else exp.TryCast(this=value, to=_type("DOUBLE"))
            return exp.TryCast(this=exp.func("TRUNC", number), to=_type("BIGINT"))
        if kind == "text" and family == "timestamp":
            if column.zone is not None:
                value = exp.AtTimeZone(this=value, zone=exp.Literal.string(column.zone))
            return exp.func("STRFTIME", value, exp.Literal.string("%Y-%m-%d %H:%M:%S"))
        if kind == "boolean" and family == "text":
            low = exp.Lower(this=value)
            known = exp.In(this=low.copy(), expressions=[exp.convert("true"), exp.convert("false")])
            is_true = exp.EQ(this=low, expression=exp.convert("true"))
            return exp.Case(ifs=[exp.If(this=known, true=is_true)])
        return exp.TryCast(this=value, to=_type(_TYPES[kind]))


def written(tree: Any) -> str:
    """Return a statement in standard form."""
    return tree.sql(dialect="duckdb", pretty=True) + "\n"


def _type(name: str) -> Any:
    from sqlglot import exp

    return exp.DataType.build(name, dialect="duckdb")


def _words() -> frozenset[str]:
    from sqlglot.dialects.duckdb import DuckDB

    return frozenset(DuckDB.Tokenizer.KEYWORDS)


def _insist_on_names(plan: Plan) -> None:
    """Raise InvalidInput for names that SQL takes for the same."""
    for names in (plan.table.names, [one.name for one in plan.wanted]):
        seen: dict[str, str] = {}
        for name in names:
            before = seen.setdefault(name.lower(), name)
            if before != name:
                raise InvalidInput(
                    f"SQL takes {before[:80]!r} and {name[:80]!r} for the same name: choose another"
                    " language, or rename one of them upstream.",
                    field="language",
                )
