"""Rows of two tables matched by a key, and which of their cells differ (data process only).

DuckDB matches the keys, and puts on the disk what is more than its memory; the rest holds 4 bytes
for each row that is new, gone, or changed.
"""

# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from headrace.core.errors import InvalidInput
from headrace.store.compare_cells import as_type, common_type, differing, whole
from headrace.store.compare_tables import Frame, is_nested
from headrace.store.stopping import Stop

_INTERRUPT_S = 0.02
_MEMORY = "1GB"
_AT_ONCE = 1 << 20
"""Pairs of rows whose cells are compared at a time."""
_KEPT_REPEATED = 10_000


@dataclass
class Matching:
    """Numbers of rows, in the order of the rows."""

    key: list[str]
    added: Any
    removed: Any
    changed: tuple[Any, Any]
    """Numbers of the rows on this side and, in the same order, on the other."""
    same: int
    repeated: Any
    """The first 10,000."""
    repeated_before: Any
    repeated_counts: tuple[int, int]
    changed_cells: dict[str, int] = field(default_factory=dict[str, int])
    """Column → how many matched rows differ in it."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        rows = (self.added, self.removed, *self.changed, self.repeated, self.repeated_before)
        return sum(part.nbytes for part in rows)


def match(now: Frame, before: Frame, key: Sequence[str], *, stop: Stop | None = None) -> Matching:
    """Match rows by key and compare the cells of all columns that both sides have.

    Raises InvalidInput when the key is not of both, not of plain values, or of types that never
    are equal; Stopped.
    """
    stop = stop or Stop()
    keys = _keys(now, before, key)
    added, removed, pairs, repeated, counts = _matched(*keys, stop)
    changed_cells: dict[str, int] = {}
    differs = np.zeros(len(pairs[0]), bool)
    for name in now.names:
        if name not in key and name in before.names:
            stop.check()
            cells = _differing_cells(now.column(name), before.column(name), pairs)
            changed_cells[name] = int(cells.sum())
            differs |= cells
    return Matching(
        key=list(key),
        added=added,
        removed=removed,
        changed=(pairs[0][differs], pairs[1][differs]),
        same=len(differs) - int(differs.sum()),
        repeated=repeated[0],
        repeated_before=repeated[1],
        repeated_counts=counts,
        changed_cells=changed_cells,
    )


def _keys(now: Frame, before: Frame, key: Sequence[str]) -> tuple[Any, Any]:
    """Return the columns of the key of both sides, with the same types, and numbers of rows."""
    if not key:
        raise InvalidInput("A key has at least one column.", field="key")
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for at, name in enumerate(key):
        for frame, side in ((now, "this output"), (before, "the other one")):
            if name not in frame.names:
                raise InvalidInput(f"There is no column {name[:80]!r} in {side}.", field="key")
        columns = (now.column(name), before.column(name))
        if any(is_nested(column.type) for column in columns):
            raise InvalidInput(
                f"{name!r} cannot be a key: choose columns of plain values, not of"
                f" {columns[0].type}.",
                field="key",
            )
        kind = common_type(columns[0].type, columns[1].type)
        if kind is None:
            raise InvalidInput(
                f"{name!r} is {columns[0].type} here and {columns[1].type} there: no row would"
                " match. Choose another key, or convert one of them.",
                field="key",
            )
        for side, column in zip(sides, columns, strict=True):
            side[f"k{at}"] = _plain_key(as_type(column, kind))
    for side, frame in zip(sides, (now, before), strict=True):
        side["n"] = pa.array(np.arange(frame.rows, dtype=np.uint32))
    return pa.table(sides[0]), pa.table(sides[1])


def _plain_key(column: Any) -> Any:
    """Return a column that DuckDB reads exactly: moments as whole numbers, wide ones as text."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind):
        return column.cast(pa.int64())
    if pa.types.is_date64(kind):
        return column.cast(pa.int64())
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        return column.cast(pa.int32())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_decimal256(kind):
        return column.cast(pa.string())
    if pa.types.is_null(kind):
        return column.cast(pa.int32())
    return column


def _matched(now: Any, before: Any, stop: Stop) -> tuple[Any, Any, Any, Any, tuple[int, int]]:
    names = [name for name in now.column_names if name != "n"]
    listed = ", ".join(names)
    same = " and ".join(f"a.{name} is not distinct from b.{name}" for name in names)
    with database(stop) as connection:
        connection.register("now", now)
        connection.register("before", before)
        counted = "select {0}, min(n) as n, count(*) as c from {1} group by {0}"
        connection.execute(
            f"create temp table matched as select a.n as now, b.n as before,"  # noqa: S608
            f" a.c as now_rows, b.c as before_rows,"
            f" {', '.join(f'coalesce(a.{n}, b.{n}) as {n}' for n in names)}"
            f" from ({counted.format(listed, 'now')}) a"
            f" full join ({counted.format(listed, 'before')}) b on {same}"
        )
        added = _numbers(connection, "now", "now_rows = 1 and before_rows is null")
        removed = _numbers(connection, "before", "before_rows = 1 and now_rows is null")
        both = connection.execute(
            "select now, before from matched where now_rows = 1 and before_rows = 1 order by now"
        ).fetchnumpy()
        pairs = tuple(np.asarray(both[side], dtype=np.uint32) for side in ("now", "before"))
        counts = connection.execute(
            "select coalesce(sum(now_rows), 0), coalesce(sum(before_rows), 0) from matched"
            " where now_rows > 1 or before_rows > 1"
        ).fetchone()
        repeated = tuple(
            _repeated(connection, side, names) if count else np.zeros(0, np.uint32)
            for side, count in zip(("now", "before"), counts, strict=True)
        )
    return added, removed, pairs, repeated, (int(counts[0]), int(counts[1]))


@contextmanager
def database(stop: Stop) -> Generator[Any, None, None]:
    """Open a database in memory that puts what is more than that on the disk, until a wish to stop.

    Raises Stopped.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="headrace-compare-") as folder:
        config: Any = {"memory_limit": _MEMORY, "temp_directory": folder}
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("SET python_enable_replacements=false")
        try:
            with _interrupted(connection, stop):
                yield connection
        except duckdb.InterruptException:
            stop.check()
            raise
        finally:
            connection.close()


@contextmanager
def _interrupted(connection: Any, stop: Stop) -> Generator[None]:
    """Interrupt what a connection does from the wish to stop on, again and again.

    An interrupt counts for the statement under way alone: one between two would be lost.
    """
    wished, is_over = threading.Event(), threading.Event()

    def interrupt() -> None:
        wished.wait()
        while not is_over.wait(_INTERRUPT_S):
            connection.interrupt()

    watcher = threading.Thread(target=interrupt, name="interrupt", daemon=True)
    watcher.start()
    stop.listen(wished.set)
    try:
        yield
    finally:
        stop.unlisten(wished.set)
        is_over.set()
        wished.set()
        watcher.join()


def _numbers(connection: Any, column: str, where: str) -> Any:
    statement = f"select {column} as n from matched where {where} order by n"  # noqa: S608 - ours
    return np.asarray(connection.execute(statement).fetchnumpy()["n"], dtype=np.uint32)


def _repeated(connection: Any, side: str, names: Sequence[str]) -> Any:
    same = " and ".join(f"a.{name} is not distinct from m.{name}" for name in names)
    found = connection.execute(
        f"select a.n as n from {side} a join matched m on {same}"  # noqa: S608 - our own names
        f" where m.now_rows > 1 or m.before_rows > 1 order by n limit {_KEPT_REPEATED}"
    ).fetchnumpy()["n"]
    return np.asarray(found, dtype=np.uint32)


def _differing_cells(now: Any, before: Any, pairs: tuple[Any, Any]) -> Any:
    """Return for each pair of rows whether the cells of one column differ."""
    found = np.zeros(len(pairs[0]), bool)
    kind = common_type(now.type, before.type)
    if kind is None:
        now, before = whole(now), whole(before)
        return ~(_nulls(now, pairs[0]) & _nulls(before, pairs[1]))
    here, there = whole(as_type(now, kind)), whole(as_type(before, kind))
    for start in range(0, len(found), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found[part] = differing(_taken(here, pairs[0][part]), _taken(there, pairs[1][part]))
    return found


def _taken(column: Any, rows: Any) -> Any:
    if len(rows) and int(rows[-1]) - int(rows[0]) == len(rows) - 1 and _runs(rows):
        return column.slice(int(rows[0]), len(rows))
    return column.take(pa.array(rows))


def _runs(rows: Any) -> bool:
    return bool((rows[1:] == rows[:-1] + 1).all())


def _nulls(column: Any, rows: Any) -> Any:
    return column.is_null().to_numpy(zero_copy_only=False)[rows]
