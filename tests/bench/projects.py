"""Projects that are made to be measured."""

from __future__ import annotations

from pathlib import Path

NO_OP = """\
import pandas as pd
from headrace import {kind}


@{kind}
def {name}({arguments}):
    first = seed + {number}
    return pd.DataFrame(
        {{"a": range(first, first + 10), "b": [float(n) for n in range(10)], "c": list("abcdefghij")}}
    )
"""
"""No-op as for the peers: it ignores its inputs and makes a frame of 10 rows. Every frame differs, so
that each of them has to be stored."""

ECHO = """\
from headrace import loader


@loader
def echo():
    return "T0"
"""

BIG = """\
import numpy as np
import pyarrow as pa
from headrace import loader


@loader
def big(rows: int):
    chance = np.random.default_rng(0)
    columns = {{f"f{{i}}": chance.random(rows) for i in range(5)}}
    columns |= {{f"i{{i}}": chance.integers(0, 1_000_000, rows) for i in range(4)}}
    words = pa.array(["alpha", "beta", "gamma", "delta"])
    columns["word"] = words.take(pa.array(chance.integers(0, 4, rows)))
    return pa.table(columns)
"""


MIXED = """\
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from headrace import loader


@loader
def mixed(rows: int):
    chance = np.random.default_rng(0)
    columns = {f"f{i}": chance.random(rows) for i in range(5)}
    columns |= {f"i{i}": chance.integers(0, 1_000_000, rows) for i in range(3)}
    words = pa.array(["alpha", "beta", "gamma", "delta"])
    columns["word"] = words.take(pa.array(chance.integers(0, 4, rows)))
    numbers = pa.array(chance.integers(0, rows, rows)).cast(pa.string())
    columns["name"] = pc.binary_join_element_wise("user_", numbers, "")
    return pa.table(columns)
"""
"""5 floats, 3 integers, a text of 4 values and one of as many as rows."""


def empty(folder: Path) -> Path:
    """A project without pipelines."""
    (folder / "pipelines").mkdir(parents=True)
    return folder


def add(folder: Path, pipeline: str, text: str, sources: dict[str, str]) -> None:
    """Write one pipeline."""
    place = folder / "pipelines" / pipeline
    place.mkdir(parents=True)
    (place / "pipeline.yaml").write_text(text)
    for name, source in sources.items():
        (place / f"{name}.py").write_text(source)


def add_echo(folder: Path) -> None:
    """One block whose text comes back as its output."""
    text = "title: Echo\nblocks:\n  - {name: echo, kind: loader, file: echo.py}\n"
    add(folder, "echo", text, {"echo": ECHO})


def add_chain(folder: Path, length: int) -> None:
    """`length` no-ops, one after the other."""
    lines, sources = _head("Chain"), {}
    before = ""
    for number in range(length):
        name = f"n{number:03}"
        lines.append(_line(name, "transformer" if before else "loader", [before] if before else []))
        sources[name] = no_op(name, number, [before] if before else [])
        before = name
    add(folder, "chain", "\n".join(lines) + "\n", sources)


def add_fan(folder: Path, width: int) -> None:
    """`width` no-ops of nothing, and one that takes them all."""
    lines, sources = _head("Fan"), {}
    names = [f"n{number:03}" for number in range(width)]
    for number, name in enumerate(names):
        lines.append(_line(name, "loader", []))
        sources[name] = no_op(name, number, [])
    lines.append(_line("join", "transformer", names))
    sources["join"] = no_op("join", width, names)
    add(folder, "fan", "\n".join(lines) + "\n", sources)


def add_big(folder: Path, rows: int) -> None:
    """One frame of 10 columns."""
    text = (
        "title: Big\nparameters:\n"
        f"  rows: {{type: integer, default: {rows}}}\n"
        "blocks:\n  - {name: big, kind: loader, file: big.py}\n"
    )
    add(folder, "big", text, {"big": BIG.format()})


def add_mixed(folder: Path, rows: int) -> None:
    """One frame of 10 columns to sort, filter and search."""
    text = (
        "title: Mixed\nparameters:\n"
        f"  rows: {{type: integer, default: {rows}}}\n"
        "blocks:\n  - {name: mixed, kind: loader, file: mixed.py}\n"
    )
    add(folder, "mixed", text, {"mixed": MIXED})


def no_op(name: str, number: int, upstream: list[str]) -> str:
    """Source of one no-op."""
    arguments = ", ".join([*upstream, "seed: int"])
    kind = "transformer" if upstream else "loader"
    return NO_OP.format(kind=kind, name=name, arguments=arguments, number=number)


def _head(title: str) -> list[str]:
    return [
        f"title: {title}",
        "parameters:",
        "  seed: {type: integer, default: 0}",
        "blocks:",
    ]


def block_line(name: str, upstream: list[str]) -> str:
    """The entry of a no-op in a pipeline's file."""
    return _line(name, "transformer" if upstream else "loader", upstream)


def _line(name: str, kind: str, upstream: list[str]) -> str:
    above = f", upstream: [{', '.join(upstream)}]" if upstream else ""
    return f"  - {{name: {name}, kind: {kind}, file: {name}.py{above}}}"
