"""Write a CSV file."""

from pathlib import Path

from headrace import exporter


@exporter
def write_csv(rows, path: str, separator: str = ",", header: bool = True):
    """Write a table as CSV; the file is replaced as a whole.

    Args:
        rows: The table.
        path: File relative to the project; folders are made.
        separator: What stands between two values.
        header: Whether the first line names the columns.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    rows.to_csv(unfinished, sep=separator, header=header, index=False)
    unfinished.replace(target)
    return {"path": path, "rows": len(rows), "bytes": target.stat().st_size}
