"""What would break if a column were called otherwise."""

from __future__ import annotations

from headrace.analysis.impact import impact_of
from headrace.analysis.result import BlockText
from headrace.protocol.lineage import ColumnOf, Impact
from headrace.protocol.tables import Column

COLUMNS = [Column("id", "int64"), Column("amount", "double")]


def query(name: str, text: str, *upstream: str, **fields: object) -> BlockText:
    return BlockText(name=name, language="sql", text=text, upstream=list(upstream), **fields)  # type: ignore[arg-type]


def python(name: str, text: str, *upstream: str) -> BlockText:
    return BlockText(
        name=name, language="python", text=text, upstream=list(upstream), columns=COLUMNS
    )


BLOCKS = [
    python("t", ""),
    query("a", "select * from t where id > 1", "t"),
    query("b", "select id,\n  sum(amount) as s,\n  max(amount)\nfrom a group by id", "a"),
    python("p", "def p(a):\n    return a['amount'] + a.amount\n", "a"),
    python("q", "def q(a):\n    return a  # the amount stays\n", "a"),
    query("r", "select amount from q where amount > 0", "q"),
    query("s", "select s from b", "b"),
    query("u", "select `amount` from w", "t", inputs={"w": "t"}, connection=True),
]


def lines(found: Impact) -> list[tuple[str, int, str]]:
    return [(use.block, use.line, use.known_by) for use in found.breaks]


def test_what_names_a_column_breaks_and_what_hands_it_on_is_followed() -> None:
    found = impact_of(BLOCKS, "t", "amount")
    assert lines(found) == [
        ("b", 2, "query"),
        ("b", 3, "query"),
        ("p", 2, "name"),
        ("r", 1, "query"),
        ("u", 1, "query"),
    ]
    assert found.breaks[0].text == "sum(amount) as s,"
    assert found.passes == [ColumnOf("a", "amount"), ColumnOf("q", "amount")]


def test_what_nobody_names_breaks_nothing() -> None:
    assert lines(impact_of(BLOCKS, "s", "s")) == []
    assert lines(impact_of(BLOCKS, "t", "nothing")) == []


def test_a_join_by_the_name_breaks() -> None:
    joined = query("j", "select * from t join a using (id)", "t", "a")
    assert ("j", 1, "query") in lines(impact_of([*BLOCKS[:2], joined], "t", "id"))
