"""A plan as a block in polars."""

from __future__ import annotations

import re

from headrace.analysis.views.layout import Compared, Part, Row, call, flat, listed, mapped, text
from headrace.analysis.views.plan import Plan, Wanted
from headrace.analysis.views.script import Script
from headrace.analysis.views.table import ColumnFacts, Family
from headrace.analysis.views.values import Typed, typed
from headrace.core.errors import InvalidInput
from headrace.protocol.steps import ColumnType
from headrace.protocol.views import OF_TEXT, Condition

_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TYPES: dict[ColumnType, str] = {
    "integer": "Int64",
    "number": "Float64",
    "text": "String",
    "boolean": "Boolean",
    "date": "Date",
    "timestamp": "Datetime",
}


_PLAIN_TEXT: frozenset[Family] = frozenset(
    {"text", "integer", "boolean", "date", "decimal", "null"}
)
"""Families that polars writes as the view does."""


class PolarsCode:
    """Writes the function of one plan."""

    def __init__(self, plan: Plan, script: Script) -> None:
        self.plan = plan
        self.script = script
        self.pl = script.using("pl")

    def write(self) -> None:
        """Write all steps of the plan."""
        self.read()
        self.choose_rows()
        self._sort()
        self._choose_columns()

    def read(self) -> None:
        """Write how the upstream value becomes a frame with the columns that are shown."""
        table, script = self.plan.table, self.script
        frame = script.frame
        if table.type_name == "polars.DataFrame":
            return
        if table.type_name == "polars.Series":
            script.assign(f"{frame}.to_frame()")
            return
        if table.type_name.startswith("pyarrow."):
            if table.relabelled:
                frame = flat(call(f"{frame}.rename_columns", listed(_names(table.names))))
            script.assign(f"{self.pl}.from_arrow({frame})")
            return
        if table.type_name == "pandas.Series":
            frame += f".to_frame({text(table.names[-1])})"
        elif table.relabelled:
            names = listed([text(name) for name in table.names if name not in table.index])
            script.assign(call(f"{frame}.set_axis", names, axis='"columns"'))
            frame = script.frame
        if table.index:
            frame += ".reset_index()"
        script.assign(call(f"{self.pl}.from_pandas", frame))
        types = [(one, self._repaired(one)) for one in table.columns]
        repairs = [(text(one.name), type_) for one, type_ in types if type_ is not None]
        if repairs:
            script.assign(call(f"{script.frame}.cast", mapped([*repairs])))

    def _repaired(self, column: ColumnFacts) -> Part | None:
        """Return the type that a column must get to be of the type that is shown."""
        if column.family == "integer" and column.dtype[:1] == "f":
            name = column.type.replace("int", "Int").replace("u", "U")
            return f"{self.pl}.{name}"
        if column.family == "decimal" and column.dtype == "object":
            precision, scale = column.decimal
            return f"{self.pl}.Decimal({precision}, {scale})"
        return None

    # --- rows -----------------------------------------------------------------------------------

    def choose_rows(self) -> None:
        """Write the filter and the search."""
        operands: list[Part] = []
        for column, condition in self.plan.conditions:
            operands += self._condition(column, condition)
        if self.plan.search:
            operands.append(self._search(self.plan.search))
        if operands:
            self.script.assign(call(f"{self.script.frame}.filter", *operands))

    def _cells(self, column: ColumnFacts) -> str:
        return self._named(column.name)

    def _named(self, name: str) -> str:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise InvalidInput(
                f"polars takes {name[:80]!r} for a pattern of names: choose another language.",
                field="view",
                column=name,
            )
        return f"{self.pl}.col({text(name)})"

    def _values(self, column: ColumnFacts) -> str:
        """Return a column whose values can be compared by size."""
        cells = self._cells(column)
        return f"{cells}.cast({self.pl}.String)" if column.is_category else cells

    def _texts(self, column: ColumnFacts) -> str:
        """Return a column as its text."""
        cells = self._cells(column)
        if column.family == "text" and not column.is_category:
            return cells
        if column.family == "timestamp":
            fraction = {"s": "", "ms": "%.3f", "us": "%.6f", "ns": "%.9f"}[column.unit]
            zone = "" if column.zone is None else "%z"
            return f'{cells}.dt.strftime("%Y-%m-%d %H:%M:%S{fraction}{zone}")'
        if column.family == "time":
            return f'{cells}.dt.strftime("%H:%M:%S%.6f")'
        texts = f"{cells}.cast({self.pl}.String)"
        if column.family == "float":
            return texts + r'.str.replace(r"\.0$", "")'
        return texts

    def _condition(self, column: ColumnFacts, condition: Condition) -> list[Part]:
        """Return operands that must all be true."""
        op = condition.op
        cells = self._cells(column)
        if op in ("is null", "is not null"):
            return [f"{cells}.{op.replace(' ', '_')}()"]
        if op == "is nan":
            return [f"{cells}.is_nan()" if column.family == "float" else f"{self.pl}.lit(False)"]
        if op == "is not nan":
            return [
                f"{cells}.is_not_nan()" if column.family == "float" else f"{cells}.is_not_null()"
            ]
        if op == "is empty" and column.family == "nested":
            return [Compared([f"{cells}.list.len() == 0"])]
        if op == "is empty" and column.family == "binary":
            return [Compared([f'{cells} == b""'])]
        if op == "is empty":
            return [Compared([f"{self._values(column)} == ", text("")])]
        if op in OF_TEXT:
            return [self._text_condition(column, op, str(condition.value))]
        values = [self.script.literal(typed(column, value)) for value in condition.values]
        left = self._values(column)
        ordinary = [f"{cells}.is_not_nan()"] if column.nan else []
        if op == "between":
            bounds = [
                call(f"{self.pl}.lit", one) if column.family == "text" else one for one in values
            ]
            return [call(f"{left}.is_between", *bounds), *ordinary]
        if op in ("in", "not in"):
            values = [self.script.literal(one) for one in _alike(column, condition)]
            among = call(f"{left}.is_in", listed(values))
            return [among] if op == "in" else [Row(["~", among])]
        more = ordinary if op in (">", ">=") else []
        return [Compared([f"{left} {_SIGNS[op]} ", values[0]]), *more]

    def _text_condition(self, column: ColumnFacts, op: str, value: str) -> Part:
        texts = self._texts(column)
        if op in ("matches", "not matches"):
            matching = call(f"{texts}.str.contains", text(value))
            return Row(["~", matching]) if op == "not matches" else matching
        if op == "starts with":
            return call(f"{texts}.str.to_lowercase().str.starts_with", text(value.lower()))
        found = call(f"{texts}.str.contains", text(_any_case(value)))
        return Row(["~", found]) if op == "not contains" else found

    def _search(self, words: str) -> Part:
        found = flat(call(".str.contains", text(_any_case(words))))
        plain = [one for one in self.plan.searched if one.family in _PLAIN_TEXT]
        columns: Part = f"{self.pl}.all()"
        if [one.name for one in plain] != self.plan.table.names:
            columns = call(f"{self.pl}.col", *_names([one.name for one in plain]))
        parts: list[Part] = []
        if plain:
            parts.append(Row([columns, f".cast({self.pl}.String){found}"]))
        others = [one for one in self.plan.searched if one.family not in _PLAIN_TEXT]
        parts += [f"{self._texts(one)}{found}" for one in others]
        return call(f"{self.pl}.any_horizontal", *parts)

    # --- order ----------------------------------------------------------------------------------

    def _sort(self) -> None:
        if not self.plan.keys:
            return
        by: list[Part] = []
        downs: list[str] = []
        for column, descending in self.plan.keys:
            if column.nan and descending:
                by.append(f"{self._cells(column)}.is_nan()")
                downs.append("False")
            by.append(self._values(column) if column.is_category else text(column.name))
            downs.append(repr(descending))
        arguments: dict[str, Part] = {}
        if "True" in downs:
            arguments["descending"] = downs[0] if len(set(downs)) == 1 else listed(downs)
        arguments |= {"nulls_last": "True", "maintain_order": "True"}
        self.script.assign(call(f"{self.script.frame}.sort", *by, **arguments))

    # --- columns --------------------------------------------------------------------------------

    def _choose_columns(self) -> None:
        plan, script = self.plan, self.script
        if plan.is_selection:
            names = _names([one.column.name for one in plan.wanted])
            script.assign(call(f"{script.frame}.select", *names))
        if plan.cast:
            casts = [self._cast(one) for one in plan.cast]
            script.assign(call(f"{script.frame}.with_columns", *casts))
        if plan.renames:
            pairs = [(text(old), text(new)) for old, new in plan.renames.items()]
            script.assign(call(f"{script.frame}.rename", mapped([*pairs])))

    def _cast(self, one: Wanted) -> Part:
        value = self._cells(one.column)
        for at, kind in enumerate(one.casts):
            value = self._as(kind, self.plan.before(one, at), value)
        return value

    def _as(self, kind: ColumnType, family: Family, value: str) -> str:
        pl = self.pl
        lenient = f"{pl}.{_TYPES[kind]}, strict=False"
        match kind, family:
            case ("integer", "text"):
                return f"{value}.cast({pl}.Float64, strict=False).cast({lenient})"
            case ("text", "timestamp"):
                return f'{value}.dt.strftime("%Y-%m-%d %H:%M:%S")'
            case ("boolean", "text"):
                names = '{"true": True, "false": False}'
                options = f"default=None, return_dtype={pl}.Boolean"
                return f"{value}.str.to_lowercase().replace_strict({names}, {options})"
            case ("date", "text"):
                return f'{value}.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)'
            case ("timestamp", "text"):
                return f"{value}.str.to_datetime(strict=False)"
            case _:
                return f"{value}.cast({lenient})"


def _alike(column: ColumnFacts, condition: Condition) -> list[Typed]:
    """Return the values of a list as polars wants them: all of the type of the column."""
    found = [typed(column, value) for value in condition.values]
    if column.family == "float":
        return [float(value) if isinstance(value, int) else value for value in found]
    if column.family == "integer":
        return [int(v) for v in found if isinstance(v, int | float) and v == int(v)]
    return found


def _any_case(words: str) -> str:
    """Return a pattern of Rust's regular expressions that finds words in any case."""
    return "(?i)" + re.sub(r"([\\.+*?()|\[\]{}^$#&\-~])", r"\\\1", words)


def _names(names: list[str]) -> list[Part]:
    return [text(name) for name in names]
