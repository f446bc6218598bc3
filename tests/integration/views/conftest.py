"""A table of every common type as blocks return it, and what its view shows."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from tests.integration.workers.conftest import bench, root  # noqa: F401 - fixtures of these tests

from headrace.analysis.views.block_code import BlockCode, block_of_view
from headrace.analysis.views.table import TableFacts
from headrace.protocol.steps import CodeLanguage, Step
from headrace.protocol.tables import Output
from headrace.protocol.views import View
from headrace.store.facts import facts
from headrace.store.files import StoreFiles
from headrace.store.orders import Views
from headrace.store.stopping import Stop
from headrace.store.tables import Tables

LANGUAGES: tuple[CodeLanguage, ...] = ("pandas", "polars", "sql")

ARROW = """
    from datetime import UTC, date, datetime, time
    from decimal import Decimal
    import pyarrow as pa

    def table():
        nan = float("nan")
        some = lambda make, hole: [None if n == hole else make(n) for n in range(1, 9)]
        return pa.table({
            "n": pa.array([3, 1, 2, 3, 1, 2, 3, 0], pa.int32()),
            "i": pa.array([1, 2, None, 4, 5, 2, None, 8]),
            "f": pa.array([1.5, 2.5, None, 0.1, -3.0, 2.5, 9.0, None]),
            "text": pa.array(["a", None, "it's", 'A"b', "", "Zoë", "a", "100%_x\\\\y"]),
            "flag": pa.array([True, None, False, True, None, True, False, True]),
            "day": pa.array(some(lambda n: date(2024, 1, n), 3)),
            "at": pa.array(some(lambda n: datetime(2024, 1, 1, 5, n), 4), pa.timestamp("us")),
            "moment": pa.array(
                some(lambda n: datetime(2024, 1, 1, n, tzinfo=UTC), 4),
                pa.timestamp("us", tz="Europe/Berlin"),
            ),
            "kind": pa.array(["y", "x", None, "x", "z", "y", "y", "x"]).dictionary_encode(),
            "price": pa.array(some(lambda n: Decimal(f"{n}.25"), 2), pa.decimal128(10, 2)),
            "clock": pa.array(some(time, 4)),
            "order": pa.array(list("hgfedcba")),
        })
"""
WITH_NAN = (
    ARROW
    + """
    def with_nan():
        nan = float("nan")
        values = pa.array([nan, 1.0, None, 3.0, float("inf"), nan, -1.0, 2.0])
        return table().append_column("x", values)
"""
)
UPSTREAMS: dict[str, str] = {
    "pandas": ARROW
    + """
    import pandas as pd

    @loader
    def up():
        frame = table().to_pandas()
        return frame.astype({"i": "Int64", "flag": "boolean", "day": "date32[day][pyarrow]"})
    """,
    "pandas with objects and an index": ARROW
    + """
    @loader
    def up():
        return table().to_pandas().set_index(["order", "n"])
    """,
    "pandas after a filter": ARROW
    + """
    @loader
    def up():
        frame = table().to_pandas()
        return frame[frame["n"] > 0]
    """,
    "polars": WITH_NAN
    + """
    import polars as pl

    @loader
    def up():
        return pl.from_arrow(with_nan())
    """,
    "arrow": WITH_NAN
    + """
    @loader
    def up():
        return with_nan()
    """,
}
"""Blocks that return the table as each library holds it."""

_views = Views(Tables())


class Seen:
    """A stored table, as it is looked at."""

    def __init__(self, folder: Path, output: Output) -> None:
        self.path = StoreFiles(folder).path(output.address)
        self.names = [column.name for column in output.columns]

    def shows(self, view: View | None = None) -> pa.Table:
        """Return all rows of a view, by what answers for windows of rows."""
        view = view or View()
        table = _views.table(self.path)
        wanted = view.columns if view.columns is not None else self.names
        positions = table.positions(wanted, "columns")
        rows = _views.rows(self.path, view, Stop())
        return rows.window(0, rows.count, positions)

    def code(
        self, view: View, language: CodeLanguage, steps: list[Step] | None = None
    ) -> BlockCode:
        """Return the block that is made of a view."""
        known = msgspec.convert(facts(self.path), TableFacts)
        return block_of_view(
            view, steps or [], known, name="made", upstream="up", language=language
        )


def plain(table: pa.Table, *, sql: bool = False) -> tuple[list[str], list[str], list[list[Any]]]:
    """Return names, types and cells of a table in words that are equal when the rows are.

    Text is text however it is stored, and a category is one whatever its numbers; NaN is a word.
    SQL knows no categories, and one time zone.
    """
    types = [_type(str(field.type), sql=sql) for field in table.schema]
    cells = [[_cell(cell) for cell in column.to_pylist()] for column in table.columns]
    return table.column_names, types, cells


def _type(name: str, *, sql: bool) -> str:
    name = re.sub(r"indices=\w+", "indices", name.replace("large_", ""))
    # pandas forgets of what type categories are when there are none.
    name = name.replace("time64[ns]", "time64[us]").replace("<values=null", "<values=string")
    if not sql:
        return name
    name = re.sub(r"dictionary<values=(\w+),.*", r"\1", name)
    return re.sub(r"tz=[^\]]+", "tz", name)


def _cell(cell: Any) -> Any:
    return "NaN" if isinstance(cell, float) and math.isnan(cell) else cell
