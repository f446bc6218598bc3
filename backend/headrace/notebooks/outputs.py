"""What a block gave, as the outputs of a notebook's cell."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from nbformat import v4

from headrace.protocol.tables import BlockRun, Failure, Output

STATUS = {
    "succeeded": "completed",
    "cached": "completed",
    "failed": "failed",
    "running": "running",
}
_TEXT_MIMES = ("text/", "image/svg+xml")


class Content(Struct, frozen=True, kw_only=True):
    """What a block run names but does not hold.

    `displays` are bytes by address, `rows` the first ones of its table, as `gather` asks for them.
    """

    log: str = ""
    displays: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    rows: Mapping[str, Any] = field(default_factory=dict[str, Any])


def fill(cell: Any, block: BlockRun, count: int, content: Content) -> None:
    """Give a cell the outputs and papermill's metadata of its block run."""
    cell.metadata["papermill"] = {
        **times(block.started_at, block.finished_at),
        "exception": True if block.state == "failed" else None,
        "status": STATUS.get(block.state, "pending"),
    }
    cell.outputs = []
    if block.state not in STATUS:
        return
    cell.execution_count = count
    if content.log:
        cell.outputs.append(v4.new_output("stream", name="stdout", text=content.log))
    for display in block.displays:
        shown = content.displays.get(display.address, display.text.encode())
        bundle = _bundle(display.mime, shown)
        cell.outputs.append(v4.new_output("display_data", data=bundle))
    if block.output is not None and block.output.kind != "nothing":
        data = _result(block.output, content.rows)
        cell.outputs.append(v4.new_output("execute_result", data=data, execution_count=count))
    if block.failure is not None and block.state == "failed":
        cell.outputs.append(error_output(block.failure))


def times(start: datetime | None, end: datetime | None) -> dict[str, Any]:
    """Return start, end and duration as papermill writes them."""
    duration = (end - start).total_seconds() if start and end else None
    return {
        "start_time": start.isoformat() if start else None,
        "end_time": end.isoformat() if end else None,
        "duration": duration,
    }


def error_output(failure: Failure) -> Any:
    """Return a failure as the output of a cell."""
    return v4.new_output(
        "error",
        ename=failure.type,
        evalue=failure.message,
        traceback=(failure.text or failure.message).splitlines(),
    )


def _bundle(mime: str, content: bytes) -> Mapping[str, Any]:
    if mime.startswith(_TEXT_MIMES):
        return {mime: content.decode(errors="replace")}
    if mime == "application/json":
        return {mime: json.loads(content)}
    return {mime: base64.b64encode(content).decode()}


def _result(output: Output, rows: Mapping[str, Any]) -> dict[str, Any]:
    if output.kind != "table":
        return {"text/plain": output.text or output.type_name}
    names = ", ".join(column.name for column in output.columns[:20])
    shape = f"{output.rows} rows × {output.column_count} columns"
    if not rows:
        return {"text/plain": f"{shape}: {names}"}
    return {"text/plain": f"{shape}: {names}", "text/html": _table(rows, shape)}


def _table(rows: Mapping[str, Any], shape: str) -> str:
    """Return the first rows as the table that Jupyter shows of a frame."""
    heads = "".join(f"<th>{html.escape(column['name'])}</th>" for column in rows["columns"])
    lines = [
        "<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>"
        for row in rows["rows"]
    ]
    if rows["total"] > len(lines):
        lines.append(f"<tr>{'<td>…</td>' * len(rows['columns'])}</tr>")
    body = "\n".join(lines)
    return (
        f'<table border="1" class="dataframe">\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>\n<p>{shape}</p>"
    )


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
