"""The source of a transformer that does what a view shows."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from importlib.util import find_spec

from msgspec import Struct, field

from headrace.analysis.views.pandas_code import PandasCode
from headrace.analysis.views.plan import Plan, plan_of
from headrace.analysis.views.polars_code import PolarsCode
from headrace.analysis.views.script import Script
from headrace.analysis.views.sql_code import SqlCode
from headrace.analysis.views.table import TableFacts
from headrace.core.errors import InvalidInput
from headrace.protocol.steps import CodeLanguage, Step
from headrace.protocol.views import View

_TAKEN = frozenset(
    {
        "pd",
        "pl",
        "pa",
        "np",
        "plt",
        "df",
        "texts",
        "table",
        "wide",
        "figure",
        "axes",
        "points",
        "drawn",
    }
    | {
        "moments",
        "moments_up",
        "groups",
        "most",
        "names",
        "colors",
        "shades",
        "key",
        "across_key",
        "up_key",
        "name",
        "part",
        "transformer",
    }
    | {"date", "Decimal", "ZoneInfo", "timedelta"}
)
"""Names that the code gives to other things than its upstream."""


class BlockCode(Struct, frozen=True):
    """The source of a block, and how its result differs from what the view shows, if it does."""

    text: str
    notes: list[str] = field(default_factory=list[str])


def block_of_view(
    view: View,
    steps: Sequence[Step],
    table: TableFacts,
    *,
    name: str,
    upstream: str,
    language: CodeLanguage,
) -> BlockCode:
    """Return the source of a block `name` whose rows are those of a view of `upstream`.

    Raises InvalidInput when the view does not fit the table, or the language cannot say it.
    """
    plan = plan_of(view, steps, table)
    _insist_on_order(plan, language)
    if language == "sql":
        return BlockCode(SqlCode(plan, upstream).text(), _notes(plan, language))
    script = Script(name, argument_of(upstream), describe(plan, upstream))
    writer = PandasCode(plan, script) if language == "pandas" else PolarsCode(plan, script)
    writer.write()
    return BlockCode(script.source(), _notes(plan, language))


def _insist_on_order(plan: Plan, language: CodeLanguage) -> None:
    for column, _ in plan.keys:
        if column.is_ordered and language != "pandas":
            raise InvalidInput(
                f"{column.name[:80]!r} is sorted by the order of its categories, which only pandas"
                " knows: write the block in pandas.",
                field="language",
            )


def argument_of(upstream: str) -> str:
    """Return the argument that takes the upstream; raise InvalidInput when code needs its name."""
    if upstream in _TAKEN or keyword.iskeyword(upstream):
        raise InvalidInput(
            f"A block called {upstream!r} would hide what the code needs: rename it first.",
            field="upstream",
        )
    return upstream


def describe(plan: Plan, upstream: str) -> str:
    """Say in one line what the block does."""
    said: list[str] = []
    names = [column.name for column, _ in plan.conditions]
    if names:
        said.append(f"chosen by {_listed(list(dict.fromkeys(names)))}")
    if plan.search:
        said.append(
            "found by a search" if len(plan.search) > 30 else f"with {plan.search!r} in them"
        )
    if plan.keys:
        said.append(f"sorted by {_listed([column.name for column, _ in plan.keys])}")
    return ", ".join([f"Rows of {upstream}", *said]) + "."


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 30 else f"{name[:29]}…" for name in names]
    if len(shown) > 3:
        return f"{', '.join(shown[:2])} and {len(shown) - 2} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _notes(plan: Plan, language: CodeLanguage) -> list[str]:
    """Say what the language cannot keep of the columns that the view shows."""
    notes: list[str] = []
    notes += _noted([c.name for c in plan.unsearched], "is not searched by the code")
    kept = [one.column for one in plan.wanted if not one.casts]
    if language == "sql":
        notes += _noted([c.name for c in kept if c.is_category], "becomes text in SQL")
        zoned = [c.name for c in kept if c.zone not in (None, "UTC")]
        notes += _noted(zoned, "is in UTC in SQL, the same moments")
        spans = [c.name for c in kept if c.family == "duration"]
        notes += _noted(spans, "becomes an interval in SQL")
    elif language == "pandas" and plan.table.type_name.startswith("pandas."):
        notes += _noted([c.name for c in kept if c.nan], "has NaN, which pandas reads as null")
    if language == "polars" and find_spec("polars") is None:
        notes.append("polars is not installed here: `pip install polars` before the block runs.")
    return notes


def _noted(names: Sequence[str], words: str) -> list[str]:
    return [f"{_listed(names)} {words}."] if names else []
