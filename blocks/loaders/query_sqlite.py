"""Query a SQLite database file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from headrace import loader


@loader
def query_sqlite(path: str, query: str):
    """Read the result of a query on a SQLite file, which is opened read-only.

    Args:
        path: Database file relative to the project.
        query: One SELECT statement.
    """
    address = Path(path).resolve().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        return pd.read_sql_query(query, database)
