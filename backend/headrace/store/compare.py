"""One stored table against another: columns, rows, distributions (data process only)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from msgspec.structs import replace

from headrace.protocol.comparison import ColumnChange, Comparison, Renaming, RowChanges
from headrace.store.compare_cells import common_type, differing, whole
from headrace.store.compare_drift import EXACT_ROWS, distinct_counts, drift_of
from headrace.store.compare_rows import Matching
from headrace.store.compare_tables import Frame, is_nested
from headrace.store.stopping import Stop, in_parallel

MAX_COLUMNS = 1_000
_PARTS_OF_KEY = 4


def compare(now: Frame, before: Frame, stop: Stop | None = None) -> Comparison:
    """Compare two tables without matching their rows. Raises Stopped."""
    stop = stop or Stop()
    counts = distinct_counts(now, stop), distinct_counts(before, stop)
    columns = _columns(now, before, counts, stop)
    common = [name for name in now.names if name in before.names]
    same_columns = now.names == before.names and all(c.change == "same" for c in columns)
    notes: list[str] = []
    most = max(len(now.names), len(before.names))
    if most > MAX_COLUMNS:
        notes.append(f"Only the first {MAX_COLUMNS:,} of {most:,} columns are described.")
    return Comparison(
        identical=same_columns and now.rows == before.rows and now.table.equals(before.table),
        rows=now.rows,
        rows_before=before.rows,
        columns=columns,
        renamed=_renamed(now, before, columns),
        reordered=common != [name for name in before.names if name in now.names],
        suggested=_suggested(now, before, counts),
        exact=max(now.rows, before.rows) <= EXACT_ROWS,
        notes=notes,
    )


def _columns(
    now: Frame,
    before: Frame,
    counts: tuple[dict[str, int], dict[str, int]],
    stop: Stop,
) -> list[ColumnChange]:
    gone = [name for name in before.names[:MAX_COLUMNS] if name not in now.names]

    def describe(name: str) -> ColumnChange:
        here = now.column(name) if name in now.names else None
        there = before.column(name) if name in before.names else None
        drift = drift_of(here, there, (counts[0].get(name), counts[1].get(name)))
        if here is None:
            change = "removed"
        elif there is None:
            change = "added"
        else:
            change = "same" if here.type.equals(there.type) else "retyped"
        return ColumnChange(
            name=name,
            change=change,
            type=None if here is None else str(here.type),
            type_before=None if there is None else str(there.type),
            now=drift.now,
            before=drift.before,
            bins=drift.bins,
            drift=drift.distance,
        )

    return in_parallel(describe, [*now.names[:MAX_COLUMNS], *gone], stop)


def with_rows(comparison: Comparison, matching: Matching) -> Comparison:
    """Add what became of the rows, and of the cells of each column."""
    changed = matching.changed_cells
    columns = [replace(one, changed=changed.get(one.name)) for one in comparison.columns]
    return replace(comparison, columns=columns, changes=_changes(matching))


def _changes(matching: Matching) -> RowChanges:
    now, before = matching.repeated_counts
    problem = ""
    if now or before:
        where = " and ".join(
            f"{count:,} rows {side}"
            for count, side in ((now, "of this output"), (before, "of the other one"))
            if count
        )
        names = ", ".join(matching.key)
        problem = (
            f"{names} is not unique: {where} share their key with another row and are matched"
            " with none. Add a column to the key."
        )
    return RowChanges(
        key=matching.key,
        added=len(matching.added),
        removed=len(matching.removed),
        changed=len(matching.changed[0]),
        same=matching.same,
        repeated=now,
        repeated_before=before,
        problem=problem,
    )


def _renamed(now: Frame, before: Frame, columns: Sequence[ColumnChange]) -> list[Renaming]:
    """Pair removed with added columns of one type, by the same cells or else statistics."""
    added = [column for column in columns if column.change == "added"]
    removed = [column for column in columns if column.change == "removed"]
    found: list[Renaming] = []
    for sure in (True, False):
        for gone in list(removed):
            for new in list(added):
                if gone.type_before != new.type or not _alike(now, before, new, gone, sure=sure):
                    continue
                found.append(Renaming(name_before=gone.name, name=new.name, sure=sure))
                added.remove(new)
                removed.remove(gone)
                break
    return found


def _alike(now: Frame, before: Frame, new: ColumnChange, gone: ColumnChange, *, sure: bool) -> bool:
    assert new.now is not None, "an added column is of this side"
    assert gone.before is not None, "a removed column is of the other side"
    here, there = new.now, gone.before
    facts = ("nulls", "distinct", "min", "max", "mean")
    alike = all(getattr(here, fact) == getattr(there, fact) for fact in facts)
    if not sure:
        return alike and bool(here.distinct and here.distinct > 1)
    if not alike or now.rows != before.rows or not now.rows:
        return False
    columns = now.column(new.name), before.column(gone.name)
    return not differing(whole(columns[0]), whole(columns[1])).any()


def _suggested(
    now: Frame, before: Frame, counts: tuple[dict[str, int], dict[str, int]]
) -> list[str]:
    """Find columns that tell the rows of both sides apart: one, or the fewest that do together."""
    names = [
        name
        for name in now.names[:MAX_COLUMNS]
        if name in before.names and _may_be_key(now.kind(name), before.kind(name))
    ]
    if not now.rows or not before.rows:
        return []
    names.sort(key=lambda name: (_unlike_a_key(name), _measures(now.kind(name))))
    for name in names:
        full = not now.column(name).null_count and not before.column(name).null_count
        if full and _is_unique(now, [name], counts[0]) and _is_unique(before, [name], counts[1]):
            return [name]
    if max(now.rows, before.rows) > EXACT_ROWS:
        return []
    names.sort(key=lambda name: (_measures(now.kind(name)), -counts[0].get(name, 0)))
    for start in names[:2]:
        key = [start]
        for name in [n for n in names if n != start]:
            key.append(name)
            if _is_unique(now, key, {}) and _is_unique(before, key, {}):
                return sorted(key, key=now.names.index)
            if len(key) == _PARTS_OF_KEY:
                break
    return []


def _unlike_a_key(name: str) -> int:
    """Sort names that say that they are a key first."""
    text = name.lower()
    if text in {"id", "key", "uuid"}:
        return 0
    return 1 if text.endswith(("id", "key", "code")) else 2


def _measures(kind: Any) -> bool:
    """Tell types that rather measure something: their values are unique by chance."""
    return pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_duration(kind)


def _may_be_key(now: Any, before: Any) -> bool:
    if is_nested(now) or is_nested(before):
        return False
    kind = common_type(now, before)
    if kind is None or pa.types.is_null(kind) or pa.types.is_boolean(kind):
        return False
    return not pa.types.is_floating(kind)


def _is_unique(frame: Frame, names: Sequence[str], counts: dict[str, int]) -> bool:
    if len(names) == 1 and names[0] in counts:
        if frame.rows <= EXACT_ROWS:
            return counts[names[0]] == frame.rows
        return counts[names[0]] > 0.9 * frame.rows  # an estimate; the matching says for certain
    columns = [frame.column(name) for name in names]
    table = pa.table({f"k{at}": column for at, column in enumerate(columns)})
    try:
        return table.group_by(table.column_names).aggregate([]).num_rows == frame.rows
    except pa.ArrowException:
        return False
