"""What blocks take along as code and not as a value: imports, functions, classes, constants."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec import Struct

from headrace.notebooks.importing.effects import effects_of, function_of, mutating_methods
from headrace.notebooks.importing.expressions import is_literal
from headrace.notebooks.importing.known import BUILTINS, Known
from headrace.notebooks.importing.source import Statement

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Carried(Struct, frozen=True, kw_only=True):
    """A statement that blocks take along, not its value: an import, a function, a constant."""

    statement: Statement
    names: tuple[str, ...]
    later: frozenset[str] = frozenset()
    """Names that it looks up when it is used."""
    is_import: bool = False


class Carrying:
    """Decides it for the statements of one notebook, which come one after the other."""

    def __init__(self, statements: Sequence[Statement], known: Known) -> None:
        self._known = known
        self.bound = _count_bindings(statements)
        """How often each name is given a value."""
        self._changed = _changed_names(statements)
        self.carried: list[Carried] = []
        self.code: dict[str, int] = {}
        """Names that are code now → indexes of `carried`."""
        self.global_users: list[str] = []
        """Functions that use `global` or look at all names."""

    def carry(self, statement: Statement) -> Carried | None:
        """Return how a statement is carried, None when it gives values of its own."""
        node = statement.node
        if isinstance(node, _IMPORTS):
            names = [(a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*"]
            return Carried(statement=statement, names=tuple(names), is_import=True)
        if isinstance(node, _DEFINITIONS):
            return self._definition(statement, node.name, node)
        if isinstance(node, ast.Assign):
            return self._assignment(statement, node)
        if isinstance(node, ast.Try | ast.If) and _only_imports(node):
            names = sorted(effects_of(node, Known()).maybe)
            return Carried(statement=statement, names=tuple(names), is_import=True)
        return None

    def _assignment(self, statement: Statement, node: ast.Assign) -> Carried | None:
        target = node.targets[0]
        if not isinstance(target, ast.Name) or len(node.targets) > 1:
            return None
        if isinstance(node.value, ast.Lambda):
            return self._definition(statement, target.id, node.value)
        once = self.bound.get(target.id) == 1 and target.id not in self._changed
        if once and is_literal(node.value):
            return Carried(statement=statement, names=(target.id,))
        return None

    def _definition(self, statement: Statement, name: str, node: ast.AST) -> Carried | None:
        function = function_of(node)
        if function.uses_global:
            self.global_users.append(name)
        self._known.functions[name] = function
        if isinstance(node, ast.ClassDef):
            self._known.methods |= mutating_methods(node)
        settled = self.code.keys() | BUILTINS
        if name in self._changed or any(n not in settled and n in self.bound for n in function.now):
            return None
        if isinstance(node, ast.ClassDef) and any(
            n in self.bound and n not in self.code and n != name for n in function.later
        ):
            return None  # a class inside of a function cannot be handed on
        return Carried(statement=statement, names=(name,), later=function.later)

    def add(self, one: Carried) -> None:
        """Take a statement along; the same import again is the first one."""
        index = self._index(one)
        for name in one.names:
            self.code[name] = index
            if one.is_import:
                self._known.modules.add(name)

    def _index(self, one: Carried) -> int:
        if one.is_import:
            text = ast.unparse(one.statement.node)
            for index, other in enumerate(self.carried):
                if other.is_import and ast.unparse(other.statement.node) == text:
                    return index
        self.carried.append(one)
        return len(self.carried) - 1

    def text_of(self, name: str) -> str:
        """Return the text that a name always stands for; "" for all others."""
        index = self.code.get(name)
        if index is None:
            return ""
        value = getattr(self.carried[index].statement.node, "value", None)
        return (
            value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
        )

    def for_module(self) -> list[int]:
        """Return what needs nothing but what can stand in the shared module as well."""
        good = {
            index
            for index, one in enumerate(self.carried)
            if all(self.bound.get(name) == 1 for name in one.names)
        }
        names = {name: index for index, one in enumerate(self.carried) for name in one.names}
        while True:
            bad = {
                index
                for index in good
                if any(
                    name in self.bound and names.get(name) not in good
                    for name in self.carried[index].later
                )
            }
            if not bad:
                return sorted(good)
            good -= bad


def _count_bindings(statements: Sequence[Statement]) -> dict[str, int]:
    found: dict[str, int] = {}
    imports = set[str]()
    for statement in statements:
        if isinstance(statement.node, _IMPORTS):
            text = ast.unparse(statement.node)
            if text in imports:
                continue  # the same import again
            imports.add(text)
        effects = effects_of(statement.node, Known())
        for name in effects.writes | effects.maybe | effects.deletes:
            found[name] = found.get(name, 0) + 1
    return found


def _changed_names(statements: Sequence[Statement]) -> set[str]:
    """Return names that some statement or function changes in place."""
    known = Known()
    for statement in statements:
        node = statement.node
        if isinstance(node, _IMPORTS):
            known.modules |= effects_of(node, Known()).writes
        elif isinstance(node, _DEFINITIONS):
            known.functions[node.name] = function_of(node)
            if isinstance(node, ast.ClassDef):
                known.methods |= mutating_methods(node)
    return set[str]().union(*(effects_of(one.node, known).mutates for one in statements))


def _only_imports(node: ast.stmt) -> bool:
    """Tell `try: import a` with another way when that fails."""
    parts: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        parts += getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    literal = [one for one in parts if isinstance(one, ast.Assign) and is_literal(one.value)]
    imports = [one for one in parts if isinstance(one, ast.Pass) or _plain_import(one)]
    is_plain = len(literal) + len(imports) == len(parts)
    test = getattr(node, "test", None)
    return bool(imports) and is_plain and (test is None or is_literal(test))


def _plain_import(node: ast.stmt) -> bool:
    return isinstance(node, _IMPORTS) and all(alias.name != "*" for alias in node.names)
