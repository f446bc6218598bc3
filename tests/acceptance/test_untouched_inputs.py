"""A block may change what it was given as it likes: nobody else's data is different afterwards.

`before`, `change` and `after` read the output of `made`, in this order and in the same worker. What
`after` sees has to be what `before` saw, also once it comes from the store again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .editor import Editor
from .harness import Server
from .test_bad_blocks import blocks_of

IMPORTS = "import numpy as np\nimport pandas as pd\nimport polars as pl\nimport pyarrow as pa\n"
CHANGES = {
    # name: what `made` returns, what `change` does to it as `x`
    "new_column": ("pd.DataFrame({'a': [1, 2]})", "x['c'] = 9"),
    "column_again": ("pd.DataFrame({'a': [1, 2]})", "x['a'] = x['a'] * 9"),
    "rows_inplace": ("pd.DataFrame({'a': [2, 1]})", "x.sort_values('a', inplace=True)"),
    "columns_inplace": (
        "pd.DataFrame({'a': [1], 'b': [2]})",
        "x.rename(columns={'a': 'z'}, inplace=True)\n    x.drop(columns='b', inplace=True)",
    ),
    "fill_inplace": ("pd.DataFrame({'a': [1.0, None]})", "x['a'].fillna(9, inplace=True)"),
    "cells": ("pd.DataFrame({'a': [1, 2]})", "x.loc[0, 'a'] = 9\n    x.iloc[1, 0] = 9"),
    "lists_in_cells": ("pd.DataFrame({'a': [[1], [2]]})", "x['a'].iloc[0].append(9)"),
    "list": ("[1, [2]]", "x.append(9)\n    x[1].append(9)"),
    "dict_of_lists": ("{'a': [1]}", "x['a'].append(9)\n    x['b'] = 9"),
    "numpy_array": (
        "np.arange(4)",
        "try: x[:] = 9\n    except ValueError: return 'refused'",
    ),
    "array_of_a_frame": (
        "pd.DataFrame({'a': [1, 2]})",
        "v = x['a'].to_numpy()\n    try: v[:] = 9\n    except ValueError: return 'refused'",
    ),
    "array_in_a_dict": (
        "{'a': np.arange(4)}",
        "try: x['a'] += 9\n    except ValueError: return 'refused'",
    ),
    "series": ("pd.Series([1, 2])", "x.iloc[0] = 9"),
    "polars": ("pl.DataFrame({'a': [1, 2]})", "x[0, 'a'] = 9"),
    "arrow": (
        "pa.table({'a': np.arange(4)})",
        (
            "v = x['a'].chunk(0).to_numpy(zero_copy_only=False)\n"
            "    try: v[:] = 9\n    except ValueError: return 'refused'"
        ),
    ),
}
YAML = """\
blocks:
  - {{name: made, kind: loader, file: made.py}}
  - {{name: before, kind: transformer, file: before.py, upstream: [made]{isolation}}}
  - {{name: change, kind: transformer, file: change.py, upstream: [made, before]{isolation}}}
  - {{name: after, kind: transformer, file: after.py, upstream: [made, change]{isolation}}}
  - {{name: beside, kind: transformer, file: beside.py, upstream: [made]}}
"""
LOOK = "    return type(made).__name__, str(made.to_dict() if hasattr(made, 'to_dict') else made)\n"
BLOCK = "from headrace import {kind}\n\n\n@{kind}\ndef {name}({arguments}):\n"


def write(root: Path, name: str, isolation: str = "") -> str:
    """Write the pipeline of a case; return its name."""
    value, change = CHANGES[name]
    pipeline = f"{name}_apart" if isolation else name
    folder = root / "pipelines" / pipeline
    folder.mkdir(parents=True)
    bodies = {
        "made": ("loader", "", f"    return {value}\n"),
        "before": ("transformer", "made", LOOK),
        "change": (
            "transformer",
            "made, before",
            f"    x = made\n    {change}\n    return 'done'\n",
        ),
        "after": ("transformer", "made, change", LOOK),
        "beside": ("transformer", "made", LOOK),
    }
    for block, (kind, arguments, body) in bodies.items():
        head = BLOCK.format(kind=kind, name=block, arguments=arguments)
        (folder / f"{block}.py").write_text(IMPORTS + head + body)
    (folder / "pipeline.yaml").write_text(YAML.format(isolation=isolation))
    return pipeline


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("untouched") / "project"
    for name in CHANGES:
        write(root, name)
        write(root, name, ", isolation: block")
    with Server(root) as running:
        running.wait_ready()
        yield running


def seen(server: Server, pipeline: str) -> dict[str, str]:
    status = server.get(f"pipelines/{pipeline}").json()["status"]
    assert {mark["staleness"]["state"] for mark in status.values()} == {"fresh"}, status
    return {name: block["output"]["text"] for name, block in status.items()}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_block_changes_in_place_is_changed_for_nobody_else(
    server: Server, name: str
) -> None:
    with Editor(server, name) as editor:
        editor.run("after")
        editor.run("beside")
        first = seen(server, name)
        assert first["after"] == first["before"], "in the same worker"
        assert first["beside"] == first["before"]
        editor.command({"op": "restart-worker"})
        for block in ("after", "beside"):
            editor.is_running = True  # the end may be told before the answer
            editor.command({"op": "run-blocks", "blocks": [block], "scope": "only", "force": True})
            editor.finish()
        assert seen(server, name) == first, "as it lies in the store"
    for pipeline in (name, f"{name}_apart"):
        record = server.run(pipeline, force=True)
        assert record["state"] == "succeeded", record
        said = {block: run["output"]["text"] for block, run in blocks_of(record).items()}
        assert said == first, pipeline
