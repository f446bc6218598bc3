"""What a SQL block reads: tables, placeholders, and what is wrong. Imports sqlglot when called."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from headrace.analysis.signature import Trouble
from headrace.core.ids import digest

if TYPE_CHECKING:
    from sqlglot import exp

_PLACEHOLDER = re.compile(r"(?<![:\w]):(?=[A-Za-z_])")
_CODES = re.compile(r"\x1b\[[0-9;]*m")


class Place(Struct, frozen=True):
    """A name in a source. `line` from 1, `column` from 0 in code points; offsets in the text."""

    name: str
    line: int = 1
    column: int = 0
    start: int = -1
    end: int = -1


class Query(Struct, frozen=True, kw_only=True):
    """One statement: the tables it reads (CTEs left out), its placeholders, its troubles."""

    digest: str
    reads_only: bool = True
    tables: list[Place] = field(default_factory=list[Place])
    placeholders: list[Place] = field(default_factory=list[Place])
    troubles: list[Trouble] = field(default_factory=list[Trouble])


@lru_cache(maxsize=1024)
def read_query(text: str, dialect: str = "duckdb") -> Query:
    """Read a SQL source. Never raises; what is wrong is in `troubles`."""
    from sqlglot import exp, parse
    from sqlglot.errors import ParseError, TokenError

    try:
        try:
            trees = parse(text, dialect=dialect)
        except ParseError:
            # DuckDB's `name: value` makes `select :n` an error to sqlglot; `$n` is as long.
            trees = parse(_PLACEHOLDER.sub("$", text), dialect=dialect)
        statements = [statement for statement in trees if statement]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        highlight = str(first.get("highlight") or "")
        return _broken(
            text,
            _CODES.sub("", str(first.get("description") or error)).split("\n")[0],
            line=int(first.get("line") or 1),
            column=max(int(first.get("col") or 1) - max(len(highlight), 1), 0),
        )
    except TokenError:
        return _broken(text, "A quote or comment is not closed", line=text.count("\n") + 1)
    except RecursionError:
        return _broken(text, "This statement is nested too deeply to be read")
    if len(statements) != 1:
        count = len(statements)
        return _broken(text, f"A SQL block is one statement, this is {count or 'none'}")
    tree = statements[0]
    try:
        canonical = tree.sql(dialect=dialect, comments=False)
    except RecursionError:
        canonical = text
    return (
        Query(
            digest=digest("sql", dialect, canonical),
            reads_only=_reads_only(tree),
            tables=_tables(tree, text),
            placeholders=[_placeholder(node, text) for node in _ordered(tree, text)],
        )
        if not isinstance(tree, exp.Command)
        else _broken(text, "A SQL block is one statement that reads, such as SELECT")
    )


def _broken(text: str, message: str, *, line: int = 1, column: int = 0) -> Query:
    trouble = Trouble(code="syntax", message=f"{message}.", line=line, column=column)
    return Query(digest=digest("sql", text), troubles=[trouble])


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
        if not isinstance(node.this, exp.Identifier) or node.db or _is_cte(node):
            continue
        found.append(_place(node.this, text))
    return sorted(found, key=lambda place: place.start)


def _is_cte(table: exp.Table) -> bool:
    """Tell whether a WITH around the table defines its name."""
    from sqlglot import exp

    name, node = table.name.lower(), table.parent
    inside: exp.CTE | None = table.find_ancestor(exp.CTE)
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        for cte in with_.expressions if isinstance(with_, exp.With) else ():
            recursive = bool(with_.args.get("recursive"))
            if cte is inside and not recursive:
                break
            if cte.alias.lower() == name:
                return True
        node = node.parent
    return False


def _place(node: exp.Identifier, text: str) -> Place:
    start, end = node.meta.get("start", -1), node.meta.get("end", -1)
    line, column = position(text, start)
    return Place(node.name, line, column, start, end)


def position(text: str, offset: int) -> tuple[int, int]:
    """Turn an offset into line from 1 and column from 0."""
    offset = max(offset, 0)
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)


def _ordered(tree: exp.Expr, text: str) -> list[str]:
    from sqlglot import exp

    names = {str(node.this) for node in tree.find_all(exp.Placeholder) if node.this}
    names |= {node.name for node in tree.find_all(exp.Parameter) if node.name}
    return sorted(names, key=lambda name: _found(text, name))


def _found(text: str, name: str) -> int:
    match = re.search(rf"(?<!:):{re.escape(name)}\b", text)
    return match.start() if match else 0


def _placeholder(name: str, text: str) -> Place:
    start = _found(text, name)
    line, column = position(text, start)
    return Place(name, line, column, start, start + len(name))


def rename_table(text: str, old: str, new: str, dialect: str = "duckdb") -> str:
    """Rename a table where it is read and where it qualifies columns; the rest stays as it is."""
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        statements = parse(text, dialect=dialect)
    except (SqlglotError, RecursionError):
        return text
    spots: set[tuple[int, int]] = set()
    for tree in statements:
        if tree is None:
            continue
        for table in tree.find_all(exp.Table):
            if table.name.lower() == old.lower() and not table.db and not _is_cte(table):
                _note(table.this, spots)
        if not spots:
            continue
        taken = {alias.name.lower() for alias in tree.find_all(exp.TableAlias)}
        for column in tree.find_all(exp.Column):
            if column.table.lower() == old.lower() and old.lower() not in taken:
                _note(column.args.get("table"), spots)
    for start, end in sorted(spots, reverse=True):
        quote = text[start] if text[start] in '"`' else ""
        text = f"{text[:start]}{quote}{new}{quote}{text[end + 1 :]}"
    return text


def _note(node: object, spots: set[tuple[int, int]]) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Identifier) and "start" in node.meta:
        spots.add((node.meta["start"], node.meta["end"]))
