"""Questions of the editor about live values: names, attributes, columns, signatures."""

from __future__ import annotations

import inspect
import itertools
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.protocol.replies import Completion, Completions, Inspection
from headrace.workers.handover import column_names

_KEPT = 64
_MOST = 500
_COLUMN = re.compile(r"([A-Za-z_][\w.]*)\[\s*\[?(?:[^\[\]]*,\s*)?(['\"])([^'\"\]]*)$")
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.]*)\.(\w*)$")
_NAME = re.compile(r"([A-Za-z_][\w.]*)$")


class Namespaces:
    """The module names and the outputs of the blocks executed last."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._outputs: OrderedDict[str, Any] = OrderedDict()

    def remember(self, block: str, namespace: dict[str, Any], inputs: dict[str, Any]) -> None:
        """Keep the names of a block's module and what it was given."""
        self._names[block] = namespace
        self._names.move_to_end(block)
        self._outputs.update(inputs)
        for kept in (self._names, self._outputs):
            while len(kept) > _KEPT:
                kept.popitem(last=False)

    def answer(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """Answer `complete` and `inspect` at a place of a text; None when nothing is known.

        The question has `op`, `block`, `text`, `line` from 1, `column` from 0, `upstream`. The
        answer is a Completions or an Inspection as plain values.
        """
        lines = str(question["text"]).split("\n")
        number, column = int(question["line"]), int(question["column"])
        if not 1 <= number <= len(lines):
            return None
        before = lines[number - 1][:column]
        scope = self._scope(str(question["block"]), question.get("upstream") or ())
        if question["op"] == "complete":
            return _plain(_completions(scope, before))
        if question["op"] == "inspect":
            whole = before + _rest_of_word(lines[number - 1][column:])
            return _plain(_inspection(scope, whole))
        return None

    def _scope(self, block: str, upstream: Sequence[str]) -> dict[str, Any]:
        scope = dict(self._names.get(block, {}))
        scope.update({name: self._outputs[name] for name in upstream if name in self._outputs})
        return scope


def _plain(answer: Completions | Inspection | None) -> dict[str, Any] | None:
    return None if answer is None else msgspec.to_builtins(answer)


def _completions(scope: dict[str, Any], before: str) -> Completions | None:
    subscript = _COLUMN.search(before)
    if subscript is not None:
        path, quote, prefix = subscript.groups()
        found, value = _resolve(scope, path)
        columns = column_names(value)[:_MOST] if found else []
        if not columns:
            return None
        del quote
        items = [
            Completion(label=name, kind="column", detail=_type_of_column(value, name), apply=name)
            for name in columns
            if name.startswith(prefix)
        ]
        return Completions(start=len(before) - len(prefix), items=items)
    attribute = _ATTRIBUTE.search(before)
    if attribute is None:
        return None
    path, prefix = attribute.groups()
    found, value = _resolve(scope, path)
    if not found:
        return None
    columns = [name for name in column_names(value) if name.isidentifier()][:_MOST]
    items = [Completion(label=name, kind="column", apply=name) for name in columns]
    names = [name for name in dir(value) if not name.startswith("_") and name not in columns]
    items += [
        Completion(label=name, kind=_kind_of(type(value), name), apply=name)
        for name in names[:_MOST]
    ]
    items = [item for item in items if item.label.startswith(prefix)]
    return Completions(start=len(before) - len(prefix), items=items)


def _inspection(scope: dict[str, Any], before: str) -> Inspection | None:
    match = _NAME.search(before.rstrip("("))
    if match is None:
        return None
    found, value = _resolve(scope, match[1])
    if not found:
        return None
    signature = match[1]
    if callable(value):
        try:
            signature += str(inspect.signature(value))
        except (TypeError, ValueError):
            signature += "(…)"
    else:
        signature += f": {type(value).__qualname__}"
    documentation = inspect.getdoc(value) or ""
    return Inspection(signature=signature, documentation=documentation[:8192])


def _resolve(scope: dict[str, Any], path: str) -> tuple[bool, Any]:
    """Follow names and plain attributes: a property could run code for minutes."""
    first, *rest = path.split(".")
    if first not in scope:
        return False, None
    value = scope[first]
    for name in rest:
        if isinstance(getattr(type(value), name, None), property):
            return False, None
        if name in column_names(value):
            return True, value[name]
        if not hasattr(value, name):
            return False, None
        value = getattr(value, name)
    return True, value


def _kind_of(owner: type, name: str) -> Any:
    member = getattr(owner, name, None)
    return "function" if callable(member) else "variable"


def _type_of_column(value: Any, name: str) -> str:
    dtypes = getattr(value, "dtypes", None)
    return "" if dtypes is None else str(dtypes[name])


def _rest_of_word(text: str) -> str:
    return "".join(itertools.takewhile(lambda letter: letter.isalnum() or letter == "_", text))
