"""Projects with a block for each value of `truth_values`, and what the store makes of each."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .harness import Server
from .truth_values import VALUES

HERE = Path(__file__).parent
EXPECTED: dict[str, Any] = json.loads((HERE / "truth.json").read_text())
"""What is expected of each value: see `seen_of`."""
ROWS = 10
LONG = 200
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")

_LOADER = """\
from headrace import loader
from truth_values import VALUES


@loader
def v_{name}():
    return VALUES["{name}"]()
"""
_AFTER = """\
from inspect import isgenerator

from headrace import transformer
from truth_differences import difference
from truth_values import VALUES


@transformer
def after_{name}(v_{name}):
    made = VALUES["{name}"]()
    return type(v_{name}).__name__ if isgenerator(made) else difference(v_{name}, made)
"""


def is_table(name: str) -> bool:
    return EXPECTED[name]["kind"] == "table"


def make_project(root: Path, names: list[str], *, alone: bool = False) -> None:
    """Write a pipeline `truth`: of each value a loader `v_…`, and unless `alone` who reads it."""
    folder = root / "pipelines" / "truth"
    folder.mkdir(parents=True)
    for file in ("truth_values.py", "truth_differences.py"):
        shutil.copy(HERE / file, root)
    lines = ["blocks:"]
    for name in names:
        (folder / f"v_{name}.py").write_text(_LOADER.format(name=name))
        lines.append(f"  - {{name: v_{name}, kind: loader, file: v_{name}.py}}")
        if alone:
            continue
        (folder / f"after_{name}.py").write_text(_AFTER.format(name=name))
        lines.append(
            f"  - {{name: after_{name}, kind: transformer, file: after_{name}.py, upstream: [v_{name}]}}"
        )
        if name in EXPECTED and is_table(name):
            (folder / f"sql_{name}.sql").write_text(f"select * from v_{name}\n")
            lines.append(
                f"  - {{name: sql_{name}, kind: transformer, file: sql_{name}.sql, upstream: [v_{name}]}}"
            )
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")


def rows_of(server: Server, address: str) -> dict[str, Any]:
    answer = server.get(
        f"outputs/{address}/rows",
        params={"limit": ROWS},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def csv_of(server: Server, address: str) -> str:
    answer = server.get(f"outputs/{address}/export", params={"format": "csv"})
    assert answer.status_code == 200, answer.text
    return answer.content.decode()


def parquet_of(server: Server, address: str) -> pa.Table:
    answer = server.get(f"outputs/{address}/export", params={"format": "parquet"})
    assert answer.status_code == 200, answer.text
    return pq.ParquetFile(io.BytesIO(answer.content)).read()


def stored_of(server: Server, address: str) -> pa.Table:
    """All shown columns of a table as they are in the store."""
    path = server.project / ".headrace" / "store" / address[:2] / f"{address}.arrow"
    table = pa.ipc.open_file(path).read_all()
    return table.select([n for n in table.column_names if n != "__index_level_0__"])


def columns_of(table: Any) -> list[str]:
    return [f"{field.name}: {field.type}" for field in table.schema]


def seen_of(server: Server, blocks: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """What is seen of one value: by programs, by the next blocks, in files, in notes."""
    block, after = blocks[f"v_{name}"], blocks[f"after_{name}"]
    if block["state"] != "succeeded":
        return {"kind": "refused", "why": block["failure"]["message"]}
    output = block["output"]
    seen: dict[str, Any] = {"kind": output["kind"], "received": _text_of(after)}
    if output["notes"]:
        seen["notes"] = output["notes"]
    shows = [display["mime"] for display in block.get("displays", [])]
    if shows:
        seen["displays"] = shows
    if output["kind"] != "table":
        return seen | {"text": short(_ADDRESS.sub("", output["text"]))}
    rows = rows_of(server, output["address"])
    seen["columns"] = [f"{column['name']}: {column['type']}" for column in rows["columns"]]
    seen["rows"] = rows["rows"]
    seen["csv"] = csv_of(server, output["address"])
    parquet, stored = parquet_of(server, output["address"]), stored_of(server, output["address"])
    kinds = [c for c, s in zip(columns_of(parquet), columns_of(stored), strict=False) if c != s]
    if kinds:
        seen["parquet"] = kinds
    elif _words_of(parquet) != _words_of(stored):
        seen["parquet"] = "other values"
    seen["sql"] = _sql_of(server, blocks.get(f"sql_{name}"), rows)
    return {key: short(value) for key, value in seen.items()}


def _words_of(table: Any) -> list[str]:
    """The cells of each column in Arrow's own words, in which NaN is NaN."""
    return [column.combine_chunks().to_string(window=2000) for column in table.columns]


def short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONG:
        return f"{value[:LONG]}… {len(value)}"
    if isinstance(value, list):
        rest = [f"… {len(value)}"] if len(value) > LONG else []
        return [short(item) for item in value[:LONG]] + rest
    return value


def _text_of(block: dict[str, Any]) -> str:
    assert block["state"] == "succeeded", block.get("failure")
    return block["output"]["text"].strip("'\"")


def _sql_of(server: Server, block: dict[str, Any] | None, rows: dict[str, Any]) -> Any:
    if block is None:
        return None
    if block["state"] != "succeeded":
        return block["failure"]["message"]
    found = rows_of(server, block["output"]["address"])
    if found["rows"] == rows["rows"] and [c["name"] for c in found["columns"]] == [
        c["name"] for c in rows["columns"]
    ]:
        return "same"
    return {
        "columns": [f"{column['name']}: {column['type']}" for column in found["columns"]],
        "rows": found["rows"],
    }


ALL = list(VALUES)
