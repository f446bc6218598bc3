"""What a block made from a view does, checked against its table, before any language is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.analysis.views.table import ColumnFacts, Family, TableFacts
from headrace.core.errors import InvalidInput
from headrace.protocol.steps import CastColumn, ColumnType, DropColumn, RenameColumn, Step
from headrace.protocol.views import OF_TEXT, Condition, View

_CASTS: dict[ColumnType, frozenset[Family]] = {
    "integer": frozenset({"integer", "float", "decimal", "boolean", "text"}),
    "number": frozenset({"integer", "float", "decimal", "boolean", "text"}),
    "text": frozenset({"integer", "float", "decimal", "boolean", "text", "date", "timestamp"}),
    "boolean": frozenset({"integer", "float", "boolean", "text"}),
    "date": frozenset({"text", "date", "timestamp"}),
    "timestamp": frozenset({"text", "date", "timestamp"}),
}
WITHOUT_TEXT: frozenset[Family] = frozenset({"nested", "binary", "duration"})
"""Families whose text differs between languages: code has no operators of text for them."""
_FAMILY_OF: dict[ColumnType, Family] = {
    "integer": "integer",
    "number": "float",
    "text": "text",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


@dataclass(frozen=True)
class Wanted:
    """A column of the result: where it comes from, what it becomes, what it is called."""

    column: ColumnFacts
    name: str
    casts: tuple[ColumnType, ...] = ()

    @property
    def family(self) -> Family:
        """The family of its values after the casts."""
        return _FAMILY_OF[self.casts[-1]] if self.casts else self.column.family


@dataclass(frozen=True)
class Plan:
    """Filter, search and sort by columns of the table; then choose, cast and rename columns."""

    table: TableFacts
    conditions: Sequence[tuple[ColumnFacts, Condition]]
    search: str | None
    keys: Sequence[tuple[ColumnFacts, bool]]
    """Columns to sort by, each with whether it is descending; each column once."""
    wanted: Sequence[Wanted]

    @property
    def searched(self) -> list[ColumnFacts]:
        """The columns whose text a search in code looks at."""
        return [one for one in self.table.columns if one.family not in WITHOUT_TEXT]

    @property
    def unsearched(self) -> list[ColumnFacts]:
        """The columns that a search looks at in the view, but not in code."""
        return (
            [one for one in self.table.columns if one.family in WITHOUT_TEXT] if self.search else []
        )

    @property
    def is_selection(self) -> bool:
        """True when the columns are not simply all of the table in their order."""
        return [one.column.name for one in self.wanted] != self.table.names

    @property
    def cast(self) -> list[Wanted]:
        """The columns that are cast."""
        return [one for one in self.wanted if one.casts]

    def before(self, one: Wanted, at: int) -> Family:
        """Return the family of a column's values before its cast number `at`."""
        return _FAMILY_OF[one.casts[at - 1]] if at else one.column.family

    @property
    def renames(self) -> dict[str, str]:
        """The columns that get another name: old → new."""
        return {w.column.name: w.name for w in self.wanted if w.name != w.column.name}


def plan_of(view: View, steps: Sequence[Step], table: TableFacts) -> Plan:
    """Check a view and its steps against a table; raise InvalidInput."""
    keys: dict[str, tuple[ColumnFacts, bool]] = {}
    for key in view.sort:
        column = table.column(key.column)
        keys.setdefault(column.name, (column, key.descending))
    return Plan(
        table=table,
        conditions=[_condition(table, one) for one in view.filter],
        search=view.search,
        keys=list(keys.values()),
        wanted=_wanted(view, steps, table),
    )


def _condition(table: TableFacts, condition: Condition) -> tuple[ColumnFacts, Condition]:
    column = table.column(condition.column)
    if condition.op in OF_TEXT and column.family in WITHOUT_TEXT:
        raise InvalidInput(
            f"Code cannot look for text in {column.name[:80]!r}, which is {column.type[:80]}.",
            field="view",
            column=column.name,
        )
    return column, condition


def _wanted(view: View, steps: Sequence[Step], table: TableFacts) -> list[Wanted]:
    references = table.names if view.columns is None else view.columns
    found = [Wanted(column, column.name) for column in map(table.column, references)]
    for step in steps:
        at = next((at for at, one in enumerate(found) if one.name == step.column), None)
        if at is None:
            raise InvalidInput(f"There is no column {step.column[:80]!r}.", field="steps")
        one = found[at]
        match step:
            case DropColumn():
                del found[at]
            case RenameColumn(name=name):
                if name != one.name and any(other.name == name for other in found):
                    raise InvalidInput(f"There is a column {name[:80]!r} already.", field="steps")
                found[at] = Wanted(one.column, name, one.casts)
            case CastColumn(type=kind):
                if one.family not in _CASTS[kind]:
                    raise InvalidInput(
                        f"{step.column[:80]!r} is {one.family}, which cannot become {kind}.",
                        field="steps",
                    )
                found[at] = Wanted(one.column, one.name, (*one.casts, kind))
    names = [one.name for one in found]
    if len(set(names)) != len(names):
        raise InvalidInput("A column is named twice: choose each one once.", field="view")
    if not found:
        raise InvalidInput("No column is left.", field="steps")
    return found
