"""A block made from a chart gives the table that the chart draws, and shows the chart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.integration.workers.conftest import Bench, upstream

from headrace.analysis.views.chart_code import block_of_chart
from headrace.analysis.views.table import TableFacts
from headrace.protocol.charts import Chart, ChartData
from headrace.protocol.steps import CodeLanguage
from headrace.protocol.tables import Language
from headrace.protocol.views import View
from headrace.store import service
from headrace.workers.jobs import Shown

from .conftest import LANGUAGES, Seen
from .operations import view_of

FLIGHTS = Path(__file__).parents[3] / "data" / "nycflights" / "flights.parquet"
LOAD: dict[str, str] = {
    "pandas": "import pandas as pd\n\n@loader\ndef up():\n    return pd.read_parquet({path!r}).head(9000)\n",
    "polars": "import polars as pl\n\n@loader\ndef up():\n    return pl.read_parquet({path!r}).head(9000)\n",
    "arrow": "import pyarrow.parquet as pq\n\n@loader\ndef up():\n    return pq.read_table({path!r}).slice(0, 9000)\n",
}
CHARTS: list[dict[str, Any]] = [
    {"kind": "bar", "x": "carrier"},
    {"kind": "bar", "x": "dest", "top": 8},
    {"kind": "bar", "x": "carrier", "y": "arr_delay", "aggregate": "median"},
    {"kind": "bar", "x": "carrier", "color": "origin"},
    {"kind": "bar", "x": "hour", "y": "dep_delay", "aggregate": "max", "color": "carrier"},
    {"kind": "histogram", "x": "dep_delay"},
    {"kind": "histogram", "x": "distance", "bins": 12, "color": "origin"},
    {"kind": "line", "x": "time_hour", "unit": "day"},
    {"kind": "line", "x": "time_hour", "unit": "week", "y": "dep_delay", "aggregate": "mean"},
    {
        "kind": "line",
        "x": "time_hour",
        "unit": "hour",
        "y": "distance",
        "aggregate": "sum",
        "color": "origin",
    },
    {"kind": "scatter", "x": "time_hour", "y": "dep_delay"},
    {"kind": "histogram", "x": "air_time", "bins": 40},
    {"kind": "bar", "x": "origin", "color": "dest"},
    {"kind": "scatter", "x": "dep_delay", "y": "arr_delay"},
]
LATE = view_of({"filter": [{"column": "dep_delay", "op": ">", "value": 120}]})


def drawn(bench: Bench, address: str, chart: dict[str, Any], view: View) -> ChartData:
    folder = str(bench.root / ".headrace" / "store")
    found = service.chart(folder, address, chart=chart, view=msgspec.to_builtins(view))
    return msgspec.convert(found, ChartData)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LOAD)
async def test_the_table_has_the_numbers_of_the_chart(
    bench: Bench, kind: str, language: CodeLanguage
) -> None:
    output = await bench.output(LOAD[kind].format(path=str(FLIGHTS)), block="up", kind="loader")
    folder = bench.root / ".headrace" / "store"
    cases = [*((chart, View()) for chart in CHARTS), (CHARTS[0], LATE), (CHARTS[-1], LATE)]
    for said, view in cases:
        data = drawn(bench, output.address, said, view)
        facts = msgspec.convert(service.facts(str(folder), output.address), TableFacts)
        code = block_of_chart(
            msgspec.convert(said, Chart),
            data,
            view,
            facts,
            name="made",
            upstream="up",
            language=language,
        )
        written: Language = "sql" if language == "sql" else "python"
        table = await bench.output(
            code.text,
            block="made",
            language=written,
            inputs={"up": output},
            bindings=upstream("up"),
        )
        shown = [a for a in bench.answers if isinstance(a, Shown)]
        assert language == "sql" or any(a.display.mime == "image/png" for a in shown)
        rows = Seen(folder, table).shows().to_pandas()
        value = "rows" if data.is_density else rows.columns[-1]
        found = sorted(round(float(number), 6) for number in rows[value])
        wanted = [
            round(float(number), 6)
            for series in data.series
            for number in (series.count if data.is_density else series.y)
            if number is not None
        ]
        if said["kind"] == "scatter" and not data.is_density:
            value = said["y"]
            found = sorted(round(float(number), 6) for number in rows[value])
        assert found == sorted(wanted), code.text
        if language == "sql":
            continue
        ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--isolated", "--diff", "-"]
        done = subprocess.run(ruff, input=code.text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
