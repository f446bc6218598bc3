"""SQL of another database as that of a block: a suggestion, with what could not be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from headrace.analysis.formatting import with_colons
from headrace.analysis.patience import TooSlow, limited
from headrace.analysis.placeholders import placeholders
from headrace.analysis.sql import read_query
from headrace.core.errors import InvalidInput
from headrace.protocol.replies import Translation

if TYPE_CHECKING:
    from sqlglot import exp

DIALECTS = {
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "tsql": "SQL Server",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "redshift": "Redshift",
    "spark": "Spark",
    "databricks": "Databricks",
    "trino": "Trino",
    "clickhouse": "ClickHouse",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
}
"""Those that can be chosen, the likely ones first; they are tried in this order."""
_HINTS = {
    "bigquery": re.compile(r"`|\bsafe_(?:divide|cast|offset)\b|\bexcept\s*\(", re.IGNORECASE),
    "snowflake": re.compile(
        r"\biff\s*\(|\bflatten\s*\(|:\w+::|\bdateadd\s*\(|\bnvl2?\s*\(|\bzeroifnull\b",
        re.IGNORECASE,
    ),
    "tsql": re.compile(
        r"\btop\s*\(?\d|\[\w+(?: \w+)*\]|\bgetdate\s*\(|\bisnull\s*\(|@\w", re.IGNORECASE
    ),
}
_UNKNOWN = "{target} has no function {name}: put in its place what does the same."


def translate(text: str, source: str, target: str) -> Translation:
    """Translate a statement; an empty `source` is guessed. Raises InvalidInput, saying why not."""
    if source and source not in DIALECTS:
        raise InvalidInput(f"There is no dialect {source!r}.", field="source")
    source = source or likely_dialect(text, target) or ""
    if not source:
        raise InvalidInput("This cannot be read in any dialect: choose the one that it is in.")
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError
    from sqlglot.parser import logger

    notes: list[str] = []
    try:
        with limited():
            (tree,) = _statements(text, source)
            try:
                made = tree.sql(dialect=target, pretty=True, unsupported_level=ErrorLevel.RAISE)
            except UnsupportedError as error:
                notes += [f"{line.strip().rstrip('.')}." for line in str(error).splitlines()]
                made = tree.sql(dialect=target, pretty=True, unsupported_level=ErrorLevel.IGNORE)
            unknown = [node.name for node in tree.find_all(exp.Anonymous)]
    except TooSlow:
        raise InvalidInput("This SQL is too long to be translated.") from None
    except (SqlglotError, RecursionError, ValueError) as error:
        logger.debug("not translated", exc_info=True)
        message = f"This cannot be read as {DIALECTS[source]}, so it was not translated."
        raise InvalidInput(message, field="source") from error
    made = with_colons(made + "\n", {place.name for place in placeholders(text)})
    notes += _notes(made, unknown, target)
    return Translation(text=made, source=source, notes=list(dict.fromkeys(notes)))


def dialect_by_signs(text: str, target: str) -> str | None:
    """Return the dialect whose own words a text has and that reads it; None when there is none."""
    hinted = (dialect for dialect, hint in _HINTS.items() if hint.search(text))
    readable = (d for d in hinted if d != target and not read_query(text, d).troubles)
    return next(readable, None)


def likely_dialect(text: str, target: str) -> str | None:
    """Return the dialect that a text is likely in; None when it can be read in none."""
    others = (d for d in DIALECTS if d != target and not read_query(text, d).troubles)
    return dialect_by_signs(text, target) or next(others, None)


def _statements(text: str, dialect: str) -> list[exp.Expr]:
    from sqlglot import parse

    return [statement for statement in parse(text, dialect=dialect) if statement]


def _notes(made: str, unknown: Sequence[str], target: str) -> Iterator[str]:
    """Tell what the database of the block would say of the result."""
    title = DIALECTS.get(target, target)
    for trouble in read_query(made, target).troubles:
        yield f"Line {trouble.line} cannot be read as {title}: {trouble.message}"
    if target == "duckdb":
        for name in unknown:
            if name.lower() not in _functions():
                yield _UNKNOWN.format(target=title, name=name.upper())


@lru_cache(maxsize=1)
def _functions() -> frozenset[str]:
    """Return the names of DuckDB's functions and macros, in lower case."""
    import duckdb

    with duckdb.connect() as database:
        rows = database.execute("select distinct lower(function_name) from duckdb_functions()")
        return frozenset(name for (name,) in rows.fetchall())
