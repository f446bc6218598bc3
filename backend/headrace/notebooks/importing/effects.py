"""What one statement reads, gives a value, changes in place, and may share with other names.

It errs on the side of more: a read too many makes a larger block, one too few a wrong one.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from headrace.notebooks.importing.vocabulary import (
    CONFIGURED,
    CONFIGURES,
    EVERYTHING,
    FRESH_FUNCTIONS,
    FRESH_METHODS,
    MUTATING_FUNCTIONS,
    MUTATORS,
    PURE,
    SEEDED,
    SINKS,
    SOURCES,
    UNSTORABLE,
)

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "display", "get_ipython"}
FILES = "<files>"


class Effects(Struct, kw_only=True):
    """The effects of a statement. Names of module state are in `<…>`."""

    reads: set[str] = field(default_factory=set[str])
    writes: set[str] = field(default_factory=set[str])
    maybe: set[str] = field(default_factory=set[str])
    """Written, but perhaps not always."""
    mutates: set[str] = field(default_factory=set[str])
    deletes: set[str] = field(default_factory=set[str])
    shares: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Pairs of names that may hold the same object, or one a part of the other."""
    keeps: set[str] = field(default_factory=set[str])
    """Names whose new value may hold parts of their old one."""
    unstorable: set[str] = field(default_factory=set[str])
    everything: set[str] = field(default_factory=set[str])
    """Why the names of the whole notebook have to be together."""
    sinks: bool = False
    sources: bool = False
    paths: set[str] = field(default_factory=set[str])
    """Texts in it that may be paths."""
    shows_only: bool = False
    awaits: bool = False
    stars: bool = False


class Function(Struct, frozen=True, kw_only=True):
    """What a function or class does: `now` when it is defined, the rest when it is called."""

    now: frozenset[str]
    later: frozenset[str]
    mutates: frozenset[str]
    mutates_arguments: bool
    uses_global: bool


def effects_of(
    node: ast.stmt,
    modules: Iterable[str],
    functions: dict[str, Function],
    frames: Iterable[str] = (),
) -> Effects:
    """Return the effects of a top-level statement.

    `modules` are names that imports have bound, `functions` what is known of those defined so far,
    `frames` variables that hold frames of pandas or polars: parts of those are never shared.
    """
    found = Effects()
    _Walker(found, set(modules), functions, set(frames)).statement(node)
    found.reads |= found.mutates - {name for name in found.mutates if name.startswith("<")}
    found.writes -= found.maybe
    return found


def function_of(node: Any) -> Function:  # noqa: C901, PLR0912 - def, class and lambda have much in common
    """Say what a def, class or lambda reads and changes of the names around it."""
    inner = Effects()
    walker = _Walker(inner, set(), {})
    now = Effects()
    if isinstance(node, ast.Lambda):
        body: list[Any] = [node.body]
    else:
        body = node.body
        for one in node.decorator_list:
            _Walker(now, set(), {}).visit(one)
    bound = set[str]()
    arguments = getattr(node, "args", None)
    if isinstance(arguments, ast.arguments):
        for one in (*arguments.defaults, *arguments.kw_defaults):
            if one is not None:
                _Walker(now, set(), {}).visit(one)
        bound = argument_names(arguments)
        for one in _annotations(node, arguments):
            _Walker(now, set(), {}).visit(one)
    if isinstance(node, ast.ClassDef):
        for one in (*node.bases, *(k.value for k in node.keywords)):
            _Walker(now, set(), {}).visit(one)
    uses_global = any(isinstance(n, ast.Global) for part in body for n in ast.walk(part))
    for part in body:
        walker.visit(part)
    local = bound | inner.writes | inner.maybe
    if isinstance(node, ast.ClassDef):
        # What stands in the class body itself is run when it is defined.
        for part in node.body:
            if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                here = Effects()
                _Walker(here, set(), {}).visit(part)
                now.reads |= here.reads - inner.writes
    return Function(
        now=frozenset(now.reads),
        later=frozenset(inner.reads - local),
        mutates=frozenset(name for name in inner.mutates if name not in local),
        mutates_arguments=bool(inner.mutates & bound),
        uses_global=uses_global or bool(inner.everything),
    )


def argument_names(arguments: ast.arguments) -> set[str]:
    """Return the names of all arguments."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return {one.arg for one in every}


def _annotations(node: Any, arguments: ast.arguments) -> list[ast.expr]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found = [one.annotation for one in every if one.annotation is not None]
    returns = getattr(node, "returns", None)
    return [*found, *([returns] if returns is not None else [])]


def dotted(node: Any) -> str:
    """Return `a.b.c` for names and attributes, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def root(node: Any) -> str | None:
    """Return the name at the left end of attributes, subscripts and calls of methods."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def is_frame(node: Any, frames: Iterable[str], modules: Iterable[str]) -> bool:
    """Tell expressions that give a frame, or something made of one, that shares nothing with it."""
    owner = root(node)
    if isinstance(node, ast.Name) or owner is None:
        return False
    if owner in set(frames):
        return isinstance(node, ast.Call | ast.Subscript)
    if owner in {"pd", "pl", "pandas", "polars"} and owner in set(modules):
        return isinstance(node, ast.Call)
    return False


def is_literal(node: Any) -> bool:
    """Tell values that nothing can change: numbers, text, None, and tuples of them."""
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    if isinstance(node, ast.Tuple):
        return all(is_literal(one) for one in node.elts)
    return isinstance(node, ast.Constant)


def is_configuration(node: ast.stmt, modules: Iterable[str]) -> bool:
    """Tell statements that set an option of a library and can be done again anywhere."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Attribute) and called.attr in CONFIGURES:
            owner = root(called)
            return owner in CONFIGURED and owner in set(modules) and _is_of_module(called)
        return isinstance(called, ast.Attribute) and dotted(called) == "plt.rcParams.update"
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        text = dotted(target.value) if isinstance(target, ast.Subscript) else dotted(target)
        option = text in {"plt.rcParams", "mpl.rcParams", "matplotlib.rcParams", "os.environ"}
        return (option or text.startswith(("pd.options.", "pandas.options."))) and is_literal(
            node.value
        )
    return False


def _is_of_module(called: ast.Attribute) -> bool:
    """Tell `sys.path.append(…)` from `plt.gca().append(…)`."""
    text = dotted(called)
    if text.endswith((".append", ".insert")):
        return text.startswith("sys.path.")
    return bool(text) or root(called) == "logging"


class _Walker(ast.NodeVisitor):
    def __init__(
        self,
        found: Effects,
        modules: set[str],
        functions: dict[str, Function],
        frames: set[str] | None = None,
    ) -> None:
        self.found = found
        self.frames = frames or set()
        self.modules = modules
        self.functions = functions
        self.hidden: list[set[str]] = []
        """Names that comprehensions and lambdas bind for themselves."""
        self.given: list[set[str]] = []
        """Names that loops around have given a value."""
        self.depth = 0

    def statement(self, node: ast.stmt) -> None:
        """Walk a statement of the top level."""
        self.visit(node)
        if isinstance(node, ast.Expr):
            self.found.shows_only = self._only_shows(node.value)

    # Names

    def _is_hidden(self, name: str) -> bool:
        return any(name in names for names in self.hidden)

    def _read(self, name: str) -> None:
        if not self._is_hidden(name):
            if not any(name in names for names in self.given):
                self.found.reads.add(name)
            known = self.functions.get(name)
            if known is not None:  # whoever reads a function may call it
                self.found.mutates |= known.mutates

    def _write(self, name: str) -> None:
        if not self._is_hidden(name):
            (self.found.maybe if self.depth else self.found.writes).add(name)

    def _mutate(self, name: str | None) -> None:
        if name is None or self._is_hidden(name):
            return
        if name in self.modules:
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
            root(node) in self.modules
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
        self.generic_visit(node)
        self.depth -= 1

    visit_If = visit_While = visit_Try = visit_TryStar = visit_Match = _compound  # noqa: N815

    def visit_For(self, node: Any) -> None:
        self._share(node.target, node.iter)
        self.visit(node.iter)
        self.depth += 1
        self.visit(node.target)
        own = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        self.given.append(own)  # in the body they have a value
        for part in node.body:
            self.visit(part)
        self.given.pop()
        for part in node.orelse:
            self.visit(part)
        self.depth -= 1
        if isinstance(node, ast.AsyncFor):
            self.found.awaits = True

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_With(self, node: Any) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._share(item.optional_vars, item.context_expr)
                self._mark_unstorable(item.optional_vars, item.context_expr, always=True)
        self.generic_visit(node)
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

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.hidden.append({node.name} if node.name else set())
        self.generic_visit(node)
        self.hidden.pop()

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
        names = {
            inner.id
            for generator in node.generators
            for inner in ast.walk(generator.target)
            if isinstance(inner, ast.Name)
        }
        if any(generator.is_async for generator in node.generators):
            self.found.awaits = True
        self.visit(node.generators[0].iter)
        self.hidden.append(names)
        self.generic_visit(node)
        self.hidden.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    # Calls

    def visit_Call(self, node: ast.Call) -> None:  # noqa: C901 - one rule after the other
        name = node.func.attr if isinstance(node.func, ast.Attribute) else root(node.func) or ""
        owner = root(node.func) if isinstance(node.func, ast.Attribute) else None
        if name in EVERYTHING and (owner is None or owner == "os") and not node.keywords:
            self.found.everything.add(f"{name}() is called")
        if self._writes_a_file(node, name):
            self.found.sinks = True
        if name in SOURCES or (name == "open" and not self.found.sinks):
            self.found.sources = True
        if owner is not None and name in MUTATORS and self._may_change(node, owner, name):
            self._mutate(owner)
        if any(k.arg == "inplace" and not _is_false(k.value) for k in node.keywords):
            self._mutate(owner)
        if name in {"seed", "manual_seed"}:
            self.found.mutates.add("<random numbers>")
        known = self.functions.get(name) if owner is None else None
        if name in MUTATING_FUNCTIONS or (known is not None and known.mutates_arguments):
            for argument in (*node.args, *(k.value for k in node.keywords)):
                self._mutate(root(argument))
        if name in MUTATORS and owner is not None and owner not in self.modules:
            for argument in node.args:
                for other in self._shared_by(argument):
                    self.found.shares.append((owner, other))
        self.generic_visit(node)

    def _may_change(self, node: ast.Call, owner: str, name: str) -> bool:
        return not (owner in self.modules and dotted(node.func) == f"{owner}.{name}")

    def _writes_a_file(self, node: ast.Call, name: str) -> bool:
        if name in SINKS:
            return not (name == "save" and not node.args)
        if name != "open":
            return False
        modes = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode")]
        return any(
            isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes
        )

    def _only_shows(self, node: Any) -> bool:  # noqa: C901 - one case for each kind of call
        """Tell whether an expression of its own line changes nothing."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Await | ast.NamedExpr | ast.Yield):
                return False
            if not isinstance(inner, ast.Call):
                continue
            called = inner.func
            name = called.attr if isinstance(called, ast.Attribute) else root(called) or ""
            known = self.functions.get(name)
            if isinstance(called, ast.Name) and known is not None:
                if known.mutates or known.mutates_arguments:
                    return False
            elif isinstance(called, ast.Name) and name in BUILTINS:
                if name in {"open", "next", "exec", "eval", "setattr", "delattr", "input"}:
                    return False
            elif name not in PURE:
                owner = root(called)
                if owner is not None and owner not in self.modules:
                    if isinstance(called, ast.Attribute):
                        self._mutate(owner)
                    for argument in inner.args:
                        self._mutate(root(argument))
                return False
        return not self.found.sinks

    # Sharing

    def _share(self, target: Any, value: Any) -> None:
        names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        for other in self._shared_by(value):
            for name in names:
                if name == other:
                    self.found.keeps.add(name)
                else:
                    self.found.shares.append((name, other))

    def _shared_by(self, node: Any) -> set[str]:  # noqa: C901, PLR0911, PLR0912 - one case for each
        """Return the names whose objects an expression may give, or hold in what it gives."""
        if not isinstance(node, ast.Name | ast.Starred) and root(node) in self.frames:
            return set()
        match node:
            case ast.Name():
                known = node.id in self.modules or node.id in self.functions
                return set() if known or self._is_hidden(node.id) else {node.id}
            case ast.Attribute() | ast.Starred() | ast.Await() | ast.NamedExpr():
                return self._shared_by(node.value)
            case ast.Subscript():
                fresh = isinstance(node.slice, ast.Compare | ast.List | ast.BinOp | ast.UnaryOp)
                return set() if fresh else self._shared_by(node.value)
            case ast.IfExp():
                return self._shared_by(node.body) | self._shared_by(node.orelse)
            case ast.BoolOp():
                return self._shared_of(node.values)
            case ast.Tuple() | ast.List() | ast.Set():
                return self._shared_of(node.elts)
            case ast.Dict():
                return self._shared_of(node.values)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                if isinstance(node.elt, ast.BinOp | ast.Constant | ast.Compare | ast.JoinedStr):
                    return set()
                return self._shared_of([node.elt, *(g.iter for g in node.generators)])
            case ast.DictComp():
                return self._shared_of([node.value, *(g.iter for g in node.generators)])
            case ast.Call():
                return self._shared_by_call(node)
            case _:
                return set()

    def _shared_of(self, nodes: Iterable[Any]) -> set[str]:
        return set[str]().union(*(self._shared_by(node) for node in nodes))

    def _shared_by_call(self, node: ast.Call) -> set[str]:
        arguments = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            owner = root(node.func)
            if owner in self.modules or node.func.attr in FRESH_METHODS:
                return set()
            return self._shared_by(node.func.value)
        name = root(node.func) or ""
        if name in self.modules or name in FRESH_FUNCTIONS:
            return set()
        known = self.functions.get(name)
        held = self._shared_of(arguments)
        return held if known is None else held | {n for n in known.later if n not in BUILTINS}

    def _mark_unstorable(self, target: Any, value: Any, *, always: bool = False) -> None:
        call = value.value if isinstance(value, ast.Await) else value
        name = ""
        if isinstance(call, ast.Call):
            func = call.func
            name = func.attr if isinstance(func, ast.Attribute) else root(func) or ""
        called = {id(inner.func) for inner in ast.walk(value) if isinstance(inner, ast.Call)}
        holds_a_function = any(
            isinstance(inner, ast.Name) and inner.id in self.functions and id(inner) not in called
            for inner in ast.walk(value)
        )
        always |= holds_a_function or isinstance(value, ast.GeneratorExp)
        if always or name in UNSTORABLE:
            self.found.unstorable |= {
                n.id
                for n in ast.walk(target)
                if isinstance(n, ast.Name) and not self._is_hidden(n.id)
            }


def _is_false(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
