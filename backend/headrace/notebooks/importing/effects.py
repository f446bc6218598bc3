"""What one statement reads, gives a value, changes in place, and may share with other names.

It errs on the side of more: a read too many makes a larger block, one too few a wrong one.
"""

from __future__ import annotations

import ast
from typing import Any

from headrace.notebooks.importing.calls import Calls
from headrace.notebooks.importing.expressions import (
    argument_names,
    called_name,
    dotted,
    root,
    stored_names,
)
from headrace.notebooks.importing.known import Effects, Function, Known
from headrace.notebooks.importing.sharing import Sharing
from headrace.notebooks.importing.vocabulary import (
    SEEDED,
    UNSTORABLE,
    UNSTORABLE_METHODS,
)

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def effects_of(node: ast.stmt, known: Known) -> Effects:
    """Return the effects of a top-level statement."""
    found = Effects()
    _Walker(found, known).statement(node)
    found.reads |= found.mutates - {name for name in found.mutates if name.startswith("<")}
    found.writes -= found.maybe
    return found


def function_of(node: Any) -> Function:
    """Say what a def, class or lambda reads and changes of the names around it."""
    body: list[Any] = [node.body] if isinstance(node, ast.Lambda) else node.body
    arguments = getattr(node, "args", None)
    bound = _type_names(node)
    if isinstance(arguments, ast.arguments):
        bound |= argument_names(arguments)
    inner = Effects()
    walker = _Walker(inner, Known())
    for part in body:
        walker.visit(part)
    local = bound | inner.writes | inner.maybe
    return Function(
        now=frozenset(_read_at_definition(node, inner) - _type_names(node)),
        later=frozenset(inner.reads - local),
        mutates=frozenset(name for name in inner.mutates if name not in local),
        mutates_arguments=bool(inner.mutates & bound),
        uses_global=bool(inner.everything)
        or any(isinstance(n, ast.Global) for part in body for n in ast.walk(part)),
        gives_code=_gives_code(node),
    )


def _gives_code(node: Any) -> bool:
    """Tell functions that return a function of their own, and generators."""
    if isinstance(node, ast.Lambda):
        return isinstance(node.body, ast.Lambda)
    if isinstance(node, ast.ClassDef):
        return False
    inner = {one.name for one in ast.walk(node) if isinstance(one, _SCOPES) and one is not node}
    return any(
        isinstance(one, ast.Yield | ast.YieldFrom)
        or (isinstance(one, ast.Return) and isinstance(one.value, ast.Lambda))
        or (isinstance(one, ast.Return) and root(one.value) in inner)
        for one in ast.walk(node)
    )


def _read_at_definition(node: Any, inner: Effects) -> set[str]:
    """Return what is read when a function or class is defined, and not when it is called."""
    now = Effects()
    walker = _Walker(now, Known())
    for part in _evaluated_at_definition(node):
        walker.visit(part)
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                here = Effects()
                _Walker(here, Known()).visit(part)
                now.reads |= here.reads - inner.writes
    return now.reads


def _evaluated_at_definition(node: Any) -> list[ast.expr]:
    """Return decorators, defaults, annotations and bases."""
    found: list[ast.expr] = list(getattr(node, "decorator_list", []))
    arguments = getattr(node, "args", None)
    if isinstance(arguments, ast.arguments):
        defaults = [*arguments.defaults, *arguments.kw_defaults]
        found += [one for one in defaults if one is not None]
        found += _annotations(node, arguments)
    if isinstance(node, ast.ClassDef):
        found += [*node.bases, *(keyword.value for keyword in node.keywords)]
    return found


def _type_names(node: Any) -> set[str]:
    """Return the names of type parameters."""
    return {str(one.name) for one in getattr(node, "type_params", [])}


def _annotations(node: Any, arguments: ast.arguments) -> list[ast.expr]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found = [one.annotation for one in every if one.annotation is not None]
    returns = getattr(node, "returns", None)
    return [*found, *([returns] if returns is not None else [])]


def _is_bound(target: ast.expr) -> bool:
    """Tell targets that are names, or lists of such."""
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return all(isinstance(one, ast.Name | ast.Starred) for one in parts)


def mutating_methods(node: ast.ClassDef) -> set[str]:
    """Return the methods of a class that change their object."""
    return {
        part.name
        for part in node.body
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        and not part.name.startswith("__")
        and function_of(part).mutates_arguments
    }


class _Walker(ast.NodeVisitor):
    def __init__(self, found: Effects, known: Known) -> None:
        self.found = found
        self.known = known
        self.sharing = Sharing(known, self._is_hidden)
        self.calls = Calls(known, found, self._mutate, self.sharing)
        self.hidden: list[set[str]] = []
        """Names that comprehensions and lambdas bind for themselves."""
        self.given: list[set[str]] = []
        """Names that loops around have given a value."""
        self.depth = 0

    def statement(self, node: ast.stmt) -> None:
        """Walk a statement of the top level."""
        self.visit(node)
        if isinstance(node, ast.Expr):
            self.found.shows_only = self.calls.only_show(node.value)
        else:
            self.found.shows_only = isinstance(node, ast.Pass)

    # Names

    def _is_hidden(self, name: str) -> bool:
        return any(name in names for names in self.hidden)

    def _read(self, name: str) -> None:
        if not self._is_hidden(name):
            if not any(name in names for names in self.given):
                self.found.reads.add(name)
            known = self.known.functions.get(name)
            if known is not None:  # whoever reads a function may call it
                self.found.mutates |= known.mutates

    def _write(self, name: str) -> None:
        if not self._is_hidden(name):
            (self.found.maybe if self.depth else self.found.writes).add(name)

    def _mutate(self, name: str | None) -> None:
        if name is None or self._is_hidden(name):
            return
        if name in self.known.modules:
            self.found.mutates.add(f"<{name}>")
        else:
            self.found.mutates.add(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._write(node.id)
        else:
            self.found.deletes.add(node.id)
            self._read(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._mutate(root(node))
        text = dotted(node)
        if any(text == seeded or text.startswith(f"{seeded}.") for seeded in SEEDED) and (
            root(node) in self.known.modules
        ):
            self.found.reads.add("<random numbers>")
        self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._mutate(root(node))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and 0 < len(node.value) < 300:
            self.found.paths.add(node.value)

    # Statements

    def _compound(self, node: Any) -> None:
        self.depth += 1
        self._parts(node)
        self.depth -= 1

    def _parts(self, node: ast.AST) -> None:
        for _, part in ast.iter_fields(node):
            if isinstance(part, list) and part and isinstance(part[0], ast.stmt):
                self._body(part)
            else:
                for one in part if isinstance(part, list) else [part]:
                    if isinstance(one, ast.AST):
                        self.visit(one)

    def _body(self, statements: list[Any], given: set[str] | None = None) -> None:
        """Walk statements in which what one assigns has that value in the next."""
        self.given.append(given or set())
        for one in statements:
            self.visit(one)
            if isinstance(one, ast.Assign):
                self.given[-1].update(*(stored_names(t) for t in one.targets if _is_bound(t)))
        self.given.pop()

    visit_If = visit_While = visit_Try = visit_TryStar = visit_Match = _compound  # noqa: N815

    def visit_For(self, node: Any) -> None:
        self._share(node.target, node.iter)
        self.visit(node.iter)
        self.depth += 1
        self.visit(node.target)
        self._body(node.body, stored_names(node.target))
        self._body(node.orelse)
        self.depth -= 1
        if isinstance(node, ast.AsyncFor):
            self.found.awaits = True

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_With(self, node: Any) -> None:
        given = set[str]()
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._share(item.optional_vars, item.context_expr)
                self._mark_unstorable(item.optional_vars, item.context_expr, always=True)
                self.visit(item.optional_vars)
                given |= stored_names(item.optional_vars)
        self._body(node.body, given)
        if isinstance(node, ast.AsyncWith):
            self.found.awaits = True

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_Await(self, node: ast.Await) -> None:
        self.found.awaits = True
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.found.everything.add(f"a function changes the global {node.names[0]}")

    def visit_Import(self, node: Any) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.found.stars = True
            else:
                self._write((alias.asname or alias.name).partition(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815

    def _pattern(self, node: Any) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name is not None:
            self._write(name)
        self.generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _pattern  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.hidden.append({node.name} if node.name else set())
        self._parts(node)
        self.hidden.pop()

    def visit_match_case(self, node: ast.match_case) -> None:
        self._parts(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._share(target, node.value)
            self._mark_unstorable(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            self.visit(node.annotation)
            return
        self._share(node.target, node.value)
        self._mark_unstorable(node.target, node.value)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._share(node.target, node.value)
        self.found.maybe.add(node.target.id)
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        name = root(node.target)
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self._mutate(name)
        self.generic_visit(node)

    # Scopes of their own

    def visit_FunctionDef(self, node: Any) -> None:
        self._write(node.name)
        self._inner(function_of(node))

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inner(function_of(node))

    def _inner(self, function: Function) -> None:
        """Take over what a function may do; what it awaits is its own matter."""
        for name in function.now | function.later:
            self._read(name)
        for name in function.mutates:
            self._mutate(name)
        if function.uses_global:
            self.found.everything.add("a function changes global names")

    def _comprehension(self, node: Any) -> None:
        names = set[str]().union(*(stored_names(one.target) for one in node.generators))
        if any(generator.is_async for generator in node.generators):
            self.found.awaits = True
        self.visit(node.generators[0].iter)
        self.hidden.append(names)
        self.generic_visit(node)
        self.hidden.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    # Calls and sharing

    def visit_Call(self, node: ast.Call) -> None:
        self.calls.look(node)
        self.generic_visit(node)

    def _share(self, target: Any, value: Any) -> None:
        for other in self.sharing.of(value):
            for name in stored_names(target):
                if name == other:
                    self.found.keeps.add(name)
                else:
                    self.found.shares.append((name, other))

    def _mark_unstorable(self, target: Any, value: Any, *, always: bool = False) -> None:
        if always or self._cannot_be_stored(value):
            self.found.unstorable |= {n for n in stored_names(target) if not self._is_hidden(n)}

    def _cannot_be_stored(self, value: Any) -> bool:
        if isinstance(value, ast.GeneratorExp) or self._holds_a_function(value):
            return True
        call = value.value if isinstance(value, ast.Await) else value
        if not isinstance(call, ast.Call):
            return False
        name = called_name(call)
        if isinstance(call.func, ast.Name):
            function = self.known.functions.get(name)
            return name in UNSTORABLE if function is None else function.gives_code
        of_module = root(call.func) in self.known.modules
        return name in UNSTORABLE_METHODS or (of_module and name in UNSTORABLE)

    def _holds_a_function(self, value: Any) -> bool:
        """Tell whether a function of the notebook is given away in a value, not called."""
        called = {id(inner.func) for inner in ast.walk(value) if isinstance(inner, ast.Call)}
        return any(
            isinstance(inner, ast.Name)
            and inner.id in self.known.functions
            and id(inner) not in called
            for inner in ast.walk(value)
        )
