"""The numbers of charts are those that pandas and DuckDB count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from headrace.core.errors import InvalidInput
from headrace.protocol.charts import MAX_POINTS, Chart, ChartData
from headrace.store.bins import nice_bins
from headrace.store.chart import Columns, chart_data

ROWS = 5_000


def flights() -> pa.Table:
    some = np.random.default_rng(7)
    carriers = some.choice(
        ["UA", "B6", "EV", "DL", "O'x", ""], ROWS, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05]
    )
    delay = np.round(some.normal(10, 40, ROWS), 2)
    start = datetime(2013, 1, 1, tzinfo=UTC).timestamp()
    at = (start + some.integers(0, 300 * 86_400, ROWS)).astype("int64")
    return pa.table(
        {
            "carrier": pa.array(carriers, mask=some.random(ROWS) < 0.02),
            "delay": pa.array(delay, mask=some.random(ROWS) < 0.05),
            "distance": pa.array(some.integers(80, 5_000, ROWS)),
            "month": pa.array(some.integers(1, 13, ROWS)),
            "at": pa.array(at, pa.timestamp("s")).cast(pa.timestamp("us", "UTC")),
            "dest": pa.array([f"D{n:02}" for n in some.integers(0, 50, ROWS)]),
            "late": pa.array(delay > 15),
        }
    )


TABLE = flights()
FRAME = TABLE.to_pandas()


def drawn(**said: Any) -> ChartData:
    chart = msgspec.convert(said, Chart)
    taken = {f: None if said.get(f) is None else TABLE.column(said[f]) for f in ("x", "y", "color")}
    names = {f"{field}_name": said.get(field) or "" for field in taken}
    data = chart_data(chart, Columns(**taken, **names))
    assert len(msgspec.json.encode(data)) < 200_000
    return data


def values(data: ChartData, at: int = 0) -> dict[Any, Any]:
    series = data.series[at]
    return dict(zip(series.x, series.y, strict=True))


@pytest.mark.parametrize("aggregate", ["count", "sum", "mean", "min", "max", "median"])
def test_bars_are_what_duckdb_makes_of_each_name(aggregate: str) -> None:
    data = drawn(kind="bar", x="carrier", y="delay", aggregate=aggregate)
    function = "count(*)" if aggregate == "count" else f"{aggregate}(delay)"
    where = "" if aggregate == "count" else " and delay is not null"
    with duckdb.connect() as connection:
        connection.register("t", TABLE)
        wanted = connection.sql(
            f"select carrier, {function} from t where carrier is not null{where} group by carrier"
        ).fetchall()
    assert values(data) == pytest.approx(dict(wanted))
    heights = data.series[0].y
    assert heights == sorted(heights, reverse=True)
    assert data.x.categories == data.series[0].x
    assert data.left_out == ROWS - sum(data.series[0].count)


def test_names_with_the_most_rows_are_drawn_and_the_rest_is_one() -> None:
    data = drawn(kind="bar", x="dest", top=5)
    ranked = FRAME["dest"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    assert data.series[0].x == [*ranked.index[:5], None]
    assert data.series[0].y == [*ranked[:5], ranked[5:].sum()]
    assert (data.others, data.x.categories[-1]) == (len(ranked) - 5, None)


def test_colours_split_the_same_rows() -> None:
    data = drawn(kind="bar", x="month", y="delay", aggregate="mean", color="carrier")
    wanted = FRAME.dropna(subset=["delay"]).groupby(["month", "carrier"], dropna=False)["delay"]
    found = {
        (month, series.name): value
        for series in data.series
        for month, value in zip(series.x, series.y, strict=True)
    }
    means = {(month, None if pd.isna(c) else c): v for (month, c), v in wanted.mean().items()}
    assert found == pytest.approx(means)
    many = drawn(kind="line", x="month", color="dest")
    assert len(many.series) == 9
    assert [series.is_others for series in many.series] == [False] * 8 + [True]
    assert sum(sum(series.count) for series in many.series) == ROWS


@pytest.mark.parametrize(("x", "bins"), [("delay", None), ("delay", 7), ("distance", 30)])
def test_a_histogram_counts_in_round_bins(x: str, bins: int | None) -> None:
    data = drawn(kind="histogram", x=x, bins=bins)
    step = data.x.step
    assert step is not None
    numbers = FRAME[x].dropna()
    wanted = (np.floor((numbers / step).round(9)) * step).value_counts()
    assert values(data) == pytest.approx(dict(wanted.items()))
    assert len(data.series[0].x) <= (bins or 30) + 1


@pytest.mark.parametrize(
    ("unit", "period"),
    [("year", "Y"), ("quarter", "Q"), ("month", "M"), ("week", "W"), ("day", "D"), ("hour", "h")],
)
def test_times_are_counted_by_unit(unit: str, period: str) -> None:
    data = drawn(kind="line", x="at", unit=unit)
    clock = FRAME["at"].dt.tz_localize(None)
    starts = clock.dt.to_period(period).dt.start_time.astype("datetime64[ms]").astype("int64")
    assert values(data) == {float(at): count for at, count in starts.value_counts().items()}
    assert data.series[0].x == sorted(data.series[0].x)  # type: ignore[type-var]
    assert (data.x.scale, data.x.unit) == ("time", unit)


def test_units_are_chosen_so_that_they_can_be_seen() -> None:
    assert drawn(kind="line", x="at").x.unit == "week"
    few = TABLE.filter(pc.less(TABLE["at"], pa.scalar(datetime(2013, 2, 20, tzinfo=UTC))))
    days = chart_data(Chart(kind="line", x="at"), Columns(few["at"], None, None, "at"))
    assert days.x.unit == "day"
    assert drawn(kind="bar", x="at").x.unit == "week"


def test_times_are_those_of_the_clock_of_their_zone() -> None:
    moments = pa.array([datetime(2013, 6, 1, 23, tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin"))
    chart = Chart(kind="bar", x="at", unit="day")
    data = chart_data(chart, Columns(moments, None, None, "at"))
    assert data.series[0].x == [datetime(2013, 6, 2, tzinfo=UTC).timestamp() * 1000]


def test_few_points_are_drawn_and_many_are_counted_in_cells() -> None:
    many = drawn(kind="scatter", x="distance", y="delay", color="carrier")
    assert many.is_density
    assert many.color is None
    assert sum(many.series[0].count) == FRAME["delay"].notna().sum() > MAX_POINTS
    assert many.left_out == FRAME["delay"].isna().sum()
    few = TABLE.slice(0, 100)
    columns = Columns(*(few.column(n) for n in ("distance", "delay", "late")), "x", "y", "late")
    data = chart_data(Chart(kind="scatter", x="x", y="y", color="late"), columns)
    assert not data.is_density
    points = few.to_pandas().dropna(subset=["delay"])
    assert {series.name: len(series.x) for series in data.series} == {
        str(late).lower(): len(rows) for late, rows in points.groupby("late")
    }


@pytest.mark.parametrize(
    ("low", "high", "wanted", "whole", "step"),
    [(0, 100, 30, True, 5), (0, 1, 30, False, 0.05), (3, 3, 10, True, 1), (-7, 1301, 30, True, 50)],
)
def test_bins_are_round(low: float, high: float, wanted: int, whole: bool, step: float) -> None:
    bins = nice_bins(low, high, wanted, whole=whole)
    assert bins.step == step
    assert bins.lows[0] <= low
    assert bins.lows[-1] + step > high
    assert bins.codes(np.array([low, high, np.nan])).tolist() == [0, bins.bins - 1, -1]


def test_a_number_that_is_an_edge_is_in_the_bin_that_it_begins() -> None:
    bins = nice_bins(0, 0.3, 30, whole=False)
    edges = np.array([0.07, 0.14, 0.28, 0.29])
    assert bins.lows[bins.codes(edges)].tolist() == edges.tolist()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InvalidInput, match="numbers or times"):
        drawn(kind="histogram", x="carrier")
    with pytest.raises(InvalidInput, match="count the rows"):
        drawn(kind="bar", x="carrier", aggregate="mean")
    with pytest.raises(InvalidInput, match="only numbers"):
        drawn(kind="bar", x="carrier", y="dest", aggregate="sum")
    with pytest.raises(InvalidInput, match="column for y"):
        drawn(kind="scatter", x="delay")


def test_nothing_is_drawn_of_no_rows() -> None:
    nothing = TABLE.slice(0, 0)
    for kind in ("bar", "line", "histogram", "scatter"):
        chart = Chart(kind=kind, x="delay", y="delay")  # type: ignore[arg-type]
        data = chart_data(
            chart, Columns(nothing["delay"], nothing["delay"], None, "delay", "delay")
        )
        assert [point for series in data.series for point in series.x] == []
