"""Projects for looking at: the example with a history, and one with awkward names and sizes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.acceptance.harness import headrace_command

FLIGHTS = Path(__file__).parents[2] / "data" / "nycflights" / "flights.parquet"
LONG_NAME = "a_block_whose_name_says_everything_that_is_worth_saying_here"
LONG_TITLE = "Everything that leaves New York by air, late or on time, month"
MANY = 30

HTML_BLOCK = '''
from IPython.display import HTML, SVG, display

from headrace import loader

SCRIPT = """
<b id="shown">rich</b>
<script>
const tried = {};
for (const [name, attempt] of Object.entries({
  parent: () => parent.document.title,
  cookie: () => document.cookie,
  storage: () => localStorage.length,
})) {
  try { tried[name] = `reached ${attempt()}`; } catch { tried[name] = "refused"; }
}
fetch("/api/status").then(
  () => { tried.fetch = "reached"; },
  () => { tried.fetch = "refused"; },
).finally(() => { document.getElementById("shown").textContent = JSON.stringify(tried); });
</script>
"""


@loader
def rich():
    """Displays that try to get out."""
    display(HTML(SCRIPT))
    display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
                '<script>parent.document.title = "taken"</script>'
                '<circle r="16" cx="20" cy="20"/></svg>'))
    return "<img src=x onerror=\\"document.title='taken'\\">"
'''

GRID_BLOCKS = {
    "flights": """
import pandas as pd

from headrace import loader


@loader
def flights():
    return pd.read_parquet("data/nycflights/flights.parquet")
""",
    "wide": """
import numpy as np
import pandas as pd

from headrace import loader


@loader
def wide():
    names = [f"sensor_{number:05}" for number in range(WIDE)]
    return pd.DataFrame(np.tile(np.arange(WIDE), (1000, 1)), columns=names)
""",
    "nested": """
import io
import json

import numpy as np
import pyarrow as pa
from PIL import Image

from headrace import loader

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c63e04e3b0c0001b401356fe369c90000000049454e44ae426082"
)


def scan(number):
    noise = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype="uint8")
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


@loader
def nested():
    rows = range(40)
    document = {"tags": [f"tag {n}" for n in range(2_000)], "big": 9007199254740993}
    return pa.table(
        {
            "id": pa.array([2**53 + row for row in rows], pa.uint64()),
            "person": [{"name": f"Person {row}", "tags": ["a", "b"][: row % 3]} for row in rows],
            "json": ['{"a": [1, {"b": null}], "text": "hello"}' for row in rows],
            "long": ["All work and no play. " * (row * 40) for row in rows],
            "photo": pa.array([PIXEL] * len(rows), pa.binary()),
            "scan": pa.array([scan(row) for row in rows], pa.binary()),
            "document": [json.dumps(document)] * len(rows),
            "story": ["It was a dark night. " * 40_000] * len(rows),
            "empty": pa.nulls(len(rows), pa.string()),
        }
    )
""",
    "nothing": """
import pandas as pd

from headrace import loader


@loader
def nothing():
    return pd.DataFrame({"day": pd.Series(dtype="datetime64[us]"), "delay": pd.Series(dtype="int64")})
""",
}


def headrace(*arguments: str | Path, exits: int = 0) -> None:
    """Run the command line; AssertionError with its words for another exit code."""
    command = [*headrace_command(), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == exits, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"


def make_example(project: Path) -> None:
    """The example of `headrace init`: scheduled, run well, run badly, and run well again."""
    headrace("init", project)
    headrace("run", "late_flights", "-C", project)
    worst = project / "pipelines" / "late_flights" / "delay_by_wind.py"
    text = worst.read_text()
    worst.write_text(text.replace("wind_speed", "windspeed", 1))
    assert worst.read_text() != text
    headrace("run", "late_flights", "-C", project, exits=1)
    worst.write_text(text)
    headrace("run", "late_flights", "-C", project, "-p", "month=2")
    settings = worst.with_name("pipeline.yaml")
    settings.write_text(settings.read_text().replace("active: false", "active: true"))


def add_rich(project: Path) -> None:
    """A pipeline whose only block shows HTML and SVG with scripts in them."""
    folder = project / "pipelines" / "rich"
    folder.mkdir(parents=True)
    (folder / "rich.py").write_text(HTML_BLOCK)
    (folder / "pipeline.yaml").write_text(
        "title: Rich\nblocks:\n  - {name: rich, kind: loader, file: rich.py}\n"
    )


def add_crowded(project: Path) -> None:
    """A pipeline of thirty blocks, with names and a title as long as they may be."""
    folder = project / "pipelines" / "crowded"
    folder.mkdir(parents=True)
    lines = [f"title: {LONG_TITLE}", "blocks:"]
    names = [f"{LONG_NAME[:57]}_{number:02}" for number in range(MANY)]
    for number, name in enumerate(names):
        upstream = names[max(0, number - 3) : number]
        kind = "transformer" if upstream else "loader"
        lines.append(
            f"  - {{name: {name}, kind: {kind}, file: b{number}.py, upstream: [{', '.join(upstream)}]}}"
        )
        arguments = ", ".join(upstream)
        (folder / f"b{number}.py").write_text(
            f"from headrace import {kind}\n\n\n@{kind}\ndef {name}({arguments}):\n    return {number}\n"
        )
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")


def add_grids(project: Path, *, wide: int) -> None:
    """A pipeline of tables: the flights, one with very many columns, nested values, and no rows."""
    (project / "data" / "nycflights").mkdir(parents=True)
    shutil.copy(FLIGHTS, project / "data" / "nycflights")
    folder = project / "pipelines" / "grids"
    folder.mkdir(parents=True)
    lines = ["title: Grids", "blocks:"]
    for name, text in GRID_BLOCKS.items():
        (folder / f"{name}.py").write_text(text.replace("WIDE", str(wide)).lstrip())
        lines.append(f"  - {{name: {name}, kind: loader, file: {name}.py}}")
    (folder / "pipeline.yaml").write_text("\n".join(lines) + "\n")


CARRIERS = {
    "carriers": """
from headrace import transformer


@transformer
def carriers(flights):
    delays = flights.groupby("carrier", as_index=False).agg(
        flights=("flight", "size"), delay=("arr_delay", "mean")
    )
    return delays.assign(delay=delays["delay"].round(ROUNDED))
""",
    "carriers_checked": """
from headrace import check, transformer


@transformer
def carriers_checked(carriers):
    return carriers


@check
def enough_flights(carriers_checked):
    return carriers_checked["flights"] >= 1_000
""",
}


def add_carriers(project: Path, *, again: bool = False) -> None:
    """Two blocks more below the flights: one to compare when made again, one against a check."""
    folder = project / "pipelines" / "grids"
    rounded = "0" if again else "2"
    for name, text in CARRIERS.items():
        (folder / f"{name}.py").write_text(text.replace("ROUNDED", rounded).lstrip())
    settings = folder / "pipeline.yaml"
    lines = settings.read_text()
    if "carriers" not in lines:
        settings.write_text(
            f"{lines}  - {{name: carriers, kind: transformer, file: carriers.py, upstream: [flights]}}\n"
            "  - {name: carriers_checked, kind: transformer, file: carriers_checked.py,"
            " upstream: [carriers]}\n"
        )
