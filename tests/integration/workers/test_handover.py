"""Whatever a block does to its inputs, nobody else's data changes: in one worker or between two."""

from __future__ import annotations

import pytest

from headrace.protocol.tables import Output
from headrace.workers.jobs import Done

from .conftest import Bench, upstream

IMPORTS = "import numpy as np, pandas as pd, polars as pl, pyarrow as pa\n"

CHANGES: list[tuple[str, str, str]] = [
    # name, what the first block returns, what the second does to it as `x`
    ("new column", "pd.DataFrame({'a': [1, 2]})", "x['c'] = 9"),
    ("column again", "pd.DataFrame({'a': [1, 2]})", "x['a'] = 9"),
    ("inplace", "pd.DataFrame({'a': [2, 1]})", "x.sort_values('a', inplace=True)"),
    ("drop inplace", "pd.DataFrame({'a': [1], 'b': [2]})", "x.drop(columns='a', inplace=True)"),
    ("loc", "pd.DataFrame({'a': [1, 2]})", "x.loc[0, 'a'] = 9"),
    ("iloc", "pd.DataFrame({'a': [1.0, 2.0]})", "x.iloc[:, 0] = 9"),
    ("text", "pd.DataFrame({'a': ['x', 'y']})", "x.loc[0, 'a'] = 'changed'"),
    ("columns", "pd.DataFrame({'a': [1]})", "x.columns = ['z']"),
    ("index", "pd.DataFrame({'a': [1, 2]})", "x.index = [7, 8]"),
    ("attrs", "pd.DataFrame({'a': [1]})", "x.attrs['k'] = 1"),
    (
        "values behind the frame",
        "pd.DataFrame({'a': [1, 2]})",
        (
            "v = x['a'].to_numpy()\n    try: v.flags.writeable = True\n    except ValueError: pass\n"
            "    else: v[:] = 9"
        ),
    ),
    ("lists in cells", "pd.DataFrame({'a': [[1], [2]]})", "x['a'].iloc[0].append(9)"),
    ("dicts in cells", "pd.DataFrame({'a': [{'k': 1}]})", "x['a'].iloc[0]['k'] = 9"),
    ("series", "pd.Series([1, 2])", "x.iloc[0] = 9"),
    ("list", "[1, [2]]", "x.append(9); x[1].append(9)"),
    ("dict", "{'a': {'b': 1}}", "x['a']['b'] = 9; x['z'] = 1"),
    ("array", "np.arange(4)", "x[:] = 9"),
    ("dict of arrays", "{'a': np.arange(4)}", "x['a'][:] = 9"),
    ("dict of frames", "{'a': pd.DataFrame({'x': [1]})}", "x['a']['x'] = 9"),
    ("list of frames", "[pd.DataFrame({'x': [1]})]", "x[0].loc[0, 'x'] = 9"),
    ("set", "{1, 2}", "x.add(9)"),
    ("bytearray", "bytearray(b'ab')", "x[0] = 9"),
    ("polars", "pl.DataFrame({'a': [1, 2]})", "x[0, 'a'] = 9"),
    (
        "arrow",
        "pa.table({'a': np.arange(4)})",
        (
            "v = x['a'].chunk(0).to_numpy(zero_copy_only=False)\n"
            "    try: v.flags.writeable = True\n    except ValueError: pass\n    else: v[:] = 9"
        ),
    ),
]


@pytest.mark.parametrize("runs", [("r", "r", "r"), ("r1", "r2", "r3")], ids=["one", "many"])
@pytest.mark.parametrize(("name", "value", "change"), CHANGES, ids=[case[0] for case in CHANGES])
async def test_a_change_in_one_block_reaches_no_other(
    bench: Bench, name: str, value: str, change: str, runs: tuple[str, str, str]
) -> None:
    del name
    made = await bench.output(f"{IMPORTS}@loader\ndef a(): return {value}", block="a", run=runs[0])
    changed = await bench.run(
        f"{IMPORTS}@transformer\ndef b(x):\n    {change}\n    return x",
        block="b",
        run=runs[1],
        bindings=_as_x(),
        inputs={"a": made},
    )
    assert isinstance(changed, Done), changed
    again = await bench.output(
        f"{IMPORTS}@transformer\ndef c(x): return x",
        block="c",
        run=runs[2],
        bindings=_as_x(),
        inputs={"a": made},
    )
    assert again.digest == made.digest
    if changed.output.digest != made.digest:
        await _is_as_it_was(bench, changed.output, runs[1])


async def _is_as_it_was(bench: Bench, changed: Output, run: str) -> None:
    """What the changing block returned is kept apart from what it was given."""
    again = await bench.output(
        f"{IMPORTS}@transformer\ndef d(x): return x",
        block="d",
        run=run,
        bindings=_as_x(),
        inputs={"a": changed},
    )
    assert again.digest == changed.digest


def _as_x() -> list[object]:
    (binding,) = upstream("a")
    return [type(binding)(argument="x", source="upstream", name="a")]


KEPT: list[tuple[str, str, str]] = [
    # name, what is kept and returned, what is done later to what was kept
    ("frame", "keep.x = pd.DataFrame({'a': [1, 2]})\n    return keep.x", "keep.x['a'] = 9"),
    ("cells", "keep.x = pd.DataFrame({'a': [1, 2]})\n    return keep.x", "keep.x.loc[0, 'a'] = 9"),
    (
        "array below a frame",
        "keep.x = np.arange(4)\n    return pd.DataFrame({'a': keep.x}, copy=False)",
        "keep.x[:] = 9",
    ),
    (
        "part of an array below a frame",
        (
            "keep.x = np.zeros((4, 2))\n    return pd.DataFrame(keep.x[:2], copy=False)"
            ".rename(columns=str)"
        ),
        "keep.x[:] = 9",
    ),
    (
        "array below a table",
        "keep.x = np.arange(4)\n    return pa.table({'a': keep.x})",
        "keep.x[:] = 9",
    ),
    ("list", "keep.x = [1]\n    return keep.x", "keep.x.append(9)"),
    ("array", "keep.x = np.arange(4)\n    return keep.x", "keep.x[:] = 9"),
]


@pytest.mark.parametrize(("name", "source", "later"), KEPT, ids=[case[0] for case in KEPT])
async def test_what_a_module_keeps_and_changes_later_does_not_change_the_output(
    bench: Bench, name: str, source: str, later: str
) -> None:
    del name
    (bench.root / "keep.py").write_text("x = None\n")
    made = await bench.output(f"{IMPORTS}import keep\n@loader\ndef a():\n    {source}", block="a")
    await bench.output(f"{IMPORTS}import keep\n@loader\ndef b():\n    {later}", block="b")
    again = await bench.output(
        f"{IMPORTS}@transformer\ndef c(x): return x",
        block="c",
        bindings=_as_x(),
        inputs={"a": made},
    )
    assert again.digest == made.digest


async def test_a_block_of_its_own_process_leaves_nothing_to_the_next(bench: Bench) -> None:
    source = "import os\n@loader\ndef b(): return os.getpid()"
    shared = [await bench.output(source) for _ in range(2)]
    assert shared[0].text == shared[1].text
    alone = [await bench.output(source, worker="block") for _ in range(3)]
    assert len({output.text for output in (shared[0], *alone)}) == 4
    assert (await bench.output(source)).text == shared[0].text, "and takes no worker away"
