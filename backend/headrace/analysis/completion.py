"""Proposals and help from the text alone: jedi for Python, upstream columns and names for both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from headrace.analysis.cursor import Cursor, Scope, is_in_signature, quoted_of
from headrace.analysis.sql_completion import complete_sql, inspect_sql
from headrace.analysis.static_names import Asker, help_at, names_at
from headrace.protocol.replies import Completion, Completions, Inspection
from headrace.protocol.tables import Column

_PARAMETER = re.compile(r"\bcontext\.parameters(?:\[|\.get\()[\"'](\w*)$")
_CONTEXT = re.compile(r"(?<![\w.])context\.\w*$")
_ATTRIBUTE = re.compile(r"(?<![\w.)\]])(\w+)\.(\w*)$")
_WORD = re.compile(r"\w*$")
_LIMIT = 200
WAIT_S = 0.08
"""How long the names of libraries are waited for; columns and arguments never wait for them."""
_Kind = Literal["function", "class", "module", "keyword", "variable"]
_KINDS: dict[str, _Kind] = {
    "function": "function",
    "class": "class",
    "module": "module",
    "keyword": "keyword",
}

_asker = Asker()


def complete(cursor: Cursor, scope: Scope, *, wait_s: float = WAIT_S) -> Completions:
    """Return proposals for what is being typed; never raises for what a user wrote."""
    if cursor.language == "sql":
        return complete_sql(cursor, scope)
    if cursor.language != "python":
        return Completions(start=cursor.column)
    before = cursor.before
    if match := _PARAMETER.search(before):
        found = [Column(p.name, p.type) for p in scope.parameters]
        return _columns(found, match.group(1), cursor.column)
    if quoted := quoted_of(before):
        owner, typed = quoted
        columns = scope.columns_by_argument(cursor).get(owner, ())
        return _columns(columns, typed, cursor.column)
    return _python(cursor, scope, wait_s)


def _columns(found: Sequence[Column], typed: str, column: int) -> Completions:
    items = [
        Completion(label=entry.name, kind="column", detail=entry.type)
        for entry in found
        if entry.name.lower().startswith(typed.lower())
    ]
    return Completions(start=column - len(typed), items=items)


def _python(cursor: Cursor, scope: Scope, wait_s: float) -> Completions:
    before = cursor.before
    word = _WORD.search(before)
    typed = word.group() if word else ""
    items: dict[str, Completion] = {}
    if match := _ATTRIBUTE.search(before):
        for entry in scope.columns_by_argument(cursor).get(match.group(1), ()):
            if entry.name.isidentifier() and entry.name.lower().startswith(typed.lower()):
                items[entry.name] = Completion(label=entry.name, kind="column", detail=entry.type)
    elif is_in_signature(cursor):
        for name in scope.free_arguments(cursor):
            if name.startswith(typed):
                kind = "block" if name in scope.upstream else "variable"
                items[name] = Completion(label=name, kind=kind)
        return Completions(start=cursor.column - len(typed), items=list(items.values()))
    for item in _from_jedi(cursor, scope, typed, wait_s):
        items.setdefault(item.label, item)
    return Completions(start=cursor.column - len(typed), items=list(items.values())[:_LIMIT])


def _from_jedi(cursor: Cursor, scope: Scope, typed: str, wait_s: float) -> Iterable[Completion]:
    """Yield jedi's names; asked at the beginning of the word, so that a word is asked once."""
    lines = cursor.text.split("\n")
    line, start = lines[cursor.line - 1], cursor.column - len(typed)
    lines[cursor.line - 1] = line[:start] + line[cursor.column :]
    text, number = "\n".join(lines), cursor.line
    if _CONTEXT.search(cursor.before):
        text, number = _with_context(text), number + 1
    names = _asker.ask(names_at, (scope.root, text, number, start), wait_s) or ()
    for name, kind in names:
        if name.lower().startswith(typed.lower()) and (typed or not name.startswith("_")):
            yield Completion(label=name, kind=_KINDS.get(kind, "variable"))


def _with_context(text: str) -> str:
    """Annotate the reserved argument, so that its attributes are known without a type as well."""
    typed = re.sub(r"([(,]\s*)context(?=\s*[,)])", r"\1context:Context", text, count=1)
    return "from headrace import Context\n" + typed


def inspect(cursor: Cursor, scope: Scope, *, wait_s: float = WAIT_S) -> Inspection:
    """Return the signature at a place, or the documentation of the name there."""
    if cursor.language == "sql":
        return inspect_sql(cursor, scope)
    if cursor.language != "python":
        return Inspection()
    question = (scope.root, cursor.text, cursor.line, cursor.column)
    return _asker.ask(help_at, question, wait_s) or Inspection()
