"""Query a DuckDB database file."""

import duckdb

from headrace import loader


@loader
def query_duckdb(path: str, query: str):
    """Read the result of a query on a DuckDB file, which is opened read-only.

    Args:
        path: Database file relative to the project.
        query: One SELECT statement.
    """
    with duckdb.connect(path, read_only=True) as database:
        return database.sql(query).to_arrow_table()
