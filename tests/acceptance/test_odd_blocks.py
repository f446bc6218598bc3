"""Sources and results that are odd: what is stored, what the next block gets, what is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from .harness import Server
from .test_bad_blocks import (
    Case,
    Project,
    blocks_of,
    file_of,
    run_case,
    the_preview_is_bounded,
    the_server_is_well,
)

PREVIEW_LIMIT_S = 0.2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("odd"))
    (made.root / "odd_things.py").write_text(AWKWARD)
    return made


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    with Server(project.root) as running:
        running.wait_ready()
        yield running


HEAD = "from headrace import loader\n\n\n@loader\ndef b():\n"
SOURCES: list[tuple[str, bytes, str, str]] = [
    # name, source, state of the block (or "refused"), what is said
    ("crlf", (HEAD + "    return 'a'\n").replace("\n", "\r\n").encode(), "succeeded", "str 'a'"),
    ("no_last_newline", (HEAD + "    return 'a'").encode(), "succeeded", "str 'a'"),
    (
        "cookie",
        b"# -*- coding: utf-8 -*-\n" + (HEAD + "    return 'ä'").encode(),
        "succeeded",
        "str 'ä'",
    ),
    ("bom", b"\xef\xbb\xbf" + (HEAD + "    return 'a'").encode(), "succeeded", "str 'a'"),
    (
        "latin_1",
        b"# coding: latin-1\n" + (HEAD + "    return '\xe4'").encode("latin-1"),
        "refused",
        "",
    ),
    ("nul", (HEAD + "    return 'a\0b'\n").encode(), "refused", ""),
    ("half", b"def (:\n", "refused", "line 1|1"),
    (
        "tabs",
        b"from headrace import loader\n@loader\ndef b():\n\tif 1:\n        return 1\n",
        "refused",
        "",
    ),
    ("empty", b"", "refused", ""),
]


@pytest.mark.parametrize(("name", "source", "state", "says"), SOURCES, ids=[s[0] for s in SOURCES])
def test_a_source_runs_or_is_refused_with_its_place(
    project: Project, server: Server, *, name: str, source: bytes, state: str, says: str
) -> None:
    project.write(f"source_{name}", source)
    answer = server.post(f"pipelines/source_{name}/runs", {})
    assert answer.status_code < 500, answer.text
    if state == "refused":
        if answer.status_code == 201:
            record = server.run(f"source_{name}")
            block = blocks_of(record)["b"]
            assert block["state"] == "failed", block
            assert block["failure"]["type"] in ("SyntaxError", "TabError", "BlockError")
        else:
            assert "b" in answer.json()["error"]["message"]
    else:
        record = server.run(f"source_{name}")
        blocks = blocks_of(record)
        assert blocks["b"]["state"] == state, blocks["b"]
        assert says in blocks["after"]["output"]["text"]
    assert (project.root / "pipelines" / f"source_{name}" / "b.py").read_bytes() == source
    the_server_is_well(server)


RAISING = """
from headrace import loader
class Odd(dict):
    def __repr__(self): raise RuntimeError("no repr")
    def __eq__(self, other): raise RuntimeError("no eq")
    __hash__ = None
"""
AWKWARD = """
class Awkward:
    def __init__(self): self.held = 1
    def __repr__(self): raise RuntimeError("no repr")
    def __str__(self): raise RuntimeError("no str")
    def __eq__(self, other): raise RuntimeError("no eq")
    def __len__(self): raise RuntimeError("no len")
    def __bool__(self): raise RuntimeError("no bool")
    def __getattr__(self, name): raise AttributeError(f"no {name}")


class Closed(Awkward):
    def __getattr__(self, name): raise RuntimeError(f"no {name}")
"""
PD = "import numpy as np, pandas as pd\n"
CASES = [
    # B12, B13
    Case("none", "return None", says="NoneType None"),
    Case("nothing", "pass", says="NoneType None"),
    Case("ellipsis", "return ...", says="ellipsis Ellipsis"),
    Case("generator", "yield 1\nyield 2", says=r"list \[1, 2\]"),
    Case(
        "async_generator",
        "from headrace import loader\n@loader\nasync def b():\n    yield 1\n    yield 2\n",
        says=r"list \[1, 2\]",
    ),
    Case(
        "coroutine",
        "from headrace import loader\n@loader\nasync def b(): return 'waited'\n",
        says="str 'waited'",
    ),
    Case("map", "return map(str, [1, 2])", says=r"list \['1', '2'\]"),
    # B14
    Case("lambda", "return lambda: 1", "exception", "cannot be passed on: .*lambda"),
    Case("lock", "import threading\nreturn threading.Lock()", "exception", "cannot be passed on"),
    Case("socket", "import socket\nreturn socket.socket()", "exception", "cannot be passed on"),
    Case("module", "import json\nreturn json", "exception", "cannot be passed on: .*module"),
    Case("recursive_list", "x = []\nx.append(x)\nreturn x", says=r"list \[\[...\]\]"),
    Case("recursive_dict", "x = {}\nx['x'] = x\nreturn x", says=r"dict \{'x': \{...\}\}"),
    Case(
        "deep_list",
        "x = []\nfor _ in range(500): x = [x]\nreturn x",
        "exception",
        "cannot be passed on: maximum recursion depth",
    ),
    Case(
        "class_of_the_block",
        """
        from headrace import loader
        class Point:
            def __repr__(self): return "<a point>"
        @loader
        def b(): return Point()
        """,
        "exception|",
        "",
    ),
    Case(
        "raising_repr",
        """
        from headrace import loader
        class Odd(dict):
            def __repr__(self): raise RuntimeError("no repr")
            def __eq__(self, other): raise RuntimeError("no eq")
            __hash__ = None
        @loader
        def b(): return {"n": len(Odd()), "odd": str(type(Odd()).__name__)}
        """,
        says="Odd",
    ),
    Case(
        "raising_text",
        f"{RAISING}\n@loader\ndef b(): return Odd(n=1)\n",
        says="Odd no text of its own",
    ),
    Case(
        "raising_nearly_everything",
        "import odd_things\nreturn odd_things.Awkward()",
        says="Awkward no text of its own",
    ),
    # B15, B16
    Case(
        "duplicate_columns",
        PD + "return pd.DataFrame([[1, 2]], columns=['a', 'a'])",
        says=r"DataFrame \(1, 2\) \['a', 'a'\]",
    ),
    Case(
        "mixed_objects",
        PD + "return pd.DataFrame({'m': [1, 'x', None, {'k': [1]}], 'n': [1, 2, 3, 4]})",
        says=r"\['object', 'int64'\] \{'m': \[1, 'x', None, \{'k': \[1\]\}\]",
    ),
    Case(
        "cells_of_containers",
        PD + "return pd.DataFrame({'l': [[1], []], 'd': [{}, {'a': 1}], 't': [(1,), ()]})",
        says=r"'l': \[\[1\], \[\]\], 'd': \[\{\}, \{'a': 1\}\], 't': \[\(1,\), \(\)\]",
    ),
    # B17
    Case("complex", PD + "return pd.DataFrame({'c': [1 + 2j]})", says=r"complex128.*\(1\+2j\)"),
    Case(
        "decimals",
        PD + "from decimal import Decimal\nreturn pd.DataFrame({'d': [Decimal('1.10')]})",
        says=r"Decimal\('1.10'\)",
    ),
    Case("bytes", PD + "return pd.DataFrame({'b': [b'\\xff']})", says=r"b'\\+xff'"),
    Case(
        "timedelta",
        PD + "return pd.DataFrame({'t': pd.to_timedelta(['1D'])})",
        says=r"timedelta64\[.*1 days",
    ),
    Case(
        "periods_and_intervals",
        PD + "return pd.DataFrame({'p': pd.period_range('2026-01', periods=1, freq='M'),"
        " 'i': pd.interval_range(0, 1)})",
        says=r"period\[M\].*interval\[int64, right\].*Period\('2026-01', 'M'\).*Interval",
    ),
    Case(
        "ordered_categories",
        PD + "return pd.DataFrame({'c': pd.Categorical(['b'], ['b', 'a'], ordered=True)})",
        says="category",
    ),
    Case(
        "time_zones",
        PD + "return pd.DataFrame({'t': pd.to_datetime(['2026-03-29 01:30'])"
        ".tz_localize('Europe/Berlin')})",
        says="Europe/Berlin",
    ),
    Case(
        "mixed_time_zones",
        PD + "return pd.DataFrame({'t': [pd.Timestamp('2026-01-01', tz=z) for z in"
        " ('UTC', 'Asia/Tokyo')]})",
        says="Asia/Tokyo",
    ),
    Case(
        "far_dates",
        PD + "import datetime\nreturn pd.DataFrame({'t': [datetime.datetime(1, 1, 1),"
        " datetime.datetime(9999, 12, 31)]})",
        says="9999",
    ),
    # B18
    Case(
        "large_integers",
        PD + "return pd.DataFrame({'i': [2**63 - 1], 'u': np.array([2**64 - 1], 'uint64'),"
        " 'h': [2**70]})",
        says="9223372036854775807.*18446744073709551615.*1180591620717411303424",
    ),
    Case("large_integer", "return 2**100", says=f"int {2**100}"),
    Case(
        "nan_and_infinities",
        PD + "return pd.DataFrame({'f': [float('nan'), float('inf'), float('-inf')]})",
        says="nan, inf, -inf",
    ),
    Case("nan", "return float('nan')", says="float nan"),
    Case("infinities_in_a_list", "return [float('inf'), None]", says=r"list \[inf, None\]"),
    # B19
    Case(
        "no_rows", PD + "return pd.DataFrame({'a': pd.Series([], dtype='int64')})", says=r"\(0, 1\)"
    ),
    Case("no_columns", PD + "return pd.DataFrame(index=[1, 2])", says=r"\(2, 0\)"),
    Case("nothing_at_all", PD + "return pd.DataFrame()", says=r"\(0, 0\)"),
    Case(
        "many_levels",
        PD + "ix = pd.MultiIndex.from_tuples([(1, 'a'), (2, 'b')])\n"
        "return pd.DataFrame([[1, 2], [3, 4]], index=ix, columns=ix)",
        says=r"\[\(1, 'a'\), \(2, 'b'\)\]",
    ),
    Case(
        "names_that_are_no_text",
        PD + "return pd.DataFrame([[1] * 5], columns=[0, None, (1, 2), float('nan'),"
        " pd.Timestamp('2026-01-01')])",
        says=r"\[0, None, \(1, 2\), nan, Timestamp",
    ),
    # B20
    Case(
        "ten_thousand_columns",
        PD + "return pd.DataFrame(np.zeros((3, 10_000)), columns=[f'c{n}' for n in range(10_000)])",
        says=r"\(3, 10000\)",
    ),
    Case(
        "a_cell_of_100_mb",
        PD + "return pd.DataFrame({'s': ['x' * 100_000_000]})",
        says=r"\(1, 1\)",
    ),
    Case("a_long_name", PD + "return pd.DataFrame({'n' * 1_000_000: [1]})", says=r"\(1, 1\)"),
    Case(
        "a_hundred_million_rows",
        PD + "return pd.DataFrame({'a': np.zeros(100_000_000, 'int8')})",
        says=r"\(100000000, 1\)",
        limit_s=60,
    ),
    Case("a_text_of_100_mb", "return 'x' * 100_000_000", says="str 'x"),
    # B21
    Case(
        "polars", "import polars as pl\nreturn pl.DataFrame({'a': [1]})", says=r"DataFrame \(1, 1\)"
    ),
    Case("arrow", "import pyarrow as pa\nreturn pa.table({'a': [1]})", says="Table pyarrow.Table"),
    Case("numpy", PD + "return np.arange(3)", says=r"ndarray array\(\[0, 1, 2\]\)"),
    Case("series", PD + "return pd.Series([1], name='n')", says="Series .*Name: n"),
    Case("scalar", PD + "return np.float64(1.5)", says=r"float64 .*1.5"),
    Case("dict_of_frames", PD + "return {'a': pd.DataFrame({'x': [1]})}", says="dict .*'a':"),
    Case("image", "from PIL import Image\nreturn Image.new('RGB', (2, 2))", "exception|", ""),
    Case("figure", "import matplotlib.pyplot as p\np.plot([1])\nreturn p.gcf()", "exception|", ""),
    # B22
    Case(
        "slow_subclass",
        """
        import time
        import pandas as pd
        from headrace import loader
        class Slow(pd.DataFrame):
            def head(self, n=5): time.sleep(60)
            def __repr__(self): time.sleep(60)
            def _repr_html_(self): time.sleep(60)
        @loader
        def b(): return Slow({"a": [1]})
        """,
        says=r"DataFrame \(1, 1\)",
        limit_s=8,
    ),
    Case(
        "slow_repr",
        """
        import time
        from headrace import loader
        class Slow(list):
            def __repr__(self): time.sleep(60)
        @loader
        def b(): return [len(Slow([1])), {"slow": type(Slow([1])).__name__}]
        """,
        says="Slow",
        limit_s=8,
    ),
    Case(
        "slow_cells",
        """
        import time
        import pandas as pd
        from headrace import loader
        class Slow(list):
            def __repr__(self): time.sleep(60)
            def __reduce__(self): return list, ()
        @loader
        def b(): return pd.DataFrame({"a": [Slow(), Slow()], "n": [1, 2]})
        """,
        says=r"DataFrame \(2, 2\)",
        limit_s=8,
    ),
    # B23
    Case(
        "a_line_of_50_mb",
        "print('x' * 50_000_000)\nreturn 1",
        says="int 1",
        log="x{1000}",
    ),
    Case("carriage_returns", "for n in range(10_000): print(n, end='\\r')\nreturn 1", says="int 1"),
    Case("lone_surrogates", "print('\\ud800')\nreturn '\\ud800'", says=r"str '\\+ud800'"),
    Case(
        "invalid_utf_8_from_c",
        "import ctypes, os\nctypes.CDLL(None).puts(b'\\xff\\xfe')\nos.write(1, b'\\xff\\n')\nreturn 1",
        says="int 1",
    ),
    Case(
        "ansi", "print('\\x1b[31mred\\x1b]8;;http://x\\x07\\b')\nreturn 1", says="int 1", log="red"
    ),
    # B25
    Case("asks", "input('name?')", "input", "cannot ask for input"),
    Case("asks_secretly", "import getpass\ngetpass.getpass()", "input", "cannot ask for input"),
    Case("breaks", "breakpoint()", "input", "cannot ask for input"),
    Case("pdb", "import pdb\npdb.set_trace()", "input", "cannot ask for input"),
    Case(
        "browser",
        "import webbrowser\nreturn webbrowser.open('http://127.0.0.1:9')",
        "exception|input|",
        "",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_result_is_stored_passed_on_and_shown(
    project: Project, server: Server, case: Case
) -> None:
    if case.failure.endswith("|"):
        either_ending_is_clear(project, server, case)
        return
    record = run_case(project, server, case)
    output = blocks_of(record)["b"].get("output")
    if output and output["kind"] == "table":
        path = f"outputs/{output['address']}/rows"
        best = min(_answer_s(server, path, offset) for offset in range(3))
        assert best < PREVIEW_LIMIT_S
        the_preview_is_bounded(server, output["address"])


def _answer_s(server: Server, path: str, offset: int) -> float:
    begun = time.monotonic()
    assert server.get(path, params={"offset": offset, "limit": 100}).is_success
    return time.monotonic() - begun


def either_ending_is_clear(project: Project, server: Server, case: Case) -> None:
    """It runs through, or it fails and says why."""
    project.write(case.pipeline, file_of(case), case.options)
    block = blocks_of(server.run(case.pipeline, timeout_s=case.limit_s))["b"]
    if block["state"] == "failed":
        assert block["failure"]["kind"] in case.failure.split("|"), block["failure"]
        assert block["failure"]["message"], block["failure"]
    else:
        assert block["state"] == "succeeded"


def test_after_all_of_them_the_server_is_well(server: Server) -> None:
    the_server_is_well(server)


CIRCLES = [
    # B11: what `b` and `after` import of one another, and what is said
    ("modules", "import after", "import b", "succeeded", ""),
    ("names", "from after import after", "from b import b", "failed", "cannot import name"),
    ("of_itself", "import b as me", "", "succeeded", ""),
]


@pytest.mark.parametrize(("name", "mine", "theirs", "state", "says"), CIRCLES)
def test_blocks_that_import_one_another_run_or_say_so(
    project: Project, server: Server, *, name: str, mine: str, theirs: str, state: str, says: str
) -> None:
    pipeline = f"circle_{name}"
    project.write(pipeline, f"{mine}\n{HEAD}    return 1\n")
    file = project.root / "pipelines" / pipeline / "after.py"
    file.write_text(f"{theirs}\n{file.read_text()}")
    blocks = blocks_of(server.run(pipeline))
    assert blocks["b"]["state"] == state, blocks["b"]
    if says:
        assert says in blocks["b"]["failure"]["message"]
        hint = blocks["b"]["failure"]["hint"]
        assert hint.startswith("b.py and after.py import one another")
        assert blocks["after"]["state"] == "skipped"
    the_server_is_well(server)


def test_a_value_that_cannot_be_opened_again_is_named_where_it_is_read(
    project: Project, server: Server
) -> None:
    case = Case("closed_value", "import odd_things\nreturn odd_things.Closed()")
    project.write(case.pipeline, file_of(case))
    blocks = blocks_of(server.run(case.pipeline))
    assert blocks["b"]["state"] == "succeeded"
    failure = blocks["after"]["failure"]
    assert failure["message"] == (
        "The output of 'b', odd_things.Closed, cannot be opened: RuntimeError: no __setstate__"
    )
