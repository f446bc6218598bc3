"""Which names an expression may share its value with: aliases, containers, parts, closures."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from headrace.notebooks.importing.expressions import arguments_of, root
from headrace.notebooks.importing.known import BUILTINS, Function, Known
from headrace.notebooks.importing.vocabulary import FRESH_FUNCTIONS, FRESH_METHODS

_FRESH_INDEX = (ast.Compare, ast.List, ast.BinOp, ast.UnaryOp)
_FRESH_ELEMENT = (ast.BinOp, ast.Constant, ast.Compare, ast.JoinedStr)
Expression = Any
"""An `ast.expr` of a kind that is known where it is used."""


class Sharing:
    """Answers for one statement. `hidden` tells names of comprehensions and lambdas."""

    def __init__(self, known: Known, hidden: Callable[[str], bool]) -> None:
        self._known = known
        self._hidden = hidden
        inner = self._value
        several = self._elements
        self._ways: dict[type[ast.AST], Callable[[Expression], set[str]]] = {
            ast.Name: self._name,
            ast.Attribute: inner,
            ast.Starred: inner,
            ast.Await: inner,
            ast.NamedExpr: inner,
            ast.Subscript: self._subscript,
            ast.IfExp: lambda node: self.of(node.body) | self.of(node.orelse),
            ast.BoolOp: lambda node: self._all(node.values),
            ast.Tuple: several,
            ast.List: several,
            ast.Set: several,
            ast.Dict: lambda node: self._all(node.values),
            ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension,
            ast.GeneratorExp: self._comprehension,
            ast.DictComp: lambda node: self._made_of(node.value, node.generators),
            ast.Call: self._call,
        }

    def of(self, node: Expression) -> set[str]:
        """Return the names whose objects an expression may give, or hold in what it gives."""
        whole = isinstance(node, ast.Name | ast.Starred)
        if not whole and root(node) in self._known.frames:
            return set()
        way = self._ways.get(type(node))
        return way(node) if way is not None else set()

    def _all(self, nodes: Iterable[Expression]) -> set[str]:
        return set[str]().union(*(self.of(node) for node in nodes))

    def _name(self, node: ast.Name) -> set[str]:
        if node.id in self._known.modules or self._hidden(node.id):
            return set()
        function = self._known.functions.get(node.id)
        return {node.id} if function is None else self._closed_over(function)

    def _closed_over(self, function: Function) -> set[str]:
        """Return what a function or a class may hold of the names around it."""
        return {n for n in function.later if n not in BUILTINS and n not in self._known.modules}

    def _value(self, node: Expression) -> set[str]:
        return self.of(node.value)

    def _elements(self, node: Expression) -> set[str]:
        return self._all(node.elts)

    def _subscript(self, node: ast.Subscript) -> set[str]:
        return set() if isinstance(node.slice, _FRESH_INDEX) else self.of(node.value)

    def _comprehension(self, node: Expression) -> set[str]:
        fresh = isinstance(node.elt, _FRESH_ELEMENT)
        return set() if fresh else self._made_of(node.elt, node.generators)

    def _made_of(self, element: Expression, generators: list[ast.comprehension]) -> set[str]:
        return self._all([element, *(generator.iter for generator in generators)])

    def _call(self, node: ast.Call) -> set[str]:
        if isinstance(node.func, ast.Attribute):
            fresh = root(node.func) in self._known.modules or node.func.attr in FRESH_METHODS
            return set() if fresh else self.of(node.func.value)
        if not isinstance(node.func, ast.Name):  # what it closes over cannot be told
            held = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            return {name for name in held if not self._hidden(name) and name not in BUILTINS}
        name = node.func.id
        if name in self._known.modules or name in FRESH_FUNCTIONS:
            return set()
        known = self._known.functions.get(name)
        held = self._all(arguments_of(node))
        return held if known is None else held | self._closed_over(known)
