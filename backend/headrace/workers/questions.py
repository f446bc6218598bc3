"""Questions of the editor about live values: which names, attributes and columns there are."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Any

_KEPT = 32
_MOST = 500


class Namespaces:
    """The module names of the blocks executed last."""

    def __init__(self) -> None:
        self._of_block: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def remember(self, block: str, namespace: dict[str, Any]) -> None:
        """Keep the names of a block's module for questions."""
        self._of_block[block] = namespace
        self._of_block.move_to_end(block)
        while len(self._of_block) > _KEPT:
            self._of_block.popitem(last=False)

    def answer(self, question: dict[str, Any]) -> dict[str, Any] | None:
        """Answer `{"op": "names" | "attributes" | "inspect", "block", "path"}`; None: unknown."""
        namespace = self._of_block.get(str(question.get("block", "")))
        if namespace is None:
            return None
        op, path = question.get("op"), str(question.get("path", ""))
        if op == "names":
            return {"names": [name for name in namespace if not name.startswith("__")][:_MOST]}
        found, value = _resolve(namespace, path)
        if not found:
            return None
        if op == "attributes":
            names = [name for name in dir(value) if not name.startswith("_")]
            return {"names": names[:_MOST], "columns": _columns(value)}
        if op == "inspect":
            return {"type": type(value).__qualname__, "documentation": (value.__doc__ or "")[:8192]}
        return None


def _resolve(namespace: dict[str, Any], path: str) -> tuple[bool, Any]:
    """Follow plain attributes only: a property could run code for minutes."""
    first, *rest = path.split(".")
    if first not in namespace:
        return False, None
    value = namespace[first]
    for name in rest:
        if isinstance(getattr(type(value), name, None), property):
            return False, None
        if not hasattr(value, name):
            return False, None
        value = getattr(value, name)
    return True, value


def _columns(value: Any) -> list[str]:
    columns = getattr(value, "columns", None)
    if columns is None or callable(columns):
        return []
    return [str(name) for name in itertools.islice(columns, _MOST)]
