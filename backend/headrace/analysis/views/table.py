"""What is known of an upstream table when code for it is written."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal

from msgspec import Struct, field

from headrace.core.errors import InvalidInput
from headrace.protocol.views import ColumnAt, ColumnReference

Family = Literal[
    "integer",
    "float",
    "decimal",
    "boolean",
    "text",
    "date",
    "timestamp",
    "time",
    "duration",
    "binary",
    "nested",
    "null",
]
"""Kinds of Arrow types that code treats alike."""

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"u?int\d+", "integer"),
    (r"halffloat|float|double", "float"),
    (r"decimal", "decimal"),
    (r"bool", "boolean"),
    (r"(large_)?string|string_view", "text"),
    (r"date(32|64)", "date"),
    (r"timestamp", "timestamp"),
    (r"time(32|64)", "time"),
    (r"duration", "duration"),
    (r"(large_)?binary|binary_view|fixed_size_binary", "binary"),
    (r"null", "null"),
)
_DICTIONARY = re.compile(r"dictionary<values=(?P<values>.+), indices=\w+, ordered=\d>")
_ZONE = re.compile(r"timestamp\[\w+, tz=(?P<zone>[^\]]+)\]")
_UNIT = re.compile(r"\w+\[(?P<unit>s|ms|us|ns)\b")
_DECIMAL = re.compile(r"decimal\d+\((?P<precision>\d+), (?P<scale>-?\d+)\)")


def _family(kind: str) -> Family:
    for rule, name in _FAMILIES:
        if re.match(rule, kind):
            return name
    return "nested"


class ColumnFacts(Struct, frozen=True, kw_only=True):
    """One column: its Arrow type, and what its values have that code must mind."""

    name: str
    type: str
    nulls: bool = False
    nan: bool = False
    """Some value is NaN, as against null."""
    infinite: bool = False
    dtype: str = ""
    """What a block gets: the pandas dtype, for tables that it gets as a pandas frame."""

    @property
    def is_category(self) -> bool:
        """True for dictionary-encoded values."""
        return self.type.startswith("dictionary<")

    @property
    def is_ordered(self) -> bool:
        """True for categories that have an order of their own."""
        return self.type.endswith("ordered=1>")

    @property
    def value_type(self) -> str:
        """The Arrow type of the values, of a category of those that it encodes."""
        found = _DICTIONARY.fullmatch(self.type)
        return found["values"] if found else self.type

    @property
    def family(self) -> Family:
        """The family of the values."""
        kind = self.value_type
        return _family(kind)

    @property
    def zone(self) -> str | None:
        """The time zone of a timestamp."""
        found = _ZONE.fullmatch(self.value_type)
        return found["zone"] if found else None

    @property
    def unit(self) -> str:
        """The unit of a timestamp, time or duration: s, ms, us or ns."""
        found = _UNIT.match(self.value_type)
        return found["unit"] if found else "us"

    @property
    def decimal(self) -> tuple[int, int]:
        """Precision and scale of a decimal."""
        found = _DECIMAL.match(self.value_type)
        return (int(found["precision"]), int(found["scale"])) if found else (38, 0)


class TableFacts(Struct, frozen=True, kw_only=True, dict=True):
    """A stored table: its columns as they are shown, and the type that blocks get it as.

    `index` are columns that a pandas frame keeps as its index. `relabelled` says that the frame's
    own column labels may differ from the shown names, e.g. numbers.
    """

    type_name: str
    columns: list[ColumnFacts] = field(default_factory=list[ColumnFacts])
    index: list[str] = field(default_factory=list[str])
    relabelled: bool = False

    @cached_property
    def names(self) -> list[str]:
        """The names of all columns in their order."""
        return [column.name for column in self.columns]

    def column(self, reference: ColumnReference) -> ColumnFacts:
        """Return a column by name or place; InvalidInput when there is none, or two of the name."""
        if isinstance(reference, ColumnAt):
            if reference.at >= len(self.columns):
                raise InvalidInput(f"There is no column {reference.at}.", field="view")
            name = self.columns[reference.at].name
        else:
            name = reference
        found = [column for column in self.columns if column.name == name]
        if not found:
            raise InvalidInput(f"There is no column {name[:80]!r}.", field="view", column=name)
        if len(found) > 1:
            raise InvalidInput(
                f"{len(found)} columns are called {name[:80]!r}: code can only name one of them."
                " Rename them upstream.",
                field="view",
                column=name,
            )
        return found[0]
