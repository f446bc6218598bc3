"""What of a project goes into the key of a block, and what does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.analysis import environment
from headrace.analysis.analyse import Analysis
from headrace.analysis.service import METHODS
from headrace.core.paths import ProjectPaths
from headrace.project.files import Project

BLOCK = "from headrace import transformer\n\n\n@transformer\ndef clean():\n    return 1\n"
YAML = "blocks:\n  - {{name: clean, kind: {kind}, file: clean{suffix}, with: {settings}}}\n"
SMALL = "RATE = 1\n"
EDITED = "RATE = 2\n"


def analysed(
    root: Path,
    files: dict[str, str],
    *,
    kind: str = "transformer",
    suffix: str = ".py",
    settings: str = "{}",
) -> Analysis:
    """Write files below `root` and analyse its one pipeline, `p`."""
    yaml = YAML.format(kind=kind, suffix=suffix, settings=settings)
    for name, text in {"pipelines/p/pipeline.yaml": yaml, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    read = Project(ProjectPaths.of(root)).read("p")
    answer: Any = METHODS["analyse"](msgspec.to_builtins(read), str(root), {})
    return msgspec.convert(answer, Analysis)


def key(root: Path, files: dict[str, str], **options: Any) -> tuple[Any, ...]:
    found = analysed(root, files, **options).blocks["clean"]
    return found.fingerprint, found.modules, found.files, found.versions


HELPERS = {
    "directly": ("import helper\n", {}, "helper.py"),
    "by a name of it": ("from helper import RATE\n", {}, "helper.py"),
    "with a star": ("from helper import *\n", {}, "helper.py"),
    "inside of the function": ("def f():\n    import helper\n", {}, "helper.py"),
    "from the pipeline's own folder": ("import helper\n", {}, "pipelines/p/helper.py"),
    "second-hand": ("import middle\n", {"middle.py": "import helper\n"}, "helper.py"),
    "in a circle": (
        "import middle\n",
        {"middle.py": "import helper\nimport clean\n"},
        "helper.py",
    ),
    "by the folder of a package": ("import lib\n", {}, "lib/__init__.py"),
    "as a module of a package": (
        "from lib import rates\n",
        {"lib/__init__.py": ""},
        "lib/rates.py",
    ),
    "through the package above it": (
        "import lib.rates\n",
        {"lib/rates.py": ""},
        "lib/__init__.py",
    ),
    "in a folder that is no package": ("import lib.deep.rates\n", {}, "lib/deep/rates.py"),
    "by a relative import": (
        "import lib\n",
        {"lib/__init__.py": "from . import rates\n"},
        "lib/rates.py",
    ),
    "by a relative import of two dots": (
        "import lib.inner.a\n",
        {"lib/__init__.py": "", "lib/inner/a.py": "from ..rates import RATE\n"},
        "lib/rates.py",
    ),
    "with a star from a package that lists it": (
        "from lib import *\n",
        {"lib/__init__.py": "__all__ = ['rates']\n"},
        "lib/rates.py",
    ),
    "by importlib": ("import importlib\nimportlib.import_module('helper')\n", {}, "helper.py"),
    "by importlib under another name": (
        "from importlib import import_module as load\nload(name='helper')\n",
        {},
        "helper.py",
    ),
    "by importlib relative to a package": (
        "import importlib\nimportlib.import_module('.rates', package='lib')\n",
        {"lib/__init__.py": ""},
        "lib/rates.py",
    ),
    "by __import__": ("__import__('helper')\n", {}, "helper.py"),
    "with the name of a library": ("import pandas\n", {}, "pandas.py"),
    "with a syntax error": ("import helper\n", {"helper.py": "RATE = = 1\n"}, "helper.py"),
    "run from its path": ("import runpy\nrunpy.run_path('jobs/helper.py')\n", {}, "jobs/helper.py"),
}


@pytest.mark.parametrize(("code", "others", "helper"), HELPERS.values(), ids=HELPERS)
def test_the_edit_of_a_helper_changes_the_key_of_a_block_that_imports_it(
    tmp_path: Path, code: str, others: dict[str, str], helper: str
) -> None:
    files = {helper: SMALL, "pipelines/p/clean.py": code + BLOCK, **others}
    before = analysed(tmp_path, files)
    after = analysed(tmp_path, {helper: EDITED})
    assert helper in before.looked
    one, two = before.blocks["clean"], after.blocks["clean"]
    assert one.fingerprint == two.fingerprint, "its own code is as it was"
    differs = {
        path
        for path, content in ((one.modules | one.files) | (two.modules | two.files)).items()
        if (one.modules | one.files).get(path) != content
    }
    assert differs == {helper}


@pytest.mark.parametrize(
    "text",
    [
        "# a note\nRATE = 1\n",
        "RATE = 1  # a note\n",
        '"""What it is for."""\nRATE = 1\n',
        "\n\n\nRATE    =   1\n",
        "RATE = (\n    1\n)\n",
        "RATE = 0x1\n",
        "RATE = 1\r\n",
        "\ufeffRATE = 1\n",
    ],
)
def test_comments_docstrings_and_layout_keep_a_key(tmp_path: Path, text: str) -> None:
    body = "import helper\n" + BLOCK
    before = key(tmp_path, {"helper.py": SMALL, "pipelines/p/clean.py": body})
    assert key(tmp_path, {"helper.py": text}) == before
    again = body.replace("    return 1", '    """Say one."""\n\n    # why\n    return 1')
    assert key(tmp_path, {"pipelines/p/clean.py": again}) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def clean(n=1)", "def clean(n=2)"),
        ("@transformer", "@transformer\n@cached(days=1)"),
        ("return 1", "return 1.0"),
        ("return 1", "return True"),
        ("\n\n\n@", "\n\nLIMIT = 5\n\n\n@"),
        ("\n\n\n@", "\n\nclass A:\n    limit = 5\n\n\n@"),
        ("return 1", "return clean.__doc__"),
    ],
)
def test_what_means_something_else_changes_a_key(tmp_path: Path, before: str, after: str) -> None:
    text = BLOCK.replace("def clean()", "def clean(n=1)")
    assert before in text
    one = key(tmp_path, {"pipelines/p/clean.py": text})
    assert key(tmp_path, {"pipelines/p/clean.py": text.replace(before, after)}) != one


def test_a_docstring_counts_where_the_code_reads_it(tmp_path: Path) -> None:
    text = BLOCK.replace("return 1", '"""One."""\n    return clean.__doc__')
    one = key(tmp_path, {"pipelines/p/clean.py": text})
    assert key(tmp_path, {"pipelines/p/clean.py": text.replace("One", "Two")}) != one


def test_a_new_file_that_python_would_find_first_changes_a_key(tmp_path: Path) -> None:
    """Python prefers the pipeline's folder, there a package, and only then a module."""
    text = "import helper\n" + BLOCK
    found = [key(tmp_path, {"helper.py": "A = 1\n", "pipelines/p/clean.py": text})]
    for place in ("helper/__init__.py", "pipelines/p/helper.py", "pipelines/p/helper/__init__.py"):
        looked = analysed(tmp_path, {}).looked
        assert place in looked, "who watches the files has to be told of it"
        found.append(key(tmp_path, {place: "A = 1\n"}))
    assert [list(modules) for _, modules, _, _ in found] == [
        ["helper.py"],
        ["helper/__init__.py"],
        ["pipelines/p/helper.py"],
        ["pipelines/p/helper/__init__.py"],
    ]


def test_a_helper_that_is_no_utf8_is_read_as_python_reads_it(tmp_path: Path) -> None:
    analysed(tmp_path, {"pipelines/p/clean.py": "import helper\n" + BLOCK})
    texts = (b"# -*- coding: latin-1 -*-\nA = '\xe9'\n", b"A = '\xe9'\n", b"A = '\xe8'\n", b"\0")
    found = []
    for text in texts:
        (tmp_path / "helper.py").write_bytes(text)
        found.append(msgspec.json.encode(key(tmp_path, {})))
    assert len(set(found)) == len(texts)


def test_a_file_that_code_or_settings_name_is_part_of_the_key(tmp_path: Path) -> None:
    code = BLOCK.replace("return 1", "return open('data/a.csv').read()")
    files = {"data/a.csv": "1", "data/b.csv": "1", "pipelines/p/clean.py": code}
    settings = "{path: data/b.csv}"
    for kind in ("loader", "transformer"):
        before = analysed(tmp_path, files, kind=kind, settings=settings).blocks["clean"].files
        assert set(before) == {"data/a.csv", "data/b.csv"}
        for name in before:
            changed = {name: "2"}
            after = analysed(tmp_path, changed, kind=kind, settings=settings).blocks["clean"].files
            assert {path for path in before if after[path] != before[path]} == {name}
            analysed(tmp_path, files)
    exported = analysed(tmp_path, {}, kind="exporter", settings=settings).blocks["clean"]
    assert exported.files == {}, "an exporter writes what it names"


def test_the_files_of_a_query_are_part_of_its_key(tmp_path: Path) -> None:
    query = "select * from read_csv('data/a.csv')"
    files = {"data/a.csv": "n\n1\n", "pipelines/p/clean.sql": query}
    assert list(analysed(tmp_path, files, suffix=".sql").blocks["clean"].files) == ["data/a.csv"]


def test_what_headrace_keeps_and_what_is_elsewhere_are_no_files_of_a_block(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("1")
    root = tmp_path / "project"
    code = BLOCK.replace(
        "return 1", f"return ['.headrace/x.db', '../outside.csv', {str(outside)!r}]"
    )
    found = analysed(root, {".headrace/x.db": "1", "pipelines/p/clean.py": code})
    assert found.blocks["clean"].files == {}


def test_a_large_file_counts_by_its_size_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.analysis.modules._LARGEST_READ", 0)
    code = BLOCK.replace("return 1", "return open('data/a.csv').read()")
    before = key(tmp_path, {"data/a.csv": "1", "pipelines/p/clean.py": code})
    assert key(tmp_path, {"data/a.csv": "22"}) != before


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("return context.parameters['month']", ["parameters"]),
        ("return context.logical_time", ["logical_time"]),
        ("return context.interval", ["interval"]),
        ("context.logger.info('x')", []),
        ("return ask(context)", ["interval", "interval_start", "logical_time", "parameters"]),
    ],
)
def test_what_a_block_asks_its_context_for_is_known(
    tmp_path: Path, body: str, used: list[str]
) -> None:
    code = BLOCK.replace("def clean()", "def clean(context)").replace("return 1", body)
    assert analysed(tmp_path, {"pipelines/p/clean.py": code}).blocks["clean"].context == used


def test_an_upgraded_library_is_noticed_while_the_process_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"

    def install(version: str, commit: str = "") -> None:
        folder = site / f"ratelib-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: ratelib\nVersion: {version}\n")
        (folder / "RECORD").write_text("ratelib/__init__.py,,\n")
        (folder / "top_level.txt").write_text("ratelib\n")
        if commit:
            (folder / "direct_url.json").write_text(f'{{"vcs_info": {{"commit_id": "{commit}"}}}}')

    install("1.0")
    monkeypatch.syspath_prepend(str(site))
    root = tmp_path / "project"
    code = "import ratelib\n" + BLOCK
    found = analysed(root, {"pipelines/p/clean.py": code})
    assert found.blocks["clean"].versions["ratelib"] == "1.0"
    assert "Python" in found.blocks["clean"].versions
    assert "headrace" not in found.blocks["clean"].versions
    assert str(site) in found.folders
    (site / "ratelib-1.0.dist-info").rename(tmp_path / "gone")
    install("1.1", "abcdef0123456789")
    assert analysed(root, {}).blocks["clean"].versions["ratelib"] == "1.1@abcdef012345"
    monkeypatch.setattr(environment, "_skipped", True)
    assert environment.library_folders() == []
