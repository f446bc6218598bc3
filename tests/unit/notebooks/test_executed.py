"""A finished run is a valid executed notebook, and its cells run by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import nbformat
import pytest

from headrace.notebooks.cells import pipeline_cells
from headrace.notebooks.executed import Material, build
from headrace.notebooks.render import render
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import (
    BlockRun,
    Column,
    Display,
    Failure,
    Output,
    RunRecord,
)
from headrace.session.definition import Definition, PlannedBlock

START = datetime(2026, 3, 1, tzinfo=UTC)
LOAD = "from headrace import loader\n\n\n@loader\ndef read(count: int = 3):\n    return list(range(count))\n"
SQL = "select n, :factor * n as scaled, 'at 12:30' as t from rows where n::int > 0"


def pipeline() -> Definition:
    rows = PlannedBlock(
        name="rows",
        kind="loader",
        source="import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef rows(count):\n"
        "    return pd.DataFrame({'n': range(count)})\n",
        bindings=(Binding(argument="count", source="parameter"),),
    )
    scaled = PlannedBlock(
        name="scaled",
        kind="transformer",
        language="sql",
        source=SQL,
        upstream=("rows",),
        settings={"factor": 10},
        bindings=(
            Binding(argument="rows", source="upstream", name="rows"),
            Binding(argument="factor", source="setting"),
        ),
    )
    total = PlannedBlock(
        name="total",
        kind="exporter",
        source="from headrace import exporter\n\n\n@exporter\ndef total(frame, context, extra=1):\n"
        "    return context.block, len(frame)\n",
        upstream=("scaled",),
        bindings=(
            Binding(argument="frame", source="upstream", name="scaled"),
            Binding(argument="context", source="context"),
            Binding(argument="extra", source="default"),
        ),
    )
    return Definition.of("demo", [rows, scaled, total], {"count": 4})


def a_run() -> RunRecord:
    table = Output(
        address="a" * 32,
        digest="a" * 32,
        kind="table",
        rows=4,
        column_count=1,
        columns=[Column("n", "int64")],
    )
    done = {"started_at": START, "finished_at": START + timedelta(seconds=1)}
    shown = [Display(mime="image/png", address="b" * 32), Display(mime="text/plain", text="hi")]
    failure = Failure(kind="exception", type="ValueError", message="boom", text="Traceback\nboom")
    return RunRecord(
        id="r" * 20,
        pipeline="demo",
        state="failed",
        parameters={"count": 7},
        queued_at=START,
        **done,
        blocks=[
            BlockRun(
                name="rows", kind="loader", state="succeeded", output=table, displays=shown, **done
            ),
            BlockRun(
                name="scaled",
                kind="transformer",
                language="sql",
                state="failed",
                failure=failure,
                **done,
            ),
            BlockRun(name="total", kind="exporter", state="skipped", because="scaled"),
        ],
    )


@pytest.fixture
def material() -> Material:
    return Material(
        definition=pipeline(),
        title="Demo",
        run=a_run(),
        displays={"b" * 32: b"\x89PNG"},
        logs={"rows": "read 4 rows\n"},
    )


def cell_of(book: Any, block: str) -> Any:
    return next(c for c in book.cells if c.metadata.get("headrace", {}).get("block") == block)


def test_the_notebook_is_valid_and_has_papermills_metadata(material: Material) -> None:
    book: Any = nbformat.reads(build(material), as_version=4)
    nbformat.validate(book)
    assert book.metadata.papermill["parameters"] == {"count": 7}
    assert book.metadata.papermill["exception"] is True
    assert book.metadata.papermill["duration"] == 1.0
    statuses = [cell_of(book, n).metadata.papermill["status"] for n in ("rows", "scaled", "total")]
    assert statuses == ["completed", "failed", "pending"]


def test_parameters_are_injected_as_papermill_does(material: Material) -> None:
    book: Any = nbformat.reads(build(material), as_version=4)
    tagged = {tuple(c.metadata.get("tags", ())): c.source for c in book.cells}
    assert tagged["parameters",] == "# Parameters\ncount = 4"
    assert "count = 7" in tagged["injected-parameters",]


def test_outputs_logs_displays_and_errors_are_in_their_cells(material: Material) -> None:
    book: Any = nbformat.reads(build(material), as_version=4)
    kinds = [output.output_type for output in cell_of(book, "rows").outputs]
    assert kinds == ["stream", "display_data", "display_data", "execute_result"]
    (error,) = cell_of(book, "scaled").outputs
    assert (error.ename, error.evalue) == ("ValueError", "boom")
    assert cell_of(book, "total").outputs == []


def test_a_pipeline_that_never_ran_is_a_notebook_without_outputs() -> None:
    book: Any = nbformat.reads(build(Material(definition=pipeline(), title="Demo")), as_version=4)
    assert "papermill" not in book.metadata
    assert all(not cell.get("outputs") for cell in book.cells)


def test_the_cells_run_from_top_to_bottom_without_headrace_running() -> None:
    names: dict[str, Any] = {}
    exec(build(Material(definition=pipeline(), title="Demo", form="script")), names)
    assert names["scaled"].to_dict("records")[0] == {"n": 1, "scaled": 10, "t": "at 12:30"}
    assert names["total"] == ("total", 3)


def test_a_block_whose_function_has_another_name_is_called_by_that_name() -> None:
    block = PlannedBlock(name="rows", kind="loader", source=LOAD, settings={"count": 2})
    block = msgspec.structs.replace(
        block, bindings=(Binding(argument="count", source="setting"),), upstream=()
    )
    (*_, cell) = pipeline_cells(Definition.of("demo", [block], {}), "Demo")
    assert "rows = headrace_call(read, count=2)" in cell.source


async def test_building_happens_in_a_process_of_its_own(material: Material) -> None:
    book: Any = nbformat.reads(
        (await render(msgspec.msgpack.encode(material))).decode(), as_version=4
    )
    assert cell_of(book, "rows").execution_count == 1
