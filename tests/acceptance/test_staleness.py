"""A fresh mark is never wrong, and a stale one says why: edits outside, on the real server.

Each case has a pipeline of its own: `load ▸ clean ▸ below`, and `beside` below `load`, which no edit
concerns. What is fresh has to be what a run from nothing would give, so each case also runs what the
editor says is stale and looks at the values.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .editor import Editor
from .harness import Server, headrace_command
from .plant import until

YAML = """\
blocks:
  - {{name: load, kind: loader, file: load.py{cache}}}
  - {{name: clean, kind: transformer, file: clean.py, upstream: [load]}}
  - {{name: below, kind: transformer, file: below.py, upstream: [clean]}}
  - {{name: beside, kind: transformer, file: beside.py, upstream: [load]}}
"""
LOAD = "from headrace import loader\n\n\n@loader\ndef load():\n    return [1]\n"
NEXT = "from headrace import transformer\n\n\n@transformer\ndef {}({}):\n    return {}\n"
BELOW = NEXT.format("below", "clean", "[clean]")
BESIDE = NEXT.format("beside", "load", "load + [0]")
BLOCKS = ["load", "clean", "below", "beside"]


@dataclass(frozen=True)
class Case:
    """An edit outside of the editor; `@` in names of files stands for the pipeline's folder."""

    name: str
    imports: str
    value: str
    """What `clean` returns, in words of what it imports."""
    files: dict[str, str]
    edited: str
    """Which file changes; its `1` becomes `2`."""
    is_comment: bool = False
    reason: str = ""
    """Instead of naming the edited helper."""
    after: str = "2"
    """What `clean` returns after the edit."""
    notes: dict[str, str] = field(default_factory=dict[str, str])
    """Files as they are with nothing but a comment or docstring more."""


RATE = "RATE = 1\n"
NOTED = '"""What it costs."""\n# a note\nRATE = 1  # a note\n'
HELPERS = [
    Case("direct", "import rates_{n}", "rates_{n}.RATE", {"rates_{n}.py": RATE}, "rates_{n}.py"),
    Case("by_name", "from rates_{n} import RATE", "RATE", {"rates_{n}.py": RATE}, "rates_{n}.py"),
    Case("star", "from rates_{n} import *", "RATE", {"rates_{n}.py": RATE}, "rates_{n}.py"),
    Case("own_folder", "import near", "near.RATE", {"@near.py": RATE}, "@near.py"),
    Case(
        "second_hand",
        "import middle_{n}",
        "middle_{n}.twice()",
        {
            "middle_{n}.py": "import rates_{n}\n\n\ndef twice():\n    return rates_{n}.RATE\n",
            "rates_{n}.py": RATE,
        },
        "rates_{n}.py",
    ),
    Case(
        "package",
        "import lib_{n}",
        "lib_{n}.RATE",
        {"lib_{n}/__init__.py": RATE},
        "lib_{n}/__init__.py",
    ),
    Case(
        "module_of_a_package",
        "from lib_{n} import rates",
        "rates.RATE",
        {"lib_{n}/__init__.py": "", "lib_{n}/rates.py": RATE},
        "lib_{n}/rates.py",
    ),
    Case(
        "relative_import",
        "import lib_{n}",
        "lib_{n}.RATE",
        {"lib_{n}/__init__.py": "from .rates import RATE\n", "lib_{n}/rates.py": RATE},
        "lib_{n}/rates.py",
    ),
    Case(
        "relative_import_of_two_dots",
        "from lib_{n}.inner.deep import RATE",
        "RATE",
        {
            "lib_{n}/__init__.py": "",
            "lib_{n}/inner/__init__.py": "",
            "lib_{n}/inner/deep.py": "from ..rates import RATE\n",
            "lib_{n}/rates.py": RATE,
        },
        "lib_{n}/rates.py",
    ),
    Case(
        "importlib_with_a_literal",
        "import importlib",
        "importlib.import_module('rates_{n}').RATE",
        {"rates_{n}.py": RATE},
        "rates_{n}.py",
    ),
    Case(
        "importlib_relative_to_a_package",
        "from importlib import import_module as take",
        "take('.rates', package='lib_{n}').RATE",
        {"lib_{n}/__init__.py": "", "lib_{n}/rates.py": RATE},
        "lib_{n}/rates.py",
    ),
    Case(
        "within_the_function",
        "",
        "__import__('rates_{n}').RATE",
        {"rates_{n}.py": RATE},
        "rates_{n}.py",
    ),
]


class Desk:
    """A project that people edit with other programs while its server runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "pipelines").mkdir(parents=True)

    def write(self, pipeline: str, files: dict[str, str], *, clean: str, cache: str = "") -> None:
        """Write a pipeline whose block `clean` has this source."""
        blocks = {"load": LOAD, "clean": clean, "below": BELOW, "beside": BESIDE}
        for name, text in files.items():
            self.edit(pipeline, name, text)
        for name, text in blocks.items():
            self.edit(pipeline, f"@{name}.py", text)
        self.edit(pipeline, "@pipeline.yaml", YAML.format(cache=cache))

    def file(self, pipeline: str, name: str) -> Path:
        folder = self.root / "pipelines" / pipeline if name.startswith("@") else self.root
        return folder / name.removeprefix("@")

    def edit(self, pipeline: str, name: str, text: str) -> None:
        path = self.file(pipeline, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("stale") / "project")


SITE = "site-packages"


def install(folder: Path, version: str) -> None:
    """Make a library of this version the only one in a folder, as pip does."""
    for old in folder.glob("*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    made = folder / f"ratelib-{version}.dist-info"
    made.mkdir(parents=True)
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ratelib\nVersion: {version}\n")
    (made / "top_level.txt").write_text("ratelib\n")
    (made / "RECORD").write_text("ratelib.py,,\n")
    (folder / "ratelib.py").write_text(f"VERSION = '{version}'\n")


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[Server]:
    libraries = desk.root.parent / SITE
    install(libraries, "1.0")
    with Server(desk.root, env={"PYTHONPATH": str(libraries)}) as running:
        running.wait_ready()
        yield running


def marks(server: Server, pipeline: str) -> dict[str, list[str]]:
    """Return the blocks that are not fresh, with their reasons."""
    status = server.get(f"pipelines/{pipeline}").json()["status"]
    found = {name: status[name]["staleness"] for name in status}
    return {
        name: mark.get("reasons", [mark["state"]])
        for name, mark in found.items()
        if mark["state"] != "fresh"
    }


def shown(server: Server, pipeline: str, block: str) -> str:
    return server.get(f"pipelines/{pipeline}").json()["status"][block]["output"]["text"]


def plan(editor: Editor, block: str = "below") -> list[str]:
    """Ask what the run button would run; it looks at the files first."""
    return editor.command(
        {"op": "run-blocks", "blocks": [block], "scope": "stale", "dry_run": True}
    )["blocks"]


def all_fresh(server: Server, editor: Editor, pipeline: str) -> None:
    for block in ("below", "beside"):
        if plan(editor, block):
            editor.run(block)
    until(lambda: marks(server, pipeline) == {}, "fresh marks")


@pytest.mark.parametrize("case", HELPERS, ids=lambda case: case.name)
def test_the_edit_of_a_helper_is_seen_named_and_executed(
    desk: Desk, server: Server, case: Case
) -> None:
    n = case.name
    files = {name.format(n=n): text.format(n=n) for name, text in case.files.items()}
    clean = NEXT.format("clean", "load", f"load + [{case.value.format(n=n)}]")
    desk.write(n, files, clean=f"{case.imports.format(n=n)}\n{clean}")
    edited = case.edited.format(n=n)
    with Editor(server, n) as editor:
        all_fresh(server, editor, n)
        assert shown(server, n, "below") == "[[1, 1]]"

        desk.edit(n, edited, NOTED)
        assert plan(editor) == [], "a comment or a docstring makes nothing stale"
        assert marks(server, n) == {}

        desk.edit(n, edited, "RATE = 2\n")
        name = edited.removeprefix("@")
        wanted = {"clean": [f"helper {name} edited"], "below": ["input clean is stale"]}
        until(lambda: marks(server, n), "the edit")
        assert marks(server, n) == wanted
        assert plan(editor) == ["clean", "below"], "what is above and beside is left alone"
        editor.run("below")
        assert marks(server, n) == {}
        assert shown(server, n, "below") == "[[1, 2]]"

        desk.edit(n, edited, RATE)
        assert plan(editor) == [], "taken back, the result is known"
        assert shown(server, n, "below") == "[[1, 1]]"


OWN = [
    ("comment", "    return load", "    # why\n    return load", []),
    ("docstring", "    return load", '    """Say."""\n    return load', []),
    ("layout", "    return load + [1]", "    return (\n        load + [1]\n    )", []),
    ("code", "load + [1]", "load + [2]", ["code edited"]),
    ("constant_of_the_module", "\n\n\n@", "\n\nLIMIT = 5\n\n\n@", ["code edited"]),
]


@pytest.mark.parametrize(("name", "old", "new", "reasons"), OWN, ids=[case[0] for case in OWN])
def test_the_edit_of_a_block_is_one_only_when_it_means_something_else(
    desk: Desk, server: Server, *, name: str, old: str, new: str, reasons: list[str]
) -> None:
    pipeline = f"own_{name}"
    clean = NEXT.format("clean", "load", "load + [1]")
    desk.write(pipeline, {}, clean=clean)
    with Editor(server, pipeline) as editor:
        all_fresh(server, editor, pipeline)
        assert old in clean
        desk.edit(pipeline, "@clean.py", clean.replace(old, new))
        wanted = {"clean": reasons, "below": ["input clean is stale"]} if reasons else {}
        assert plan(editor) == list(wanted)
        assert marks(server, pipeline) == wanted


def test_another_version_of_a_library_is_named(desk: Desk, server: Server) -> None:
    clean = "import ratelib\n" + NEXT.format("clean", "load", "load + [ratelib.VERSION]")
    desk.write("library", {}, clean=clean)
    with Editor(server, "library") as editor:
        all_fresh(server, editor, "library")
        assert shown(server, "library", "below") == "[[1, '1.0']]"
        install(desk.root.parent / SITE, "1.1")
        until(lambda: plan(editor), "the upgrade")
        wanted = {"clean": ["ratelib 1.0 → 1.1"], "below": ["input clean is stale"]}
        assert marks(server, "library") == wanted
        editor.run("below")
        assert shown(server, "library", "below") == "[[1, '1.1']]", (
            "not the module as it was loaded"
        )


def test_a_run_that_ends_late_does_not_hide_the_edit_that_came_meanwhile(
    desk: Desk, server: Server, tmp_path: Path
) -> None:
    gate, began = tmp_path / "gate", tmp_path / "began"
    body = "from pathlib import Path\nimport time\n" + NEXT.format(
        "clean", "load", "load + [1]"
    ).replace(
        "    return",
        f"    Path({str(began)!r}).touch()\n"
        f"    while not Path({str(gate)!r}).exists(): time.sleep(0.005)\n    return",
    )
    desk.write("late", {}, clean=body)
    with Editor(server, "late") as editor:
        editor.start("below")
        until(began.exists, "the block")
        desk.edit("late", "@clean.py", body.replace("[1]", "[2]"))
        text = lambda: server.get("pipelines/late/blocks/clean/source").json()["text"]  # noqa: E731
        until(lambda: "[2]" in text(), "the edit")
        gate.touch()
        editor.finish()
        found = marks(server, "late")
        assert found["clean"] == ["code edited"]
        assert found["below"] == ["input clean is stale"]
        all_fresh(server, editor, "late")
        assert shown(server, "late", "below") == "[[1, 2]]"


# What a run takes from the store, and why


def caches(record: dict[str, Any]) -> dict[str, str]:
    """Return what each block run says of the cache."""
    assert record["state"] == "succeeded", record
    return {block["name"]: block["cache"] for block in record["blocks"]}


def test_a_loader_that_returns_equal_data_leaves_all_below_it_reused(
    desk: Desk, server: Server
) -> None:
    log = desk.root.parent / "equal.log"  # a file of the project would be part of the key
    loader = (
        "import pandas as pd\nfrom headrace import loader\n\n\n@loader\ndef load():\n"
        f"    with open({str(log)!r}, 'a') as log: log.write('x')\n"
        "    return pd.DataFrame({'a': [1, 2], 'b': ['x', None]})\n"
    )
    desk.write("equal", {}, clean=NEXT.format("clean", "load", "load.dropna()"))
    desk.edit("equal", "@load.py", loader)
    desk.edit("equal", "@beside.py", NEXT.format("beside", "load", "len(load)"))
    desk.edit("equal", "@below.py", NEXT.format("below", "clean", "len(clean)"))
    server.run("equal")
    record = server.run("equal")
    said = caches(record)
    assert said["load"] == "miss: loaders always execute without `cache:`"
    for name in ("clean", "below", "beside"):
        assert said[name].startswith("hit: same code and inputs, from 2"), said
    assert log.read_text() == "xx", "it did execute"


KINDS = """\
blocks:
  - {name: always, kind: loader, file: always.py}
  - {name: kept, kind: loader, file: kept.py, cache: forever}
  - {name: hourly, kind: loader, file: hourly.py, cache: 1h}
  - {name: brief, kind: loader, file: brief.py, cache: 1ms}
  - {name: made, kind: transformer, file: made.py, upstream: [always, kept, hourly, brief]}
  - {name: ready, kind: sensor, file: ready.py}
  - {name: sent, kind: exporter, file: sent.py, upstream: [made, ready]}
"""
ALL = ("always", "kept", "hourly", "brief", "made", "ready", "sent")
ASKED = {
    "first": dict.fromkeys(ALL, "miss: no result for this code and these inputs yet"),
    "again": {
        "always": r"miss: loaders always execute without `cache:`",
        "kept": r"hit: `cache: forever`, from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        "hourly": r"hit: `cache: 1h`, from \d{4}-.* UTC",
        "brief": r"miss: older than `cache: 1ms`",
        "made": r"hit: same code and inputs, from \d{4}-.* UTC",
        "ready": r"miss: sensors always execute without `cache:`",
        "sent": r"miss: exporters always execute",
    },
    "forced": dict.fromkeys(ALL, "miss: forced"),
}


def test_every_block_run_says_hit_or_miss_and_why(desk: Desk, server: Server) -> None:
    folder = desk.root / "pipelines" / "kinds"
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(KINDS)
    arguments = {"made": "always, kept, hourly, brief", "sent": "made, ready"}
    for line in KINDS.splitlines()[1:]:
        name, kind = re.findall(r"(?:name|kind): (\w+)", line)
        (folder / f"{name}.py").write_text(
            f"from headrace import {kind}\n\n\n@{kind}\n"
            f"def {name}({arguments.get(name, '')}):\n    return True\n"
        )
    for asked, wanted in ASKED.items():
        said = caches(server.run("kinds", force=asked == "forced"))
        assert said.keys() == wanted.keys()
        for name, pattern in wanted.items():
            assert re.fullmatch(pattern, said[name]), f"{asked} {name}: {said[name]}"


# One cache for all


def command_line(desk: Desk, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [*headrace_command(), "run", *arguments, "-C", str(desk.root), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_editor_api_and_command_line_have_one_cache(desk: Desk, server: Server) -> None:
    desk.write(
        "shared", {}, clean=NEXT.format("clean", "load", "load + [1]"), cache=", cache: forever"
    )
    with Editor(server, "shared") as editor:
        editor.run("below")
        made = caches(command_line(desk, "shared"))
        assert {name for name, said in made.items() if said.startswith("hit: ")} == {
            "load",
            "clean",
            "below",
        }, made
        assert made["beside"].startswith("miss: no result")

        assert plan(editor, "beside") == [], "the editor takes what the command line made"
        assert marks(server, "shared") == {}
        again = caches(server.run("shared"))
        assert all(said.startswith("hit: ") for said in again.values()), again

        # Of a loader the newest data counts, whoever loaded it: what is below follows it.
        text = LOAD.replace("return [1]", "import time\n    return [time.time_ns()]")
        desk.edit("shared", "@load.py", text)
        all_fresh(server, editor, "shared")
        before = shown(server, "shared", "below")
        command_line(desk, "shared", "--until", "load", "--force")
        until(lambda: marks(server, "shared"), "the newer data, without anybody asking")
        wanted = {name: ["input load changed"] for name in ("clean", "beside")}
        assert marks(server, "shared") == {**wanted, "below": ["input clean is stale"]}
        editor.run("below")
        assert shown(server, "shared", "below") != before
