"""What is told of contracts before anything runs: of the block itself, and of who reads it."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from msgspec.structs import replace

from headrace.analysis.analyse import Analysis, analyse
from headrace.analysis.expected import written_columns
from headrace.project.pipeline import PipelineFiles
from headrace.protocol.contracts import Contract
from headrace.protocol.tables import Column

from .conftest import files_of

UP = Contract(columns={"day": "date", "carrier": "string not null", "late": "integer"})


def with_contract(files: PipelineFiles, block: str, contract: Contract) -> PipelineFiles:
    blocks = tuple(
        replace(one, contract=contract) if one.name == block else one
        for one in files.pipeline.blocks
    )
    return replace(files, pipeline=replace(files.pipeline, blocks=blocks))


def told(
    own: str,
    *,
    language: str = "sql",
    up: Contract | None = UP,
    contract: Contract | None = None,
    recorded: dict[str, list[Column]] | None = None,
) -> tuple[list[tuple[str, str, str]], Analysis]:
    """Return (severity, code, message) of the block `own`, which reads `up`."""
    options: dict[str, Any] = {"language": language}
    files = files_of(own, upstream=("up",), others=(), options=options)
    if up is not None:
        files = with_contract(files, "up", up)
    if contract is not None:
        files = with_contract(files, "own", contract)
    found = analyse(files, lambda _: None, recorded or {})
    mine = [one for one in found.diagnostics if one.block == "own"]
    return [(one.severity, one.code, one.message) for one in mine], found


def test_a_column_that_the_contract_does_not_have_is_told_before_anything_ran() -> None:
    said, analysis = told("select carier, late from up")
    message = "There is no column 'carier' in the contract of up: did you mean 'carrier'?"
    assert said == [("error", "unknown-column", message)]
    (diagnostic,) = analysis.diagnostics
    assert [fix.title for fix in diagnostic.fixes] == ["Change to carrier"]
    assert analysis.blocks["own"].runnable, "its output can be looked at all the same"


def test_the_contract_counts_more_than_the_last_output() -> None:
    recorded = {"up": [Column("carier", "string")]}
    said, _ = told("select carier from up", recorded=recorded)
    assert [severity for severity, _, _ in said] == ["error"]
    said, _ = told("select carier from up", up=None, recorded=recorded)
    assert said == []


def test_where_more_columns_are_allowed_the_last_output_tells() -> None:
    up = Contract(columns=UP.columns, extra_columns=True)
    assert told("select carier from up", up=up)[0] == []
    said, _ = told("select carier from up", up=up, recorded={"up": [Column("carrier", "string")]})
    assert said == [
        (
            "warning",
            "unknown-column",
            "There is no column 'carier': did you mean 'carrier'?",
        )
    ]


OWN = Contract(columns={"carrier": "string", "n": "integer not null"})
STATEMENTS: list[tuple[str, list[tuple[str, str]]]] = [
    ("select carrier, count(*) as n from up group by 1", []),
    ("select n, carrier from (select carrier, sum(late) as n from up group by 1)", []),
    (
        "select carrier, count(*) as m from up group by 1",
        [("error", "'n' (integer) is missing"), ("error", "'m' (int64) is not in the contract")],
    ),
    (
        "select carrier, count(*) as n, max(day) as last from up group by 1",
        [("error", "'last' (date32[day]) is not in the contract")],
    ),
    (
        "select carrier, 'x' as n from up",
        [("warning", "'n' is string, expected integer")],
    ),
    ("select * from somewhere_else('x')", []),
]


@pytest.mark.parametrize(("text", "wanted"), STATEMENTS)
def test_a_statement_is_held_to_its_own_contract(text: str, wanted: list[tuple[str, str]]) -> None:
    said, analysis = told(text, contract=OWN)
    mine = [(severity, message) for severity, code, message in said if code == "contract"]
    assert [severity for severity, _ in mine] == [severity for severity, _ in wanted]
    for (_, message), (_, words) in zip(mine, wanted, strict=True):
        assert message.startswith("This statement does not keep the contract: ")
        assert words in message
    assert analysis.blocks["own"].runnable


def test_of_python_the_last_output_is_held_to_the_contract() -> None:
    code = "from headrace import transformer\n\n@transformer\ndef own(up): ...\n"
    recorded = {"own": [Column("carrier", "string"), Column("n", "double")]}
    said, _ = told(code, language="python", contract=OWN, recorded=recorded)
    assert said == [
        (
            "warning",
            "contract",
            "The last output does not keep the contract: 'n' is double, expected integer.",
        )
    ]
    assert told(code, language="python", contract=OWN)[0] == []


BODIES = [
    ('return up["carier"]', ["carier"]),
    ('return up[["carrier", "lates"]]', ["lates"]),
    ('up["new"] = 1\n    return up["new"] + up["late"]', []),
    ('up = other(up)\n    return up["x"]', []),
    ('up.rename(columns={"day": "x"}, inplace=True)\n    return up["x"]', []),
    ('up.columns = ["x"]\n    return up["x"]', []),
    ('up[name] = 1\n    return up["x"]', []),
    ('return other["x"] + up[0] + up.late', []),
]


@pytest.mark.parametrize(("body", "names"), BODIES)
def test_columns_that_python_names_of_its_inputs_are_looked_up(body: str, names: list[str]) -> None:
    code = f"from headrace import transformer\n\n@transformer\ndef own(up):\n    {body}\n"
    said, analysis = told(code, language="python")
    assert [code for _, code, _ in said] == ["unknown-column"] * len(names)
    for (severity, _, message), name in zip(said, names, strict=True):
        assert severity == "warning"
        assert message.startswith(f"There is no column {name!r} in the contract of up: did you")
    for diagnostic in analysis.diagnostics:
        assert diagnostic.line == 5
        assert diagnostic.fixes


def test_a_frame_without_anything_near_lists_its_columns() -> None:
    code = "from headrace import transformer\n\n@transformer\ndef own(up):\n    return up['zzz']\n"
    said, _ = told(code, language="python")
    assert said[0][2].endswith("it has day, carrier, late.")


def test_columns_follow_the_text_of_sql_blocks_that_never_ran() -> None:
    files = files_of(
        "select b from middle", upstream=("middle",), others=("up",), options={"language": "sql"}
    )
    (middle,) = (block for block in files.pipeline.blocks if block.name == "middle")
    middle = replace(middle, language="sql", kind="transformer", upstream=("up",))
    blocks = tuple(middle if block.name == "middle" else block for block in files.pipeline.blocks)
    text = replace(files.sources["middle"], text="select carrier as a from up")
    files = replace(
        files,
        pipeline=replace(files.pipeline, blocks=blocks),
        sources={**files.sources, "middle": text},
    )
    found = analyse(with_contract(files, "up", UP), lambda _: None, {})
    assert [one.message for one in found.diagnostics if one.block == "own"] == [
        "There is no column 'b': there are a."
    ]


TEXTS = [
    ("select max(day) from up", False),
    ("select count(*) from up", False),
    ("select late+1 as n, lower(carrier) from up", False),
    ("select s.* from up", False),
    ("select s.a from up", False),
    ("select unnest(s) from up", False),
    ("select columns('l.*') from up", False),
    ("select * like 'l%' from up", False),
    ("select * from up as a join up as b using (day)", False),
    ("select a.late, b.late from up as a join up as b using (day)", False),
    ("pivot up on carrier using sum(late)", False),
    ("select current_date, 'x', 1.5 from up", False),
    ("select late::varchar from up", False),
    ("select late::varchar as late from up", True),
    ("select Late, CARRIER as C from up", True),
    ("select * exclude (s) from up", True),
    ("select up.* replace (1 as late) from up", True),
    ("from up", True),
    ("select * from (select late as l from up) as t(z)", True),
    ("with c(z) as (select late from up) select * from c", True),
    ("select late as l from up union all select 2", True),
]


@pytest.mark.parametrize(("text", "sure"), TEXTS)
def test_columns_of_a_text_are_those_of_duckdb_or_nobody_says_so(text: str, sure: bool) -> None:
    files = files_of(text, upstream=("up",), others=(), options={"language": "sql"})
    own = next(block for block in files.pipeline.blocks if block.name == "own")
    known = {
        "up": [
            Column("day", "date32[day]"),
            Column("carrier", "string"),
            Column("late", "int64"),
            Column("s", "struct<a: int32, b: int32>"),
        ]
    }
    database = duckdb.connect()
    database.execute(
        "create table up (day date, carrier varchar, late bigint, s struct(a int, b int))"
    )
    columns = written_columns(text, own, known, None)
    assert (columns is not None) == sure
    if columns is not None:
        assert [column.name for column in columns] == database.sql(text).columns
