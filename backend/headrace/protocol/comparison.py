"""What two stored tables have in common and what not, and what there is to compare with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from headrace.protocol.tables import Origin, Output

RowKind = Literal["added", "removed", "changed", "repeated", "repeated-before"]


class ColumnFacts(Struct, frozen=True, kw_only=True):
    """One column of one side. `min` and `max` are text; the figures of NaN and null are left out.

    `shares` are the parts of all rows that fall into each of the `bins` of its `ColumnChange`.
    """

    nulls: int
    distinct: int | None = None
    min: str | None = None
    max: str | None = None
    mean: float | None = None
    quartiles: list[float] | None = None
    """The values below which 25, 50 and 75 % of the numbers lie."""
    shares: list[float] = field(default_factory=list[float])


class ColumnChange(Struct, frozen=True, kw_only=True):
    """A column that one side has, or both."""

    name: str
    change: Literal["same", "added", "removed", "retyped"]
    type: str | None = None
    """Arrow's name of its type on this side; None where it was removed."""
    type_before: str | None = None
    now: ColumnFacts | None = None
    before: ColumnFacts | None = None
    bins: list[str] = field(default_factory=list[str])
    """Ranges, or the most frequent values; the same for both sides."""
    drift: float | None = None
    """How far apart the distributions of the two sides are: 0 equal, 1 nothing in common."""
    changed: int | None = None
    """Rows of both sides, matched by key, whose cells in this column differ; None without a key."""


class Renaming(Struct, frozen=True, kw_only=True):
    """A removed column that seems to be an added one under another name."""

    name_before: str
    name: str
    sure: bool
    """True when all cells are the same in the same rows; else the statistics are."""


class RowChanges(Struct, frozen=True, kw_only=True):
    """Rows matched by a key. Rows of a key that either side has twice are matched with none."""

    key: list[str]
    added: int
    removed: int
    changed: int
    same: int
    repeated: int
    repeated_before: int
    problem: str = ""
    """In words: the key is not unique."""


class Comparison(Struct, frozen=True, kw_only=True):
    """This output (`now`) against another one (`before`)."""

    identical: bool
    rows: int
    rows_before: int
    columns: list[ColumnChange] = field(default_factory=list[ColumnChange])
    """Those of this side in their order, then those that were removed."""
    renamed: list[Renaming] = field(default_factory=list[Renaming])
    reordered: bool = False
    changes: RowChanges | None = None
    """None without a key."""
    suggested: list[str] = field(default_factory=list[str])
    """Columns that tell the rows of both sides apart; empty when none were found."""
    exact: bool = True
    """False above 1,000,000 rows: `distinct`, `quartiles`, `shares`, `drift` are then estimates."""
    notes: list[str] = field(default_factory=list[str])


class PastResult(Struct, frozen=True, kw_only=True):
    """A result that a block gave, by the newest run that gave it."""

    output: Output
    run: str
    origin: Origin
    trigger: str | None = None
    finished_at: datetime
    times: int = 1
    """How many runs in a row gave it."""
    stored: bool = True
    """False when it was removed from the store since."""


class PastResults(Struct, frozen=True, kw_only=True):
    """What a block's output can be compared with, newest first."""

    results: list[PastResult] = field(default_factory=list[PastResult])
    scheduled: PastResult | None = None
    """The result of the last run that a trigger started."""
