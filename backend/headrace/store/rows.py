"""Windows of stored tables, sorted and filtered, from memory-mapped files (data process only)."""

# pyarrow.compute makes its functions at run time.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import InvalidInput
from headrace.store import exports
from headrace.store.names import is_row_number
from headrace.store.values import values_of

MAX_ROWS = 2_000
MAX_BYTES = 1 << 20
MAX_CELL = 4_096
_MAX_COLUMNS = 1_000
_OPERATORS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}


class OpenTable:
    """One mapped file: finds its rows by batch, without reading the others."""

    def __init__(self, path: Path) -> None:
        self._reader = ipc.open_file(pa.memory_map(str(path)))
        self.schema = self._reader.schema.remove_metadata()
        self._starts = [0]
        for number in range(self._reader.num_record_batches):
            rows = self._reader.get_batch(number).num_rows
            self._starts.append(self._starts[-1] + rows)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self._starts[-1]

    @property
    def shown(self) -> list[int]:
        """Positions of all columns but the numbers of rows that pandas keeps."""
        return [at for at, field in enumerate(self.schema) if not is_row_number(field)]

    def positions(self, names: Sequence[str] | None) -> list[int]:
        """Return the positions of the named columns; raise InvalidInput for an unknown name."""
        if names is None:
            return self.shown[:_MAX_COLUMNS]
        return [self.position(name) for name in names]

    def position(self, name: str) -> int:
        """Return the position of the first column of this name; raise InvalidInput."""
        found = self.schema.get_all_field_indices(name)
        if not found:
            raise InvalidInput(f"There is no column {name[:80]!r}.", field="columns")
        return min(found)

    def slice(self, offset: int, limit: int, positions: Sequence[int]) -> Any:
        """Return rows `offset` to `offset + limit` of some columns as an Arrow table."""
        schema = pa.schema([self.schema.field(at) for at in positions])
        parts: list[Any] = []
        end = min(offset + limit, self.rows)
        while offset < end:
            number = bisect_right(self._starts, offset) - 1
            count = min(end, self._starts[number + 1]) - offset
            batch = self._reader.get_batch(number).slice(offset - self._starts[number], count)
            columns = [batch.column(at) for at in positions]
            parts.append(pa.RecordBatch.from_arrays(columns, schema=schema))
            offset += count
        return pa.Table.from_batches(parts, schema=schema)

    def batches(self) -> Iterator[Any]:
        """Give the batches one after another."""
        for number in range(self._reader.num_record_batches):
            yield self._reader.get_batch(number).replace_schema_metadata(None)

    def take(self, rows: Any, positions: Sequence[int]) -> Any:
        """Return the rows of these numbers, in their order."""
        return self.slice(0, self.rows, positions).take(rows)


class Tables:
    """The tables looked at last, and their sorted or filtered row numbers."""

    def __init__(self, capacity: int = 32) -> None:
        self._capacity = capacity
        self._open: OrderedDict[Path, OpenTable] = OrderedDict()
        self._orders: OrderedDict[tuple[Path, str, str], Any] = OrderedDict()

    def open(self, path: Path) -> OpenTable:
        """Return the mapped table of a file; raise InvalidInput when it holds none."""
        if path.suffix != ".arrow":
            raise InvalidInput("This output is not a table.", field="address")
        if path not in self._open:
            self._open[path] = OpenTable(path)
            if len(self._open) > self._capacity:
                self._open.popitem(last=False)
        self._open.move_to_end(path)
        return self._open[path]

    def order(self, path: Path, sort: str, conditions: str) -> Any:
        """Return the row numbers of a sort and a filter; None when there is neither."""
        if not sort and not conditions:
            return None
        key = (path, sort, conditions)
        if key not in self._orders:
            self._orders[key] = _row_numbers(self.open(path), sort, conditions)
            if len(self._orders) > self._capacity:
                self._orders.popitem(last=False)
        self._orders.move_to_end(key)
        return self._orders[key]


def _row_numbers(table: OpenTable, sort: str, conditions: str) -> Any:
    import pyarrow.compute as pc

    numbers: Any = None
    if conditions:
        numbers = pc.indices_nonzero(_mask(table, conditions))
    if not sort:
        return numbers
    parts = [part.strip() for part in sort.split(",") if part.strip()]
    positions = [table.position(part.removeprefix("-")) for part in parts]
    keys = table.slice(0, table.rows, positions)
    if numbers is not None:
        keys = keys.take(numbers)
    keys = keys.rename_columns([str(at) for at in range(len(parts))])
    ways = [
        (str(at), "descending" if part.startswith("-") else "ascending")
        for at, part in enumerate(parts)
    ]
    try:
        order = pc.sort_indices(keys, sort_keys=ways)
    except (pa.ArrowException, TypeError) as error:
        raise InvalidInput(f"Cannot sort by {sort[:80]!r}.", field="sort") from error
    return order if numbers is None else numbers.take(order)


def _mask(table: OpenTable, conditions: str) -> Any:
    import pyarrow.compute as pc

    mask: Any = pa.chunked_array([pa.repeat(pa.scalar(value=True), table.rows)])
    try:
        for condition in json.loads(conditions):
            position = table.position(condition["column"])
            column = table.slice(0, table.rows, [position]).column(0)
            mask = pc.and_(mask, pc.fill_null(_holds(column, condition), fill_value=False))
    except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise InvalidInput(f"Not a filter: {error!s:.200}", field="filter") from error
    return mask


def _holds(column: Any, condition: Mapping[str, Any]) -> Any:
    import pyarrow.compute as pc

    operator, value = condition["op"], condition.get("value")
    if operator == "is null":
        return pc.is_null(column)
    if operator == "is not null":
        return pc.is_valid(column)
    if operator == "contains":
        return pc.match_substring(column.cast(pa.string()), str(value), ignore_case=True)
    compare = getattr(pc, _OPERATORS[operator])
    text = isinstance(value, str) and not pa.types.is_string(column.type)
    return compare(column, pa.scalar(value).cast(column.type) if text else value)


def select(
    tables: Tables,
    path: Path,
    offset: int,
    limit: int,
    columns: Sequence[str] | None = None,
    *,
    sort: str = "",
    conditions: str = "",
) -> tuple[Any, int]:
    """Return a window of at most 2,000 rows, about 1 MiB, and how many rows there are in all."""
    if offset < 0 or limit < 0:
        raise InvalidInput("offset and limit are at least 0.", field="offset")
    table = tables.open(path)
    positions = table.positions(columns)
    numbers = tables.order(path, sort, conditions)
    limit = min(limit, MAX_ROWS)
    if numbers is None:
        rows, total = table.slice(offset, limit, positions), table.rows
    else:
        rows, total = table.take(numbers.slice(offset, limit), positions), len(numbers)
    rows = _with_short_cells(rows)
    while rows.num_rows > 1 and (size := rows.nbytes) > MAX_BYTES:
        rows = rows.slice(0, max(1, min(rows.num_rows // 2, rows.num_rows * MAX_BYTES // size)))
    return rows, total


def _with_short_cells(rows: Any) -> Any:
    import pyarrow.compute as pc

    for at, field in enumerate(rows.schema):
        kind = field.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            cells = rows.column(at)
            longest = pc.max(pc.binary_length(cells)).as_py() or 0
            if longest <= MAX_CELL:
                continue
            short = pc.utf8_slice_codeunits(cells, 0, MAX_CELL)
            marked = pc.binary_join_element_wise(short, pa.scalar("…", kind), pa.scalar("", kind))
            long = pc.greater(pc.binary_length(cells), MAX_CELL)
            rows = rows.set_column(at, field, pc.if_else(long, marked, cells))
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            rows = rows.set_column(at, field, pc.binary_slice(rows.column(at), 0, MAX_CELL))
    return rows


def stream(rows: Any) -> bytes:
    """Return rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def as_json(rows: Any, total: int) -> dict[str, Any]:
    """Return rows by column; what JSON cannot say exactly is text, null is null."""
    cells = [values_of(column) for column in rows.columns]
    return {
        "total": total,
        "columns": [{"name": field.name, "type": str(field.type)} for field in rows.schema],
        "rows": [list(row) for row in zip(*cells, strict=True)]
        if cells
        else [[] for _ in range(rows.num_rows)],
    }


def export(table: OpenTable, form: Literal["parquet", "csv"], destination: Path) -> int:
    """Write the columns that are shown, batch by batch; return the bytes written."""
    positions = table.shown
    schema = pa.schema([table.schema.field(at) for at in positions])
    return exports.write(
        schema, (batch.select(positions) for batch in table.batches()), form, destination
    )
