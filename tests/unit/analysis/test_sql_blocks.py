"""Tables, placeholders and columns of SQL, and what the editor says of those that are not there."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.analysis import placeholders as scanner
from headrace.analysis.sql import read_query
from headrace.analysis.sql_columns import new_names, unknown_columns
from headrace.protocol import commands as cmd
from headrace.protocol.tables import Parameter
from headrace.workers import sql as worker

TABLES = [
    ("select * from up", ["up"]),
    ('select * from "up" join "Other One"', ["up", "Other One"]),
    ("with up as (select 1) select * from up", []),
    ("with up as (select * from up) select * from up", ["up"]),
    ("with recursive up as (select 1 union all select * from up) select * from up", []),
    ("with a as (select 1), b as (select * from a join up) select * from b", ["up"]),
    ("select * from (with up as (select 1) select * from up) join up", ["up"]),
    ("select * from main.up, up", ["up"]),
    ("select up.a from other as up", ["other"]),
    ("select * from range(3), read_csv('up')", []),
    ("select 'from up' -- from up\nfrom other /* join up */", ["other"]),
    ("from up", ["up"]),
    ("select (select max(x) from other) from up", ["other", "up"]),
    ("select * from up where a in (from other)", ["up", "other"]),
    ("select 'é😀' from up", ["up"]),
    ("select * from up;", ["up"]),
    ("select * from up;  -- all of it; yes\n/* and */", ["up"]),
]


@pytest.mark.parametrize(("text", "names"), TABLES)
def test_tables_are_those_from_outside(text: str, names: list[str]) -> None:
    query = read_query(text)
    assert not query.troubles
    assert [table.name for table in query.tables] == names
    for table in query.tables:
        assert text[table.start : table.end].strip('"') == table.name


PLACEHOLDERS = [
    ("select :a, :b", ["a", "b"]),
    ("select x::a, :b::int", ["b"]),
    ("select ':a', \":a\", 'it''s :a', $$ :a $$, $q$ :a $q$, e'\\' :a'", []),
    ("select 1 -- :a\n/* :a */ + :b", ["b"]),
    ("select x[1:a], x[:a], x[b:a]", []),
    ("select {'k':a}, {\"k\":a}, f(k := a)", []),
    ("select [:a, :b]", ["a", "b"]),
    ("limit:a", []),
    ("where x=:a", ["a"]),
    ("where x in (:a,:b)", ["a", "b"]),
    (":a :a", ["a", "a"]),
    ("select $a, ?, {{ a }}, %(a)s", []),
]


@pytest.mark.parametrize(("text", "names"), PLACEHOLDERS)
def test_placeholders_stand_outside_of_texts_casts_and_slices(text: str, names: list[str]) -> None:
    found = scanner.placeholders(text)
    assert [place.name for place in found] == names
    assert all(text[place.start : place.end] == f":{place.name}" for place in found)


def test_workers_recognise_placeholders_by_the_function_of_the_analysis() -> None:
    assert worker.with_placeholders is scanner.with_placeholders


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 0), "A SQL block is one statement, this is none."),
        ("-- nothing", (1, 0), "A SQL block is one statement, this is none."),
        ("select 1;\n  select 2", (2, 2), "A SQL block is one statement, this is 2."),
        ("select *\nfom up", (2, 4), "'up' is not expected here."),
        ("select (a\nfrom up", (2, 0), "Expected ')' before 'from'."),
        ("select a from up\nwhere", (2, 0), "Something is missing after 'where'."),
        ("select :n,\n  'a", (2, 2), "A quote or comment is not closed."),
        ("select 1 /* a", (1, 9), "A quote or comment is not closed."),
        ("selekt a", (1, 0), "A SQL block is one statement that reads, such as SELECT."),
        ("(" * 900, (1, 0), "This statement is nested too deeply to be read."),
    ],
)
def test_a_syntax_error_has_line_column_and_plain_words(
    analysed: Any, text: str, place: tuple[int, int], message: str
) -> None:
    found, told = analysed(text, language="sql", upstream=("up",))
    assert [(d.code, (d.line, d.column), d.message) for d in told] == [("syntax", place, message)]
    assert not found.blocks["own"].runnable


def test_a_table_that_is_a_block_but_not_connected_offers_to_connect_it(analysed: Any) -> None:
    _, (told,) = analysed("select *\nfrom up", language="sql", others=("up",))
    assert (told.code, told.severity) == ("not-upstream", "error")
    assert (told.line, told.column, told.end_column) == (2, 5, 7)
    connect = cmd.Connect(pipeline="p", upstream="up", downstream="own")
    assert [fix.command for fix in told.fixes] == [connect]


def test_a_table_that_is_nothing_names_the_nearest_block(analysed: Any) -> None:
    _, (told,) = analysed("from flihgts", language="sql", others=("flights",))
    assert told.code == "unknown-table"
    assert told.message == "There is no block 'flihgts' to read from: did you mean 'flights'?"
    change, connect = told.fixes
    assert change.command == cmd.SaveSource(
        pipeline="p", block="own", text="from flights", base="h1"
    )
    assert connect.title == "Connect flights"


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("from 'data.csv'", {}),
        ("select * from duckdb_settings", {}),
        ("select * from sales.orders", {}),
        ("select * from orders", {"connection": "warehouse"}),
        ("select * from T", {"upstream": ("up",), "inputs": {"t": "up"}}),
        ('select * from "UP"', {"upstream": ("up",)}),
    ],
)
def test_tables_that_are_there_are_not_talked_about(
    analysed: Any, text: str, options: dict[str, Any]
) -> None:
    assert analysed(text, language="sql", **options)[1] == []


def test_an_upstream_that_is_not_read_can_be_disconnected(analysed: Any) -> None:
    found, (told,) = analysed("select 1", language="sql", upstream=("up",))
    assert (told.code, told.severity) == ("unused-upstream", "warning")
    assert [fix.title for fix in told.fixes] == ["Disconnect up"]
    assert found.blocks["own"].runnable


def test_placeholders_bind_settings_before_parameters_and_others_are_told(analysed: Any) -> None:
    month = Parameter(name="month", type="integer", default=1)
    found, told = analysed(
        "select :month,\n :day, :n, :n",
        language="sql",
        parameters=(month,),
        settings={"day": 2, "typo": 3},
    )
    sources = {b.argument: b.source for b in found.blocks["own"].bindings}
    assert sources == {"month": "parameter", "day": "setting"}
    assert [(d.code, d.line, d.column, d.end_column) for d in told] == [
        ("unknown-placeholder", 2, 7, 9),
        ("unknown-setting", 1, 0, None),
    ]
    assert told[0].fixes[0].title == "Declare the parameter n"
    forms = {form.name: form.type for form in found.blocks["own"].form}
    assert forms == {"month": "integer", "day": "string", "n": "string"}


def test_a_placeholder_that_nothing_gives_names_the_nearest(analysed: Any) -> None:
    parameters = (Parameter(name="minutes", type="integer", default=1),)
    _, (told,) = analysed("select :minuets, 1", language="sql", parameters=parameters)
    assert told.message == "Nothing gives :minuets: did you mean :minutes?"
    assert told.fixes[0].command.text == "select :minutes, 1"


@pytest.mark.parametrize("written", ["$month", "{{ month }}", "%(month)s"])
def test_placeholders_of_other_tools_are_told_with_the_right_form(
    analysed: Any, written: str
) -> None:
    _, told = analysed(f"select x = {written}", language="sql")
    found = next(entry for entry in told if entry.code == "foreign-placeholder")
    assert (found.line, found.column) == (1, 11)
    assert found.fixes[0].command.text == "select x = :month"


COLUMNS = {"up": ["a", "b", "Carrier", "arr_delay", "l", "s"], "d": ["k", "v"]}

UNKNOWN = [
    ("select a,\n  arr_dela from up", [(2, 2, "arr_dela", "did you mean 'arr_delay'?")]),
    ("select x.zz from up as x", [(1, 9, "zz", "there are a, b, Carrier, arr_delay, l, s.")]),
    ("select a from up join d on up.k = d.k", [(1, 30, "k", "there are a, b, Carrier, arr_delay, l, s.")]),
    ("select zz as a from up", [(1, 7, "zz", "there are a, b, Carrier, arr_delay, l, s.")]),
    ("with c as (select a as q from up) select w from c", [(1, 41, "w", "there are q.")]),
    ("select j from (select * from d) t", [(1, 7, "j", "there are k, v.")]),
    ("select 1 from d where exists (select 1 from up where a = k and vv = 1)", [(1, 63, "vv", "did you mean 'v'?")]),
    ("select 'é', \"cärrier\" from up", [(1, 12, "cärrier", "did you mean 'Carrier'?")]),
    ("select a from up union all select kk from d", [(1, 34, "kk", "did you mean 'k'?")]),
    ("select count(*) filter (where bb) over (order by a) from up where a > :n", [(1, 30, "bb", "did you mean 'b'?")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), UNKNOWN)
def test_a_column_that_no_table_has_names_the_nearest(
    analysed: Any, text: str, expected: list[tuple[int, int, str, str]]
) -> None:
    parameters = (Parameter(name="n"),)
    found, told = analysed(
        text, language="sql", upstream=("up", "d"), columns=COLUMNS, parameters=parameters
    )
    told = [entry for entry in told if entry.code == "unknown-column"]
    assert [(d.line, d.column, d.message) for d in told] == [
        (line, column, f"There is no column {name!r}: {hint}")
        for line, column, name, hint in expected
    ]
    assert {d.severity for d in told} == {"warning"}
    assert found.blocks["own"].runnable


@pytest.mark.parametrize(
    "text",
    [
        'select "CARRIER", rowid, up from up',
        "select 1 as one, one + 1 as two from up order by two",
        "select list_transform(l, x -> x + 1), s.field, up.s.field, struct_pack(q := 1) from up",
        "select * exclude (a) from up",
        "pivot up on a using sum(zz)",
        "select zz from up, elsewhere.t",
        "select t.e from up, unnest(up.l) as t(e)",
        "select x from (values (1)) t(x)",
        "with recursive r as (select 1 as n union all select n + 1 from r) select n, m from r",
        "select sum(a) as t from up group by all having t > 1",
        "select columns('a.*'), date_trunc('day', a), extract(year from b), interval 1 day from up",
        "select a from up where exists (select 1 from d where k = up.b)",
        "select x from up as t(x, y)",
        "summarize up",
    ],
)
def test_what_cannot_be_told_for_sure_is_passed_over(analysed: Any, text: str) -> None:
    _, told = analysed(text, language="sql", upstream=("up", "d"), columns=COLUMNS)
    assert [entry for entry in told if entry.code == "unknown-column"] == []


def test_the_fix_of_a_column_writes_it_quoted_where_it_must_be(analysed: Any) -> None:
    _, (told,) = analysed(
        "select 1,\n  mean_delay from up",
        language="sql",
        upstream=("up",),
        columns={"up": ["mean delay"]},
    )
    assert told.fixes[0].command.text == 'select 1,\n  "mean delay" from up'


@pytest.mark.parametrize("kind", ["loader", "transformer", "exporter"])
def test_no_sql_block_writes_an_exporter_neither(analysed: Any, kind: str) -> None:
    found, (told,) = analysed("delete from warehouse.t", language="sql", kind=kind)
    assert (told.code, told.severity) == ("sql-writes", "error")
    assert told.message.startswith("A SQL block only reads")
    assert not found.blocks["own"].runnable


def test_a_block_on_a_connection_may_speak_that_databases_dialect(analysed: Any) -> None:
    text = "select data #>> '{a,b}' as ab from t where tag = :tag"
    mysql = "select `a b` from t"
    parameters = {"settings": {"tag": "x"}, "connection": "warehouse"}
    assert analysed(text, language="sql", **parameters)[1] == []
    assert analysed(mysql, language="sql", connection="warehouse")[1] == []
    assert analysed(mysql, language="sql")[1] != []


CONNECTIONS = {"warehouse": "postgresql://${USER}@h/x", "shop": "mysql://h/y", "lake": "${URL}"}


def test_a_block_on_a_connection_is_read_in_the_dialect_of_its_url(analysed: Any) -> None:
    shop: dict[str, Any] = {"language": "sql", "connections": CONNECTIONS, "connection": "shop"}
    assert analysed("select `a b` from orders where x regexp 'y'", **shop)[1] == []
    (told,) = analysed("select `a b` from orders", **shop | {"connection": "warehouse"})[1]
    assert told.code == "syntax"
    assert analysed("select `a b` from orders", **shop | {"connection": "lake"})[1] == []


def test_a_connection_that_is_not_declared_is_told(analysed: Any) -> None:
    more: dict[str, Any] = {"language": "sql", "connections": CONNECTIONS}
    (told,) = analysed("select 1", connection="warehose", **more)[1]
    assert (told.code, told.message) == (
        "unknown-connection",
        "headrace.yaml declares no connection 'warehose': did you mean 'warehouse'?",
    )
    (told,) = analysed("select 1", connection="zzz", **more)[1]
    assert told.message.endswith("declared are: lake, shop, warehouse.")


def test_another_url_is_another_block(analysed: Any) -> None:
    more: dict[str, Any] = {"language": "sql", "connection": "shop"}
    prints = {
        analysed("select 1", connections={"shop": url}, **more)[0].blocks["own"].fingerprint
        for url in ("mysql://h/y", "mysql://h/z", "mysql://h/y")
    }
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "write from a Python exporter"),
        ({"connection": "warehouse"}, "say `writes: true`"),
        ({"connection": "warehouse", "writes": True}, "make a block that writes an exporter"),
        ({"connection": "warehouse", "writes": True, "kind": "exporter"}, None),
        ({"writes": True, "kind": "exporter"}, "for blocks with `connection:`"),
    ],
)
def test_what_may_write_is_told(analysed: Any, options: dict[str, Any], told: str | None) -> None:
    found = analysed("delete from t", language="sql", connections=CONNECTIONS, **options)[1]
    found = [one for one in found if one.code == "sql-writes"]
    assert [one.message for one in found if told is None or told not in one.message] == []
    assert bool(found) == (told is not None)


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        ({"connection": "warehouse", "kind": "exporter"}, {"writes": True}),
        ({"connection": "warehouse", "kind": "loader"}, {"writes": True}),
        (
            {"connection": "warehouse", "kind": "transformer"},
            {"writes": True, "kind": "exporter"},
        ),
        (
            {"connection": "warehouse", "kind": "transformer", "writes": True},
            {"kind": "exporter"},
        ),
        ({"kind": "exporter", "writes": True}, {"writes": False}),
        (
            {"connection": "warehose", "kind": "exporter", "writes": True},
            {"connection": "warehouse"},
        ),
    ],
)
def test_what_may_not_be_comes_with_the_switch_that_mends_it(
    analysed: Any, options: dict[str, Any], fix: dict[str, Any]
) -> None:
    told = analysed("delete from t", language="sql", connections=CONNECTIONS, **options)[1]
    (offered,) = next(one.fixes for one in told if one.code != "unknown-table")
    assert offered.command == cmd.ConfigureBlock(pipeline="p", block="own", **fix)


def test_with_a_connection_tables_are_those_of_the_database(analysed: Any) -> None:
    """Those of unconnected blocks too: only an edge makes a table a block."""
    more: dict[str, Any] = {"language": "sql", "connections": CONNECTIONS}
    assert (
        analysed("select * from other", others=("other",), connection="warehouse", **more)[1] == []
    )


def test_the_names_of_using_must_be_on_both_sides() -> None:
    known = (("a", ("id", "x")), ("b", ("id", "y")), ("c", ("z",)))
    text = "select x, y, z from a join b using (id) join c using (id)"
    (told,) = unknown_columns(text, known)
    assert (told.message, told.column) == ("There is no column 'id': there are z.", 54)
    (told,) = unknown_columns("select 1 from c join a using (id)", known)
    assert told.message == "There is no column 'id': there are z."
    assert not unknown_columns("select 1 from nobody join a using (id)", known)
    assert not unknown_columns("select 1 from (from nobody) n join a using (y)", (known[1],))


def test_a_column_whose_place_another_took_is_called_like_that_now() -> None:
    assert new_names(["id", "amount"], ["id", "total"]) == {"amount": "total"}
    assert new_names(["id", "amount"], ["amount", "id"]) == {}
    assert new_names(["id", "amount"], ["id"]) == {}
    known, renamed = (("t", ("id", "total")),), (("t", (("Amount", "total"),)),)
    (told,) = unknown_columns("select amount from t", known, renamed=renamed)
    assert told.message == "There is no column 'amount': it is called 'total' now."
    assert told.instead == "total"
