"""Proposals and help from the text alone: jedi for Python, upstream tables and columns for both."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from headrace.core.errors import InvalidInput
from headrace.protocol.replies import Completion, Completions, Inspection
from headrace.protocol.tables import Column

_SUBSCRIPT = re.compile(r"(\w+)(?:\.loc)?\[(?:[^\]]*,\s*|\[(?:[^\]]*,\s*)?)?[\"']([^\"']*)$")
_ATTRIBUTE = re.compile(r"\b(\w+)\.(\w*)$")
_WORD = re.compile(r"\w*$")
_WORDS = [
    "select",
    "from",
    "where",
    "group",
    "by",
    "order",
    "having",
    "limit",
    "join",
    "left",
    "inner",
    "on",
    "using",
    "as",
    "with",
    "union",
    "all",
    "distinct",
    "case",
    "when",
    "then",
    "else",
    "end",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "like",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "round",
    "coalesce",
    "cast",
    "filter",
    "over",
    "partition",
    "qualify",
]
_LIMIT = 200
_FORMAT_SECONDS = 10


def complete(
    text: str,
    language: str,
    line: int,
    column: int,
    names: Sequence[str],
    columns: Mapping[str, Sequence[Column]],
) -> Completions:
    """Return proposals at a line (from 1) and column (from 0, code points)."""
    before = _before(text, line, column)
    if language == "python" and (match := _SUBSCRIPT.search(before)):
        return _columns(columns.get(match.group(1), ()), match.group(2), column)
    match = _ATTRIBUTE.search(before)
    if language == "sql":
        if match:
            table = _table_of(text, match.group(1), columns)
            return _columns(columns.get(table, ()), match.group(2), column)
        return _sql_words(before, column, names, columns)
    if language != "python":
        return Completions(start=column)
    items: dict[str, Completion] = {}
    if match:
        for entry in columns.get(match.group(1), ()):
            if entry.name.isidentifier() and entry.name.startswith(match.group(2)):
                items[entry.name] = Completion(label=entry.name, kind="column", detail=entry.type)
    kinds = {"function": "function", "class": "class", "module": "module", "keyword": "keyword"}
    for found in _jedi(text).complete(line, column)[:_LIMIT]:
        kind = kinds.get(found.type, "variable")
        items.setdefault(found.name, Completion(label=found.name, kind=kind))  # pyright: ignore[reportArgumentType]
    word = _WORD.search(before)
    return Completions(start=column - len(word.group() if word else ""), items=list(items.values()))


def inspect(text: str, language: str, line: int, column: int) -> Inspection:
    """Return the signature at a place, or the documentation of the name there."""
    if language != "python":
        return Inspection()
    script = _jedi(text)
    for signature in script.get_signatures(line, column):
        return Inspection(
            signature=signature.to_string(),
            argument=signature.index,
            documentation=signature.docstring(raw=True),
        )
    for name in script.help(line, column):
        return Inspection(signature=name.description, documentation=name.docstring(raw=True))
    return Inspection()


def format_source(text: str, language: str) -> str:
    """Return SQL or Python in standard form; raise InvalidInput when it cannot be formatted."""
    if language == "sql":
        from sqlglot import transpile
        from sqlglot.errors import SqlglotError

        try:
            pretty = transpile(text, read="duckdb", write="duckdb", pretty=True)
        except (SqlglotError, RecursionError) as error:
            raise InvalidInput("This SQL cannot be read, so it was not formatted.") from error
        return ";\n".join(pretty) + "\n"
    ruff = shutil.which("ruff")
    if language != "python" or ruff is None:
        raise InvalidInput("Nothing is installed that formats this: install ruff for Python.")
    done = subprocess.run(
        [ruff, "format", "-"],
        input=text.encode(),
        capture_output=True,
        timeout=_FORMAT_SECONDS,
        check=False,
    )
    if done.returncode:
        raise InvalidInput("This Python cannot be read, so it was not formatted.")
    return done.stdout.decode()


def _jedi(text: str):
    import jedi

    return jedi.Script(text)


def _before(text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    return lines[line - 1][:column] if 0 < line <= len(lines) else ""


def _columns(found: Sequence[Column], typed: str, column: int) -> Completions:
    items = [
        Completion(label=entry.name, kind="column", detail=entry.type)
        for entry in found
        if entry.name.lower().startswith(typed.lower())
    ]
    return Completions(start=column - len(typed), items=items)


def _table_of(text: str, name: str, columns: Mapping[str, Sequence[Column]]) -> str:
    """Return the table behind an alias; a text being typed seldom parses, so words must do."""
    if name in columns:
        return name
    for match in re.finditer(rf"\b(\w+)\s+(?:as\s+)?{re.escape(name)}\b", text, re.IGNORECASE):
        if match.group(1) in columns:
            return match.group(1)
    return name


def _sql_words(
    before: str, column: int, names: Sequence[str], columns: Mapping[str, Sequence[Column]]
) -> Completions:
    match = _WORD.search(before)
    typed = match.group() if match else ""
    items = [Completion(label=name, kind="block") for name in names]
    items += [
        Completion(label=entry.name, kind="column", detail=entry.type)
        for found in columns.values()
        for entry in found
    ]
    items += [Completion(label=word, kind="keyword") for word in _WORDS]
    kept = {i.label: i for i in reversed(items) if i.label.lower().startswith(typed.lower())}
    return Completions(start=column - len(typed), items=list(reversed(kept.values()))[:_LIMIT])
