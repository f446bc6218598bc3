"""Rows of upstream blocks as temporary tables of a database, which end with its session."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from headrace.store.values import text_of, values_of

_BATCH_ROWS = 5_000
_DIGITS = 38


def make_temporary(session: Any, name: str, table: Any, family: str) -> None:
    """Make a temporary table of an Arrow table's rows in the session of SQLAlchemy."""
    import sqlalchemy

    # What stands unquoted in a statement is lower case for PostgreSQL.
    name = name.lower() if family == "postgresql" else name
    table = pa.table(
        [_fitting(column) for column in table.columns],
        names=[str(field.name) for field in table.schema],
    )
    columns = [sqlalchemy.Column(f.name, _type(f.type, family)) for f in table.schema]
    made = sqlalchemy.Table(name, sqlalchemy.MetaData(), *columns, prefixes=["TEMPORARY"])
    made.create(session)
    if family == "postgresql":
        _copy(session, made, table)
        return
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        session.execute(made.insert(), _rows(batch, family))


def _copy(session: Any, made: Any, table: Any) -> None:
    """Fill a table of PostgreSQL by COPY, many times as fast as by INSERT."""
    from pyarrow import csv

    quote = session.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in made.columns)
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    command = f"COPY {quote(made.name)} ({columns}) FROM STDIN (FORMAT csv)"
    cursor = session.connection.driver_connection.cursor()
    with cursor, cursor.copy(command) as copy:
        for batch in table.to_batches(max_chunksize=_BATCH_ROWS * 4):
            sink = pa.BufferOutputStream()
            csv.write_csv(_hexadecimal(batch), sink, options)
            copy.write(sink.getvalue().to_pybytes())


def _hexadecimal(batch: Any) -> Any:
    """Write bytes as PostgreSQL reads them from text."""
    for at, field in enumerate(batch.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            cells = batch.column(at).to_pylist()
            texts = [None if cell is None else "\\x" + cell.hex() for cell in cells]
            batch = batch.set_column(at, field.name, pa.array(texts, pa.string()))
    return batch


def _rows(batch: Any, family: str) -> list[dict[str, Any]]:
    rows = batch.to_pylist()
    if family != "mysql":
        return rows
    return [{name: _storable(value) for name, value in row.items()} for row in rows]


def _storable(value: Any) -> Any:
    """MySQL and MariaDB know no NaN and no infinity; their moments have no time zone."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _fitting(column: Any) -> Any:
    """Return a column that the database has a type for; text of what it has none for."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _text(column)
    if pa.types.is_dictionary(kind):
        return _fitting(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_time(kind):
        return column.cast(pa.time64("us"), safe=False)
    if pa.types.is_date64(kind):
        return column.cast(pa.date32())
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_uint64(kind):
        return column.cast(pa.decimal128(20, 0))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    return column if _is_plain(kind) else _text(column)


def _is_plain(kind: Any) -> bool:
    types = pa.types
    if types.is_decimal(kind):
        return kind.precision <= _DIGITS and 0 <= kind.scale <= 30
    return any(
        test(kind)
        for test in (
            types.is_boolean,
            types.is_integer,
            types.is_floating,
            types.is_date,
            types.is_time,
            types.is_timestamp,
            types.is_string,
            types.is_binary,
            types.is_large_binary,
            types.is_null,
        )
    )


def _text(column: Any) -> Any:
    return pa.chunked_array(
        [pa.array([text_of(value) for value in values_of(column)], pa.string())]
    )


def _type(kind: Any, family: str) -> Any:
    """Return SQLAlchemy's type for an Arrow type that `_fitting` leaves."""
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql

    types = pa.types
    if types.is_boolean(kind):
        return sa.Boolean()
    if types.is_integer(kind):
        return sa.BigInteger() if kind.bit_width > 32 or kind == pa.uint32() else sa.Integer()
    if types.is_floating(kind):
        return sa.Double()
    if types.is_decimal(kind):
        return sa.Numeric(kind.precision, kind.scale)
    if types.is_date(kind):
        return sa.Date()
    if types.is_time(kind):
        return mysql.TIME(fsp=6) if family == "mysql" else sa.Time()
    if types.is_timestamp(kind):
        if family == "mysql":
            return mysql.DATETIME(fsp=6)
        return sa.DateTime(timezone=kind.tz is not None)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return mysql.LONGBLOB() if family == "mysql" else sa.LargeBinary()
    return mysql.LONGTEXT() if family == "mysql" else sa.Text()
