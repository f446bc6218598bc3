"""Questions that the tree of an expression or a statement answers by itself."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any

from headrace.notebooks.importing.vocabulary import CONFIGURED, CONFIGURES

_OPTIONS = frozenset({"plt.rcParams", "mpl.rcParams", "matplotlib.rcParams", "os.environ"})


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


def called_name(node: ast.Call) -> str:
    """Return the name of the function or method that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else root(node.func) or ""


def arguments_of(node: ast.Call) -> list[ast.expr]:
    """Return all that a call is given."""
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def stored_names(node: Any) -> set[str]:
    """Return all names in the target of an assignment."""
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def argument_names(arguments: ast.arguments) -> set[str]:
    """Return the names of all arguments."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return {one.arg for one in every}


def is_frame(node: Any, frames: Collection[str], modules: Collection[str]) -> bool:
    """Tell expressions that give a frame, or something made of one, that shares nothing with it."""
    owner = root(node)
    if isinstance(node, ast.Name) or owner is None:
        return False
    if owner in frames:
        return isinstance(node, ast.Call | ast.Subscript)
    if owner in {"pd", "pl", "pandas", "polars"} and owner in modules:
        return isinstance(node, ast.Call)
    return False


def is_literal(node: Any) -> bool:
    """Tell values that nothing can change: numbers, text, None, and tuples of them."""
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    if isinstance(node, ast.Tuple):
        return all(is_literal(one) for one in node.elts)
    return isinstance(node, ast.Constant)


def is_false(node: Any) -> bool:
    """Tell the literal False."""
    return isinstance(node, ast.Constant) and node.value is False


def is_configuration(node: ast.stmt, modules: Collection[str]) -> bool:
    """Tell statements that set an option of a library and can be done again anywhere."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Attribute) and called.attr in CONFIGURES:
            owner = root(called)
            return owner in CONFIGURED and owner in modules and _is_of_module(called)
        return isinstance(called, ast.Attribute) and dotted(called) == "plt.rcParams.update"
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        text = dotted(target.value) if isinstance(target, ast.Subscript) else dotted(target)
        option = text in _OPTIONS or text.startswith(("pd.options.", "pandas.options."))
        return option and is_literal(node.value)
    return False


def _is_of_module(called: ast.Attribute) -> bool:
    """Tell `sys.path.append(…)` from `plt.gca().append(…)`."""
    text = dotted(called)
    if text.endswith((".append", ".insert")):
        return text.startswith("sys.path.")
    return bool(text) or root(called) == "logging"
