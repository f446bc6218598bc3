"""The query language of rows: which rows of a table, in which order, with which columns.

Windows, exports, profiles, statistics, charts and generated code all take the same `View`. What it
says is checked here as far as it does not depend on the table; `store.conditions` checks the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

Operator = Literal[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "not in",
    "contains",
    "not contains",
    "starts with",
    "matches",
    "not matches",
    "is null",
    "is not null",
    "is nan",
    "is not nan",
    "is empty",
]
ALONE: frozenset[str] = frozenset({"is null", "is not null", "is nan", "is not nan", "is empty"})
"""Operators that take no value."""
OF_TEXT: frozenset[str] = frozenset(
    {"contains", "not contains", "starts with", "matches", "not matches"}
)
"""Operators whose value is a text, whatever the type of the column."""
OF_LIST: frozenset[str] = frozenset({"in", "not in"})

MAX_CONDITIONS = 100
MAX_SORT_KEYS = 32
MAX_VALUES = 10_000
MAX_TEXT = 10_000
"""Characters of one value, or of what is searched for."""
MAX_COLUMNS = 100_000

Value = bool | int | float | str
"""A value to compare with. Text for what JSON cannot say: dates, times, decimals, integers beyond
2^53, `inf`, and bytes in base64."""


class ColumnAt(Struct, frozen=True, forbid_unknown_fields=True):
    """A column by its place, counted from 0: where two columns have one name."""

    at: Annotated[int, Meta(ge=0, lt=2**31)]


ColumnReference = str | ColumnAt
"""A column by its name, or by its place."""


class SortKey(Struct, frozen=True, forbid_unknown_fields=True):
    """One column to sort by; nulls come last either way, NaN just before them."""

    column: ColumnReference
    descending: bool = False


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """What a row must fulfil. A null fulfils none but `is null`.

    `value` is a list of two for `between` (both included), a list for `in` and `not in`, absent
    for `is …`, a text for the operators of text, and one value for the others. Operators of text
    see a column as its text and ignore case; `matches` is an RE2 expression found anywhere, with
    case.
    """

    column: ColumnReference
    op: Operator
    value: Value | list[Value] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, naming what is allowed, when the value is not one for the operator."""
        problem = _problem(self.op, self.value)
        if problem:
            raise ValueError(problem)

    @property
    def values(self) -> Sequence[Value]:
        """The values as a list, also when there is one or none."""
        if self.value is None:
            return ()
        return self.value if isinstance(self.value, list) else (self.value,)


class View(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of a table: those that fulfil all conditions and hold the text, sorted; of columns.

    `search` is a text that any column holds, ignoring case. `columns` are all for None.
    """

    sort: Annotated[list[SortKey], Meta(max_length=MAX_SORT_KEYS)] = []
    filter: Annotated[list[Condition], Meta(max_length=MAX_CONDITIONS)] = []
    search: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)] | None = None
    columns: Annotated[list[ColumnReference], Meta(max_length=MAX_COLUMNS)] | None = None

    @property
    def is_whole(self) -> bool:
        """True when it has all rows as they are stored."""
        return not (self.sort or self.filter or self.search)


def sort_keys(text: str) -> list[SortKey]:
    """Read the short form of a sort: `column,-other`, ascending by one, then descending."""
    parts = [part.strip() for part in text.split(",")]
    return [SortKey(part.removeprefix("-"), part.startswith("-")) for part in parts if part]


def _problem(op: Operator, value: Value | list[Value] | None) -> str:
    """Say what is wrong with the value of a condition; nothing when all is well."""
    several = isinstance(value, list)
    fits = not several and value is not None
    wanted = "one value; nulls are found by `is null`"
    if op in ALONE:
        fits, wanted = value is None, "no value"
    elif op == "between":
        fits, wanted = several and len(value) == 2, "a list of two values, the lower one first"
    elif op in OF_LIST:
        fits = several and 0 < len(value) <= MAX_VALUES
        wanted = f"a list of 1 to {MAX_VALUES} values"
    elif op in OF_TEXT:
        fits, wanted = isinstance(value, str) and value != "", "a text of at least one character"
    if not fits:
        return f"`{op}` takes {wanted}"
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and len(each) > MAX_TEXT:
            return f"a text in a condition has at most {MAX_TEXT} characters"
        if isinstance(each, int) and not -(2**63) <= each < 2**64:
            return "write integers beyond 64 bits as text"
    return ""
