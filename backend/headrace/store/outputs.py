"""What blocks return, into the store and back with its Python type.

Tables: see `libraries`. JSON: plain values that survive it exactly. Everything else is pickled,
signed with the project's key. A generator comes back as a list or as one frame, which is written
while it comes.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import mmap
import os
import pickle
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyarrow import ipc

from headrace.core.ids import digest
from headrace.protocol.tables import Column, Output
from headrace.store import frames, libraries
from headrace.store.files import StoreFiles
from headrace.store.names import is_row_number
from headrace.store.patience import limited
from headrace.store.pieces import (
    BATCH_ROWS,
    CannotStore,
    Chunks,
    PieceWriter,
    as_piece,
    batches_of,
    joined,
)
from headrace.store.seal import Seal

__all__ = ["BATCH_ROWS", "CannotStore", "Store", "short_text", "type_name", "type_name_of"]

_KIND = b"headrace.type"
_REST = b"headrace.rest"
SHAPE = b"headrace.shape"
"""JSON with `levels`, columns that are levels of an index, and whether the value's own labels of
columns are `relabelled`; absent where neither is so."""
_LEAF = 4 << 20
_TEXT_LIMIT = 4096
_DEPTH = 100
_INTEGER_BITS = 14_000
"""Python writes no longer integers in digits, unless it is told to."""
_NONE = object()
_CHUNKS = ("pandas.DataFrame", "polars.DataFrame", "pyarrow.Table", "pyarrow.RecordBatch")


class Store(StoreFiles):
    """The store of a project, for workers: values in, values out."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._seal = Seal(self.folder.parent / "store.key")

    def put(self, value: Any, *, as_type: str | None = None) -> Output:
        """Store a value; raise CannotStore or StorageFull. Equal data gets the same address.

        `as_type` says what `get` makes of a table, e.g. `pandas.DataFrame` of Arrow rows.
        """
        if inspect.isgenerator(value) or isinstance(value, pa.RecordBatchReader):
            value = self.gather(value)
            if isinstance(value, Output):
                return value
        name = type_name(value)
        if value is None:
            content = digest("nothing")
            return Output(
                address=digest(content, "nothing", name),
                digest=content,
                kind="nothing",
                type_name=name,
            )
        packed = libraries.packed(value)
        if packed is not None:
            return self._put_table(self._with_rest(packed), as_type or packed.kind, packed.notes)
        if _is_plain(value, 0):
            raw = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
            return self._put_bytes(value, "json", raw)
        try:
            raw = pickle.dumps(value, protocol=5)
        except Exception as error:
            raise CannotStore(
                f"This {name} cannot be passed on: {_reason(error)}", type=name
            ) from error
        return self._put_bytes(value, "pickle", raw)

    def gather(self, pieces: Iterable[Any], *, as_type: str | None = None) -> Any:
        """Store frames as they come and return the Output; return a list of anything else.

        `as_type` says what `get` makes of Arrow rows, e.g. `pandas.DataFrame`.
        Raises CannotStore, naming the piece and the column, when frames do not fit together.
        """
        coming = iter(pieces)
        first = next(coming, _NONE)
        if first is _NONE:
            schema = getattr(pieces, "schema", None)
            return [] if schema is None else schema.empty_table()
        piece = as_piece(first)
        if piece is None:
            return joined([first, *coming])
        kind = piece[1]
        named = as_type or kind
        writer = PieceWriter(self._temporary, {_KIND: named.encode()})
        try:
            self._guarded(writer.path, partial(writer.add, piece[0], 1))
            del first, piece
            for number, value in enumerate(coming, 2):
                found = as_piece(value)
                if found is None or found[1] != kind:
                    raise CannotStore(  # noqa: TRY301 - one way out
                        f"Frame {number} of this generator is {_told(value)}, and those before it"
                        f" are {kind}s of columns that Arrow knows: make them alike.",
                        number=number,
                    )
                self._guarded(writer.path, partial(writer.add, found[0], number))
                del value, found
            self._guarded(writer.path, writer.finish)
            placed = self._settled(writer.path, named)
        except BaseException:
            writer.discard()
            raise
        return _output(placed, writer.schema, writer.rows, named, [])

    def chunks(self, output: Output, kind: str = "") -> Any:
        """Return a stored table in pieces of at most 65,536 rows, of which one is in memory.

        `kind` is `pandas.DataFrame`, `polars.DataFrame`, `pyarrow.Table` or `pyarrow.RecordBatch`,
        anything else what was stored. Other outputs than tables are returned whole.
        """
        if output.kind != "table":
            return self.get(output)
        path = self._place(output.address, "arrow")
        return Chunks(lambda: self._pieces(path, output, kind))

    def _pieces(self, path: Path, output: Output, kind: str) -> Iterator[Any]:
        with pa.OSFile(str(path)) as source:
            metadata = dict(ipc.open_file(source).schema.metadata or {})
        stored = metadata.pop(_KIND, b"").decode()
        kind = kind if kind in _CHUNKS else stored
        if kind == stored and (_REST in metadata or stored.endswith(".Series")):
            whole = self.get(output)
            for start in range(0, max(1, len(whole)), BATCH_ROWS):
                piece = slice(start, start + BATCH_ROWS)
                yield whole.iloc[piece] if kind.startswith("pandas.") else whole[piece]
            return
        metadata.pop(_REST, None)
        start = 0
        for table in batches_of(path):
            piece = table.replace_schema_metadata(metadata or None)
            if kind == "pyarrow.RecordBatch":
                yield from piece.to_batches() or [pa.RecordBatch.from_pylist([], piece.schema)]
            elif kind == "polars.DataFrame":
                import polars as pl

                yield pl.from_arrow(piece)
            elif kind.startswith("pandas."):
                yield frames.part(piece, start)
            else:
                yield piece
            start += table.num_rows

    def get(self, output: Output) -> Any:
        """Return a stored value, safe to change; raise NotFound or Untrusted."""
        if output.kind == "nothing":
            return None
        path = self._place(output.address, "arrow" if output.kind == "table" else output.kind)
        if not path.exists():
            path = self.path(output.address)
        if output.kind == "json":
            return json.loads(path.read_bytes())
        if output.kind == "pickle":
            return self._seal.load(path.read_bytes())
        return self._from_table(path)

    def _put_bytes(self, value: Any, kind: Literal["json", "pickle"], raw: bytes) -> Output:
        name = type_name(value)
        content = digest(raw)
        address = digest(content, kind, name)
        stored = self._seal.sign(raw) if kind == "pickle" else raw
        return Output(
            address=address,
            digest=content,
            kind=kind,
            size_bytes=self._keep(address, kind, stored),
            type_name=name,
            text=short_text(value),
        )

    def _with_rest(self, packed: libraries.Packed) -> Any:
        """Return the table with what it lacks, signed, in its metadata."""
        table, kind, rest, _ = packed
        if not rest:
            return table
        try:
            signed = self._seal.sign(frames.pickled(rest))
        except Exception as error:
            raise CannotStore(
                f"This {kind} cannot be passed on: {_reason(error)}", type=kind
            ) from error
        more = {_REST: signed, **_shape_of(table, rest)}
        return table.replace_schema_metadata({**(table.schema.metadata or {}), **more})

    def _put_table(self, table: Any, name: str, notes: list[str]) -> Output:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KIND: name})
        if any(column.num_chunks > 1 for column in table.columns):
            table = table.combine_chunks()  # equal data must give equal bytes
        small = table.nbytes <= _LEAF
        placed = (self._small if small else self._large)(table, name)
        return _output(placed, table.schema, table.num_rows, name, notes)

    def _small(self, table: Any, name: str) -> tuple[int, str, str]:
        """Store a table by way of memory; return bytes, digest and address."""
        sink = pa.BufferOutputStream()
        with ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=BATCH_ROWS)
        with memoryview(sink.getvalue()) as raw:
            content = digest(*(_leaf(raw, start) for start in range(0, len(raw), _LEAF)))
            address = digest(content, "table", name)
            return self._keep(address, "arrow", raw), content, address

    def _large(self, table: Any, name: str) -> tuple[int, str, str]:
        """Store a table by way of the disk; return bytes, digest and address."""
        temporary = self._temporary()

        def fill() -> None:
            with (
                pa.OSFile(str(temporary), "wb") as sink,
                ipc.new_file(sink, table.schema) as writer,
            ):
                writer.write_table(table, max_chunksize=BATCH_ROWS)

        self._guarded(temporary, fill)
        return self._settled(temporary, name)

    def _settled(self, temporary: Path, name: str) -> tuple[int, str, str]:
        """Give a written file its address; return bytes, digest and address."""
        size = temporary.stat().st_size
        address = content = ""

        def settle() -> None:
            nonlocal address, content
            content = _hash_and_sync(temporary)
            address = digest(content, "table", name)
            if self._touch(address, "arrow"):
                temporary.unlink()
            else:
                self._publish(temporary, address, "arrow")

        self._guarded(temporary, settle)
        return size, content, address

    def _from_table(self, path: Path) -> Any:
        with pa.memory_map(str(path)) as source:
            table = ipc.open_file(source).read_all()
        metadata = dict(table.schema.metadata or {})
        name = metadata.pop(_KIND, b"").decode()
        signed = metadata.pop(_REST, None)
        table = table.replace_schema_metadata(metadata or None)
        rest: dict[str, Any] = self._seal.load(signed) if signed is not None else {}
        return libraries.restored(table, name, rest)


def _shape_of(table: Any, rest: dict[str, Any]) -> dict[bytes, bytes]:
    """Say what code that reads the value by the shown names must know: levels, other labels."""
    labels = list(rest.get("columns", rest.get("names", [])))
    names = table.column_names[len(table.column_names) - len(labels) :]
    shape = {"levels": rest.get("levels", []), "relabelled": labels != names}
    return {SHAPE: json.dumps(shape).encode()} if any(shape.values()) else {}


def _output(
    placed: tuple[int, str, str], schema: Any, rows: int, name: str, notes: list[str]
) -> Output:
    size, content, address = placed
    fields = [field for field in schema if not is_row_number(field)]
    return Output(
        address=address,
        digest=content,
        kind="table",
        rows=rows,
        column_count=len(fields),
        columns=[Column(f.name, str(f.type)) for f in fields[:1000]],
        size_bytes=size,
        type_name=name,
        notes=notes,
    )


def type_name(value: Any) -> str:
    """Return the public name of a value's type, e.g. `pandas.DataFrame`."""
    return type_name_of(type(value))


def type_name_of(kind: type) -> str:
    """Return the public name of a type."""
    module = str(kind.__module__).partition(".")[0]
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def short_text(value: Any) -> str:
    """Return at most 4 KiB of repr; the name of the type when repr fails or takes 2 s."""
    if isinstance(value, str | bytes):
        value = value[:_TEXT_LIMIT]
    elif type(value) in (list, dict, tuple, set) and len(value) > _TEXT_LIMIT:
        return f"{type_name(value)} of {len(value):,} items"
    elif type(value) is int and value.bit_length() > _INTEGER_BITS:
        return f"int of {value.bit_length():,} bits"
    try:
        with limited():
            text = repr(value)
    except Exception:  # noqa: BLE001 - repr is user code
        return type_name(value)
    return text[:_TEXT_LIMIT].encode("utf-8", "replace").decode()


def _told(value: Any) -> str:
    name = type_name(value)
    framed = hasattr(value, "columns") and hasattr(value, "shape")
    return f"a {name} of Python objects" if framed and as_piece(value) is None else f"of {name}"


def _is_plain(value: Any, depth: int) -> bool:
    """Tell whether JSON gives back exactly this value."""
    kind = type(value)
    if kind is int:
        return value.bit_length() <= _INTEGER_BITS
    if kind in (str, bool) or value is None:
        return True
    if kind is float:
        return math.isfinite(value)
    if depth >= _DEPTH:
        return False
    if kind is list:
        return all(_is_plain(item, depth + 1) for item in value)
    if kind is dict:
        return all(type(k) is str and _is_plain(v, depth + 1) for k, v in value.items())
    return False


def _reason(error: Exception) -> str:
    try:
        return str(error)[:300] or type(error).__name__
    except Exception:  # noqa: BLE001 - str of an error is user code
        return type(error).__name__


def _hash_and_sync(path: Path) -> str:
    """Hash a file in leaves, several at a time, while the disk takes it."""
    with (
        path.open("r+b") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as whole,
        ThreadPoolExecutor(4) as pool,
    ):
        synced = pool.submit(os.fsync, file.fileno())
        leaves = list(pool.map(partial(_mapped_leaf, mapped, whole), range(0, len(whole), _LEAF)))
        synced.result()
    return digest(*leaves)


def _mapped_leaf(mapped: mmap.mmap, whole: memoryview, start: int) -> bytes:
    hashed = _leaf(whole, start)
    # Pages that were read count as this process's memory until they are given back.
    mapped.madvise(mmap.MADV_DONTNEED, start, min(_LEAF, len(whole) - start))
    return hashed


def _leaf(whole: memoryview, start: int) -> bytes:
    with whole[start : start + _LEAF] as part:
        return hashlib.blake2b(part, digest_size=16).digest()
