"""Read a Parquet file or folder."""

import pandas as pd

from headrace import loader


@loader
def read_parquet(path: str, columns: list[str] | None = None):
    """Read a Parquet file, or a folder of them.

    Args:
        path: File or folder relative to the project, or an address such as s3://bucket/file.parquet.
        columns: Only these columns; all of them when empty.
    """
    return pd.read_parquet(path, columns=columns or None)
