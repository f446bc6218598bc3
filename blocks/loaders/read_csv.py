"""Read a CSV file."""

from typing import Literal

import pandas as pd

from headrace import loader


@loader
def read_csv(
    path: str,
    separator: str = ",",
    header: bool = True,
    missing: list[str] | None = None,
    dates: list[str] | None = None,
    encoding: str = "utf-8",
    decimal: Literal[".", ","] = ".",
):
    """Read a CSV file, from the project, or from any address that fsspec knows.

    Args:
        path: File relative to the project, or an address such as s3://bucket/file.csv.
        separator: What stands between two values.
        header: Whether the first line names the columns.
        missing: Texts that mean "no value", e.g. NA.
        dates: Columns to read as dates.
        encoding: Encoding of the text.
        decimal: The decimal mark.
    """
    return pd.read_csv(
        path,
        sep=separator,
        header=0 if header else None,
        na_values=missing,
        parse_dates=dates or False,
        encoding=encoding,
        decimal=decimal,
    )
