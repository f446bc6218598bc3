"""The methods of the data process: plain arguments in, plain values and bytes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from headrace.store import rows
from headrace.store.files import StoreFiles
from headrace.store.profile import profile as profile_of

_tables = rows.Tables()


def _path(folder: str, address: str) -> Path:
    return StoreFiles(Path(folder)).path(address)


def window(  # noqa: PLR0917 - called by name over the wire
    folder: str,
    address: str,
    offset: int = 0,
    limit: int = 200,
    columns: list[str] | None = None,
    sort: str = "",
    filter: str = "",  # noqa: A002 - the name of the parameter in the API
    format: Literal["arrow", "json"] = "arrow",  # noqa: A002 - as above
) -> dict[str, Any]:
    """Return `{"total", "stream": bytes}`, or total, columns and rows for JSON.

    `sort` is `col,-col`; `filter` a JSON list of `{"column", "op", "value"}`, all of which hold.
    Raises NotFound and InvalidInput.
    """
    found, total = rows.select(
        _tables, _path(folder, address), offset, limit, columns, sort=sort, conditions=filter
    )
    if format == "json":
        return rows.as_json(found, total)
    return {"total": total, "stream": rows.stream(found)}


def schema(folder: str, address: str) -> dict[str, Any]:
    """Return the number of rows, and the names and types of all columns."""
    table = _tables.open(_path(folder, address))
    return {
        "rows": table.rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
    }


def profile(folder: str, address: str) -> dict[str, Any]:
    """Return the statistics of each column."""
    return profile_of(_tables.open(_path(folder, address)))


def export(folder: str, address: str, format: str, destination: str) -> int:  # noqa: A002 - as in the API
    """Write a table as parquet or csv to `destination`; return the bytes written."""
    form: Any = format
    return rows.export(_tables.open(_path(folder, address)), form, Path(destination))


METHODS: Mapping[str, Callable[..., Any]] = {
    "window": window,
    "schema": schema,
    "profile": profile,
    "export": export,
}
