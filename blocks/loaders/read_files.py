"""Read all files that match a pattern."""

from typing import Literal

import fsspec
import pandas as pd

from headrace import Context, loader

READERS = {
    "csv": pd.read_csv,
    "parquet": pd.read_parquet,
    "json": pd.read_json,
    "jsonl": lambda file: pd.read_json(file, lines=True),
}


@loader
def read_files(
    pattern: str,
    context: Context,
    format: Literal["csv", "parquet", "json", "jsonl"] = "csv",
    file_column: str = "",
):
    """Read every file that matches, in order of their names, into one table.

    Args:
        pattern: Such as data/2024-*.csv or s3://bucket/**/*.parquet.
        format: How the files are written.
        file_column: Name of a column that says where each row comes from; none when empty.
    """
    files = sorted(fsspec.open_files(pattern, "rb"), key=lambda file: file.path)
    if not files:
        raise FileNotFoundError(f"No file matches {pattern!r}.")
    frames = []
    for number, opened in enumerate(files, start=1):
        with opened as file:
            frame = READERS[format](file)
        if file_column:
            frame[file_column] = opened.path
        frames.append(frame)
        context.progress(number, len(files))
    return pd.concat(frames, ignore_index=True)
