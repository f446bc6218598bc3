"""Tables as files for other programs: Parquet and CSV, written batch by batch (data process only).

A type that a format does not know is written as the text that pages show, see `values`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import RawIOBase
from typing import Any, BinaryIO, Literal

import pyarrow as pa

from headrace.core.errors import InvalidInput
from headrace.store.values import knows_zone, text_of, values_of

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, which the CSV writer can write."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def check(form: str) -> None:
    """Raise InvalidInput for a form that there is not."""
    if form not in ("parquet", "csv"):
        raise InvalidInput("format is parquet or csv.", field="format")


def write(
    schema: Any, batches: Iterable[Any], form: Literal["parquet", "csv"], sink: BinaryIO | RawIOBase
) -> None:
    """Write batches of one schema."""
    if form == "parquet":
        _write_parquet(schema, batches, sink)
    else:
        _write_csv(schema, batches, sink)


def _write_parquet(schema: Any, batches: Iterable[Any], sink: Any) -> None:
    import pyarrow.parquet as pq

    kinds = [_parquet_type(field.type) for field in schema]
    fields = [field.with_type(kind) for field, kind in zip(schema, kinds, strict=True)]
    written = pa.schema(fields, schema.metadata)
    writer: Any = pq.ParquetWriter(sink, written)
    with writer:
        for batch in batches:
            columns = [_as(column, kind) for column, kind in zip(batch.columns, kinds, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=written))


@cache
def _parquet_type(kind: Any) -> Any:
    """Return the type itself when Parquet takes it, what it encodes, or text."""
    if pa.types.is_run_end_encoded(kind):
        return _parquet_type(kind.value_type)
    import pyarrow.parquet as pq

    try:
        pq.ParquetWriter(pa.BufferOutputStream(), pa.schema([("x", kind)])).close()
    except (pa.ArrowException, OSError):
        return pa.string()
    return kind


def _write_csv(schema: Any, batches: Iterable[Any], sink: Any) -> None:
    from pyarrow import csv

    head = [pa.array([], pa.string())] * len(schema)
    csv.write_csv(pa.table(head, names=schema.names), sink)
    for batch in batches:
        if batch.num_columns:
            csv.write_csv(_for_csv(batch), sink, csv.WriteOptions(include_header=False))


def _for_csv(rows: Any) -> Any:
    columns = [_csv_column(column) for column in rows.columns]
    return pa.table(columns, names=rows.schema.names)


def _csv_column(column: Any) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _csv_column(column.cast(kind.value_type))
    return column if _csv_writes(column, kind) else _texts(column)


def _csv_writes(column: Any, kind: Any) -> bool:
    types = pa.types
    if types.is_timestamp(kind):
        if kind.tz is not None and not knows_zone(kind.tz):
            return False
        return _within(column, kind, 1, _PER_SECOND[kind.unit])
    if types.is_date(kind):
        return _within(column, kind, *((86_400, 1) if types.is_date32(kind) else (1, 1000)))
    return (
        types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_time(kind)
        or (types.is_decimal(kind) and kind.scale >= 0)
    )


def _within(column: Any, kind: Any, seconds: int, parts: int) -> bool:
    """Tell whether all years have four digits; a unit is `seconds / parts`."""
    import pyarrow.compute as pc

    whole = pa.int32() if kind.bit_width == 32 else pa.int64()
    limits: Any = pc.min_max(column.cast(whole)).as_py()  # pyright: ignore[reportAttributeAccessIssue]
    if limits["min"] is None:
        return True
    first, last = (limits[key] * seconds // parts for key in ("min", "max"))
    return first >= _FIRST_SECOND and last <= _LAST_SECOND


def _as(column: Any, kind: Any) -> Any:
    if column.type.equals(kind):
        return column
    if pa.types.is_run_end_encoded(column.type):
        return _as(pa.compute.run_end_decode(column), kind)  # pyright: ignore[reportAttributeAccessIssue]
    return _texts(column)


def _texts(column: Any) -> Any:
    return pa.array([text_of(value) for value in values_of(column)], pa.string())
