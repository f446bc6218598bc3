"""Write a Parquet file."""

from pathlib import Path
from typing import Literal

from headrace import exporter


@exporter
def write_parquet(
    rows, path: str, compression: Literal["zstd", "snappy", "gzip", "none"] = "zstd"
):
    """Write a table as Parquet; the file is replaced as a whole.

    Args:
        rows: The table.
        path: File relative to the project; folders are made.
        compression: How the columns are packed.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    packing = None if compression == "none" else compression
    rows.to_parquet(unfinished, compression=packing, index=False)
    unfinished.replace(target)
    return {"path": path, "rows": len(rows), "bytes": target.stat().st_size}
