"""The methods of the data process: plain arguments in, plain values and bytes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from headrace.protocol.charts import Chart
from headrace.protocol.views import ColumnReference, View
from headrace.store import comparing, rows
from headrace.store.allocation import keep_freed
from headrace.store.chart import Columns, chart_data
from headrace.store.export import export_view
from headrace.store.facts import facts as facts_of
from headrace.store.files import StoreFiles
from headrace.store.orders import Views
from headrace.store.profiles import Profiles
from headrace.store.prose import html_of
from headrace.store.statistics import statistics_of
from headrace.store.stopping import Stop
from headrace.store.tables import Tables
from headrace.store.whole_cell import WholeCells

AT_ONCE = 16
"""Calls at a time: a look at some rows does not wait behind a sort."""
prepare = keep_freed
"""Called once, before all calls."""

_views = Views(Tables())
_profiles = Profiles(_views)
_cells = WholeCells(_views)


def _path(folder: str, address: str) -> Path:
    return StoreFiles(Path(folder)).path(address)


def _view(said: dict[str, Any] | None) -> View:
    return msgspec.convert(said or {}, View)


def window(
    folder: str,
    address: str,
    *,
    stop: Stop | None = None,
    view: dict[str, Any] | None = None,
    offset: int = 0,
    limit: int = 200,
    format: Literal["arrow", "json"] = "arrow",  # noqa: A002 - the name of the parameter in the API
) -> dict[str, Any]:
    """Return `{"total", "stream": bytes}`, or total, columns and rows for JSON.

    `view` is a `View` as plain values. Raises NotFound, InvalidInput and Stopped.
    """
    path = _path(folder, address)
    found, total = rows.select(
        _views, path, _view(view), offset=offset, limit=limit, stop=stop or Stop()
    )
    if format == "json":
        return rows.as_json(found, total)
    return {"total": total, "stream": rows.stream(found)}


def cell(
    folder: str,
    address: str,
    *,
    row: int,
    column: Any,
    offset: int = 0,
    limit: int = 0,
    stop: Stop | None = None,
    view: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a piece of one cell: `{"kind", "total", "content": bytes}`, as `Piece` has them."""
    found = _cells.piece(
        _path(folder, address),
        _view(view),
        row=row,
        column=msgspec.convert(column, ColumnReference),
        offset=offset,
        limit=limit,
        stop=stop or Stop(),
    )
    return {"kind": found.kind, "total": found.total, "content": found.content}


def schema(folder: str, address: str) -> dict[str, Any]:
    """Return the number of rows, and the names and types of all columns."""
    table = _views.table(_path(folder, address))
    return {
        "rows": table.rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
    }


def columns(folder: str, address: str) -> list[dict[str, str]]:
    """Return names and types of all columns that people see."""
    table = _views.table(_path(folder, address))
    fields = [table.schema.field(at) for at in table.shown]
    return [{"name": field.name, "type": str(field.type)} for field in fields]


def profile(
    folder: str, address: str, *, stop: Stop | None = None, view: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a `Profile` of the columns of a view, of the first 1,000 when none are named."""
    found = _profiles.of(_path(folder, address), _view(view), stop or Stop())
    return msgspec.to_builtins(found)


def statistics(
    folder: str,
    address: str,
    *,
    stop: Stop | None = None,
    view: dict[str, Any] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return the `Statistics` of some rows of a view, of all from `offset` on for None."""
    found = statistics_of(
        _views, _path(folder, address), _view(view), offset=offset, limit=limit, stop=stop or Stop()
    )
    return msgspec.to_builtins(found)


def export(
    folder: str,
    address: str,
    *,
    format: Literal["parquet", "csv"],  # noqa: A002 - as in the API
    destination: str,
    stop: Stop | None = None,
    view: dict[str, Any] | None = None,
) -> int:
    """Write a view to a file or a pipe that is read; return the bytes written."""
    return export_view(
        _views,
        _path(folder, address),
        _view(view),
        form=format,
        destination=Path(destination),
        stop=stop or Stop(),
    )


def facts(folder: str, address: str) -> dict[str, Any]:
    """Return what code for a table must mind: see `analysis.views.table.TableFacts`."""
    return facts_of(_path(folder, address))


def chart(
    folder: str,
    address: str,
    *,
    chart: dict[str, Any],
    view: dict[str, Any] | None = None,
    stop: Stop | None = None,
) -> Any:
    """Return a `ChartData` of all rows of a view; raise InvalidInput and Stopped."""
    wanted = msgspec.convert(chart, Chart)
    rows_of_view = View(filter=_view(view).filter, search=_view(view).search)
    path = _path(folder, address)
    table = _views.table(path)
    fields = {"x": wanted.x, "y": wanted.y, "color": wanted.color}
    places = {
        field: table.position(column, f"chart.{field}")
        for field, column in fields.items()
        if column is not None
    }
    found = _views.rows(path, rows_of_view, stop or Stop())
    taken = found.window(0, found.count, list(places.values()))
    columns: dict[str, Any] = {field: taken.column(at) for at, field in enumerate(places)}
    names = {f"{field}_name": table.schema.field(at).name for field, at in places.items()}
    empty: dict[str, Any] = {"y": None, "color": None}
    return msgspec.to_builtins(chart_data(wanted, Columns(**(empty | columns | names))))


def prose(folder: str, address: str) -> str:
    """Return a display of prose as the inside of a page; raise NotFound or InvalidInput."""
    mime, content = StoreFiles(Path(folder)).display(address)
    return html_of(mime, content.decode("utf-8", "replace"))


METHODS: Mapping[str, Callable[..., Any]] = {
    "window": window,
    "cell": cell,
    "schema": schema,
    "columns": columns,
    "profile": profile,
    "statistics": statistics,
    "export": export,
    "compare": comparing.compare,
    "changed-rows": comparing.changed_rows,
    "facts": facts,
    "chart": chart,
    "prose": prose,
}
