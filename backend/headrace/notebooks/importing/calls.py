"""What calls do: change their object or their arguments, write and read files, only show."""

from __future__ import annotations

import ast
from collections.abc import Callable

from headrace.notebooks.importing.expressions import (
    arguments_of,
    called_name,
    dotted,
    is_false,
    root,
)
from headrace.notebooks.importing.known import BUILTINS, Effects, Known
from headrace.notebooks.importing.sharing import Sharing
from headrace.notebooks.importing.vocabulary import (
    EVERYTHING,
    LOOP,
    MUTATING_FUNCTIONS,
    MUTATORS,
    PURE,
    SINKS,
    SOURCES,
)

_ACTS = frozenset({"open", "next", "exec", "eval", "setattr", "delattr", "input", "exit", "quit"})
"""Builtin functions that do something, of those that are called for what they show."""


_OF_OS = frozenset({"link", "remove", "removedirs", "replace", "rmdir", "symlink", "truncate"})


class Calls:
    """Finds the effects of calls in one statement; `mutate` notes a name that is changed."""

    def __init__(
        self, known: Known, found: Effects, mutate: Callable[[str | None], None], sharing: Sharing
    ) -> None:
        self._known = known
        self._found = found
        self._mutate = mutate
        self._sharing = sharing

    def look(self, node: ast.Call) -> None:
        """Note what one call does."""
        name = called_name(node)
        owner = root(node.func) if isinstance(node.func, ast.Attribute) else None
        self._look_at_names(node, name, owner)
        self._look_at_files(node, name)
        if owner is not None:
            self._look_at_owner(node, name, owner)
        self._look_at_arguments(node, name, owner)

    def _look_at_names(self, node: ast.Call, name: str, owner: str | None) -> None:
        if name in EVERYTHING and owner in {None, "os"} and not node.keywords:
            self._found.everything.add(f"{name}() is called")
        if name in {"seed", "manual_seed"}:
            self._found.mutates.add("<random numbers>")
        if name in LOOP:
            self._found.awaits = True

    def _look_at_files(self, node: ast.Call, name: str) -> None:
        if _writes_a_file(node, name, self._known):
            self._found.sinks = True
        if name == "connect" and root(node.func) in {"sqlite3", "duckdb"}:
            self._found.opens = True
        if name in SOURCES or (name == "open" and not self._found.sinks):
            self._found.sources = True

    def _look_at_owner(self, node: ast.Call, name: str, owner: str) -> None:
        changes = name in MUTATORS or name in self._known.methods
        of_module = owner in self._known.modules and dotted(node.func) == f"{owner}.{name}"
        if changes and not of_module:
            self._mutate(owner)
        if any(k.arg == "inplace" and not is_false(k.value) for k in node.keywords):
            self._mutate(owner)
        if changes and owner not in self._known.modules:
            self._share(owner, node)

    def _look_at_arguments(self, node: ast.Call, name: str, owner: str | None) -> None:
        function = self._known.functions.get(name) if owner is None else None
        if name in MUTATING_FUNCTIONS or (function is not None and function.mutates_arguments):
            for argument in arguments_of(node):
                self._mutate(root(argument))
        for changed in function.mutates if function is not None else ():
            self._share(changed, node)

    def _share(self, name: str, node: ast.Call) -> None:
        """What a call changes may hold what the call was given."""
        for argument in arguments_of(node):
            self._found.shares += [(name, other) for other in self._sharing.of(argument)]

    def only_show(self, node: ast.AST) -> bool:
        """Tell whether an expression of its own line changes nothing."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Await | ast.NamedExpr | ast.Yield):
                return False
            if isinstance(inner, ast.Call) and not self._only_shows(inner):
                return False
        return not self._found.sinks

    def _only_shows(self, node: ast.Call) -> bool:
        name = called_name(node)
        if isinstance(node.func, ast.Name):
            function = self._known.functions.get(name)
            if function is not None:
                return not function.mutates and not function.mutates_arguments
            if name in BUILTINS:
                return name not in _ACTS
        if name in PURE and name not in self._known.methods:
            return True
        owner = root(node.func)
        if owner is not None and owner not in self._known.modules:
            if isinstance(node.func, ast.Attribute):
                self._mutate(owner)
            for argument in node.args:
                self._mutate(root(argument))
        return False


def _writes_a_file(node: ast.Call, name: str, known: Known) -> bool:
    if root(node.func) == "os" and name in _OF_OS:
        return True
    if name in SINKS:
        if name == "rename":  # of a frame or a series, or of a file
            owner = root(node.func)
            return not node.keywords and (owner in known.modules or owner not in known.frames)
        return not (name == "save" and not node.args)
    if name != "open":
        return False
    modes = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode")]
    if isinstance(node.func, ast.Attribute):
        modes += node.args[:1]  # of a path
    return any(
        isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes
    )
