"""Write a table of a DuckDB file."""

from typing import Literal

import duckdb

from headrace import exporter


@exporter
def write_duckdb_table(
    rows, path: str, table: str, mode: Literal["replace", "append"] = "replace"
):
    """Write a table into a DuckDB file, in one transaction.

    Args:
        rows: The table.
        path: Database file relative to the project; it is made when missing.
        table: Name of the table.
        mode: Replace the table, or add to it.
    """
    name = '"' + table.replace('"', '""') + '"'
    with duckdb.connect(path) as database:
        database.begin()
        database.register("incoming_rows", rows)
        if mode == "replace":
            database.execute(f"create or replace table {name} as from incoming_rows")
        else:
            database.execute(f"create table if not exists {name} as from incoming_rows limit 0")
            database.execute(f"insert into {name} by name from incoming_rows")
        database.commit()
        (count,) = database.execute(f"select count(*) from {name}").fetchone()
    return {"path": path, "table": table, "rows_written": len(rows), "rows": count}
