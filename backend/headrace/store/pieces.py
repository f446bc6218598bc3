"""Tables that come in pieces: written as they come, read in pieces again.

Memory holds some 64 MiB of what comes, however much it is in all. Columns that are missing in a
piece are filled with nulls, and types that have a common one get that: integers and floats become
floats. Categories come back as their values.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from headrace.core.errors import HeadraceError
from headrace.store import frames, libraries

BATCH_ROWS = 131_072
"""Rows of a batch of a stored table: threads that walk it are more in one than between two."""
_HELD_BYTES = 64 << 20


class CannotStore(HeadraceError):
    """A value that no other process could take: a lock, a module, an open file."""

    code = "cannot-store"


def joined(pieces: list[Any]) -> Any:
    """Make one frame of frames of one library; a list of anything else."""
    if not pieces:
        return []
    pandas = sys.modules.get("pandas")
    if pandas is not None and all(isinstance(piece, pandas.DataFrame) for piece in pieces):
        plain = all(type(piece.index) is pandas.RangeIndex for piece in pieces)
        return pandas.concat(pieces, ignore_index=plain)
    if all(isinstance(piece, pa.RecordBatch) for piece in pieces):
        return pa.Table.from_batches(pieces)
    if all(isinstance(piece, pa.Table) for piece in pieces):
        return pa.concat_tables(pieces)
    polars = sys.modules.get("polars")
    if polars is not None and all(isinstance(piece, polars.DataFrame) for piece in pieces):
        return polars.concat(pieces)
    return pieces


def as_piece(value: Any) -> tuple[Any, str] | None:
    """Return (Arrow table, type's name) of a frame that Arrow holds exactly; None of all else."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        packed = _pandas_piece(value)
        if packed is None:
            return None
        table, kind = packed, "pandas.DataFrame"
    else:
        found = libraries.packed(value)
        if found is None or found.rest or found.kind.endswith(".Series"):
            return None
        table = found.table
        kind = "polars.DataFrame" if found.kind == "polars.DataFrame" else "pyarrow.Table"
    return _without_categories(table), kind


def _pandas_piece(frame: Any) -> Any:
    import pandas as pd

    if type(frame.index) is pd.RangeIndex:
        frame = frame.reset_index(drop=True)
    table, rest, _ = frames.pack(frame)
    if rest:
        return None
    metadata = dict(table.schema.metadata or {})
    described = json.loads(metadata[b"pandas"])
    # A range says how long it is, which nobody knows yet; without it pandas counts by itself.
    described["index_columns"] = [i for i in described["index_columns"] if isinstance(i, str)]
    metadata[b"pandas"] = json.dumps(described).encode()
    return table.replace_schema_metadata(metadata)


def _without_categories(table: Any) -> Any:
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(at).cast(field.type.value_type)
            table = table.set_column(at, pa.field(field.name, plain.type), plain)
    return table


class PieceWriter:
    """Writes pieces into one Arrow file, whose batches do not depend on how it was cut."""

    def __init__(self, new_file: Callable[[], Path], metadata: dict[bytes, bytes]) -> None:
        self._new_file = new_file
        self._metadata = metadata
        self._schema: Any = None
        self._held: list[Any] = []
        self._held_rows = self._held_bytes = 0
        self._sink: Any = None
        self._writer: Any = None
        self.path = new_file()
        self.rows = 0

    @property
    def schema(self) -> Any:
        """The schema so far."""
        return self._schema

    def add(self, table: Any, number: int) -> None:
        """Take the piece of this number; raise CannotStore when a column has no common type."""
        if self._schema is None:
            metadata = {**(table.schema.metadata or {}), **self._metadata}
            self._schema = table.schema.with_metadata(metadata)
        elif not table.schema.equals(self._schema):
            schema = _unified(self._schema, table.schema, number)
            if not schema.equals(self._schema):
                self._widen(schema)
            table = _fitted(table, schema, number)
        self.rows += table.num_rows
        self._held.append(table)
        self._held_rows += table.num_rows
        self._held_bytes += table.nbytes
        if self._held_rows >= BATCH_ROWS or self._held_bytes >= _HELD_BYTES:
            self._flush(everything=self._held_bytes >= _HELD_BYTES)

    def finish(self) -> None:
        """Write what is held and close the file."""
        self._flush(everything=True)
        self._close()

    def discard(self) -> None:
        """Close and remove the file."""
        self._held.clear()
        with suppress(OSError, pa.ArrowException):  # what failed to be written fails again
            self._close()
        self.path.unlink(missing_ok=True)

    def _open(self) -> None:
        if self._writer is None:
            self._sink = pa.OSFile(str(self.path), "wb")
            self._writer = ipc.new_file(self._sink, self._schema)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._sink.close()
            self._writer = self._sink = None

    def _flush(self, *, everything: bool) -> None:
        self._open()
        if not self._held:
            return
        table = pa.concat_tables(self._held).combine_chunks()
        count = table.num_rows if everything else table.num_rows // BATCH_ROWS * BATCH_ROWS
        self._writer.write_table(table.slice(0, count), max_chunksize=BATCH_ROWS)
        rest = table.slice(count)
        self._held = [rest] if rest.num_rows else []
        self._held_rows = rest.num_rows
        self._held_bytes = self._held_bytes * rest.num_rows // max(1, table.num_rows)

    def _widen(self, schema: Any) -> None:
        """Write again, batch by batch, what was written under a narrower schema."""
        self._held = [_fitted(table, schema, 0) for table in self._held]
        written = self._writer is not None
        self._close()
        before, self._schema = self.path, schema
        if not written:
            return
        self.path = self._new_file()
        try:
            self._open()
            with pa.OSFile(str(before)) as source:
                reader = ipc.open_file(source)
                for at in range(reader.num_record_batches):
                    table = pa.Table.from_batches([reader.get_batch(at)])
                    self._writer.write_table(_fitted(table, schema, 0))
        finally:
            before.unlink(missing_ok=True)


def _unified(known: Any, new: Any, number: int) -> Any:
    fields = {field.name: field for field in known}
    changed: set[str] = set()
    for field in new:
        before = fields.get(field.name)
        if before is None:
            fields[field.name] = field
            changed.add(field.name)
        elif not before.type.equals(field.type):
            try:
                common = pa.unify_schemas(
                    [pa.schema([before]), pa.schema([field])], promote_options="permissive"
                )
            except pa.ArrowException:
                raise CannotStore(
                    f"Frame {number} of this generator has {field.type} in column {field.name!r},"
                    f" where those before it have {before.type}: make them alike.",
                    number=number,
                    column=field.name,
                ) from None
            if not common.field(0).type.equals(before.type):
                fields[field.name] = common.field(0)
                changed.add(field.name)
    metadata = dict(known.metadata or {})
    if changed and b"pandas" in metadata:
        described = json.loads(metadata[b"pandas"])
        columns = described["columns"]
        described["columns"] = [c for c in columns if c["field_name"] not in changed]
        metadata[b"pandas"] = json.dumps(described).encode()
    return pa.schema([pa.field(name, field.type) for name, field in fields.items()], metadata)


def _fitted(table: Any, schema: Any, number: int) -> Any:
    columns: list[Any] = []
    for field in schema:
        at = table.schema.get_field_index(field.name)
        if at < 0:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        try:
            columns.append(table.column(at).cast(field.type, safe=not _is_float(field.type)))
        except (pa.ArrowException, ValueError) as error:
            raise CannotStore(
                f"Column {field.name!r} of frame {number} of this generator does not fit into"
                f" {field.type}: {error!s:.200}",
                number=number,
                column=field.name,
            ) from error
    return pa.Table.from_arrays(columns, schema=schema)


def _is_float(kind: Any) -> bool:
    return pa.types.is_floating(kind)


class Chunks:
    """A stored table in pieces: an iterable that can be gone through again, and an iterator."""

    def __init__(self, pieces: Callable[[], Iterator[Any]]) -> None:
        self._pieces = pieces
        self._mine: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        return self._pieces()

    def __next__(self) -> Any:
        if self._mine is None:
            self._mine = self._pieces()
        return next(self._mine)


def batches_of(path: Path) -> Iterator[Any]:
    """Give the batches of a file as tables, one in memory at a time; an empty one of no rows."""
    with pa.OSFile(str(path)) as source:
        reader = ipc.open_file(source)
        for at in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(at)])
        if not reader.num_record_batches:
            yield reader.schema.empty_table()
