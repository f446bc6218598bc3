"""A plan as a block in pandas."""

from __future__ import annotations

import keyword
from datetime import datetime

from headrace.analysis.views.layout import (
    Compared,
    Joined,
    Part,
    Row,
    call,
    flat,
    listed,
    mapped,
    pattern,
    subscript,
    text,
)
from headrace.analysis.views.plan import Plan, Wanted
from headrace.analysis.views.script import Script
from headrace.analysis.views.table import ColumnFacts, Family
from headrace.analysis.views.values import Typed, typed
from headrace.protocol.steps import ColumnType
from headrace.protocol.views import OF_TEXT, Condition

_DATE = '.dt.date.astype("date32[day][pyarrow]")'
_MOMENT = 'pd.to_datetime(cells, format="ISO8601", errors="coerce")'
_CASTS: dict[tuple[ColumnType, Family | None], str] = {
    ("integer", "text"): 'np.trunc(pd.to_numeric(cells, errors="coerce")).astype("Int64")',
    ("integer", "float"): 'np.trunc(cells).astype("Int64")',
    ("integer", "decimal"): 'np.trunc(cells.astype("Float64")).astype("Int64")',
    ("integer", None): 'cells.astype("Int64")',
    ("number", "text"): 'pd.to_numeric(cells, errors="coerce").astype("float64")',
    ("number", None): 'cells.astype("Float64")',
    ("text", "boolean"): 'cells.astype("str").str.lower()',
    ("text", "timestamp"): 'cells.dt.strftime("%Y-%m-%d %H:%M:%S")',
    ("text", None): 'cells.astype("str")',
    ("boolean", "boolean"): 'cells.astype("boolean")',
    ("boolean", "text"): (
        'cells.str.lower().map({"true": True, "false": False}).astype("boolean")'
    ),
    ("boolean", None): '(cells != 0).astype("boolean").where(cells.notna())',
    ("date", "text"): _MOMENT + _DATE,
    ("date", None): "cells" + _DATE,
    ("timestamp", "text"): _MOMENT + '.dt.as_unit("us")',
    ("timestamp", None): 'cells.astype("datetime64[us]")',
}
"""What turns `cells` of a family, or of any other one, into a type."""
_EXACT_FAMILIES = ("date", "time", "decimal", "binary")
_ARROW_NAMES = {"date": "date32[day][pyarrow]", "binary": "binary[pyarrow]"}


class PandasCode:
    """Writes the function of one plan."""

    def __init__(self, plan: Plan, script: Script) -> None:
        self.plan = plan
        self.script = script
        self._arrow = not plan.table.type_name.startswith("pandas.")
        """The frame holds Arrow's own types."""

    def write(self) -> None:
        """Write all steps of the plan."""
        self.read()
        self.choose_rows()
        if self.plan.conditions or self.plan.search:
            self._count_anew()
        self._sort()
        self._choose_columns()

    def read(self) -> None:
        """Write how the upstream value becomes a frame with the columns that are shown."""
        table, script = self.plan.table, self.script
        if self._arrow:
            script.assign(self._with_arrow_types(script.frame))
        elif table.type_name == "pandas.Series":
            script.assign(call(f"{script.frame}.to_frame", text(table.names[-1])))
        if table.relabelled and table.type_name == "pandas.DataFrame":
            names = listed([text(name) for name in table.names if name not in table.index])
            script.assign(call(f"{script.frame}.set_axis", names, axis='"columns"'))
        if table.index:
            script.assign(f"{script.frame}.reset_index()")
        types = [(one, self._repaired(one)) for one in table.columns]
        repairs = [(text(one.name), type_) for one, type_ in types if type_ is not None]
        if repairs:
            script.assign(call(f"{script.frame}.astype", mapped(repairs)))

    def _with_arrow_types(self, frame: str) -> Part:
        """Return a frame of Arrow's types, which pandas' own could not hold exactly."""
        table, pd = self.plan.table, self.script.using("pd")
        is_polars = table.type_name.startswith("polars.")
        has_categories = any(column.is_category for column in table.columns)
        if table.type_name == "polars.Series":
            frame += ".to_frame()"
        if is_polars and not has_categories:
            return f"{frame}.to_pandas(use_pyarrow_extension_array=True)"
        if is_polars:
            frame += ".to_arrow()"
        elif table.relabelled:
            names = listed([text(name) for name in table.names])
            frame = flat(call(f"{frame}.rename_columns", names))
        mapper = f"{pd}.ArrowDtype"
        if has_categories:
            is_category = f"{self.script.using('pa')}.types.is_dictionary(t)"
            mapper = f"lambda t: None if {is_category} else {pd}.ArrowDtype(t)"
        return call(f"{frame}.to_pandas", types_mapper=mapper)

    def _repaired(self, column: ColumnFacts) -> Part | None:
        """Return the dtype that a column must get to be of the type that is shown."""
        if not column.dtype:
            return None
        if self._is_exact(column):
            return self._arrow_dtype(column)
        if column.nulls and column.dtype in ("object", "bool") and column.family == "boolean":
            return '"boolean"'
        if column.nulls and column.dtype[0] in "fiu" and column.family == "integer":
            return text(column.type.replace("int", "Int").replace("u", "U"))
        return None

    def _is_arrow(self, column: ColumnFacts) -> bool:
        """Tell whether a column of a pandas frame is read as one of Arrow's types."""
        return self._is_exact(column) or column.dtype.endswith("[pyarrow]")

    def _is_exact(self, column: ColumnFacts) -> bool:
        """Tell whether objects of a column become Arrow's, which are as exact."""
        return column.dtype == "object" and column.family in _EXACT_FAMILIES

    def _arrow_dtype(self, column: ColumnFacts) -> Part:
        if column.family == "decimal":
            precision, scale = column.decimal
            pd, pa = self.script.using("pd"), self.script.using("pa")
            return call(f"{pd}.ArrowDtype", f"{pa}.decimal128({precision}, {scale})")
        if column.family == "time":
            return text(f"{column.value_type}[pyarrow]")
        return text(_ARROW_NAMES[column.family])

    # --- rows -----------------------------------------------------------------------------------

    def choose_rows(self) -> None:
        """Write the filter and the search."""
        operands: list[Part] = []
        # What is compared by Arrow comes first: pandas' own masks refuse its nulls on their right.
        conditions = sorted(self.plan.conditions, key=lambda one: not self._is_arrow(one[0]))
        for column, condition in conditions:
            operands += self._condition(column, condition)
        if self.plan.search:
            operands.append(self._search(self.plan.search))
        if not operands:
            return
        if len(operands) == 1:
            chosen: Part = operands[0]
        else:
            chosen = Joined("&", [_in_brackets(one) for one in operands])
        frame = self.script.frame
        self.script.assign(subscript(frame, chosen))

    def _count_anew(self) -> None:
        """Write that rows are numbered from 0, where no sort does that."""
        if not self.plan.keys:
            self.script.assign(f"{self.script.frame}.reset_index(drop=True)")

    def _cells(self, name: str) -> str:
        return f"{self.script.frame}[{text(name)}]"

    def _values(self, column: ColumnFacts) -> str:
        """Return a column whose values can be compared by size."""
        cells = self._cells(column.name)
        return f'{cells}.astype("str")' if column.is_category else cells

    def _texts(self, column: ColumnFacts) -> str:
        """Return a column as its text."""
        cells = self._cells(column.name)
        if column.family == "text":
            return f'{cells}.astype("str")' if column.is_category else cells
        pd, pa = self.script.using("pd"), self.script.using("pa")
        if column.family == "timestamp" and not self._arrow:
            zone = "" if column.zone is None else f", {text(column.zone)}"
            cells += f".astype({pd}.ArrowDtype({pa}.timestamp({text(column.unit)}{zone})))"
        return f"{cells}.astype({pd}.ArrowDtype({pa}.string()))"

    def _literal(self, value: Typed) -> Part:
        if isinstance(value, datetime):
            pd = self.script.using("pd")
            if value.tzinfo is None:
                return call(f"{pd}.Timestamp", text(_moment(value)))
            zone = text(str(value.tzinfo))
            return call(f"{pd}.Timestamp", text(_moment(value.replace(tzinfo=None))), tz=zone)
        return self.script.literal(value)

    def _condition(self, column: ColumnFacts, condition: Condition) -> list[Part]:
        """Return operands that must all be true."""
        op = condition.op
        cells = self._cells(column.name)
        if op == "is null":
            return [f"{cells}.isna()"]
        if op == "is not null":
            return [f"{cells}.notna()"]
        if op == "is empty":
            if column.family == "nested":
                return [Compared([f"{cells}.str.len() == 0"])]
            return [Compared([f"{cells} == ", "b" if column.family == "binary" else "", text("")])]
        if op == "is nan":
            return [self._is_nan(column)]
        if op == "is not nan":
            return [self._is_not_nan(column)]
        if op in OF_TEXT:
            return [self._text_condition(column, op, str(condition.value))]
        values = [self._literal(typed(column, value)) for value in condition.values]
        if op == "between":
            return [call(f"{self._values(column)}.between", *values)]
        if op in ("in", "not in"):
            among = call(f"{cells}.isin", listed(values))
            return [among] if op == "in" else [Row(["~", among]), f"{cells}.notna()"]
        sign = {"=": "==", "!=": "!="}.get(op, op)
        left = cells if op in ("=", "!=") else self._values(column)
        compared = Compared([f"{left} {sign} ", values[0]])
        return [compared, f"{cells}.notna()"] if op == "!=" else [compared]

    def _is_nan(self, column: ColumnFacts) -> Part:
        cells = self._cells(column.name)
        if column.nan and self._arrow:
            return Compared([f"{cells} != {cells}"])  # only NaN differs from itself
        return Row([f"{cells}.isna() & False"])

    def _is_not_nan(self, column: ColumnFacts) -> Part:
        cells = self._cells(column.name)
        # A null is neither: compared with itself it is null.
        return (
            Compared([f"{cells} == {cells}"]) if column.nan and self._arrow else f"{cells}.notna()"
        )

    def _text_condition(self, column: ColumnFacts, op: str, value: str) -> Part:
        texts = self._texts(column)
        if op == "starts with":
            return call(
                f"{texts}.str.lower().str.startswith", text(value.lower()), **_missing(column)
            )
        absent: dict[str, Part] = {"na": "True"} if op.startswith("not ") and column.nulls else {}
        keywords = absent or _missing(column)
        if op in ("matches", "not matches"):
            lower = ".str.lower()" if column.family == "boolean" else ""
            matching = call(f"{texts}{lower}.str.contains", pattern(value), **keywords)
            return Row(["~", matching]) if op == "not matches" else matching
        found = call(f"{texts}.str.contains", text(value), case="False", regex="False", **keywords)
        return Row(["~", found]) if op == "not contains" else found

    def _search(self, words: str) -> Part:
        """Write the texts of all columns, and return where any of them has the words."""
        frame = self.script.frame
        names = [one.name for one in self.plan.searched]
        pd, pa = self.script.using("pd"), self.script.using("pa")
        chosen = frame if names == self.plan.table.names else flat(subscript(frame, _names(names)))
        texts = f"{chosen}.astype({pd}.ArrowDtype({pa}.string()))"
        moments = [
            one for one in self.plan.searched if one.family == "timestamp" and not self._arrow
        ]
        if moments:
            columns = [assigned(one.name, self._texts(one)) for one in moments]
            self.script.assign(call(f"{texts}.assign", *columns), to="texts")
        else:
            self.script.assign(texts, to="texts")
        found = flat(
            call("column.str.contains", text(words), case="False", regex="False", na="False")
        )
        return Row([call("texts.apply", f"lambda column: {found}"), ".any(axis=1)"])

    # --- order ----------------------------------------------------------------------------------

    def _sort(self) -> None:
        keys = self.plan.keys
        if not keys:
            return
        frame = self.script.frame
        # pandas sorts NaN of Arrow's floats rightly by one key only, and the sorts are stable.
        singly = len(keys) > 1 and self._arrow and any(key.nan for key, _ in keys)
        groups = [[key] for key in reversed(keys)] if singly else [list(keys)]
        for group in groups:
            self.script.assign(self._sorted(frame, group))
            frame = "df"

    def _sorted(self, frame: str, keys: list[tuple[ColumnFacts, bool]]) -> Part:
        names = [text(column.name) for column, _ in keys]
        downs = [repr(not descending) for _, descending in keys]
        arguments: dict[str, Part] = {}
        if "False" in downs:
            arguments["ascending"] = downs[0] if len(set(downs)) == 1 else listed(downs)
        arguments["kind"] = '"stable"'
        if any(column.is_category and not column.is_ordered for column, _ in keys):
            key = 'column.astype("str")'
            if len(keys) > 1:
                ordered = any(column.is_ordered for column, _ in keys)
                its_own = " and not column.cat.ordered" if ordered else ""
                key += f' if column.dtype == "category"{its_own} else column'
            arguments["key"] = f"lambda column: {key}"
        arguments["ignore_index"] = "True"
        by = names[0] if len(names) == 1 else listed(names)
        return call(f"{frame}.sort_values", by, **arguments)

    # --- columns --------------------------------------------------------------------------------

    def _choose_columns(self) -> None:
        plan, script = self.plan, self.script
        if plan.is_selection:
            names = [one.column.name for one in plan.wanted]
            script.assign(subscript(script.frame, _names(names)))
        for one in plan.cast:
            self._cast(one)
        if plan.renames:
            pairs = [(text(old), text(new)) for old, new in plan.renames.items()]
            script.assign(call(f"{script.frame}.rename", columns=mapped([*pairs])))

    def _cast(self, one: Wanted) -> None:
        script = self.script
        for at, kind in enumerate(one.casts):
            cells = f"{script.frame}[{text(one.column.name)}]"
            value = self._as(kind, self.plan.before(one, at), cells, one.column)
            script.assign(call(f"{script.frame}.assign", assigned(one.column.name, value)))

    def _as(self, kind: ColumnType, family: Family, cells: str, column: ColumnFacts) -> str:
        """Return cells of a family as another type."""
        way = _CASTS.get((kind, family)) or _CASTS[kind, None]
        for name in ("np", "pd"):
            if f"{name}." in way:
                self.script.using(name)
        if kind == "integer" and family == "float" and column.infinite:
            np = self.script.using("np")
            cells = f"{cells}.replace([{np}.inf, -{np}.inf], {np}.nan)"
        if kind == "text" and family == "timestamp":
            cells = clock(column, cells)
        return way.replace("cells", cells)


def clock(column: ColumnFacts, cells: str) -> str:
    """Return moments as those of the clock of their own time zone, in pandas' own type."""
    if column.zone is not None:
        cells = f"{cells}.dt.tz_localize(None)"
    if column.dtype.startswith("datetime64"):
        return cells
    return f'{cells}.astype("datetime64[us]")'


def _names(names: list[str]) -> Part:
    return listed([text(name) for name in names])


def assigned(name: str, value: Part) -> Part:
    """Return an argument of `assign`, also for names that are none of Python's."""
    if name.isidentifier() and not keyword.iskeyword(name) and name != "self":
        return Row([f"{name}=", value])
    return Row(["**", mapped([(text(name), value)])])


def _in_brackets(operand: Part) -> Part:
    """Put a comparison into brackets, which `&` needs."""
    return Row(["(", operand, ")"]) if isinstance(operand, Compared) else operand


def _missing(column: ColumnFacts) -> dict[str, Part]:
    return {"na": "False"} if column.nulls else {}


def _moment(value: datetime) -> str:
    """Return a moment without the zeros at its end."""
    words = value.isoformat(sep=" ")
    return words.removesuffix(":00").removesuffix(" 00:00")
