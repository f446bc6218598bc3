"""What a block gives, shows and prints, and what it may not do to the next one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace.core.authoring import Context
from headrace.protocol.bindings import Binding
from headrace.protocol.tables import Parameter
from headrace.store.outputs import Store
from headrace.workers.jobs import Done, Printed, Progressed, Raised, Shown
from headrace.workers.pool import Pool

from .conftest import Bench, upstream

FRAME = """
import pandas as pd
@loader
def b():
    return pd.DataFrame({"x": [1, 2, 3], "name": ["a", "b", "c"]})
"""


def value_of(bench: Bench, output: Any) -> Any:
    return Store(bench.root / ".headrace" / "store").get(output)


RESULTS: list[tuple[str, Any]] = [
    ("@transformer\ndef b(): return 42", 42),
    ("@transformer\ndef b(): pass", None),
    (
        "@transformer\nasync def b():\n    import asyncio\n    await asyncio.sleep(0)\n    return 7",
        7,
    ),
    ("@transformer\ndef b():\n    yield 1\n    yield 2", [1, 2]),
    ("@transformer\nasync def b():\n    yield 1\n    yield 2", [1, 2]),
    ("import asyncio\nx = await asyncio.sleep(0, 5)\n@transformer\ndef b(): return x", 5),
    ("@transformer\ndef b(n=3, /): return n", 3),
]


@pytest.mark.parametrize(("source", "wanted"), RESULTS)
async def test_a_block_gives_what_its_function_returns(
    bench: Bench, source: str, wanted: Any
) -> None:
    output = await bench.output(source)
    assert value_of(bench, output) == wanted


async def test_frames_in_pieces_are_joined(bench: Bench) -> None:
    output = await bench.output(
        """
        import pandas as pd
        @transformer
        def b():
            for start in (0, 2):
                yield pd.DataFrame({"x": [start, start + 1]})
        """
    )
    assert list(value_of(bench, output)["x"]) == [0, 1, 2, 3]


async def test_arguments_come_from_where_the_bindings_say(bench: Bench) -> None:
    one = await bench.output("@loader\ndef one(): return 1", block="one")
    two = await bench.output("@loader\ndef two(): return 2", block="two")
    output = await bench.output(
        """
        @transformer
        def b(df, minutes, month, context, default=5, **rest):
            return [df, minutes, month, context.idempotency_key, default, rest]
        """,
        inputs={"one": one, "two": two},
        bindings=[
            Binding(argument="df", source="upstream", name="one"),
            Binding(argument="minutes", source="setting", name="minutes"),
            Binding(argument="month", source="parameter", name="month"),
            Binding(argument="context", source="context"),
            Binding(argument="default", source="default"),
            Binding(argument="**", source="upstream"),
        ],
        values={"minutes": 15},
        parameters={"month": 3},
    )
    key = Context(run_id="r", block="b").idempotency_key
    assert value_of(bench, output) == [1, 15, 3, key, 5, {"two": 2}]


async def test_changing_an_input_changes_nobody_elses(bench: Bench) -> None:
    frame = await bench.output(FRAME)
    change = """
    @transformer
    def c(b):
        b["x"] = 0
        b.loc[0, "name"] = "changed"
        return int(b["x"].sum())
    """
    look = '@transformer\ndef d(b): return [int(b["x"].sum()), b.loc[0, "name"]]'
    more: dict[str, Any] = {"inputs": {"b": frame}, "bindings": upstream("b")}
    assert value_of(bench, await bench.output(change, block="c", **more)) == 0
    assert value_of(bench, await bench.output(look, block="d", **more)) == [6, "a"]


async def test_what_is_shown_reaches_the_store(bench: Bench) -> None:
    await bench.run(
        """
        from IPython.display import HTML, display
        display(HTML("<b>bold</b>"))
        display("plain")
        class Picture:
            def _repr_png_(self): return b"\\x89PNG"
        display(Picture())
        @transformer
        def b():
            display(HTML("<i>inside</i>"))
        1 + 1
        """
    )
    shown = [a.display for a in bench.answers if isinstance(a, Shown)]
    assert [d.mime for d in shown] == [
        "text/html",
        "text/plain",
        "image/png",
        "text/plain",
        "text/html",
    ]
    assert [d.text for d in shown if d.mime == "text/plain"] == ["'plain'", "2"]


async def test_an_open_figure_is_shown_as_png(bench: Bench) -> None:
    pytest.importorskip("matplotlib")
    answer = await bench.run(
        """
        @transformer
        def b():
            import matplotlib.pyplot as plt
            plt.plot([1, 2, 3])
        """
    )
    assert isinstance(answer, Done)
    shown = [a.display for a in bench.answers if isinstance(a, Shown)]
    assert [d.mime for d in shown] == ["image/png"]
    assert shown[0].size_bytes > 1000


async def test_a_failed_check_fails_and_a_warning_does_not(bench: Bench) -> None:
    warns = """
    @transformer
    def b(): return []
    @check(severity="warn")
    def some(b): assert len(b) > 0
    @check
    def short(anything): assert len(anything) < 3
    """
    answer = await bench.run(warns)
    assert isinstance(answer, Done)
    assert [(c.name, c.state) for c in answer.checks] == [("some", "warned"), ("short", "passed")]
    assert "len(b) > 0" in answer.checks[0].message
    answer = await bench.run(warns.replace('severity="warn"', 'severity="fail"'))
    assert isinstance(answer, Raised)
    assert answer.failure.kind == "check"
    assert [c.state for c in answer.checks] == ["failed", "passed"]


async def test_progress_is_reported(bench: Bench) -> None:
    await bench.run(
        "@transformer\ndef b(context): context.progress(3, 3)",
        bindings=[Binding(argument="context", source="context")],
    )
    assert [(a.done, a.total) for a in bench.answers if isinstance(a, Progressed)] == [(3.0, 3)]


async def test_a_value_that_cannot_be_stored_is_explained(bench: Bench) -> None:
    answer = await bench.run("import threading\n@transformer\ndef b(): return threading.Lock()")
    assert isinstance(answer, Raised)
    assert "cannot be passed on" in answer.failure.message


async def test_a_file_without_a_block_says_so(bench: Bench) -> None:
    answer = await bench.run("x = 1")
    assert isinstance(answer, Raised)
    assert "@transformer" in answer.failure.message


async def test_output_of_python_and_of_c_lands_in_the_log_in_order(bench: Bench) -> None:
    answer = await bench.run(
        """
        import os, sys
        print("one")
        os.write(1, b"two\\n")
        print("three", file=sys.stderr)
        os.write(2, b"four \\xff\\n")
        print("five \\udcff")
        @transformer
        def b(): pass
        """
    )
    assert answer.log_tail.splitlines() == ["one", "two", "three", "four \x1a", "five \\udcff"]
    assert answer.log_bytes == Path(bench.root / "logs" / "r-b.log").stat().st_size
    printed = "".join(a.text for a in bench.answers if isinstance(a, Printed))
    assert printed == answer.log_tail


async def test_a_flood_is_kept_on_disk_and_bounded_on_the_way(bench: Bench) -> None:
    answer = await bench.run(
        """
        @transformer
        def b():
            print("x" * 50_000_000)
            for number in range(200_000): print("line", number)
        """
    )
    assert isinstance(answer, Done)
    assert answer.log_bytes > 52_000_000
    assert answer.log_tail.endswith("line 199999\n")
    sent = sum(len(a.text) for a in bench.answers if isinstance(a, Printed))
    assert sent < 2_000_000
    log = (bench.root / "logs" / "r-b.log").read_bytes()
    assert log.count(b"\n") == 200_001


SPOILERS = [
    "import os; os.chdir('/')",
    "import os; os.environ['SPOILED'] = '1'; os.environ.pop('PATH')",
    "import os; os.umask(0o777)",
    "import sys; sys.path.clear()",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "import os; os.close(1)",
    "import sys; sys.stdout = None",
    "import sys; sys.stdout.close()",
    "import builtins; builtins.input = lambda: 'x'",
]


@pytest.mark.parametrize("spoiler", SPOILERS)
async def test_what_a_block_changes_of_its_process_does_not_reach_the_next(
    bench: Bench, spoiler: str
) -> None:
    await bench.run(f"@transformer\ndef b():\n    {spoiler}\n")
    answer = await bench.run(
        """
        import os, signal, sys
        @transformer
        def c():
            print("heard")
            mask = os.umask(0)
            os.umask(mask)
            import json.tool
            try:
                input()
                asked = "answered"
            except RuntimeError:
                asked = "refused"
            return [os.getcwd(), "SPOILED" in os.environ, "PATH" in os.environ, mask != 0o777,
                    signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, asked]
        """,
        block="c",
    )
    assert isinstance(answer, Done), answer
    assert answer.log_tail == "heard\n"
    wanted = [str(bench.root), False, True, True, True, "refused"]
    assert value_of(bench, answer.output) == wanted


async def test_a_sibling_module_is_imported_and_followed_when_it_changes(bench: Bench) -> None:
    module = bench.folder / "shared_rules.py"
    module.write_text("LIMIT = 1\n")
    source = "import shared_rules\n@transformer\ndef b(): return shared_rules.LIMIT"
    assert value_of(bench, await bench.output(source)) == 1
    module.write_text("LIMIT = 2\n")
    assert value_of(bench, await bench.output(source)) in (1, 2)
    module.write_text("LIMIT = 1000\n")
    assert value_of(bench, await bench.output(source)) == 1000
    assert not (bench.folder / "__pycache__").exists()


async def test_sql_joins_upstream_blocks_and_binds_values(bench: Bench) -> None:
    left = await bench.output(FRAME)
    right = await bench.output(
        """
        import pandas as pd
        @loader
        def c(): return pd.DataFrame({"x": [2, 3], "y": [20.5, 30.5]})
        """,
        block="c",
    )
    output = await bench.output(
        "-- a comment: with :colon\nselect name, y, ':least' as text from b join c using (x)\n"
        "where x >= :least and x::int > 0 order by name",
        block="d",
        language="sql",
        inputs={"b": left, "c": right},
        bindings=[
            *upstream("b", "c"),
            Binding(argument="least", source="parameter", name="least"),
        ],
        values={"least": 3},
    )
    assert output.rows in (1, None)
    look = (
        "@transformer\ndef e(d):\n"
        "    rows = d.to_pylist() if hasattr(d, 'to_pylist') else d.to_dict('records')\n"
        "    return rows"
    )
    rows = await bench.output(look, block="e", inputs={"d": output}, bindings=upstream("d"))
    assert value_of(bench, rows) == [{"name": "c", "y": 30.5, "text": ":least"}]


@pytest.mark.parametrize(
    ("statement", "line", "message", "hint"),
    [
        ("select x,\n  nme\nfrom b", 2, "nme", "name"),
        ("select * from bb", 1, "bb", "b"),
        ("select 1; drop table x", None, "2 statements", ""),
        ("drop table b", None, "DROP", ""),
        ("", None, "no statement", ""),
    ],
)
async def test_a_wrong_statement_is_explained(
    bench: Bench, statement: str, line: int | None, message: str, hint: str
) -> None:
    frame = await bench.output(FRAME)
    answer = await bench.run(
        statement, block="d", language="sql", inputs={"b": frame}, bindings=upstream("b")
    )
    assert isinstance(answer, Raised)
    assert answer.failure.line == line
    assert message in answer.failure.message
    assert hint in answer.failure.hint


async def test_a_run_goes_down_a_branch_on_one_worker_and_branches_run_side_by_side(
    bench: Bench,
) -> None:
    pid = "import os, time\n@transformer\ndef b(): return os.getpid()"
    first = await bench.output(pid)
    second = await bench.output(pid, block="c", inputs={"b": first})
    assert value_of(bench, first) == value_of(bench, second)
    slow = pid.replace("return", "time.sleep(0.2); return")
    ends = [bench.begin(bench.job(slow, block=name))[1] for name in ("x", "y")]
    done: list[Any] = await asyncio.gather(*ends)
    assert len({value_of(bench, answer.output) for answer in done}) == 2
    bench.pool.end_run("r")
    third = await bench.output(pid, run="r2")
    assert value_of(bench, third) != value_of(bench, first)


async def test_live_values_answer_questions(bench: Bench) -> None:
    frame = await bench.output(FRAME, worker="session")
    use = "@transformer\ndef c(b): return len(b)"
    await bench.output(
        use, block="c", worker="session", inputs={"b": frame}, bindings=upstream("b")
    )
    text = '@transformer\ndef c(b):\n    return b["na'
    question = {"op": "complete", "block": "c", "text": text, "line": 3, "column": 17}
    answer = await bench.pool.ask_session("p", question | {"upstream": ["b"]})
    assert answer is not None
    assert [item["label"] for item in answer["items"]] == ["name"]
    assert answer["start"] == 14


async def test_a_worker_of_another_run_makes_room(tmp_path: Path, bench: Bench) -> None:
    bench.pool._max_workers = 1
    source = "@transformer\ndef b(): return 1"
    for run in ("one", "two", "three"):
        assert isinstance(await bench.run(source, run=run), Done)


async def test_dates_and_moments_arrive_as_such(bench: Bench) -> None:
    more: dict[str, Any] = {
        "values": {"day": "2026-01-31", "until": "2026-01-31T06:00:00Z", "days": ["2026-02-01"]},
        "typed": {
            "day": Parameter(name="day", type="date"),
            "until": Parameter(name="until", type="datetime"),
            "days": Parameter(name="days", type="date", multiple=True),
        },
        "parameters": {"day": "2026-01-31"},
        "typed_parameters": {"day": Parameter(name="day", type="date")},
    }
    bindings = [Binding(argument=n, source="setting", name=n) for n in ("day", "until", "days")]
    python = await bench.output(
        """
        @loader
        def b(context, day, until, days):
            values = (day, until, *days, context.parameters["day"])
            return [repr(value) for value in values]
        """,
        bindings=[*bindings, Binding(argument="context", source="context")],
        **more,
    )
    assert value_of(bench, python) == [
        "datetime.date(2026, 1, 31)",
        "datetime.datetime(2026, 1, 31, 6, 0, tzinfo=datetime.timezone.utc)",
        "datetime.date(2026, 2, 1)",
        "datetime.date(2026, 1, 31)",
    ]
    sql = "select typeof(:day) as day, typeof(:until) as until, :day + 1 as next"
    typed = await bench.output(sql, block="q", language="sql", bindings=bindings, **more)
    (row,) = value_of(bench, typed).to_dict("records")
    assert (row["day"], row["until"]) == ("DATE", "TIMESTAMP WITH TIME ZONE")
    assert str(row["next"])[:10] == "2026-02-01"


async def test_a_setting_that_is_no_date_says_so(bench: Bench) -> None:
    answer = await bench.run(
        "@loader\ndef b(day): return day",
        values={"day": "soon"},
        typed={"day": Parameter(name="day", type="date")},
        bindings=[Binding(argument="day", source="setting", name="day")],
    )
    assert isinstance(answer, Raised)
    assert "'day' must be a date such as 2026-01-31, not 'soon'" in answer.failure.message


HELD = ["False", "None", "0", "[]", "''", "pd.DataFrame()", "np.bool_(False)"]
READY = ["True", "1", "['file']", "pd.DataFrame({'n': [1]})", "np.bool_(True)", "'2026'"]


@pytest.mark.parametrize(
    ("said", "holds"), [(said, True) for said in HELD] + [(said, False) for said in READY]
)
async def test_a_sensor_holds_back_by_what_is_false_or_empty(
    bench: Bench, said: str, holds: bool
) -> None:
    source = f"import numpy as np, pandas as pd\n@sensor\ndef b(): return {said}"
    assert (await bench.output(source, kind="sensor")).holds == holds
    loader = await bench.output(source.replace("@sensor", "@loader"), kind="loader")
    assert loader.holds is False


async def test_secrets_are_given_and_not_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_TEST", "s3cr3t-canary")
    pool = Pool(bench.root, bench.root / ".headrace" / "store", secrets=["KEY_OF_TEST", "UNSET"])
    await pool.start()
    own = Bench(pool, bench.root)
    context = [Binding(argument="context", source="context")]
    output = await own.output(
        """
        @loader
        def b(context):
            key = context.secrets["KEY_OF_TEST"]
            return [len(key), repr(context.secrets), repr(context), list(context.secrets)]
        """,
        bindings=context,
    )
    length, secrets, whole, names = value_of(bench, output)
    assert (length, secrets, names) == (13, "Secrets(KEY_OF_TEST, UNSET)", ["KEY_OF_TEST"])
    assert "canary" not in whole
    answer = await own.run(
        """
        @loader
        def b(context):
            key = context.secrets["KEY_OF_TEST"]
            raise RuntimeError(f"refused {key}")
        """,
        bindings=context,
    )
    assert isinstance(answer, Raised)
    assert answer.failure.message == "refused ***"
    assert b"canary" not in msgspec.json.encode(answer)
    for name, why in [("UNSET", "is not set"), ("OTHER", "is not listed")]:
        source = f"@loader\ndef b(context): return context.secrets['{name}']"
        answer = await own.run(source, bindings=context)
        assert isinstance(answer, Raised)
        assert why in answer.failure.message
    await pool.close()


async def test_what_the_project_preloads_is_there_before_a_block_runs(bench: Bench) -> None:
    pool = Pool(bench.root, bench.root / "store", preload=["sched", "no_such_module"])
    await pool.start()
    source = "import sys\n@loader\ndef b(): return 'sched' in sys.modules"
    output = await Bench(pool, bench.root).output(source)
    await pool.close()
    assert Store(bench.root / "store").get(output) is True
    assert value_of(bench, await bench.output(source)) is False
