"""What a SQL block reads: tables, placeholders, and what is wrong. Imports sqlglot when called."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct, field

from headrace.analysis.patience import READING_S, TooSlow, limited
from headrace.analysis.placeholders import (
    foreign_placeholders,
    placeholders,
    unclosed,
    with_placeholders,
)
from headrace.analysis.places import Place, place, position
from headrace.analysis.signature import Trouble
from headrace.core.ids import digest

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.errors import ParseError

# What sqlglot cannot parse becomes a diagnostic; its log would show the same on the terminal.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_CODES = re.compile(r"\x1b\[[0-9;]*m")
_INSTEAD = re.compile(r"Expected (.+) but got <Token .*text: (.*?), line: .*>")
_OWN_VIEWS = ("duckdb_", "pg_", "pragma_", "sqlite_")
OTHER_DIALECTS = ("postgres", "sqlite", "mysql")
"""Those that a block with a connection may be written in; DuckDB's is tried first."""
_SHORT = 16 << 10
_TOO_SLOW = (
    f"This statement takes longer than {READING_S:g} s to read: make several blocks of it, or keep"
    " its values in a file."
)
_NOT_A_READ = "A SQL block is one statement that reads, such as SELECT."


class Query(Struct, frozen=True, kw_only=True):
    """One statement: the tables it reads (CTEs left out), its placeholders, its troubles."""

    digest: str
    reads_only: bool = True
    tables: list[Place] = field(default_factory=list[Place])
    placeholders: list[Place] = field(default_factory=list[Place])
    foreign: list[Place] = field(default_factory=list[Place])
    """What other tools would take for placeholders."""
    troubles: list[Trouble] = field(default_factory=list[Trouble])


class _AllNames:
    def __contains__(self, name: object) -> bool:
        return True


def parse_statements(text: str, dialect: str = "duckdb") -> tuple[exp.Expr, ...]:
    """Parse a text with placeholders; offsets in the trees are those of the text.

    The trees are kept for the next who asks: to change one, copy it. Raises sqlglot's ParseError
    and TokenError, RecursionError, and TooSlow.
    """
    found = (_kept if len(text) <= _SHORT else _kept_of_long)(text, dialect)
    if found is None:
        raise TooSlow
    return found


def _parsed(text: str, dialect: str) -> tuple[exp.Expr, ...] | None:
    """Return what `parse_statements` does; None, kept as well, when it took too long."""
    from sqlglot import exp, parse

    # sqlglot takes `select :n` for DuckDB's `name: value`; `$n` is as long and never ambiguous.
    readable, _ = with_placeholders(text, _AllNames())
    try:
        with limited():
            found = parse(readable, dialect=dialect)
    except TooSlow:
        return None
    # A comment behind the last semicolon hangs on a node of its own.
    return tuple(one for one in found if one is not None and not isinstance(one, exp.Semicolon))


# A tree takes some hundred times as much memory as its text.
_kept = lru_cache(maxsize=128)(_parsed)
_kept_of_long = lru_cache(maxsize=2)(_parsed)


@lru_cache(maxsize=8192)
def read_query(text: str, dialect: str = "duckdb") -> Query:
    """Read a SQL source. Never raises; what is wrong is in `troubles`."""
    from sqlglot import exp
    from sqlglot.errors import ParseError, TokenError

    try:
        statements = parse_statements(text, dialect)
    except ParseError as error:
        return _broken(text, _syntax_error(error))
    except TokenError:
        return _broken(text, _trouble(text, "A quote or comment is not closed.", unclosed(text)))
    except RecursionError:
        return _broken(text, _trouble(text, "This statement is nested too deeply to be read."))
    except TooSlow:
        return _broken(text, _trouble(text, _TOO_SLOW))
    if len(statements) != 1:
        return _broken(text, _not_one(text, dialect, len(statements)))
    tree = statements[0]
    if isinstance(tree, exp.Command) or _is_expression(tree):
        return _broken(text, _trouble(text, _NOT_A_READ))
    try:
        canonical = tree.sql(dialect=dialect, comments=False)
    except RecursionError:
        canonical = text
    return Query(
        digest=digest("sql", dialect, canonical),
        reads_only=_reads_only(tree),
        tables=_tables(tree, text),
        placeholders=_once(placeholders(text)),
        foreign=foreign_placeholders(text),
    )


def _broken(text: str, trouble: Trouble) -> Query:
    foreign = foreign_placeholders(text)
    return Query(digest=digest("sql", text), troubles=[trouble], foreign=foreign)


def _trouble(text: str, message: str, offset: int | None = None) -> Trouble:
    line, column = position(text, offset or 0)
    return Trouble(code="syntax", message=message, line=line, column=column)


def _syntax_error(error: ParseError) -> Trouble:
    first = error.errors[0] if error.errors else {}
    highlight = str(first.get("highlight") or "")
    said = _CODES.sub("", str(first.get("description") or error)).partition("\n")[0].rstrip(".")
    column = max(int(first.get("col") or 1) - max(len(highlight), 1), 0)
    near = highlight.strip().partition("\n")[0]
    return Trouble(
        code="syntax",
        message=_in_words(said, near),
        line=int(first.get("line") or 1),
        column=column,
        end_column=column + len(highlight) if near and "\n" not in highlight else None,
    )


def _in_words(said: str, near: str) -> str:
    """Say plainly what sqlglot says of a token."""
    instead = _INSTEAD.fullmatch(said)
    if instead:  # it shows the token as Python would
        wanted, text = instead.groups()
        if text == "SENTINEL":
            return f"A {wanted} is missing after {near!r}."
        return f"Expected a {wanted} before {text!r}."
    if not near:
        return f"{said}."
    if said.startswith("Required keyword"):
        return f"Something is missing after {near!r}."
    if said.startswith("Expecting "):
        return f"Expected {said.removeprefix('Expecting ')!r} before {near!r}."
    if said.startswith("Invalid expression"):
        return f"{near!r} is not expected here."
    return f"{said} near {near!r}."


def _not_one(text: str, dialect: str, count: int) -> Trouble:
    """Tell that there is none, or where the second one begins."""
    from sqlglot import tokenize
    from sqlglot.tokenizer_core import TokenType

    if not count:
        return _trouble(text, "A SQL block is one statement, this is none.")
    tokens = tokenize(with_placeholders(text, _AllNames())[0], dialect=dialect)
    second = next(
        token
        for before, token in pairwise(tokens)
        if before.token_type == TokenType.SEMICOLON and token.token_type != TokenType.SEMICOLON
    )
    return _trouble(text, f"A SQL block is one statement, this is {count}.", second.start)


def _is_expression(tree: exp.Expr) -> bool:
    """Tell a mere expression: `selekt a` is the column `selekt` by another name."""
    from sqlglot import exp

    return isinstance(tree, exp.Condition | exp.Alias) and not isinstance(tree, exp.Query)


def _reads_only(tree: exp.Expr) -> bool:
    from sqlglot import exp

    reading = (exp.Query, exp.Values, exp.Pivot, exp.Describe, exp.Summarize)
    writing = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.DDL, exp.Drop, exp.Copy)
    # Query is a DDL-free base class, while Create and Insert derive from DDL.
    return isinstance(tree, reading) and tree.find(*writing) is None


def _tables(tree: exp.Expr, text: str) -> list[Place]:
    from sqlglot import exp

    found: list[Place] = []
    for node in tree.find_all(exp.Table):
        if isinstance(node.this, exp.Identifier) and reads_outside(node):
            start, end = node.this.meta.get("start", -1), node.this.meta.get("end", -1)
            found.append(place(text, node.name, start, end + 1))
    return sorted(found, key=lambda entry: entry.start)


def _once(found: Sequence[Place]) -> list[Place]:
    first = {entry.name: entry for entry in reversed(found)}
    return sorted(first.values(), key=lambda entry: entry.start)


def is_own_table(name: str) -> bool:
    """Tell whether DuckDB itself gives a table of this name: a file, or one of its views."""
    return (not name.isidentifier() and "." in name) or name.lower().startswith(_OWN_VIEWS)


def reads_outside(table: exp.Table) -> bool:
    """Tell whether a table comes from outside: no schema, and no WITH around defines its name."""
    from sqlglot import exp

    if table.db:
        return False
    name = table.name.lower()
    inside = table.find_ancestor(exp.CTE)
    node = table.parent
    while node is not None:
        if name in _names_defined(node, inside):
            return False
        node = node.parent
    return True


def _names_defined(node: exp.Expr, inside: exp.CTE | None) -> set[str]:
    """Return the names that a node's WITH defines, as far as they are visible in `inside`."""
    from sqlglot import exp

    found: set[str] = set()
    with_ = node.args.get("with_") or node.args.get("with")
    if not isinstance(with_, exp.With):
        return found
    for cte in with_.expressions:
        if cte is inside and not with_.args.get("recursive"):
            break
        found.add(cte.alias.lower())
    return found
