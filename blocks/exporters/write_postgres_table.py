"""Write a table of a PostgreSQL database."""

import os
from typing import Literal

import psycopg
from psycopg import sql

from headrace import exporter

TYPES = {"i": "bigint", "u": "numeric", "f": "double precision", "b": "boolean", "M": "timestamp"}


@exporter
def write_postgres_table(
    rows,
    table: str,
    schema: str = "public",
    mode: Literal["replace", "append"] = "replace",
    url_variable: str = "DATABASE_URL",
):
    """Write a table into PostgreSQL by COPY, in one transaction.

    Args:
        rows: The table.
        table: Name of the table.
        schema: Schema that holds it.
        mode: Replace the rows of the table, or add to them.
        url_variable: Environment variable that holds postgresql://user:password@host/database.
    """
    target = sql.Identifier(schema, table)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(str(name)), sql.SQL(_type(rows[name])))
        for name in rows.columns
    )
    names = sql.SQL(", ").join(sql.Identifier(str(name)) for name in rows.columns)
    with psycopg.connect(os.environ[url_variable]) as database, database.cursor() as cursor:
        if mode == "replace":
            cursor.execute(sql.SQL("drop table if exists {}").format(target))
        cursor.execute(sql.SQL("create table if not exists {} ({})").format(target, columns))
        command = sql.SQL("copy {} ({}) from stdin").format(target, names)
        plain = rows.astype(object).where(rows.notna(), None)
        with cursor.copy(command) as copy:
            for row in plain.itertuples(index=False, name=None):
                copy.write_row(row)
    return {"table": f"{schema}.{table}", "rows_written": len(rows)}


def _type(column):
    if str(column.dtype).startswith("datetime64") and getattr(column.dt, "tz", None) is not None:
        return "timestamptz"
    return TYPES.get(column.dtype.kind, "text")
