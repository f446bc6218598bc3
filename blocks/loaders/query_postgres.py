"""Query a PostgreSQL database."""

import os

import pandas as pd
import psycopg

from headrace import loader


@loader
def query_postgres(query: str, url_variable: str = "DATABASE_URL"):
    """Read the result of a query on PostgreSQL, in a read-only transaction.

    Args:
        query: One SELECT statement.
        url_variable: Environment variable that holds postgresql://user:password@host/database.
    """
    with psycopg.connect(os.environ[url_variable]) as database:
        database.read_only = True
        with database.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=names)
